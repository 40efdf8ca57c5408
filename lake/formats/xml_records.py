"""XML as a sequence of records with texts, such as <entry>, in columns and in bounded memory.

expat validates the whole document as it streams by; blocks that end with a record are split at "<" and ">", and columns
are extracted from them, so that no Python runs per element. This is exact because, in well-formed XML without comments,
CDATA or processing instructions, "<" begins a tag and nothing else: comments are dropped first, and CDATA becomes
ordinary text. Where ">" occurs in texts or values too, or an attribute is not written as a="b", regular expressions
decide.
expat uses no network and opens no file; a document with a DOCTYPE is refused, as it could declare entities.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NoReturn
from xml.parsers import expat
from xml.sax.saxutils import escape

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.errors import Unreadable
from lake.formats.answer import Answer
from lake.formats.list_columns import Ragged
from lake.formats.text import no_records
from lake.formats.xml_elements import unescape

BLOCK = 8 * 2**20  # bytes read at once
LARGEST = 64 * 2**20  # bytes of a record
BEFORE = 16 * 2**20  # bytes before the first record
DEEPEST = 64  # levels of elements in a record
_ASIDE = re.compile(rb"<!--.*?-->|<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_TAG = r"(?s)^(?P<head>(?:[^\"'>]|\"[^\"]*\"|'[^']*')*)>"
_VALUE = r"""\s*=\s*(?:"(?P<a>[^"]*)"|'(?P<b>[^']*)')"""
_OTHERS = r"""(?s)^[^\s/]+(?:\s+[^\s=]+\s*=\s*(?:"[^"]*"|'[^']*'))*?"""


def blocks(answer: Answer, roots: Sequence[str], where: str) -> Iterator[Block]:
    """The records of a document: the children of its root, all of the same name.

    Raises:
        Unreadable: it is not well-formed, is truncated, has another root, a DOCTYPE or an instruction, or no record.
    """
    stream = _Stream(roots, where)
    first = 1
    with answer.open() as file:
        while chunk := file.read(BLOCK):
            if body := stream.feed(chunk):
                yield (block := Block(body, stream.record, first, where))
                first += block.n
    if body := stream.close():
        yield (block := Block(body, stream.record, first, where))
        first += block.n
    if first == 1:
        raise no_records("record", where)


class _Stream:
    """Bytes in; complete records out, in plain form."""

    def __init__(self, roots: Sequence[str], where: str):
        self.roots, self.where = roots, where
        self.root = self.record = ""
        self._rest, self._start = b"", -1  # bytes of no record so far; where the first record begins
        self._parser = parser = expat.ParserCreate()
        parser.StartElementHandler, parser.StartDoctypeDeclHandler = self._element, self._doctype
        parser.XmlDeclHandler, parser.ProcessingInstructionHandler = self._declared, self._instruction

    def feed(self, chunk: bytes) -> bytes:
        """The records that end in the bytes so far."""
        if b"\0" in chunk:
            raise Unreadable("it is not UTF-8", where=self.where, why="the archive writes UTF-8")
        self._parse(chunk, False)
        self._rest += chunk
        if not self.record:
            self._check_size("the text before its first record", BEFORE)
            return b""
        if self._start >= 0:
            self._rest, self._start = self._rest[self._start :], -1
        close = b"</%s>" % self.record.encode()
        end = self._rest.rfind(close) + len(close)
        if end < len(close):
            self._check_size(f"a <{self.record}>", LARGEST)
            return b""
        body, self._rest = self._rest[:end], self._rest[end:]
        return self._plain(body)

    def _check_size(self, what: str, most: int) -> None:
        if len(self._rest) > most:
            raise Unreadable(f"{what} is larger than {most / 1e6:,.0f} MB", where=self.where)

    def close(self) -> bytes:
        """The remaining records: those whose end is written otherwise, as in <RUN/> or </RUN >."""
        self._parse(b"", True)
        body = self._plain(self._rest)
        first = self.record and re.search(rb"<%s[\s/>]" % self.record.encode(), body)
        return body[first.start() : body.rfind(b"</")] if first else b""

    def _plain(self, body: bytes) -> bytes:
        """Without comments, and with CDATA as ordinary text."""
        if b"<!" not in body:
            return body
        body = _ASIDE.sub(lambda match: escape((match[1] or b"").decode()).encode(), body)
        if b"<!" in body:
            raise Unreadable(f"a comment or CDATA contains </{self.record}>", where=self.where)
        return body

    def _parse(self, chunk: bytes, last: bool) -> None:
        try:
            self._parser.Parse(chunk, last)
        except expat.ExpatError as error:
            raise Unreadable(
                f"the XML is truncated or damaged: {expat.ErrorString(error.code)}",
                where=f"{self.where} line {error.lineno} column {error.offset + 1}",
            ) from None
        except (LookupError, ValueError) as error:
            raise Unreadable(f"the XML cannot be decoded: {error}", where=self.where) from None

    def _element(self, tag: str, attributes: dict[str, str]) -> None:
        if self.root:
            self.record, self._start = tag, self._parser.CurrentByteIndex
            self._parser.StartElementHandler = None
            return
        self.root = tag
        if tag not in self.roots:
            self._refuse(f"its root is <{tag}>, not <{'> or <'.join(self.roots)}>", "XML of another kind")

    def _declared(self, version: str, encoding: str | None, standalone: int) -> None:
        if (encoding or "utf-8").lower() not in ("utf-8", "us-ascii"):
            self._refuse(f"it is in {encoding}, not UTF-8", "the archive writes UTF-8")

    def _doctype(self, *_: object) -> None:
        self._refuse("it has a DOCTYPE", "none is needed; one could read files, call hosts or fill the memory")

    def _instruction(self, *_: object) -> None:
        if self.root:
            self._refuse("it has a processing instruction", "none is needed")

    def _refuse(self, what: str, why: str) -> NoReturn:
        raise Unreadable(what, where=f"{self.where} line {self._parser.CurrentLineNumber}", why=why)


