"""OBO 1.2 and 1.4 (https://owlcollab.github.io/oboformat/doc/obo-syntax.html), in columns and some megabytes at a time.

No library, though three are there. Of the real ENVO release 2025-10-20 (6,906 terms), fastobo 0.14 refuses 63 stanzas
for a space or an escaped comma in what a definition cites, and pronto 2.7, which is built on it, refuses the whole file
for the first of them; obonet 1.3 makes a graph of the whole file in memory, and passes over relations' stanzas. This
reader takes each clause by itself: what is malformed is one reject, and not the term, and not the file.

A stanza is a record of the terms; each clause is a record of one of the other tables, unless it is one of the term's
own (_OWN); a second name, definition or comment is a property of it. What is not well-formed is a reject of that table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.errors import Unreadable
from lake.sources import text
from lake.sources.ontology_tables import TABLES
from lake.sources.source import Part
from lake.sources.text import REJECTS, Lines

_OWN = ("name", "namespace", "def", "comment", "is_obsolete")  # a term has each once
_TAGS = {  # the clauses of each table; all others are properties
    "ontologies_synonyms": ("synonym", "exact_synonym", "broad_synonym", "narrow_synonym", "related_synonym"),
    "ontologies_xrefs": ("xref", "xref_analog", "xref_unk"),
    "ontologies_relations": (
        *("is_a", "relationship", "intersection_of", "union_of", "disjoint_from", "equivalent_to", "instance_of"),
        *("alt_id", "replaced_by", "consider", "inverse_of", "transitive_over", "domain", "range"),
    ),
}
_KINDS = {"[Term]": "term", "[Typedef]": "typedef", "[Instance]": "instance"}
_NOTED = r"(?:\s*\{(?P<qualifiers>.*)\})?(?:\s*!.*)?$"  # what may follow any value
_TEXT = r'"(?P<text>(?:[^"\\]|\\.)*)"'
_CITED = r"(?:\s*\[(?P<xrefs>.*?)\])?"  # up to the last bracket before what follows
_SYNONYM = rf"^{_TEXT}(?:\s+(?P<scope>EXACT|BROAD|NARROW|RELATED))?(?:\s+(?P<type>[^\s\[{{!]+))?{_CITED}{_NOTED}"
_XREF = rf'^(?P<xref>[^"]+?)(?:\s+{_TEXT})?(?:\s+\{{(?P<qualifiers>.*)\}})?(?:\s+!.*)?$'
_RELATION = r"^(?:(?P<relation>[^\s!{]\S*)\s+)?(?P<target>[^\s!{]\S*)" + _NOTED.replace(r"\s*", r"\s+")
_VALUE = rf'^(?P<property>\S+)\s+(?:{_TEXT}|(?P<plain>[^"\s]\S*))(?:\s+(?P<datatype>[^\s{{!]+))?{_NOTED}'


class Clauses(NamedTuple):
    """Lines `tag: value`, each with its stanza."""

    record: pa.Array  # the line
    stanza: np.ndarray  # which of the block's; -1 in the header
    tag: pa.Array
    value: pa.Array
    text: pa.Array  # the line as it stands

    def filter(self, mask: pa.Array) -> Clauses:
        chosen = mask.to_numpy(zero_copy_only=False)
        return Clauses(*(one[chosen] if one is self.stanza else one.filter(mask) for one in self))

    def tagged(self, *tags: str) -> Clauses:
        return self.filter(pc.is_in(self.tag, pa.array(tags, pa.string())))


class Stanzas(NamedTuple):
    """The heads of a block's stanzas, and what they are taken for."""

    record: pa.Array
    head: pa.Array
    id: pa.Array
    reason: pa.Array  # why a stanza is not taken; null where it is

    def of(self, clauses: Clauses) -> pa.Array:
        """Each clause's stanza; null in the header."""
        return pa.array(clauses.stanza, mask=clauses.stanza < 0)


class Header(NamedTuple):
    ontology: str
    version: str | None
    namespace: str | None


