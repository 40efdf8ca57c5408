"""A SQLite file in a folder that cannot be written is read with all that was committed to it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

import pytest

from lake.store.sqlite_reader import readable


@pytest.mark.parametrize("wal", [True, False], ids=["rows in the WAL", "no WAL"])
def test_a_file_in_a_read_only_folder_is_read_through_a_copy(tmp_path, monkeypatch, wal):
    file = tmp_path / "x.sqlite"
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute(f"PRAGMA journal_mode = {'WAL' if wal else 'DELETE'}")
        writer.execute("CREATE TABLE t AS SELECT 1 AS x")
        with readable(file) as place:
            assert place == file
        monkeypatch.setattr(os, "access", lambda place, mode: mode != os.W_OK)
        with readable(file) as place:
            assert place != file
            with closing(sqlite3.connect(place)) as connection:
                assert connection.execute("SELECT x FROM t").fetchall() == [(1,)]
        assert not place.exists()


def test_a_file_that_is_not_there_is_not_copied(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda place, mode: mode != os.W_OK)
    with readable(tmp_path / "none") as place:
        assert place == tmp_path / "none"
