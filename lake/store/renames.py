"""Columns that version 0.1 named with words that SQL reserves: what each is called since, so that it needs no quotes.

A table of now that has such a column is rewritten by the next writer (`due`, `carry_out`). An older snapshot keeps
the names that it was published with; what the engine itself reads of one, it reads by `relation`, under today's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lake.store import tables
from lake.store.metadata import META
from lake.store.sql import name, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Renames = Mapping[str, str]  # the old name of a column -> its name since

_TABLE = {"table": "table_name"}
_COLUMN = _TABLE | {"column": "column_name"}
RENAMED: Mapping[str, Renames] = {
    "ops.fetches": {"at": "fetched_at"},
    "ops.landings": _TABLE,
    "ops.provenance": _TABLE,
    "ops.runs": _TABLE,
    "quality.checks": _COLUMN | {"check": "check_name"},
    "quality.failures": _TABLE | {"check": "check_name"},
    "quality.features": _COLUMN,
    "quality.metrics": _TABLE,
    "raw.agora_strains": {"order": "taxonomic_order", "references": "reference"},
    "raw.ncbi_ani": {"check": "taxonomy_check"},
    "raw.ncbi_assemblies": {"group": "organism_group"},
    "raw.rejects": _COLUMN,
}


def relation(connection: DuckDBPyConnection, table: str, snapshot: int | None = None) -> str:
    """A table as SQL may read it, with the column names of now, whatever version wrote it.

    Args:
        snapshot: which, where the connection has a catalog; the present one, where None.
    """
    source = table if snapshot is None else f"{table} AT (VERSION => {int(snapshot)})"
    columns = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
    return _renamed(source, _old(table, columns)) if _old(table, columns) else source


def due(connection: DuckDBPyConnection) -> dict[str, Renames]:
    """The tables of now with columns that are called otherwise since."""
    tables, columns = ", ".join(map(quote, RENAMED)), ", ".join(quote(old) for of in RENAMED.values() for old in of)
    rows = connection.execute(
        f"""SELECT s.schema_name || '.' || t.table_name, list(c.column_name) FROM {META}.ducklake_column c
            JOIN {META}.ducklake_table t USING (table_id) JOIN {META}.ducklake_schema s USING (schema_id)
            WHERE c.end_snapshot IS NULL AND t.end_snapshot IS NULL AND s.end_snapshot IS NULL
              AND s.schema_name || '.' || t.table_name IN ({tables}) AND c.column_name IN ({columns})
            GROUP BY 1 ORDER BY 1"""
    ).fetchall()
    return {table: old for table, columns in rows if (old := _old(table, set(columns)))}


def carry_out(connection: DuckDBPyConnection, table: str, renames: Renames) -> None:
    """Within a transaction: rewrite a table with its columns renamed, in its files too, which readers go to."""
    columns = tables.described(connection, table)
    texts = tables.comments(connection, table)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE _kept AS FROM {_renamed(table, renames)}")
    tables.create(
        connection,
        table,
        [(renames.get(column, column), type) for column, type in columns.items()],
        comments={renames.get(column, column): text for column, text in texts.items()},
    )
    tables.insert(connection, table, "SELECT * FROM temp._kept")
    connection.execute("DROP TABLE temp._kept")


def _old(table: str, columns: set[str]) -> Renames:
    return {old: new for old, new in RENAMED.get(table, {}).items() if old in columns and new not in columns}


def _renamed(source: str, renames: Renames) -> str:
    listed = ", ".join(f"{name(old)} AS {name(new)}" for old, new in renames.items())
    return f"(SELECT * RENAME ({listed}) FROM {source})"
