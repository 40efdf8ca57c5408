"""ops.failed_runs: the commands that ended with an error, each written down after what it did was rolled back."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from lake.config import Config
from lake.errors import Interrupted, LakeError, Locked
from lake.store import catalog, metadata, tables
from lake.store.sql import Columns, name, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TABLE = "ops.failed_runs"
KEPT = 1_000  # the newest
COLUMNS: Columns = {
    "failed_at": ("VARCHAR", "When, UTC"),
    "command": ("VARCHAR", "What was run"),
    "exit_code": ("BIGINT", "Its exit code: see lake --help"),
    "error": ("VARCHAR", "The class of the error"),
    "what": ("VARCHAR", "What failed"),
    "location": ("VARCHAR", "File and line, URL, table or row"),
    "why": ("VARCHAR", "The usual cause"),
    "advice": ("VARCHAR", "What it said to do next"),
    "author": ("VARCHAR", "Who ran it"),
}


@dataclass(frozen=True, slots=True)
class Failure:
    """One row; its fields are COLUMNS."""

    failed_at: str
    command: str
    exit_code: int
    error: str
    what: str
    location: str
    why: str
    advice: str
    author: str

    as_dict = asdict


def last(connection: DuckDBPyConnection) -> Failure | None:
    """The newest failure."""
    return next(iter(_every(connection, limit=1)), None)


def _every(connection: DuckDBPyConnection, limit: int) -> list[Failure]:
    if TABLE not in metadata.names(connection, "ops"):
        return []
    columns = ", ".join(map(name, COLUMNS))
    rows = connection.execute(f"SELECT {columns} FROM {TABLE} ORDER BY failed_at DESC LIMIT {limit}").fetchall()
    return [Failure(*row) for row in rows]


@contextmanager
def kept(config: Config, command: str) -> Iterator[None]:
    """Write down the error that ends the body of the ``with``, in a transaction of its own, and let it pass.

    One that says only that another process writes, or that somebody pressed Ctrl-C, is none.
    """
    try:
        yield
    except (Locked, Interrupted):
        raise
    except Exception as error:
        with suppress(Exception):  # the first error is the one to tell
            _write(config, command, error)
        raise


def _write(config: Config, command: str, error: Exception) -> None:
    failure = error if isinstance(error, LakeError) else LakeError(f"{type(error).__name__}: {error}")
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    texts = (failure.what, failure.where, failure.why, failure.next)
    row = Failure(now, command, failure.exit_code, type(error).__name__, *texts, catalog.author())
    with catalog.write_session(config) as connection:
        rows = [row, *_every(connection, limit=KEPT - 1)]
        values = ", ".join(f"({', '.join(quote(str(value)) for value in asdict(one).values())})" for one in rows)
        columns = ", ".join(map(name, COLUMNS))
        select = f"SELECT * REPLACE (CAST(exit_code AS BIGINT) AS exit_code) FROM (VALUES {values}) AS t({columns})"
        message = f"{command} failed: {type(error).__name__}"
        catalog.commit(
            connection, lambda: tables.fill(connection, TABLE, COLUMNS, select), kind="fail", message=message
        )