def read(path: Path, where: str, ontology: str) -> Iterator[Part]:
    """The tables of one file.

    Raises:
        Unreadable: it holds no stanza, or not one that could be taken.
    """
    header, seen, landed = None, 0, 0
    for block in _blocks(text.lines(path)):
        clauses, heads, odd = _clauses(block)
        header = header or _header(clauses, ontology)
        for part in _parts(clauses, heads, odd, header):
            if part.table == "ontologies_terms":
                seen, landed = seen + part.seen, landed + len(part.rows)
            if part.seen:
                yield part
    if seen == 0:
        raise text.nothing_found("stanza", where)
    if landed == 0:
        raise Unreadable(f"not one of its {seen:,} stanzas could be taken", where=where, why="it is no OBO file")


# Lines into stanzas and clauses


def _blocks(blocks: Iterable[Lines]) -> Iterator[Lines]:
    """The same lines in blocks of whole stanzas."""
    kept: Lines | None = None
    for block in blocks:
        if kept is not None:
            block = Lines(*(pa.concat_arrays([a, b]) for a, b in zip(kept[:2], block[:2], strict=True)), block[2])
        heads = np.flatnonzero(_is_head(block.text))
        last = heads[-1] if len(heads) else 0
        yield Lines(block.record[:last], block.text[:last], block.undecodable)
        kept = Lines(block.record[last:], block.text[last:], REJECTS.empty_table())
    if kept is not None:
        yield kept


def _is_head(lines: pa.Array) -> np.ndarray:
    return pc.match_substring_regex(lines, r"^\[[^\]:]*\]\s*(!.*)?$").to_numpy(zero_copy_only=False)


def _clauses(block: Lines) -> tuple[Clauses, tuple[pa.Array, pa.Array], pa.Table]:
    """The clauses of a block, its stanzas' heads (line, text), and the lines that are neither, as rejects."""
    head = _is_head(block.text)
    stanza = np.cumsum(head) - 1
    heads = block.record.filter(pa.array(head)), block.text.filter(pa.array(head))
    rest = pa.array(~head & ~pc.match_substring_regex(block.text, r"^\s*(!.*)?$").to_numpy(zero_copy_only=False))
    record, lines, stanza = block.record.filter(rest), block.text.filter(rest), stanza[rest.to_numpy(False)]
    found = pc.extract_regex(lines, r"^(?P<tag>[A-Za-z_][\w-]*)\s*:\s*(?P<value>.*?)\s*$")
    fits = pc.is_valid(found)
    odd = pc.invert(fits)
    wrong = text.rejects(record.filter(odd), "it is no `tag: value`", lines.filter(odd))
    found = found.filter(fits)
    tag, value = found.field(0), found.field(1)
    clauses = Clauses(record.filter(fits), stanza[fits.to_numpy(False)], tag, value, lines.filter(fits))
    return clauses, heads, pa.concat_tables([block.undecodable, wrong])


def _header(clauses: Clauses, ontology: str) -> Header:
    first = clauses.filter(pa.array(clauses.stanza < 0))
    said = dict(zip(reversed(first.tag.to_pylist()), reversed(first.value.to_pylist()), strict=True))
    return Header(ontology, said.get("data-version") or said.get("date"), said.get("default-namespace"))


# Stanzas and clauses into tables


def _parts(clauses: Clauses, heads: tuple[pa.Array, pa.Array], odd: pa.Table, header: Header) -> Iterator[Part]:
    stanzas = _stanzas(clauses, *heads)
    own = _own(clauses)
    terms, malformed = _terms(stanzas, clauses.filter(own), header)
    yield terms
    for table, make in _MAKERS.items():
        some = clauses.tagged(*_TAGS[table])
        yield _part(table, some, stanzas, header, *make(some))
    known = pc.is_in(clauses.tag, pa.array([tag for tags in _TAGS.values() for tag in tags]))
    ids = pc.and_(pc.equal(clauses.tag, "id"), pa.array(clauses.stanza >= 0))
    rest = clauses.filter(pc.invert(pc.or_(ids, pc.or_(own, known))))
    part = _part("ontologies_properties", rest, stanzas, header, *_properties(rest))
    seen = part.seen + len(odd) + len(malformed)
    yield text.together("ontologies_properties", seen, part.rows, part.rejects, odd, malformed)


