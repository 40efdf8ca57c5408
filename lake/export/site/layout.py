"""A layered drawing of a graph without cycles, from left to right: positions for the nodes, curves for the edges.

What Sugiyama, Tagawa and Toda (1981) do: nodes go into columns by the longest path that leads to them, long edges get a
bend in each column that they pass, each column is ordered by where its neighbours stand, and then moved close to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import pairwise

WIDTH, HEIGHT = 164, 34  # of a node
_GAP_X, _GAP_Y, _BEND, _MARGIN = 44, 8, 12, 8
_SWEEPS = 8

Node = str | tuple[str, str, int]  # a table, or a bend of an edge in a column


@dataclass(frozen=True, slots=True)
class Drawing:
    nodes: dict[str, tuple[float, float]]  # left upper corner
    edges: list[tuple[str, str, str]]  # from, to, SVG path
    width: float
    height: float


def draw(reads: Mapping[str, Iterable[str]]) -> Drawing:
    """Lay out each node to the right of those that it reads, which must be nodes too; no dependency cycles."""
    ordered = {node: sorted(set(inputs)) for node, inputs in sorted(reads.items())}
    depth = _depths(ordered)
    columns, links = _with_bends(ordered, depth)
    _order(columns, links)
    y = _heights(columns, links)
    edges = [(a, b, _curve(_points(a, b, depth, y))) for b, inputs in ordered.items() for a in inputs]
    corners = {node: (float(_x(depth[node])), round(y[node] - HEIGHT / 2, 1)) for node in ordered}
    bottom = max((top for _, top in corners.values()), default=0) + HEIGHT
    lowest = max((y[node] for column in columns for node in column), default=0)
    return Drawing(corners, edges, _x(len(columns)) - _GAP_X + _MARGIN, round(max(bottom, lowest) + _MARGIN, 1))


def _x(column: int) -> int:
    return _MARGIN + column * (WIDTH + _GAP_X)


def _depths(reads: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """The longest path to each node; a node that reads nothing is placed just left of the first that reads it."""
    depth: dict[str, int] = {}
    for node in TopologicalSorter(reads).static_order():
        depth[node] = max((depth[neighbour] + 1 for neighbour in reads[node]), default=0)
    first: dict[str, int] = {}
    for node, inputs in reads.items():
        for neighbour in inputs:
            first[neighbour] = min(first.get(neighbour, depth[node]), depth[node])
    return depth | {node: first.get(node, 1) - 1 for node in reads if not reads[node]}


def _with_bends(
    reads: Mapping[str, Sequence[str]], depth: Mapping[str, int]
) -> tuple[list[list[Node]], dict[Node, tuple[list[Node], list[Node]]]]:
    """The columns, and each node's neighbours to its left and right."""
    columns: list[list[Node]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    links: dict[Node, tuple[list[Node], list[Node]]] = {}
    for node in reads:
        columns[depth[node]].append(node)
        links[node] = ([], [])
    for b, inputs in reads.items():
        for a in inputs:
            bends = [(a, b, column) for column in range(depth[a] + 1, depth[b])]
            for bend in bends:
                columns[bend[2]].append(bend)
                links[bend] = ([], [])
            path: list[Node] = [a, *bends, b]
            for source, target in pairwise(path):
                links[source][1].append(target)
                links[target][0].append(source)
    return columns, links


def _order(columns: list[list[Node]], links: Mapping[Node, tuple[list[Node], list[Node]]]) -> None:
    """Order each column by the mean rank of its neighbours, in sweeps to the right and left."""
    rank = {node: i for column in columns for i, node in enumerate(column)}
    for sweep in range(_SWEEPS):
        side = sweep % 2  # 0: by the neighbours on the left, from left to right
        for column in columns if side == 0 else reversed(columns):
            middle = {node: _mean([rank[n] for n in links[node][side]], rank[node]) for node in column}
            column.sort(key=middle.__getitem__)
            rank.update({node: i for i, node in enumerate(column)})


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _heights(columns: list[list[Node]], links: Mapping[Node, tuple[list[Node], list[Node]]]) -> dict[Node, float]:
    """The middle of each node: near its neighbours, in the column's order, none over another."""
    y: dict[Node, float] = {}
    for column in columns:
        y.update(_spread(column, dict.fromkeys(column, 0.0)))
    for sweep in range(_SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            ideal = {node: _mean([y[n] for n in (*links[node][0], *links[node][1])], y[node]) for node in column}
            y.update(_spread(column, ideal))
    top = min((y[node] - _size(node) / 2 for column in columns for node in column), default=0)
    return {node: value - top + _MARGIN for node, value in y.items()}


def _spread(column: Sequence[Node], ideal: Mapping[Node, float]) -> dict[Node, float]:
    """As close to the desired positions as order and sizes allow: the mean of pushing down and pushing up."""
    down: list[float] = []
    up: list[float] = []
    for i, node in enumerate(column):
        least = down[-1] + _apart(column[i - 1], node) if down else ideal[node]
        down.append(max(ideal[node], least))
    for i, node in enumerate(reversed(column)):
        most = up[-1] - _apart(node, column[len(column) - i]) if up else ideal[node]
        up.append(min(ideal[node], most))
    return {node: (low + high) / 2 for node, low, high in zip(column, down, reversed(up), strict=True)}


def _size(node: Node) -> float:
    return HEIGHT if isinstance(node, str) else _BEND


def _apart(above: Node, below: Node) -> float:
    gap = _GAP_Y if isinstance(above, str) and isinstance(below, str) else 4
    return (_size(above) + _size(below)) / 2 + gap


def _points(a: str, b: str, depth: Mapping[str, int], y: Mapping[Node, float]) -> list[tuple[float, float]]:
    points = [(_x(depth[a]) + WIDTH, y[a])]
    for column in range(depth[a] + 1, depth[b]):
        bend = y[a, b, column]
        points += [(_x(column), bend), (_x(column) + WIDTH, bend)]
    return [*points, (_x(depth[b]), y[b])]


def _curve(points: Sequence[tuple[float, float]]) -> str:
    (x, y), *rest = points
    path = [f"M{x:g} {y:.1f}"]
    for i, (next_x, next_y) in enumerate(rest):
        half = (next_x - x) / 2
        straight = f"L{next_x:g} {next_y:.1f}"  # within a column
        bent = f"C{x + half:g} {y:.1f} {next_x - half:g} {next_y:.1f} {next_x:g} {next_y:.1f}"
        path.append(straight if i % 2 else bent)
        x, y = next_x, next_y
    return "".join(path)
