"""The content of the site as plain values, one page for each table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lake.build.model import Macro
from lake.trace.lineage import Place


@dataclass(slots=True)
class Column:
    name: str
    type: str
    nullable: bool = True
    unit: str = ""
    doc: str = ""
    key: bool = False
    promises: list[str] = field(default_factory=list)
    refers: list[Place] = field(default_factory=list)
    origins: dict[Place, str] = field(default_factory=dict)  # what it is computed from directly, and how
    ends: list[Place] = field(default_factory=list)  # where those come from: landed tables and seeds
    users: list[Place] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    severity: str
    failing: int | None  # None: not run yet
    examples: str = ""


@dataclass(slots=True)
class Table:
    """One page. Of the snapshot: rows, checks' results, history, provenance, run and preview."""

    name: str
    kind: str  # model, view, seed or landed
    doc: str = ""
    path: str = ""  # in the project's folder
    sql: str = ""
    columns: list[Column] = field(default_factory=list)
    storage: list[tuple[str, str]] = field(default_factory=list)
    tags: tuple[str, ...] = ()
    reads: list[str] = field(default_factory=list)
    read_by: list[str] = field(default_factory=list)
    macros: tuple[str, ...] = ()
    sources: list[dict[str, Any]] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)  # quality.metrics, oldest first
    provenance: dict[str, Any] = field(default_factory=dict)
    run: dict[str, Any] = field(default_factory=dict)
    preview: list[tuple[str | None, ...]] = field(default_factory=list)
    previewed: list[str] = field(default_factory=list)  # its columns
    trouble: str = ""  # why it cannot be read
    edited: bool = False  # whether the project's files differ from those that made the rows

    @property
    def layer(self) -> str:
        return self.name.partition(".")[0]

    @property
    def stem(self) -> str:
        return self.name.partition(".")[2]

    @property
    def quality(self) -> dict[str, Any]:
        return self.history[-1] if self.history else {}

    @property
    def rows(self) -> int | None:
        return self.quality.get("rows")

    @property
    def failing(self) -> list[Check]:
        return [check for check in self.checks if check.failing]


@dataclass(frozen=True, slots=True)
class Site:
    name: str
    snapshot: dict[str, Any]  # snapshot, published_at, message; empty where nothing is published
    tables: dict[str, Table]  # landed ones first, then in build order
    macros: dict[str, list[Macro]]  # by file

    def layers(self) -> dict[str, list[Table]]:
        """Tables by layer, in the order in which data flows through them."""
        depth: dict[str, int] = {}
        for table in self.tables.values():
            depth[table.name] = max((depth[t] + 1 for t in table.reads if t in depth), default=0)
        layers: dict[str, list[Table]] = {}
        for table in sorted(self.tables.values(), key=lambda table: table.name):
            layers.setdefault(table.layer, []).append(table)

        def position(layer: str) -> tuple[bool, float, str]:
            depths = [depth[table.name] for table in layers[layer]]
            return layer != "raw", sum(depths) / len(depths), layer

        return {layer: layers[layer] for layer in sorted(layers, key=position)}
