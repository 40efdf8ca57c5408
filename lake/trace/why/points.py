"""Values that rows are asked for by."""

from __future__ import annotations

from collections.abc import Mapping
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
    needs: tuple[str, ...] | None = None  # of a bag: the columns whose values must stay; all, where None

    def renamed(self, connection: DuckDBPyConnection, names: Mapping[str, str], view: str) -> Points:
        """The points, with the names that another relation has for the columns."""
        listed = ", ".join(f"{name(column)} AS {name(names[column])}" for column in self.columns)
        connection.execute(f"CREATE TEMP VIEW {view} AS SELECT {listed or '1 AS _'} FROM {self.table}")
        columns = tuple(names[column] for column in self.columns)
        return Points(view, columns, None if self.needs is None else tuple(names[column] for column in self.needs))
