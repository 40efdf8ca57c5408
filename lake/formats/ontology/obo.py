"""OBO flat files, versions 1.2 and 1.4 (https://owlcollab.github.io/oboformat/doc/GO.format.obo-1_4.html), in columns.

Stanzas are numbered by their headers, and each kind of line is taken for all of them at once: no library does that, and
those that there are hold a whole ontology as objects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.errors import Unreadable
from lake.formats import text
from lake.formats.answer import Answer
from lake.formats.ontology import obo_values
from lake.formats.ontology.rows import PREDICATES
from lake.formats.part import Part
from lake.formats.schema import Table
from lake.formats.text import REJECTS, Lines

LARGEST = 256 * 2**20  # bytes of a stanza, or of what stands before the first
_KINDS = {"[Term]": "class", "[Typedef]": "property"}
_OLD = {"exact_synonym": "EXACT", "broad_synonym": "BROAD", "narrow_synonym": "NARROW", "related_synonym": "RELATED"}
_ONCE = ("name", "namespace", "def", "is_obsolete")
_TARGETS = {  # tags whose value is an identifier, and what the relation is called
    "is_a": "is_a",
    "replaced_by": "replaced_by",
    "consider": "consider",
    "alt_id": "alternative_id",
    "disjoint_from": "disjoint_from",
    "inverse_of": "inverse_of",
}


class _Header(NamedTuple):
    """What the lines before the first stanza say of all of them."""

    version: str | None
    namespace: str | None


def read(answer: Answer, where: str, tables: Mapping[str, Table]) -> Iterator[Part]:
    """The terms and properties of a file, stanza by stanza. Instances are left out. One without an id is a reject.

    Args:
        tables: terms, synonyms, xrefs and relations.

    Raises:
        Unreadable: there is no stanza, or one larger than LARGEST.
    """
    rest: Lines | None = None
    header: _Header | None = None
    seen = 0
    for block in text.lines(answer):
        joined = block if rest is None else _joined(rest, block)
        heads = np.flatnonzero(_opens(joined))
        if len(heads) < 2 and joined.text.nbytes > LARGEST:
            raise Unreadable(f"a stanza of it is larger than {LARGEST / 1e6:,.0f} MB", where=where)
        if not len(heads):
            rest = joined
            continue
        if header is None:
            header = _header(joined.text[: heads[0]])
        first, last = int(heads[0]), int(heads[-1])
        complete = Lines(joined.record[first:last], joined.text[first:last], joined.undecodable)
        rest = Lines(joined.record[last:], joined.text[last:], REJECTS.empty_table())
        for part in _stanzas(complete, header, tables):
            seen += part.seen
            yield part
    if rest is not None and header is not None:
        for part in _stanzas(rest, header, tables):
            seen += part.seen
            yield part
    if seen == 0:
        raise text.no_records("term", where)


def _joined(first: Lines, second: Lines) -> Lines:
    return Lines(
        pa.concat_arrays([first.record, second.record]),
        pa.concat_arrays([first.text, second.text]),
        pa.concat_tables([first.undecodable, second.undecodable]),
    )


def _goes_on(lines: Lines) -> np.ndarray:
    """Which lines end in a backslash that is not itself escaped, and have the next line of the file behind them."""
    ends = pc.match_substring_regex(lines.text, r"(?:^|[^\\])(?:\\\\)*\\$").to_numpy(zero_copy_only=False)
    record = lines.record.to_numpy()
    goes_on: np.ndarray = ends & np.append(record[1:] == record[:-1] + 1, False)
    return goes_on


def _opens(lines: Lines) -> np.ndarray:
    """Which lines open a stanza."""
    brackets = pc.starts_with(lines.text, "[").to_numpy(zero_copy_only=False)
    opens: np.ndarray = brackets & ~np.append(False, _goes_on(lines)[:-1])[: len(brackets)]
    return opens


def _continued(lines: Lines) -> Lines:
    """Lines that were broken by a backslash at their end, whole again."""
    goes_on = _goes_on(lines)
    if not goes_on.any():
        return lines
    starts = np.flatnonzero(~np.append(False, goes_on[:-1]))
    pieces = pc.if_else(pa.array(goes_on), pc.utf8_slice_codeunits(lines.text, 0, -1), lines.text)
    whole = pa.ListArray.from_arrays(pa.array(np.append(starts, len(pieces)), pa.int32()), pieces)
    return Lines(lines.record.take(pa.array(starts)), pc.binary_join(whole, ""), lines.undecodable)


def _header(lines: pa.Array) -> _Header:
    tags = pc.utf8_trim_whitespace(pc.replace_substring_regex(lines, r"\s*:.*", ""))
    values = obo_values.texts(pc.replace_substring_regex(lines, r"^[^:]*:\s*", "")).value
    said = dict(zip(reversed(tags.to_pylist()), reversed(values.to_pylist()), strict=True))
    return _Header(said.get("data-version") or said.get("date"), said.get("default-namespace"))


def _stanzas(lines: Lines, header: _Header, tables: Mapping[str, Table]) -> Iterator[Part]:
    """Parts of whole stanzas; lines that are not UTF-8 are rejects of the terms."""
    if not lines.seen:
        return
    lines = _continued(lines)
    opens = pc.starts_with(lines.text, "[").to_numpy(zero_copy_only=False)
    stanza = np.cumsum(opens) - 1
    heads = np.flatnonzero(opens)
    kind = pc.utf8_trim_whitespace(lines.text.take(pa.array(heads)))
    kind = pc.replace_substring_regex(kind, r"\s*!.*$", "")
    known = pc.is_in(kind, pa.array(list(_KINDS))).to_numpy(zero_copy_only=False)
    tag = pc.utf8_trim_whitespace(pc.replace_substring_regex(lines.text, r"\s*:.*", ""))
    value = pc.replace_substring_regex(lines.text, r"^[^:]*:\s*", "")
    found = _Tags(tag, value, stanza, known, lines.record, len(heads))
    ids = obo_values.identifiers(found.first("id")).value
    twice = np.bincount(stanza[found.rows("id")], minlength=len(heads)) > 1
    ids = pc.if_else(pa.array(twice), None, ids)
    definition = obo_values.definitions(found.first("def"))
    yield _terms(tables["terms"], found, ids, twice, kind, heads, known, lines, header, definition)
    yield _odd(tables["terms"], found, lines, kind.take(pa.array(stanza)), opens, definition)
    yield _synonyms(tables["synonyms"], found, ids)
    yield _xrefs(tables["xrefs"], found, ids)
    yield _relations(tables["relations"], found, ids)


class _Tags:
    """The lines of some stanzas by their tag."""

    def __init__(
        self, tag: pa.Array, value: pa.Array, stanza: np.ndarray, known: np.ndarray, record: pa.Array, count: int
    ):
        coded = tag.dictionary_encode()
        self.names = {name: n for n, name in enumerate(coded.dictionary.to_pylist())}
        self.codes = coded.indices.to_numpy()
        self.value, self.stanza, self.record, self.count = value, stanza, record, count
        self.known = known[stanza]

    def rows(self, *tags: str) -> np.ndarray:
        """Which lines have one of these tags, in stanzas that are taken."""
        wanted = [self.names[tag] for tag in tags if tag in self.names]
        return np.flatnonzero(np.isin(self.codes, wanted) & self.known)

    def first(self, tag: str) -> pa.Array:
        """Each stanza's first value of a tag; null where it has none."""
        rows = self.rows(tag)
        index = np.full(self.count, -1)
        index[self.stanza[rows[::-1]]] = rows[::-1]
        return self.value.take(pa.array(index, mask=index < 0))

    def joined(self, tag: str) -> pa.Array:
        """Each stanza's texts of a tag, a line each; null where it has none."""
        rows = self.rows(tag)
        texts = obo_values.texts(self.value.take(pa.array(rows))).value
        ends = np.searchsorted(self.stanza[rows], np.arange(self.count + 1)).astype(np.int32)
        lists = pa.ListArray.from_arrays(pa.array(ends), texts)
        return pc.if_else(pc.equal(pc.list_value_length(lists), 0), None, pc.binary_join(lists, "\n"))

    def of(self, rows: np.ndarray, ids: pa.Array) -> tuple[pa.Array, pa.Array, pa.Array]:
        """Lines' records, the ids of their stanzas, and values."""
        places = pa.array(rows)
        return self.record.take(places), ids.take(pa.array(self.stanza[rows])), self.value.take(places)


