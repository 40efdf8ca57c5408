"""Flat XML in columns: expat validates a document, and Arrow splits the elements of many documents at once.

In well-formed XML, "<" begins a tag and nothing else, and the text between double quotes in a tag is an attribute's
value: splitting at these two characters is exact if values are in double quotes and there are no comments, CDATA
sections or processing instructions. Any other document is first rewritten in canonical form
(https://www.w3.org/TR/xml-c14n2/). So no Python runs per element.

expat uses no network and opens no file. A document that declares an entity is refused, whatever its encoding.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn
from xml.etree.ElementTree import canonicalize
from xml.parsers import expat

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.errors import Unreadable

DEEPEST, KINDS = 64, 1000  # levels of elements; names of elements or attributes: no document of an archive has more
EXPANDED = 8  # how many times longer a document may be in canonical form
_UNDECLARED = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#[0-9]+|#x[0-9A-Fa-f]+);)[^\s;&<>\"']*;?")
_ASIDE = re.compile(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>", re.DOTALL)
_SINGLE_QUOTED = re.compile(rb"=\s*'")
_REFERENCE = re.compile(r"&(?:#x([0-9A-Fa-f]+)|#([0-9]+)|(\w+));")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_HEAD = re.compile(r"([^\s/>=]+)(?:\s+([^\s/>=]+)\s*=\s*|\s*(/?>)\s*)")  # a tag's name, then an attribute's or the end
_NEXT = re.compile(r"\s+()([^\s/>=]+)\s*=\s*()")
_END = re.compile(r"/[^\s>]+\s*>\s*")
_TAIL = re.compile(r"\s*()()(/?>)\s*")


class Document(NamedTuple):
    """A validated document."""

    body: bytes  # in plain form: from the root's "<" on, UTF-8
    root: Mapping[str, str]  # the root's attributes
    dtd: str | None  # system identifier of the document type
    comments: tuple[str, ...]  # before the root

    def element_count(self) -> int:
        """The number of elements, counted by characters alone."""
        return self.body.count(b"<") - self.body.count(b"</") - self.body.count(b"<?")


def parse(raw: bytes, root: str, where: str) -> Document:
    """A document, checked to be well-formed and harmless.

    Raises:
        Unreadable: it is truncated or damaged (with line and column), has another root, declares or uses an entity, or
            is too deep or, in plain form, too long.
    """
    parser = expat.ParserCreate()
    prolog = _listen(parser, root, where)
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise Unreadable(
            f"the XML is truncated or damaged: {expat.ErrorString(error.code)}",
            where=f"{where} line {error.lineno} column {error.offset + 1}",
        ) from None
    except (LookupError, ValueError) as error:  # an unknown encoding, or one of several bytes
        raise Unreadable(f"the XML cannot be decoded: {error}", where=where) from None
    body = raw[prolog.start :]
    plain = prolog.plain and b"\0" not in raw
    # expat silently drops a reference to an entity that an external document type might declare
    if entity := _UNDECLARED.search(body if plain else _ASIDE.sub(b"", body.replace(b"\0", b""))):
        name = entity[0][:40].decode("ascii", "replace")
        raise Unreadable(f"it uses {name}, which nothing declares", where=where)
    if not plain or _SINGLE_QUOTED.search(body):
        body = _canonical(raw, where)
        body = body[body.index(f"<{root}".encode()) :]
    return Document(body, prolog.root, prolog.dtd, tuple(prolog.comments))


def _canonical(raw: bytes, where: str) -> bytes:
    """A well-formed document in canonical form, of bounded size: it writes out the defaults of attributes."""
    _check_depth(raw, where)
    output = _Bounded(EXPANDED * len(raw) + 2**20, where)
    canonicalize(raw, out=output, with_comments=False)
    return "".join(output.pieces).encode()


class _Bounded:
    """A text that may grow to a number of characters."""

    def __init__(self, most: int, where: str):
        self.pieces: list[str] = []
        self._remaining, self._where = most, where

    def write(self, piece: str) -> None:
        self._remaining -= len(piece)
        if self._remaining < 0:
            raise Unreadable(
                f"in canonical form it is more than {EXPANDED} times as long",
                where=self._where,
                why="defaults of attributes would fill the memory",
            )
        self.pieces.append(piece)


def _check_depth(raw: bytes, where: str) -> None:
    depth = 0

    def begin(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST + 1:
            raise Unreadable(f"elements are nested more than {DEEPEST} deep", where=where)

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.Parse(raw, True)


@dataclass(slots=True)
class _Prolog:
    """What precedes a document's root, and whether the document is in plain form."""

    plain: bool = True  # UTF-8, and only tags from the root on
    dtd: str | None = None
    comments: list[str] = field(default_factory=list)
    start: int | None = None  # byte of the root's "<"
    root: Mapping[str, str] = field(default_factory=dict)  # its attributes


