"""A lake of version 0.1, some of whose columns had names that SQL reserves, opens, lands, builds and keeps its past."""

from __future__ import annotations

import json

import odd
import pytest
import toy
from interrupt import run as command

import lake
from lake import config, land
from lake.build import plan
from lake.build import run as building
from lake.export import site
from lake.store import catalog, metadata, published_file, renames, restore

OLD = {  # as version 0.1 had them
    "ops.fetches": 'fetched_at AS "at"',
    "ops.landings": 'table_name AS "table"',
    "ops.provenance": 'table_name AS "table"',
    "ops.runs": 'table_name AS "table"',
    "quality.checks": 'check_name AS "check", table_name AS "table", column_name AS "column"',
    "quality.failures": 'check_name AS "check", table_name AS "table"',
    "quality.features": 'table_name AS "table", column_name AS "column"',
    "quality.metrics": 'table_name AS "table"',
    "raw.rejects": 'table_name AS "table", column_name AS "column"',
}
WARNS = toy.FILES["models/core.py"].replace('Unit("kK")]', 'Unit("kK"), Between(9, 10, severity="warn")]')
MODELS = {"models/core.py": WARNS.replace("import References", "import Between, References")}
FEATURES = {
    "models/features.py": """
from typing import Annotated
from lake.contract import Normalise, Table, Unit

class Warmth(Table, key="planet_run_key"):
    planet_run_key: int
    teff: Annotated[float, Unit("K"), Normalise("standard")]
""",
    "sql/features/warmth.sql": "SELECT planet_run_key, teff FROM core.planets JOIN seeds.stars USING (star)",
    "sql/core/planet_runs.sql": "SELECT planet_run_key, 'train' AS split FROM core.planets",
}
RUNS = "\nclass PlanetRuns(Table, key='planet_run_key'):\n    planet_run_key: int\n    split: str\n"
COUNTED = ("ops.fetches", "ops.landings", "ops.runs", "quality.checks", "quality.failures", "quality.metrics")


@pytest.fixture
def settings(tmp_path):
    """A published lake, with a landing, rejects of records and cells, a failing check: in the tables of version 0.1."""
    folder = toy.make(tmp_path / "toy", **MODELS, **FEATURES)
    odd.add(folder)
    with (folder / "models/core.py").open("a") as file:
        file.write(RUNS)
    odd.lake(folder, {"a": "cells word\nrejects 1", "b": "unreadable"})
    known = config.load(folder)
    land.run(known)
    building.run(known)
    age(known)
    return known


def age(known) -> None:
    """Publish the engine's tables in the layout of version 0.1."""

    def work() -> None:
        for table, old in OLD.items():
            connection.execute(f"CREATE OR REPLACE TEMP TABLE _old AS SELECT * RENAME ({old}) FROM {table}")
            connection.execute(f"CREATE OR REPLACE TABLE {table} AS FROM temp._old")
        connection.execute("""COMMENT ON COLUMN ops.landings."table" IS 'The raw table'""")

    with catalog.writing(known), catalog.session(known, write=True) as connection:
        catalog.commit(connection, work, kind="publish", message="by version 0.1")
        catalog.keep(known, connection)
        published_file.write(known, connection, metadata.latest(connection, "publish"), published_file.path(known))


def counts(known, at=None) -> dict[str, int]:
    with lake.open(known.root, at) as here:
        return {table: here.sql(f"SELECT count(*) FROM {table}").fetchone()[0] for table in COUNTED}


def columns(known, table: str, at=None) -> list[str]:
    with lake.open(known.root, at) as here:
        return here.sql(f"FROM {table}").columns


@pytest.mark.long
def test_the_list_of_what_was_renamed_is_whole(settings):
    """A table whose old names are missing in it would be read with names that it does not have."""
    listed = {t: {old: new for old, new in of.items()} for t, of in renames.RENAMED.items() if t in OLD}
    spelled = {t: [part.split(" AS ") for part in text.replace('"', "").split(", ")] for t, text in OLD.items()}
    assert listed == {table: {old: new for new, old in pairs} for table, pairs in spelled.items()}


