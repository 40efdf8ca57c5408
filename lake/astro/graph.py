"""Each pathway as a graph: compounds are nodes, reactions stand on edges, the environment on the graph itself.

An edge goes from a substrate to a product. A reversible reaction gives an edge each way. All reactions of a pathway
that lead from one compound to another share one edge. Graph, nodes and edges carry only what GraphML can: text,
numbers and truth; a list is joined by ";", and what is null is left out. So a graph equals the one that NetworkX reads
back from its file.

On the graph
    every column of core.pathways and features.env_vectors: ``name``, ``ph``, ``temperature``, ``o2``, ``redox``, the
    rule that gave each; ``units``, such as "temperature K; redox V"; ``snapshot``.
On a node
    ``name``: the compound's usual name, where core.compounds has it.
On an edge
    ``reactions``: the ids of those that lead this way; ``backward``: those of them that are written the other way
    round in core.edges, and run this way because they are reversible; ``reversible``: whether any of them is;
    ``enzymes``: those of all of them.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import chain, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from lake import progress
from lake.errors import ConfigError, StorageError
from lake.store.sql import scalar

if TYPE_CHECKING:
    import networkx as nx

    from lake.reader import Lake

QUANTITIES = ("ph", "temperature", "o2", "redox")
_BATCH = 16_384  # edges held at once

_PATHWAYS = """
    SELECT p.pathway_id, p.* EXCLUDE (pathway_id), v.* EXCLUDE (pathway_id)
    FROM core.pathways AS p
    LEFT JOIN features.env_vectors AS v USING (pathway_id)
    WHERE $all OR list_contains($wanted, p.pathway_id)
    ORDER BY p.pathway_id
"""
_EDGES = """
    WITH directed AS (
        SELECT pathway_id, substrate AS source, product AS target, reaction_id, reversible, enzymes, false AS backward
        FROM core.edges WHERE $all OR list_contains($wanted, pathway_id)
        UNION ALL
        SELECT pathway_id, product, substrate, reaction_id, reversible, enzymes, true
        FROM core.edges WHERE reversible AND ($all OR list_contains($wanted, pathway_id))
    ),
    joined AS (
        SELECT pathway_id, source, target,
               list(DISTINCT reaction_id ORDER BY reaction_id) AS reactions,
               list(DISTINCT reaction_id ORDER BY reaction_id) FILTER (backward) AS backward,
               bool_or(reversible) AS reversible,
               list_sort(list_distinct(flatten(list(enzymes ORDER BY reaction_id)))) AS enzymes
        FROM directed
        GROUP BY pathway_id, source, target
    )
    SELECT e.*, s.name AS source_name, t.name AS target_name
    FROM joined AS e
    LEFT JOIN core.compounds AS s ON s.compound_id = e.source
    LEFT JOIN core.compounds AS t ON t.compound_id = e.target
    ORDER BY e.pathway_id, e.source, e.target
"""
_UNITS = """
    SELECT column_name || ' ' || regexp_extract(comment, '\\[([^\\[\\]]+)\\]$', 1)
    FROM duckdb_columns()
    WHERE database_name = 'lake' AND schema_name = 'features' AND table_name = 'env_vectors'
      AND list_contains($quantities, column_name) AND comment LIKE '%]'
    ORDER BY column_index