def _terms(
    table: Table,
    found: _Tags,
    ids: pa.Array,
    twice: np.ndarray,
    kind: pa.Array,
    heads: np.ndarray,
    known: np.ndarray,
    lines: Lines,
    header: _Header,
    definition: pa.Array,
) -> Part:
    taken = pa.array(known)
    codes = pc.index_in(kind, pa.array(list(_KINDS)))
    obsolete = obo_values.identifiers(found.first("is_obsolete")).value
    namespace = obo_values.texts(found.first("namespace")).value
    columns = {
        "term": ids,
        "kind": pa.array(list(_KINDS.values())).take(codes),
        "name": obo_values.texts(found.first("name")).value,
        "definition": definition,
        "namespace": pc.coalesce(namespace, pa.scalar(header.namespace, pa.string())),
        "comment": found.joined("comment"),
        "obsolete": pc.fill_null(pc.equal(obsolete, "true"), False),
        "version": pa.repeat(pa.scalar(header.version, pa.string()), found.count),
    }
    columns = {name: values.filter(taken) for name, values in columns.items()}
    bounds = np.append(heads, len(lines.text))

    def content(mask: pa.Array) -> list[str]:
        wrong = np.flatnonzero(known)[np.flatnonzero(mask)]
        return ["\n".join(lines.text[int(bounds[n]) : int(bounds[n + 1])].to_pylist()) for n in wrong]

    record = lines.record.take(pa.array(heads[known]))
    blank = pc.and_(pc.is_valid(found.first("id")).filter(taken), pc.is_null(columns["term"]))
    faults = [
        (pa.array(twice[known]), "its term has several ids"),
        (blank, "its term's id is none: it is empty or has a blank in it"),
        *_nameless(columns["term"]),
        (
            pc.invert(pc.is_in(obsolete, pa.array(["true", "false", None]))).filter(taken),
            "is_obsolete is neither true nor false",
        ),
    ]
    rows, rejects, _ = text.partition_rejects(table.schema, record, columns, faults, content)
    seen = int(known.sum()) + len(lines.undecodable)
    return text.make_part(table.name, seen, rows, rejects, lines.undecodable)


