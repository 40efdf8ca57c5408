"""The raw tables in the catalog: made, filled, and rid of the rows of answers that newer ones replace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from lake.errors import StorageError
from lake.land.engine_tables import ENGINE
from lake.land.spool import registered
from lake.store import landings as landed
from lake.store import metadata, tables
from lake.store.sql import name, of_arrow, quote

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

_ORIGIN = {
    "_resource": "What was asked for: source/resource, as in ops.fetches",
    "_blob": "sha256 of the exact bytes that this row was read from",
    "_record": "Which record of those bytes",
}


def missing(connection: DuckDBPyConnection, needed: Mapping[str, pa.Schema]) -> dict[str, pa.Schema]:
    """Those of the wanted raw tables that the catalog does not have."""
    present = metadata.names(connection, "raw")
    return {table: needed[table] for table in sorted(needed) if f"raw.{table}" not in present}


def create(connection: DuckDBPyConnection, needed: Mapping[str, pa.Schema]) -> None:
    """Make raw tables, empty, with their columns' descriptions; and ops.landings where it is not there yet."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS raw; CREATE SCHEMA IF NOT EXISTS ops")
    for table, schema in needed.items():
        _create(connection, table, schema)
    landed.create(connection)


def lacking(connection: DuckDBPyConnection, needed: Mapping[str, pa.Schema]) -> dict[str, pa.Schema]:
    """The columns that tables of an earlier release have not yet."""
    import pyarrow as pa

    lacking_columns = {}
    for table, columns in sorted(metadata.column_names(connection, "raw").items()):
        if fields := [field for field in needed.get(table, ()) if field.name not in columns]:
            lacking_columns[table] = pa.schema(fields)
    return lacking_columns


def widen(connection: DuckDBPyConnection, needed: Mapping[str, pa.Schema]) -> None:
    """Add columns, null in the rows that are there."""
    for table, schema in needed.items():
        for column, (type, doc) in of_arrow(schema).items():
            connection.execute(f"ALTER TABLE raw.{name(table)} ADD COLUMN {name(column)} {type}")
            tables.comment_columns(connection, f"raw.{table}", {column: doc} if doc else {})


def empty(connection: DuckDBPyConnection, needed: Mapping[str, pa.Schema], sources: Sequence[str]) -> None:
    """Within a transaction: make the tables of these sources again, and forget that their answers were landed.

    The old rows are not read: a damaged file stands in nobody's way. The engine's tables are shared: of them the rows
    of other sources are read and stay, where there are any.
    """
    listed = ", ".join(map(quote, sources))
    shared = [table for table in ENGINE if _has_others(connection, table, listed)]
    renewed = {**needed, **{table: with_origin(schema) for table, schema in ENGINE.items() if table not in shared}}
    for table in renewed:
        connection.execute(f"DROP TABLE IF EXISTS raw.{name(table)}")
    create(connection, renewed)
    for table in shared:
        tables.rewrite(
            connection,
            f"raw.{table}",
            f"SELECT * FROM raw.{name(table)} WHERE split_part(_resource, '/', 1) NOT IN ({listed})",
        )
    tables.refill(connection, landed.TABLE, f"SELECT * FROM {landed.TABLE} WHERE source NOT IN ({listed})")


def _has_others(connection: DuckDBPyConnection, table: str, listed: str) -> bool:
    """Whether a table of the engine has rows of other sources than those listed."""
    present = metadata.names(connection, "raw") if landed.there(connection) else ()
    rows = "(rejected > 0 OR cells > 0)" if table == "rejects" else f"table_name = {quote(table)}"
    query = f"SELECT 1 FROM ops.landings WHERE status = 'landed' AND {rows} AND source NOT IN ({listed}) LIMIT 1"
    return f"raw.{table}" in present and connection.execute(query).fetchone() is not None


