"""Values of OBO 1.4, in columns: texts, quoted texts and identifiers, without trailing qualifiers and comments.

Source: https://owlcollab.github.io/oboformat/doc/GO.format.obo-1_4.html, "Escape characters", "Trailing modifiers" and
"Comments". Braces are qualifiers only as in that standard, {key="value", ...} after a blank at the end of the line, and
"!" begins a comment only after a blank: names of chemicals and programs contain both.
"""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_PAIR = rf'[^\s"={{}},]+\s*=\s*{_QUOTED}'
_BLOCK = rf"\{{\s*(?P<qualifiers>{_PAIR}(?:\s*,\s*{_PAIR})*)\s*\}}"
_LOOSE = rf'\{{(?P<others>(?:[^"{{}}]|{_QUOTED})*)\}}'  # nothing else can follow an identifier and a blank
_BEHIND = rf"(?:\s+{_BLOCK})?(?:\s+!(?:\s.*)?)?\s*$"
_SOURCES = r'\[(?:[^"\]\\]|\\.|"(?:[^"\\]|\\.)*")*\]'
_SCOPE = "(?i:EXACT|BROAD|NARROW|RELATED)"
_BEHIND_TEXT = rf"\s*(?:{_SOURCES})?(?:\s*{_BLOCK})?\s*(?:!.*)?$"
_ESCAPES = {r"\n": "\n", r"\t": "\t", r"\W": " "}


class Values(NamedTuple):
    """Values, null where malformed; and the qualifiers in the braces after each, null without."""

    value: pa.Array
    qualifiers: pa.Array


def texts(raw: pa.Array) -> Values:
    """Texts without quotes: names, comments, namespaces."""
    cut = _cut(raw, rf"^(?P<value>(?:[^\\]|\\.)*?){_BEHIND}")
    text = pc.if_else(pc.and_(pc.is_valid(raw), pc.is_null(cut.value)), _trimmed(raw), cut.value)
    return Values(unescaped(text), cut.qualifiers)


def identifiers(raw: pa.Array) -> Values:
    """One identifier each, without blanks unless escaped."""
    bare = pc.replace_substring_regex(raw, r'^([^\s\\!{"]+)\s+!\s.*$', r"\1")  # like most
    pattern = rf"^\s*(?P<value>(?:[^\\\s]|\\.)+?)(?:{_BLOCK}|\s+{_LOOSE})?(?:\s*!.*)?\s*$"
    cut = _cut(bare, pattern)
    blank = pc.match_substring_regex(cut.value, r"^\s*$|^(?:[^\\\s]|\\.)*\s")
    return Values(unescaped(pc.if_else(blank, None, cut.value)), cut.qualifiers)


def pairs(raw: pa.Array) -> tuple[pa.Array, Values]:
    """Two identifiers each, as in `part_of CL:1`: the first, and the second."""
    groups = pc.extract_regex(raw, r"^\s*(?P<first>(?:[^\\\s]|\\.)+)\s+(?P<rest>.*)$")
    return unescaped(pc.struct_field(groups, "first")), identifiers(pc.struct_field(groups, "rest"))


def references(raw: pa.Array) -> pa.Array:
    """Cross-references, without the description in quotes; they may contain blanks, escaped or not."""
    cut = _cut(raw, rf'^(?P<value>(?:[^\\"]|\\.)*?)(?:\s+{_QUOTED})?{_BEHIND}')
    odd = pc.and_(pc.is_valid(raw), pc.is_null(cut.value))
    return pc.if_else(odd, texts(raw).value, unescaped(cut.value))


def definitions(raw: pa.Array) -> pa.Array:
    """The text in quotes at the beginning; null without quotes, or if an inner quote may as well be the last."""
    value, _ = _quoted(raw, rf"\s*{_SOURCES}", "")
    return value


def synonyms(raw: pa.Array) -> tuple[pa.Array, pa.Array]:
    """The text in quotes, as in definitions, and the scope after it, in lower case; null without one."""
    kind = r"(?:\s+[^\s\[\]{}\"!]+)?"
    value, scope = _quoted(raw, rf"\s+(?P<scope>{_SCOPE}){kind}", rf"\s*(?P<scope>{_SCOPE})?{kind}")
    return value, pc.utf8_lower(pc.if_else(pc.equal(scope, ""), None, scope))


