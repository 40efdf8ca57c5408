"""What distinguishes two values, bit for bit: every comparison of versions uses this, and nothing else.

SQL calls 0.0 and -0.0 equal and knows one NaN; `hash()` gives NULL, [], [NULL] and a struct of NULLs one number. A sort
key distinguishes all of these structures at the speed of a hash, and a mark beside each float the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lake.store.sql import name, quote

if TYPE_CHECKING:
    from duckdb.sqltypes import DuckDBPyType

_FLOATS = ("float", "double")
_PLAIN = (
    *("boolean", "tinyint", "smallint", "integer", "bigint", "hugeint"),
    *("utinyint", "usmallint", "uinteger", "ubigint", "uhugeint", "decimal", "varchar", "blob", "uuid"),
    *("date", "time", "timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns", "timestamp with time zone"),
)


def exact(column: str, type: str) -> list[str]:
    """Expressions that are all IS NOT DISTINCT FROM those of another value exactly where both have the same bits.

    >>> exact('"n"', "BIGINT")
    ['"n"']
    >>> exact('"x"', "DOUBLE[]")[0]
    'create_sort_key("x", \\'ASC NULLS FIRST\\')'
    """
    import duckdb

    parsed = duckdb.type(type)
    whole = column if parsed.id in (*_PLAIN, *_FLOATS) else _sort_key(column)
    marks = _marks(column, parsed)
    return [whole, marks if parsed.id in _FLOATS else _sort_key(marks)] if marks else [whole]


def digest(columns: Iterable[tuple[str, str]]) -> str:
    """A hash of a row, given the columns' names and SQL types. Never null.

    It is hashed twice: DuckDB joins the hashes of columns by xor, so that two rows which exchange the values of their
    last columns would have the same sums.
    """
    listed = [expression for column, type in columns for expression in exact(name(column), type)]
    return f"hash(hash({', '.join(listed)}))"


def _sort_key(expression: str) -> str:
    return f"create_sort_key({expression}, 'ASC NULLS FIRST')"


def _marks(value: str, type: DuckDBPyType, depth: int = 0) -> str:
    """Of each float in a value: a NaN's bits, the sign of a zero; null for others. Empty where it holds no floats."""
    if type.id in _FLOATS:
        return f"CASE WHEN isnan({value}) THEN CAST({value} AS BIT) WHEN signbit({value}) THEN '1'::BIT END"
    if type.id in ("list", "array"):
        inner = _marks(f"x{depth}", _children(type)[0][1], depth + 1)
        return inner and f"list_transform({value}, lambda x{depth}: {inner})"
    parts = []
    if type.id == "struct":
        parts = [_marks(f"struct_extract({value}, {quote(key)})", child, depth) for key, child in _children(type)]
    if type.id == "map":
        parts = [
            inner and f"list_transform(map_{side}s({value}), lambda x{depth}: {inner})"
            for side, (_, child) in zip(("key", "value"), _children(type), strict=True)
            if (inner := _marks(f"x{depth}", child, depth + 1))
        ]
    parts = [part for part in parts if part]
    return f"row({', '.join(parts)})" if parts else ""


def _children(type: DuckDBPyType) -> list[tuple[str, DuckDBPyType]]:
    """The types inside a list, array, struct or map, with their names; not the length of an array."""
    return [(key, child) for key, child in type.children if not isinstance(child, int | list)]
