"""ops.landings: what became of each answer that was read, one row a raw table; the truth of what is landed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lake.store import catalog, record
from lake.store.sql import Columns

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
    "seen": ("BIGINT", "Records in the blob for this table"),
    "landed": ("BIGINT", "Rows that were taken"),
    "rejected": ("BIGINT", "Records in raw.rejects: seen = landed + rejected"),
    "fetched_at": ("VARCHAR", "When the bytes came, UTC"),
    "landed_at": ("VARCHAR", "When they were read, UTC"),
}


def there(connection: DuckDBPyConnection) -> bool:
    return TABLE in record.names(connection, "ops")


def create(connection: DuckDBPyConnection) -> None:
    """Within a transaction: make the table, empty, where it is not there yet."""
    if not there(connection):
        fill(connection, "SELECT 1 AS reader WHERE false")


def fill(connection: DuckDBPyConnection, select: str) -> None:
    """Within a transaction: make the table anew, with these rows."""
    catalog.fill(connection, TABLE, COLUMNS, select)
