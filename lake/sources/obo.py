"""OBO flat files, versions 1.2 and 1.4 (https://owlcollab.github.io/oboformat/doc/GO.format.obo-1_4.html), in columns.

Stanzas are numbered by their headers, and each kind of line is taken for all of them at once: no library does that, and
those that there are hold a whole ontology as objects.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.sources import text
from lake.sources.ontologies_tables import PREDICATES, TABLES
from lake.sources.source import Part
from lake.sources.text import REJECTS, Lines

_KINDS = {"[Term]": "class", "[Typedef]": "property"}
_SYNONYM = r'^"(?P<synonym>(?:[^"\\]|\\.)*)"\s*(?P<scope>EXACT|BROAD|NARROW|RELATED)?'
_QUALIFIERS = r"\s\{(?P<it>.*)\}\s*(?:!.*)?$"
_OLD = {"exact_synonym": "EXACT", "broad_synonym": "BROAD", "narrow_synonym": "NARROW", "related_synonym": "RELATED"}
_TARGETS = {  # tags whose value is an identifier, and what the relation is called
    "is_a": "is_a",
    "replaced_by": "replaced_by",
    "consider": "consider",
    "alt_id": "alternative_id",
    "disjoint_from": "disjoint_from",
    "inverse_of": "inverse_of",
}


def read(path: Path, where: str) -> Iterator[Part]:
    """The terms and properties of a file, stanza by stanza. Instances are left out. One without an id is a reject.

    Raises:
        Unreadable: there is no stanza.
    """
    rest, version, seen = None, None, 0
    for block in text.lines(path):
        joined = block if rest is None else _joined(rest, block)
        headers = np.flatnonzero(pc.starts_with(joined.text, "[").to_numpy(zero_copy_only=False))
        if version is None:
            version = _version(joined.text[: headers[0] if len(headers) else len(joined.text)])
        if not len(headers):
            rest = joined
            continue
        first, last = int(headers[0]), int(headers[-1])
        whole = Lines(joined.record[first:last], joined.text[first:last], joined.undecodable)
        rest = Lines(joined.record[last:], joined.text[last:], REJECTS.empty_table())
        for part in _stanzas(whole, version):
            seen += part.seen
            yield part
    if rest is not None and len(rest.text) and rest.text[0].as_py().startswith("["):
        for part in _stanzas(rest, version):
            seen += part.seen
            yield part
    if seen == 0:
        raise text.nothing_found("term", where)


def _joined(first: Lines, second: Lines) -> Lines:
    return Lines(
        pa.concat_arrays([first.record, second.record]),
        pa.concat_arrays([first.text, second.text]),
        pa.concat_tables([first.undecodable, second.undecodable]),
    )


def _version(header: pa.Array) -> str | None:
    said = {tag: value for tag, _, value in (line.partition(": ") for line in header.to_pylist())}
    return said.get("data-version") or said.get("date")


def _stanzas(lines: Lines, version: str | None) -> Iterator[Part]:
    """Parts of whole stanzas; lines that are not UTF-8 are rejects of the terms."""
    if not lines.seen:
        return
    opens = pc.starts_with(lines.text, "[").to_numpy(zero_copy_only=False)
    stanza = np.cumsum(opens) - 1
    heads = np.flatnonzero(opens)
    kind = pc.utf8_trim_whitespace(lines.text.take(pa.array(heads)))
    kind = pc.replace_substring_regex(kind, r"\s*!.*$", "")
    known = pc.is_in(kind, pa.array(list(_KINDS))).to_numpy(zero_copy_only=False)
    tag = pc.replace_substring_regex(lines.text, r"\s*:.*", "")
    value = pc.replace_substring_regex(lines.text, r"^[^:]*:\s*", "")
    found = _Tags(tag, value, stanza, known, lines.record, len(heads))
    ids = _plain(found.first("id"))
    twice = np.bincount(stanza[found.rows("id")], minlength=len(heads)) > 1
    ids = pc.if_else(pa.array(twice), None, ids)
    yield _terms(found, ids, twice, kind, heads, known, lines, version)
    yield _odd(lines, kind.take(pa.array(stanza)), opens)
    yield _synonyms(found, ids)
    yield _xrefs(found, ids)
    yield _relations(found, ids)


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

    def of(self, rows: np.ndarray, ids: pa.Array) -> tuple[pa.Array, pa.Array, pa.Array]:
        """Lines' records, the ids of their stanzas, and values."""
        places = pa.array(rows)
        return self.record.take(places), ids.take(pa.array(self.stanza[rows])), self.value.take(places)


def _plain(values: pa.Array) -> pa.Array:
    """A value without what the format lets stand behind it: {qualifiers} and ! a comment; escapes taken away."""
    bare = pc.replace_substring_regex(values, r"\s+!.*$|\s*\{[^{}]*\}\s*(!.*)?$", "")
    bare = pc.replace_substring_regex(bare, r"\s*\{[^{}]*\}\s*$", "")
    return _unescaped(pc.utf8_trim_whitespace(bare))


