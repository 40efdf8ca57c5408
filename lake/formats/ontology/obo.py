"""OBO flat files, versions 1.2 and 1.4 (https://owlcollab.github.io/oboformat/doc/GO.format.obo-1_4.html), in columns.

Stanzas are numbered by their headers, and each kind of line is read for all of them at once: the libraries that exist
keep a whole ontology in memory as objects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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

LARGEST = 256 * 2**20  # bytes of a stanza, or of the header
_KINDS = {"[Term]": "class", "[Typedef]": "property"}
_OLD = {"exact_synonym": "EXACT", "broad_synonym": "BROAD", "narrow_synonym": "NARROW", "related_synonym": "RELATED"}
_ONCE = ("name", "namespace", "def", "is_obsolete")
_TARGETS = {  # tags whose value is an identifier, and the name of their relation
    "is_a": "is_a",
    "replaced_by": "replaced_by",
    "consider": "consider",
    "alt_id": "alternative_id",
    "disjoint_from": "disjoint_from",
    "inverse_of": "inverse_of",
}


class _Header(NamedTuple):
    """The values before the first stanza that hold for all stanzas."""

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
    """Which lines end in an unescaped backslash and are followed by the next line of the file."""
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
    """Lines joined with the next where they end in a backslash."""
    goes_on = _goes_on(lines)
    if not goes_on.any():
        return lines
    starts = np.flatnonzero(~np.append(False, goes_on[:-1]))
    pieces = pc.if_else(pa.array(goes_on), pc.utf8_slice_codeunits(lines.text, 0, -1), lines.text)
    parts = pa.ListArray.from_arrays(pa.array(np.append(starts, len(pieces)), pa.int32()), pieces)
    return Lines(lines.record.take(pa.array(starts)), pc.binary_join(parts, ""), lines.undecodable)


def _header(lines: pa.Array) -> _Header:
    tags = pc.utf8_trim_whitespace(pc.replace_substring_regex(lines, r"\s*:.*", ""))
    values = obo_values.texts(pc.replace_substring_regex(lines, r"^[^:]*:\s*", "")).value
    header = dict(zip(reversed(tags.to_pylist()), reversed(values.to_pylist()), strict=True))
    return _Header(header.get("data-version") or header.get("date"), header.get("default-namespace"))


def _stanzas(lines: Lines, header: _Header, tables: Mapping[str, Table]) -> Iterator[Part]:
    """Parts of complete stanzas; lines that are not UTF-8 are rejects of the terms."""
    if not lines.seen:
        return
    lines = _continued(lines)
    opens = pc.starts_with(lines.text, "[").to_numpy(zero_copy_only=False)
    stanza = np.cumsum(opens) - 1
    heads = np.flatnonzero(opens)
    kind = pc.utf8_trim_whitespace(lines.text.take(pa.array(heads)))
    kind = pc.replace_substring_regex(kind, r"\s*!.*$", "")
    is_term = pc.is_in(kind, pa.array(list(_KINDS))).to_numpy(zero_copy_only=False)
    tag = pc.utf8_trim_whitespace(pc.replace_substring_regex(lines.text, r"\s*:.*", ""))
    value = pc.replace_substring_regex(lines.text, r"^[^:]*:\s*", "")
    tags = _Tags(tag, value, stanza, is_term, lines.record, len(heads))
    several_ids = np.bincount(stanza[tags.rows("id")], minlength=len(heads)) > 1
    ids = pc.if_else(pa.array(several_ids), None, obo_values.identifiers(tags.first("id")).value)
    definition = obo_values.definitions(tags.first("def"))
    stanzas = _Stanzas(lines, heads, kind, is_term, ids, several_ids, definition)
    yield _terms(tables["terms"], stanzas, tags, header)
    yield _malformed(tables["terms"], stanzas, tags)
    yield _synonyms(tables["synonyms"], tags, ids)
    yield _xrefs(tables["xrefs"], tags, ids)
    yield _relations(tables["relations"], tags, ids)


@dataclass(frozen=True, slots=True)
class _Stanzas:
    """Some stanzas; but for `lines`, each has one value per stanza."""

    lines: Lines
    heads: np.ndarray  # index of its first line
    kind: pa.Array  # [Term], [Typedef] ...
    is_term: np.ndarray  # whether it is a term or a property
    ids: pa.Array  # null without exactly one valid id
    several_ids: np.ndarray
    definition: pa.Array  # null without a valid definition


class _Tags:
    """The lines of some stanzas, by their tags."""

    def __init__(
        self, tag: pa.Array, value: pa.Array, stanza: np.ndarray, is_term: np.ndarray, record: pa.Array, count: int
    ):
        coded = tag.dictionary_encode()
        self.names = {name: n for n, name in enumerate(coded.dictionary.to_pylist())}
        self.codes = coded.indices.to_numpy()
        self.value, self.stanza, self.record, self.count = value, stanza, record, count
        self.of_term = is_term[stanza]

    def rows(self, *tags: str) -> np.ndarray:
        """Which lines have one of these tags, in stanzas of terms and properties."""
        codes = [self.names[tag] for tag in tags if tag in self.names]
        return np.flatnonzero(np.isin(self.codes, codes) & self.of_term)

    def first(self, tag: str) -> pa.Array:
        """Each stanza's first value of a tag; null where it has none."""
        rows = self.rows(tag)
        index = np.full(self.count, -1)
        index[self.stanza[rows[::-1]]] = rows[::-1]
        return self.value.take(pa.array(index, mask=index < 0))

    def joined(self, tag: str) -> pa.Array:
        """Each stanza's texts of a tag, one per line; null where it has none."""
        rows = self.rows(tag)
        texts = obo_values.texts(self.value.take(pa.array(rows))).value
        ends = np.searchsorted(self.stanza[rows], np.arange(self.count + 1)).astype(np.int32)
        lists = pa.ListArray.from_arrays(pa.array(ends), texts)
        return pc.if_else(pc.equal(pc.list_value_length(lists), 0), None, pc.binary_join(lists, "\n"))

    def of(self, rows: np.ndarray, ids: pa.Array) -> tuple[pa.Array, pa.Array, pa.Array]:
        """Of some lines: their records, the ids of their stanzas, and their values."""
        index = pa.array(rows)
        return self.record.take(index), ids.take(pa.array(self.stanza[rows])), self.value.take(index)


