"""A graph a run, such as its reaction network, as PyTorch Geometric takes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from lake.errors import ConfigError
from lake.store.catalog import first_line
from lake.store.sql import scalar
from lake.train import gather, modality
from lake.train.modality import Feature

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

    from lake.reader import Lake
    from lake.train.pack import Pack, Writer

_ENDS = ("source", "target")
_ROWS = 65_536


@dataclass(frozen=True, slots=True)
class Graph:
    """A modality of graphs: one row an edge from ``source`` to ``target``; the other numbers are the edge's."""

    name: str
    key: str  # the column of the runs' keys
    source: str  # what stands after FROM
    features: tuple[Feature, ...]  # of an edge
    nodes: tuple[str, ...]
    """What each ``n_id`` is: the names of all nodes of the snapshot, in alphabetical order."""
    cells: tuple[str, ...]

    @property
    def identity(self) -> dict[str, Any]:
        """All that decides the pack, beside the snapshot."""
        return {"edges": self.source, "cells": self.cells}

    @property
    def row_bytes(self) -> int:
        """Bytes of an edge."""
        return 16 + 5 * len(self.features)

    def bytes(self, pack: Pack, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Bytes of each of these rows of a pack in a batch."""
        nodes = gather.lengths(pack.arrays["node_ends"], rows)
        return gather.lengths(pack.arrays["edge_ends"], rows) * self.row_bytes + nodes * 16

    def keys(self, lake: Lake) -> NDArray[np.int64]:
        """The keys of the runs that have a graph."""
        rows = lake.connection.execute(f"SELECT DISTINCT {self.key} FROM {self.source}").fetchnumpy()
        return np.asarray(rows[self.key], np.int64)

    def write(
        self, lake: Lake, writer: Writer, keys: NDArray[np.int64] | None = None, within: str = "true"
    ) -> dict[str, Any]:
        """Append the graph of every run, or of those of the keys; the notes count the cells that are not known."""
        with _tables(lake.connection, self, keys, within) as connection:
            sizes = connection.execute(_SIZES).fetchnumpy()
            writer.append("keys", np.asarray(sizes["_run"], np.int64))
            for kind in ("node", "edge"):
                writer.append(f"{kind}_ends", np.cumsum(np.asarray(sizes[f"{kind}s"], np.int64)))
            writer.append("nodes", np.zeros(0, np.int64))
            for batch in connection.execute(_NODES).to_arrow_reader(_ROWS):
                writer.append("nodes", batch.column(0).to_numpy())
            return {"unknown": dict(zip([f.name for f in self.features], self._edges(connection, writer), strict=True))}

    def _edges(self, connection: duckdb.DuckDBPyConnection, writer: Writer) -> list[int]:
        writer.append("edges", np.zeros((0, 2), np.int64))
        writer.append("values", np.zeros((0, len(self.features)), np.float32))
        writer.append("known", np.zeros((0, len(self.features)), bool))
        unknown = np.zeros(len(self.features), np.int64)
        cells = [f"_edges.c{number}" for number in range(len(self.cells))]
        for batch in connection.execute(_EDGES.format(cells="".join(f", {c}" for c in cells))).to_arrow_reader(_ROWS):
            writer.append("edges", np.stack([column.to_numpy() for column in batch.columns[:2]], axis=1))
            if cells:
                values, known = modality.turned(batch.columns[2:], np.dtype(np.float32))
                known = np.ones(values.shape, bool) if known is None else known
                writer.append("values", values)
                writer.append("known", known)
                unknown += (~known).sum(axis=0)
        return unknown.tolist()

    def opened(self, pack: Pack) -> Pack:
        """A pack as :meth:`gather` takes it."""
        return pack

    def gather(self, pack: Pack, rows: NDArray[np.int64]) -> tuple[dict[str, Any], torch.Tensor]:
        """The graphs of these rows as one of several parts, and which of the rows have one at all.

        ``edge_index`` int64 [2, E], ``n_id`` int64 [N]: which of :attr:`nodes` each is, ``batch`` int64 [N]: whose row
        it is, ``ptr`` int64 [B + 1]: where each row's nodes begin; ``edge_attr`` float32 [E, F] and
        ``edge_attr_known`` where edges have numbers.
        """
        nodes, sizes = gather.spread(pack.arrays["node_ends"], rows)
        edges, counts = gather.spread(pack.arrays["edge_ends"], rows)
        ptr = np.concatenate([[0], np.cumsum(sizes)])
        pairs = np.take(pack.arrays["edges"], edges, axis=0) + np.repeat(ptr[:-1], counts)[:, None]
        graph = {
            "edge_index": np.ascontiguousarray(pairs.T),
            "n_id": np.take(pack.arrays["nodes"], nodes),
            "batch": np.repeat(np.arange(len(rows)), sizes),
            "ptr": ptr,
        }
        if self.features:
            graph["edge_attr"] = np.take(pack.arrays["values"], edges, axis=0)
            graph["edge_attr_known"] = np.take(pack.arrays["known"], edges, axis=0)
        return {self.name: {name: torch.from_numpy(array) for name, array in graph.items()}}, torch.from_numpy(
            rows >= 0
        )


_POSITIONS = """
    CREATE OR REPLACE TEMP TABLE _positions AS
    SELECT _run, node, code, row_number() OVER (PARTITION BY _run ORDER BY code) - 1 AS position
    FROM (SELECT _run, source AS node FROM _edges UNION SELECT _run, target FROM _edges)
    JOIN _nodes USING (node)"""
_SIZES = """
    SELECT n._run, n.nodes, coalesce(e.edges, 0) AS edges
    FROM (SELECT _run, count(*) AS nodes FROM _positions GROUP BY 1) AS n
    LEFT JOIN (SELECT _run, count(*) AS edges FROM _edges WHERE target IS NOT NULL GROUP BY 1) AS e USING (_run)
    ORDER BY 1"""
_NODES = "SELECT code FROM _positions ORDER BY _run, code"
_EDGES = """
    SELECT a.position AS source, b.position AS target{cells}
    FROM _edges JOIN _positions AS a ON a._run = _edges._run AND a.node = _edges.source
    JOIN _positions AS b ON b._run = _edges._run AND b.node = _edges.target
    ORDER BY _edges._run, a.position, b.position{cells}"""


@contextmanager
def _tables(
    connection: duckdb.DuckDBPyConnection, graph: Graph, keys: NDArray[np.int64] | None, within: str
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The temporary tables of one pass: the edges, and the position of each node within its run."""
    import pyarrow as pa

    cells = "".join(f", {cell} AS c{number}" for number, cell in enumerate(graph.cells))
    ends = ", ".join(f"CAST({end} AS VARCHAR) AS {end}" for end in _ENDS)
    views = {"_nodes": pa.table({"node": pa.array(graph.nodes, pa.string()), "code": np.arange(len(graph.nodes))})}
    condition = f"WHERE {within}"
    if keys is not None:
        views["_keys"] = pa.table({graph.key: keys})
        condition = f"SEMI JOIN _keys USING ({graph.key}) WHERE {within}"
    for view, table in views.items():
        connection.register(view, table)
    try:
        edges = f"SELECT {graph.key} AS _run, {ends}{cells} FROM {graph.source} {condition}"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE _edges AS {edges}")
        connection.execute(_POSITIONS)
        yield connection
    finally:
        connection.execute("DROP TABLE IF EXISTS _edges; DROP TABLE IF EXISTS _positions")
        for view in views:
            connection.unregister(view)


def describe(connection: duckdb.DuckDBPyConnection, graph: str, edges: str, *, key: str) -> Graph:
    """The graph of a table or SELECT of edges: the key, ``source``, ``target`` and any numbers.

    A row whose target is null is a node alone.

    Raises:
        ConfigError: a column is missing, or an edge has no key or no source.
    """
    import duckdb

    source = modality.source(edges)
    try:
        types = {row[0]: row[1] for row in connection.execute(f"DESCRIBE FROM {source}").fetchall()}
        modality.exact(types, graph, edges, key)
        if missing := [column for column in (key, *_ENDS) if column not in types]:
            raise _unfit(key, graph, edges, f"it has no {' and no '.join(missing)}")
        bad = scalar(connection, f"SELECT count(*) FROM {source} WHERE {key} IS NULL OR source IS NULL")
        nodes = connection.execute(
            f"SELECT CAST(source AS VARCHAR) FROM {source} UNION SELECT CAST(target AS VARCHAR) FROM {source}"
        ).fetchall()
    except duckdb.Error as error:
        raise _unfit(key, graph, edges, first_line(error)) from None
    if bad:
        raise _unfit(key, graph, edges, f"{bad} of its edges have no {key} or no source")
    chosen = {c: t for c, t in types.items() if c not in (key, *_ENDS) and modality.is_number(t)}
    return Graph(
        graph,
        key,
        source,
        tuple(Feature(column, None, "") for column in chosen),
        tuple(sorted(text for (text,) in nodes if text is not None)),
        tuple(modality.cell(column, type) for column, type in chosen.items()),
    )


def _unfit(key: str, graph: str, edges: str, why: str) -> ConfigError:
    return ConfigError(
        f"{edges!r} cannot be the graph {graph!r}",
        why=why,
        next=f"PlanetRuns(..., graphs={{{graph!r}: 'SELECT {key}, source, target FROM ...'}})",
    )
