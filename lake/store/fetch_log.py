"""The fetch log: what the archives were asked for and the outcome, one row each, in ``<data>/fetch_log.sqlite``.

    fetched     the bytes came, and are what was asked for
    resumed     the same, and the first part of them was there from an earlier try
    unchanged   the archive said (304), or its bytes showed, that nothing is new
    refused     bytes came, and are not what was asked for; their blob is kept for inspection, and is never current
    failed      nothing came that could be judged: 404, time-outs, 503 until the last try, cut short; or it was not
                asked for, or not kept, because its budget has no room (the reason begins with `NO_ROOM`)

The first three are good: `current` gives the newest such row of each resource. Rows are added, never changed.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lake.errors import StorageError
from lake.redact import redact

FILE = "fetch_log.sqlite"
_OLDER = "ledger.sqlite"  # its name in lakes that version 0.1.0 made, which keep it
GOOD = ("fetched", "unchanged", "resumed")
OUTCOMES = (*GOOD, "refused", "failed")
NO_ROOM = "no room: "


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row: a resource as it was asked for, and what came of it."""

    run: str  # the same for all that one `lake fetch` did
    source: str
    resource: str
    kind: str
    expects: str
    url: str  # the archive's, also when a mirror answered
    at: str  # UTC, ISO 8601, when the outcome was known
    outcome: str  # one of OUTCOMES
    params: Mapping[str, Any] = field(default_factory=dict)
    via: str = ""  # the mirror that answered, as lake.toml names it; empty: the archive itself
    status: int | None = None  # HTTP status; null when there was no answer
    bytes: int | None = None
    sha256: str | None = None
    md5: str | None = None  # as the archive published it; the bytes were compared with it
    reason: str = ""  # why it was refused or failed
    etag: str | None = None
    last_modified: str | None = None
    seconds: float = 0.0
    optional: bool = False
    id: int | None = None  # given by the table; rises with time

    @property
    def good(self) -> bool:
        return self.outcome in GOOD

    @property
    def verdict(self) -> str:
        """The outcome in a word for people: what had no room was skipped, another bad one of what the lake can do
        without is a gap."""
        if self.reason.startswith(NO_ROOM):
            return "skipped"
        return "gap" if self.optional and not self.good else self.outcome


_NAMES = tuple(f.name for f in fields(Outcome))
COLUMNS = ", ".join(_NAMES)
INSERT = f"INSERT INTO outcomes ({COLUMNS}) VALUES ({', '.join('?' * len(_NAMES))})"
_PARAMS, _OPTIONAL = _NAMES.index("params"), _NAMES.index("optional")
_TEXTS = [_NAMES.index(name) for name in ("url", "via", "reason")]
_GOOD = ", ".join(f"'{name}'" for name in GOOD)
SCHEMA = f"""
CREATE TABLE IF NOT EXISTS outcomes (
    run TEXT NOT NULL, source TEXT NOT NULL, resource TEXT NOT NULL, kind TEXT NOT NULL, expects TEXT NOT NULL,
    url TEXT NOT NULL, at TEXT NOT NULL, outcome TEXT NOT NULL CHECK (outcome IN ({_GOOD}, 'refused', 'failed')),
    params TEXT NOT NULL, via TEXT NOT NULL, status INTEGER, bytes INTEGER, sha256 TEXT, md5 TEXT,
    reason TEXT NOT NULL, etag TEXT, last_modified TEXT, seconds REAL NOT NULL, optional INTEGER NOT NULL,
    id INTEGER PRIMARY KEY
) STRICT;
CREATE INDEX IF NOT EXISTS by_resource ON outcomes (source, resource, id);
"""


def path(folder: Path) -> Path:
    """The file of the fetch log in a data folder, or of its copy in data/copies."""
    older = folder / _OLDER
    return older if older.exists() and not (folder / FILE).exists() else folder / FILE


def connect(data: Path, *, write: bool = False) -> sqlite3.Connection:
    """The fetch log of a data folder. Reading works while another process writes, in a read-only folder, and before
    anything was fetched (an empty fetch log). Close it after use.

    Raises:
        StorageError: it cannot be opened, or is not a fetch log.
    """
    file = path(data)
    if write:
        with _storing(file):
            data.mkdir(parents=True, exist_ok=True)
            connection = _open(f"file:{quote(str(file))}?mode=rwc", factory=_CopiedOnClose)
            if isinstance(connection, _CopiedOnClose):
                connection.data = data
            # FULL: a row that was recorded is on the disk, as its blob is. NORMAL could lose the last rows in a power
            # cut. It costs one fsync a resource, next to the two of its blob and the pauses that politeness asks for.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(SCHEMA)
            if not os.access(file, os.W_OK):  # SQLite opens it all the same, and would say so at the first row
                connection.close()
                raise sqlite3.OperationalError("attempt to write a readonly database")
            return connection
    with _storing(file):
        reader = _open_readable(file) if file.is_file() else None
        if reader and reader.execute("SELECT 1 FROM sqlite_master WHERE name = 'outcomes'").fetchone():
            return reader
        if reader:
            reader.close()  # a first fetch has just started, and has not made its table yet
        empty = sqlite3.connect(":memory:")
        empty.executescript(SCHEMA)
        return empty


