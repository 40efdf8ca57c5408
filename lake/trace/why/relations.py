"""What a query reads, and the queries within it, each as a relation of a name: stored tables, CTEs, derived tables.

A query is cut at its CTEs and derived tables; each part becomes a temporary view that stands alone, so that rows of it
can be asked for. A recursive CTE becomes a temporary table: it is run once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from lake.store.sql import name
from lake.trace.why import syntax
from lake.trace.why.syntax import Node

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_numbers = count(1)
ROW = "_row"  # the number of a stored row
_AGGREGATES = "SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE function_type = 'aggregate'"
_MACROS = "SELECT DISTINCT lower(function_name), macro_definition FROM duckdb_functions() WHERE function_type = 'macro'"


@dataclass(eq=False, slots=True)
class Relation:
    """Something with rows."""

    view: str  # its name in SQL
    columns: tuple[str, ...]
    node: Node | None = None  # the query that it is; None: a stored table
    table: str = ""  # of a stored one: layer.table
    rows: str = ""  # of a stored one: the view that has its rows' numbers, too
    cte: str = ""  # of a recursive one: its name within itself


Scope = Mapping[str, Relation]  # CTEs by name, in lower case


@dataclass(frozen=True, slots=True)
class Names:
    """The aggregates that a connection knows: those of DuckDB, and with the macros that call one."""

    plain: frozenset[str]
    aggregates: frozenset[str]

    @classmethod
    def of(cls, connection: DuckDBPyConnection) -> Names:
        return cls(*_aggregates(connection))


@dataclass(slots=True)
class Relations:
    """The relations of a trace."""

    connection: DuckDBPyConnection
    stored: Mapping[str, Relation]
    names: Names
    by_view: dict[str, Relation] = field(default_factory=dict)
    used: dict[str, dict[str, None]] = field(default_factory=dict)  # by stored table: the columns that were looked at
    _monotone: dict[str, bool] = field(default_factory=dict)

    def fresh(self, prefix: str) -> str:
        """A name that nothing else has."""
        return f"_{prefix}{next(_numbers)}"

    def of(self, node: Node, scope: Scope | None = None, names: list[str] | None = None) -> Relation:
        """A query as a relation.

        Args:
            node: its tree; it is changed.
            scope: the CTEs that it may name.
            names: of its columns, where they are not its own.

        Raises:
            duckdb.Error: it cannot stand alone, for it refers to what is around it.
        """
        scope = self._ctes(node, scope or {})
        node = self.closed(node, scope)
        view = self.fresh("q")
        listed = f"({', '.join(map(name, names))})" if names else ""
        self.connection.execute(f"CREATE TEMP VIEW {view}{listed} AS {syntax.text(node)}")
        return self._register(Relation(view, self.columns(view), node))

    def _register(self, relation: Relation) -> Relation:
        self.by_view[relation.view] = relation
        return relation

    def use(self, relation: Relation, columns: Iterable[str]) -> None:
        """Keep which columns of a stored table are looked at."""
        self.used.setdefault(relation.table, {}).update(dict.fromkeys(columns))

    def columns(self, view: str) -> tuple[str, ...]:
        return tuple(row[0] for row in self.connection.execute(f"DESCRIBE {view}").fetchall())

    def _ctes(self, node: Node, scope: Scope) -> Scope:
        """The scope, with the CTEs of the node itself, which it has no more then."""
        entries = (node.get("cte_map") or {}).get("map", [])
        for entry in entries:
            query, aliases = entry["value"]["query"]["node"], entry["value"].get("aliases") or []
            if query["type"] == "RECURSIVE_CTE_NODE":
                relation = self._recursive(entry, query, scope)
            else:
                relation = self.of(query, scope, aliases)
            scope = {**scope, entry["key"].lower(): relation}
        if entries:
            node["cte_map"]["map"] = []
        return scope

    def _recursive(self, entry: Node, query: Node, scope: Scope) -> Relation:
        inner: Scope = {key: relation for key, relation in scope.items() if key != entry["key"].lower()}
        for side in ("left", "right"):
            inner = self._ctes(query[side], inner)
            query[side] = self.closed(query[side], inner)
        outer = syntax.parse("SELECT * FROM x")
        outer["cte_map"]["map"] = [entry]
        outer["from_table"]["table_name"] = entry["key"]
        view = self.fresh("q")
        self.connection.execute(f"CREATE TEMP TABLE {view} AS {syntax.text(outer)}")
        return self._register(Relation(view, self.columns(view), query, cte=entry["key"].lower()))

    def closed(self, tree: Node, scope: Scope) -> Node:
        """The tree, with the views of the CTEs that it names in their places."""
        if isinstance(tree, list):
            return [self.closed(value, scope) for value in tree]
        if not isinstance(tree, dict):
            return tree
        if tree.get("type") == "BASE_TABLE" and not tree["schema_name"]:
            return self._closed_table(tree, scope)
        own = {entry["key"].lower() for entry in (tree.get("cte_map") or {}).get("map", [])}
        if own:
            scope = {key: relation for key, relation in scope.items() if key not in own}
        return {key: self.closed(value, scope) for key, value in tree.items()}

    def _closed_table(self, tree: Node, scope: Scope) -> Node:
        relation = scope.get(tree["table_name"].lower())
        if relation is None:
            return tree
        return {**tree, "table_name": relation.view, "alias": tree["alias"] or tree["table_name"]}

    def named(self, reference: Node) -> Relation | None:
        """The relation that a reference to a table means."""
        if reference["schema_name"]:
            return self.stored.get(f"{reference['schema_name']}.{reference['table_name']}".lower())
        return self.by_view.get(reference["table_name"])

    def under(self, tree: Node) -> dict[str, Relation]:
        """The stored tables that a tree reads, through its views too."""
        tables: dict[str, Relation] = {}
        visited: set[str] = set()
        waiting: list[Node] = [tree]
        while waiting:
            for node in syntax.walk(waiting.pop()):
                if node.get("type") != "BASE_TABLE" or not (relation := self.named(node)):
                    continue
                if relation.node is None:
                    tables[relation.table] = relation
                elif relation.view not in visited:
                    visited.add(relation.view)
                    waiting.append(relation.node)
        return tables

    def aggregated(self, *trees: object) -> list[Node]:
        """The calls of aggregates, without those of windows and within subqueries."""

        def stop(node: Node) -> bool:
            return syntax.is_subquery(node) or node.get("class") == "WINDOW"

        nodes = syntax.walk(list(trees), stop)
        return [
            n for n in nodes if n.get("class") == "FUNCTION" and n["function_name"].lower() in self.names.aggregates
        ]

    def is_grouped(self, node: Node) -> bool:
        forced = node["aggregate_handling"] == "FORCE_AGGREGATES"
        return bool(forced or node["group_sets"] or self.aggregated(node["select_list"], node["having"]))

    def is_single(self, node: Node) -> bool:
        """Whether it gives one row, whatever it reads."""
        if node["type"] != "SELECT_NODE" or node["group_expressions"] or not self.is_grouped(node):
            return False
        return not (node["having"] or node["modifiers"] or node["qualify"])

    def monotone(self, relation: Relation) -> bool:
        """Whether fewer rows in what it reads never make a row that it had not."""
        if relation.node is None:
            return True
        if relation.view not in self._monotone:
            self._monotone[relation.view] = True  # a recursive one meets itself
            self._monotone[relation.view] = self.is_monotone(relation.node)
        return self._monotone[relation.view]

    def is_monotone(self, node: Node) -> bool:
        kind = node["type"]
        if kind == "RECURSIVE_CTE_NODE":
            return self.is_monotone(node["left"]) and self.is_monotone(node["right"]) and not node.get("key_targets")
        if kind == "SET_OPERATION_NODE":
            simple = node["setop_type"] != "EXCEPT" and not (node["setop_type"] == "INTERSECT" and node["setop_all"])
            return simple and not node["modifiers"] and all(map(self.is_monotone, sides(node)))
        return kind == "SELECT_NODE" and self._monotone_select(node)

    def _monotone_select(self, node: Node) -> bool:
        plain = [one for one in node["modifiers"] if one["type"] not in ("ORDER_MODIFIER", "DISTINCT_MODIFIER")]
        on = any(one.get("distinct_on_targets") for one in node["modifiers"])
        if plain or on or node["sample"] or node["qualify"] or self.is_grouped(node):
            return False
        if syntax.windows(node["select_list"], node["where_clause"]) or syntax.subqueries(node["select_list"]):
            return False
        return all(map(self._keeps, syntax.conditions(node["where_clause"]))) and self._monotone_from(
            node["from_table"]
        )

    def _keeps(self, condition: Node) -> bool:
        """Whether a condition that holds not, holds not either with fewer rows."""
        inner = syntax.subqueries(condition)
        if not inner:
            return True
        positive = inner[0] is condition and condition["subquery_type"] in ("EXISTS", "ANY")
        return positive and self.is_monotone(condition["subquery"]["node"])

    def _monotone_from(self, tree: Node) -> bool:
        kind = tree["type"]
        if kind == "JOIN":
            plain = tree["join_type"] in ("INNER", "SEMI") and tree["ref_type"] in ("REGULAR", "CROSS", "NATURAL")
            simple = plain and not syntax.subqueries(tree["condition"])
            return simple and self._monotone_from(tree["left"]) and self._monotone_from(tree["right"])
        if kind == "BASE_TABLE":
            relation = self.named(tree)
            return tree["sample"] is None and (relation is None or self.monotone(relation))
        if kind == "SUBQUERY":
            return tree["sample"] is None and self.is_monotone(tree["subquery"]["node"])
        return kind in ("EMPTY", "EXPRESSION_LIST", "TABLE_FUNCTION") and not syntax.subqueries(tree)


def sides(node: Node) -> list[Node]:
    """What a set operation is made of."""
    return [node["left"], node["right"]]


def _aggregates(connection: DuckDBPyConnection) -> tuple[frozenset[str], frozenset[str]]:
    """The names of aggregates; and these with those of macros that call one."""
    names = {name for (name,) in connection.execute(_AGGREGATES).fetchall()} | {"count_star"}
    plain = frozenset(names)
    bodies = {name: _called(body) for name, body in connection.execute(_MACROS).fetchall() if body}
    grown: Callable[[], set[str]] = lambda: {name for name, calls in bodies.items() if calls & names} - names  # noqa: E731
    while more := grown():
        names |= more
    return plain, frozenset(names)


_bodies: dict[str, frozenset[str]] = {}


def _called(body: str) -> frozenset[str]:
    if body not in _bodies:
        try:
            nodes = list(syntax.walk(syntax.parse(f"SELECT {body}"), syntax.is_subquery))
        except ValueError:  # of a macro that gives a table
            nodes = []
        _bodies[body] = frozenset(n["function_name"].lower() for n in nodes if n.get("class") == "FUNCTION")
    return _bodies[body]
