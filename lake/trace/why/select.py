"""One SELECT: the rows behind its FROM that some of its rows depend on.

The tracing query is the SELECT itself, which gives the number of each row behind FROM (or, of a query, the values of
its needed columns) beside its own columns, and is asked for the rows in question.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lake.store.sql import name
from lake.trace.why import blocks, groups, narrow, syntax, windows
from lake.trace.why.blocks import Block, Item
from lake.trace.why.tracer import Points

if TYPE_CHECKING:
    from lake.trace.why.relations import Relation
    from lake.trace.why.syntax import Node
    from lake.trace.why.tracer import Tracer

_NULL_REJECTING = ("COMPARE_EQUAL", "COMPARE_NOTEQUAL", "COMPARE_LESSTHAN", "COMPARE_GREATERTHAN")
_NULL_REJECTING += ("COMPARE_LESSTHANOREQUALTO", "COMPARE_GREATERTHANOREQUALTO")


@dataclass(slots=True)
class Query:
    """A tracing query in the making: what is asked for, and by which expressions."""

    tracer: Tracer
    block: Block
    given: list[tuple[str, Node]]  # the columns that rows are asked for by, and their expressions
    listed: list[Node]  # the select list that gives them
    needs: list[Node]  # expressions whose values count
    bag: bool
    picks: list[Node] = field(default_factory=list)  # of a group: conditions of the rows that are chosen
    more: list[Node] = field(default_factory=list)  # further columns
    absent: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  # item id -> its columns, and values' names


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
    limits, on = limits_of(node), distinct_on(node)
    chosen = blocks.outputs(node, points.columns, relation.columns)
    ranked = syntax.windows(chosen, node["qualify"], [one["expression"] for m in orders(node) for one in m["orders"]])
    given = expressions(node, relation.columns, points.columns)
    if limits and (bag or ranked or is_far(limits)):
        tracer.notes["LIMIT: all rows that it takes from"] = None
        region(tracer, block, [], points)
        return
    if bag and (ranked or on or node["qualify"]):
        kept = windows.partitions(node, ranked, on)
        region(tracer, block, [pair for pair in given if any(syntax.same(pair[1], one) for one in kept)], points)
        return
    if any(join["ref_type"] == "POSITIONAL" for join in block.joins):
        tracer.notes["a POSITIONAL JOIN: all rows of both sides"] = None
        region(tracer, block, [], points)
        return
    if not limits and not on:
        node["modifiers"] = []
    needs = [*chosen, *on, *(one["expression"] for m in orders(node) for one in m["orders"])]
    if not bag and not ranked and not on and not limits:
        needs = narrow.narrowed(tracer, block, relation, points, needs)
    listed = aliased(node, relation.columns)
    query = Query(tracer, block, given, listed, [*needs, node["qualify"]], bag)
    if ranked:
        windows.rows(query, points)
    else:
        rows(query, points)


def orders(node: Node) -> list[Node]:
    return [one for one in node["modifiers"] if one["type"] == "ORDER_MODIFIER"]


def limits_of(node: Node) -> list[Node]:
    return [one for one in node["modifiers"] if one["type"].startswith("LIMIT")]


def is_far(limits: list[Node]) -> bool:
    """Whether rows before one decide whether it is taken."""
    return any(one["type"] != "LIMIT_MODIFIER" or one.get("offset") for one in limits)


def distinct_on(node: Node) -> list[Node]:
    return [e for one in node["modifiers"] for e in one.get("distinct_on_targets") or []]


def aliased(node: Node, columns: Sequence[str]) -> list[Node]:
    """The select list, with the names of the relation's columns where each item gives one."""
    items = node["select_list"]
    if len(items) != len(columns) or syntax.stars(items):
        return list(items)
    return [blocks.named_as(item, column) for item, column in zip(items, columns, strict=True)]


def expressions(node: Node, columns: Sequence[str], wanted: Iterable[str]) -> list[tuple[str, Node]]:
    """Columns of the block and their expressions; a column of a star is a name."""
    items = node["select_list"]
    plain = len(items) == len(columns) and not syntax.stars(items)
    by_alias = {item["alias"].lower(): item for item in items if item["alias"]}
    return [(c, items[list(columns).index(c)] if plain else by_alias.get(c.lower(), syntax.column(c))) for c in wanted]


