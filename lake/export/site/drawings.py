"""Drawings of the graph: around one table, of a layer, of a small project, or of the layers of a large one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from lake.export.site import layout
from lake.export.site.tables import Site, Table

AROUND = 26  # tables in the drawing around one table


def file(name: str) -> str:
    """The file of a table's or a layer's page; special characters are escaped."""
    return f"{quote(name, safe='')}.html"


@dataclass(frozen=True, slots=True)
class Node:
    name: str
    title: str
    label: str
    note: str
    kind: str
    address: str  # from the site's root
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Drawing:
    nodes: list[Node]
    edges: list[tuple[str, str, str]]
    width: float
    height: float
    about: str  # the node that it is drawn around


def among(reads: Mapping[str, Iterable[str]], shown: Iterable[str]) -> dict[str, list[str]]:
    shown = set(shown)
    return {name: [neighbour for neighbour in reads[name] if neighbour in shown] for name in reads if name in shown}


def around(name: str, reads: Mapping[str, list[str]], readers: Mapping[str, list[str]]) -> set[str]:
    """A table, what it reads and what reads it, and further steps up and down while there is room."""
    shown = {name, *reads[name][: AROUND // 2], *readers[name][: AROUND // 2]}
    up, down = set(reads[name]) & shown, set(readers[name]) & shown
    while up or down:
        up = {neighbour for table in up for neighbour in reads[table]} - shown
        down = {neighbour for table in down for neighbour in readers[table]} - shown
        if len(shown | up | down) > AROUND:
            break
        shown |= up | down
    return shown


def of_tables(site: Site, reads: Mapping[str, Iterable[str]], about: str = "") -> Drawing | None:
    joined = {name for name, inputs in reads.items() if inputs} | {
        table for inputs in reads.values() for table in inputs
    }
    drawn = layout.draw(among(reads, joined))  # isolated tables are left out
    nodes = []
    for name, (x, y) in drawn.nodes.items():
        table = site.tables[name]
        address = f"tables/{quote(file(name))}"
        nodes.append(Node(name, name, _cut(table.stem), table.layer, table.kind, address, x, y))
    return Drawing(nodes, drawn.edges, drawn.width, drawn.height, about) if len(nodes) > 1 else None


def of_layers(layers: Mapping[str, list[Table]], reads: Mapping[str, Iterable[str]]) -> Drawing:
    """The layers as nodes; of two that read each other, only the edge from the earlier layer is drawn."""
    order = {layer: i for i, layer in enumerate(layers)}
    between: dict[str, set[str]] = {layer: set() for layer in layers}
    for layer, tables in layers.items():
        for table in tables:
            below = {name.partition(".")[0] for name in reads[table.name]}
            between[layer] |= {source for source in below if order[source] < order[layer]}
    drawn = layout.draw(between)
    nodes = [
        Node(layer, layer, _cut(layer), _count(layers[layer]), "layer", f"layers/{quote(file(layer))}", x, y)
        for layer, (x, y) in drawn.nodes.items()
    ]
    return Drawing(nodes, drawn.edges, drawn.width, drawn.height, "")


def _count(tables: list[Table]) -> str:
    return f"{len(tables):,} table{'s' * (len(tables) != 1)}"


def _cut(text: str, most: int = 22) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