def _stanzas(clauses: Clauses, record: pa.Array, head: pa.Array) -> Stanzas:
    ids = clauses.tagged("id")
    ids = ids.filter(pa.array(ids.stanza >= 0))
    place, count = _place(ids.stanza, len(record))
    id = _unescaped(pc.replace_substring_regex(ids.value, r"\s+[{!].*$", "")).take(place)
    head = pc.replace_substring_regex(head, r"\s*(!.*)?$", "")
    reason = pc.case_when(
        pa.StructArray.from_arrays(
            [
                pc.invert(pc.is_in(head, pa.array(list(_KINDS)))),
                pc.or_kleene(pc.is_null(id), pc.equal(id, "")),
                pa.array(count > 1),
            ],
            ["kind", "none", "twice"],
        ),
        "a stanza of an unknown kind",
        "the stanza has no id",
        "the stanza has several ids",
        pa.scalar(None, pa.string()),
    )
    return Stanzas(record, head, id, reason)


def _place(stanza: np.ndarray, stanzas: int) -> tuple[pa.Array, np.ndarray]:
    """Of each stanza, which of these clauses is its first (null: none is), and how many it has."""
    first = np.full(stanzas, -1)
    chosen, index = np.unique(stanza, return_index=True)
    first[chosen] = index
    return pa.array(first, mask=first < 0), np.bincount(stanza, minlength=stanzas)


def _own(clauses: Clauses) -> pa.Array:
    """Which clauses are the term's own: the first of each such tag in its stanza."""
    tag = pc.fill_null(pc.index_in(clauses.tag, pa.array(_OWN)), -1).to_numpy(zero_copy_only=False)
    there = np.flatnonzero((tag >= 0) & (clauses.stanza >= 0))
    first = np.zeros(len(tag), bool)
    first[there[np.unique(clauses.stanza[there] * len(_OWN) + tag[there], return_index=True)[1]]] = True
    return pa.array(first)


def _terms(stanzas: Stanzas, own: Clauses, header: Header) -> tuple[Part, pa.Table]:
    """The terms; and those clauses of theirs that are not well-formed, as rejects."""
    cells, lost = {}, []
    for tag in _OWN:
        some = own.tagged(tag)
        value, wrong = _said(tag, some.value)
        place, _ = _place(some.stanza, len(stanzas.id))
        cells[tag] = value.take(place)
        lost.append(text.rejects(some.record.filter(wrong), f"{tag} is malformed", some.text.filter(wrong)))
    said = cells["def"]
    columns = {
        "ontology": _all(header.ontology, stanzas.id),
        "version": _all(header.version, stanzas.id),
        "id": stanzas.id,
        "kind": pa.array(list(_KINDS.values())).take(pc.index_in(stanzas.head, pa.array(list(_KINDS)))),
        "name": _unescaped(cells["name"]),
        "namespace": _filled(cells["namespace"], header.namespace),
        "definition": _unescaped(_nulled(said.field(0))),
        "definition_xrefs": _nulled(said.field(1)),
        "comment": _unescaped(cells["comment"]),
        "obsolete": pc.fill_null(pc.equal(cells["is_obsolete"], "true"), False),
    }
    faults = [(pc.is_valid(stanzas.reason), stanzas.reason)]
    rows, wrong, _ = text.sift(TABLES["ontologies_terms"], stanzas.record, columns, faults, stanzas.head.filter)
    return text.together("ontologies_terms", len(stanzas.id), rows, wrong), pa.concat_tables(lost)


def _said(tag: str, value: pa.Array) -> tuple[pa.Array, pa.Array]:
    """What one of the term's own clauses says; and which are malformed."""
    if tag == "def":
        found = pc.extract_regex(value, f"^{_TEXT}{_CITED}{_NOTED}")
        return found, pc.is_null(found)
    value = pc.replace_substring_regex(value, r'\s+\{[\w:-]+="[^{}]*"\}(\s+!.*)?$', "")
    if tag == "is_obsolete":
        value = pc.replace_substring_regex(value, r"\s+!.*$", "")
        return value, pc.invert(pc.is_in(value, pa.array(["true", "false"])))
    return value, pc.equal(value, "")


