"""ops.landings: what became of each answer that was read, one row a raw table; the truth of what is landed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lake.store import catalog, record
from lake.store.sql import Columns, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TABLE = "ops.landings"
COLUMNS: Columns = {
    "source": ("VARCHAR", "The archive's module"),
    "resource": ("VARCHAR", "What was asked for"),
    "kind": ("VARCHAR", "Which of the source's readers took it"),
    "url": ("VARCHAR", "Where it came from"),
    "table": ("VARCHAR", "The raw table; null where nothing could be read"),
    "blob": ("VARCHAR", "sha256 of the bytes whose rows are in the table"),
    "tried": ("VARCHAR", "sha256 of the bytes that were read last"),
    "reader": ("BIGINT", "Version of the reader"),
    "status": ("VARCHAR", "landed or unreadable"),
    "reason": ("VARCHAR", "Why it was unreadable"),
    "traceback": ("VARCHAR", "Where in its reader that was; null where the reader itself said so"),
    "seen": ("BIGINT", "Records in the blob for this table"),
    "landed": ("BIGINT", "Rows that were taken"),
    "rejected": ("BIGINT", "Records in raw.rejects: seen = landed + rejected"),
    "cells": ("BIGINT", "Cells of the landed rows in raw.rejects, with their column; null: landed by an older lake"),
    "fetched_at": ("VARCHAR", "When the bytes came, UTC"),
    "landed_at": ("VARCHAR", "When they were read, UTC"),
}


def there(connection: DuckDBPyConnection) -> bool:
    return TABLE in record.names(connection, "ops")


def columns(connection: DuckDBPyConnection) -> set[str]:
    """Those that the table has: it may have been made by an older lake."""
    return {name for name, *_ in connection.execute(f"DESCRIBE {TABLE}").fetchall()}


def unreadable(connection: DuckDBPyConnection, sources: Iterable[str] | None = None) -> list[dict[str, Any]]:
    """What could not be read when it was tried last, by source and resource."""
    if not there(connection):
        return []
    traceback = "traceback" if "traceback" in columns(connection) else "NULL"
    among = "" if sources is None else f"AND source IN ({', '.join(map(quote, sources)) or 'NULL'})"
    rows = connection.execute(
        f"""SELECT source, resource, url, tried, reason, {traceback} FROM {TABLE}
            WHERE status = 'unreadable' {among} ORDER BY source, resource"""
    ).fetchall()
    return [dict(zip(("source", "resource", "url", "blob", "reason", "traceback"), row, strict=True)) for row in rows]


def is_present(connection: DuckDBPyConnection) -> bool:
    """Whether the table is there, with all of its columns."""
    return there(connection) and columns(connection) == COLUMNS.keys()


def create(connection: DuckDBPyConnection) -> None:
    """Within a transaction: make the table, empty, where it is not there yet; with new columns, where it is older."""
    if not there(connection):
        fill(connection, "SELECT 1 AS reader WHERE false")
    elif not is_present(connection):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE _kept AS FROM {TABLE}")
        fill(connection, "FROM temp._kept")
        connection.execute("DROP TABLE temp._kept")


def fill(connection: DuckDBPyConnection, select: str) -> None:
    """Within a transaction: make the table anew, with these rows."""
    catalog.fill(connection, TABLE, COLUMNS, select)
