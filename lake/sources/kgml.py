"""KGML, KEGG's pathway documents (https://www.kegg.jp/kegg/xml/docs/), DTD 0.6.1 to 0.7.2, into columns.

expat gives the elements, each as the dict of its attributes; Arrow makes the columns of many documents at a time.
expat asks no network and opens no file, and a document that declares an entity is refused, in whatever encoding.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.errors import LakeError, Unreadable
from lake.sources import text
from lake.sources.kegg_tables import TABLES
from lake.sources.source import Part, Resource

BATCH = 8 * 10**6  # bytes of documents that become columns together

_PARENTS = {  # where each element may stand
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
_OF, _TAG, _ALT = "<of", "<tag", "<alt"  # our own keys beside an element's attributes: no attribute is named so
_UNDECLARED = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#[0-9]+|#x[0-9A-Fa-f]+);)[^\s;&<>\"']*;?")

Attributes = dict[str, str]


@dataclass(slots=True)
class Document:
    """A document's elements, each as its attributes, in the document's order."""

    resource: Resource
    elements: dict[str, list[Attributes]]
    counts: Counter[str] = field(default_factory=Counter)  # of every start tag, before any is judged
    dtd: str | None = None
    created: str | None = None


def read(resource: Resource, path: Path) -> Iterator[Part]:
    """One document as rows of the kgml tables.

    Raises:
        Unreadable: not well-formed, cut short, not KGML, of another pathway, or with entities.
    """
    for parts in _parts([parse(resource, path)]):
        yield from parts


def read_many(pairs: Iterable[tuple[Resource, Path]]) -> Iterator[tuple[Resource, Part | LakeError]]:
    """The same for many documents, which go into columns together; a document's error in place of its parts."""
    documents: list[Document] = []
    size = 0
    for resource, path in pairs:
        try:
            documents.append(parse(resource, path))
        except LakeError as error:
            yield resource, error
            continue
        size += path.stat().st_size
        if size >= BATCH:
            yield from _labelled(documents)
            documents, size = [], 0
    yield from _labelled(documents)


def _labelled(documents: list[Document]) -> Iterator[tuple[Resource, Part]]:
    for document, parts in zip(documents, _parts(documents), strict=True):
        for part in parts:
            yield document.resource, part


def parse(resource: Resource, path: Path) -> Document:
    """A document's elements.

    Raises:
        Unreadable: as `read`.
    """
    raw = path.read_bytes()
    rows: dict[str, list[Attributes]] = {tag: [] for tag in _PARENTS if tag not in ("substrate", "product")}
    rows["participant"] = rows["substrate"] = rows["product"] = []
    document = Document(resource, rows)
    parser = expat.ParserCreate()
    tags = _listen(parser, document)
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        where = f"{resource.url} line {error.lineno} column {error.offset + 1}"
        raise Unreadable(
            f"the XML breaks off or is damaged: {expat.ErrorString(error.code)}", where=where, next="lake fetch kegg"
        ) from None
    except (LookupError, ValueError) as error:  # an encoding that Python does not know, or of several bytes
        raise Unreadable(f"the XML cannot be decoded: {error}", where=resource.url) from None
    if found := _UNDECLARED.search(raw.replace(b"\0", b"")):
        raise Unreadable(
            f"it uses {found[0][:40].decode('ascii', 'replace')}, which nothing declares", where=resource.url
        )
    document.counts = Counter(tags)
    _identify(document)
    return document


def _listen(parser: expat.XMLParserType, document: Document) -> list[str]:
    """Have the parser fill the document. The list that comes back gets every start tag."""
    rows, open_tags, tags = document.elements, [""], []
    of: dict[str, str | int | None] = {}

    def refuse(what: str, why: str = "") -> NoReturn:
        at = f"{document.resource.url} line {parser.CurrentLineNumber} column {parser.CurrentColumnNumber + 1}"
        raise Unreadable(what, where=at, why=why)

    def start(tag: str, attributes: Attributes) -> None:
        parent = open_tags[-1]
        open_tags.append(tag)
        tags.append(tag)
        if parent not in _PARENTS.get(tag, ()):
            if not parent:
                refuse(f"its root is <{tag}>: this is not KGML", "an error page, or XML of another kind")
            if tag in _PARENTS and parent in _PARENTS:
                refuse(f"<{tag}> stands in <{parent}>, where KGML has none")
            tags[-1] = "?"
            rows.setdefault("?", []).append({_TAG: tag, **attributes})
            return
        if tag == "alt":
            rows["participant"][-1].setdefault(_ALT, []).append(attributes.get("name", ""))
            return
        found = rows[tag]
        of[tag] = attributes.get("id") if tag == "entry" else len(found)
        attributes[_OF] = of.get(parent)
        attributes[_TAG] = tag
        found.append(attributes)

    def doctype(name: str, system: str | None, public: str | None, internal: int) -> None:
        document.dtd = system

    def comment(body: str) -> None:
        if document.created is None and "Creation date:" in body:
            document.created = body.partition("Creation date:")[2].strip()

    def entity(name: str, *_: object) -> None:
        refuse(f"it declares an entity, {name!r}", "KGML needs none; one can read files, ask hosts or fill the memory")

    parser.StartElementHandler = start
    parser.EndElementHandler = open_tags.remove  # no element of KGML stands within one of its own name
    parser.StartDoctypeDeclHandler = doctype
    parser.CommentHandler = comment
    parser.EntityDeclHandler = entity
    return tags