def put(
    connection: DuckDBPyConnection,
    attempted: Sequence[str],
    failed: Sequence[str],
    spooled: Mapping[str, pa.Table],
    landings: list[dict[str, Any]],
) -> None:
    """Within a transaction: the spooled rows in, the rows of the answers that they replace out, both counted.

    Of a resource that could not be read this time the rows of its last good answer stay, and so does their count. One
    that was attempted, did not fail and has no landings is withdrawn.
    """
    import pyarrow as pa

    renewed = sorted(set(attempted) - set(failed))
    types = [(column, pa.int64() if type == "BIGINT" else pa.string()) for column, (type, _) in landed.COLUMNS.items()]
    relations = {
        "_attempted": pa.table({"_resource": pa.array(attempted, pa.string())}),
        "_renewed": pa.table({"_resource": pa.array(renewed, pa.string())}),
        "_landings": pa.Table.from_pylist(landings, pa.schema(types)),
    }
    for key, relation in relations.items():
        connection.register(key, relation)
    stale = _stale(connection)
    for table in sorted(stale | spooled.keys()):
        _write(connection, table, spooled.get(table), replace=table in stale)
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE _kept AS SELECT * FROM ops.landings
           WHERE source || '/' || resource NOT IN (FROM _renewed)
             AND NOT (status = 'unreadable' AND source || '/' || resource IN (FROM _attempted))"""
    )
    landed.fill(connection, "SELECT * FROM temp._kept UNION ALL BY NAME SELECT * FROM _landings")
    connection.execute("DROP TABLE temp._kept")
    for key in relations:
        connection.unregister(key)
    landed.agree(connection, stale | spooled.keys())


def _stale(connection: DuckDBPyConnection) -> set[str]:
    """The tables with rows of answers that are replaced."""
    stale = connection.execute(
        """SELECT DISTINCT table_name FROM ops.landings
           WHERE status = 'landed' AND source || '/' || resource IN (FROM _renewed)"""
    ).fetchall()
    return {table for (table,) in stale} | ({"rejects"} if stale else set())


def _write(connection: DuckDBPyConnection, table: str, rows: pa.Table | None, *, replace: bool) -> None:
    """Put rows into a raw table. Where others go or columns come, it is rewritten: delete files would mislead plain
    readers; and DuckLake, files from before and after a column came.

    Args:
        replace: leave the rows of answers that are replaced out.
    """
    columns = tables.described(connection, f"raw.{name(table)}")
    with registered(connection, rows) if rows is not None else nullcontext("") as spooled:
        added = {}
        if rows is not None:
            types = tables.described(connection, spooled).items()
            spooled_types = {c: columns.get(c, "VARCHAR") if type == '"NULL"' else type for c, type in types}
            _same_types(rows.column("_resource")[0].as_py(), table, columns, spooled_types)
            added = {column: type for column, type in spooled_types.items() if column not in columns}
        if replace or added:
            stay = f"SELECT * FROM raw.{name(table)} WHERE _resource NOT IN (FROM _renewed)"
            tables.rewrite(connection, f"raw.{table}", stay, added=added, more=spooled)
        else:
            tables.insert(connection, f"raw.{table}", f"SELECT * FROM {spooled}")


def _same_types(resource: str, table: str, columns: Mapping[str, str], spooled_types: Mapping[str, str]) -> None:
    """Refuse rows whose columns are of other types than the table's, which INSERT would convert in silence.

    Raises:
        StorageError: some are.
    """
    other = [
        f"{c} is {type}, and {columns[c]} in the table"
        for c, type in spooled_types.items()
        if columns.get(c, type) != type
    ]
    if other:
        raise StorageError(
            f"raw.{table} has columns of other types than what is to be landed: {'; '.join(other[:3])}",
            where=f"raw.{table}",
            why="an older version of the lake, or of its source, made the table; nothing was landed",
            next=f"lake land --force {resource.partition('/')[0]}",
        )


def _create(connection: DuckDBPyConnection, table: str, schema: pa.Schema) -> None:
    columns = of_arrow(with_origin(schema))
    listed = ", ".join(f"{name(column)} {type}" for column, (type, _) in columns.items())
    connection.execute(f"CREATE TABLE raw.{name(table)} ({listed})")
    docs = {column: doc for column, (_, doc) in columns.items() if doc} | _ORIGIN
    tables.comment_columns(connection, f"raw.{table}", docs)


def with_origin(schema: pa.Schema) -> pa.Schema:
    """The columns of a raw table: a source's own, and those that say where each row comes from."""
    import pyarrow as pa

    for column in _ORIGIN:
        if column not in schema.names:
            schema = schema.append(pa.field(column, pa.int64() if column == "_record" else pa.string()))
    return schema
