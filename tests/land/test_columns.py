"""Columns that an archive adds, empties or changes the type of: each row keeps its own values, however it is asked."""

from __future__ import annotations

import odd
import pytest

from lake import config, fetch, land
from lake.errors import StorageError
from lake.store import catalog, metadata


def fetched(folder, answers):
    settings = odd.lake(folder, answers)
    fetch.run(settings, force=True)  # what changed at the archive, too
    return settings


def landed(folder, answers):
    """Land these answers and no others."""
    settings = fetched(folder, answers)
    land.run(settings)
    return settings


def wrong(settings, column):
    """The values of a column of raw.odd_rows by which a filter finds other rows than its files have."""
    with catalog.session(settings) as connection:
        files = metadata.tables(connection, metadata.latest(connection).id)["raw.odd_rows"]
        listed = ", ".join(f"'{settings.data / file}'" for file in files)
        each = f"SELECT {column} FROM read_parquet([{listed}], union_by_name = true)"
        there = [value for (value,) in connection.execute(each).fetchall()]
        found = {
            value: connection.execute(
                f"SELECT count(*) FROM raw.odd_rows WHERE {column} IS NOT DISTINCT FROM ?", [value]
            ).fetchone()[0]
            for value in {*there, None}
        }
        total = connection.execute("SELECT count(*) FROM raw.odd_rows").fetchone()[0]
    assert total == len(there)
    return {value: n for value, n in found.items() if n != there.count(value)}


@pytest.mark.long
def test_filters_find_every_row_after_any_landing(tmp_path, monkeypatch):
    odd.install(tmp_path / "package", monkeypatch)
    answers = {}
    for step in (
        {"a": "column k int64 - -"},
        {"b": "column k int64 5", "c": "rows 2"},
        {"a": "column k int64 - - -", "d": "column k int64 9"},  # a is replaced: the table is rewritten
        {"e": "column k int64 11"},
        {"c": "column other string -"},
        {"f": "column other string 1.5", "b": "column k int64 -"},
    ):
        answers |= {name: text.replace("1.5", '"x"') for name, text in step.items()}
        settings = landed(tmp_path, answers)
        assert wrong(settings, "k") == {}
    assert wrong(settings, "other") == {}


@pytest.mark.long
def test_a_column_that_comes_with_a_replaced_answer_is_null_in_the_others_rows(tmp_path, monkeypatch):
    odd.install(tmp_path / "package", monkeypatch)
    landed(tmp_path, {"a": "rows 1", "b": "rows 1"})
    settings = landed(tmp_path, {"a": "rows 1", "b": "column k int64 5"})
    assert wrong(settings, "k") == {}


@pytest.mark.long
def test_a_column_of_another_type_is_refused_and_the_advice_makes_the_table_anew(tmp_path, monkeypatch):
    """A release of the source in which its column n is text."""
    odd.install(tmp_path / "package", monkeypatch)
    landed(tmp_path, {"a": "rows 2"})
    changes = {'("n", pa.int64())': '("n", pa.string())', '"n": n,': '"n": f"0{n}",', "READER = 1": "READER = 2"}
    odd.install(tmp_path / "package", monkeypatch, **changes)
    settings = config.load(tmp_path)
    with pytest.raises(StorageError, match=r"n is VARCHAR, and BIGINT in the table") as problem:
        land.run(settings)
    assert wrong(settings, "n") == {}
    assert problem.value.next == "lake land --force odd"
    land.run(settings, ["odd"], force=True)
    with catalog.session(settings) as connection:
        assert connection.execute("SELECT n FROM raw.odd_rows ORDER BY 1").fetchall() == [("00",), ("01",)]


@pytest.mark.long
def test_many_new_columns_come_at_once(tmp_path, monkeypatch):
    odd.install(tmp_path / "package", monkeypatch)
    settings = landed(tmp_path, {"a": "rows 1", "b": "wide 300"})
    assert wrong(settings, "c299") == {}
    with catalog.session(settings) as connection:
        comments = connection.execute(
            "SELECT count(*) FROM duckdb_columns() WHERE table_name = 'odd_rows' AND comment IS NOT NULL"
        )
        assert comments.fetchone()[0] == 3
