"""One SELECT taken apart: what stands behind its FROM, which columns of that it needs, and for which of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from lake.store.sql import name
from lake.trace.why import syntax
from lake.trace.why.points import Points
from lake.trace.why.relations import ROW, Relation, Relations
from lake.trace.why.syntax import Node

OPTIONAL = {"LEFT": (False, True), "RIGHT": (True, False), "OUTER": (True, True), "FULL": (True, True)}
FILTERS = ("SEMI", "ANTI")


@dataclass(eq=False, slots=True)
class Item:
    """A table, a CTE or a derived table behind FROM."""

    reference: Node  # in the block's tree; `show` changes it
    relation: Relation
    alias: str
    columns: tuple[str, ...]  # as the block names them
    number: int = 0
    optional: bool = False  # there may be no row of it
    filter: str = ""  # SEMI or ANTI: it gives no columns
    joins: list[Node] = field(default_factory=list)  # those that it stands in, inner ones first
    requested: dict[str, str] = field(default_factory=dict)  # columns of the relation -> name in the tracing query

    @property
    def stored(self) -> bool:
        return self.relation.node is None

    @property
    def id(self) -> str:
        """The column of the tracing query that has the number of its row; of a query, whether there is one."""
        return f"_x{self.number}"

    def own(self, column: str) -> str:
        """The relation's name of a column that the block may name otherwise."""
        return self.relation.columns[[c.lower() for c in self.columns].index(column.lower())]


@dataclass(eq=False, slots=True)
class Block:
    """One SELECT whose tree may be changed."""

    node: Node
    relations: Relations
    items: list[Item] = field(default_factory=list)
    laterals: list[Node] = field(default_factory=list)  # derived tables that refer to others
    joins: list[Node] = field(default_factory=list)
    functions: list[Node] = field(default_factory=list)

    @property
    def where(self) -> list[Node]:
        return syntax.conditions(self.node["where_clause"])


def take_apart(node: Node, relations: Relations) -> Block:
    """The block of a SELECT node, which is changed by tracing it."""
    block = Block(node, relations)
    _leaves(block, node["from_table"], False, "", [])
    return block


def _leaves(block: Block, tree: Node, optional: bool, filter: str, joins: list[Node]) -> None:
    kind = tree["type"]
    if kind == "JOIN":
        block.joins.append(tree)
        optional_left, optional_right = OPTIONAL.get(tree["join_type"], (False, False))
        _leaves(block, tree["left"], optional or optional_left, filter, [tree, *joins])
        own = tree["join_type"] if tree["join_type"] in FILTERS else filter
        _leaves(block, tree["right"], optional or optional_right, own, [tree, *joins])
    elif kind in ("EMPTY", "EXPRESSION_LIST", "SHOW_REF"):
        return
    elif kind == "TABLE_FUNCTION":
        block.functions.append(tree)
    else:
        _leaf(block, tree, optional, filter, joins)


def _leaf(block: Block, tree: Node, optional: bool, filter: str, joins: list[Node]) -> None:
    relation = _relation(block.relations, tree)
    if relation is None:
        if tree["type"] == "SUBQUERY":
            block.laterals.append(tree)
        return
    alias = tree["alias"] or (tree["table_name"] if tree["type"] == "BASE_TABLE" else block.relations.fresh("d"))
    tree["alias"] = alias
    renamed = tuple(tree.get("column_name_alias") or ())
    columns = (*renamed, *relation.columns[len(renamed) :])
    block.items.append(Item(tree, relation, alias, columns, 0, optional, filter, joins))


def _relation(relations: Relations, tree: Node) -> Relation | None:
    if tree["type"] == "BASE_TABLE":
        return relations.named(tree)
    try:
        if tree["type"] == "SUBQUERY":
            return relations.of(syntax.clone(tree["subquery"]["node"]))
        inner = {**syntax.clone(tree), "alias": "", "column_name_alias": []}
        relation = relations.of(syntax.select(items=[syntax.expression("*")], source=inner))
        relation.node = {**tree, "type": "PIVOT"}
        return relation
    except duckdb.Error:
        return None