def rows(query: Query, points: Points) -> None:
    """Ask for the rows behind FROM that the asked rows come from."""
    tracer, block = query.tracer, query.block
    if query.bag and not _soft(query):
        region(tracer, block, query.given, points)
        return
    items = prepare(query)
    select = query_text(query)
    ids = [item.id for item in items]
    ids += [column for item in items for column in item.wanted.values()]
    ids += [value for pairs in query.absent.values() for _, value in pairs]
    where = " OR ".join(f"_k{i}" for i in range(len(query.picks))) or "true"
    found = tracer.matching(f"SELECT * FROM ({select}) WHERE {where}", points, ", ".join(ids) or "1 AS _")
    take(query, tracer.table(f"SELECT DISTINCT * FROM ({found})"), items, points)


def _both_optional(query: Query) -> None:
    if any(join["join_type"] in ("OUTER", "FULL") for join in query.block.joins):
        query.tracer.notes["a FULL JOIN: the rows of both sides, of which one may be enough"] = None


def prepare(query: Query) -> list[Item]:
    """Give each item that counts an id in the tracing query, and the rows of subqueries a place in it."""
    block = query.block
    _both_optional(query)
    items = [item for item in block.items if not item.filter and _counts(query, item)]
    everywhere = [*query.needs, *_conditions(block), *(pair[1] for pair in query.given)]
    for item in items:
        blocks.show(block, item)
        shared = [column for join in item.joins for column in _shared(block, join, item)]
        columns = dict.fromkeys([*blocks.needed(item, everywhere), *shared])
        query.more += blocks.appended(item, columns)
        if item.optional and not item.stored and not query.tracer.relations.monotone(item.relation):
            _look_for(query, item)
    if query.bag:
        return items
    return [*items, *_filters(query), *_laterals(query), *_subqueries(query)]


def _counts(query: Query, item: Item) -> bool:
    """Whether rows of the item can matter: one that may be absent, and of which nothing is used, cannot."""
    if query.bag or not item.optional:
        return True
    own = [join["condition"] for join in item.joins[:1]]
    others = [one for one in _conditions(query.block) if not any(one is mine for mine in own)]
    trees = [query.needs, others, query.block.functions, query.block.laterals]
    shared = {column.lower() for join in item.joins[1:] for column in join["using_columns"]}
    return bool(blocks.needed(item, trees)) or not shared.isdisjoint(column.lower() for column in item.columns)


def _conditions(block: Block) -> list[Node]:
    return [
        *(join["condition"] for join in block.joins if join["condition"]),
        *filter(None, [block.node["where_clause"]]),
    ]


def _shared(block: Block, join: Node, item: Item) -> list[str]:
    """The columns by which a join without a condition joins."""
    lower = {column.lower(): column for column in item.columns}
    if join["ref_type"] == "NATURAL":
        return list(item.columns)
    return [lower[column.lower()] for column in join["using_columns"] if column.lower() in lower]


def _look_for(query: Query, item: Item) -> None:
    """Have the values by which an item was looked for, in case that nothing was there."""
    pairs = []
    for a, b, _ in blocks.equalities(query.block):
        for own, other in ((a, b), (b, a)):
            mine, theirs = blocks.owner(query.block, own), blocks.owner(query.block, other)
            if mine and mine[0] is item and theirs and theirs[0] is not item:
                value = f"_e{item.number}_{len(pairs)}"
                query.more.append(blocks.named_as(other, value))
                pairs.append((item.own(mine[1]), value))
    query.absent[item.id] = pairs


def query_text(query: Query) -> str:
    node = query.block.node
    picks = [blocks.named_as(one, f"_k{i}") for i, one in enumerate(query.picks)]
    node["select_list"] = [*query.listed, *query.more, *picks]
    return syntax.text(node)