"""


@dataclass(slots=True)
class Summary:
    """What :func:`write` did. Nothing is left out in silence: what has no edges or no environment is named."""

    folder: str
    snapshot: int
    written: int = 0
    nodes: int = 0
    edges: int = 0
    without_environment: list[str] = field(default_factory=list)
    without_edges: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def graph(lake: Lake, pathway_id: str) -> nx.DiGraph[str]:
    """One pathway. A pathway without reactions is a graph without nodes.

    Warns:
        UserWarning: nothing is known of its environment: the graph has no ``ph``, ``temperature``, ``o2`` or ``redox``.

    Raises:
        ConfigError: the snapshot has no such pathway.
    """
    (network,) = _graphs(lake, [pathway_id])
    if not has_environment(network):
        warnings.warn(f"pathway {pathway_id} has no environment: no rule matches it", stacklevel=2)
    return network


def write(lake: Lake, folder: str | Path, pathways: Iterable[str] | None = None) -> Summary:
    """Write <folder>/<pathway_id>.graphml for each pathway that has reactions, or for each of those named.

    A file is put in place whole, and has the same bytes each time that it is written from one snapshot. Characters that
    a file name cannot hold are percent-encoded.

    Raises:
        ConfigError: the snapshot has no such pathway.
        StorageError: the folder cannot be written, or the disk is full.
    """
    import networkx as nx

    chosen = None if pathways is None else list(dict.fromkeys(pathways))
    summary = Summary(str(folder), lake.snapshot)
    try:
        os.makedirs(folder, exist_ok=True)
        with progress.bar("graphs", total=_count(lake, chosen)) as advance:
            for network in _graphs(lake, chosen):
                name = network.graph["pathway_id"]
                if not network.number_of_edges():
                    summary.without_edges.append(name)
                if network.number_of_edges() or chosen is not None:
                    _put(nx, network, Path(folder) / f"{quote(name, safe='')}.graphml")
                    _count_in(summary, network)
                advance(note=name)
    except OSError as error:
        raise StorageError(
            f"the graphs cannot be written: {error.strerror or error}",
            where=str(folder),
            why="the folder is read-only, is a file, or the disk is full",
        ) from None
    return summary


def has_environment(network: nx.DiGraph[str]) -> bool:
    """Whether anything is known of the environment of a graph's pathway."""
    return any(f"{quantity}{end}" in network.graph for quantity in QUANTITIES for end in ("", "_low", "_high"))


def _count_in(summary: Summary, network: nx.DiGraph[str]) -> None:
    summary.written += 1
    summary.nodes += network.number_of_nodes()
    summary.edges += network.number_of_edges()
    if not has_environment(network):
        summary.without_environment.append(network.graph["pathway_id"])


def _put(nx: Any, network: nx.DiGraph[str], file: Path) -> None:
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        nx.write_graphml(network, temporary)
        os.replace(temporary, file)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def _count(lake: Lake, chosen: Sequence[str] | None) -> int:
    if chosen is not None:
        return len(chosen)
    return int(scalar(lake.connection, "SELECT count(*) FROM core.pathways"))


def _graphs(lake: Lake, chosen: Sequence[str] | None) -> Iterator[nx.DiGraph[str]]:
    """The pathways' graphs, by id: one query for all pathways, one for all edges, both sorted alike."""
    import networkx as nx

    parameters = {"all": chosen is None, "wanted": list(chosen or [])}
    pathways = lake.sql(_PATHWAYS, **parameters).to_arrow_table().to_pylist()
    listed = chosen or []
    if missing := sorted(set(listed) - {row["pathway_id"] for row in pathways}):
        raise ConfigError(
            f"there is no pathway {missing[0]!r} at snapshot {lake.snapshot}",
            why=f"{len(missing)} of {len(listed)} are not there" if len(missing) > 1 else "",
            next='lake sql "SELECT pathway_id, name FROM core.pathways"',
        )
    units = "; ".join(unit for (unit,) in lake.sql(_UNITS, quantities=list(QUANTITIES)).fetchall())
    reader = lake.connection.execute(_EDGES, parameters).to_arrow_reader(_BATCH)
    edges = groupby(chain.from_iterable(batch.to_pylist() for batch in reader), key=lambda row: row["pathway_id"])
    next_edges = next(edges, None)
    for row in pathways:
        network: nx.DiGraph[str] = nx.DiGraph(**_plain({**row, "units": units, "snapshot": lake.snapshot}))
        if next_edges and next_edges[0] == row["pathway_id"]:
            _fill(network, next_edges[1])
            next_edges = next(edges, None)
        yield network


def _fill(network: nx.DiGraph[str], rows: Iterable[dict[str, Any]]) -> None:
    rows = list(rows)
    names = {row[end]: row[f"{end}_name"] for row in rows for end in ("source", "target")}
    network.add_nodes_from((node, _plain({"name": names[node]})) for node in sorted(names))
    network.add_edges_from((row["source"], row["target"], _plain({key: row[key] for key in _ON_EDGE})) for row in rows)


_ON_EDGE = ("reactions", "backward", "reversible", "enzymes")
_NOT_XML = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF], "\ufffd")  # XML 1.0, production 2


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Only what GraphML can hold: no nulls and no empty lists, lists joined, and no characters that XML forbids."""
    texts = {key: ";".join(map(str, value)) if isinstance(value, list) else value for key, value in values.items()}
    return {
        key: value.translate(_NOT_XML) if isinstance(value, str) else value
        for key, value in texts.items()
        if value is not None and value != ""
    }
