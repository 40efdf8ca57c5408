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
_SEP = "\x1f"  # stands in no XML document, not even as a character reference (XML 1.0, section 2.2)
_UNDECLARED = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#[0-9]+|#x[0-9A-Fa-f]+);)[^\s;&<>\"']*;?")


@dataclass(slots=True)
class Document:
    """A document's elements by tag, in its order; substrates and products in one list."""

    resource: Resource
    texts: dict[str, list[str]]  # tag, name of an attribute, its value, name, value ...; with _SEP between
    parents: dict[str, list[int]]  # which of the elements of its parent's kind each stands in
    counts: Counter[str] = field(default_factory=Counter)  # of every start tag, before any is judged
    pathway: str = ""
    dtd: str | None = None
    created: str | None = None


def read(resource: Resource, path: Path) -> Iterator[Part]:
    """One document as rows of the kgml tables.

    Raises:
        Unreadable: not well-formed, cut short, not KGML, of another pathway, or with entities.
    """
    yield from _parts([parse(resource, path)])[0]


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
    texts, parents = ({tag: [] for tag in ("", *_PARENTS, "?")} for _ in range(2))
    for lists in (texts, parents):
        lists["substrate"] = lists["product"]
    document = Document(resource, texts, parents)
    parser = expat.ParserCreate()
    tags = _listen(parser, document)
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        where = f"{resource.url} line {error.lineno} column {error.offset + 1}"
        what = f"the XML breaks off or is damaged: {expat.ErrorString(error.code)}"
        raise Unreadable(what, where=where, next="lake fetch kegg") from None
    except (LookupError, ValueError) as error:  # an encoding that Python does not know, or of several bytes
        raise Unreadable(f"the XML cannot be decoded: {error}", where=resource.url) from None
    if found := _UNDECLARED.search(raw.replace(b"\0", b"")):
        name = found[0][:40].decode("ascii", "replace")
        raise Unreadable(f"it uses {name}, which nothing declares", where=resource.url)
    document.counts = Counter(tags)
    document.pathway = _identify(document)
    return document


def _listen(parser: expat.XMLParserType, document: Document) -> list[str]:
    """Have the parser fill the document. The list that comes back gets every start tag."""
    texts, parents, open_tags, tags, join = document.texts, document.parents, [""], [], _SEP.join

    def refuse(what: str, why: str = "") -> NoReturn:
        at = f"{document.resource.url} line {parser.CurrentLineNumber} column {parser.CurrentColumnNumber + 1}"
        raise Unreadable(what, where=at, why=why)

    def start(tag: str, attributes: list[str]) -> None:
        parent = open_tags[-1]
        open_tags.append(tag)
        if parent in _PARENTS.get(tag, ()):
            tags.append(tag)
            texts[tag].append(join((tag, *attributes)))
            parents[tag].append(len(texts[parent]) - 1)
        elif not parent:
            refuse(f"its root is <{tag}>: this is not KGML", "an error page, or XML of another kind")
        elif tag in _PARENTS and parent in _PARENTS:
            refuse(f"<{tag}> stands in <{parent}>, where KGML has none")
        else:
            tags.append("?")
            texts["?"].append(join((tag, *attributes)))

    def doctype(name: str, system: str | None, public: str | None, internal: int) -> None:
        document.dtd = system

    def comment(body: str) -> None:
        if document.created is None and "Creation date:" in body:
            document.created = body.partition("Creation date:")[2].strip()

    def entity(name: str, *_: object) -> None:
        refuse(f"it declares an entity, {name!r}", "KGML needs none; one can read files, ask hosts or fill the memory")

    parser.ordered_attributes = True
    parser.StartElementHandler = start
    parser.EndElementHandler = open_tags.remove  # no element of KGML stands within one of its own name
    parser.StartDoctypeDeclHandler = doctype
    parser.CommentHandler = comment
    parser.EntityDeclHandler = entity
    return tags


def _identify(document: Document) -> str:
    _, *attributes = document.texts["pathway"][0].split(_SEP)
    name = dict(zip(attributes[::2], attributes[1::2], strict=True)).get("name", "")
    found = re.fullmatch(r"(?:path:)?([A-Za-z]+[0-9]{5})", name)
    if not found:
        raise Unreadable(f"its name is {name!r}, not a pathway's id", where=document.resource.url)
    wanted = document.resource.params.get("pathway_id", found[1])
    if found[1] != wanted:
        raise Unreadable(f"it is of {found[1]}, and {wanted} was asked for", where=document.resource.url)
    return found[1]