def take(query: Query, found: str, items: Iterable[Item], points: Points, *, strict: bool = False) -> None:
    """Take the stored rows that were found, and ask for those of queries.

    Args:
        strict: rows that a query did not give could matter, too.
    """
    tracer = query.tracer
    for item in items:
        if item.stored:
            tracer.take(item.relation, found, item.id)
            continue
        monotone = tracer.relations.monotone(item.relation)
        if (query.bag or strict) and not monotone:
            marked = regions(query.block, query.given).get(item.id if item.number else item.alias, {})
            ask_region(tracer, item, marked, points)
            continue
        listed = ", ".join(f"{value} AS {name(column)}" for column, value in item.wanted.items())
        if tracer.any(found, f"{item.id}"):
            asked = tracer.table(f"SELECT DISTINCT {listed or '1 AS _'} FROM {found} WHERE {item.id}")
            tracer.ask(item.relation, Points(asked, tuple(item.wanted)))
        if item.id in query.absent and tracer.any(found, f"{item.id} IS NULL"):
            _ask_absent(query, item, found)


def _ask_absent(query: Query, item: Item, found: str) -> None:
    pairs = dict(query.absent[item.id])
    listed = ", ".join(f"{value} AS {name(column)}" for column, value in pairs.items()) or "1 AS _"
    asked = query.tracer.table(f"SELECT DISTINCT {listed} FROM {found} WHERE {item.id} IS NULL")
    query.tracer.ask(item.relation, Points(asked, tuple(pairs)), True)


# Rows that must neither go nor come


def _soft(query: Query) -> bool:
    """Whether the rows found are all that can matter: deleting others makes no new ones."""
    block, relations = query.block, query.tracer.relations
    if block.laterals or syntax.subqueries(query.needs, _conditions(block), [p[1] for p in query.given]):
        return False
    for join in block.joins:
        simple = join["ref_type"] in ("REGULAR", "CROSS", "NATURAL") and join["join_type"] in ("INNER", "LEFT")
        if not simple:
            return False
    optional = [item for item in block.items if item.optional]
    if not all(relations.monotone(item.relation) for item in optional):
        return False
    if optional and not all(_refuses_null(one, optional) for one in block.where):
        return False
    return not any(_touches(expression, optional) for _, expression in query.given)


def _refuses_null(condition: Node, optional: list[Item]) -> bool:
    if not _touches(condition, optional):
        return True
    if condition.get("type") not in _NULL_REJECTING:
        return False
    plain = [side for side in (condition["left"], condition["right"]) if side.get("class") == "COLUMN_REF"]
    return any(_touches(side, optional) for side in plain)


def _touches(tree: Any, items: Iterable[Item]) -> bool:
    return any(blocks.needed(item, tree) for item in items)


def region(tracer: Tracer, block: Block, given: Sequence[tuple[str, Node]], points: Points) -> None:
    """Ask each item for all rows with the values that the asked columns and equalities leave; subqueries, for all."""
    marked = regions(block, given)
    for item in block.items:
        ask_region(tracer, item, marked.get(item.id if item.number else item.alias, {}), points)
    inner = [*block.laterals, *syntax.subqueries({**block.node, "from_table": None}), *syntax.subqueries(block.joins)]
    for tree in [*inner, *block.functions]:
        if tracer.relations.under(tree):
            tracer.whole(
                tree, "a subquery whose rows are counted, ranked or looked for in vain: all rows that it reads"
            )
    if any(len(marked.get(item.alias, {})) == 0 for item in block.items):
        tracer.notes["what is counted or ranked is not parted by the asked columns: all rows"] = None


def ask_region(tracer: Tracer, item: Item, marked: dict[str, str], points: Points) -> None:
    """Ask for all rows of an item that have the points' values.

    Args:
        marked: columns of the relation, each with the column of the points that has its values.
    """
    listed = ", ".join(f"{name(given)} AS {name(own)}" for own, given in marked.items()) or "1 AS _"
    asked = tracer.table(f"SELECT DISTINCT {listed} FROM {points.table}")
    tracer.ask(item.relation, Points(asked, tuple(marked)), True)


