"""KGML, KEGG's pathway documents (https://www.kegg.jp/kegg/xml/docs/), DTD 0.6.1 to 0.7.2, as tables.

Many documents become columns together: `read_many` is several times faster than `read` of each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.errors import LakeError, Unreadable
from lake.formats import text, xml_elements
from lake.formats.xml_elements import Elements, Rows
from lake.sources.contract import Answer, Part, Resource
from lake.sources.kegg.tables import TABLES

BATCH = 8 * 10**6  # bytes of documents that become columns together

_PARENTS = {  # the elements that each element may be in
    "pathway": ("",),
    "entry": ("pathway",),
    "graphics": ("entry",),
    "component": ("entry",),
    "reaction": ("pathway",),
    "substrate": ("reaction",),
    "product": ("reaction",),
    "alt": ("substrate", "product"),
    "relation": ("pathway",),
    "subtype": ("relation",),
}


@dataclass(slots=True)
class Document:
    """A well-formed document, and its pathway."""

    resource: Resource
    xml: xml_elements.Document
    pathway: str

    @property
    def created(self) -> str | None:
        dates = (comment.partition("Creation date:")[2].strip() for comment in self.xml.comments)
        return next(filter(None, dates), None)


def read(resource: Resource, answer: Answer) -> Iterator[Part]:
    """One document as rows of the kgml tables.

    Raises:
        Unreadable: not well-formed, truncated, not KGML, of another pathway, or with entities.
    """
    yield from _parts([parse(resource, answer)])[0]


def read_many(pairs: Iterable[tuple[Resource, Answer]]) -> Iterator[tuple[Resource, Part | LakeError]]:
    """The same for many documents; a document that cannot be read yields its error instead of parts."""
    documents: list[Document] = []
    size = 0
    for resource, answer in pairs:
        try:
            documents.append(parse(resource, answer))
        except LakeError as error:
            yield resource, error
            continue
        size += len(documents[-1].xml.body)
        if size >= BATCH:
            yield from _read_batch(documents)
            documents, size = [], 0
    yield from _read_batch(documents)


def _read_batch(documents: list[Document]) -> Iterator[tuple[Resource, Part | LakeError]]:
    try:
        parts = _parts(documents) if documents else []
    except LakeError as error:  # one of them is damaged: read each alone
        if len(documents) == 1:
            yield documents[0].resource, error
        else:
            for document in documents:
                yield from _read_batch([document])
        return
    for document, own in zip(documents, parts, strict=True):
        for part in own:
            yield document.resource, part


def parse(resource: Resource, answer: Answer) -> Document:
    """A document, checked to be well-formed and of the pathway that was asked for.

    Raises:
        Unreadable: as `read`.
    """
    xml = xml_elements.parse(answer.read_bytes(), "pathway", resource.url)
    name = xml.root.get("name", "")
    match = re.fullmatch(r"(?:path:)?([A-Za-z]+[0-9]{5})", name)
    if not match:
        raise Unreadable(f"its name is {name!r}, not a pathway's id", where=resource.url, why="this is not KGML")
    pathway = match[1]
    requested = resource.params.get("pathway_id", pathway)
    if pathway != requested:
        raise Unreadable(f"it is of {pathway}, and {requested} was asked for", where=resource.url)
    return Document(resource, xml, pathway)


def _parts(documents: list[Document]) -> list[list[Part]]:
    """Each document's parts, from columns that all of them share."""
    elements = Elements([document.xml for document in documents], _PARENTS, documents[0].resource.url)
    kinds = {table: Rows(elements, *tags) for table, (tags, _) in _TABLES.items()}
    pathways = pa.array([document.pathway for document in documents], pa.string())
    parts: list[list[Part]] = [[] for _ in documents]
    for table, (_, columns_of) in _TABLES.items():
        rows = kinds[table]
        if not len(rows):
            continue
        columns, faults = columns_of(rows, kinds)
        columns["pathway_id"] = pathways.take(pa.array(rows.document))
        if table == "kgml_pathways":
            columns["dtd"] = pa.array([document.xml.dtd for document in documents], pa.string())
            columns["created"] = pa.array([document.created for document in documents], pa.string())
        landed, rejected, good = text.partition_rejects(
            TABLES[table], pa.array(rows.nth + 1), columns, faults, rows.source
        )
        good_sizes = rows.sizes if good is None else np.bincount(rows.document[good], minlength=len(documents))
        bad_sizes = rows.sizes - good_sizes
        row = reject = 0
        sizes = zip(rows.sizes.tolist(), good_sizes.tolist(), bad_sizes.tolist(), strict=True)
        for own, (total, n, bad) in zip(parts, sizes, strict=True):
            if total:
                own.append(text.make_part(table, total, landed.slice(row, n), rejected and rejected.slice(reject, bad)))
            row, reject = row + n, reject + bad
    if not elements.recognised.all():
        parts = [_with_unknown(own, elements, n) for n, own in enumerate(parts)]
    _reconcile(documents, parts, Rows(elements, "alt"))
    return parts


def _reconcile(documents: list[Document], parts: list[list[Part]], alternatives: Rows) -> None:
    """Check that every element of a document is a record of some table, or a participant's <alt>."""
    for document, own, alts in zip(documents, parts, alternatives.sizes.tolist(), strict=True):
        count, total = document.xml.element_count(), sum(part.seen for part in own) + alts
        if count != total:
            raise Unreadable(f"it has {count} elements, but {total} were read", where=document.resource.url)


