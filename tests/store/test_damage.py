"""Whatever file of a lake is damaged, in whatever way: verify names it, its advice mends it, the lake is as it was."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import toy
from click.testing import CliRunner
from damaging import HURTS, ask, chosen_sources, follow, over, state

from lake.cli import lake as command
from lake.errors import StorageError
from lake.store import notes


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A lake of raw tables, cubes and models, two published snapshots, a tag, notes, and a door of each."""
    chosen = chosen_sources("exoplanets", "gcm")
    models = toy.FILES["models/seeds.py"] + toy.NOTES
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
    "fetch log": first("data/fetch_log.sqlite"),
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
    "copy of the fetch log": first("data/copies/fetch_log.sqlite"),
    "copy of ops.landings": first("data/copies/tables/ops/landings/*.parquet"),
}
SLOW = pytest.mark.slow
OPTIONAL = {  # those that are gone are made again when they are needed, and hurt nobody
    "copy of the catalog",
    "copy of the fetch log",
    "copy of ops.landings",
    "published file of the tag",
}
SEVERAL = {
    "catalog": "flip",
    "published file": "cut",
    "fetch log": "zero",
    "notes": "gone",
    "sums": "cut",
    "ops.tags": "cut",
    "ops.landings": "zero",
    "model": "flip",
}


@pytest.mark.long
def test_several_damages_at_once_are_mended_by_one_command(made, tmp_path):
    folder = shutil.copytree(made, tmp_path / "toy", symlinks=True)
    before = state(folder)
    for place, hurt in [(FILES[file](folder), hurt) for file, hurt in SEVERAL.items()]:
        HURTS[hurt](place)
    ask(folder, "repair")
    ask(folder, "verify")
    mine = ("latest ops.", "latest quality.")  # built again: what was done stays done
    assert {key: one for key, one in state(folder).items() if not key.startswith(mine)} == {
        key: one for key, one in before.items() if not key.startswith(mine)
    }


CASES = [(file, hurt) for file in FILES for hurt in HURTS]


@pytest.fixture(scope="module")
def whole(made) -> tuple[dict[str, object], int]:
    """What the lake holds before it is damaged, and its newest snapshot."""
    return state(made), json.loads(ask(made, "status", "--json"))["snapshot"]


@SLOW
@pytest.mark.parametrize(("file", "hurt"), CASES)
def test_damage_is_named_and_the_advice_mends_it(made, whole, tmp_path, file, hurt):
    folder = shutil.copytree(made, tmp_path / "toy", symlinks=True)
    before, snapshot = dict(whole[0]), whole[1]
    place = FILES[file](folder)
    HURTS[hurt](place)
    if hurt == "gone" and file in OPTIONAL:
        ask(folder, "verify")
        assert state(folder) == before
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


@pytest.mark.long
@pytest.mark.parametrize("hurt", ["empty", pytest.param("gone", marks=SLOW), pytest.param("swapped", marks=SLOW)])
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
