"""GROUP BY: the rows of the groups that are asked for; of max() and its like, those that were chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lake.trace.why import aggregates, blocks, rows, subqueries, syntax
from lake.trace.why.points import Points
from lake.trace.why.query import Query

if TYPE_CHECKING:
    from lake.trace.why.blocks import Block
    from lake.trace.why.relations import Relation
    from lake.trace.why.syntax import Node
    from lake.trace.why.tracer import Tracer


def trace(tracer: Tracer, block: Block, relation: Relation, points: Points, bag: bool) -> None:
    node = block.node
    keys = keys_of(block)
    outputs = blocks.expressions(node, relation.columns, points.columns)
    chosen = blocks.outputs(node, blocks.counted(relation, points, bag), relation.columns)
    _subqueries(tracer, [*chosen, node["having"]])
    limited = blocks.limits_of(node) or blocks.distinct_on(node)
    ranked = syntax.windows(chosen, node["qualify"])
    if keys is None or limited:
        tracer.notes["groups that are limited, or whose columns are not written: all rows"] = None
        rows.region(tracer, block, [], points)
        return
    if bag or ranked:
        asked_for = len(outputs)
        outputs = [pair for pair in outputs if any(syntax.same(pair[1], key) for key in keys)]
        if ranked:
            parts = [w["partitions"] for w in ranked]
            outputs = [p for p in outputs if all(any(syntax.same(p[1], one) for one in part) for part in parts)]
        listed = [blocks.named_as(expression, column) for column, expression in outputs]
        keys_points = Points(points.table, tuple(column for column, _ in outputs))
        several = len(node["group_sets"]) > 1
        if several or len(outputs) < asked_for:
            tracer.notes["groups that are counted or ranked, by more than their keys: all that may be among them"] = (
                None
            )
        if several:
            outputs, keys_points = [], Points(points.table, ())
        query = Query(tracer, block, outputs, listed or [syntax.expression("1")], _needs(block, chosen, keys), True)
        _ungroup(node)
        rows.trace(query, keys_points)
        return
    _groups(tracer, block, relation, points, keys, chosen)


def _groups(
    tracer: Tracer, block: Block, relation: Relation, points: Points, keys: list[Node], chosen: list[Node]
) -> None:
    """The groups that the asked rows are; then the rows of each."""
    node, sets = block.node, block.node["group_sets"]
    needs = _needs(block, chosen, keys)
    matching = _keys(tracer, node, relation, points, keys)
    counted = tracer.relations.aggregated(chosen, node["having"])
    if any(call["function_name"].lower() not in tracer.relations.names.plain for call in counted):
        tracer.notes["a macro that aggregates: all rows of the group"] = None
    if tracer.relations.aggregated(node["having"]):
        tracer.notes["HAVING: all rows of the group that it counts or compares"] = None
    picks = aggregates.picks(tracer, [*chosen, node["having"]], keys) if len(sets) < 2 else []
    key_columns = [(f"_g{i}", key) for i, key in enumerate(keys)]
    listed = [blocks.named_as(key, f"_g{i}") for i, key in enumerate(keys)] or [syntax.expression("1 AS _g")]
    _ungroup(node)
    for number, active in enumerate(sets if len(sets) > 1 else [range(len(keys))]):
        of_set = f"WHERE _s = {number}" if len(sets) > 1 else ""
        columns = tuple(f"_g{i}" for i in active)
        keys_table = tracer.table(f"SELECT DISTINCT {', '.join(columns) or '1 AS _'} FROM {matching} {of_set}")
        if not tracer.any(keys_table):
            continue
        own = blocks.take_apart(syntax.clone(node), tracer.relations)
        pairs = [pair for pair in key_columns if pair[0] in columns]
        query = Query(
            tracer, own, pairs, listed, needs, bool(counted) or not keys, picks=syntax.clone({"p": picks})["p"]
        )
        rows.trace(query, Points(keys_table, columns))


def _keys(tracer: Tracer, node: Node, relation: Relation, points: Points, keys: list[Node]) -> str:
    """A table of the groups' keys, and which grouping set each is of."""
    own = syntax.clone(node)
    own["modifiers"] = []
    own["select_list"] = blocks.aliased(own, relation.columns)
    own["select_list"] += [blocks.named_as(key, f"_g{i}") for i, key in enumerate(keys)]
    listed = ", ".join(f"_g{i}" for i in range(len(keys))) or "1 AS _g"
    sets = node["group_sets"]
    if len(sets) > 1:
        grouping = syntax.expression("grouping(a)")
        grouping["children"] = keys
        own["select_list"].append(blocks.named_as(grouping, "_b"))
        cases = " ".join(f"WHEN {_bits(active, len(keys))} THEN {i}" for i, active in enumerate(sets))
        listed += f", CASE _b {cases} END AS _s"
    return tracer.table(tracer.matching(syntax.text(own), points, listed))


def _bits(active: list[int], count: int) -> int:
    """What grouping() gives for a grouping set: a bit for each key that it does not group by, the last the lowest."""
    return sum(1 << (count - 1 - i) for i in range(count) if i not in active)


def _ungroup(node: Node) -> None:
    node |= {"group_expressions": [], "group_sets": [], "having": None, "qualify": None, "modifiers": []}
    node["aggregate_handling"] = "STANDARD_HANDLING"


def _needs(block: Block, chosen: list[Node], keys: list[Node]) -> list[Node]:
    """The expressions that count: of those with subqueries, the columns that they name."""
    needs = [*chosen, *keys, *filter(None, [block.node["having"], block.node["qualify"]])]
    columns = (
        n for n in syntax.walk([one for one in needs if syntax.subqueries(one)]) if n.get("class") == "COLUMN_REF"
    )
    return [*(one for one in needs if not syntax.subqueries(one)), *columns]


def _subqueries(tracer: Tracer, trees: list[Node]) -> None:
    """Ask for the rows of subqueries beside aggregates."""
    for inner in syntax.subqueries(trees):
        if not subqueries.of_itself(tracer, inner):
            tracer.whole(inner, "a subquery that refers to a group: all rows that it reads")


def keys_of(block: Block) -> list[Node] | None:
    """What a SELECT groups by; None where it is not written."""
    node = block.node
    items = node["select_list"]
    if "FORCE" in node["aggregate_handling"]:
        if syntax.stars(items):
            return None
        inner = block.relations.aggregated
        return [item for item in items if not inner(item) and item.get("class") != "CONSTANT"]
    resolved = []
    for key in node["group_expressions"]:
        if key.get("class") == "CONSTANT" and "INT" in key["value"]["type"]["id"]:
            if syntax.stars(items):
                return None
            resolved.append(items[key["value"]["value"] - 1])
        else:
            resolved.append(_alias(block, key))
    return resolved


def _alias(block: Block, key: Node) -> Node:
    """The expression that a key names by its alias; a column of that name comes first."""
    if key.get("class") != "COLUMN_REF" or len(key["column_names"]) != 1:
        return key
    word = key["column_names"][0].lower()
    if any(word in (column.lower() for column in item.columns) for item in block.items):
        return key
    return next((item for item in block.node["select_list"] if item["alias"].lower() == word), key)
