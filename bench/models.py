"""The model builder against a plain script, dbt-duckdb and SQLMesh: the same models, the same rows, CPU seconds.

    python bench/models.py [--rows 2000000] [--rounds 3] [--many 1000] [--only lake,...]

60 models in five layers: four families, each a root of that many rows that SQL makes, row-wise models on it, aggregates
on those, windows on these, and totals. Sides:

    parquet    the limit: one process, one COPY to Parquet a model
    script     a plain script: each model by CREATE TABLE AS in one DuckLake transaction
    lake       lake build; its contracts ask for no checks. "checked": each column not null, each key unique
    dbt        dbt run on dbt-duckdb, tables in a DuckDB file, two threads
    sqlmesh    sqlmesh plan --auto-apply on DuckDB

Each measures a full build into an empty place; then nothing to do; then one leaf touched; then one root touched (15
models). Figures are CPU seconds, user and system, of the whole command with its imports, the least of the rounds, and
the peak memory of the full build. The peers are installed by pip, each into an environment of its own, on the first
run. --many builds that many small models with the lake alone.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
BIN = Path(sys.executable).parent
PEERS = {"dbt": ["dbt-core==1.10.*", "dbt-duckdb", "duckdb==1.5.5"], "sqlmesh": ["sqlmesh", "duckdb==1.5.5"]}
TYPES = {"int": "BIGINT", "float": "DOUBLE", "str": "VARCHAR"}


@dataclass(frozen=True)
class Made:
    """A model of the benchmark: its columns with their Python types, its key, and what it reads."""

    name: str
    sql: str  # reads {layer.table} as layer.table
    columns: dict[str, str]
    key: str
    layer: str = "m"


def family(number: int, rows: int) -> list[Made]:
    """A root and 14 models on it, near and far."""
    root = f"root_{number}"
    wide = {"id": "int", "g": "int", "x": "float", "s": "str"}
    grouped = {"g": "int", "n": "int", "x": "float"}
    found = [
        Made(
            root,
            f"SELECT i AS id, (i * 7919 + {number}) % 9973 AS g, (i * 31 + {number}) % 1000 / 10.0::DOUBLE AS x, "
            f"'name ' || (i % 5000) AS s\nFROM range({rows}) AS t(i)",
            wide,
            "id",
        )
    ]
    for i in range(4):
        sql = f"SELECT id, g, x * {i + 2} + 1 AS x, upper(s) AS s\nFROM m.{root}\nWHERE g % 10 <> {i}"
        found.append(Made(f"rowwise_{number}_{i}", sql, wide, "id"))
        sql = f"SELECT g, count(*) AS n, round(sum(x), 3) AS x\nFROM m.rowwise_{number}_{i}\nGROUP BY g"
        found.append(Made(f"grouped_{number}_{i}", sql, grouped, "g"))
        sql = (
            f"SELECT a.g, a.n, round(a.x + r.x, 3) AS x\nFROM m.grouped_{number}_{i} AS a\n"
            f"JOIN (SELECT g, avg(x) OVER (ORDER BY g ROWS 20 PRECEDING) AS x FROM m.grouped_{number}_{i}) AS r "
            "ON r.g = a.g"
        )
        found.append(Made(f"window_{number}_{i}", sql, grouped, "g"))
    for i in range(2):
        sql = (
            f"SELECT a.g, a.n + b.n AS n, round(a.x - b.x, 3) AS x\nFROM m.window_{number}_{2 * i} AS a\n"
            f"JOIN m.window_{number}_{2 * i + 1} AS b ON b.g = a.g"
        )
        found.append(Made(f"total_{number}_{i}", sql, grouped, "g"))
    return found


def sixty(rows: int) -> list[Made]:
    return [model for number in range(4) for model in family(number, rows)]


def touched(models: list[Made], what: str) -> list[Made]:
    """The same models, of which one gives other rows."""
    name, old, new = {"leaf": ("total_3_1", "a.n + b.n", "a.n + b.n + 1"), "root": ("root_1", "/ 10.0", "/ 20.0")}[what]
    return [Made(m.name, m.sql.replace(old, new), m.columns, m.key) if m.name == name else m for m in models]


# Sides: each writes its project, and says which command builds it.


def lake_project(folder: Path, models: list[Made], checked: bool = False) -> list:
    """A lake project; without checks every column may be null and every table empty."""
    from lake.contract import class_name

    text = ["from lake.contract import Table\n"]
    for model in models:
        name = class_name(model.name)
        arguments = f'key="{model.key}"' if checked else "empty=True"
        columns = "".join(f"    {c}: {type}{'' if checked else ' | None'}\n" for c, type in model.columns.items())
        text.append(f"\nclass {name}(Table, {arguments}):\n{columns}")
    (folder / "models").mkdir(parents=True, exist_ok=True)
    (folder / "sql/m").mkdir(parents=True, exist_ok=True)
    (folder / "lake.toml").write_text('[lake]\nname = "bench"\n[limits]\nmemory = "4 GB"\nthreads = 2\n')
    _write(folder / "models/m.py", "".join(text))
    for model in models:
        _write(folder / f"sql/m/{model.name}.sql", model.sql + "\n")
    return [BIN / "lake", "build", "-q", "-C", folder]


def checked_project(folder: Path, models: list[Made]) -> list:
    return lake_project(folder, models, checked=True)


def dbt_project(folder: Path, models: list[Made]) -> list:
    (folder / "models").mkdir(parents=True, exist_ok=True)
    _write(folder / "dbt_project.yml", "name: bench\nprofile: bench\nmodels: {bench: {+materialized: table}}\n")
    profile = f"{{type: duckdb, path: {folder}/bench.duckdb, threads: 2, settings: {{threads: 2}}}}"
    _write(folder / "profiles.yml", f"bench: {{target: dev, outputs: {{dev: {profile}}}}}\n")
    for model in models:
        _write(folder / f"models/{model.name}.sql", _referring(model.sql) + "\n")
    at = ["--project-dir", folder, "--profiles-dir", folder, "--state", folder / "state", "--quiet"]
    return [HERE / "out/env/dbt/bin/dbt", "run", *at]


def dbt_select(folder: Path, what: str) -> list:
    """What dbt's users do: run what changed since the kept manifest, and what reads it."""
    (folder / "state").mkdir(exist_ok=True)
    return ["--select", "state:modified+"] if (folder / "state/manifest.json").exists() and what != "full" else []