def _identify(document: Document) -> None:
    root = document.elements["pathway"][0]
    found = re.fullmatch(r"(?:path:)?([A-Za-z]+[0-9]{5})", root.get("name", ""))
    if not found:
        raise Unreadable(f"its name is {root.get('name')!r}, not a pathway's id", where=document.resource.url)
    wanted = document.resource.params.get("pathway_id", found[1])
    if found[1] != wanted:
        raise Unreadable(f"it is of {found[1]}, and {wanted} was asked for", where=document.resource.url)
    root["pathway_id"] = found[1]
    root["dtd"], root["created"] = document.dtd, document.created


def _parts(documents: list[Document]) -> list[list[Part]]:
    """Each document's parts, out of columns that all of them share."""
    parts: list[list[Part]] = [[] for _ in documents]
    pathways = pa.array([document.elements["pathway"][0]["pathway_id"] for document in documents], pa.string())
    for table, (tag, columns_of) in _TABLES.items():
        sizes = np.array([len(document.elements[tag]) for document in documents], np.int64)
        rows = list(chain.from_iterable(document.elements[tag] for document in documents))
        if not rows:
            continue
        which = np.repeat(np.arange(len(documents)), sizes)
        nth = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        columns, faults = columns_of(rows, nth)
        columns["pathway_id"] = pathways.take(which)
        taken, rejected, good = text.sift(TABLES[table], pa.array(nth + 1), columns, faults, _sources(rows))
        kept = sizes if good is None else np.bincount(which[good], minlength=len(documents))
        row = reject = 0
        for document, part, size, n in zip(documents, parts, sizes.tolist(), kept.tolist(), strict=True):
            if size:
                lost = None if rejected is None else rejected.slice(reject, size - n)
                unknown = _unknown(document) if tag == "pathway" else None
                part.append(text.together(table, _seen(document, tag), taken.slice(row, n), lost, unknown))
            row, reject = row + n, reject + size - n
    return parts


def _seen(document: Document, tag: str) -> int:
    counts = document.counts
    if tag == "participant":
        return counts["substrate"] + counts["product"]
    return counts[tag] + (counts["?"] if tag == "pathway" else 0)


def _unknown(document: Document) -> pa.Table | None:
    rows = document.elements.get("?", ())
    record = pa.nulls(len(rows), pa.int64())
    return text.rejects(record, "an element that KGML is not known to have", map(_source, rows)) if rows else None


def _sources(rows: list[Attributes]) -> Callable[[pa.Array], list[str]]:
    return lambda mask: [_source(rows[i]) for i in np.flatnonzero(mask)]


def _source(row: Attributes) -> str:
    attributes = "".join(f" {key}={quoteattr(value)}" for key, value in row.items() if key[0] != "<")
    return f"<{row[_TAG]}{attributes}>"


Columns = tuple[dict[str, pa.Array], list[text.Fault]]


def _pathways(rows: list[Attributes], nth: np.ndarray) -> Columns:
    columns = _texts(rows, "number", "title", "image", "link", "dtd", "created")
    return {**columns, "organism": _text(rows, "org")}, []


def _entries(rows: list[Attributes], nth: np.ndarray) -> Columns:
    columns = _texts(rows, "type", "name", "link")
    columns["entry_id"], odd = _required(rows, "id", "id")
    name = columns.pop("name")
    columns["names"], columns["reactions"] = _words(name), _ids(_text(rows, "reaction"))
    return columns, [odd, _missing(columns["type"], "type"), _missing(name, "name")]


