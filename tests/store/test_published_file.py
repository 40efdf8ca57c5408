"""The published file: it reads its own lake wherever it lies, shows what the catalog says, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import toy
from interrupt import done, run

import lake
from lake import config
from lake.build import run as building
from lake.store import catalog, metadata, published_file

CLI = Path(sys.executable).with_name("duckdb")
COUNT = "SELECT sum(kilo) FROM core.heat"


def shell(cwd: Path, *arguments: str) -> str:
    """A duckdb prompt of nobody's."""
    told = subprocess.run([CLI, "-csv", "-noheader", *arguments], cwd=cwd, capture_output=True, text=True)
    return (told.stdout + told.stderr).strip()


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = toy.make(tmp_path_factory.mktemp("made") / "toy")
    building.run(config.load(folder))
    return folder


@pytest.fixture
def two(made, tmp_path) -> tuple[Path, Path]:
    """A lake and a copy of it, in whose table there is something else now."""
    original, copy = shutil.copytree(made, tmp_path / "original"), tmp_path / "a copy, it's"
    shutil.copytree(original, copy)
    (file,) = (copy / "data/tables/core/heat").glob("*.parquet")
    duckdb.sql(f"COPY (SELECT 'x' AS star, 77.0::DOUBLE AS kilo) TO '{str(file).replace(chr(39), chr(39) * 2)}'")
    return original, copy


needs_cli = pytest.mark.skipif(not CLI.is_file(), reason="duckdb's own shell is not installed")


@needs_cli
@pytest.mark.parametrize("gone", [False, True], ids=["the original is there", "the original is gone"])
def test_a_copied_lake_reads_its_own_files_in_a_plain_shell(two, gone):
    original, copy = two
    if gone:
        original.rename(original.with_name("hidden"))
    for cwd, name in ((copy, "lake.duckdb"), (copy / "data", "../lake.duckdb"), (Path("/"), str(copy / "lake.duckdb"))):
        for mode in (["-readonly"], []):
            assert shell(cwd, *mode, name, "-c", COUNT) == "77.0", (cwd, name, mode)
    assert shell(copy.parent, "-readonly", f"{copy.name}/lake.duckdb", "-c", COUNT) == "77.0"


@pytest.mark.parametrize("gone", [False, True], ids=["the original is there", "the original is gone"])
def test_a_copied_lake_reads_its_own_files_in_python(two, gone, monkeypatch):
    original, copy = two
    if gone:
        original.rename(original.with_name("hidden"))
    for cwd, name in ((copy, "lake.duckdb"), (copy / "data", "../lake.duckdb"), (Path("/"), str(copy / "lake.duckdb"))):
        monkeypatch.chdir(cwd)
        with duckdb.connect(name, read_only=True) as plain:
            assert plain.sql(COUNT).fetchall() == [(77.0,)], (cwd, name)


@pytest.mark.parametrize("how", ["attached", "renamed", "another temporary folder"])
def test_what_cannot_know_its_place_reads_nothing_and_says_how(two, how, tmp_path):
    _, copy = two
    place = copy / "lake.duckdb"
    if how == "renamed":
        place = place.rename(copy / "mine.duckdb")
    settings = {"temp_directory": str(tmp_path / "tmp")} if how == "another temporary folder" else {}
    with duckdb.connect() if how == "attached" else duckdb.connect(place, read_only=True, config=settings) as plain:
        if how == "attached":
            plain.execute(f"ATTACH '{str(place).replace(chr(39), chr(39) * 2)}' AS it (READ_ONLY); USE it")
        with pytest.raises(duckdb.Error, match="SET VARIABLE lake_root"):
            plain.sql(COUNT).fetchall()
        plain.execute("SET VARIABLE lake_root = $1", [str(copy / "data")])
        assert plain.sql(COUNT).fetchall() == [(77.0,)]


def test_every_command_opens_a_copy_as_it_is(two):
    original, copy = two
    shutil.rmtree(original)
    done(copy, "status")
    with lake.open(copy) as here:
        assert here.sql(COUNT).fetchall() == [(77.0,)]
        older = here.snapshot
    with lake.open(copy, at=older) as here:
        assert here.sql(COUNT).fetchall() == [(77.0,)]
    assert f"snapshot {older}" in run(copy, "status").stdout