def _unescaped(values: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(pc.replace_substring(values, "\\n", " "), r"\\(.)", r"\1")


def _quoted(values: pa.Array) -> pa.Array:
    """What stands in the double quotes at the beginning."""
    found = pc.extract_regex(values, r'^"(?P<it>(?:[^"\\]|\\.)*)"')
    return _unescaped(pc.struct_field(found, "it"))


def _terms(
    found: _Tags,
    ids: pa.Array,
    twice: np.ndarray,
    kind: pa.Array,
    heads: np.ndarray,
    known: np.ndarray,
    lines: Lines,
    version: str | None,
) -> Part:
    taken = pa.array(known)
    name = pc.replace_substring_regex(found.first("name"), r"\s*\{[^{}]*\}\s*$", "")
    codes = pc.index_in(kind, pa.array(list(_KINDS)))
    columns = {
        "term": ids,
        "kind": pa.array(list(_KINDS.values())).take(codes),
        "name": _unescaped(name),
        "definition": _quoted(found.first("def")),
        "namespace": found.first("namespace"),
        "comment": _unescaped(found.first("comment")),
        "obsolete": pc.fill_null(pc.equal(_plain(found.first("is_obsolete")), "true"), False),
        "version": pa.repeat(pa.scalar(version, pa.string()), found.count),
    }
    columns = {name: values.filter(taken) for name, values in columns.items()}
    bounds = np.append(heads, len(lines.text))

    def content(mask: pa.Array) -> list[str]:
        wrong = np.flatnonzero(known)[np.flatnonzero(mask)]
        return ["\n".join(lines.text[int(bounds[n]) : int(bounds[n + 1])].to_pylist()) for n in wrong]

    record = lines.record.take(pa.array(heads[known]))
    faults = [(pa.array(twice[known]), "its term has several ids"), *_nameless(columns["term"])]
    rows, rejects, _ = text.sift(TABLES["ontologies_terms"], record, columns, faults, content)
    seen = int(known.sum()) + len(lines.undecodable)
    return text.together("ontologies_terms", seen, rows, rejects, lines.undecodable)


def _odd(lines: Lines, kind: pa.Array, opens: np.ndarray) -> Part:
    """Rejects of the terms for what OBO does not have: heads of other kinds of stanzas, lines without a tag."""
    plain = pc.match_substring_regex(lines.text, r"^\s*(!.*|[A-Za-z_][\w-]*\s*:.*)?$")
    tagless = pc.and_(pc.invert(plain), pa.array(~opens))
    other = pc.and_(pa.array(opens), pc.invert(pc.is_in(kind, pa.array([*_KINDS, "[Instance]"]))))
    found = [
        text.rejects(lines.record.filter(wrong), reason, lines.text.filter(wrong))
        for wrong, reason in ((tagless, "the line is no `tag: value`"), (other, "a stanza of an unknown kind"))
    ]
    table = "ontologies_terms"
    return text.together(table, sum(map(len, found)), TABLES[table].empty_table(), *found)


def _nameless(ids: pa.Array) -> list[text.Fault]:
    return [(pc.is_null(ids), "its term has no id")]


def _part(table: str, record: pa.Array, columns: dict[str, pa.Array], raw: pa.Array, *faults: text.Fault) -> Part:
    rows, rejects, _ = text.sift(TABLES[table], record, columns, [*_nameless(columns["term"]), *faults], raw.filter)
    return text.together(table, len(record), rows, rejects)


def _synonyms(found: _Tags, ids: pa.Array) -> Part:
    rows = found.rows("synonym", *_OLD)
    record, term, raw = found.of(rows, ids)
    cut = pc.extract_regex(raw, _SYNONYM)
    scope, names = pc.struct_field(cut, "scope"), {number: tag for tag, number in found.names.items()}
    old = pa.array([_OLD.get(names[code]) for code in found.codes[rows]], pa.string())
    scope = pc.if_else(pc.equal(pc.binary_length(scope), 0), None, scope)
    columns = {
        "term": term,
        "synonym": _unescaped(pc.struct_field(cut, "synonym")),
        "scope": pc.utf8_lower(pc.coalesce(scope, old, pa.scalar("RELATED"))),
    }
    unquoted = (pc.is_null(columns["synonym"]), "the synonym is not in quotes")
    return _part("ontologies_synonyms", record, columns, raw, unquoted)


def _xrefs(found: _Tags, ids: pa.Array) -> Part:
    record, term, raw = found.of(found.rows("xref", "xref_analog", "xref_unk"), ids)
    xref = pc.replace_substring_regex(_plain(raw), r'\s+".*"$', "")
    return _part("ontologies_xrefs", record, {"term": term, "xref": xref}, raw, _empty(xref, "xref"))


def _relations(found: _Tags, ids: pa.Array) -> Part:
    rows = found.rows(*_TARGETS)
    record, term, raw = found.of(rows, ids)
    names = {number: _TARGETS.get(tag) for tag, number in found.names.items()}
    predicate = pa.array([names[code] for code in found.codes[rows]], pa.string())
    more_record, more_term, more = found.of(found.rows("relationship"), ids)
    both = _plain(more)
    stated = pc.replace_substring_regex(both, r"\s.*$", "")
    known = pc.index_in(stated, pa.array(list(PREDICATES)))
    stated = pc.coalesce(pa.array(list(PREDICATES.values())).take(known), stated)
    target = pa.concat_arrays([_plain(raw), _second(both)])
    columns = {
        "term": pa.concat_arrays([term, more_term]),
        "predicate": pa.concat_arrays([predicate, stated]),
        "target": target,
    }
    everything = pa.concat_arrays([raw, more])
    columns["qualifiers"] = pc.struct_field(pc.extract_regex(everything, _QUALIFIERS), "it")
    return _part(
        "ontologies_relations", pa.concat_arrays([record, more_record]), columns, everything, _empty(target, "target")
    )


def _second(values: pa.Array) -> pa.Array:
    """The second word of each value, null where there is none."""
    return pc.struct_field(pc.extract_regex(values, r"^\S+\s+(?P<it>\S+)"), "it")


def _empty(values: pa.Array, name: str) -> text.Fault:
    return pc.fill_null(pc.equal(pc.binary_length(values), 0), True), f"it has no {name}"
