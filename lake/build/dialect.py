"""DuckDB's SQL for sqlfmt, whose own dialects know neither `//` nor E'...' nor names that are data."""

from __future__ import annotations

from functools import partial

from sqlfmt import actions
from sqlfmt.dialect import Polyglot
from sqlfmt.rule import Rule
from sqlfmt.tokens import TokenType

_JINJA = frozenset({"jinja_start", "jinja_end"})  # brackets here: {a: {b: 1}}


def _rule(name: str, priority: int, pattern: str, kind: TokenType) -> Rule:
    return Rule(name, priority, f"({pattern})", partial(actions.add_node_to_buffer, token_type=kind))


_TEXT = r"'(?:[^']|'')*'"
_RULES = [
    _rule("duckdb_text", 190, rf"(?:e'(?:[^'\\]|\\.|'')*'|[bx]?{_TEXT})(?:\s*\n\s*{_TEXT})*", TokenType.QUOTED_NAME),
    _rule("duckdb_name", 191, r'"(?:[^"]|"")*"', TokenType.QUOTED_NAME),
    _rule("duckdb_place", 290, r"#\d+", TokenType.NAME),
    _rule("duckdb_operator", 291, r"//|\^@|\*\*|!?~~\*?|@>|<@|&&|<->|<=>|@", TokenType.OPERATOR),
]


class DuckDB(Polyglot):
    """sqlfmt's common dialect with DuckDB's texts and operators; names keep their case where that is asked for."""

    def __init__(self, *, keep_names: bool) -> None:
        super().__init__()
        self.RULES = [*(rule for rule in self.RULES if rule.name not in _JINJA), *_RULES]
        self.case_sensitive_names = keep_names