def _referring(sql: str) -> str:
    return re.sub(r"\bm\.(\w+)", r"{{ ref('\1') }}", sql)


def sqlmesh_project(folder: Path, models: list[Made]) -> list:
    (folder / "models").mkdir(parents=True, exist_ok=True)
    gateway = f"{{connection: {{type: duckdb, database: {folder}/bench.duckdb}}}}"
    defaults = "{dialect: duckdb, start: '2024-01-01', cron: '@yearly'}"
    _write(
        folder / "config.yaml", f"gateways: {{local: {gateway}}}\ndefault_gateway: local\nmodel_defaults: {defaults}\n"
    )
    for model in models:
        _write(folder / f"models/{model.name}.sql", f"MODEL (name m.{model.name}, kind FULL);\n{model.sql}\n")
    return [HERE / "out/env/sqlmesh/bin/sqlmesh", "-p", folder, "plan", "--auto-apply", "--no-prompts"]


def script_project(folder: Path, models: list[Made], kind: str = "script") -> list:
    _write(folder / "models.json", json.dumps([[m.name, m.sql] for m in models]))
    return [sys.executable, __file__, "--plain", kind, "--folder", folder]


def parquet_project(folder: Path, models: list[Made]) -> list:
    return script_project(folder, models, "parquet")


def plain(kind: str, folder: Path, only: list[str] | None) -> None:
    """The plain script: every model, or the ones named, in the order of the file."""
    import duckdb

    from lake.store import catalog

    models = [(n, sql) for n, sql in json.loads((folder / "models.json").read_text()) if only is None or n in only]
    if kind == "parquet":
        (folder / "m").mkdir(exist_ok=True)
        with duckdb.connect(config={"threads": 2, "memory_limit": "4GB"}) as connection:
            connection.execute("CREATE SCHEMA m")
            for name, sql in json.loads((folder / "models.json").read_text()):
                file = folder / "m" / f"{name}.parquet"
                if (name, sql) in models:
                    connection.execute(f"COPY ({sql}) TO '{file}'")
                connection.execute(f"CREATE VIEW m.{name} AS FROM '{file}'")
        return
    from lake.config import Config

    config = Config.model_validate({"limits": {"memory": "4 GB", "threads": 2}})
    config._root = folder
    (folder / "data").mkdir(exist_ok=True)
    with catalog.session(config, write=True) as connection:
        connection.execute("BEGIN; CREATE SCHEMA IF NOT EXISTS m")
        for name, sql in models:
            connection.execute(f"CREATE OR REPLACE TABLE m.{name} AS {sql}")
        connection.execute("COMMIT")