def _odd(table: Table, found: _Tags, lines: Lines, kind: pa.Array, opens: np.ndarray, definition: pa.Array) -> Part:
    """Rejects of the terms for lines that OBO does not have: heads of other kinds of stanzas, lines without a tag, and
    definitions that end nowhere; and for the second of what a stanza has once."""
    plain = pc.match_substring_regex(lines.text, r"^\s*(!.*|[A-Za-z_][\w-]*\s*:.*)?$")
    tagless = pc.and_(pc.invert(plain), pa.array(~opens))
    other = pc.and_(pa.array(opens), pc.invert(pc.is_in(kind, pa.array([*_KINDS, "[Instance]"]))))
    endless, again = np.zeros(len(lines.text), bool), np.zeros(len(lines.text), bool)
    defined = found.rows("def")
    endless[defined] = definition.is_null().to_numpy(zero_copy_only=False)[found.stanza[defined]]
    for tag in _ONCE:
        rows = found.rows(tag)
        again[rows[1:]] = np.diff(found.stanza[rows]) == 0
    wrongs = (
        (tagless, "the line is no `tag: value`"),
        (other, "a stanza of an unknown kind"),
        (pa.array(endless), "the definition is not in quotes, or one within it is not escaped"),
        (pa.array(again), "its stanza has this tag before, and may have it once"),
    )
    aside = [text.rejects(lines.record.filter(wrong), reason, lines.text.filter(wrong)) for wrong, reason in wrongs]
    return text.make_part(table.name, sum(map(len, aside)), table.schema.empty_table(), *aside)


def _nameless(ids: pa.Array) -> list[text.Fault]:
    return [(pc.is_null(ids), "its term has no id")]


def _part(table: Table, record: pa.Array, columns: dict[str, pa.Array], raw: pa.Array, *faults: text.Fault) -> Part:
    rows, rejects, _ = text.partition_rejects(
        table.schema, record, columns, [*_nameless(columns["term"]), *faults], raw.filter
    )
    return text.make_part(table.name, len(record), rows, rejects)


def _synonyms(table: Table, found: _Tags, ids: pa.Array) -> Part:
    rows = found.rows("synonym", *_OLD)
    record, term, raw = found.of(rows, ids)
    synonym, scope = obo_values.synonyms(raw)
    names = {number: tag for tag, number in found.names.items()}
    old = pa.array([_OLD.get(names[code]) for code in found.codes[rows]], pa.string())
    columns = {
        "term": term,
        "synonym": synonym,
        "scope": pc.utf8_lower(pc.coalesce(scope, old, pa.scalar("RELATED"))),
    }
    unquoted = (pc.is_null(synonym), "the synonym is not in quotes, or one within it is not escaped")
    return _part(table, record, columns, raw, unquoted)


def _xrefs(table: Table, found: _Tags, ids: pa.Array) -> Part:
    record, term, raw = found.of(found.rows("xref", "xref_analog", "xref_unk"), ids)
    xref = obo_values.references(raw)
    return _part(table, record, {"term": term, "xref": xref}, raw, _empty(xref, "xref"))


def _relations(table: Table, found: _Tags, ids: pa.Array) -> Part:
    rows = found.rows(*_TARGETS)
    record, term, raw = found.of(rows, ids)
    names = {number: _TARGETS.get(tag) for tag, number in found.names.items()}
    predicate = pa.array([names[code] for code in found.codes[rows]], pa.string())
    more_record, more_term, more = found.of(found.rows("relationship"), ids)
    stated, others = obo_values.pairs(more)
    known = pc.index_in(stated, pa.array(list(PREDICATES)))
    stated = pc.coalesce(pa.array(list(PREDICATES.values())).take(known), stated)
    own = obo_values.identifiers(raw)
    target = pa.concat_arrays([own.value, others.value])
    columns = {
        "term": pa.concat_arrays([term, more_term]),
        "predicate": pa.concat_arrays([predicate, stated]),
        "target": target,
        "qualifiers": pa.concat_arrays([own.qualifiers, others.qualifiers]),
    }
    everything = pa.concat_arrays([raw, more])
    blank = pc.and_(pc.is_null(target), pc.match_substring_regex(everything, r"\S\s+[^\s!{]"))
    faults = [(blank, "its target is no identifier"), _empty(target, "target")]
    return _part(table, pa.concat_arrays([record, more_record]), columns, everything, *faults)


def _empty(values: pa.Array, name: str) -> text.Fault:
    return pc.fill_null(pc.equal(pc.binary_length(values), 0), True), f"it has no {name}"
