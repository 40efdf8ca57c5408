"""The size and sha256 of each Parquet file that the catalog knows, in ``<data>/sums.sqlite``; and who differs from it.

A file's sum is taken as soon as the snapshot that brought it is committed. DuckDB writes no checksums into Parquet, so
that a flipped bit would else be read as another value.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from lake.errors import StorageError

FILE = "sums.sqlite"
_SCHEMA = "CREATE TABLE IF NOT EXISTS sums (path TEXT PRIMARY KEY, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL) STRICT"
# user_version, SQLite's number for its user, is the newest snapshot whose files all have a sum.
_THREADS = 2

Sums = Mapping[str, tuple[int, str]]  # path under the data folder -> bytes, sha256


def known(data: Path) -> dict[str, tuple[int, str]]:
    """What each file was."""
    with _opened(data) as connection:
        return {path: (size, sha) for path, size, sha in connection.execute("SELECT path, bytes, sha256 FROM sums")}


def upto(data: Path) -> int:
    """The newest snapshot whose files all have a sum."""
    with _opened(data) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def record(data: Path, snapshot: int, live: Iterable[str]) -> None:
    """Take the sums of those of a snapshot's files that have none yet; a file that is not there is left out.

    Raises:
        StorageError: the disk is full or read-only.
    """
    missing = sorted(set(live) - known(data).keys())
    with ThreadPoolExecutor(_THREADS) as pool:
        rows = [
            (path, *checksum)
            for path, checksum in zip(missing, pool.map(lambda p: take(data / p), missing), strict=True)
            if checksum
        ]
    with _opened(data) as connection, connection:
        connection.executemany("INSERT OR IGNORE INTO sums VALUES (?, ?, ?)", rows)
        connection.execute(f"PRAGMA user_version = {int(snapshot)}")


def same(data: Path, pairs: Iterable[tuple[str, str]]) -> None:
    """Note that a file, the second of each pair, is another name of one whose sum is known."""
    with _opened(data) as connection, connection:
        connection.executemany(
            "INSERT OR IGNORE INTO sums SELECT ?2, bytes, sha256 FROM sums WHERE path = ?1", list(pairs)
        )


def forget(data: Path, paths: Iterable[str]) -> None:
    """Drop the sums of files that were freed."""
    with _opened(data) as connection, connection:
        connection.executemany("DELETE FROM sums WHERE path = ?", [(path,) for path in paths])


def take(file: Path) -> tuple[int, str] | None:
    """A file's size and sha256; None where it is not there or cannot be read."""
    with suppress(OSError), file.open("rb") as opened:
        return os.fstat(opened.fileno()).st_size, hashlib.file_digest(opened, "sha256").hexdigest()
    return None


@contextmanager
def _opened(data: Path) -> Iterator[sqlite3.Connection]:
    file = data / FILE
    try:
        if not os.access(data, os.W_OK) or not data.is_dir():
            database = sqlite3.connect(f"file:{file}?mode=ro" if file.is_file() else ":memory:", uri=True)
        else:
            database = sqlite3.connect(file, timeout=30)
        with closing(database) as connection:
            connection.execute(_SCHEMA)
            yield connection
    except sqlite3.Error as error:
        raise StorageError(
            f"the sums of the files cannot be kept: {error}", where=str(file), next="lake repair"
        ) from None


def put(data: Path, snapshot: int, sums: Sums) -> None:
    """Rewrite the file, with these sums."""
    with _opened(data) as connection, connection:
        connection.executemany("INSERT OR REPLACE INTO sums VALUES (?, ?, ?)", [(p, *one) for p, one in sums.items()])
        connection.execute(f"PRAGMA user_version = {int(snapshot)}")
