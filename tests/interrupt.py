"""Real `lake` processes, to be stopped in the middle; and a project of which every table says what version it is of."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb

import lake
from lake import config
from lake.store import blobs, catalog, metadata

COMMAND = [sys.executable, "-c", "from lake.cli import main; main()"]
ENDLESS = "SELECT count(*) AS n FROM range(3000000) a, range(3000000) b WHERE (a.range * b.range) % 7 = 3"


def start(project: Path, *arguments: str, **options) -> subprocess.Popen:
    """`lake ...` on a project, from where Python itself has started, in a process group of its own."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    command = [sys.executable, "-c", "from lake.cli import main; print('ready', flush=True); main()", *arguments]
    process = subprocess.Popen(command, cwd=project, **pipes | options)
    assert process.stdout.readline() == "ready\n"
    return process


def run(project: Path, *arguments: str, **options) -> subprocess.CompletedProcess:
    """`lake ...` to its end."""
    return subprocess.run([*COMMAND, *arguments], cwd=project, capture_output=True, text=True, timeout=300, **options)


def done(project: Path, *arguments: str) -> float:
    """`lake ...`, which must succeed. Returns the seconds that it took."""
    began = time.perf_counter()
    ended = run(project, *arguments)
    assert ended.returncode == 0, ended.stderr
    return time.perf_counter() - began


def kill(process: subprocess.Popen) -> None:
    """kill -9, of all of it."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.005)


def stop(process: subprocess.Popen, number: int = signal.SIGINT) -> float:
    """Ask a process to stop: it says so in one line, without a traceback. Returns the seconds that it took."""
    began = time.monotonic()
    process.send_signal(number)
    _, told = _ended(process)
    assert process.returncode == 128 + number, told
    assert told.strip().startswith("stopped: ")
    assert "\n" not in told.strip()
    return time.monotonic() - began


def _ended(process: subprocess.Popen) -> tuple[str, str]:
    """What it said. What does not end fails the test, and is not left behind."""
    try:
        return process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        kill(process)
        raise


def end(process: subprocess.Popen, number: int) -> None:
    """Send a signal to a process that may be at its end already."""
    if number == signal.SIGKILL:
        kill(process)
        return
    process.send_signal(number)
    _, told = _ended(process)
    assert process.returncode in (0, 128 + number) or (process.returncode, told) == (-number, ""), told
    assert "Traceback" not in told, told
    assert "unexpected error" not in told


# The project: layers of models over one seed, each row of each table with the seed's version.


def make(folder: Path, *, models: int = 60, layers: int = 5, rows: int = 20_000) -> Path:
    """Write it. Every table has ``rows`` + version rows; `update` changes the version."""
    width = models // layers
    contract = "class {name}(Table, key='n'):\n    n: int\n    version: int\n    value: float\n\n"
    texts = {
        "lake.toml": '[lake]\nname = "versions"\n[limits]\nmemory = "1 GB"\n',
        "models/seeds.py": "from lake.contract import Table\n\nclass Stamp(Table, key='version'):\n    version: int\n",
    }
    for layer in range(layers):
        names = [f"m{i}" for i in range(width)]
        classes = "".join(contract.format(name=name.capitalize()) for name in names)
        texts[f"models/l{layer}.py"] = f"from lake.contract import Table\n\n{classes}"
        for i, name in enumerate(names):
            texts[f"sql/l{layer}/{name}.sql"] = _first(rows, i) if layer == 0 else _later(layer, i, width)
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    update(folder, 1)
    return folder


def _first(rows: int, i: int) -> str:
    return f"""SELECT r.n, s.version, sqrt(r.n + {i}) AS value FROM seeds.stamp s,
    (SELECT unnest(range(CAST({rows} + version AS BIGINT))) AS n FROM seeds.stamp) r"""


def _later(layer: int, i: int, width: int) -> str:
    left, right = f"l{layer - 1}.m{i}", f"l{layer - 1}.m{(i + 1) % width}"
    columns = "a.n, greatest(a.version, b.version) AS version, a.value + b.value AS value"
    return f"SELECT {columns} FROM {left} a JOIN {right} b USING (n)"


def update(folder: Path, version: int) -> None:
    (folder / "seeds").mkdir(exist_ok=True)
    (folder / "seeds" / "stamp.csv").write_text(f"version\n{version}\n")


def opened(folder: Path, rows: int) -> int:
    """The version that a reader sees. Fails unless it is the same in all tables, and each of them is whole."""
    with lake.open(folder) as here:
        tables = [table for table in here.tables() if table[0] == "l" and table[1].isdigit()]
        seen = " UNION ALL ".join(
            f"SELECT count(*) AS n, min(version) AS a, max(version) AS b FROM {t}" for t in tables
        )
        told = here.sql(f"SELECT min(n), max(n), min(a), max(b), count(*) FROM ({seen})").fetchone()
        published = here.sql("SELECT max(snapshot) FROM ops.provenance").fetchone()[0]
        assert published == here.snapshot
    version = told[2]
    assert told == (rows + version, rows + version, version, version, len(tables)), told
    return version


def contents(folder: Path) -> dict[str, list[tuple]]:
    """What every table of the models holds."""
    with lake.open(folder) as here:
        tables = [table for table in here.tables() if table.split(".")[0] not in ("ops", "quality")]
        return {table: here.sql(f"SELECT * FROM {table} ORDER BY ALL").fetchall() for table in tables}


def whole(folder: Path) -> None:
    """What must hold at any moment: the catalog is sound, every file it lists exists, and each blob has its digest."""
    settings = config.load(folder)
    with closing(sqlite3.connect(settings.data / "catalog.sqlite")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with catalog.session(settings) as connection:
        for snapshot in metadata.snapshots(connection):
            for files in metadata.tables(connection, snapshot.id).values():
                assert all((settings.data / file).is_file() for file in files), snapshot
    for blob in (settings.data / blobs.BLOBS).rglob("*/*"):
        blobs.verify(settings.data, blob.name)


def orphans(folder: Path) -> set[str]:
    """Parquet files that no snapshot knows."""
    settings = config.load(folder)
    with catalog.session(settings) as connection:
        known = metadata.files(connection)
    found = (str(file.relative_to(settings.data)) for file in (settings.data / metadata.TABLES).rglob("*.parquet"))
    return set(found) - known


def read(folder: Path) -> set[str]:
    """The Parquet files that the door reads, relative to the data folder."""
    with duckdb.connect(str(folder / "lake.duckdb"), read_only=True) as door:
        texts = [sql for (sql,) in door.execute("SELECT sql FROM duckdb_views() WHERE NOT internal").fetchall()]
    return {part for sql in texts for part in sql.split("'") if part.startswith("/tables/")}
