"""One value a run, from a column or a SELECT: a target, a weight, a class, an order."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from lake.errors import ConfigError
from lake.train import modality

if TYPE_CHECKING:
    import duckdb

    from lake.train.modality import Modality

_COLUMN = re.compile(r"(\w+\.\w+)\.(\w+)")


def split(text: str) -> tuple[str, str] | None:
    """Table and column of "features.planet_params.radius"; None for a SELECT."""
    match = _COLUMN.fullmatch(text.strip())
    return (match[1], match[2]) if match else None


def describe(
    connection: duckdb.DuckDBPyConnection, name: str, text: str, *, key: str, normalise: bool = False
) -> Modality:
    """The modality of one column, its unknown cells left out: of text and truth values, codes of their classes.

    Args:
        text: "schema.table.column", or a SELECT of the key and one column.

    Raises:
        ConfigError: there is no such column, or it is neither a number nor text.
    """
    import duckdb

    from lake.store.catalog import first_line
    from lake.store.sql import name as quoted

    table, column = split(text) or (text, None)
    source = modality.source(table)
    try:
        types = {row[0]: row[1] for row in connection.execute(f"DESCRIBE FROM {source}").fetchall()}
    except duckdb.Error as error:
        raise _unfit(key, name, text, first_line(error)) from None
    modality.exact(types, name, text, key)
    types.pop(key, None)
    column = column or (next(iter(types)) if len(types) == 1 else "")
    if column not in types:
        raise _unfit(key, name, text, f"it has the columns {', '.join(types)}")
    described = modality.describe_column(connection, name, table, column, key=key, normalise=normalise)
    if described is None:
        raise _unfit(key, name, text, f"{column} is {types[column]}: neither a number nor text")
    cell = quoted(column)
    is_known = f"{cell} IS NOT NULL" + (
        f" AND isfinite(TRY_CAST({cell} AS FLOAT))" if types[column] in ("FLOAT", "DOUBLE") else ""
    )
    return replace(described, source=f"(FROM {source} WHERE {is_known})", flat=True)


def _unfit(key: str, name: str, text: str, why: str) -> ConfigError:
    return ConfigError(
        f"{text!r} cannot be the {name}",
        why=why,
        next=f"PlanetRuns(..., {name}='schema.table.column') or {name}='SELECT {key}, ... FROM ...'",
    )
