"""The catalog's own metadata: its snapshots, and each one's tables, files, columns and comments.

It queries the catalog's own tables, which are small; DuckDB's views of the catalog would load all of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lake.errors import StorageError
from lake.store.sql import quote

if TYPE_CHECKING:
    import duckdb

ALIAS = "lake"
META = f"__ducklake_metadata_{ALIAS}"
TABLES = "tables"  # <data>/tables: the Parquet files
# A data file f of a table t in a schema s, relative to the data folder. The catalog has a whole path where a file does
# not lie in the folder that it gave the table itself: one named with other letters than ASCII's has a folder of digits.
_OWN = f"'{TABLES}/' || s.schema_name || '/' || t.table_name || '/'"
_PLACE = f"""CASE WHEN f.path_is_relative = 0 THEN {_OWN} || split_part(f.path, '/' || {_OWN}, -1)
                  ELSE '{TABLES}/' || s.path || t.path || f.path END"""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version of the whole lake. ``kind`` is "publish" for those that readers see, "land" for raw tables only."""

    id: int
    at: str  # UTC, ISO 8601
    author: str
    message: str
    kind: str
    extra: dict[str, Any]


def latest(connection: duckdb.DuckDBPyConnection, kind: str | None = None) -> Snapshot | None:
    """The newest snapshot, or the newest of a kind."""
    return next(iter(snapshots(connection, kind, limit=1)), None)


def newest(connection: duckdb.DuckDBPyConnection, kind: str | None = None) -> Snapshot:
    """The newest snapshot, or the newest of a kind, of a lake that has one.

    Raises:
        StorageError: it has none.
    """
    snapshot = latest(connection, kind)
    if snapshot is None:
        raise StorageError("the catalog has no snapshot", next="lake run")
    return snapshot


def snapshots(
    connection: duckdb.DuckDBPyConnection, kind: str | None = None, limit: int | None = None
) -> list[Snapshot]:
    """Snapshots, newest first. Those without a kind (the catalog's own beginning) count only when none is asked for."""
    # Here and elsewhere on the way of a command with nothing to do: a parameter would make duckdb import pandas, 0.5 s.
    condition = f'WHERE c.commit_extra_info LIKE \'%"kind": "{kind}"%\'' if kind else ""
    rows = connection.execute(
        f"""SELECT s.snapshot_id, left(replace(CAST(s.snapshot_time AS VARCHAR), ' ', 'T'), 19) || 'Z',
                   coalesce(c.author, ''), coalesce(c.commit_message, c.changes_made, ''),
                   coalesce(c.commit_extra_info, '{{}}')
            FROM {META}.ducklake_snapshot s LEFT JOIN {META}.ducklake_snapshot_changes c USING (snapshot_id)
            {condition}
            ORDER BY s.snapshot_id DESC {f"LIMIT {int(limit)}" if limit else ""}"""
    ).fetchall()
    return [_snapshot(*row) for row in rows]


def _snapshot(id: int, at: str, author: str, message: str, extra: str) -> Snapshot:
    try:
        info = json.loads(extra)
    except ValueError:
        info = {}
    return Snapshot(id, at, author, message, info.get("kind", ""), info)


def tables(connection: duckdb.DuckDBPyConnection, snapshot: int) -> dict[str, list[str]]:
    """Each table of a snapshot with its Parquet files, relative to the data folder."""
    rows = connection.execute(
        f"""SELECT s.schema_name || '.' || t.table_name,
                   list({_PLACE} ORDER BY f.data_file_id)
                        FILTER (f.data_file_id IS NOT NULL)
            FROM {META}.ducklake_table t
            JOIN {META}.ducklake_schema s USING (schema_id)
            LEFT JOIN {META}.ducklake_data_file f ON f.table_id = t.table_id AND {_lives("f")}
            WHERE {_lives("t")} AND {_lives("s")}
            GROUP BY 1 ORDER BY 1""".replace("$at", str(int(snapshot)))
    ).fetchall()
    return {name: files or [] for name, files in rows}