def regions(block: Block, given: Sequence[tuple[str, Node]]) -> dict[str, dict[str, str]]:
    """Of each item, the columns whose values are those of asked columns, in every row that can matter."""
    marked: dict[tuple[int, str], str] = {}
    owners = {id(item): item for item in block.items}
    for column, expression in given:
        one = blocks.owner(block, expression) or _using(block, expression)
        if one and not one[0].optional:
            marked.setdefault((id(one[0]), one[1]), column)
    pairs = [*_equal_columns(block)]
    changed = True
    while changed:
        changed = False
        for (item_a, a), (item_b, b), way in pairs:
            for (x, xc), (y, yc), allowed in (
                ((item_a, a), (item_b, b), way != "left"),
                ((item_b, b), (item_a, a), way != "right"),
            ):
                if allowed and (id(x), xc) in marked and (id(y), yc) not in marked:
                    marked[id(y), yc] = marked[id(x), xc]
                    changed = True
    found: dict[str, dict[str, str]] = {}
    for (key, column), given_column in marked.items():
        item = owners[key]
        found.setdefault(item.id if item.number else item.alias, {})[item.own(column)] = given_column
    return found


Side = tuple[Item, str]


def _using(block: Block, expression: Node) -> Side | None:
    """The item of a column that a join has from both sides."""
    if expression.get("class") != "COLUMN_REF" or len(expression["column_names"]) != 1:
        return None
    column = expression["column_names"][0].lower()
    for join in block.joins:
        if column in (c.lower() for c in join["using_columns"]) and join["join_type"] in (
            "INNER",
            "LEFT",
            "SEMI",
            "ANTI",
        ):
            return next(iter(_having(block, join, column, right=False)), None)
    return None


def _having(block: Block, join: Node, column: str, *, right: bool) -> Iterable[Side]:
    inner = {id(n) for n in syntax.walk(join["right"])}
    for item in block.items:
        if join not in item.joins or (id(item.reference) in inner) != right:
            continue
        for own in item.columns:
            if own.lower() == column.lower():
                yield item, own


def _equal_columns(block: Block) -> Iterable[tuple[Side, Side, str]]:
    """Columns that are held equal, and which side's values tell the other's: both, left, right or none."""
    for a, b, join in blocks.equalities(block):
        left, right = blocks.owner(block, a), blocks.owner(block, b)
        if left and right and left[0] is not right[0]:
            yield left, right, _way(left[0], right[0], join)
    for join in block.joins:
        if join["join_type"] in ("OUTER", "FULL"):
            continue
        for column in join["using_columns"]:
            lefts, rights = _having(block, join, column, right=False), _having(block, join, column, right=True)
            for left, right in zip(lefts, rights, strict=False):
                yield left, right, _way(left[0], right[0], join)


def _way(left: Item, right: Item, join: Node | None) -> str:
    weak = [item.optional or bool(item.filter) for item in (left, right)]
    if join is None or weak == [False, False]:
        return "both" if not any(weak) else "none"
    if join["join_type"] in ("INNER", "CROSS"):
        return "both"
    return "right" if weak[1] and not weak[0] else "left" if weak[0] and not weak[1] else "none"


# What gives no columns: SEMI and ANTI joins, subqueries; and derived tables that refer to others


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
        left = next(iter(_having(query.block, join, column, right=False)))
        equal = syntax.expression("a = b")
        equal["left"] = syntax.column(left[0].alias, left[1])
        equal["right"] = syntax.column(item.alias, column)
        where.append(equal)
    listed = [*blocks.appended(own, blocks.needed(own, where))]
    for using in join["using_columns"]:
        mine = {c.lower(): c for c in own.columns}
        if mine[using.lower()] not in own.wanted and not own.stored:
            value = f"_c{own.number}_{len(own.wanted)}"
            own.wanted[own.own(using)] = value
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
        for value in (item.id, *item.wanted.values()):
            query.more.append(blocks.named_as(syntax.column(alias, value), value))
    return alias