def _terms(table: Table, stanzas: _Stanzas, tags: _Tags, header: _Header) -> Part:
    lines, is_term = stanzas.lines, stanzas.is_term
    term_mask = pa.array(is_term)
    codes = pc.index_in(stanzas.kind, pa.array(list(_KINDS)))
    obsolete = obo_values.identifiers(tags.first("is_obsolete")).value
    namespace = obo_values.texts(tags.first("namespace")).value
    columns = {
        "term": stanzas.ids,
        "kind": pa.array(list(_KINDS.values())).take(codes),
        "name": obo_values.texts(tags.first("name")).value,
        "definition": stanzas.definition,
        "namespace": pc.coalesce(namespace, pa.scalar(header.namespace, pa.string())),
        "comment": tags.joined("comment"),
        "obsolete": pc.fill_null(pc.equal(obsolete, "true"), False),
        "version": pa.repeat(pa.scalar(header.version, pa.string()), tags.count),
    }
    columns = {name: values.filter(term_mask) for name, values in columns.items()}
    bounds = np.append(stanzas.heads, len(lines.text))

    def content(mask: pa.Array) -> list[str]:
        wrong = np.flatnonzero(is_term)[np.flatnonzero(mask)]
        return ["\n".join(lines.text[int(bounds[n]) : int(bounds[n + 1])].to_pylist()) for n in wrong]

    record = lines.record.take(pa.array(stanzas.heads[is_term]))
    blank = pc.and_(pc.is_valid(tags.first("id")).filter(term_mask), pc.is_null(columns["term"]))
    faults = [
        (pa.array(stanzas.several_ids[is_term]), "its term has several ids"),
        (blank, "its term's id is none: it is empty or has a blank in it"),
        *_nameless(columns["term"]),
        (
            pc.invert(pc.is_in(obsolete, pa.array(["true", "false", None]))).filter(term_mask),
            "is_obsolete is neither true nor false",
        ),
    ]
    rows, rejects, _ = text.partition_rejects(table.schema, record, columns, faults, content)
    seen = int(is_term.sum()) + len(lines.undecodable)
    return text.make_part(table.name, seen, rows, rejects, lines.undecodable)


