"""Snapshots by name: tags, differences, restoring, freeing, and damage that is found and mended."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import toy
from click.testing import CliRunner

import lake
from lake import config, land
from lake import project as projects
from lake.build import diff
from lake.build import run as building
from lake.cli import lake as command
from lake.errors import ConfigError, StorageError
from lake.store import catalog, checksums, gc, metadata, restore, tags, verify

LEVELS = {
    "seeds/stars.csv": "star,teff\n" + "".join(f"s{i},{3000 + i}\n" for i in range(100)),
    "sql/core/heat.sql": "SELECT star, kilo(teff) AS kilo FROM seeds.stars",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    made = toy.make(tmp_path_factory.mktemp("built") / "toy", **LEVELS)
    settings = config.load(made)
    building.run(settings)
    tags.add(settings, "v1", message="first")
    stars = LEVELS["seeds/stars.csv"].replace("s7,3007", "s7,2007").replace("s8,3008\n", "") + "s100,9000\n"
    (made / "seeds/stars.csv").write_text(stars)
    building.run(settings)
    return made


@pytest.fixture
def folder(built, tmp_path) -> Path:
    """A lake of two published snapshots, the first tagged v1; a star cooled, one came, one went."""
    return toy.copy(built, tmp_path / "toy")


def files(folder: Path) -> set[Path]:
    return set((folder / "data/tables").rglob("*.parquet"))


def ask(folder: Path, query: str, at=None) -> list[tuple]:
    with lake.open(folder, at) as here:
        return here.sql(query).fetchall()


@pytest.mark.long
def test_a_tag_is_a_snapshot_everywhere(folder):
    count = "SELECT count(*) FROM seeds.stars WHERE teff = 2007"
    assert ask(folder, count, "v1") == [(0,)]
    assert ask(folder, count, "latest") == ask(folder, count) == [(1,)]
    told = CliRunner().invoke(command, ["sql", "-C", str(folder), "--at", "v1", "--format", "csv", count])
    assert told.output.split() == ["count_star()", "0"]


@pytest.mark.quick(2)
@pytest.mark.parametrize(
    ("name", "says"),
    [("12", "cannot be a tag"), ("latest", "cannot be a tag"), ("a b", "cannot be a tag"), ("v1", "is of snapshot")],
)
def test_a_tag_that_cannot_be(folder, name, says):
    with pytest.raises(ConfigError, match=says):
        tags.add(config.load(folder), name)


def test_what_a_name_was_meant_to_be(folder):
    with pytest.raises(ConfigError, match=r"(?s)no snapshot has the tag 'v11'.*did you mean 'v1'"):
        lake.open(folder, "v11")
    with pytest.raises(ConfigError, match=r"(?s)number 99.*the newest are"):
        lake.open(folder, 99)


def test_a_tag_taken_away(folder):
    settings = config.load(folder)
    tags.delete(settings, "v1")
    with catalog.session(settings) as connection:
        assert tags.known(connection) == []
    with pytest.raises(ConfigError, match="no snapshot has the tag 'v1'"):
        tags.delete(settings, "v1")


def test_differences_by_key_and_column(folder):
    found = {d.table: d for d in diff.snapshots(config.load(folder), "v1", "latest")}
    assert set(found) == {"seeds.stars", "core.planets", "core.heat"}
    stars = found["seeds.stars"]
    assert (stars.rows, stars.added, stars.removed, stars.changed) == ((100, 100), 1, 1, 1)
    assert stars.by_column == {"teff": 1}
    assert stars.examples == [{"key": {"star": "s7"}, "column": "teff", "before": 3007.0, "after": 2007.0}]
    (moved,) = stars.moved
    assert (sum(moved.before), sum(moved.after)) == (100, 100)
    assert moved.mean == pytest.approx((3049.5, 3049.5 + (-1000 - 3008 + 9000) / 100))
    assert (found["core.planets"].changed, found["core.planets"].added) == (0, 1)


def test_differences_of_columns(folder):
    settings = config.load(folder)
    models = folder / "models/core.py"
    models.write_text(models.read_text().replace('kilo: Annotated[float, Unit("kK")]', "kilo: int\n    warm: bool"))
    sql = "SELECT star, CAST(kilo(teff) AS BIGINT) AS kilo, teff > 3050 AS warm FROM seeds.stars"
    (folder / "sql/core/heat.sql").write_text(sql)
    before = building.run(settings).snapshot
    (heat,) = diff.snapshots(settings, "v1", before, ["core.heat"])
    assert heat.columns_retyped == {"kilo": ("DOUBLE", "BIGINT")}
    assert heat.columns_added == {"warm": "BOOLEAN"}
    assert (heat.added, heat.removed, heat.changed) == (1, 1, 98)  # each of 99 lost digits, but s0, which is 3.0
    with pytest.raises(ConfigError, match=r"did you mean core\.heat"):
        diff.snapshots(settings, "v1", "latest", ["core.haet"])


def test_differences_without_a_key_count_equal_rows(tmp_path):
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE a AS SELECT unnest([1, 1, 2, NULL]) AS x, 'nan'::DOUBLE AS y")
        connection.execute("CREATE TABLE b AS SELECT unnest([1, 2, 2, NULL, 3]) AS x, 'nan'::DOUBLE AS y")
        found = diff.compare(connection, "a", "b", table="t")
        assert (found.added, found.removed, found.changed) == (2, 1, 0)
        assert diff.compare(connection, "a", "a", ["x"], table="t").same


def test_a_picture_of_what_moved(folder, tmp_path):
    pytest.importorskip("matplotlib")
    picture = tmp_path / "moved.png"
    told = CliRunner().invoke(command, ["diff", "-C", str(folder), "v1", "latest", "--plot", str(picture)])
    assert "2 column(s) drawn" in told.output
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.long
def test_restored_is_as_it_was(folder):
    settings, everything = config.load(folder), "SELECT * FROM core.heat ORDER BY star"
    was, runs = ask(folder, everything, "v1"), len(ask(folder, "FROM ops.runs"))
    number, changed = restore.run(settings, "v1")
    assert {"seeds.stars", "core.planets", "core.heat"} <= set(changed)
    assert ask(folder, everything) == was != ask(folder, everything, number - 1)
    assert diff.snapshots(settings, "v1", "latest") == []
    assert len(ask(folder, "FROM ops.runs")) == runs  # what was done stays done
    assert restore.run(settings, "v1") == (number, [])
    built = {one.table for one in building.run(settings).built}  # the seed's file is not that snapshot's
    assert "seeds.stars" in built


def test_restoring_what_has_lost_a_file(folder):
    settings = config.load(folder)
    with catalog.session(settings) as connection:
        number = tags.resolve(connection, "v1")
        (file,) = metadata.tables(connection, number)["core.heat"]
    (settings.data / file).unlink()
    before = files(folder)
    with pytest.raises(StorageError, match=r"(?s)missing.*lake verify"):
        restore.run(settings, "v1")
    assert files(folder) == before


@pytest.mark.long
def test_a_partitioned_table_is_restored_with_its_parts(tmp_path):
    toy.make(tmp_path, **LEVELS)
    models = tmp_path / "models/core.py"
    text = models.read_text().replace('class Heat(Table, key="star")', 'class Heat(Table, partition="warm")')
    models.write_text(text.replace('kilo: Annotated[float, Unit("kK")]', "warm: bool"))
    (tmp_path / "sql/core/heat.sql").write_text("SELECT star, teff > 3050 AS warm FROM seeds.stars")
    settings = config.load(tmp_path)
    first = building.run(settings).snapshot
    (tmp_path / "sql/core/heat.sql").write_text("SELECT star, teff > 3090 AS warm FROM seeds.stars")
    building.run(settings)
    restore.run(settings, first)
    assert ask(tmp_path, "SELECT warm, count(*) FROM core.heat GROUP BY 1 ORDER BY 1") == [(False, 51), (True, 49)]
    with catalog.session(settings) as connection:
        last = metadata.latest(connection).id
        assert len(metadata.tables(connection, last)["core.heat"]) == 2  # a file a value


@pytest.mark.long
def test_gc_tells_first_and_keeps_what_has_a_name(folder):
    settings = config.load(folder)
    building.run(settings, force=True)
    (folder / "data/tables/core/heat/left.parquet").write_bytes(b"x" * 1000)  # as a killed build leaves one
    (folder / "data/tmp/build-killed").mkdir(parents=True)
    before = files(folder)
    told = gc.run(settings, keep=1)
    assert (told.applied, files(folder)) == (False, before)
    assert told.orphans == ["tables/core/heat/left.parquet"]
    assert told.left == ["tmp/build-killed"]
    was = {at: ask(folder, "FROM core.heat ORDER BY star", at) for at in ("v1", "latest")}
    freed = gc.run(settings, keep=1, apply=True)
    assert {f"data/{file}" for file in (*told.files, *told.orphans)} == {
        str(file.relative_to(folder)) for file in before - files(folder)
    }
    assert freed.bytes == told.bytes > 1000
    assert {at: ask(folder, "FROM core.heat ORDER BY star", at) for at in ("v1", "latest")} == was
    assert gc.run(settings, keep=1).nothing
    assert not verify.run(settings).damaged
    with pytest.raises(ConfigError, match="no published snapshot is number"):
        lake.open(folder, told.kept[0] + 2)


def test_a_restored_file_is_freed_with_its_last_name(folder):
    settings = config.load(folder)
    restore.run(settings, "v1")
    tags.delete(settings, "v1")
    gc.run(settings, keep=1, apply=True)
    assert ask(folder, "SELECT count(*), min(teff) FROM seeds.stars") == [(100, 3000.0)]
    assert not verify.run(settings).damaged


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 1
    file.chmod(0o644)
    file.write_bytes(content)


@pytest.mark.long
@pytest.mark.quick(1)
@pytest.mark.parametrize("hurt", [flip, Path.unlink, lambda file: file.write_bytes(file.read_bytes()[:-9])])
def test_a_damaged_table_is_found_and_built_again(folder, hurt):
    settings = config.load(folder)
    assert not verify.run(settings).damaged
    with catalog.session(settings) as connection:
        last = metadata.latest(connection, "publish")
        (file,) = metadata.tables(connection, last.id)["core.heat"]
    expected = ask(folder, "FROM core.heat ORDER BY star")
    hurt(settings.data / file)
    (damage,) = verify.run(settings).damaged
    assert (damage.path, damage.tables, damage.snapshots) == (file, ["core.heat"], [last.id])
    told = CliRunner().invoke(command, ["verify", "-C", str(folder)])
    assert told.exit_code == StorageError.exit_code
    assert f"affects: table core.heat, snapshot {last.id}" in told.output
    assert damage.next == ["lake repair"]
    done = CliRunner().invoke(command, ["repair", "-C", str(folder)])
    assert done.exit_code == 0, done.output
    assert ask(folder, "FROM core.heat ORDER BY star") == expected
    assert verify.run(settings).damaged == []


def test_a_damaged_file_of_a_tag_names_the_tag(folder):
    settings = config.load(folder)
    with catalog.session(settings) as connection:
        (file,) = metadata.tables(connection, tags.resolve(connection, "v1"))["core.heat"]
    flip(settings.data / file)
    (damage,) = verify.run(settings).damaged
    assert damage.tags == ["v1"]


@pytest.mark.slow
def test_raw_tables_and_cubes_come_again_from_the_blobs(tmp_path):
    folder = projects.copy(tmp_path / "lake", sample=True)
    runner = CliRunner()
    assert runner.invoke(command, ["run", "-q", "-C", str(folder)]).exit_code == 0
    settings = config.load(folder)
    assert (found := verify.run(settings)).damaged == []
    assert (found.blobs, found.cubes) == (32, 3)
    expected = ask(folder, "SELECT count(*), sum(hash(COLUMNS(*))) FROM core.edges")
    landings = "SELECT source, resource, seen, landed, rejected FROM ops.landings ORDER BY ALL"
    landed = ask(folder, landings)
    with catalog.session(settings) as connection:
        last = metadata.latest(connection, "publish").id
        tables = metadata.tables(connection, last)
    for table in ("raw.kegg_kgml", "raw.rejects"):
        for file in tables.get(table, ()):
            (settings.data / file).unlink()
    cube = next((folder / "data/cubes").glob("[0-9a-f]*"))
    flip(next(file for file in sorted(cube.rglob("c/*")) if file.is_file() and file.stat().st_size > 100))
    damaged = verify.run(settings).damaged
    assert {"raw.cubes", "raw.rejects"} <= {table for one in damaged for table in one.tables}
    assert {tuple(one.next) for one in damaged} == {("lake repair",)}
    done = runner.invoke(command, ["repair", "-C", str(folder)])
    assert done.exit_code == 0, done.output
    assert ask(folder, "SELECT count(*), sum(hash(COLUMNS(*))) FROM core.edges") == expected
    assert ask(folder, landings) == landed
    assert verify.run(settings).damaged == []


@pytest.mark.long
def test_landing_again_keeps_the_last_good_answer_of_what_cannot_be_read_now(tmp_path):
    folder = projects.copy(tmp_path / "lake", sample=True)
    runner = CliRunner()
    for line in ("fetch exoplanets", "land exoplanets"):
        assert runner.invoke(command, [*line.split(), "-q", "-C", str(folder)]).exit_code == 0
    page = folder / "sample/exoplanetarchive.ipac.caltech.edu/TAP/toi.csv"
    page.write_text("toi\nno,such,table\n")
    runner.invoke(command, ["fetch", "exoplanets", "--force", "-q", "-C", str(folder)])
    query = "SELECT table_name, status, landed FROM ops.landings WHERE resource = 'toi' ORDER BY ALL"
    settings, found = config.load(folder), []
    for force in (False, True):
        land.run(settings, ["exoplanets"], force=force)
        with catalog.session(settings) as connection:
            found.append(connection.execute(query).fetchall())
            found.append(connection.execute("SELECT count(*) FROM raw.exoplanets_toi").fetchall())
    assert found[:2] == found[2:]


def test_a_damaged_blob_says_what_to_fetch(tmp_path):
    folder = projects.copy(tmp_path / "lake", sample=True)
    runner = CliRunner()
    assert runner.invoke(command, ["fetch", "exoplanets", "-q", "-C", str(folder)]).exit_code == 0
    blob = next(file for file in (folder / "data/blobs").rglob("*") if file.is_file())
    flip(blob)
    (damage,) = verify.run(config.load(folder)).damaged
    assert damage.next == [f"rm {blob.relative_to(folder)}", "lake fetch --force exoplanets"]
    blob.unlink()
    assert verify.run(config.load(folder)).damaged[0].next == [*damage.next[1:], "lake repair --accept"]
    told = runner.invoke(command, [*damage.next[1].split()[1:], "-q", "-C", str(folder)])
    assert told.exit_code == 0, told.output
    assert verify.run(config.load(folder)).damaged == []


@pytest.mark.long
def test_sums_are_taken_once_and_come_back_from_the_manifests(folder):
    settings = config.load(folder)
    known = checksums.known(settings.data)
    assert {str(file.relative_to(settings.data)) for file in files(folder)} == set(known)
    os.remove(settings.data / checksums.FILE)
    (damage,) = verify.run(settings).damaged
    assert damage.path == checksums.FILE
    assert CliRunner().invoke(command, ["repair", "-C", str(folder)]).exit_code == 0
    assert checksums.known(settings.data) == known
    assert verify.run(settings).damaged == []
