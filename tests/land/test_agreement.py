"""The rows of each raw table are those that ops.landings says, whatever is landed, forced, taken out or put back."""

from __future__ import annotations

import odd
import pytest

from lake import config, land
from lake.errors import StorageError
from lake.land import tables
from lake.store import catalog, landings

ANSWERS = {"a": "rows 2\nrejects 1\ncells word", "b": "others 3", "c": "unreadable"}


def differences(settings) -> list:
    with catalog.session(settings) as connection:
        return landings.differences(connection) + landings.differences(connection, whole=True)


@pytest.fixture
def two(tmp_path, monkeypatch):
    """A lake of two sources, landed."""
    for name in ("odd", "odder"):
        odd.install(tmp_path / "package", monkeypatch, name)
        odd.lake(tmp_path, ANSWERS, source=name)
    odd.describe(tmp_path, odd={"names": list(ANSWERS)}, odder={"names": list(ANSWERS)})
    land.run(config.load(tmp_path))
    return tmp_path


@pytest.mark.long
def test_a_source_landed_anew_leaves_others_rows_in_the_shared_tables(two):
    settings = config.load(two)
    for _ in range(2):
        land.run(settings, ["odd"], force=True)
        assert differences(settings) == []
    odd.describe(two, odd={"names": list(ANSWERS)})  # the other one is taken out, and kept
    from lake.land import withdrawal

    settings = config.load(two)
    withdrawal.keep(settings, "odder")
    land.run(settings, force=True)
    assert differences(settings) == []
    with catalog.session(settings) as connection:
        rejects = connection.execute("SELECT source, count(*) FROM raw.rejects GROUP BY 1 ORDER BY 1").fetchall()
    assert rejects == [("odd", 2), ("odder", 2)]


@pytest.mark.long
@pytest.mark.quick(2)
@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("INSERT INTO raw.odd_rows SELECT * FROM raw.odd_rows", "raw.odd_rows has 8 row"),
        ("DELETE FROM raw.odd_others WHERE _record = 0", "raw.odd_others has 2 row"),
        ("INSERT INTO raw.rejects SELECT * FROM raw.rejects", "raw.rejects has"),
        ("DELETE FROM raw.rejects", "raw.rejects has 0 row"),
    ],
)
def test_a_difference_is_told_with_both_figures_and_the_command_that_mends_it(two, sql, said):
    settings = config.load(two)
    with catalog.write_session(settings) as connection:
        connection.execute(sql)
    for whole in (True, False):
        with catalog.session(settings) as connection, pytest.raises(StorageError) as problem:
            landings.agree(connection, whole=whole)
        assert said in problem.value.what
        assert "ops.landings says" in problem.value.what
        assert problem.value.next.startswith("lake land --force odd")
    land.run(settings, problem.value.next.split()[3:], force=True)
    assert differences(settings) == []


@pytest.mark.long
def test_a_landing_that_loses_rows_on_the_way_is_refused(two, monkeypatch):
    """Whatever the writing does: what came out is counted against what was read."""
    settings = config.load(two)
    write = tables._write
    monkeypatch.setattr(tables, "_write", lambda c, table, rows, **how: write(c, table, rows and rows.slice(1), **how))
    with pytest.raises(StorageError, match="landings says"):
        land.run(settings, ["odd"], force=True)
    assert differences(settings) == []  # nothing was committed


@pytest.mark.long
def test_a_build_publishes_no_table_that_disagrees(two):
    from lake.build import run as building

    settings = config.load(two)
    with catalog.write_session(settings) as connection:
        connection.execute("DELETE FROM raw.odd_others WHERE _record = 0")
        with pytest.raises(StorageError, match=r"raw\.odd_others"):
            building.into(connection, settings)


@pytest.mark.long
def test_lake_check_compares_each_resource(two):
    """Two differences that cancel each other out in the number of rows."""
    from lake.build import status

    settings = config.load(two)
    with catalog.write_session(settings) as connection:
        connection.execute("INSERT INTO raw.odd_rows SELECT * FROM raw.odd_rows WHERE _record = 0 AND word = 'a'")
        connection.execute("UPDATE raw.odd_rows SET _resource = 'odd/gone' WHERE _record = 1")
    with pytest.raises(StorageError, match=r"raw\.odd_rows has .* of odd/"):
        status.run(settings)
