"""A filter on a table of the catalog finds the rows that a look at each row finds, however these were written."""

from __future__ import annotations

import uuid

import pytest
import values

from lake import config
from lake.store import bounds, catalog, metadata, tables


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "lake.toml").write_text('[lake]\nname = "x"\n')
    return config.load(tmp_path)


def insert(connection, cells):
    connection.execute(f"INSERT INTO raw.t {' UNION ALL '.join(f'SELECT {cell}' for cell in cells)}")


def add(connection, settings, cells):
    """As a build does: a file of its own, which the table is given."""
    file = settings.data / "tables" / "raw" / "t" / f"{uuid.uuid4().hex}.parquet"
    file.parent.mkdir(parents=True, exist_ok=True)
    connection.execute(f"COPY ({' UNION ALL '.join(f'SELECT {cell} AS k' for cell in cells)}) TO '{file}'")
    tables.add_files(connection, "raw.t", [file])


def create(connection, type):
    connection.execute(f"CREATE SCHEMA raw; CREATE TABLE raw.t (k {type})")


def committed(connection, *steps):
    catalog.commit(connection, lambda: [step() for step in steps], kind="land", message="rows")


def wrong(connection, settings, cells):
    """The filters that give other rows of raw.t than of its files."""
    files = metadata.tables(connection, metadata.latest(connection).id)["raw.t"]
    listed = ", ".join(f"'{settings.data / file}'" for file in files)
    tests = [f"k {how} {cell}" for cell in cells for how in ("=", ">=")] + ["k IS NULL", "k IS NOT NULL"]
    counted = ", ".join(f"count(*) FILTER ({test})" for test in tests)
    right = connection.execute(f"SELECT {counted} FROM read_parquet([{listed}])").fetchone()
    given = [connection.execute(f"SELECT count(*) FROM raw.t WHERE {test}").fetchone()[0] for test in tests]
    return [found for found in zip(tests, given, right, strict=True) if found[1] != found[2]]


QUICK = ("BIGINT", "FLOAT", "DATE")
TYPES = [type for type in values.VALUES if not type.startswith(("MAP", "STRUCT"))]


@pytest.mark.quick(2)
@pytest.mark.parametrize("type", [*QUICK, *(pytest.param(t, marks=pytest.mark.slow) for t in TYPES if t not in QUICK)])
def test_filters_find_every_row_of_several_files_of_a_commit(settings, type):
    null, *cells = values.sql(type)
    with catalog.write_session(settings) as connection:
        committed(connection, lambda: create(connection, type))
        for parts in ([[null], cells], [cells[:1]], [[null], cells[-1:]]):
            committed(connection, *(lambda part=part: insert(connection, part) for part in parts))
            assert wrong(connection, settings, cells[:12]) == []
    with catalog.session(settings) as connection:
        assert wrong(connection, settings, cells[:12]) == []


@pytest.mark.quick(6)
@pytest.mark.parametrize("type", [pytest.param(t, marks=pytest.mark.slow) if t in TYPES[:9] else t for t in TYPES])
def test_filters_find_every_row_of_files_that_were_added(settings, type):
    null, *cells = values.sql(type)
    with catalog.write_session(settings) as connection:
        committed(connection, lambda: create(connection, type))
        parts = [[null], *([cell] for cell in cells[:8])]
        committed(connection, *(lambda part=part: add(connection, settings, part) for part in parts))
        assert wrong(connection, settings, cells[:8]) == []


def test_filters_find_every_row_of_a_file_that_begins_with_many_nulls(settings):
    with catalog.write_session(settings) as connection:
        committed(connection, lambda: create(connection, "BIGINT"))
        long = "INSERT INTO raw.t SELECT CASE WHEN i >= 300000 THEN 5 END FROM range(300010) AS r(i)"
        committed(connection, lambda: connection.execute(long))
        committed(connection, lambda: insert(connection, ["9"]))
        assert wrong(connection, settings, ["5", "9"]) == []


def test_what_a_killed_writer_left_is_put_right_by_the_next(settings, monkeypatch):
    with catalog.write_session(settings) as connection:
        monkeypatch.setattr(bounds, "forget_unknown", lambda connection: None)
        both = (lambda: insert(connection, ["NULL"]), lambda: insert(connection, ["5"]))
        committed(connection, lambda: create(connection, "BIGINT"), *both)
    monkeypatch.undo()
    with catalog.write_session(settings) as connection:
        committed(connection, lambda: insert(connection, ["9"]))
        assert wrong(connection, settings, ["5", "9"]) == []


def test_a_table_without_rows_is_a_table(settings):
    with catalog.write_session(settings) as connection:
        committed(connection, lambda: create(connection, "BIGINT"))
        assert metadata.tables(connection, metadata.latest(connection).id) == {"raw.t": []}
        before = metadata.latest(connection).id
        committed(connection, lambda: insert(connection, ["1"]))
        assert len(metadata.tables(connection, metadata.latest(connection).id)["raw.t"]) == 1
        assert metadata.tables(connection, before) == {"raw.t": []}
