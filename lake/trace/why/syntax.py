"""DuckDB's own syntax tree of a SELECT: read, looked through, changed, and written as SQL again.

The tree is the one that ``json_serialize_sql`` gives, so that whatever DuckDB parses can be traced. One thing is lost
when it is written again: 1e-3 becomes 0.001, a DECIMAL. `parse` puts a CAST in such a number's place.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from lake.store.sql import connect, name, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Node = dict[str, Any]

QUERIES = ("SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE")
RANKS = ("WINDOW_ROW_NUMBER", "WINDOW_RANK", "WINDOW_RANK_DENSE")
_INEXACT = ("DOUBLE", "FLOAT", "DECIMAL")


@cache
def _parser() -> DuckDBPyConnection:
    return connect(threads=1)


def parse(sql: str) -> Node:
    """The query node of one SELECT.

    Raises:
        ValueError: DuckDB does not parse it, or it is another statement.
    """
    row = _parser().cursor().execute(f"SELECT json_serialize_sql({quote(sql)})").fetchone()
    tree = json.loads(row[0])  # type: ignore[index]
    if tree["error"] or len(tree["statements"]) != 1:
        raise ValueError(tree.get("error_message", "more than one statement"))
    node: Node = _exact(tree["statements"][0]["node"])
    return node


def text(node: Node) -> str:
    """A query node as SQL."""
    tree = {"error": False, "statements": [{"node": node, "named_param_map": []}]}
    row = _parser().cursor().execute(f"SELECT json_deserialize_sql({quote(json.dumps(tree))})").fetchone()
    return str(row[0])  # type: ignore[index]


@cache
def _expression(sql: str) -> str:
    tree = parse(f"SELECT {sql}")
    return json.dumps(tree["select_list"][0])


def expression(sql: str) -> Node:
    """The node of one expression."""
    node: Node = json.loads(_expression(sql))
    return node


@cache
def _reference(sql: str) -> str:
    return json.dumps(parse(f"SELECT 1 FROM {sql}")["from_table"])


def reference(sql: str) -> Node:
    """The node of what stands behind FROM."""
    node: Node = json.loads(_reference(sql))
    return node


def column(*path: str) -> Node:
    """A reference to a column: of a table, where two names are given."""
    return expression(".".join(map(name, path)))


def select(*, items: Iterable[Node], source: Node | None = None, where: Node | None = None) -> Node:
    """A plain SELECT node of these parts."""
    node = parse("SELECT 1")
    node["select_list"], node["where_clause"] = list(items), where
    if source is not None:
        node["from_table"] = source
    return node


def both(conditions: Iterable[Node]) -> Node | None:
    """All of the conditions as one."""
    listed = list(conditions)
    if len(listed) < 2:
        return listed[0] if listed else None
    node = expression("true AND false")
    node["children"] = listed
    return node


def conditions(node: Node | None) -> list[Node]:
    """The conditions that AND joins, however deep."""
    if node is None:
        return []
    if node.get("type") == "CONJUNCTION_AND":
        return [one for child in node["children"] for one in conditions(child)]
    return [node]


def walk(tree: Any, stop: Callable[[Node], bool] | None = None) -> Iterator[Node]:
    """Every node, outer ones first; what is within one for which ``stop`` holds is left out."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            if stop is None or not stop(node):
                waiting.extend(reversed(node.values()))
        elif isinstance(node, list):
            waiting.extend(reversed(node))


def is_query(node: Node) -> bool:
    return node.get("type") in QUERIES


def is_subquery(node: Node) -> bool:
    """Whether it is a subquery within an expression."""
    return node.get("class") == "SUBQUERY"


def subqueries(*trees: Any) -> list[Node]:
    """The subqueries of expressions, without those that are within others."""
    return [node for node in walk(list(trees), is_subquery) if is_subquery(node)]


def windows(*trees: Any) -> list[Node]:
    """The calls of window functions, without those within subqueries."""
    return [node for node in walk(list(trees), is_subquery) if node.get("class") == "WINDOW"]


def stars(*trees: Any) -> list[Node]:
    return [node for node in walk(list(trees), is_subquery) if node.get("class") == "STAR"]


def same(a: Any, b: Any) -> bool:
    """Whether two expressions are written alike, but for their place, their alias and the case of names."""
    return bool(_bare(a) == _bare(b))


def _bare(node: Any) -> Any:
    if isinstance(node, dict):
        bare = {key: _bare(value) for key, value in node.items() if key not in ("query_location", "alias")}
        if node.get("class") == "COLUMN_REF":
            bare["column_names"] = [part.lower() for part in node["column_names"]]
        return bare
    return [_bare(value) for value in node] if isinstance(node, list) else node


def _exact(tree: Any) -> Any:
    """The tree, with a CAST in place of each number that would be written as one of another type."""
    if isinstance(tree, list):
        return [_exact(value) for value in tree]
    if not isinstance(tree, dict):
        return tree
    if tree.get("class") == "CONSTANT" and _is_inexact(tree["value"]):
        return _cast(tree)
    return {key: _exact(value) for key, value in tree.items()}


def _is_inexact(value: Node) -> bool:
    type = value["type"]
    has_fraction = type["id"] == "DECIMAL" and type["type_info"]["scale"] > 0
    return bool(type["id"] in _INEXACT and not value["is_null"] and not has_fraction)


def _cast(constant: Node) -> Node:
    type, number = constant["value"]["type"], constant["value"]["value"]
    if type["id"] == "DECIMAL":
        sql = f"CAST('{number}' AS DECIMAL({type['type_info']['width']}, 0))"
    else:
        sql = f"CAST('{number!r}' AS {type['id']})"
    cast = json.loads(json.dumps(_raw_cast(sql)))
    return {**cast, "alias": constant["alias"], "query_location": constant["query_location"]}


@cache
def _raw_cast(sql: str) -> Node:
    row = _parser().cursor().execute(f"SELECT json_serialize_sql({quote('SELECT ' + sql)})").fetchone()
    node: Node = json.loads(row[0])["statements"][0]["node"]["select_list"][0]  # type: ignore[index]
    return node


def clone(node: Node) -> Node:
    return copy.deepcopy(node)
