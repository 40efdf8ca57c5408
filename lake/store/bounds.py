"""The least and greatest values of columns, which DuckLake keeps of tables and files and leaves rows out by.

Two of them are wrong in DuckLake 1.0 (DuckDB 1.5.5), and what is not there it leaves nothing out by:

- Of a table: where several files come with one commit and all that the first has of a column is null, no bounds are
  kept; the next commit then takes its own for those of the whole table, and `WHERE k = 5` misses the 5 of before.
- Of a file's FLOAT: they are kept as a FLOAT's text and compared as doubles, which may be a bit less or more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lake.store.metadata import META

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def forget_unknown(connection: DuckDBPyConnection) -> None:
    """Between transactions: drop what is kept of tables' columns that have values but no bounds."""
    unknown = connection.execute(
        f"""SELECT DISTINCT t.table_id, t.column_id FROM {META}.ducklake_table_column_stats t
            JOIN {META}.ducklake_file_column_stats f USING (table_id, column_id)
            WHERE (t.min_value IS NULL OR t.max_value IS NULL) AND f.value_count > 0"""
    ).fetchall()
    if unknown:
        listed = " OR ".join(f"table_id = {table:d} AND column_id = {column:d}" for table, column in unknown)
        connection.execute(f"DELETE FROM {META}.ducklake_table_column_stats WHERE {listed}")


def forget_rounded(connection: DuckDBPyConnection) -> None:
    """After a commit: drop the bounds of FLOATs in its files; older ones are in manifests, and stay."""
    newest = f"begin_snapshot = (SELECT max(snapshot_id) FROM {META}.ducklake_snapshot)"
    columns = f"SELECT (table_id, column_id) FROM {META}.ducklake_column WHERE column_type = 'float32'"
    if connection.execute(f"{columns} LIMIT 1").fetchone():
        connection.execute(
            f"""UPDATE {META}.ducklake_file_column_stats SET min_value = NULL, max_value = NULL
                WHERE min_value IS NOT NULL AND (table_id, column_id) IN ({columns})
                  AND data_file_id IN (SELECT data_file_id FROM {META}.ducklake_data_file WHERE {newest})"""
        )
