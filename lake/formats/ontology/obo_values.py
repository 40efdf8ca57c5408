"""Values of OBO 1.4, in columns: texts, quoted texts and identifiers, without the qualifiers and comments behind them.

Source: https://owlcollab.github.io/oboformat/doc/GO.format.obo-1_4.html, "Escape characters", "Trailing modifiers" and
"Comments". Braces are qualifiers only as that standard writes them, {key="value", ...} behind a blank at the end of the
line, and "!" is a comment only behind a blank: names of chemicals and of programs have both in them.
"""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_PAIR = rf'[^\s"={{}},]+\s*=\s*{_QUOTED}'
_BLOCK = rf"\{{\s*(?P<qualifiers>{_PAIR}(?:\s*,\s*{_PAIR})*)\s*\}}"
_LOOSE = rf'\{{(?P<others>(?:[^"{{}}]|{_QUOTED})*)\}}'  # nothing else can stand behind an identifier and a blank
_BEHIND = rf"(?:\s+{_BLOCK})?(?:\s+!(?:\s.*)?)?\s*$"
_SOURCES = r'\[(?:[^"\]\\]|\\.|"(?:[^"\\]|\\.)*")*\]'
_SCOPE = "(?i:EXACT|BROAD|NARROW|RELATED)"
_BEHIND_TEXT = rf"\s*(?:{_SOURCES})?(?:\s*{_BLOCK})?\s*(?:!.*)?$"
_ESCAPES = {r"\n": "\n", r"\t": "\t", r"\W": " "}


class Values(NamedTuple):
    """Values, null where they are not as they should be; and what stands in the braces behind each, null without."""

    value: pa.Array
    qualifiers: pa.Array


def texts(given: pa.Array) -> Values:
    """Texts without quotes: names, comments, namespaces."""
    found = _cut(given, rf"^(?P<value>(?:[^\\]|\\.)*?){_BEHIND}")
    whole = pc.if_else(pc.and_(pc.is_valid(given), pc.is_null(found.value)), _trimmed(given), found.value)
    return Values(unescaped(whole), found.qualifiers)


def identifiers(given: pa.Array) -> Values:
    """One identifier each, without a blank in it, unless it is escaped."""
    bare = pc.replace_substring_regex(given, r'^([^\s\\!{"]+)\s+!\s.*$', r"\1")  # as most are
    pattern = rf"^\s*(?P<value>(?:[^\\\s]|\\.)+?)(?:{_BLOCK}|\s+{_LOOSE})?(?:\s*!.*)?\s*$"
    found = _cut(bare, pattern)
    blank = pc.match_substring_regex(found.value, r"^\s*$|^(?:[^\\\s]|\\.)*\s")
    return Values(unescaped(pc.if_else(blank, None, found.value)), found.qualifiers)


def pairs(given: pa.Array) -> tuple[pa.Array, Values]:
    """Two identifiers each, as in `part_of CL:1`: the first, and the second."""
    found = pc.extract_regex(given, r"^\s*(?P<first>(?:[^\\\s]|\\.)+)\s+(?P<rest>.*)$")
    return unescaped(pc.struct_field(found, "first")), identifiers(pc.struct_field(found, "rest"))


def references(given: pa.Array) -> pa.Array:
    """Cross-references, without the description in quotes; blanks in them are theirs, escaped or not."""
    found = _cut(given, rf'^(?P<value>(?:[^\\"]|\\.)*?)(?:\s+{_QUOTED})?{_BEHIND}')
    odd = pc.and_(pc.is_valid(given), pc.is_null(found.value))
    return pc.if_else(odd, texts(given).value, unescaped(found.value))


def definitions(given: pa.Array) -> pa.Array:
    """What stands in the quotes at the beginning; null without any, or where one within may as well be the last."""
    value, _ = _quoted(given, rf"\s*{_SOURCES}", "")
    return value


