"""What DuckDB's own parser says of a text: what it means, what it calls, and the tables that it names.

DuckDB parses what DuckDB runs, in a fiftieth of the time that a parser in Python takes; that one (sqlglot) is asked
where expressions are looked into: for lineage and for lint. Two texts mean the same where DuckDB's parser makes the
same tree of them: comments, layout, and the case of keywords and functions are not in it; names are as they are
written, for to_json(), UNPIVOT and others make values of them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lake.errors import ModelError
from lake.store.sql import connect, quote, scalar

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MORE = rb"(?:(?:\s|--[^\n]*\n)+'(?:[^']|'')*')*"  # of a text that goes on in the next line
_WORD = re.compile(
    rb"""[eE]'(?:[^'\\]|\\.|'')*'%b       # a text with escapes
       | (?:[bBxXnN]|[uU]&)?'(?:[^']|'')*'%b
       | \$(\w*)\$.*?\$\1\$
       | "(?:[^"]|"")*"                 # a quoted name
       | (?:(?!--|/\*)\S)+"""
    % (_MORE, _MORE),
    re.VERBOSE | re.DOTALL,
)
OF_SESSION = frozenset(  # functions that are written without brackets: they are columns of that name where there are
    "current_catalog current_date current_role current_schema current_time current_timestamp current_user localtime "
    "localtimestamp session_user user".split()
)
_OPTIONS = "skip_null := true, skip_empty := true, skip_default := true"
_NO_LAYER = ("", "main", "pg_catalog")
_OPEN, _CLOSED = frozenset("([{"), frozenset(")]}")


class Word(NamedTuple):
    """A word of a text, and its position: characters from its beginning."""

    text: str
    start: int
    end: int

    @property
    def key(self) -> str:
        """In lower case; a text or a quoted name stays as it is."""
        return self.text if self.text[-1:] in ("'", '"', "$") else self.text.lower()


def words(sql: str) -> list[Word]:
    """The words of a text, without its comments.

    >>> [word.text for word in words('SELECT "a b" -- no word')]
    ['SELECT', '"a b"']
    """
    import duckdb

    text = sql.encode()
    starts = [start for start, _ in duckdb.tokenize(sql)]
    matches = [_WORD.match(text, start, end) for start, end in pairwise([*starts, len(text)])]
    position = (lambda at: at) if len(text) == len(sql) else (lambda at: len(text[:at].decode()))
    return [Word(m[0].decode(), position(m.start()), position(m.end())) for m in matches if m]


def bare(sql: str) -> str:
    """A statement up to its last word, without a semicolon and what follows it.

    >>> bare("SELECT 1 ; -- one")
    'SELECT 1'
    """
    rest = words(sql)
    while rest and rest[-1].text == ";":
        rest.pop()
    return sql[: rest[-1].end] if rest else ""


def canonical(sql: str) -> str:
    """A digest of what a text of any statements means.

    >>> canonical("SELECT Kelvin(t)  -- in K") == canonical("select kelvin( t )")
    True
    >>> canonical("SELECT {Foo: 1}") == canonical("SELECT {foo: 1}")
    False
    """
    tree = _tree(sql)
    return _digest(_without_places(tree) if not tree["error"] else [word.text for word in words(bare(sql))])


def statements(text: str, path: Path) -> list[str]:
    """The statements of a file.

    Raises:
        ModelError: it does not parse.
    """
    import duckdb

    try:
        return [bare(statement.query).strip() for statement in duckdb.extract_statements(text)]
    except duckdb.Error as error:
        raise ModelError(f"it does not parse: {str(error).splitlines()[0]}", where=str(path)) from None


def select(sql: str, path: Path) -> dict[str, Any]:
    """Of a model's SELECT: "canonical", a digest of what it means; "sql", itself up to its last word; and what it uses.

    "calls" are the functions that it calls, in lower case, operators among them; "rows_of" those that it reads rows
    from; "tables" what it reads, as layer.table; "session" what it asks of the session without a call: current_date.

    Raises:
        ModelError: it does not parse, is not one plain SELECT, or names a table without its layer.
    """
    tree = _select(sql, path, "a model is one plain SELECT")
    facts = _facts(tree, path.stem, lambda node: f"{path}:{_line(sql, node.get('query_location', 0))}")
    return {"canonical": _digest(_without_places(tree)), "sql": bare(sql), **facts}


def macro(sql: str, path: Path) -> dict[str, Any]:
    """Of a CREATE MACRO statement: "name", in lower case, whether it gives a "table", and all that `select` says.

    Raises:
        ModelError: it is another statement, is of a layer or temporary, or names a table without its layer.
    """
    rest = words(sql)
    at, name = _head(rest, sql, path)
    meant: list[Any] = []
    facts: dict[str, set[str]] = {}
    table = False
    while at < len(rest):
        after = _closing(rest, at) + 1  # AS
        body = after + 1
        table = body < len(rest) and rest[body].key == "table" and rest[body + 1 : body + 2] != []
        start, end = (body + 1 if table else body), _next_overload(rest, body, table)
        text = sql[rest[start].start : rest[end - 1].end]
        refusal = f"the macro {name} is neither an expression nor a SELECT"
        tree = _select(text if table else f"SELECT {text}", path, refusal)
        meant.append([[word.text for word in rest[at:after]], table, _without_places(tree)])
        for kind, names in _facts(tree, name, lambda node: str(path)).items():
            facts.setdefault(kind, set()).update(names)
        facts["calls"] |= {_unquoted(a.text) for a, b in pairwise(rest[at + 1 : after]) if b.text == "("}  # of defaults
        at = end + 1
    listed = {kind: sorted(names) for kind, names in facts.items()}
    return {"name": name, "canonical": _digest([name, meant]), "table": table, "sql": sql, **listed}


def _head(rest: list[Word], sql: str, path: Path) -> tuple[int, str]:
    """Where the first parameters of a CREATE MACRO begin, and its name."""
    keys = [word.key for word in rest]
    at = 3 if keys[1:3] == ["or", "replace"] else 1
    temporary = keys[at : at + 1] in (["temp"], ["temporary"])
    at += temporary
    if keys[:1] != ["create"] or keys[at : at + 1] not in (["macro"], ["function"]):
        raise ModelError("macros/ holds CREATE MACRO statements only", where=str(path), why=sql.strip()[:80])
    at += 4 if keys[at + 1 : at + 4] == ["if", "not", "exists"] else 1
    name = _unquoted(rest[at].text)
    if temporary:
        why = "the published lake keeps no temporary macro"
        raise ModelError(f"the macro {name} is temporary", where=str(path), why=why, next=f"CREATE MACRO {name}(...)")
    if keys[at + 1] != "(":
        why = "macros are known in all layers"
        short = _unquoted(rest[at + 2].text)
        raise ModelError(f"a macro has no layer: {name}.{short}", where=str(path), why=why, next=f"call it {short}")
    return at + 1, name


def _unquoted(name: str) -> str:
    return (name[1:-1].replace('""', '"') if name.startswith('"') else name).lower()


def _closing(rest: list[Word], at: int) -> int:
    """Where the bracket is closed that is opened there; the last word, where it is not."""
    depth = 0
    for i in range(at, len(rest)):
        depth += (rest[i].text in _OPEN) - (rest[i].text in _CLOSED)
        if depth == 0:
            return i
    return len(rest) - 1


def _next_overload(rest: list[Word], start: int, table: bool) -> int:
    """Where a macro's body ends: at the comma before another list of parameters with its own AS, or with the text."""
    i = start
    while i < len(rest):
        if rest[i].text in _OPEN:
            i = _closing(rest, i)
        elif rest[i].text == "," and rest[i + 1 : i + 2] and rest[i + 1].text == "(":
            after = [word.key for word in rest[_closing(rest, i + 1) + 1 :][:2]]
            if after[:1] == ["as"] and (after == ["as", "table"] or not table):
                return i
        i += 1
    return len(rest)


