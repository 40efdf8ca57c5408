"""What gives no columns: SEMI and ANTI joins, subqueries; and derived tables that refer to others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lake.trace.why import aggregates, blocks, syntax
from lake.trace.why.blocks import Item
from lake.trace.why.points import Points
from lake.trace.why.query import Query, having
from lake.trace.why.query import conditions as conditions_of

if TYPE_CHECKING:
    from lake.trace.why.relations import Relation
    from lake.trace.why.syntax import Node
    from lake.trace.why.tracer import Tracer


def items(query: Query) -> list[Item]:
    """The rows of what is not a plain item of the block, which get a place in the tracing query."""
    return [*_filters(query), *_laterals(query), *_subqueries(query)]


def _filters(query: Query) -> list[Item]:
    """The rows that SEMI joins found; what ANTI joins looked for."""
    items, tracer = [], query.tracer
    for item in query.block.items:
        if not item.filter:
            continue
        join = next((j for j in item.joins if j["join_type"] in blocks.FILTERS), None)
        if join is None or join["right"] is not item.reference or len(item.joins) == 0:
            tracer.whole({"r": item.reference}, "a SEMI or ANTI join with several tables: all rows of them")
        elif item.filter == "ANTI":
            if not tracer.relations.monotone(item.relation):
                tracer.everything(item.relation)
        else:
            items.append(_semi(query, item, join))
    return items


def _semi(query: Query, item: Item, join: Node) -> Item:
    own = Item(syntax.clone(item.reference), item.relation, item.alias, item.columns)
    blocks.show(query.block, own)
    where = [*syntax.conditions(join["condition"])]
    for column in join["using_columns"]:
        outer = next(iter(having(query.block, join, column, right=False)))
        equal = syntax.expression("a = b")
        equal["left"] = syntax.column(outer[0].alias, outer[1])
        equal["right"] = syntax.column(item.alias, column)
        where.append(equal)
    listed = [*blocks.appended(query.tracer.relations, own, blocks.needed(own, where))]
    for using in join["using_columns"]:
        mine = {c.lower(): c for c in own.columns}
        if mine[using.lower()] not in own.requested and not own.stored:
            value = f"_c{own.number}_{len(own.requested)}"
            own.requested[own.own(using)] = value
            listed.append(blocks.named_as(syntax.column(own.alias, using), value))
    _beside(
        query,
        syntax.select(items=listed, source=own.reference, where=syntax.both(syntax.clone({"w": where})["w"])),
        [own],
    )
    return own


def _beside(query: Query, node: Node, items: Sequence[Item], on: str = "true") -> str:
    """Join the rows of a SELECT that may refer to the block's items, whose columns are the items' ids and values."""
    alias = query.tracer.relations.fresh("l")
    tree = syntax.reference(f"a LEFT JOIN LATERAL (SELECT 1) AS {alias} ON {on.replace('$', alias)}")
    tree["left"] = query.block.node["from_table"]
    tree["right"]["subquery"]["node"] = node
    query.block.node["from_table"] = tree
    for item in items:
        for value in (item.id, *item.requested.values()):
            query.more.append(blocks.named_as(syntax.column(alias, value), value))
    return alias


def _laterals(query: Query) -> list[Item]:
    """The rows of derived tables that refer to others: their own SELECT gives their numbers."""
    inputs = []
    for tree in query.block.laterals:
        node = tree["subquery"]["node"]
        if _is_unused(query, tree):
            continue
        items = _inner(query, node) if _is_simple(query.tracer, node) else None
        if items is None:
            inputs += _rows_of(query, node)
            continue
        for item in items:
            for value in (item.id, *item.requested.values()):
                query.more.append(blocks.named_as(syntax.column(tree["alias"], value), value))
        inputs += items
    return inputs


def _is_unused(query: Query, tree: Node) -> bool:
    """Whether a derived table gives one row whatever it reads, of which nothing is used."""
    node = tree["subquery"]["node"]
    if not query.tracer.relations.is_single(node):
        return False
    paths, stars = blocks.references(query.needs, conditions_of(query.block))
    names = {item["alias"].lower() for item in node["select_list"]} | {tree["alias"].lower()}
    exposed = bool(tree["column_name_alias"]) or not all(item["alias"] for item in node["select_list"])
    return not stars and not exposed and not any(names & set(path) for path in paths)


def _is_simple(tracer: Tracer, node: Node) -> bool:
    if node["type"] != "SELECT_NODE" or (node.get("cte_map") or {}).get("map") or node["modifiers"] or node["sample"]:
        return False
    grouped = tracer.relations.is_grouped(node) or node["group_expressions"]
    return not (grouped or node["qualify"] or syntax.windows(node["select_list"]))


def _inner(query: Query, node: Node) -> list[Item] | None:
    """Have an inner SELECT give its items' ids, too."""
    inner = blocks.take_apart(node, query.tracer.relations)
    trees = [node["select_list"], *conditions_of(inner)]
    if inner.laterals or syntax.subqueries(*trees) or any(item.filter for item in inner.items):
        return None
    for item in inner.items:
        blocks.show(inner, item)
        node["select_list"] += blocks.appended(query.tracer.relations, item, blocks.needed(item, trees))
    return inner.items