class Block:
    """Some complete records.

    Attributes:
        n: number of records; `first` is the number of the first in the document, from 1.
    """

    def __init__(self, body: bytes, record: str, first: int, where: str):
        self.first, self.record = first, record
        self._bytes, self._data = pa.py_buffer(body), np.frombuffer(body, np.uint8)
        tags = np.flatnonzero(self._data == ord("<")) + 1
        ends = self._ends(tags)
        closing = self._data[tags] == ord("/")
        opening = np.flatnonzero(~closing)
        self._heads = (tags[opening], ends[opening])  # from and to: between "<" and ">"
        self._texts = (ends[opening] + 1, np.append(tags[1:] - 1, len(body))[opening])
        self._quotes = np.append(np.flatnonzero(self._data == ord('"')), len(body))
        change = np.where(closing, -1, 1)
        change[opening[self._data[ends[opening] - 1] == ord("/")]] = 0
        level = np.cumsum(change)
        if level.max(initial=0) > DEEPEST:
            raise Unreadable(
                f"elements are nested more than {DEEPEST} deep", where=where, why="no archive has such records"
            )
        self._depth = level[opening] - change[opening]
        top = np.flatnonzero(self._depth == 0)
        self._rows: dict[tuple[str, ...], np.ndarray] = {(): self._named(record, top)}
        self._children: dict[tuple[str, ...], np.ndarray] = {}
        self.n = len(self._rows[()])
        if level[-1] or self.n != len(top):
            raise Unreadable(
                f"not every child of its root is a <{record}>, or one is in another",
                where=where,
                why="the archive changed the format of its XML",
            )
        self._parent = _parents(self._depth)
        self._owner = np.cumsum(self._depth == 0) - 1

    def at(self, *path: str) -> np.ndarray:
        """The elements at a path below the records: at("protein", "recommendedName", "fullName"); "*" is any name."""
        if path not in self._rows:
            children = self._children_of(path[:-1])
            self._rows[path] = children if path[-1] == "*" else self._named(path[-1], children)
        return self._rows[path]

    def below(self, tag: str, *parent: str) -> np.ndarray:
        """The elements of a name at any depth below those at a path."""
        inside = np.zeros(len(self._depth), bool)
        inside[self.at(*parent)] = True
        for level in range(len(parent) + 1, int(self._depth.max()) + 1):
            rows = np.flatnonzero(self._depth == level)
            inside[rows] = inside[self._parent[rows]]
        return self._named(tag, np.flatnonzero(inside))

    def texts_of(self, rows: np.ndarray) -> Ragged:
        """The texts of these elements up to their first child, by record; white space becomes one blank."""
        return Ragged.of(self._owner[rows], self.plain_texts(rows))

    def plain_texts(self, rows: np.ndarray) -> pa.Array:
        """The same, one per element, the empty ones included."""
        texts = unescape(self._between(self._texts, rows))
        return pc.utf8_trim_whitespace(pc.replace_substring_regex(texts, r"\s+", " "))

    def tags(self, rows: np.ndarray) -> Ragged:
        """The names of these elements."""
        names = pc.extract_regex(self._between(self._heads, rows), r"^(?P<name>[^\s/]+)")
        return Ragged.of(self._owner[rows], pc.struct_field(names, "name"))

    def attribute(self, name: str, rows: np.ndarray) -> pa.Array:
        """An attribute of these elements; null where it is missing."""
        starts, ends = (positions[rows] for positions in self._heads)
        heads, mark = self._between(self._heads, rows), f' {name}="'
        at = pc.find_substring(heads, mark).to_numpy()
        begin = np.where(at >= 0, starts + at + len(mark), ends)
        quote = np.searchsorted(self._quotes, begin)
        first = (quote - np.searchsorted(self._quotes, starts)) % 2 == 1  # not within another attribute's value
        quotes = pc.match_substring(heads, "'").to_numpy(zero_copy_only=False)
        plain = (at >= 0) & first & ~quotes
        odd = ~plain
        if odd.any():
            odd[odd] = pc.match_substring(heads.filter(pa.array(odd)), name)
        values = self._cut(np.where(plain, begin, ends), np.where(plain, self._quotes[quote], ends))
        values = pc.if_else(pa.array(plain), values, pa.scalar(None, pa.string()))
        if odd.any():
            groups = pc.extract_regex(heads.filter(pa.array(odd)), rf"{_OTHERS}\s+{name}{_VALUE}")
            double, single = pc.struct_field(groups, "a"), pc.struct_field(groups, "b")  # by their quotes
            values = pc.replace_with_mask(values, pa.array(odd), pc.if_else(pc.equal(double, ""), single, double))
        return unescape(values)

    def attributes(self, name: str, rows: np.ndarray) -> Ragged:
        """The same, by record, without the missing and empty ones."""
        return Ragged.of(self._owner[rows], self.attribute(name, rows))

    def owner(self, rows: np.ndarray) -> np.ndarray:
        """The record of each of these elements, from 0."""
        owner: np.ndarray = self._owner[rows]
        return owner

    def parent(self, rows: np.ndarray) -> np.ndarray:
        """The parent of each of these elements."""
        parent: np.ndarray = self._parent[rows]
        return parent

    def source(self, mask: pa.Array) -> list[str]:
        """The first tag of the records that a mask selects."""
        rows = self.at()[np.flatnonzero(mask)]
        return [f"<{head}>" for head in self._between(self._heads, rows).to_pylist()]

    def _children_of(self, path: tuple[str, ...]) -> np.ndarray:
        """The elements in those at a path."""
        if path not in self._children:
            parents = np.zeros(len(self._depth) + 1, bool)  # the last is for -1, the records' parent
            parents[self.at(*path)] = True
            self._children[path] = np.flatnonzero(parents[self._parent])
        return self._children[path]

    def _named(self, tag: str, rows: np.ndarray) -> np.ndarray:
        """Those of the elements that have this name."""
        start = self._heads[0]
        for n, byte in enumerate(tag.encode()):
            rows = rows[self._data[start[rows] + n] == byte]
        return rows[np.isin(self._data[start[rows] + len(tag.encode())], list(b" \t\r\n/>"))]

    def _ends(self, tags: np.ndarray) -> np.ndarray:
        """The position of each tag's ">"."""
        ends = np.flatnonzero(self._data == ord(">"))
        if len(ends) == len(tags):
            return ends
        after = np.append(tags[1:], len(self._data))
        first = np.searchsorted(ends, tags)
        several = np.flatnonzero(np.searchsorted(ends, after) - first > 1)  # in a value or in the text
        ends = ends[first]
        heads = pc.struct_field(pc.extract_regex(self._cut(tags[several], after[several]), _TAG), "head")
        ends[several] = tags[several] + pc.binary_length(heads).to_numpy()
        return ends

    def _between(self, positions: tuple[np.ndarray, np.ndarray], rows: np.ndarray) -> pa.Array:
        starts, ends = positions
        return self._cut(starts[rows], ends[rows])

    def _cut(self, starts: np.ndarray, ends: np.ndarray) -> pa.Array:
        """The texts between these ascending positions; only they are copied."""
        offsets = np.append(np.stack([starts, ends], 1).ravel(), ends[-1:]).astype(np.int32)
        if not len(offsets):
            return pa.array([], pa.string())
        pieces = pa.StringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), self._bytes)
        return pieces.take(pa.array(np.arange(0, len(offsets) - 1, 2)))


def _parents(depth: np.ndarray) -> np.ndarray:
    """The parent of each element; -1 for the records themselves."""
    parent = np.full(len(depth), -1)
    above = np.flatnonzero(depth == 0)
    for level in range(1, int(depth.max(initial=0)) + 1):
        rows = np.flatnonzero(depth == level)
        parent[rows] = above[np.searchsorted(above, rows) - 1]
        above = rows
    return parent
