"""The rows behind the FROM of a SELECT that some of its rows come from; or all that might."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from lake.store.sql import name
from lake.trace.why import blocks, subqueries, syntax
from lake.trace.why.blocks import Block, Item
from lake.trace.why.points import Points
from lake.trace.why.query import Query, Side, having, query_text
from lake.trace.why.query import conditions as conditions_of

if TYPE_CHECKING:
    from lake.trace.why.syntax import Node
    from lake.trace.why.tracer import Tracer

_NULL_REJECTING = (
    *("COMPARE_EQUAL", "COMPARE_NOTEQUAL", "COMPARE_LESSTHAN", "COMPARE_GREATERTHAN"),
    *("COMPARE_LESSTHANOREQUALTO", "COMPARE_GREATERTHANOREQUALTO"),
)


def trace(query: Query, points: Points) -> None:
    """Ask for the rows behind FROM that the asked rows come from."""
    tracer, block = query.tracer, query.block
    if query.bag and not _soft(query):
        region(tracer, block, query.requests, points, [query.needs, query.listed])
        return
    items = prepare(query)
    select = query_text(query)
    ids = [item.id for item in items]
    ids += [column for item in items for column in item.requested.values()]
    ids += [value for pairs in query.absent.values() for _, value in pairs]
    where = " OR ".join(f"_k{i}" for i in range(len(query.picks))) or "true"
    matching = tracer.matching(f"SELECT * FROM ({select}) WHERE {where}", points, ", ".join(ids) or "1 AS _")
    take(query, tracer.table(f"SELECT DISTINCT * FROM ({matching})"), items, points)


def _both_optional(query: Query) -> None:
    if any(join["join_type"] in ("OUTER", "FULL") for join in query.block.joins):
        query.tracer.notes["a FULL JOIN: the rows of both sides, of which one may be enough"] = None


def prepare(query: Query) -> list[Item]:
    """Give each item that counts an id in the tracing query, and the rows of subqueries a place in it."""
    block = query.block
    _both_optional(query)
    items = [item for item in block.items if not item.filter and _counts(query, item)]
    everywhere = [*query.needs, *conditions_of(block), *(pair[1] for pair in query.requests)]
    for item in items:
        blocks.show(block, item)
        shared = [column for join in item.joins for column in _shared(block, join, item)]
        columns = dict.fromkeys([*blocks.needed(item, everywhere), *shared])
        query.more += blocks.appended(query.tracer.relations, item, columns)
        if item.optional and not item.stored and not query.tracer.relations.monotone(item.relation):
            _look_for(query, item)
    if query.bag:
        return items
    return [*items, *subqueries.items(query)]


def _counts(query: Query, item: Item) -> bool:
    """Whether rows of the item can matter: not where it may be absent, or is always one, and nothing of it is used."""
    node = item.relation.node
    single = node is not None and query.tracer.relations.is_single(node)
    if query.bag or not (item.optional or single):
        return True
    own = [join["condition"] for join in item.joins[:1]] if item.optional else []
    others = [one for one in conditions_of(query.block) if not any(one is mine for mine in own)]
    trees = [query.needs, others, query.block.functions, query.block.laterals]
    shared = {column.lower() for join in item.joins[1:] for column in join["using_columns"]}
    return bool(blocks.needed(item, trees)) or not shared.isdisjoint(column.lower() for column in item.columns)


def _shared(block: Block, join: Node, item: Item) -> list[str]:
    """The columns by which a join without a condition joins."""
    lower = {column.lower(): column for column in item.columns}
    if join["ref_type"] == "NATURAL":
        return list(item.columns)
    return [lower[column.lower()] for column in join["using_columns"] if column.lower() in lower]


def _look_for(query: Query, item: Item) -> None:
    """Have the values by which an item was looked for, in case that nothing was there."""
    pairs: list[tuple[str, str]] = []
    for a, b, _ in blocks.equalities(query.block):
        for own, other in ((a, b), (b, a)):
            mine, theirs = blocks.owner(query.block, own), blocks.owner(query.block, other)
            if mine and mine[0] is item and theirs and theirs[0] is not item:
                value = f"_e{item.number}_{len(pairs)}"
                query.more.append(blocks.named_as(other, value))
                pairs.append((item.own(mine[1]), value))
    query.absent[item.id] = pairs


def take(query: Query, matching: str, items: Iterable[Item], points: Points, *, strict: bool = False) -> None:
    """Take the stored rows that were found, and ask for those of queries.

    Args:
        strict: rows that a query did not give could matter, too.
    """
    tracer = query.tracer
    for item in items:
        if item.stored:
            tracer.take(item.relation, matching, item.id)
            continue
        monotone = tracer.relations.monotone(item.relation)
        if (query.bag or strict) and not monotone:
            marked = regions(query.block, query.requests).get(item.id if item.number else item.alias, {})
            ask_region(tracer, item, marked, points, tuple(item.requested))
            continue
        listed = ", ".join(f"{value} AS {name(column)}" for column, value in item.requested.items())
        if tracer.any(matching, f"{item.id}"):
            item_points = tracer.table(f"SELECT DISTINCT {listed or '1 AS _'} FROM {matching} WHERE {item.id}")
            tracer.ask(item.relation, Points(item_points, tuple(item.requested)))
        if item.id in query.absent and tracer.any(matching, f"{item.id} IS NULL"):
            _ask_absent(query, item, matching)


def _ask_absent(query: Query, item: Item, matching: str) -> None:
    pairs = dict(query.absent[item.id])
    listed = ", ".join(f"{value} AS {name(column)}" for column, value in pairs.items()) or "1 AS _"
    absent_points = query.tracer.table(f"SELECT DISTINCT {listed} FROM {matching} WHERE {item.id} IS NULL")
    query.tracer.ask(item.relation, Points(absent_points, tuple(pairs), ()), True)


def _soft(query: Query) -> bool:
    """Whether the rows found are all that can matter: deleting others makes no new ones."""
    block, relations = query.block, query.tracer.relations
    if block.laterals or syntax.subqueries(query.needs, conditions_of(block), [p[1] for p in query.requests]):
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
    return not any(_touches(expression, optional) for _, expression in query.requests)


def _refuses_null(condition: Node, optional: list[Item]) -> bool:
    if not _touches(condition, optional):
        return True
    if condition.get("type") not in _NULL_REJECTING:
        return False
    plain = [side for side in (condition["left"], condition["right"]) if side.get("class") == "COLUMN_REF"]
    return any(_touches(side, optional) for side in plain)


def _touches(tree: Any, items: Iterable[Item]) -> bool:
    return any(blocks.needed(item, tree) for item in items)


def region(
    tracer: Tracer, block: Block, outputs: Sequence[tuple[str, Node]], points: Points, trees: Sequence[Any] = ()
) -> None:
    """Ask each item for all rows with the values that the asked columns and equalities leave; subqueries, for all."""
    marked = regions(block, outputs)
    for item in block.items:
        referenced = blocks.needed(
            item, [{**block.node, "from_table": None}, *trees], conditions_of(block), block.functions
        )
        shared = [column for join in item.joins for column in _shared(block, join, item)]
        needs = None if block.laterals else tuple(dict.fromkeys(map(item.own, [*referenced, *shared])))
        ask_region(tracer, item, marked.get(item.id if item.number else item.alias, {}), points, needs)
    inner = [*block.laterals, *syntax.subqueries({**block.node, "from_table": None}), *syntax.subqueries(block.joins)]
    for tree in [*inner, *block.functions]:
        if tracer.relations.under(tree):
            tracer.whole(
                tree, "a subquery whose rows are counted, ranked or looked for in vain: all rows that it reads"
            )
    if any(len(marked.get(item.alias, {})) == 0 for item in block.items):
        tracer.notes["what is counted or ranked is not partitioned by the columns asked for: all rows"] = None


def ask_region(
    tracer: Tracer, item: Item, marked: dict[str, str], points: Points, needs: tuple[str, ...] | None
) -> None:
    """Ask for all rows of an item that have the points' values.

    Args:
        marked: columns of the relation, each with the column of the points that has its values.
        needs: those whose values must stay; all, where None.
    """
    listed = ", ".join(f"{name(output)} AS {name(own)}" for own, output in marked.items()) or "1 AS _"
    region_points = tracer.table(f"SELECT DISTINCT {listed} FROM {points.table}")
    tracer.ask(item.relation, Points(region_points, tuple(marked), needs), True)


def regions(block: Block, outputs: Sequence[tuple[str, Node]]) -> dict[str, dict[str, str]]:
    """Of each item, the columns whose values are those of asked columns, in every row that can matter."""
    marked: dict[tuple[int, str], str] = {}
    owners = {id(item): item for item in block.items}
    for column, expression in outputs:
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
    by_item: dict[str, dict[str, str]] = {}
    for (key, column), given_column in marked.items():
        item = owners[key]
        by_item.setdefault(item.id if item.number else item.alias, {})[item.own(column)] = given_column
    return by_item


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
            return next(iter(having(block, join, column, right=False)), None)
    return None


def _equal_columns(block: Block) -> Iterable[tuple[Side, Side, str]]:
    """Columns that are held equal, and which side's values tell the other's: both, left, right or none."""
    for a, b, join in blocks.equalities(block):
        first, second = blocks.owner(block, a), blocks.owner(block, b)
        if first and second and first[0] is not second[0]:
            yield first, second, _way(first[0], second[0], join)
    for join in block.joins:
        if join["join_type"] in ("OUTER", "FULL"):
            continue
        for column in join["using_columns"]:
            lefts, rights = having(block, join, column, right=False), having(block, join, column, right=True)
            for first, second in zip(lefts, rights, strict=False):
                yield first, second, _way(first[0], second[0], join)


def _way(first: Item, second: Item, join: Node | None) -> str:
    weak = [item.optional or bool(item.filter) for item in (first, second)]
    if join is None or weak == [False, False]:
        return "both" if not any(weak) else "none"
    if join["join_type"] in ("INNER", "CROSS"):
        return "both"
    return "right" if weak[1] and not weak[0] else "left" if weak[0] and not weak[1] else "none"