def show(block: Block, item: Item) -> None:
    """Put in the item's place a view that has the number of each row, too."""
    if not item.number:
        relations = block.relations
        view = relations.fresh("i")
        item.number = int(view[2:])
        stored = item.stored
        row = name(ROW) if stored else "true"
        source = item.relation.rows if stored else item.relation.view
        own = f"* EXCLUDE ({name(ROW)})" if stored else "*"  # NATURAL JOIN would join by it
        relations.connection.execute(f"CREATE TEMP VIEW {view} AS SELECT {own}, {row} AS _r{item.number} FROM {source}")
        aliases = {"alias": item.alias, "column_name_alias": item.reference.get("column_name_alias") or []}
        node = syntax.reference(view)
        item.reference.clear()
        item.reference.update({**node, **aliases})


def appended(relations: Relations, item: Item, columns: Iterable[str]) -> Iterator[Node]:
    """What the tracing query gives of the item: its id, and the columns of it that are needed where it is a query."""
    yield _as(syntax.column(item.alias, f"_r{item.number}"), item.id)
    if item.stored:
        relations.use(item.relation, map(item.own, columns))
        return
    for i, column in enumerate(columns):
        item.requested[item.own(column)] = f"_c{item.number}_{i}"
        yield _as(syntax.column(item.alias, column), f"_c{item.number}_{i}")


def _as(node: Node, alias: str) -> Node:
    return {**node, "alias": alias}


def named_as(node: Node, alias: str) -> Node:
    """An expression with this alias."""
    return {**node, "alias": alias}


def references(*trees: Any) -> tuple[list[list[str]], list[Node]]:
    """The names, in lower case, and the stars of expressions, those within subqueries too."""
    paths, stars = [], []
    for node in syntax.walk(list(trees)):
        if node.get("class") == "COLUMN_REF":
            paths.append([part.lower() for part in node["column_names"]])
        elif node.get("class") == "STAR":
            stars.append(node)
    return paths, stars


def needed(item: Item, *trees: Any) -> list[str]:
    """The columns of an item that expressions may name."""
    paths, stars = references(*trees)
    alias = item.alias.lower()
    if any(not star["relation_name"] or star["relation_name"].lower() == alias for star in stars):
        return list(item.columns)
    lower = {column.lower(): column for column in item.columns}
    columns: dict[str, None] = {}
    for path in paths:
        if path[0] == alias and len(path) == 1 and alias not in lower:
            return list(item.columns)  # the row as a whole
        for part in _meant(path, alias):
            if part in lower:
                columns[lower[part]] = None
    return list(columns)


def _meant(path: list[str], alias: str) -> list[str]:
    if path[0] == alias and len(path) > 1:
        return [path[1], path[0]]
    if len(path) > 2 and path[1] == alias:  # layer.table.column
        return [path[2]]
    return [path[0]]


def counted(relation: Relation, points: Points, bag: bool) -> list[str]:
    """The columns of a relation whose values count: those asked by, and those that must stay."""
    if not bag:
        return list(points.columns)
    return list(dict.fromkeys([*points.columns, *(relation.columns if points.needs is None else points.needs)]))


def outputs(node: Node, columns: Iterable[str], all_columns: tuple[str, ...]) -> list[Node]:
    """The expressions that some of the block's columns are computed by."""
    items = node["select_list"]
    plain = len(items) == len(all_columns) and not syntax.stars(items)
    chosen: list[Node] = []
    for column in columns:
        if plain:
            chosen.append(items[all_columns.index(column)])
            continue
        own = [item for item in items if item["alias"].lower() == column.lower()]
        chosen += own or [*_of_stars(column, syntax.stars(items)), *_unnamed(items)]
    return _with_aliases(node, chosen)


