"""A tracing query in the making: a SELECT that gives the numbers of the rows behind its FROM, too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lake.trace.why import blocks, syntax
from lake.trace.why.blocks import Block, Item

if TYPE_CHECKING:
    from lake.trace.why.syntax import Node
    from lake.trace.why.tracer import Tracer

Side = tuple[Item, str]


@dataclass(slots=True)
class Query:
    """A tracing query in the making: what is asked for, and by which expressions."""

    tracer: Tracer
    block: Block
    requests: list[tuple[str, Node]]  # the columns that rows are asked for by, and their expressions
    listed: list[Node]  # the select list that gives them
    needs: list[Node]  # expressions whose values count
    bag: bool
    picks: list[Node] = field(default_factory=list)  # of a group: conditions of the rows that are chosen
    more: list[Node] = field(default_factory=list)  # further columns
    absent: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  # item id -> its columns, and values' names


def query_text(query: Query) -> str:
    node = query.block.node
    picks = [blocks.named_as(one, f"_k{i}") for i, one in enumerate(query.picks)]
    node["select_list"] = [*query.listed, *query.more, *picks]
    return syntax.text(node)


def conditions(block: Block) -> list[Node]:
    return [
        *(join["condition"] for join in block.joins if join["condition"]),
        *filter(None, [block.node["where_clause"]]),
    ]


def having(block: Block, join: Node, column: str, *, right: bool) -> Iterable[Side]:
    inner = {id(n) for n in syntax.walk(join["right"])}
    for item in block.items:
        if join not in item.joins or (id(item.reference) in inner) != right:
            continue
        for own in item.columns:
            if own.lower() == column.lower():
                yield item, own
