"""ops.landings: what became of each answer that was read, one row a raw table; the truth of what is landed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lake.errors import StorageError
from lake.store import metadata, renames, tables
from lake.store.sql import Columns, name, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TABLE = "ops.landings"
COLUMNS: Columns = {
    "source": ("VARCHAR", "The archive's module"),
    "resource": ("VARCHAR", "What was asked for"),
    "kind": ("VARCHAR", "Which of the source's readers took it"),
    "url": ("VARCHAR", "Where it came from"),
    "table_name": ("VARCHAR", "The raw table; null where nothing could be read"),
    "blob": ("VARCHAR", "sha256 of the bytes whose rows are in the table"),
    "tried": ("VARCHAR", "sha256 of the bytes that were read last"),
    "reader": ("BIGINT", "Version of the reader"),
    "given": ("VARCHAR", "Digest of what was said of the answer: its kind, URL and parameters; null: by an older lake"),
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
    return TABLE in metadata.names(connection, "ops")


def columns(connection: DuckDBPyConnection) -> set[str]:
    """Those that the table has: it may have been made by an older lake."""
    return {column for column, *_ in connection.execute(f"DESCRIBE {TABLE}").fetchall()}


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


def any(connection: DuckDBPyConnection) -> bool:
    """Whether something is landed."""
    query = f"SELECT 1 FROM {TABLE} WHERE status = 'landed' LIMIT 1"
    return there(connection) and connection.execute(query).fetchone() is not None


def sources(connection: DuckDBPyConnection) -> set[str]:
    """Those of which something is landed."""
    if not there(connection):
        return set()
    rows = connection.execute(f"SELECT DISTINCT source FROM {TABLE} WHERE status = 'landed'").fetchall()
    return {source for (source,) in rows}


def create(connection: DuckDBPyConnection) -> None:
    """Within a transaction: make the table, empty, where it is not there yet; with new columns, where it is older."""
    if not there(connection):
        fill(connection, "SELECT 1 AS reader WHERE false")
    elif not is_present(connection):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE _kept AS FROM {TABLE}")
        fill(connection, "FROM temp._kept")
        connection.execute("DROP TABLE temp._kept")


def fill(connection: DuckDBPyConnection, select: str) -> None:
    """Within a transaction: make the table again, with these rows."""
    tables.fill(connection, TABLE, COLUMNS, select)


@dataclass(frozen=True, slots=True)
class Difference:
    """A raw table that has other rows than ops.landings says."""

    table: str
    resource: str  # source/resource; empty: of the whole table
    rows: int
    landed: int

    def __str__(self) -> str:
        of = f" of {self.resource}" if self.resource else ""
        return f"{self.table} has {self.rows:,} row(s){of}, and ops.landings says {self.landed:,}"


def differences(
    connection: DuckDBPyConnection, tables: Iterable[str] | None = None, *, whole: bool = False
) -> list[Difference]:
    """Where the rows of raw tables are not those that ops.landings says; of raw.rejects, records and cells.

    Args:
        tables: which, without "raw."; all, where None.
        whole: compare the number of a table's rows alone, which reads no row.
    """
    if not there(connection):
        return []
    present = {table.removeprefix("raw.") for table in metadata.names(connection, "raw")}
    if not (chosen := sorted(present if tables is None else present & set(tables))):
        return []
    aside = "rejected + coalesce(cells, 0)" if "cells" in columns(connection) else "rejected"
    landings = renames.relation(connection, TABLE)
    rows, origin = ("''", "''") if whole else ("_resource", "source || '/' || resource")
    counted = " UNION ALL ".join(
        f"SELECT {quote(table)} AS t, {rows} AS of, count(*) AS n FROM raw.{name(table)} GROUP BY ALL"
        for table in chosen
    )
    result = connection.execute(
        f"""WITH landings AS (SELECT * FROM {landings} WHERE status = 'landed'),
                 landed AS (SELECT table_name AS t, {origin} AS of, landed AS n FROM landings
                            UNION ALL SELECT 'rejects', {origin}, {aside} FROM landings)
            SELECT coalesce(r.t, l.t), coalesce(r.of, l.of), coalesce(r.n, 0), coalesce(l.n, 0)
            FROM ({counted}) r
            FULL JOIN (SELECT t, of, CAST(sum(n) AS BIGINT) AS n FROM landed
                       WHERE t IN ({", ".join(map(quote, chosen))}) GROUP BY ALL) l ON r.t = l.t AND r.of = l.of
            WHERE coalesce(r.n, 0) != coalesce(l.n, 0) ORDER BY 1, 2"""
    ).fetchall()
    return [Difference(f"raw.{table}", *row) for table, *row in result]


def agree(connection: DuckDBPyConnection, tables: Iterable[str] | None = None, *, whole: bool = False) -> None:
    """Hold raw tables against ops.landings; the arguments are those of `differences`.

    Raises:
        StorageError: they differ.
    """
    differing = differences(connection, tables, whole=whole)
    if differing and whole:  # say of which resource
        differing = differences(connection, [one.table.removeprefix("raw.") for one in differing]) or differing
    if not differing:
        return
    names = sorted({one.resource.partition("/")[0] for one in differing if one.resource})
    more = f"; and {len(differing) - 3} more" if len(differing) > 3 else ""
    raise StorageError(
        "; ".join(map(str, differing[:3])) + more,
        where=differing[0].table,
        why="rows were changed by hand, or an older version landed them twice or lost them",
        next=f"lake land --force {' '.join(names)}".strip(),
    )
