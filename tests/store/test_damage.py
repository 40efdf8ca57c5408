"""Whatever file of a lake is damaged, in whatever way: verify names it, its advice mends it, the lake is as it was."""

from __future__ import annotations

import hashlib
import json
import shlex
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import toy
from click.testing import CliRunner
from conftest import ROOT

import lake
from lake.cli import lake as command
from lake.errors import StorageError
from lake.store import notes

CONTRACT = "\nclass ProcessNotes(Table, key='note', empty=True):\n" + "".join(
    f"    {name}: str | None\n" if name != "note" else "    note: str\n" for name in notes.COLUMNS
)


def ask(folder: Path, *arguments: str, code: int | None = 0) -> str:
    done = CliRunner().invoke(command, [*arguments, "-C", str(folder)])
    if code is not None:
        assert done.exit_code == code, (arguments, done.exit_code, done.output, done.exception)
    return done.output


def flip(file: Path) -> None:
    """One bit, in bytes that mean something."""
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 4
    over(file, bytes(content))


def cut(file: Path) -> None:
    over(file, file.read_bytes()[: file.stat().st_size // 2])


def zero(file: Path) -> None:
    over(file, bytes(file.stat().st_size))


def gone(file: Path) -> None:
    file.unlink()


def over(file: Path, content: bytes) -> None:
    """In place, as a disk does it."""
    file.chmod(0o644)
    with file.open("r+b") as opened:
        opened.truncate()
        opened.write(content)


HURTS = {one.__name__: one for one in (flip, cut, zero, gone)}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A lake of raw tables, cubes and models, two published snapshots, a tag, notes, and a door of each."""
    chosen = _chosen((ROOT / "sample/lake.toml").read_text())
    models = toy.FILES["models/seeds.py"] + CONTRACT
    folder = toy.make(tmp_path_factory.mktemp("made") / "toy", **{"lake.toml": chosen, "models/seeds.py": models})
    (folder / notes.FILE).write_text(",".join(notes.COLUMNS) + "\n")
    ask(folder, "run", "-q")
    ask(folder, "tag", "v1", "-q")
    ask(folder, "note", "add", "made up", "--kind", "decision", "--about", "core.heat", "-q")
    ask(folder, "note", "add", "failed", "--kind", "failed_experiment", "--about", "core.heat", "-q")
    (folder / "seeds/stars.csv").write_text("star,teff\nSun,5772\nVega,9602\n")
    ask(folder, "build", "-q")
    ask(folder, "sql", "-q", "--at", "v1", "FROM core.heat")
    ask(folder, "verify")
    return folder


def _chosen(text: str) -> str:
    import tomllib

    kept = tomllib.loads(text)
    lines = ['[lake]\nname = "toy"', f'mirror = "{ROOT / "sample"}"']
    for source in ("exoplanets", "gcm"):
        lines.append(f"[sources.{source}]")
        lines += [f"{key} = {_toml(value)}" for key, value in kept["sources"][source].items()]
    return "\n".join(lines) + "\n"


def _toml(value) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


def state(folder: Path) -> dict[str, object]:
    """What the lake holds: every table of the newest snapshot and of the tagged one, tags, notes, fetch log."""
    found: dict[str, object] = {}
    for at in ("latest", "v1"):
        with lake.open(folder, at) as here:
            for table in here.tables():
                rows = here.sql(f"FROM {table}").fetchall()
                found[f"{at} {table}"] = hashlib.sha256("\n".join(sorted(map(repr, rows))).encode()).hexdigest()
    found["tags"] = ask(folder, "tag", "--json")
    found["notes"] = (folder / "seeds/process_notes.csv").read_text()
    with closing(sqlite3.connect(folder / "data/ledger.sqlite")) as log:
        found["fetches"] = len(log.execute("SELECT * FROM outcomes").fetchall())
        found["blobs"] = sorted(log.execute("SELECT DISTINCT sha256 FROM outcomes").fetchall())
    return found


def first(pattern: str) -> Callable[[Path], Path]:
    def find(folder: Path) -> Path:
        return max((file for file in folder.glob(pattern) if file.is_file()), key=lambda file: file.stat().st_size)

    return find


def live(table: str) -> Callable[[Path], Path]:
    """The file of a table that the newest snapshot has."""

    def find(folder: Path) -> Path:
        newest = max((folder / "data/manifests").glob("*.json"), key=lambda file: int(file.stem))
        return folder / "data" / json.loads(newest.read_text())["tables"][table]["files"][0][0]

    return find


def of_tag(table: str) -> Callable[[Path], Path]:
    """The file of a table that the tagged snapshot has, and the newest has not."""

    def find(folder: Path) -> Path:
        files = {file for file in (folder / "data/tables" / table.replace(".", "/")).glob("*.parquet")}
        return min(files - {live(table)(folder)})

    return find


ENGINE = ("landings", "macros", "provenance", "runs", "tags", "fetches")
FILES = {
    "catalog": first("data/catalog.sqlite"),
    "published file": first("lake.duckdb"),
    "published file of the tag": first("data/doors/*.duckdb"),
    "fetch log": first("data/ledger.sqlite"),
    "notes": first("seeds/process_notes.csv"),
    "newest manifest": lambda folder: max((folder / "data/manifests").glob("*.json"), key=lambda f: int(f.stem)),
    "older manifest": lambda folder: min((folder / "data/manifests").glob("*.json"), key=lambda f: int(f.stem)),
    "sums": first("data/sums.sqlite"),
    "seed": live("seeds.stars"),
    "model": live("core.heat"),
    "raw table": first("data/tables/raw/exoplanets_*/*.parquet"),
    "raw.cubes": live("raw.cubes"),
    **{f"ops.{table}": live(f"ops.{table}") for table in ENGINE},
    "quality.checks": live("quality.checks"),
    "quality.metrics": live("quality.metrics"),
    "ops.provenance of the tag": of_tag("ops.provenance"),
    "zarr chunk": first("data/cubes/*/*/c/**/*"),
    "zarr.json": first("data/cubes/*/zarr.json"),
    "blob": first("data/blobs/*/*"),
    "copy of the catalog": first("data/copies/catalog-*.sqlite"),
    "copy of the fetch log": first("data/copies/ledger.sqlite"),
    "copy of ops.landings": first("data/copies/tables/ops/landings/*.parquet"),
}
OPTIONAL = {"copy of the catalog", "copy of ops.landings"}  # a copy that is gone is taken again, and hurts nobody
QUICK = {
    ("catalog", "flip"),
    ("published file", "cut"),
    ("fetch log", "zero"),
    ("notes", "gone"),
    ("ops.tags", "cut"),
    ("ops.landings", "zero"),
    ("model", "flip"),
    ("raw table", "gone"),
}
CASES = [
    pytest.param(file, hurt, marks=() if (file, hurt) in QUICK else pytest.mark.slow)
    for file in FILES
    for hurt in HURTS
]


@pytest.mark.parametrize(("file", "hurt"), CASES)
def test_damage_is_named_and_the_advice_mends_it(made, tmp_path, file, hurt):
    folder = shutil.copytree(made, tmp_path / "toy", symlinks=True)
    before = state(folder)
    snapshot = json.loads(ask(folder, "status", "--json"))["snapshot"]
    place = FILES[file](folder)
    HURTS[hurt](place)
    if hurt == "gone" and file in OPTIONAL:
        return
    told = follow(folder, place)
    assert told, "nothing was told"
    after = state(folder)
    if json.loads(ask(folder, "status", "--json"))["snapshot"] != snapshot:  # built again: what was done stays done
        mine = ("latest ops.", "latest quality.")
        before, after = (
            {key: one for key, one in held.items() if not key.startswith(mine)} for held in (before, after)
        )
    if file == "blob":  # it was fetched again
        before.pop("fetches"), after.pop("fetches")
    assert after == before
    if file.startswith("ops."):
        for line in ("run -q", "gc -q", "restore v1 -q", "verify"):
            ask(folder, *line.split())


def follow(folder: Path, place: Path) -> list[str]:
    """Do what verify says, to the letter, until it says no more. Gives what it named."""
    named = []
    for _ in range(4):
        done = CliRunner().invoke(command, ["verify", "--json", "-C", str(folder)])
        found = json.loads(done.stdout)["damaged"]
        assert done.exit_code == (8 if found else 0), done.output
        if not found:
            return named
        if not named:
            named = [one["path"] for one in found]
            at = {str(place.relative_to(folder)), str(place.relative_to(folder)).removeprefix("data/")}
            assert at & set(named) or any(str(place).startswith(str(folder / "data" / one)) for one in named), named
        for line in dict.fromkeys(line for one in found for line in one["next"]):
            program, *arguments = shlex.split(line)
            if program == "rm":
                (folder / arguments[0]).unlink()
            else:
                assert program == "lake"
                CliRunner().invoke(command, [*arguments, "-C", str(folder)])
    pytest.fail(f"verify does not come to an end: {found}")


@pytest.mark.parametrize("hurt", ["empty", "gone", "swapped"])
def test_no_command_begins_another_history(made, tmp_path, hurt):
    folder = shutil.copytree(made, tmp_path / "toy", symlinks=True)
    place = folder / "data/catalog.sqlite"
    if hurt == "empty":
        over(place, b"")
    elif hurt == "gone":
        place.unlink()
    else:
        shutil.copyfile(min((folder / "data/copies").glob("catalog-*")), place)
    content = place.read_bytes() if place.exists() else None
    for line in ("build", "log", "tag", "gc", "restore v1", "plan", "land", "tag v2"):
        done = CliRunner().invoke(command, [*line.split(), "-C", str(folder)])
        assert isinstance(done.exception, StorageError), (line, done.output, done.exception)
        assert done.exception.next == "lake repair"
        assert (place.read_bytes() if place.exists() else None) == content, line
    ask(folder, "repair")
    ask(folder, "verify")
    assert "v1" in ask(folder, "tag")