def _quoted(raw: pa.Array, needed: str, may: str) -> tuple[pa.Array, pa.Array]:
    """A text in quotes, and the scope after it.

    Args:
        needed: what must follow the last quote if an inner one is not escaped.
        may: what may follow it otherwise.
    """
    simple = r'^"(?P<value>[^"\\]*)" ?(?P<scope>EXACT|BROAD|NARROW|RELATED)? \[[^"\]\\]*\]$'
    stages = [simple, rf'^\s*"(?P<value>(?:[^"\\]|\\.)*)"{may}{_BEHIND_TEXT}']
    value, scope = pa.nulls(len(raw), pa.string()), pa.nulls(len(raw), pa.string())
    for pattern in stages:
        pending = pc.and_(pc.is_valid(raw), pc.is_null(value))
        if pc.any(pending).as_py():
            groups = pc.extract_regex(raw.filter(pending), pattern)
            value = pc.replace_with_mask(value, pending, pc.struct_field(groups, "value"))
            if "scope" in groups.type.names:
                scope = pc.replace_with_mask(scope, pending, pc.struct_field(groups, "scope"))
    pending = pc.and_(pc.is_valid(raw), pc.is_null(value))
    if pc.any(pending).as_py():
        shortest, longest = (
            pc.extract_regex(raw.filter(pending), rf'^\s*"(?P<value>.*{lazy})"{needed}{_BEHIND_TEXT}')
            for lazy in ("?", "")
        )
        same = pc.equal(pc.struct_field(shortest, "value"), pc.struct_field(longest, "value"))
        value = pc.replace_with_mask(value, pending, pc.if_else(same, pc.struct_field(longest, "value"), None))
        if "scope" in longest.type.names:
            scope = pc.replace_with_mask(scope, pending, pc.struct_field(longest, "scope"))
    return unescaped(value), scope


def unescaped(raw: pa.Array) -> pa.Array:
    r"""Texts without their escapes: \n, \t and \W are white space, \\ and any other character themselves.

    >>> unescaped(pa.array([r"a\nb\Wc", r"a\\nb", r"\"x\": \{y\}"])).to_pylist()
    ['a\nb c', 'a\\nb', '"x": {y}']
    """
    escaped = pc.fill_null(pc.match_substring(raw, "\\"), False)
    if not pc.any(escaped).as_py():
        return raw
    pieces = pc.split_pattern(raw.filter(escaped), "\\\\")  # at each escaped backslash
    plain = pieces.values
    for mark, character in _ESCAPES.items():
        plain = pc.replace_substring(plain, mark, character)
    plain = pc.replace_substring_regex(plain, r"\\(.)", r"\1")
    joined = pc.binary_join(pa.ListArray.from_arrays(pieces.offsets, plain), "\\")
    return pc.replace_with_mask(raw, escaped, joined)


def _cut(raw: pa.Array, pattern: str) -> Values:
    """Value and qualifiers by a pattern. Only values that may have qualifiers are matched: few do."""
    odd = pc.fill_null(pc.match_substring_regex(raw, r'[{!\\"]'), False)
    value, qualifiers = _trimmed(raw), pa.nulls(len(raw), pa.string())
    if not pc.any(odd).as_py():
        return Values(value, qualifiers)
    groups = pc.extract_regex(raw.filter(odd), pattern)
    inner = pa.nulls(len(groups), pa.string())
    for group in groups.type.names[1:]:
        inner = pc.coalesce(
            inner, pc.if_else(pc.equal(pc.struct_field(groups, group), ""), None, pc.struct_field(groups, group))
        )
    value = pc.replace_with_mask(value, odd, pc.struct_field(groups, "value"))
    return Values(value, pc.replace_with_mask(qualifiers, odd, inner))


def _trimmed(raw: pa.Array) -> pa.Array:
    return pc.ascii_trim(raw, " \t\r")
