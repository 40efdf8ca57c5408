"""Whether models and macros keep the rules of lint_rules.py, and what was waived.

A finding that is meant stays, with its own reason, in a comment on its line or above it:

    -- lint: allow limit because the score has no ties
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lake.build import model
from lake.build.lint_rules import RULES, Text
from lake.build.model import Project

if TYPE_CHECKING:
    from sqlglot import Token, exp

Columns = Mapping[str, Mapping[str, str]]  # by table: each column with its type, in DuckDB's words

_WAIVER = re.compile(r"--\s*lint:\s*allow\s+(?P<rule>[\w-]+)(?:\s+because\s+(?P<reason>\S.*))?", re.IGNORECASE)
_OTHER = {
    "parse": "what sqlglot cannot parse can be neither built nor traced",
    "waiver": "a waiver names a rule, says why, and goes when what it allowed is gone",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a rule is broken. ``line`` and ``column`` count from 1."""

    rule: str
    what: str
    path: str
    line: int
    column: int
    text: str  # the line
    reason: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def files(root: Path) -> list[Path]:
    """The SQL of a project: its models and macros."""
    return [*(path for _, path in model.files(root)), *sorted((root / "macros").glob("*.sql"))]


def check(path: Path, project: Project, columns: Columns) -> list[Finding]:
    """What one file says that a model should not; nothing is run.

    Raises:
        ConfigError: it cannot be read.
    """
    sql = model.read(path)
    try:
        texts = list(_texts(sql, path, project, columns))
    except _Unparsed as error:
        findings = [_finding("parse", error.what, path, sql, error.at)]
        return findings
    findings = [
        _finding(rule, what, path, sql, text.place(node))
        for text in texts
        for rule, rule_of in RULES.items()
        for node, what in rule_of.find(text)
    ]
    return sorted(_waived(findings, path, sql), key=lambda one: (one.line, one.column, one.rule))


class _Unparsed(Exception):
    def __init__(self, what: str, at: int):
        self.what, self.at = what, at


def _texts(sql: str, path: Path, project: Project, columns: Columns) -> Iterator[Text]:
    """The queries of a file: a model's one SELECT, or the body of each macro; places are those of the file."""
    model = next((one for one in project.models.values() if one.path == path), None)
    key = frozenset(name.lower() for name in model.contract.key) if model else frozenset()
    for part in _bodies(sql):
        query = _parsed(part)
        yield Text(part, query, _typed(query, columns), key)


def _bodies(sql: str) -> Iterator[str]:
    """The text itself; or, of CREATE MACRO statements, each one's body as a SELECT, at the place where it stands."""
    from sqlglot import TokenType
    from sqlglot.dialects.duckdb import DuckDB

    tokens = DuckDB().tokenize(sql)
    if not tokens or tokens[0].token_type is not TokenType.CREATE:
        yield sql
        return
    starts = [i for i, token in enumerate(tokens) if token.token_type is TokenType.CREATE]
    for first, end in zip(starts, [*starts[1:], len(tokens)], strict=True):
        body = _after_parameters(tokens, first, end)
        is_query = tokens[body].text.upper() == "TABLE"
        start = tokens[body].end + 1 if is_query else tokens[body].start
        last = tokens[end - 1]
        stop = last.start if last.token_type is TokenType.SEMICOLON else last.end + 1
        head = tokens[first].start
        before = "".join(c if c == "\n" else " " for c in sql[:start])
        select = "" if is_query else "SELECT"
        yield before[:head] + select + before[head + len(select) :] + sql[start:stop]


def _after_parameters(tokens: list[Token], first: int, end: int) -> int:
    """Where a macro's body begins: behind the AS that follows the closed bracket of its parameters."""
    depth = 0
    for i in range(first, end):
        depth += {"(": 1, ")": -1}.get(tokens[i].text, 0)
        if depth == 0 and tokens[i].text.upper() == "AS":
            return i + 1
    raise _Unparsed("a macro without a body", tokens[first].start)