@needs_cli
@pytest.mark.parametrize("data", ["elsewhere/deep", "../beside", "{absolute}"])
def test_data_that_lies_elsewhere(tmp_path, data):
    data = data.format(absolute=tmp_path / "absolute")
    text = f'[lake]\nname = "toy"\ndata = "{data}"\n'
    folder = toy.make(tmp_path / "a/toy", **{"lake.toml": text})
    building.run(config.load(folder))
    assert shell(Path("/"), "-readonly", str(folder / "lake.duckdb"), "-c", "SELECT count(*) FROM core.heat") == "2"
    if data.startswith("elsewhere"):
        folder.rename(tmp_path / "b")
        assert shell(tmp_path, "-readonly", "b/lake.duckdb", "-c", "SELECT count(*) FROM core.heat") == "2"


def test_a_door_of_an_older_form_is_written_anew(made, tmp_path):
    folder = shutil.copytree(made, tmp_path / "toy")
    with duckdb.connect(str(folder / "lake.duckdb")) as old:
        old.execute("CREATE OR REPLACE TABLE lake_info AS SELECT 3 AS snapshot, '' AS published_at, '/x' AS root")
    assert published_file.read_info(folder / "lake.duckdb") is None
    done(folder, "status")
    with duckdb.connect(str(folder / "lake.duckdb"), read_only=True) as plain:
        assert plain.sql("SELECT count(*) FROM core.heat").fetchone() == (2,)


@pytest.mark.parametrize("what", ["a view", "a comment", "a macro"])
def test_what_was_changed_in_the_door_does_not_survive_a_build(made, tmp_path, what):
    folder = shutil.copytree(made, tmp_path / "toy")
    change = {
        "a view": "CREATE OR REPLACE VIEW seeds.stars AS SELECT 'lie' AS star, 2.0 AS teff",
        "a comment": "COMMENT ON COLUMN seeds.stars.teff IS 'lie'",
        "a macro": "CREATE OR REPLACE MACRO kilo(x) AS 2 * x",
    }
    with duckdb.connect(str(folder / "lake.duckdb")) as hand:
        hand.execute(change[what])
    (folder / "sql/core/heat.sql").write_text("SELECT star, kilo(teff) + 1 AS kilo FROM seeds.stars")
    building.run(config.load(folder))
    with duckdb.connect(str(folder / "lake.duckdb"), read_only=True) as plain:
        assert plain.sql("SELECT teff FROM seeds.stars ORDER BY 1").fetchall() == [(3195.0,), (5772.0,)]
        comment = "SELECT comment FROM duckdb_columns() WHERE table_name = 'stars' AND column_name = 'teff'"
        assert plain.sql(comment).fetchone() == ("Effective temperature. [K]",)
        assert plain.sql("SELECT kilo(1000)").fetchone() == (1.0,)


def test_a_door_that_was_made_of_the_last_one_shows_what_a_new_one_shows(made, tmp_path):
    folder = shutil.copytree(made, tmp_path / "toy")
    settings = config.load(folder)
    (folder / "sql/core/heat.sql").write_text("SELECT star, kilo(teff) + 1 AS kilo FROM seeds.stars")
    building.run(settings)
    with catalog.session(settings) as connection:
        last = metadata.latest(connection, "publish")
        assert published_file.differences(settings, connection, last, published_file.path(settings)) == []


def test_what_dead_processes_left_of_a_door_goes_with_the_next(made, tmp_path):
    folder = shutil.copytree(made, tmp_path / "toy")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = [folder / f".lake.duckdb.{ended.pid}-7", folder / f".lake.duckdb.{ended.pid}-7.wal"]
    for file in left:
        file.write_bytes(b"x")
    living = folder / f".lake.duckdb.{os.getpid()}-7"
    living.write_bytes(b"x")
    (folder / "sql/core/heat.sql").write_text("SELECT star, kilo(teff) + 1 AS kilo FROM seeds.stars")
    building.run(config.load(folder))
    assert not any(file.exists() for file in left)
    assert living.exists()