def _open_readable(file: Path) -> sqlite3.Connection:
    """The file, or where SQLite may not write its index of the WAL beside it (a read-only folder), a copy in memory."""
    connection = _open(f"file:{quote(str(file))}?mode=ro")
    try:
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1")
        return connection
    except sqlite3.OperationalError:
        connection.close()
    memory = sqlite3.connect(":memory:")
    with tempfile.TemporaryDirectory() as folder:
        for part in (file, Path(f"{file}-wal")):  # rows of a killed run may be in the WAL only
            with suppress(FileNotFoundError):
                shutil.copyfile(part, Path(folder, part.name))
        with closing(sqlite3.connect(Path(folder, file.name))) as copy:
            copy.backup(memory)
    return memory


class _CopiedOnClose(sqlite3.Connection):
    """A writer's connection: when it is closed, the new rows are copied to data/copies."""

    data: Path

    def close(self) -> None:
        super().close()
        from lake.store import copies

        copies.quietly_fetches(self.data)


def _open(uri: str, **options: Any) -> sqlite3.Connection:
    # Any thread may use it: SQLite is built serialised, and a Recorder lets one write at a time.
    connection: sqlite3.Connection = sqlite3.connect(
        uri, uri=True, timeout=30, isolation_level=None, check_same_thread=False, **options
    )
    return connection


def record(connection: sqlite3.Connection, *outcomes: Outcome) -> None:
    """Add rows in one transaction; they are on the disk when this returns.

    Raises:
        StorageError: the disk is full or read-only; none was added.
    """
    with _storing(Path(FILE)):
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.executemany(INSERT, map(_values, outcomes))
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


def _values(outcome: Outcome) -> list[Any]:
    values = [getattr(outcome, name) for name in _NAMES]
    values[_PARAMS] = json.dumps(dict(outcome.params), sort_keys=True)
    values[_OPTIONAL] = int(outcome.optional)
    return values


class Recorder:
    """`record` for many threads: rows that arrive while others are being written share the next transaction, and its
    fsync. A call returns when its own row is on the disk.
    """

    def __init__(self, connection: sqlite3.Connection):
        self._connection = connection
        self._turn, self._lock = threading.Lock(), threading.Lock()
        self._waiting: list[Outcome] = []
        self._received = self._written = 0
        self._broken: StorageError | None = None

    def __call__(self, outcome: Outcome) -> None:
        """Add a row. After one StorageError, every later call raises it too."""
        with self._lock:
            self._waiting.append(outcome)
            self._received += 1
            own = self._received
        with self._turn:
            if self._written < own and not self._broken:
                with self._lock:
                    rows, self._waiting = self._waiting, []
                try:
                    record(self._connection, *rows)
                    self._written += len(rows)
                except StorageError as error:
                    self._broken = error
            if self._written < own:
                raise self._broken or StorageError("the fetch log did not take a row")


def current(connection: sqlite3.Connection, source: str | None = None) -> list[Outcome]:
    """The newest good row of each resource, ordered by source and resource: the bytes that landing reads."""
    return _newest(connection, source, f"outcome IN ({_GOOD})")


def last(connection: sqlite3.Connection, source: str | None = None) -> list[Outcome]:
    """The newest row of each resource, good or not, ordered by source and resource: what `lake status` shows."""
    return _newest(connection, source, "true")


def history(connection: sqlite3.Connection, source: str, resource: str) -> list[Outcome]:
    """All rows of a resource, newest first."""
    sql = f"SELECT {COLUMNS} FROM outcomes WHERE source = ? AND resource = ? ORDER BY id DESC"
    return list(_rows(connection.execute(sql, (source, resource))))


def stored_bytes(connection: sqlite3.Connection) -> dict[str, int]:
    """Bytes of the blobs that each source brought first, refused ones too."""
    sql = """SELECT source, sum(bytes) FROM (SELECT source, bytes, min(id) FROM outcomes
             WHERE sha256 IS NOT NULL GROUP BY sha256) GROUP BY source"""
    return dict(connection.execute(sql))


REFUSED_DAYS = 30  # for which the bytes of a refused answer are kept, for inspection


def refused_long_ago(connection: sqlite3.Connection) -> set[str]:
    """The blobs of answers that were only ever refused, the last time more than `REFUSED_DAYS` ago."""
    sql = f"""SELECT sha256 FROM outcomes WHERE sha256 IS NOT NULL GROUP BY sha256
              HAVING max(outcome IN ({_GOOD})) = 0
                 AND max(julianday(at)) < julianday('now') - {REFUSED_DAYS}"""
    return {sha for (sha,) in connection.execute(sql)}


def _newest(connection: sqlite3.Connection, source: str | None, condition: str) -> list[Outcome]:
    sql = f"""SELECT {COLUMNS} FROM outcomes
              WHERE id IN (SELECT max(id) FROM outcomes
                           WHERE (?1 IS NULL OR source = ?1) AND {condition} GROUP BY source, resource)
              ORDER BY source, resource"""
    return list(_rows(connection.execute(sql, (source,))))


def _rows(records: Iterable[tuple[Any, ...]]) -> Iterator[Outcome]:
    for row in records:
        values = list(row)
        values[_PARAMS], values[_OPTIONAL] = json.loads(row[_PARAMS]), bool(row[_OPTIONAL])
        for index in _TEXTS:  # older versions wrote them with credentials
            values[index] = redact(values[index])
        yield Outcome(*values)


@contextmanager
def _storing(where: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        full = "full" in str(error) or getattr(error, "errno", None) == errno.ENOSPC
        raise StorageError(
            "the disk is full" if full else f"the fetch log cannot be used: {error}",
            where=str(where),
            why="" if full else "the folder is read-only or not a folder, or the file is not a fetch log",
            next="free some space, then run it again" if full else "look at that path, then run it again",
        ) from None