def called(expression: str) -> list[str]:
    """The functions that an expression calls, in lower case; none where it does not parse."""
    tree = _tree(f"SELECT {expression}")
    return [] if tree["error"] else sorted(_called(_nodes(tree)))


@cache
def own_macros() -> dict[str, dict[str, list[str]]]:
    """What each of DuckDB's own functions uses that are macros, as `select` says it."""
    query = f"""SELECT function_name, json_serialize_sql('SELECT ' || macro_definition, {_OPTIONS})
                FROM duckdb_functions() WHERE internal AND function_type = 'macro' ORDER BY ALL"""
    uses: dict[str, dict[str, set[str]]] = {}
    for name, tree in _parser().cursor().execute(query).fetchall():
        for kind, names in _facts(json.loads(tree), name, lambda node: "").items():
            uses.setdefault(name, {}).setdefault(kind, set()).update(names)
    return {name: {kind: sorted(names) for kind, names in facts.items()} for name, facts in uses.items()}


def _called(nodes: Iterable[dict[str, Any]]) -> set[str]:
    return {node["function_name"].lower() for node in nodes if node.get("class") in ("FUNCTION", "WINDOW")}


@cache
def _parser() -> DuckDBPyConnection:
    return connect(threads=1)


def _tree(sql: str) -> dict[str, Any]:
    # A literal: the first parameter that is bound costs a third of a second, for it imports what it might be.
    tree: dict[str, Any] = json.loads(
        scalar(_parser().cursor(), f"SELECT json_serialize_sql({quote(sql)}, {_OPTIONS})")
    )
    return tree