@pytest.mark.long
def test_it_is_read_before_anything_is_written(settings):
    number = published_file.latest(settings).snapshot
    for arguments in (["status"], ["log", "--models"], ["check"], ["plan"], ["why", "core.heat"], ["tables"]):
        done = command(settings.root, *arguments)
        assert (done.returncode, done.stderr) == (0, ""), arguments
    (warned,) = [
        one for one in json.loads(command(settings.root, "check", "--json").stdout)["checks"] if one["failing"]
    ]
    rows = json.loads(command(settings.root, "check", "--show", warned["check"], "--json").stdout)
    assert {row["table"] for row in rows} == {"core.heat"}
    assert {row["table"] for row in json.loads(command(settings.root, "log", "--models", "--json").stdout)} == {
        *("core.heat", "core.planet_runs", "core.planets", "features.warmth", "seeds.stars")
    }
    assert command(settings.root, "diff", str(number - 1), "latest").returncode == 0
    site.write(settings, settings.root / "site")
    assert published_file.latest(settings).snapshot == number


@pytest.mark.long
def test_its_next_build_renames_and_keeps_every_row(settings):
    before, number = counts(settings), published_file.latest(settings).snapshot
    done = building.run(settings)
    assert (done.built, done.fresh) == ([], 5)
    assert counts(settings) == before | {"quality.metrics": before["quality.metrics"] + len(provenance(settings))}
    for table, old in OLD.items():
        assert [column for column in columns(settings, table) if f'"{column}"' in old] == [], table
        assert {part.split(" AS ")[0] for part in old.split(", ")} <= set(columns(settings, table))
        assert {part.split('"')[1] for part in old.split(", ")} <= set(columns(settings, table, number)), table
    assert counts(settings, number) == before
    assert building.run(settings).snapshot == done.snapshot  # and it is done once
    assert [one.kind for one in snapshots(settings)].count("migrate") == len(OLD)
    query = "SELECT table_name, column_name, reason FROM raw.rejects ORDER BY ALL"
    with lake.open(settings.root) as here:
        assert here.sql(query).fetchall() == [("odd_rows", "word", "odd"), ("odd_rows", None, "odd")]
        comment = "SELECT comment FROM duckdb_columns() WHERE table_name = 'landings' AND column_name = 'table_name'"
        assert here.sql(comment).fetchone() == ("The raw table",)


def provenance(known) -> list[dict]:
    with catalog.session(known) as connection:
        return plan.provenance(connection)


def snapshots(known) -> list[metadata.Snapshot]:
    with catalog.session(known) as connection:
        return metadata.snapshots(connection)


@pytest.mark.long
def test_it_lands_what_is_new_and_nothing_twice(settings):
    answers = {"a": "cells word\nrejects 1", "b": "unreadable", "c": "rows 2\nrejects 3"}
    settings = odd.lake(settings.root, answers)
    tally = land.run(settings).tallies["odd"]
    assert (tally.blobs, tally.skipped) == (1, 2)
    building.run(settings)
    with lake.open(settings.root) as here:
        assert here.sql("SELECT count(*) FROM raw.rejects").fetchone() == (5,)
        assert here.sql("SELECT count(*) FROM raw.odd_rows").fetchone() == (4,)
    land.run(settings, force=True)
    building.run(settings)
    assert command(settings.root, "verify").returncode == 0


@pytest.mark.long
def test_an_old_snapshot_is_compared_and_restored(settings):
    number = published_file.latest(settings).snapshot
    (settings.root / "seeds/stars.csv").write_text("star,teff\nSun,5773\n")
    building.run(settings)
    restore.run(settings, number)
    assert building.run(settings).snapshot > number
    with lake.open(settings.root) as here:
        assert here.sql("SELECT DISTINCT table_name FROM ops.provenance WHERE kind = 'seed'").fetchall() == [
            ("seeds.stars",)
        ]


@pytest.mark.long
def test_what_training_scales_by_is_read_from_an_old_snapshot(settings):
    scale = pytest.importorskip("lake.train.scale")
    number = published_file.latest(settings).snapshot
    building.run(settings, force=True)
    with lake.open(settings.root, number) as old, lake.open(settings.root) as new:
        found = [scale.read(here.connection, "features.warmth", ["teff"], normalise=True) for here in (old, new)]
    assert found[0] == found[1] != None  # noqa: E711


@pytest.mark.long
def test_no_column_that_the_engine_writes_is_a_reserved_word(settings):
    """Else a query needs quotes, here or in the database of a colleague."""
    building.run(settings)
    with lake.open(settings.root) as here:
        found = here.sql("SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = 'lake'").fetchall()
    assert len(found) > 100
    assert [place for place in found if place[1].lower() in toy.reserved()] == []