def _listen(parser: expat.XMLParserType, root: str, where: str) -> _Prolog:
    """A prolog that is filled in as the parser reads."""
    prolog = _Prolog()

    def refuse(what: str, why: str) -> NoReturn:
        at = f"{where} line {parser.CurrentLineNumber} column {parser.CurrentColumnNumber + 1}"
        raise Unreadable(what, where=at, why=why)

    def first(tag: str, attributes: dict[str, str]) -> None:
        if tag != root:
            refuse(f"its root is <{tag}>, not <{root}>", "an error page, or XML of another kind")
        prolog.start, prolog.root = parser.CurrentByteIndex, attributes
        parser.StartElementHandler = None

    def declaration(version: str, encoding: str | None, standalone: int) -> None:
        if (encoding or "utf-8").lower() not in ("utf-8", "us-ascii"):
            prolog.plain = False

    def doctype(name: str, system: str | None, public: str | None, internal: int) -> None:
        prolog.dtd = system
        if internal:
            prolog.plain = False  # it may declare defaults of attributes

    def comment(body: str) -> None:
        if prolog.start is None:
            prolog.comments.append(body)
        else:
            prolog.plain = False

    def not_plain(*_: object) -> None:
        prolog.plain = False

    def entity(name: str, *_: object) -> None:
        refuse(
            f"it declares an entity, {name!r}", "none is needed; one could read files, call hosts or fill the memory"
        )

    parser.StartElementHandler, parser.XmlDeclHandler, parser.StartDoctypeDeclHandler = first, declaration, doctype
    parser.CommentHandler, parser.EntityDeclHandler = comment, entity
    parser.StartCdataSectionHandler = parser.ProcessingInstructionHandler = not_plain
    return prolog