SIDES: dict[str, Callable[[Path, list[Made]], list]] = {
    "parquet": parquet_project,
    "script": script_project,
    "lake": lake_project,
    "lake, checked": checked_project,
    "dbt": dbt_project,
    "sqlmesh": sqlmesh_project,
}


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


# Measuring


def measure(command: list, folder: Path) -> tuple[float, float]:
    """CPU seconds and peak memory (MB) of a command and its children."""
    log = folder / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(list(map(str, command)), stdout=output, stderr=output, cwd=folder, env=_ENV)
        _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(map(str, command[:3]))} ended with {status}:\n{log.read_text()[-2000:]}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


_ENV = {**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "true"}
STEPS = ("full", "nothing", "leaf", "root")


def one_round(side: str, models: list[Made]) -> dict[str, float]:
    """The four steps, one after the other in one place."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="bench-models-") as place:
        folder = Path(place)
        now = models
        for step in STEPS:
            now = touched(now, step) if step in ("leaf", "root") else now
            command = SIDES[side](folder, now)
            command += _extra(side, folder, step, models)
            if side in ("script", "parquet") and step == "nothing":
                command = [sys.executable, "-c", "import duckdb; duckdb.connect()"]
            found[step], peak = measure(command, folder)
            if step == "full":
                found["peak"] = peak
            if side == "dbt":
                (folder / "state").mkdir(exist_ok=True)
                shutil.copy(folder / "target/manifest.json", folder / "state/manifest.json")
    return found


def _extra(side: str, folder: Path, step: str, models: list[Made]) -> list:
    if side == "dbt":
        return dbt_select(folder, step)
    if side in ("script", "parquet") and step in ("leaf", "root"):
        names = ["total_3_1"] if step == "leaf" else [m.name for m in models if m.name.split("_")[1] == "1"]
        return ["--names", ",".join(names)]
    return []


def install(side: str, where: Path) -> None:
    if side in PEERS and not (where / side / "bin" / side).exists():
        venv.create(where / side, with_pip=True)
        subprocess.run([where / side / "bin/pip", "install", "-qq", *PEERS[side]], check=True)


def report(best: dict[str, dict[str, float]]) -> None:
    print(f"{'CPU seconds':16}" + "".join(f"{step:>10}" for step in STEPS) + f"{'peak MB':>10}{'full x':>10}")
    base = best.get("script", {}).get("full")
    for side, got in best.items():
        ratio = f"{got['full'] / base:10.2f}" if base else ""
        print(f"{side:16}" + "".join(f"{got[step]:10.2f}" for step in STEPS) + f"{got['peak']:10.0f}{ratio}")
    print("full x: over the plain DuckLake script; below 1 it takes less")


def many(count: int) -> None:
    """So many models of a few rows, in families of 15, with the lake alone."""
    models = [model for number in range(count // 15 + 1) for model in family(number, 100)][:count]
    with tempfile.TemporaryDirectory(prefix="bench-models-") as place:
        command = lake_project(Path(place), models)
        full, peak = measure(command, Path(place))
        print(f"\n{count:,} small models, lake: full {full:.2f} CPU s ({peak:.0f} MB)", end="")
        print(f", nothing to do {min(measure(command, Path(place))[0] for _ in range(3)):.2f}", end="")
        name = models[-1].name
        _write(Path(place) / f"sql/m/{name}.sql", models[-1].sql.replace("x, 3)", "x + 1, 3)"))
        print(f", the last touched {measure(command, Path(place))[0]:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--many", type=int, default=1000)
    parser.add_argument("--only", default=",".join(("parquet", "script", "lake", "checked", "dbt", "sqlmesh")))
    parser.add_argument("--json", type=Path)
    for hidden in ("--plain", "--folder", "--names"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.plain:
        plain(given.plain, Path(given.folder), given.names.split(",") if given.names else None)
        return
    asked = [side for side in SIDES if side.removeprefix("lake, ") in given.only.split(",")]
    for side in asked:
        install(side, HERE / "out/env")
    models, best = sixty(given.rows), {}
    for _ in range(given.rounds):
        for side in asked:
            got = one_round(side, models)
            before = best.get(side, got)
            best[side] = {key: min(got[key], before[key]) for key in got}
    report(best)
    if given.many:
        many(given.many)
    if given.json:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(best))


if __name__ == "__main__":
    main()
