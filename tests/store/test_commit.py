"""One commit is one: an answer that was lost is looked up, a conflict repeats the work, nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest
import toy

from lake import config
from lake.errors import StorageError
from lake.store import catalog, metadata


class Failing:
    """A connection whose COMMIT fails: before it is done, or after."""

    def __init__(self, connection, errors: list[tuple[str, bool]]):
        self.connection, self.errors = connection, errors

    def execute(self, sql: str, *given):
        if sql == "COMMIT" and self.errors:
            text, done = self.errors.pop(0)
            if done:
                self.connection.execute(sql)
            raise duckdb.TransactionException(text)
        return self.connection.execute(sql, *given)

    def __getattr__(self, name):
        return getattr(self.connection, name)


@pytest.fixture
def commit(tmp_path):
    """Commit a table of one more row, with COMMITs that fail so. Gives what was committed, and the number of tries."""
    settings = config.load(toy.make(tmp_path))
    tried = []

    def run(*errors: tuple[str, bool]) -> tuple[int, int, str]:
        with catalog.write_session(settings) as connection:
            connection.execute("CREATE SCHEMA IF NOT EXISTS t; CREATE TABLE IF NOT EXISTS t.t (n INT)")

            def work() -> str:
                tried.append(1)
                connection.execute(f"INSERT INTO t.t VALUES ({len(tried)})")
                return f"try {len(tried)}"

            failing = Failing(connection, list(errors))
            given = catalog.commit(failing, work, kind="land", message="m")
            rows = connection.execute("SELECT count(*) FROM t.t").fetchone()[0]
            assert metadata.latest(connection).message == "m"
            return rows, len(tried), given

    run.tried = tried
    return run


def test_a_commit_whose_answer_was_lost_is_not_done_again(commit: Callable):
    assert commit(("Connection lost", True)) == (1, 1, "try 1")


def test_a_commit_whose_answer_was_a_conflict_that_was_none_is_not_done_again(commit: Callable):
    assert commit(("Transaction conflict", True)) == (1, 1, "try 1")


def test_a_conflict_repeats_the_whole_work(commit: Callable):
    assert commit(("Transaction conflict", False)) == (1, 2, "try 2")
    assert commit(("conflict", False), ("CONFLICT", False)) == (2, 5, "try 5")


def test_three_conflicts_are_told(commit: Callable):
    with pytest.raises(StorageError, match="conflict"):
        commit(*[("Transaction conflict", False)] * 3)
    assert len(commit.tried) == 3


def test_another_error_is_told_at_once(commit: Callable):
    with pytest.raises(StorageError, match="no such thing"):
        commit(("no such thing", False))
    assert len(commit.tried) == 1


@pytest.mark.parametrize("name", ["größe", "名前", "a b", "x'y", "Ünï\u0301"])
def test_a_table_of_any_name_has_its_files_where_they_lie(tmp_path, name):
    settings = config.load(toy.make(tmp_path))
    with catalog.write_session(settings) as connection:
        folder = settings.data / metadata.TABLES / "core" / name
        folder.mkdir(parents=True)
        file = folder / "0123.parquet"
        text = str(file).replace("'", "''")
        duckdb.sql(f"COPY (SELECT 1 AS n) TO '{text}'")
        quoted, literal = f'core."{name}"', name.replace("'", "''")
        catalog.commit(
            connection,
            lambda: connection.execute(
                f"CREATE SCHEMA core; CREATE TABLE {quoted} (n INT); INSERT INTO {quoted} VALUES (2); "
                f"CALL ducklake_add_data_files('lake', '{literal}', '{text}', schema => 'core')"
            ),
            kind="publish",
            message="m",
        )
        last = metadata.latest(connection).id
        files = metadata.tables(connection, last)[f"core.{name}"]
        assert len(files) == 2
        assert all((settings.data / one).is_file() for one in files), files
        assert set(files) <= metadata.files(connection)
        assert metadata.rows(connection, last) == dict.fromkeys(files, 1)