def _graphics(rows: list[Attributes], nth: np.ndarray) -> Columns:
    columns = _texts(rows, "name", "type", "coords", "fgcolor", "bgcolor")
    columns["entry_id"], odd = _required(rows, _OF, "its entry's id")
    faults = [odd]
    for key in ("x", "y", "width", "height"):
        columns[key], wrong = text.reals(_text(rows, key))
        faults.append((wrong, f"{key} is not a number"))
    return columns, faults


def _components(rows: list[Attributes], nth: np.ndarray) -> Columns:
    entry, odd_entry = _required(rows, _OF, "its entry's id")
    component, odd = _required(rows, "id", "id")
    return {"entry_id": entry, "component_id": component}, [odd_entry, odd]


def _reactions(rows: list[Attributes], nth: np.ndarray) -> Columns:
    name, type = _text(rows, "name"), _text(rows, "type")
    entry, wrong = text.integers(_text(rows, "id"))
    unknown = pc.invert(pc.is_in(type, pa.array(["reversible", "irreversible"])))
    columns = {"reaction": pa.array(nth), "entry_id": entry, "reactions": _ids(name), "type": type}
    faults = [(wrong, "id is not an integer"), _missing(name, "name")]
    return columns, [*faults, (unknown, "type is neither reversible nor irreversible")]


def _participants(rows: list[Attributes], nth: np.ndarray) -> Columns:
    name = _text(rows, "name")
    entry, wrong = text.integers(_text(rows, "id"))
    columns = {
        "reaction": pa.array([row[_OF] for row in rows], pa.int64()),
        "role": _text(rows, _TAG),
        "entry_id": entry,
        "compounds": _ids(name),
        "alternatives": _ids(pa.array([" ".join(row[_ALT]) if _ALT in row else None for row in rows], pa.string())),
    }
    return columns, [(wrong, "id is not an integer"), _missing(name, "name")]


def _relations(rows: list[Attributes], nth: np.ndarray) -> Columns:
    first, odd_first = _required(rows, "entry1", "entry1")
    second, odd_second = _required(rows, "entry2", "entry2")
    columns = {"relation": pa.array(nth), "entry1": first, "entry2": second, "type": _text(rows, "type")}
    return columns, [odd_first, odd_second]


def _subtypes(rows: list[Attributes], nth: np.ndarray) -> Columns:
    relation = pa.array([row[_OF] for row in rows], pa.int64())
    columns = _texts(rows, "name", "value")
    return {"relation": relation, **columns}, [_missing(columns["name"], "name")]


def _text(rows: list[Attributes], key: str) -> pa.Array:
    return pa.array([row.get(key) for row in rows], pa.string())


def _texts(rows: list[Attributes], *keys: str) -> dict[str, pa.Array]:
    return {key: _text(rows, key) for key in keys}


def _required(rows: list[Attributes], key: str, name: str) -> tuple[pa.Array, text.Fault]:
    numbers, wrong = text.integers(_text(rows, key))
    if numbers.null_count:
        wrong = pc.is_null(numbers)
    return numbers, (wrong, f"{name} is missing or not an integer")


def _missing(texts: pa.Array, name: str) -> text.Fault:
    empty = pc.equal(pc.binary_length(texts), 0)
    return pc.fill_null(empty, True) if texts.null_count else empty, f"it has no {name}"


def _words(texts: pa.Array) -> pa.Array:
    """Texts cut at blanks; an empty text or null gives an empty list."""
    trimmed = pc.ascii_trim_whitespace(texts)
    lists = pc.ascii_split_whitespace(pc.if_else(pc.equal(trimmed, ""), None, trimmed))
    return pa.ListArray.from_arrays(lists.offsets, lists.values)


def _ids(texts: pa.Array) -> pa.Array:
    """The same without the databases' prefixes: "rn:R00705 rn:R00706" as ["R00705", "R00706"]."""
    lists = _words(texts)
    return pa.ListArray.from_arrays(lists.offsets, text.strip_prefix(lists.values))


_TABLES: dict[str, tuple[str, Callable[[list[Attributes]], Columns]]] = {
    "kgml_pathways": ("pathway", _pathways),
    "kgml_entries": ("entry", _entries),
    "kgml_graphics": ("graphics", _graphics),
    "kgml_components": ("component", _components),
    "kgml_reactions": ("reaction", _reactions),
    "kgml_participants": ("participant", _participants),
    "kgml_relations": ("relation", _relations),
    "kgml_relation_subtypes": ("subtype", _subtypes),
}
