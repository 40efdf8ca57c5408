"""What DuckDB's own parser says of a text: whether it is one SELECT, its words, and the tables that it names.

DuckDB parses what DuckDB runs, in a fiftieth of the time that a parser in Python takes; that one (sqlglot) is asked
where expressions are looked into: for lineage and for lint.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lake.errors import ModelError
from lake.store.sql import quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_WORD = re.compile(
    rb"""[eE]'(?:[^'\\]|\\.|'')*'       # a text with escapes
       | (?:[bBxXnN]|[uU]&)?'(?:[^']|'')*'
       | \$(\w*)\$.*?\$\1\$
       | "(?:[^"]|"")*"                 # a quoted name
       | (?:(?!--|/\*)\S)+""",
    re.VERBOSE | re.DOTALL,
)
_LITERAL = (b"'", b'"', b"$")


def canonical(sql: str) -> tuple[str, list[str]]:
    """The text without comments, layout and the case of its words, and the names that stand before an opening bracket.

    >>> canonical("SELECT Kelvin(t)  -- in K")
    ('select kelvin ( t )', ['kelvin'])
    """
    import duckdb

    text = sql.encode()
    starts = [start for start, _ in duckdb.tokenize(sql)]
    found = [_WORD.match(text, start, end)[0] for start, end in pairwise([*starts, len(text)])]
    while found and found[-1] == b";":
        found.pop()
    words = [(word if b"'" in word or word.startswith(_LITERAL) else word.lower()).decode() for word in found]
    return " ".join(words), sorted({word for word, after in pairwise(words) if after == "("})


def statements(text: str, path: Path) -> list[str]:
    """The statements of a file.

    Raises:
        ModelError: it does not parse.
    """
    import duckdb

    try:
        return [statement.query.strip().rstrip(";") for statement in duckdb.extract_statements(text)]
    except duckdb.Error as error:
        raise ModelError(f"it does not parse: {str(error).splitlines()[0]}", where=str(path)) from None


def select(sql: str, path: Path) -> dict[str, Any]:
    """A model's canonical text, what it calls, and the tables that it reads.

    Raises:
        ModelError: it does not parse, is not one plain SELECT, or names a table without its layer.
    """
    tree = json.loads(_serialized(sql))
    if tree["error"]:
        raise _unparsed(tree, sql, path)
    if len(tree["statements"]) != 1:
        raise _not_a_select(path, f"it holds {len(tree['statements'])} statements")
    text, calls = canonical(sql)
    nodes = list(_nodes(tree))
    local = {entry["key"].lower() for node in nodes for entry in node.get("cte_map", {}).get("map", ())}
    tables = {_table(node, local, sql, path) for node in nodes if node.get("type") == "BASE_TABLE"} - {None}
    return {"canonical": text, "calls": calls, "tables": sorted(tables)}


@cache
def _parser() -> DuckDBPyConnection:
    import duckdb

    return duckdb.connect(config={"threads": 1})


def _serialized(sql: str) -> str:
    # A literal: the first parameter that is bound costs a third of a second, for it imports what it might be.
    options = "skip_null := true, skip_empty := true, skip_default := true"
    return _parser().cursor().execute(f"SELECT json_serialize_sql({quote(sql)}, {options})").fetchone()[0]


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def _table(node: dict[str, Any], local: set[str], sql: str, path: Path) -> str | None:
    """The table that a node names; None for one of the SELECT's own."""
    if "schema_name" in node:
        return f"{node['schema_name']}.{node['table_name']}".lower()
    if node["table_name"].lower() in local:
        return None
    raise ModelError(
        f"{path.stem} reads {node['table_name']!r}, a table without its layer",
        where=f"{path}:{_line(sql, node.get('query_location', 0))}",
        why="models name tables as layer.table: core.edges, raw.kegg_links",
    )


def _unparsed(tree: dict[str, Any], sql: str, path: Path) -> ModelError:
    if tree["error_type"] != "parser":
        return _not_a_select(path, "a PIVOT says its columns: ON year IN (...)" if "pivot" in sql.lower() else "")
    at = int(tree.get("position", 0))
    before = sql.encode()[:at].decode(errors="ignore")
    line, column = _line(sql, at), len(before) - (before.rfind("\n") + 1)
    return ModelError(
        f"{path.stem} does not parse: {tree['error_message']}",
        where=f"{path}:{line}",
        why=f"{(sql.splitlines() or [''])[line - 1]}\n{' ' * column}^",
    )


def _not_a_select(path: Path, why: str) -> ModelError:
    return ModelError("a model is one plain SELECT", where=str(path), why=why or "this is another statement")


def _line(sql: str, at: int) -> int:
    return min(sql.encode().count(b"\n", 0, at), max(len(sql.splitlines()) - 1, 0)) + 1