class Elements:
    """All elements of one kind in several documents; their attributes become columns when asked for."""

    def __init__(self, documents: list[Document], tag: str):
        self.texts = list(chain.from_iterable(document.texts[tag] for document in documents))
        self.sizes = np.array([len(document.texts[tag]) for document in documents], np.int64)
        self.starts = np.cumsum(self.sizes) - self.sizes
        self.document = np.repeat(np.arange(len(documents)), self.sizes)
        self.nth = np.arange(len(self.texts)) - np.repeat(self.starts, self.sizes)  # in its document
        self.parent = np.fromiter(chain.from_iterable(document.parents[tag] for document in documents), np.int64)
        cells = pc.split_pattern(pa.array(self.texts, pa.string()), _SEP)
        offsets = cells.offsets.to_numpy()
        self._cells, self._tags = cells.values, offsets[:-1]
        place = np.arange(len(self._cells)) - np.repeat(offsets[:-1], np.diff(offsets))
        self._keys = np.flatnonzero(place % 2)  # where the names of attributes are; each value is behind its name
        self._rows = np.repeat(np.arange(len(self.texts)), np.diff(offsets) // 2)
        names = self._cells.take(self._keys).dictionary_encode()
        self._names, self._codes = names.dictionary.to_pylist(), names.indices.to_numpy()

    def tags(self) -> pa.Array:
        return self._cells.take(self._tags)

    def __getitem__(self, name: str) -> pa.Array:
        """An attribute as text, null where an element has none."""
        if name not in self._names:
            return pa.nulls(len(self.texts), pa.string())
        found = self._codes == self._names.index(name)
        index = np.full(len(self.texts), -1)
        index[self._rows[found]] = self._keys[found] + 1
        return self._cells.take(pa.array(index, mask=index < 0))

    def columns(self, *names: str) -> dict[str, pa.Array]:
        return {name: self[name] for name in names}

    def source(self, mask: pa.Array) -> list[str]:
        """The elements as they stand in their documents, or nearly so."""
        return [_source(self.texts[i]) for i in np.flatnonzero(mask)]


def _source(element: str) -> str:
    tag, *attributes = element.split(_SEP)
    pairs = zip(attributes[::2], attributes[1::2], strict=True)
    return f"<{tag}{''.join(f' {name}={quoteattr(value)}' for name, value in pairs)}>"


def _parts(documents: list[Document]) -> list[list[Part]]:
    """Each document's parts, out of columns that all of them share."""
    parts: list[list[Part]] = [[] for _ in documents]
    pathways = pa.array([document.pathway for document in documents], pa.string())
    elements: dict[str, Elements] = {}
    for table, (tag, columns_of) in _TABLES.items():
        if not any(document.texts[tag] for document in documents):
            continue
        found = elements[tag] = Elements(documents, tag)
        columns, faults = columns_of(found, elements, documents)
        columns["pathway_id"] = pathways.take(found.document)
        taken, rejected, good = text.sift(TABLES[table], pa.array(found.nth + 1), columns, faults, found.source)
        kept = found.sizes if good is None else np.bincount(found.document[good], minlength=len(documents))
        row = reject = 0
        for document, part, size, n in zip(documents, parts, found.sizes.tolist(), kept.tolist(), strict=True):
            if size:
                lost = None if rejected is None else rejected.slice(reject, size - n)
                unknown = _unknown(document) if tag == "pathway" else None
                part.append(text.together(table, _seen(document, tag), taken.slice(row, n), lost, unknown))
            row, reject = row + n, reject + size - n
    return parts


def _seen(document: Document, tag: str) -> int:
    also = {"product": "substrate", "pathway": "?"}
    return document.counts[tag] + document.counts[also.get(tag, "")]


def _unknown(document: Document) -> pa.Table | None:
    found = document.texts["?"]
    if not found:
        return None
    record = pa.nulls(len(found), pa.int64())
    return text.rejects(record, "an element that KGML is not known to have", list(map(_source, found)))


Columns = tuple[dict[str, pa.Array], list[text.Fault]]


def _pathways(rows: Elements, elements: dict[str, Elements], documents: list[Document]) -> Columns:
    columns = rows.columns("number", "title", "image", "link")
    columns["organism"] = rows["org"]
    for fact in ("dtd", "created"):
        columns[fact] = pa.array([getattr(document, fact) for document in documents], pa.string())
    return columns, []


def _entries(rows: Elements, elements: dict[str, Elements], documents: list[Document]) -> Columns:
    columns = rows.columns("type", "link")
    name = rows["name"]
    columns["entry_id"], odd = _required(rows["id"], "id")
    columns["names"], columns["reactions"] = _words(name), _ids(rows["reaction"])
    return columns, [odd, _missing(columns["type"], "type"), _missing(name, "name")]


def _graphics(rows: Elements, elements: dict[str, Elements], documents: list[Document]) -> Columns:
    columns = rows.columns("name", "type", "coords", "fgcolor", "bgcolor")
    columns["entry_id"], odd = _entry_ids(rows, elements)
    faults = [odd]
    for key in ("x", "y", "width", "height"):
        columns[key], wrong = text.reals(rows[key])
        faults.append((wrong, f"{key} is not a number"))
    return columns, faults


def _components(rows: Elements, elements: dict[str, Elements], documents: list[Document]) -> Columns:
    entry, odd_entry = _entry_ids(rows, elements)
    component, odd = _required(rows["id"], "id")
    return {"entry_id": entry, "component_id": component}, [odd_entry, odd]


def _reactions(rows: Elements, elements: dict[str, Elements], documents: list[Document]) -> Columns:
    name, type = rows["name"], rows["type"]
    entry, wrong = text.integers(rows["id"])
    unknown = pc.invert(pc.is_in(type, pa.array(["reversible", "irreversible"])))
    columns = {"reaction": pa.array(rows.nth), "entry_id": entry, "reactions": _ids(name), "type": type}
    faults = [(wrong, "id is not an integer"), _missing(name, "name")]
    return columns, [*faults, (unknown, "type is neither reversible nor irreversible")]


def _participants(rows: Elements, elements: dict[str, Elements], documents: list[Document]) -> Columns:
    name = rows["name"]
    entry, wrong = text.integers(rows["id"])
    columns = {
        "reaction": pa.array(rows.parent),
        "role": rows.tags(),
        "entry_id": entry,
        "compounds": _ids(name),
        "alternatives": _alternatives(rows, documents),
    }
    return columns, [(wrong, "id is not an integer"), _missing(name, "name")]


def _alternatives(rows: Elements, documents: list[Document]) -> pa.Array:
    """The <alt> elements of each participant; they stand in the order of their participants."""
    other = Elements(documents, "alt")
    sizes = np.bincount(rows.starts[other.document] + other.parent, minlength=len(rows.texts))
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), text.strip_prefix(other["name"]))