def _laterals(query: Query) -> list[Item]:
    """The rows of derived tables that refer to others: their own SELECT gives their numbers."""
    found = []
    for tree in query.block.laterals:
        node = tree["subquery"]["node"]
        if _is_unused(query, tree):
            continue
        items = _inner(query, node) if _is_simple(query.tracer, node) else None
        if items is None:
            found += _rows_of(query, node)
            continue
        for item in items:
            for value in (item.id, *item.wanted.values()):
                query.more.append(blocks.named_as(syntax.column(tree["alias"], value), value))
        found += items
    return found


def _is_unused(query: Query, tree: Node) -> bool:
    """Whether a derived table gives one row whatever it reads, of which nothing is used."""
    node = tree["subquery"]["node"]
    single = node["type"] == "SELECT_NODE" and query.tracer.relations.is_grouped(node) and not node["group_expressions"]
    if not single or node["having"] or node["modifiers"]:
        return False
    paths, stars = blocks.references(query.needs, _conditions(query.block))
    names = {item["alias"].lower() for item in node["select_list"]} | {tree["alias"].lower()}
    named = bool(tree["column_name_alias"]) or not all(item["alias"] for item in node["select_list"])
    return not stars and not named and not any(names & set(path) for path in paths)


def _is_simple(tracer: Tracer, node: Node) -> bool:
    if node["type"] != "SELECT_NODE" or (node.get("cte_map") or {}).get("map") or node["modifiers"] or node["sample"]:
        return False
    grouped = tracer.relations.is_grouped(node) or node["group_expressions"]
    return not (grouped or node["qualify"] or syntax.windows(node["select_list"]))


def _inner(query: Query, node: Node) -> list[Item] | None:
    """Have an inner SELECT give its items' ids, too."""
    inner = blocks.take_apart(node, query.tracer.relations)
    trees = [node["select_list"], *_conditions(inner)]
    if inner.laterals or syntax.subqueries(*trees) or any(item.filter for item in inner.items):
        return None
    for item in inner.items:
        blocks.show(inner, item)
        node["select_list"] += blocks.appended(item, blocks.needed(item, trees))
    return inner.items


def _rows_of(query: Query, node: Node) -> list[Item]:
    """All rows behind FROM and WHERE of a SELECT that refers to the block's items, for each of these."""
    tracer = query.tracer
    if node["type"] == "SET_OPERATION_NODE" and not (node.get("cte_map") or {}).get("map"):
        return [item for side in (node["left"], node["right"]) for item in _rows_of(query, side)]
    if node["type"] != "SELECT_NODE" or (node.get("cte_map") or {}).get("map"):
        tracer.whole(node, "a subquery that refers to what is around it: all rows that it reads")
        return []
    if groups.chooses(tracer, node):
        tracer.notes["a subquery that chooses among rows: all rows that it chooses from"] = None
    own = syntax.select(
        items=[], source=syntax.clone(node["from_table"]), where=syntax.clone({"w": node["where_clause"]})["w"]
    )
    inner = blocks.take_apart(own, tracer.relations)
    others = [*syntax.subqueries(*_conditions(inner)), *inner.laterals]
    for tree in others:
        tracer.whole(tree, "a subquery within a subquery: all rows that it reads")
    items = [item for item in inner.items if not item.filter]
    for item in inner.items:
        if item.filter or (not item.stored and not tracer.relations.monotone(item.relation)):
            tracer.everything(item.relation)
    if items:
        trees = [node["select_list"], node["having"], *_conditions(inner)]
        for item in items:
            blocks.show(inner, item)
            own["select_list"] += blocks.appended(item, blocks.needed(item, trees))
        _beside(query, own, items)
    return items


def _subqueries(query: Query) -> list[Item]:
    """The rows that subqueries in expressions found, compared or counted."""
    block, found = query.block, []
    where = block.where
    for condition in where:
        found += _condition(query, condition)
    rest = syntax.subqueries(query.needs, [join["condition"] for join in block.joins], block.functions)
    for inner in rest:
        found += _value(query, inner)
    return found


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
    listed = [*blocks.appended(item, relation.columns)]
    child = inner["child"]
    sought = query.tracer.relations.fresh("s")
    query.more.append(blocks.named_as(child, sought))
    value = item.wanted[relation.columns[0]]
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