def _parsed(sql: str) -> exp.Expr:
    import sqlglot

    try:
        return sqlglot.parse_one(sql, dialect="duckdb")
    except sqlglot.errors.SqlglotError as error:
        detail = (getattr(error, "errors", None) or [{}])[0]
        lines = sql.splitlines(keepends=True)
        at = sum(map(len, lines[: detail.get("line", 1) - 1])) + max(detail.get("col", 1) - 1, 0)
        raise _Unparsed(f"it does not parse: {detail.get('description') or error}", at) from None


def _typed(query: exp.Expr, columns: Columns) -> exp.Expr:
    """The query with the types that can be inferred: all where its tables are known; none where a name is not."""
    from sqlglot.errors import SqlglotError
    from sqlglot.optimizer.annotate_types import annotate_types
    from sqlglot.optimizer.qualify import qualify

    layers: dict[str, dict[str, Mapping[str, str]]] = {}
    for table in {f"{one.db}.{one.name}".lower() for one in _tables(query)} & columns.keys():
        layer, _, stem = table.partition(".")
        layers.setdefault(layer, {})[stem] = columns[table]
    schema: dict[str, object] = {**layers}
    try:
        qualified = qualify(
            query.copy(), dialect="duckdb", schema=schema, validate_qualify_columns=False, quote_identifiers=False
        )
        return annotate_types(qualified, dialect="duckdb", schema=schema)
    except (SqlglotError, ValueError):  # the latter where it cannot, of SEMI JOIN ... USING
        return annotate_types(query.copy(), dialect="duckdb")


def _tables(query: exp.Expr) -> Iterator[exp.Table]:
    from sqlglot import exp

    return query.find_all(exp.Table)


def _finding(rule: str, what: str, path: Path, sql: str, at: int) -> Finding:
    line = sql.count("\n", 0, at) + 1
    column = at - (sql.rfind("\n", 0, at) + 1) + 1
    text = (sql.splitlines() or [""])[line - 1]
    reason = RULES[rule].reason if rule in RULES else _OTHER[rule]
    return Finding(rule, what, str(path), line, column, text, reason)


# Waivers


def _waived(findings: Iterable[Finding], path: Path, sql: str) -> Iterator[Finding]:
    """The findings that no waiver allows, and what is wrong with the waivers."""
    unwaived = list(findings)
    lines = sql.splitlines()
    offset = 0
    for number, line in enumerate(lines, 1):
        waiver = _WAIVER.search(line)
        if waiver:
            covered = range(number, _next_code(lines, number) + 1)
            allowed = [one for one in unwaived if one.rule == waiver["rule"].lower() and one.line in covered]
            if wrong := _wrong(waiver, bool(allowed)):
                yield _finding("waiver", wrong, path, sql, offset + waiver.start())
            unwaived = [one for one in unwaived if one not in allowed]
        offset += len(line) + 1
    yield from unwaived


def _next_code(lines: list[str], number: int) -> int:
    """The line that a comment on the line of this number speaks of: its own, or the next that is no comment."""
    while number < len(lines) and (not lines[number - 1].strip() or lines[number - 1].lstrip().startswith("--")):
        number += 1
    return number


def _wrong(waiver: re.Match[str], used: bool) -> str:
    rule = waiver["rule"].lower()
    if rule not in RULES:
        similar = difflib.get_close_matches(rule, RULES, 1)
        return f"unknown rule {rule!r}" + (f": did you mean {similar[0]}?" if similar else f": {', '.join(RULES)}")
    if not waiver["reason"]:
        return f"it gives no reason: -- lint: allow {rule} because ..."
    return "" if used else f"nothing breaks the rule {rule}: remove it"


def columns(project: Project, landed: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Every table's columns with their types: from the contracts, and from the sources for raw ones."""
    columns_of = {
        table: {column.name.lower(): column.type for column in model.contract.columns}
        for table, model in project.models.items()
    }
    return {**{f"raw.{table}": _of_arrow(schema) for table, schema in landed.items()}, **columns_of}


def _of_arrow(schema: Any) -> dict[str, str]:
    import pyarrow.types as types

    fractions = {
        field.name.lower() for field in schema if types.is_floating(field.type) or types.is_decimal(field.type)
    }
    return {name.lower(): "DOUBLE" if name.lower() in fractions else "UNKNOWN" for name in schema.names}
