"""SQL as HTML: words in colours, and a link from each table and macro to its page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup, escape


def sql(text: str, tables: Mapping[str, str], macros: Mapping[str, str]) -> Markup:
    """The text in <span>s: c comment, s string, n number, k keyword, f function. Tables and macros map to addresses."""
    from sqlglot.dialects.duckdb import DuckDB

    return Markup("").join(_pieces(text, DuckDB().tokenize(text), tables, macros))


def _pieces(text: str, tokens: list[Any], tables: Mapping[str, str], macros: Mapping[str, str]) -> Iterator[Markup]:
    words = [text[token.start : token.end + 1] for token in tokens]
    at = i = 0
    while i < len(tokens):
        yield _between(text[at : tokens[i].start])
        length, piece = _piece(words, tokens, i, tables, macros)
        yield piece
        at, i = tokens[i + length - 1].end + 1, i + length
    yield _between(text[at:])


def _between(text: str) -> Markup:
    return Markup('<span class="c">{}</span>').format(text) if text.strip() else escape(text)


def _piece(
    words: list[str], tokens: list[Any], i: int, tables: Mapping[str, str], macros: Mapping[str, str]
) -> tuple[int, Markup]:
    """One token, or the three of a table's name."""
    word, after = words[i], words[i + 1] if i + 1 < len(words) else ""
    if after == "." and i + 2 < len(words) and (i == 0 or words[i - 1] != "."):
        table = f"{word}.{words[i + 2]}".replace('"', "").lower()
        if table in tables:
            return 3, _link(tables[table], "".join(words[i : i + 3]))
    if after == "(" and word.lower() in macros:
        return 1, _link(macros[word.lower()], word)
    kind = _kind(tokens[i].token_type.name, word, after, words[i - 1] if i else "")
    return 1, Markup('<span class="{}">{}</span>').format(kind, word) if kind else escape(word)


def _kind(token: str, word: str, after: str, before: str) -> str:
    if token == "STRING":
        return "s"
    if token == "NUMBER":
        return "n"
    if not word[0].isalpha() or token == "IDENTIFIER" or before == "." or after == ".":
        return ""
    if after == "(" and token not in _BEFORE_BRACKET:
        return "f"
    return "" if token == "VAR" else "k"


_BEFORE_BRACKET = frozenset(
    "ALIAS IN ON AND OR NOT FROM JOIN OVER FILTER USING VALUES EXISTS WHERE THEN ELSE WHEN SELECT".split()
)


def _link(address: str, text: str) -> Markup:
    return Markup('<a href="{}">{}</a>').format(address, text)
