"""The engine's tables are filled by name, and a transaction that is not committed leaves no file."""

from __future__ import annotations

import pytest

from lake import config
from lake.errors import StorageError
from lake.store import catalog, metadata, tables

COLUMNS = {"a": ("BIGINT", "A number"), "b": ("VARCHAR", "")}


@pytest.fixture
def connection(tmp_path):
    (tmp_path / "lake.toml").write_text('[lake]\nname = "x"\n')
    with catalog.write_session(config.load(tmp_path)) as connection:
        yield connection


def committed(connection, *steps):
    catalog.commit(connection, lambda: [step() for step in steps], kind="land", message="rows")


def fill(connection, select):
    return lambda: tables.fill(connection, "ops.t", COLUMNS, select)


def files(tmp_path):
    return sorted(str(file.relative_to(tmp_path / "data")) for file in tmp_path.rglob("*.parquet"))


def test_rows_come_by_name_and_what_is_not_given_is_null(connection):
    committed(connection, fill(connection, "SELECT 'x' AS b, 1 AS a UNION ALL BY NAME SELECT 2 AS a"))
    committed(connection, lambda: tables.insert(connection, "ops.t", "SELECT 'y' AS b"))
    assert connection.execute("FROM ops.t ORDER BY ALL").fetchall() == [(1, "x"), (2, None), (None, "y")]


def test_a_column_that_the_table_does_not_have_is_refused(connection):
    committed(connection, fill(connection, "SELECT 1 AS a"))
    with pytest.raises(StorageError, match=r"ops\.t does not have the column 'c'"):
        committed(connection, lambda: tables.insert(connection, "ops.t", "SELECT 1 AS a, 2 AS c"))
    assert connection.execute("FROM ops.t").fetchall() == [(1, None)]


def test_no_rows_are_no_file(connection, tmp_path):
    committed(connection, fill(connection, "SELECT 1 AS a WHERE false"))
    assert files(tmp_path) == []
    assert connection.execute("SELECT count(*) FROM ops.t").fetchall() == [(0,)]


def test_a_rewritten_table_keeps_its_descriptions(connection):
    committed(connection, fill(connection, "SELECT 1 AS a"))
    committed(connection, lambda: tables.rewrite(connection, "ops.t", "SELECT a + 1 AS a FROM ops.t"))
    assert connection.execute("SELECT a FROM ops.t").fetchall() == [(2,)]
    assert tables.comments(connection, "ops.t") == {"a": "A number"}


def fail():
    raise RuntimeError


@pytest.mark.parametrize("error", [fail, lambda: 1 / 0])
def test_what_is_rolled_back_leaves_no_file(connection, tmp_path, error):
    committed(connection, fill(connection, "SELECT 1 AS a"))
    before = files(tmp_path)
    with pytest.raises((RuntimeError, ZeroDivisionError)):
        committed(connection, lambda: tables.insert(connection, "ops.t", "SELECT 2 AS a"), error)
    assert files(tmp_path) == before
    assert connection.execute("FROM ops.t").fetchall() == [(1, None)]


def test_what_the_engine_refuses_leaves_no_file(connection, tmp_path):
    with pytest.raises(StorageError, match="Conversion Error"):
        committed(connection, fill(connection, "SELECT 1 AS a UNION ALL SELECT error('Conversion Error')::BIGINT"))
    assert files(tmp_path) == []


def test_a_table_is_made_again_twice_in_a_transaction(connection):
    committed(connection, fill(connection, "SELECT 1 AS a"))
    committed(
        connection,
        lambda: tables.refill(connection, "ops.t", "SELECT a + 1 AS a FROM ops.t"),
        lambda: tables.rewrite(connection, "ops.t", "SELECT a + 1 AS a FROM ops.t"),
    )
    assert connection.execute("SELECT a FROM ops.t").fetchall() == [(3,)]


def test_a_column_that_comes_later_is_null_in_files_of_before(connection):
    committed(connection, fill(connection, "SELECT 1 AS a"))
    committed(connection, lambda: connection.execute("ALTER TABLE ops.t ADD COLUMN c BIGINT"))
    committed(connection, lambda: tables.insert(connection, "ops.t", "SELECT 2 AS a, 3 AS c"))
    assert connection.execute("SELECT a, c FROM ops.t ORDER BY a").fetchall() == [(1, None), (2, 3)]
    assert metadata.names(connection, "ops") == {"ops.t"}


def test_what_was_committed_before_an_interrupt_stays(connection, tmp_path):
    class Interrupted:
        """The connection, through which Ctrl-C comes right after COMMIT."""

        def __getattr__(self, name):
            return getattr(connection, name)

        def execute(self, query, *arguments):
            result = connection.execute(query, *arguments)
            if query == "COMMIT":
                raise KeyboardInterrupt
            return result

    with pytest.raises(KeyboardInterrupt):
        committed(Interrupted(), fill(connection, "SELECT 1 AS a"))
    assert connection.execute("SELECT a FROM ops.t").fetchall() == [(1,)]
    assert len(files(tmp_path)) == 1