def _part(
    table: str,
    clauses: Clauses,
    stanzas: Stanzas,
    header: Header,
    columns: dict[str, pa.Array],
    faults: list[text.Fault],
) -> Part:
    """Rows of clauses; rejects of those that are not well-formed or whose stanza is not taken."""
    stanza = stanzas.of(clauses)
    columns["ontology"] = _all(header.ontology, stanza)
    columns["id"] = pc.if_else(pc.is_null(stanza), header.ontology, stanzas.id.take(stanza))
    faults = [(pc.is_valid(stanzas.reason.take(stanza)), "its stanza is not taken"), *faults]
    rows, wrong, _ = text.sift(TABLES[table], clauses.record, columns, faults, clauses.text.filter)
    return text.together(table, len(clauses.record), rows, wrong)


def _synonyms(clauses: Clauses) -> tuple[dict[str, pa.Array], list[text.Fault]]:
    found = pc.extract_regex(clauses.value, _SYNONYM)
    synonym, scope, type, xrefs, _ = (_nulled(column) for column in found.flatten())
    older = pc.utf8_upper(pc.replace_substring_regex(clauses.tag, "_?synonym$", ""))
    columns = {
        "synonym": _unescaped(synonym),
        "scope": pc.coalesce(scope, _nulled(older)),
        "type": type,
        "xrefs": xrefs,
    }
    return columns, [(pc.is_null(synonym), "it is no quoted text with a scope")]


def _xrefs(clauses: Clauses) -> tuple[dict[str, pa.Array], list[text.Fault]]:
    found = pc.extract_regex(clauses.value, _XREF)
    xref, description, _ = (_nulled(column) for column in found.flatten())
    columns = {"xref": _unescaped(xref), "description": _unescaped(description)}
    return columns, [(pc.is_null(xref), "it is no cross-reference")]


def _relations(clauses: Clauses) -> tuple[dict[str, pa.Array], list[text.Fault]]:
    found = pc.extract_regex(clauses.value, _RELATION)
    relation, target, qualifiers = (_nulled(column) for column in found.flatten())
    logical = pc.equal(clauses.tag, "intersection_of")
    named = pc.or_(logical, pc.equal(clauses.tag, "relationship"))
    columns = {
        "relation": pc.if_else(named, pc.coalesce(_unescaped(relation), "is_a"), clauses.tag),
        "target": _unescaped(target),
        "logical": logical,
        "qualifiers": qualifiers,
    }
    return columns, [
        (pc.is_null(target), "it is no id"),
        (pc.and_(pc.equal(clauses.tag, "relationship"), pc.is_null(relation)), "it is no relation and id"),
        (pc.and_(pc.invert(named), pc.is_valid(relation)), "it is more than one id"),
    ]


def _properties(clauses: Clauses) -> tuple[dict[str, pa.Array], list[text.Fault]]:
    valued = pc.equal(clauses.tag, "property_value")
    found = pc.extract_regex(pc.if_else(valued, clauses.value, None), _VALUE)
    name, quoted, datatype, plain, _ = (_nulled(column) for column in found.flatten())
    columns = {
        "property": pc.if_else(valued, _unescaped(name), clauses.tag),
        "value": pc.if_else(valued, pc.coalesce(_unescaped(quoted), plain), clauses.value),
        "datatype": datatype,
        "about": pa.nulls(len(clauses.record), pa.string()),
    }
    return columns, [(pc.and_(valued, pc.is_null(name)), "it is no property and value")]


_MAKERS = {"ontologies_synonyms": _synonyms, "ontologies_xrefs": _xrefs, "ontologies_relations": _relations}


# Cells


def _all(value: str | None, like: pa.Array) -> pa.Array:
    return pa.repeat(pa.scalar(value, pa.string()), len(like))


def _filled(cells: pa.Array, value: str | None) -> pa.Array:
    return cells if value is None else pc.fill_null(cells, value)


def _nulled(cells: pa.Array) -> pa.Array:
    """A group that did not take part in a match is empty: null."""
    return pc.if_else(pc.equal(cells, ""), None, cells)


def _unescaped(cells: pa.Array) -> pa.Array:
    if not pc.any(pc.match_substring(cells, "\\")).as_py():
        return cells
    cells = pc.replace_substring(cells, "\\\\", "\0")
    for escaped, meant in (("\\n", "\n"), ("\\t", "\t"), ("\\W", " ")):
        cells = pc.replace_substring(cells, escaped, meant)
    return pc.replace_substring(pc.replace_substring_regex(cells, r"\\(.)", r"\1"), "\0", "\\")
