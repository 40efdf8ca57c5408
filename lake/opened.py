"""An open lake: `lake.reader`'s, and the origin of each cell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lake import config as settings
from lake import reader

if TYPE_CHECKING:
    from lake.trace.tree import Trace


class Lake(reader.Lake):
    __doc__ = reader.Lake.__doc__

    def trace(
        self,
        table: str,
        *,
        column: str = "",
        key: Any = "",
        where: str = "",
        verify: bool = False,
        depth: int | None = None,
    ) -> Trace:
        """Where a cell comes from: row by row back to the bytes that the archives sent, and proved.

        Args:
            table: layer.table; ``column``, one of its columns; its whole row, where empty.
            key: the value of its key (several: separated by commas), or {column: value}; or ``where``, a SQL condition.
            verify: read each record again from its blob.
            depth: how many tables to follow at most.

        Raises:
            ConfigError: there is no such table, column or row, or several rows.
        """
        from lake.trace import tree

        at = self.snapshot
        return tree.trace(self.config, table, column, where=where, key=key, at=at, verify=verify, depth=depth)


def open(path: str | Path = ".", at: int | str | None = None) -> Lake:
    return Lake(settings.load(path), at)


open.__doc__ = reader.open.__doc__