def _relations(rows: Elements, elements: dict[str, Elements], documents: list[Document]) -> Columns:
    first, odd_first = _required(rows["entry1"], "entry1")
    second, odd_second = _required(rows["entry2"], "entry2")
    columns = {"relation": pa.array(rows.nth), "entry1": first, "entry2": second, "type": rows["type"]}
    return columns, [odd_first, odd_second]


def _subtypes(rows: Elements, elements: dict[str, Elements], documents: list[Document]) -> Columns:
    columns = rows.columns("name", "value")
    return {"relation": pa.array(rows.parent), **columns}, [_missing(columns["name"], "name")]


def _entry_ids(rows: Elements, elements: dict[str, Elements]) -> tuple[pa.Array, text.Fault]:
    """The ids of the entries that elements stand in."""
    entries = elements["entry"]
    return _required(entries["id"].take(entries.starts[rows.document] + rows.parent), "its entry's id")


def _required(texts: pa.Array, name: str) -> tuple[pa.Array, text.Fault]:
    numbers, wrong = text.integers(texts)
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


_TABLES: dict[str, tuple[str, Callable[..., Columns]]] = {
    "kgml_pathways": ("pathway", _pathways),
    "kgml_entries": ("entry", _entries),
    "kgml_graphics": ("graphics", _graphics),
    "kgml_components": ("component", _components),
    "kgml_reactions": ("reaction", _reactions),
    "kgml_participants": ("product", _participants),
    "kgml_relations": ("relation", _relations),
    "kgml_relation_subtypes": ("subtype", _subtypes),
}
