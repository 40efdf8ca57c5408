"""What a batch holds: tables, cubes, graphs and a target, as they are asked for and as a snapshot has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from lake.errors import ConfigError
from lake.train import column, graphs, modality, slabs
from lake.train.graphs import Graph
from lake.train.modality import Modality
from lake.train.slabs import Slabs

if TYPE_CHECKING:
    from lake.reader import Lake
    from lake.train.arguments import Rows

Part: TypeAlias = Modality | Slabs | Graph


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for; each mapping is by the name of the modality."""

    tables: Mapping[str, Rows]
    cubes: Mapping[str, Sequence[str]]
    graphs: Mapping[str, str]
    target: str | None
    jagged: Sequence[str]
    normalise: bool

    @property
    def names(self) -> list[str]:
        """Of all modalities."""
        return [*self.tables, *self.cubes, *self.graphs, *(["target"] if self.target else [])]


def describe(lake: Lake, request: Request) -> dict[str, Part]:
    """The modalities at a snapshot, by name.

    Raises:
        ConfigError: there is no such table, column or variable, or it cannot be a modality.
    """
    if missing := [name for name in request.jagged if name not in request.tables]:
        raise ConfigError(f"jagged names {missing[0]!r}", why=f"the tables are {', '.join(request.tables)}")
    connection, roles = lake.connection, lake.config.roles
    parts: dict[str, Part] = {name: _table(lake, request, name) for name in request.tables}
    for name, variables in request.cubes.items():
        parts[name] = slabs.describe(connection, name, variables, cube=roles.cube)
    for name, edges in request.graphs.items():
        parts[name] = graphs.describe(connection, name, edges, key=roles.key)
    if request.target:
        target = column.describe(connection, "target", request.target, key=roles.key, normalise=request.normalise)
        parts["target"] = target
    return parts


def _table(lake: Lake, request: Request, name: str) -> Modality:
    """A table's modality, without the target where that is a column of it."""
    rows = request.tables[name]
    table, columns = (rows, None) if isinstance(rows, str) else rows
    target = column.split(request.target) if request.target else None
    table_request = modality.TableRequest(
        name,
        table,
        lake.config.roles.key,
        columns=columns,
        without=[target[1]] if target and target[0] == table else [],
        jagged=name in request.jagged,
        normalise=request.normalise,
    )
    return modality.describe(lake.connection, table_request)