def _select(sql: str, path: Path, what: str) -> dict[str, Any]:
    tree = _tree(sql)
    if tree["error"]:
        raise _unparsed(tree, sql, path, what)
    if len(tree["statements"]) != 1:
        raise ModelError(what, where=str(path), why=f"it holds {len(tree['statements'])} statements")
    return tree


def _without_places(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _without_places(value) for key, value in tree.items() if key != "query_location"}
    return [_without_places(value) for value in tree] if isinstance(tree, list) else tree


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def _facts(tree: dict[str, Any], name: str, where: Callable[[dict[str, Any]], str]) -> dict[str, list[str]]:
    """What a SELECT calls and reads."""
    nodes = list(_nodes(tree))
    local = {entry["key"].lower() for node in nodes for entry in node.get("cte_map", {}).get("map", ())}
    tables = {_table(node, local, name, where) for node in nodes if node.get("type") == "BASE_TABLE"} - {None}
    rows_of = {node["function"]["function_name"].lower() for node in nodes if node.get("type") == "TABLE_FUNCTION"}
    rows_of |= {"show" for node in nodes if node.get("type") == "SHOW_REF" and "query" not in node}
    session = {_of_session(node) for node in nodes} - {None}
    facts = {"calls": _called(nodes), "rows_of": rows_of, "tables": tables, "session": session}
    return {kind: sorted(names) for kind, names in facts.items()}


def _of_session(node: dict[str, Any]) -> str | None:
    """What a node asks of the session or the clock, though no function of its name says so."""
    if node.get("class") == "COLUMN_REF" and len(node["column_names"]) == 1:
        column = node["column_names"][0].lower()
        return column if column in OF_SESSION else None
    if node.get("class") == "FUNCTION" and node["function_name"].lower() == "age":
        arguments = len(node.get("children", ())) + (node.get("schema", "") not in _NO_LAYER)  # of a.age(b): both
        return "age" if arguments < 2 else None
    return None


def _table(node: dict[str, Any], local: set[str], name: str, where: Callable[[dict[str, Any]], str]) -> str | None:
    """The table that a node names; None for one of the SELECT's own."""
    table = node["table_name"]
    if "catalog_name" in node:
        full = f"{node['schema_name']}.{table}"
        what = f"{name} reads {node['catalog_name']}.{full}, a table of another database"
        raise ModelError(what, where=where(node), why="a model reads what its own lake holds", next=f"write {full}")
    if "schema_name" in node:
        return f"{node['schema_name']}.{table}".lower()
    if table.lower() in local:
        return None
    if re.search(r"[./*]", table):
        why = "what a file holds is not in the fingerprint, and its bytes are not kept"
        raise ModelError(
            f"{name} reads the file {table!r}", where=where(node), why=why, next="land it, or put it into seeds/"
        )
    raise ModelError(
        f"{name} reads {table!r}, a table without its layer",
        where=where(node),
        why="models name tables as layer.table: core.edges, raw.kegg_links",
    )


def _unparsed(tree: dict[str, Any], sql: str, path: Path, what: str) -> ModelError:
    if tree["error_type"] != "parser":
        dynamic = "a PIVOT says its columns: ON year IN (...)" if "pivot" in sql.lower() else ""
        return ModelError(what, where=str(path), why=dynamic or "this is another statement")
    at = int(tree.get("position", 0))
    before = sql.encode()[:at].decode(errors="ignore")
    line, column = _line(sql, at), len(before) - (before.rfind("\n") + 1)
    return ModelError(
        f"{path.stem} does not parse: {tree['error_message']}",
        where=f"{path}:{line}",
        why=f"{(sql.splitlines() or [''])[line - 1]}\n{' ' * column}^",
    )


def _line(sql: str, at: int) -> int:
    return min(sql.encode().count(b"\n", 0, at), max(len(sql.splitlines()) - 1, 0)) + 1