def synonyms(given: pa.Array) -> tuple[pa.Array, pa.Array]:
    """What stands in the quotes, as in definitions, and the scope behind it, in lower case; null without one."""
    kind = r"(?:\s+[^\s\[\]{}\"!]+)?"
    value, scope = _quoted(given, rf"\s+(?P<scope>{_SCOPE}){kind}", rf"\s*(?P<scope>{_SCOPE})?{kind}")
    return value, pc.utf8_lower(pc.if_else(pc.equal(scope, ""), None, scope))


def _quoted(given: pa.Array, needed: str, may: str) -> tuple[pa.Array, pa.Array]:
    """A text in quotes, and the scope behind it. `may` stands behind the last quote; where one within is not escaped,
    the last is the only one that has `needed` behind it.
    """
    simple = r'^"(?P<value>[^"\\]*)" ?(?P<scope>EXACT|BROAD|NARROW|RELATED)? \[[^"\]\\]*\]$'
    stages = [simple, rf'^\s*"(?P<value>(?:[^"\\]|\\.)*)"{may}{_BEHIND_TEXT}']
    value, scope = pa.nulls(len(given), pa.string()), pa.nulls(len(given), pa.string())
    for pattern in stages:
        left = pc.and_(pc.is_valid(given), pc.is_null(value))
        if pc.any(left).as_py():
            found = pc.extract_regex(given.filter(left), pattern)
            value = pc.replace_with_mask(value, left, pc.struct_field(found, "value"))
            if "scope" in found.type.names:
                scope = pc.replace_with_mask(scope, left, pc.struct_field(found, "scope"))
    left = pc.and_(pc.is_valid(given), pc.is_null(value))
    if pc.any(left).as_py():
        shortest, longest = (
            pc.extract_regex(given.filter(left), rf'^\s*"(?P<value>.*{lazy})"{needed}{_BEHIND_TEXT}')
            for lazy in ("?", "")
        )
        one = pc.equal(pc.struct_field(shortest, "value"), pc.struct_field(longest, "value"))
        value = pc.replace_with_mask(value, left, pc.if_else(one, pc.struct_field(longest, "value"), None))
        if "scope" in longest.type.names:
            scope = pc.replace_with_mask(scope, left, pc.struct_field(longest, "scope"))
    return unescaped(value), scope


def unescaped(given: pa.Array) -> pa.Array:
    r"""Texts as they were before they were escaped: \n, \t and \W are white space, \\ and any other character itself.

    >>> unescaped(pa.array([r"a\nb\Wc", r"a\\nb", r"\"x\": \{y\}"])).to_pylist()
    ['a\nb c', 'a\\nb', '"x": {y}']
    """
    escaped = pc.fill_null(pc.match_substring(given, "\\"), False)
    if not pc.any(escaped).as_py():
        return given
    pieces = pc.split_pattern(given.filter(escaped), "\\\\")  # a backslash that is itself escaped parts them
    plain = pieces.values
    for mark, character in _ESCAPES.items():
        plain = pc.replace_substring(plain, mark, character)
    plain = pc.replace_substring_regex(plain, r"\\(.)", r"\1")
    joined = pc.binary_join(pa.ListArray.from_arrays(pieces.offsets, plain), "\\")
    return pc.replace_with_mask(given, escaped, joined)


def _cut(given: pa.Array, pattern: str) -> Values:
    """A pattern's value and qualifiers. Only what can have some is matched: most values stand alone."""
    odd = pc.fill_null(pc.match_substring_regex(given, r'[{!\\"]'), False)
    value, qualifiers = _trimmed(given), pa.nulls(len(given), pa.string())
    if not pc.any(odd).as_py():
        return Values(value, qualifiers)
    found = pc.extract_regex(given.filter(odd), pattern)
    inner = pa.nulls(len(found), pa.string())
    for group in found.type.names[1:]:
        inner = pc.coalesce(
            inner, pc.if_else(pc.equal(pc.struct_field(found, group), ""), None, pc.struct_field(found, group))
        )
    value = pc.replace_with_mask(value, odd, pc.struct_field(found, "value"))
    return Values(value, pc.replace_with_mask(qualifiers, odd, inner))


def _trimmed(given: pa.Array) -> pa.Array:
    return pc.ascii_trim(given, " \t\r")
