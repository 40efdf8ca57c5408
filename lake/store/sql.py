"""SQL as text: names and values quoted, rows written out, Arrow's types as SQL's; and connections to run it in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lake.errors import ConfigError
from lake.quoting import literal as literal
from lake.quoting import name as name
from lake.quoting import quote as quote

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

Columns = Mapping[str, tuple[str, str]]  # name -> SQL type, description
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
UTC = "SET GLOBAL TimeZone = 'UTC'"
# For COPY. By Bloom filters DuckDB 1.5 misses rows: it asks them for a BLOB's text (duckdb#23053), and for 0.0 only.
PARQUET = "FORMAT parquet, WRITE_BLOOM_FILTER false"


def connect(path: str = ":memory:", **config: Any) -> DuckDBPyConnection:
    """A DuckDB connection, and cursors of it, to which a TIMESTAMPTZ is the same date and text on every machine."""
    import duckdb

    connection = duckdb.connect(path, config=config)
    connection.execute(UTC)
    return connection


def place(table: str) -> str:
    """A table's name as SQL can read it, with quotes only where a part needs them.

    >>> place("core.planets"), place("raw.2mass-stars")
    ('core.planets', 'raw."2mass-stars"')
    """
    return ".".join(part if _PLAIN.fullmatch(part) else name(part) for part in table.split(".", 1))


def single_row(connection: DuckDBPyConnection, query: str, parameters: Sequence[object] = ()) -> tuple[Any, ...]:
    """The one row that a query gives."""
    if parameters:  # to pass some makes duckdb import pandas, half a second
        connection.execute(query, parameters)
    else:
        connection.execute(query)
    values = connection.fetchone()
    if values is None:
        raise ValueError(f"no row: {query}")
    return values


def scalar(connection: DuckDBPyConnection, query: str, parameters: Sequence[object] = ()) -> Any:
    """The one value that a query gives."""
    return single_row(connection, query, parameters)[0]


def nodes(connection: DuckDBPyConnection, query: str) -> Iterator[dict[str, Any]]:
    """The nodes of a SELECT's syntax tree, as DuckDB's own parser has it; none if it is not a SELECT."""
    tree = json.loads(scalar(connection, "SELECT json_serialize_sql(?)", [query]))
    if not tree["error"]:
        yield from _nodes(tree)


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
    for part in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _nodes(part)


def values(columns: Columns, rows: Sequence[Mapping[str, Any]]) -> str:
    """A SELECT of rows that are written out: for few, since a relation of Python's would import pandas."""
    cast = ", ".join(f"CAST({name(column)} AS {type}) AS {name(column)}" for column, (type, _) in columns.items())
    listed = ", ".join(map(name, columns))
    written = ",\n".join(f"({', '.join(literal(row.get(column)) for column in columns)})" for row in rows)
    nothing = f"({', '.join('NULL' for _ in columns)})"
    return f"SELECT {cast} FROM (VALUES {written or nothing}) AS t({listed}){'' if rows else ' WHERE false'}"


def of_arrow(schema: pa.Schema) -> Columns:
    """An Arrow schema's columns with their SQL types and what their metadata says of them."""
    return {item.name: (_sql_type(item.type), description(item)) for item in schema}


def _sql_type(type: pa.DataType) -> str:
    from pyarrow import types

    if types.is_list(type) or types.is_large_list(type):
        return f"{_sql_type(type.value_type)}[]"
    if types.is_struct(type):
        return f"STRUCT({', '.join(f'{name(item.name)} {_sql_type(item.type)}' for item in type)})"
    if types.is_decimal(type):
        return f"DECIMAL({type.precision}, {type.scale})"
    if str(type) not in _SQL_TYPES:
        raise ConfigError(
            f"a raw table's column has the Arrow type {type}, which has no SQL type here",
            where="TABLES of a source",
            why=f"those that have are {', '.join(_SQL_TYPES)}, lists and structs of them",
        )
    return _SQL_TYPES[str(type)]


_SQL_TYPES = {
    "string": "VARCHAR",
    "large_string": "VARCHAR",
    "binary": "BLOB",
    "bool": "BOOLEAN",
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "uint8": "UTINYINT",
    "uint16": "USMALLINT",
    "uint32": "UINTEGER",
    "uint64": "UBIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "date32[day]": "DATE",
    "timestamp[us]": "TIMESTAMP",
    "timestamp[us, tz=UTC]": "TIMESTAMPTZ",
}


def description(item: pa.Field) -> str:
    """What a field's metadata says of it: "Radius [earth_radius]"."""
    texts = {key.decode(): value.decode() for key, value in (item.metadata or {}).items()}
    return " ".join(filter(None, (texts.get("doc", ""), f"[{texts['unit']}]" if texts.get("unit") else "")))
