"""XML that is a row of records with texts in them, such as <entry>, in columns and in bounded memory.

expat judges the whole document as it streams by; blocks that end where a record ends are cut at "<" and taken apart by
Arrow, so that no Python runs for each element. That is exact because, in XML that is well-formed and has no comments,
CDATA or instructions, "<" begins a tag and nothing else: comments are left out first, and CDATA becomes other text.
expat asks no network and opens no file; a document with a DOCTYPE is refused, as it could declare entities.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat
from xml.sax.saxutils import escape

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.errors import Unreadable
from lake.sources.elements import without_references
from lake.sources.ragged import Ragged
from lake.sources.text import nothing_found

BLOCK = 8 * 2**20  # bytes read at once
LARGEST = 256 * 2**20  # a record beyond this is no record of ours
_ASIDE = re.compile(rb"<!--.*?-->|<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_TAG = r"(?s)^(?P<head>(?:[^\"'>]|\"[^\"]*\"|'[^']*')*)>(?P<text>.*)$"


def blocks(path: Path, roots: Sequence[str], where: str) -> Iterator[Block]:
    """The records of a document: all children of its root that are of the first one's name.

    Raises:
        Unreadable: not well-formed, cut short, another root, with a DOCTYPE or an instruction, or without a record.
    """
    stream = _Stream(roots, where)
    first = 1
    with open(path, "rb") as file:
        while chunk := file.read(BLOCK):
            if body := stream.feed(chunk):
                yield (block := Block(body, stream.record, first, where))
                first += block.n
    if body := stream.close():
        yield (block := Block(body, stream.record, first, where))
        first += block.n
    if first == 1:
        raise nothing_found("record", where)


class _Stream:
    """Bytes in; whole records out, in plain form."""

    def __init__(self, roots: Sequence[str], where: str):
        self.roots, self.where = roots, where
        self.root = self.record = ""
        self._kept, self._start = b"", -1  # what no record was made of yet; where the first record begins
        self._parser = parser = expat.ParserCreate()
        parser.StartElementHandler, parser.StartDoctypeDeclHandler = self._element, self._doctype
        parser.XmlDeclHandler, parser.ProcessingInstructionHandler = self._declared, self._instruction

    def feed(self, chunk: bytes) -> bytes:
        """The records that end in what has come."""
        if b"\0" in chunk:
            raise Unreadable("it is not UTF-8", where=self.where, why="the archive writes UTF-8")
        self._parse(chunk, False)
        self._kept += chunk
        if not self.record:
            return b""
        if self._start >= 0:
            self._kept, self._start = self._kept[self._start :], -1
        close = b"</%s>" % self.record.encode()
        end = self._kept.rfind(close) + len(close)
        if end < len(close):
            if len(self._kept) > LARGEST:
                raise Unreadable(f"a <{self.record}> is larger than {LARGEST / 1e6:,.0f} MB", where=self.where)
            return b""
        body, self._kept = self._kept[:end], self._kept[end:]
        return self._plain(body)

    def close(self) -> bytes:
        """What is left: records whose end is written otherwise, as in <RUN/> or </RUN >."""
        self._parse(b"", True)
        body = self._plain(self._kept)
        there = self.record and re.search(rb"<%s[\s/>]" % self.record.encode(), body)
        return body[there.start() : body.rfind(b"</")] if there else b""

    def _plain(self, body: bytes) -> bytes:
        """Without comments, and CDATA as other text."""
        if b"<!" not in body:
            return body
        body = _ASIDE.sub(lambda found: escape((found[1] or b"").decode()).encode(), body)
        if b"<!" in body:
            raise Unreadable(f"a comment or CDATA has </{self.record}> in it", where=self.where)
        return body

    def _parse(self, chunk: bytes, last: bool) -> None:
        try:
            self._parser.Parse(chunk, last)
        except expat.ExpatError as error:
            raise Unreadable(
                f"the XML breaks off or is damaged: {expat.ErrorString(error.code)}",
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
        self._refuse("it has a DOCTYPE", "none is needed; one can read files, ask hosts or fill the memory")

    def _instruction(self, *_: object) -> None:
        if self.root:
            self._refuse("it has an instruction for another program", "none is needed")

    def _refuse(self, what: str, why: str) -> NoReturn:
        raise Unreadable(what, where=f"{self.where} line {self._parser.CurrentLineNumber}", why=why)


class Block:
    """Some whole records.

    Attributes:
        n: how many records; `first` is the number of the first in the document, from 1.
    """

    def __init__(self, body: bytes, record: str, first: int, where: str):
        self.first, self.record = first, record
        pieces = pc.split_pattern(pa.array([body], pa.large_binary()).cast(pa.large_string()), "<").values
        pieces = pieces.slice(1).cast(pa.string())
        closing = pc.starts_with(pieces, "/").to_numpy(zero_copy_only=False)
        opening = np.flatnonzero(~closing)
        tags = pc.extract_regex(pieces.take(pa.array(opening)), _TAG)
        self.heads, self.texts = pc.struct_field(tags, "head"), pc.struct_field(tags, "text")
        change = np.where(closing, -1, 1)
        change[opening[pc.ends_with(self.heads, "/").to_numpy(zero_copy_only=False)]] = 0
        level = np.cumsum(change)
        self._depth = level[opening] - change[opening]
        self._tagged: dict[str, np.ndarray] = {}
        self._found: dict[tuple[str, ...], np.ndarray] = {(): self._tag(record) & (self._depth == 0)}
        self.n = int(self._found[()].sum())
        if level[-1] or self.n != np.count_nonzero(self._depth == 0):
            raise Unreadable(
                f"not every child of its root is a <{record}>, or one stands in another",
                where=where,
                why="the archive changed the form of its XML",
            )
        self._parent = _parents(self._depth)
        self._owner = np.cumsum(self._found[()]) - 1

    def at(self, *path: str) -> np.ndarray:
        """The elements at a path below the records: at("protein", "recommendedName", "fullName"); "*" is any name."""
        return np.flatnonzero(self._at(path))

    def below(self, tag: str, *parent: str) -> np.ndarray:
        """The elements of a name at any depth below the one at a path."""
        inside = self._at(parent).copy()
        found = self._tag(tag)
        for level in range(len(parent) + 1, int(self._depth.max()) + 1):
            here = np.flatnonzero(self._depth == level)
            inside[here] = inside[self._parent[here]]
        return np.flatnonzero(found & inside)

    def texts_of(self, rows: np.ndarray) -> Ragged:
        """What stands in these elements, before any element of their own; white space is one blank."""
        return Ragged.of(self._owner[rows], self.plain_texts(rows))

    def plain_texts(self, rows: np.ndarray) -> pa.Array:
        """The same, one for each element; what is empty too."""
        texts = without_references(self.texts.take(pa.array(rows)))
        return pc.utf8_trim_whitespace(pc.replace_substring_regex(texts, r"\s+", " "))

    def tags(self, rows: np.ndarray) -> Ragged:
        """The names of these elements."""
        names = pc.extract_regex(self.heads.take(pa.array(rows)), r"^(?P<name>[^\s/]+)")
        return Ragged.of(self._owner[rows], pc.struct_field(names, "name"))

    def attribute(self, name: str, rows: np.ndarray) -> pa.Array:
        """An attribute of these elements; null where one has none."""
        found = pc.extract_regex(
            self.heads.take(pa.array(rows)), rf"""(?s)\s{name}\s*=\s*(?:"(?P<a>[^"]*)"|'(?P<b>[^']*)')"""
        )
        one, other = pc.struct_field(found, "a"), pc.struct_field(found, "b")
        return without_references(pc.if_else(pc.equal(one, ""), other, one))

    def attributes(self, name: str, rows: np.ndarray) -> Ragged:
        """The same, with whose they are, without those that are missing or empty."""
        return Ragged.of(self._owner[rows], self.attribute(name, rows))

    def owner(self, rows: np.ndarray) -> np.ndarray:
        """The record that each of these elements is of, from 0."""
        return self._owner[rows]

    def parent(self, rows: np.ndarray) -> np.ndarray:
        """The element that each of these stands in."""
        return self._parent[rows]

    def source(self, mask: pa.Array) -> list[str]:
        """The first tag of the records that a mask over records names."""
        rows = np.flatnonzero(self._found[()])[np.flatnonzero(mask)]
        return [f"<{head}>" for head in self.heads.take(pa.array(rows)).to_pylist()]

    def _at(self, path: tuple[str, ...]) -> np.ndarray:
        if path not in self._found:
            above = np.append(self._at(path[:-1]), False)[self._parent]
            self._found[path] = above if path[-1] == "*" else above & self._tag(path[-1])
        return self._found[path]

    def _tag(self, tag: str) -> np.ndarray:
        if tag not in self._tagged:
            rows = np.flatnonzero(pc.starts_with(self.heads, tag))
            exact = pc.match_substring_regex(self.heads.take(pa.array(rows)), rf"^{tag}(?:[\s/]|$)")
            found = np.zeros(len(self.heads), bool)
            found[rows[exact.to_numpy(zero_copy_only=False)]] = True
            self._tagged[tag] = found
        return self._tagged[tag]


def _parents(depth: np.ndarray) -> np.ndarray:
    """Which element each one stands in; -1 for the records themselves."""
    parent = np.full(len(depth), -1)
    above = np.flatnonzero(depth == 0)
    for level in range(1, int(depth.max(initial=0)) + 1):
        here = np.flatnonzero(depth == level)
        parent[here] = above[np.searchsorted(above, here) - 1]
        above = here
    return parent