def _malformed(table: Table, stanzas: _Stanzas, tags: _Tags) -> Part:
    """Rejects of the terms: unknown kinds of stanzas, lines without a tag, definitions without an end, and repeated
    lines of a tag that a stanza may have once."""
    lines = stanzas.lines
    opens = np.zeros(len(lines.text), bool)
    opens[stanzas.heads] = True
    kind = stanzas.kind.take(pa.array(tags.stanza))
    plain = pc.match_substring_regex(lines.text, r"^\s*(!.*|[A-Za-z_][\w-]*\s*:.*)?$")
    tagless = pc.and_(pc.invert(plain), pa.array(~opens))
    unknown = pc.and_(pa.array(opens), pc.invert(pc.is_in(kind, pa.array([*_KINDS, "[Instance]"]))))
    endless, again = np.zeros(len(lines.text), bool), np.zeros(len(lines.text), bool)
    defined = tags.rows("def")
    endless[defined] = stanzas.definition.is_null().to_numpy(zero_copy_only=False)[tags.stanza[defined]]
    for tag in _ONCE:
        rows = tags.rows(tag)
        again[rows[1:]] = np.diff(tags.stanza[rows]) == 0
    faults = (
        (tagless, "the line is no `tag: value`"),
        (unknown, "a stanza of an unknown kind"),
        (pa.array(endless), "the definition is not in quotes, or one within it is not escaped"),
        (pa.array(again), "its stanza has this tag before, and may have it once"),
    )
    rejects = [text.rejects(lines.record.filter(wrong), reason, lines.text.filter(wrong)) for wrong, reason in faults]
    return text.make_part(table.name, sum(map(len, rejects)), table.schema.empty_table(), *rejects)


def _nameless(ids: pa.Array) -> list[text.Fault]:
    return [(pc.is_null(ids), "its term has no id")]


def _part(table: Table, record: pa.Array, columns: dict[str, pa.Array], raw: pa.Array, *faults: text.Fault) -> Part:
    rows, rejects, _ = text.partition_rejects(
        table.schema, record, columns, [*_nameless(columns["term"]), *faults], raw.filter
    )
    return text.make_part(table.name, len(record), rows, rejects)


def _synonyms(table: Table, tags: _Tags, ids: pa.Array) -> Part:
    rows = tags.rows("synonym", *_OLD)
    record, term, raw = tags.of(rows, ids)
    synonym, scope = obo_values.synonyms(raw)
    names = {number: tag for tag, number in tags.names.items()}
    old = pa.array([_OLD.get(names[code]) for code in tags.codes[rows]], pa.string())
    columns = {
        "term": term,
        "synonym": synonym,
        "scope": pc.utf8_lower(pc.coalesce(scope, old, pa.scalar("RELATED"))),
    }
    unquoted = (pc.is_null(synonym), "the synonym is not in quotes, or one within it is not escaped")
    return _part(table, record, columns, raw, unquoted)


def _xrefs(table: Table, tags: _Tags, ids: pa.Array) -> Part:
    record, term, raw = tags.of(tags.rows("xref", "xref_analog", "xref_unk"), ids)
    xref = obo_values.references(raw)
    return _part(table, record, {"term": term, "xref": xref}, raw, _empty(xref, "xref"))


def _relations(table: Table, tags: _Tags, ids: pa.Array) -> Part:
    rows = tags.rows(*_TARGETS)
    record, term, raw = tags.of(rows, ids)
    names = {number: _TARGETS.get(tag) for tag, number in tags.names.items()}
    predicate = pa.array([names[code] for code in tags.codes[rows]], pa.string())
    more_record, more_term, more = tags.of(tags.rows("relationship"), ids)
    stated, others = obo_values.pairs(more)
    renamed = pc.index_in(stated, pa.array(list(PREDICATES)))
    stated = pc.coalesce(pa.array(list(PREDICATES.values())).take(renamed), stated)
    own = obo_values.identifiers(raw)
    target = pa.concat_arrays([own.value, others.value])
    columns = {
        "term": pa.concat_arrays([term, more_term]),
        "predicate": pa.concat_arrays([predicate, stated]),
        "target": target,
        "qualifiers": pa.concat_arrays([own.qualifiers, others.qualifiers]),
    }
    values = pa.concat_arrays([raw, more])
    blank = pc.and_(pc.is_null(target), pc.match_substring_regex(values, r"\S\s+[^\s!{]"))
    faults = [(blank, "its target is no identifier"), _empty(target, "target")]
    return _part(table, pa.concat_arrays([record, more_record]), columns, values, *faults)


def _empty(values: pa.Array, name: str) -> text.Fault:
    return pc.fill_null(pc.equal(pc.binary_length(values), 0), True), f"it has no {name}"