def _of_stars(column: str, stars: list[Node]) -> list[Node]:
    """The expressions of a column that stars give: the column of that name, unless they rename or compute it."""
    changed = [star for star in stars if star["columns"] or star["expr"] or star.get("rename_list")]
    replaced = [r["value"] for s in stars for r in s["replace_list"] or [] if r["key"].lower() == column.lower()]
    return [*changed, *(replaced or [syntax.column(column)])]


def _unnamed(items: list[Node]) -> list[Node]:
    """Those that may give several columns, or one whose name is not written."""
    return [item for item in items if not item["alias"] and item.get("class") not in ("STAR",)]


def _with_aliases(node: Node, chosen: list[Node]) -> list[Node]:
    """The expressions, and those of the aliases that they name."""
    by_alias = {item["alias"].lower(): item for item in node["select_list"] if item["alias"]}
    todo, visited = list(chosen), {id(one) for one in chosen}
    for one in todo:
        for path in references(one)[0]:
            item = by_alias.get(path[0])
            if item is not None and id(item) not in visited:
                visited.add(id(item))
                todo.append(item)
    return todo


def equalities(block: Block) -> list[tuple[Node, Node, Node | None]]:
    """The columns that joins and WHERE hold equal, each with the join that does; none of those that OUTER ones do."""
    pairs: list[tuple[Node, Node, Node | None]] = []
    for join in block.joins:
        if join["join_type"] in ("OUTER", "FULL") or join["ref_type"] == "POSITIONAL":
            continue
        pairs += [(a, b, join) for a, b in _equal(syntax.conditions(join["condition"]))]
    return pairs + [(a, b, None) for a, b in _equal(block.where)]


def _equal(conditions: Iterable[Node]) -> Iterator[tuple[Node, Node]]:
    for one in conditions:
        sides = (one["left"], one["right"]) if one.get("type") == "COMPARE_EQUAL" else ()
        if sides and all(side.get("class") == "COLUMN_REF" for side in sides):
            yield sides


def owner(block: Block, reference: Node) -> tuple[Item, str] | None:
    """The item and column that a reference means; None where that is not sure."""
    if reference.get("class") != "COLUMN_REF":
        return None
    path = [part.lower() for part in reference["column_names"]]
    owners = []
    for item in block.items:
        lower = {column.lower(): column for column in item.columns}
        if len(path) == 2 and path[0] == item.alias.lower() and path[1] in lower:
            return item, lower[path[1]]
        if len(path) == 1 and path[0] in lower:
            owners.append((item, lower[path[0]]))
    return owners[0] if len(owners) == 1 and not block.functions and not block.laterals else None


def aliased(node: Node, columns: Sequence[str]) -> list[Node]:
    """The select list, with the names of the relation's columns where each item gives one."""
    items = node["select_list"]
    if len(items) != len(columns) or syntax.stars(items):
        return list(items)
    return [named_as(item, column) for item, column in zip(items, columns, strict=True)]


def expressions(node: Node, columns: Sequence[str], names: Iterable[str]) -> list[tuple[str, Node]]:
    """Columns of the block and their expressions; a column of a star is a name."""
    items = node["select_list"]
    plain = len(items) == len(columns) and not syntax.stars(items)
    by_alias = {item["alias"].lower(): item for item in items if item["alias"]}
    return [(c, items[list(columns).index(c)] if plain else by_alias.get(c.lower(), syntax.column(c))) for c in names]


def orders(node: Node) -> list[Node]:
    return [one for one in node["modifiers"] if one["type"] == "ORDER_MODIFIER"]


def limits_of(node: Node) -> list[Node]:
    return [one for one in node["modifiers"] if one["type"].startswith("LIMIT")]


def is_far(limits: list[Node]) -> bool:
    """Whether rows before one decide whether it is taken."""
    return any(one["type"] != "LIMIT_MODIFIER" or one.get("offset") for one in limits)


def distinct_on(node: Node) -> list[Node]:
    return [e for one in node["modifiers"] for e in one.get("distinct_on_targets") or []]