def _with_unknown(parts: list[Part], elements: Elements, n: int) -> list[Part]:
    """The parts with the document's unknown elements as rejects of its pathway, so that none is lost."""
    rows = np.flatnonzero(~elements.recognised & (elements.document == n))
    if not rows.size:
        return parts
    content = [elements.source(row) for row in rows.tolist()]
    unknown = text.rejects(pa.nulls(len(rows), pa.int64()), "an element that KGML is not known to have", content)
    pathway, *tables = parts
    return [text.make_part(pathway.table, pathway.seen + len(rows), pathway.rows, pathway.rejects, unknown), *tables]


Columns = tuple[dict[str, pa.Array], list[text.Fault]]


def _pathways(rows: Rows, kinds: dict[str, Rows]) -> Columns:
    columns = rows.columns("number", "title", "image", "link")
    columns["organism"] = rows["org"]
    return columns, []


def _entries(rows: Rows, kinds: dict[str, Rows]) -> Columns:
    columns = rows.columns("type", "link")
    name = rows["name"]
    columns["entry_id"], fault = _required(rows["id"], "id")
    columns["names"], columns["reactions"] = _words(name), _ids(rows["reaction"])
    return columns, [fault, _missing(columns["type"], "type"), _missing(name, "name")]


def _graphics(rows: Rows, kinds: dict[str, Rows]) -> Columns:
    columns = rows.columns("name", "type", "coords", "fgcolor", "bgcolor")
    columns["entry_id"], fault = _entry_ids(rows, kinds)
    faults = [fault]
    for key in ("x", "y", "width", "height"):
        columns[key], wrong = text.reals(rows[key])
        faults.append((wrong, f"{key} is not a number"))
    return columns, faults


def _components(rows: Rows, kinds: dict[str, Rows]) -> Columns:
    entry, entry_fault = _entry_ids(rows, kinds)
    component, fault = _required(rows["id"], "id")
    return {"entry_id": entry, "component_id": component}, [entry_fault, fault]


def _reactions(rows: Rows, kinds: dict[str, Rows]) -> Columns:
    name, type = rows["name"], rows["type"]
    entry, wrong = text.integers(rows["id"])
    unknown = pc.invert(pc.is_in(type, pa.array(["reversible", "irreversible"])))
    columns = {"reaction": pa.array(rows.nth), "entry_id": entry, "reactions": _ids(name), "type": type}
    faults = [(wrong, "id is not an integer"), _missing(name, "name")]
    return columns, [*faults, (unknown, "type is neither reversible nor irreversible")]


def _participants(rows: Rows, kinds: dict[str, Rows]) -> Columns:
    name = rows["name"]
    entry, wrong = text.integers(rows["id"])
    columns = {
        "reaction": pa.array(kinds["kgml_reactions"].nth[rows.above(kinds["kgml_reactions"])]),
        "role": rows.tags(),
        "entry_id": entry,
        "compounds": _ids(name),
        "alternatives": _alternatives(rows),
    }
    return columns, [(wrong, "id is not an integer"), _missing(name, "name")]


def _alternatives(rows: Rows) -> pa.Array:
    """The <alt> elements of each participant, which are in the order of the participants."""
    alts = Rows(rows.elements, "alt")
    sizes = np.bincount(alts.above(rows), minlength=len(rows))
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), text.strip_prefix(alts["name"]))


def _relations(rows: Rows, kinds: dict[str, Rows]) -> Columns:
    first, first_fault = _required(rows["entry1"], "entry1")
    second, second_fault = _required(rows["entry2"], "entry2")
    columns = {"relation": pa.array(rows.nth), "entry1": first, "entry2": second, "type": rows["type"]}
    return columns, [first_fault, second_fault]


def _subtypes(rows: Rows, kinds: dict[str, Rows]) -> Columns:
    columns = rows.columns("name", "value")
    relations = kinds["kgml_relations"]
    columns["relation"] = pa.array(relations.nth[rows.above(relations)])
    return columns, [_missing(columns["name"], "name")]


def _entry_ids(rows: Rows, kinds: dict[str, Rows]) -> tuple[pa.Array, text.Fault]:
    """The ids of the entries that elements are in."""
    ids = rows.elements.attribute("id", rows.elements.parent[rows.rows])
    return _required(ids, "its entry's id")


def _required(texts: pa.Array, name: str) -> tuple[pa.Array, text.Fault]:
    numbers, wrong = text.integers(texts)
    if numbers.null_count:
        wrong = pc.is_null(numbers)
    return numbers, (wrong, f"{name} is missing or not an integer")


def _missing(texts: pa.Array, name: str) -> text.Fault:
    empty = pc.equal(pc.binary_length(texts), 0)
    return pc.fill_null(empty, True) if texts.null_count else empty, f"it has no {name}"


def _words(texts: pa.Array) -> pa.Array:
    """Texts split at blanks; an empty text or null gives an empty list."""
    trimmed = pc.ascii_trim_whitespace(texts)
    lists = pc.ascii_split_whitespace(pc.if_else(pc.equal(trimmed, ""), None, trimmed))
    return pa.ListArray.from_arrays(lists.offsets, lists.values)


def _ids(texts: pa.Array) -> pa.Array:
    """The same without the databases' prefixes: "rn:R00705 rn:R00706" as ["R00705", "R00706"]."""
    lists = _words(texts)
    return pa.ListArray.from_arrays(lists.offsets, text.strip_prefix(lists.values))


_TABLES: dict[str, tuple[tuple[str, ...], Callable[[Rows, dict[str, Rows]], Columns]]] = {
    "kgml_pathways": (("pathway",), _pathways),
    "kgml_entries": (("entry",), _entries),
    "kgml_graphics": (("graphics",), _graphics),
    "kgml_components": (("component",), _components),
    "kgml_reactions": (("reaction",), _reactions),
    "kgml_participants": (("substrate", "product"), _participants),
    "kgml_relations": (("relation",), _relations),
    "kgml_relation_subtypes": (("subtype",), _subtypes),
}
