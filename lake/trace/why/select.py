"""One SELECT that does not group: the rows behind its FROM that some of its rows depend on.

The tracing query is the SELECT itself, which gives the number of each row behind FROM (or, of a query, the values of
its needed columns) beside its own columns, and is asked for the rows in question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lake.trace.why import blocks, groups, narrow, rows, syntax, windows
from lake.trace.why.query import Query

if TYPE_CHECKING:
    from lake.trace.why.blocks import Block
    from lake.trace.why.points import Points
    from lake.trace.why.relations import Relation
    from lake.trace.why.tracer import Tracer


def trace(tracer: Tracer, relation: Relation, points: Points, bag: bool) -> None:
    """Ask for what rows of a SELECT depend on."""
    node = syntax.clone(relation.node or {})
    block = blocks.take_apart(node, tracer.relations)
    if node["sample"] or any(n.get("sample") for n in syntax.walk(node["from_table"])):
        tracer.whole(node, "a sample: all rows that it is taken from")
    elif tracer.relations.is_grouped(node) or node["group_expressions"] or "FORCE" in node["aggregate_handling"]:
        groups.trace(tracer, block, relation, points, bag)
    else:
        _plain(tracer, block, relation, points, bag)


def _plain(tracer: Tracer, block: Block, relation: Relation, points: Points, bag: bool) -> None:
    node = block.node
    limits, on = blocks.limits_of(node), blocks.distinct_on(node)
    chosen = blocks.outputs(node, blocks.counted(relation, points, bag), relation.columns)
    order = [one["expression"] for m in blocks.orders(node) for one in m["orders"]]
    ranked = syntax.windows(chosen, node["qualify"], order)
    outputs = blocks.expressions(node, relation.columns, points.columns)
    if limits and (bag or ranked or blocks.is_far(limits)):
        tracer.notes["LIMIT: all rows that it takes from"] = None
        rows.region(tracer, block, [], points)
        return
    if bag and (ranked or on or node["qualify"]):
        partitioned = windows.partitions(node, ranked, on)
        rows.region(
            tracer, block, [pair for pair in outputs if any(syntax.same(pair[1], one) for one in partitioned)], points
        )
        return
    if any(join["ref_type"] == "POSITIONAL" for join in block.joins):
        tracer.notes["a POSITIONAL JOIN: all rows of both sides"] = None
        rows.region(tracer, block, [], points)
        return
    if not limits and not on:
        node["modifiers"] = []
    needs = [*chosen, *on, *order]
    if not bag and not ranked and not on and not limits:
        needs = narrow.narrowed(tracer, block, relation, points, needs)
    listed = blocks.aliased(node, relation.columns)
    query = Query(tracer, block, outputs, listed, [*needs, node["qualify"]], bag)
    if ranked:
        windows.rows(query, points)
    else:
        rows.trace(query, points)