def files(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Every Parquet file that the catalog knows or has yet to delete, relative to the data folder."""
    rows = connection.execute(
        f"""SELECT {_PLACE}
            FROM {META}.ducklake_data_file f
            JOIN (SELECT DISTINCT table_id, schema_id, table_name, path FROM {META}.ducklake_table) t USING (table_id)
            JOIN {META}.ducklake_schema s USING (schema_id)
            UNION SELECT CASE WHEN path_is_relative = 0 THEN regexp_replace(path, '^.*?/{TABLES}/', '{TABLES}/')
                              ELSE '{TABLES}/' || path END
            FROM {META}.ducklake_files_scheduled_for_deletion"""
    ).fetchall()
    return {file for (file,) in rows}


def names(connection: duckdb.DuckDBPyConnection, schema: str | None = None) -> set[str]:
    """The tables of now, as layer.table. Asks the catalog's own tables: duckdb_tables() loads all there is to know."""
    among = f" AND s.schema_name = {quote(schema)}" if schema else ""
    rows = connection.execute(
        f"""SELECT s.schema_name || '.' || t.table_name FROM {META}.ducklake_table t
            JOIN {META}.ducklake_schema s USING (schema_id)
            WHERE t.end_snapshot IS NULL AND s.end_snapshot IS NULL{among}"""
    ).fetchall()
    return {table for (table,) in rows}


def column_names(connection: duckdb.DuckDBPyConnection, schema: str) -> dict[str, set[str]]:
    """The tables of a schema now, and each one's columns."""
    by_table: dict[str, set[str]] = {}
    rows = connection.execute(
        f"""SELECT t.table_name, c.column_name FROM {META}.ducklake_column c
            JOIN {META}.ducklake_table t USING (table_id) JOIN {META}.ducklake_schema s USING (schema_id)
            WHERE c.end_snapshot IS NULL AND c.parent_column IS NULL AND t.end_snapshot IS NULL
              AND s.end_snapshot IS NULL AND s.schema_name = {quote(schema)}"""
    ).fetchall()
    for table, column in rows:
        by_table.setdefault(table, set()).add(column)
    return by_table


def touched(connection: duckdb.DuckDBPyConnection, since: int) -> set[str]:
    """The tables whose files, columns or comments are not those of an earlier snapshot; those that went, too."""
    later = f"begin_snapshot > {int(since)} OR end_snapshot > {int(since)}"
    kinds = ("table", "column", "column_tag", "data_file", "delete_file")
    ids = " UNION ".join(f"SELECT table_id FROM {META}.ducklake_{kind} WHERE {later}" for kind in kinds)
    rows = connection.execute(
        f"""SELECT DISTINCT s.schema_name || '.' || t.table_name FROM {META}.ducklake_table t
            JOIN {META}.ducklake_schema s USING (schema_id)
            WHERE t.table_id IN ({ids} UNION SELECT object_id FROM {META}.ducklake_tag WHERE {later})"""
    ).fetchall()
    return {table for (table,) in rows}


def present(connection: duckdb.DuckDBPyConnection) -> tuple[dict[str, list[str]], dict[str, list[tuple[str, str]]]]:
    """The tables of now: the Parquet files of each, relative to the data folder, and its columns with SQL types."""
    last = latest(connection)
    files = tables(connection, last.id) if last else {}
    described: dict[str, list[tuple[str, str]]] = {table: [] for table in files}
    rows = connection.execute(
        f"""SELECT schema_name || '.' || table_name, column_name, data_type FROM duckdb_columns()
            WHERE database_name = '{ALIAS}' ORDER BY 1, column_index"""
    ).fetchall()
    for table, column, type in rows:
        described.setdefault(table, []).append((column, type))
    return files, described


def columns(connection: duckdb.DuckDBPyConnection, snapshot: int) -> dict[str, list[tuple[str, str, str]]]:
    """Each table of a snapshot with its columns: name, SQL type, comment."""
    described: dict[str, list[tuple[str, str, str]]] = {}
    last = latest(connection)
    if last and last.id == snapshot:
        rows = connection.execute(
            f"""SELECT schema_name || '.' || table_name, column_name, data_type, coalesce(comment, '')
                FROM duckdb_columns() WHERE database_name = '{ALIAS}' ORDER BY 1, column_index"""
        ).fetchall()
        for table, *column in rows:
            described.setdefault(table, []).append(tuple(column))
        return described
    for name in tables(connection, snapshot):
        rows = connection.execute(f"DESCRIBE SELECT * FROM {ALIAS}.{name} AT (VERSION => {int(snapshot)})").fetchall()
        described[name] = [(row[0], row[1], "") for row in rows]
    comments = connection.execute(
        f"""SELECT s.schema_name || '.' || t.table_name, c.column_name, g.value
            FROM {META}.ducklake_column_tag g
            JOIN {META}.ducklake_column c ON c.table_id = g.table_id AND c.column_id = g.column_id AND {_lives("c")}
            JOIN {META}.ducklake_table t ON t.table_id = g.table_id AND {_lives("t")}
            JOIN {META}.ducklake_schema s USING (schema_id)
            WHERE g.key = 'comment' AND {_lives("g")}""".replace("$at", str(int(snapshot)))
    ).fetchall()
    texts = {(table, column): text for table, column, text in comments}
    return {
        table: [(name, type, texts.get((table, name), "")) for name, type, _ in rows]
        for table, rows in described.items()
    }


def comments(connection: duckdb.DuckDBPyConnection, snapshot: int) -> dict[str, str]:
    """Each table's comment at a snapshot."""
    return dict(
        connection.execute(
            f"""SELECT s.schema_name || '.' || t.table_name, g.value
                FROM {META}.ducklake_tag g
                JOIN {META}.ducklake_table t ON t.table_id = g.object_id AND {_lives("t")}
                JOIN {META}.ducklake_schema s USING (schema_id)
                WHERE g.key = 'comment' AND {_lives("g")}""".replace("$at", str(int(snapshot)))
        ).fetchall()
    )


def _lives(alias: str) -> str:
    return f"{alias}.begin_snapshot <= $at AND ({alias}.end_snapshot IS NULL OR {alias}.end_snapshot > $at)"


def rows(connection: duckdb.DuckDBPyConnection, snapshot: int) -> dict[str, int]:
    """How many rows each Parquet file of a snapshot has."""
    counts = connection.execute(
        f"""SELECT {_PLACE}, f.record_count FROM {META}.ducklake_data_file f
            JOIN {META}.ducklake_table t USING (table_id) JOIN {META}.ducklake_schema s USING (schema_id)
            WHERE {_lives("f")} AND {_lives("t")}""".replace("$at", str(int(snapshot)))
    ).fetchall()
    return dict(counts)


def declared(connection: duckdb.DuckDBPyConnection, snapshot: int) -> dict[str, list[list[str]]]:
    """Each table's columns at a snapshot, as the catalog's own table has them: name, type in its words, comment."""
    columns = connection.execute(
        f"""SELECT s.schema_name || '.' || t.table_name,
                   list([c.column_name, c.column_type, coalesce(g.value, '')] ORDER BY c.column_order)
            FROM {META}.ducklake_column c
            JOIN {META}.ducklake_table t USING (table_id) JOIN {META}.ducklake_schema s USING (schema_id)
            LEFT JOIN {META}.ducklake_column_tag g
                   ON g.table_id = c.table_id AND g.column_id = c.column_id AND g.key = 'comment' AND {_lives("g")}
            WHERE {_lives("c")} AND {_lives("t")} AND c.parent_column IS NULL
            GROUP BY 1""".replace("$at", str(int(snapshot)))
    ).fetchall()
    return dict(columns)