def _rows_of(query: Query, node: Node) -> list[Item]:
    """All rows behind FROM and WHERE of a SELECT that refers to the block's items, for each of these."""
    tracer = query.tracer
    if node["type"] == "SET_OPERATION_NODE" and not (node.get("cte_map") or {}).get("map"):
        return [item for side in (node["left"], node["right"]) for item in _rows_of(query, side)]
    if node["type"] != "SELECT_NODE" or (node.get("cte_map") or {}).get("map"):
        tracer.whole(node, "a subquery that refers to what is around it: all rows that it reads")
        return []
    if aggregates.chooses(tracer, node):
        tracer.notes["a subquery that chooses among rows: all rows that it chooses from"] = None
    own = syntax.select(
        items=[], source=syntax.clone(node["from_table"]), where=syntax.clone({"w": node["where_clause"]})["w"]
    )
    inner = blocks.take_apart(own, tracer.relations)
    others = [*syntax.subqueries(*conditions_of(inner)), *inner.laterals]
    for tree in others:
        tracer.whole(tree, "a subquery within a subquery: all rows that it reads")
    items = [item for item in inner.items if not item.filter]
    for item in inner.items:
        if item.filter or (not item.stored and not tracer.relations.monotone(item.relation)):
            tracer.everything(item.relation)
    if items:
        trees = [node["select_list"], node["having"], *conditions_of(inner)]
        for item in items:
            blocks.show(inner, item)
            own["select_list"] += blocks.appended(query.tracer.relations, item, blocks.needed(item, trees))
        _beside(query, own, items)
    return items


def _subqueries(query: Query) -> list[Item]:
    """The rows that subqueries in expressions found, compared or counted."""
    block, inputs = query.block, []
    where = block.where
    for condition in where:
        inputs += _condition(query, condition)
    rest = syntax.subqueries(query.needs, [join["condition"] for join in block.joins], block.functions)
    for inner in rest:
        inputs += _value(query, inner)
    return inputs


def _condition(query: Query, condition: Node) -> list[Item]:
    """The subqueries of a condition that holds in each row asked for."""
    tracer = query.tracer
    negated = condition.get("type") == "OPERATOR_NOT" and syntax.is_subquery(condition["children"][0])
    inner = condition["children"][0] if negated else condition
    if syntax.is_subquery(inner) and inner["subquery_type"] in ("EXISTS", "ANY"):
        node = inner["subquery"]["node"]
        equal = inner["subquery_type"] == "EXISTS" or inner["comparison_type"] == "COMPARE_EQUAL"
        if negated and equal:
            if not tracer.relations.is_monotone(node):
                tracer.whole(node, "NOT EXISTS or NOT IN over what counts, ranks or leaves out: all rows that it reads")
            return []
        return _value(query, inner, holds=not negated)
    return [item for one in syntax.subqueries(condition) for item in _value(query, one)]


def _value(query: Query, inner: Node, *, holds: bool = False) -> list[Item]:
    """The rows that a subquery's value comes from.

    Args:
        holds: it is a condition that holds.
    """
    relation = _relation(query.tracer, inner)
    if relation is None:
        return _rows_of(query, inner["subquery"]["node"])
    if inner["subquery_type"] == "ANY" and inner["comparison_type"] == "COMPARE_EQUAL":
        return [_among(query, inner, relation, holds)]
    of_itself(query.tracer, inner, relation)
    return []


def _relation(tracer: Tracer, inner: Node) -> Relation | None:
    """A subquery as a relation; None where it refers to what is around it."""
    import duckdb

    try:
        return tracer.relations.of(syntax.clone(inner["subquery"]["node"]))
    except duckdb.Error:
        return None


def of_itself(tracer: Tracer, inner: Node, relation: Relation | None = None) -> bool:
    """Ask for the rows of a subquery, whatever it is compared with; unless it refers to what is around it."""
    relation = relation or _relation(tracer, inner)
    if relation is None:
        return False
    kind = inner["subquery_type"]
    bag = kind not in ("SCALAR", "EXISTS") or not tracer.any(relation.view)
    if kind not in ("SCALAR", "EXISTS"):
        tracer.notes["a comparison with ALL or ANY rows: all of them"] = None
    if not (bag and kind in ("SCALAR", "EXISTS") and tracer.relations.monotone(relation)):
        rows = tracer.table(f"SELECT DISTINCT * FROM {relation.view}" if not bag else "SELECT 1 AS _")
        tracer.ask(relation, Points(rows, () if bag else relation.columns), bag)
    return True


def _among(query: Query, inner: Node, relation: Relation, holds: bool) -> Item:
    """x IN (SELECT y ...): the rows that give x, and, where none does, those that give null."""
    item = Item(syntax.reference(relation.view), relation, query.tracer.relations.fresh("d"), relation.columns)
    item.reference["alias"] = item.alias
    blocks.show(query.block, item)
    listed = [*blocks.appended(query.tracer.relations, item, relation.columns)]
    child = inner["child"]
    sought = query.tracer.relations.fresh("s")
    query.more.append(blocks.named_as(child, sought))
    value = item.requested[relation.columns[0]]
    alias = _beside(query, syntax.select(items=listed, source=item.reference), [item], f"_v_ = $.{value}")
    join = query.block.node["from_table"]
    equal = join["condition"]
    equal["left"] = syntax.clone(child)
    if not holds:
        either = syntax.expression("a OR b")
        null = syntax.expression("a IS NULL")
        null["children"] = [syntax.column(alias, value)]
        either["children"] = [equal, null]
        join["condition"] = either
    return item