class Elements:
    """All elements of several documents, in columns.

    Args:
        documents: from `parse`.
        parents: the tags that each tag may be in; "" is the document.

    Raises:
        Unreadable: a known element is in another than these, or there is text. Pass one document to learn which.
    """

    def __init__(self, documents: Sequence[Document], parents: Mapping[str, Sequence[str]], where: str):
        self._where = where
        text = pa.array([b"".join(document.body for document in documents)], pa.large_binary()).cast(pa.large_string())
        pieces = pc.split_pattern(text, "<").values.cast(pa.string())
        opening = _first_bytes(pieces)
        start = np.flatnonzero((opening != ord("/")) & (opening != ord("?")) & (opening != 0))
        self.texts = pieces.take(pa.array(start))
        for end in pieces.filter(pa.array(opening == ord("/"))).unique().to_pylist():
            if not _END.fullmatch(end):
                self._refuse(f"there is text in it: {end.partition('>')[2].strip()[:60]!r}")
        empty = self._split_tags()
        change = np.zeros(len(pieces), np.int64)
        change[start] = ~empty
        change[opening == ord("/")] = -1
        self.depth = np.cumsum(change)[start] - change[start]
        self.document = np.cumsum(self.depth == 0) - 1
        self._find_parents(parents)

    def _split_tags(self) -> np.ndarray:
        """Split the tags into names and values; returns which elements are empty: <tag/>."""
        cells = pc.split_pattern(self.texts, '"')
        offsets = cells.offsets.to_numpy()
        widths = np.diff(offsets)
        if not (widths % 2).all():
            self._refuse("there is text in it")
        self._cells = cells.values
        position = np.arange(len(self._cells)) - np.repeat(offsets[:-1], widths)
        between = np.flatnonzero(position % 2 == 0)  # what is not a value
        marks = self._cells.take(pa.array(between)).dictionary_encode()
        texts = marks.dictionary.to_pylist()
        matches = [self._read(mark) for mark in texts]
        codes = marks.indices.to_numpy()
        (self.tags, tag), (names, name), (ends, end) = map(_encoded, zip(*matches, strict=True))
        self._names = {name: n for n, name in enumerate(names)}
        if max(len(self.tags), len(names)) > KINDS:
            self._refuse(f"it has more than {KINDS} names of elements or attributes")
        closing = np.array([("", ">", "/>").index(end) for end in ends])[end][codes]
        spaces = sum(len(re.findall(r"[\t\r\n]", mark)) * n for mark, n in zip(texts, np.bincount(codes), strict=True))
        self._spaced = np.count_nonzero(_buffers(self.texts)[1] < ord(" ")) > spaces  # white space within values
        element = np.repeat(np.arange(len(widths)), widths // 2 + 1)
        last = np.cumsum(widths // 2 + 1) - 1
        head = np.concatenate([[0], last[:-1] + 1])
        self.tag = tag[codes[head]]
        key = name[codes].astype(np.int16)  # numpy sorts these in linear time
        order = np.argsort(key, kind="stable")
        self._bounds = np.searchsorted(key[order], np.arange(len(self._names) + 1))
        self._element, self._value = element[order], between[order] + 1  # a value follows its name
        if np.count_nonzero(closing) != len(widths) or not closing[last].all():
            self._refuse("there is text in it")
        empty: np.ndarray = closing[last] == 2
        return empty

    def _read(self, mark: str) -> tuple[str, str, str]:
        """The text between two values: the tag, the name of the next attribute, the tag's end."""
        match = _HEAD.fullmatch(mark) or _NEXT.fullmatch(mark) or _TAIL.fullmatch(mark)
        if not match:
            self._refuse(f"there is text in it: {mark.strip()[:60]!r}")
        return match[1] or "", match[2] or "", match[3] or ""

    def _find_parents(self, parents: Mapping[str, Sequence[str]]) -> None:
        """Find each element's parent, and check that it may be in it."""
        if self.depth.max() > DEEPEST:
            self._refuse(f"elements are nested more than {DEEPEST} deep")
        self.parent = np.full(len(self.depth), -1)
        self.recognised = np.array([tag in parents for tag in self.tags])[self.tag]
        above = np.flatnonzero(self.depth == 0)
        for level in range(1, int(self.depth.max()) + 1):
            rows = np.flatnonzero(self.depth == level)
            self.parent[rows] = above[np.searchsorted(above, rows) - 1]
            self.recognised[rows] &= self.recognised[self.parent[rows]]
            above = rows
        container = np.where(self.parent < 0, len(self.tags), self.tag[self.parent])
        allowed = np.array([[up in parents.get(tag, ()) for up in (*self.tags, "")] for tag in self.tags])
        wrong = np.flatnonzero(self.recognised & ~allowed[self.tag, container])
        if wrong.size:
            tag, up = self.tags[self.tag[wrong[0]]], (*self.tags, "")[container[wrong[0]]]
            self._refuse(f"<{tag}> is in <{up}>, where it may not be")

    def _refuse(self, what: str) -> NoReturn:
        raise Unreadable(what, where=self._where)

    def of(self, *tags: str) -> np.ndarray:
        """Which elements have one of these names, and are in an element that they may be in."""
        chosen: np.ndarray = np.isin(self.tag, [n for n, tag in enumerate(self.tags) if tag in tags]) & self.recognised
        return chosen

    def attribute(self, name: str, rows: np.ndarray) -> pa.Array:
        """An attribute of some elements as text; null where it is missing."""
        index = np.full(len(self.depth), -1)
        if name in self._names:
            low, high = self._bounds[self._names[name]], self._bounds[self._names[name] + 1]
            index[self._element[low:high]] = self._value[low:high]
        index = index[rows]
        values = self._cells.take(pa.array(index, mask=index < 0))
        if self._spaced:  # XML 1.0, section 3.3.3
            values = pc.replace_substring_regex(values, r"\r\n|[\t\r\n]", " ")
        return unescape(values)

    def source(self, row: int) -> str:
        """An element's tag as it is in the document."""
        return f"<{self.texts[int(row)].as_py().rstrip()}"


def _encoded(texts: Sequence[str]) -> tuple[list[str], np.ndarray]:
    """The distinct texts, and the index of each text among them."""
    codes = {text: n for n, text in enumerate(dict.fromkeys(texts))}
    return list(codes), np.array([codes[text] for text in texts])


def _first_bytes(pieces: pa.Array) -> np.ndarray:
    """Each text's first byte; 0 for an empty text."""
    offsets, data = _buffers(pieces)
    first: np.ndarray = np.where(np.diff(offsets) > 0, data[np.minimum(offsets[:-1], len(data) - 1)], 0)
    return first


def _buffers(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """The offsets of the texts, and their bytes."""
    _, offsets, data = texts.buffers()
    return np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1], np.frombuffer(data, np.uint8)


def unescape(values: pa.Array) -> pa.Array:
    """Texts with their references (&lt; &#38;) replaced by the characters."""
    escaped = pc.fill_null(pc.match_substring(values, "&"), False)
    if not pc.any(escaped).as_py():
        return values
    plain = [_REFERENCE.sub(_character, value) for value in values.filter(escaped).to_pylist()]
    return pc.replace_with_mask(values, escaped, pa.array(plain, pa.string()))


def _character(reference: re.Match[str]) -> str:
    if reference[3]:
        return _NAMED[reference[3]]
    return chr(int(reference[1], 16) if reference[1] else int(reference[2]))


class Rows:
    """The elements of one kind, in the order of the documents."""

    def __init__(self, elements: Elements, *tags: str):
        self.elements = elements
        self.rows = np.flatnonzero(elements.of(*tags))
        self.document = elements.document[self.rows]
        self.sizes = np.bincount(self.document, minlength=elements.document[-1] + 1)
        self.starts = np.cumsum(self.sizes) - self.sizes
        self.nth = np.arange(len(self.rows)) - np.repeat(self.starts, self.sizes)  # in its document, from 0

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> pa.Array:
        return self.elements.attribute(name, self.rows)

    def columns(self, *names: str) -> dict[str, pa.Array]:
        return {name: self[name] for name in names}

    def tags(self) -> pa.Array:
        return pa.array(self.elements.tags, pa.string()).take(pa.array(self.elements.tag[self.rows]))

    def above(self, others: Rows) -> np.ndarray:
        """The index of the row in `others` that each of these rows is in."""
        return np.searchsorted(others.rows, self.elements.parent[self.rows])

    def source(self, mask: pa.Array) -> list[str]:
        return [self.elements.source(row) for row in self.rows[np.flatnonzero(mask)]]
