"""ops.decisions: what somebody decided on a resource, or on all of a source, against what lake.toml names.

removed    it is not in the raw tables, although lake.toml names it
kept       it stays in the raw tables, although lake.toml does not name it any more
"""

from __future__ import annotations

import datetime
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from lake.store import catalog, metadata, tables
from lake.store.sql import Columns, name, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TABLE = "ops.decisions"
COLUMNS: Columns = {
    "source": ("VARCHAR", "The archive's module"),
    "resource": ("VARCHAR", "What was asked for; empty: all of the source"),
    "decision": ("VARCHAR", "removed or kept"),
    "author": ("VARCHAR", "Who decided"),
    "decided_at": ("VARCHAR", "When, UTC"),
}


@dataclass(frozen=True, slots=True)
class Decision:
    source: str
    resource: str
    decision: str
    author: str
    decided_at: str

    as_dict = asdict

    @property
    def about(self) -> str:
        return f"{self.source}/{self.resource}" if self.resource else self.source


def every(connection: DuckDBPyConnection) -> list[Decision]:
    """All of them, by source and resource."""
    if TABLE not in metadata.names(connection, "ops"):
        return []
    rows = connection.execute(f"SELECT {', '.join(map(name, COLUMNS))} FROM {TABLE} ORDER BY ALL").fetchall()
    return [Decision(*row) for row in rows]


def by_name(connection: DuckDBPyConnection) -> dict[tuple[str, str], str]:
    """The decisions by source and resource."""
    return {(one.source, one.resource): one.decision for one in every(connection)}


def put(connection: DuckDBPyConnection, source: str, resource: str, decision: str) -> None:
    """Within a transaction: decide; what was decided on the same before is undone, on a whole source of each of its
    resources too."""
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    others = [one for one in every(connection) if one.source != source or (resource and one.resource != resource)]
    rows = [*others, Decision(source, resource, decision, catalog.author(), now)]
    values = ", ".join(f"({', '.join(quote(value) for value in asdict(row).values())})" for row in rows)
    tables.fill(connection, TABLE, COLUMNS, f"SELECT * FROM (VALUES {values}) AS t({', '.join(map(name, COLUMNS))})")
