"""Values that rows are asked for by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lake.store.sql import name

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Points:
    """Values that rows are asked for by: a table with some of a relation's columns; without columns, all rows."""

    table: str
    columns: tuple[str, ...]

    def renamed(self, connection: DuckDBPyConnection, columns: Sequence[str], view: str) -> Points:
        listed = ", ".join(f"{name(a)} AS {name(b)}" for a, b in zip(self.columns, columns, strict=True))
        connection.execute(f"CREATE TEMP VIEW {view} AS SELECT {listed or '1 AS _'} FROM {self.table}")
        return Points(view, tuple(columns))
