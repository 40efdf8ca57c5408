"""SQL's way to write names and values."""

from __future__ import annotations

import math
from typing import Any


def quote(text: str) -> str:
    """Text as a SQL literal.

    >>> quote("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def name(identifier: str) -> str:
    """A column or table name as a SQL identifier.

    >>> name('a "b"; drop')
    '"a ""b""; drop"'
    """
    return '"' + identifier.replace('"', '""') + '"'


def literal(value: Any) -> str:
    """A value as SQL writes it.

    >>> literal(["it's", None, 1.5, True])
    "['it''s', NULL, 1.5e0, true]"
    """
    if value is None:
        return "NULL"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and not math.isfinite(value):
        return f"'{value}'::DOUBLE"
    if isinstance(value, float):  # with an exponent: DuckDB takes 0.1 for a decimal, whose cast may be off by a bit
        return repr(value) if "e" in repr(value) else f"{value!r}e0"
    return repr(value) if isinstance(value, int) else quote(str(value))
