"""JSON arrays of objects, in columns and in bounded memory: [{...}, ...], {"results": [{...}, ...]} or {...}.

The array is split between its objects by the brackets outside of strings; Arrow parses the objects.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import json as arrow_json

from lake.errors import Unreadable
from lake.formats.answer import Answer
from lake.formats.text import REJECTS, no_records, rejects

BLOCK = 4 * 2**20  # bytes read at once
LARGEST = 64 * 2**20  # bytes of an object
DEEPEST = 64  # levels of brackets in an object
_START = re.compile(rb'\s*(?:\[|\{\s*"results"\s*:\s*\[)')
_QUOTE, _BACKSLASH = ord('"'), ord("\\")


class Block(NamedTuple):
    """Some objects."""

    record: pa.Array  # number of each object in the file, from 1
    rows: pa.Table  # their members; null where an object lacks one that the schema names
    objects: pa.Array  # the objects as they are in the file
    broken: pa.Table  # REJECTS: those that do not fit the schema

    @property
    def seen(self) -> int:
        return len(self.record) + len(self.broken)

    def source(self, mask: pa.Array) -> pa.Array:
        """The objects that a mask selects, as they are in the file."""
        return self.objects.filter(mask)


def blocks(answer: Answer, schema: pa.Schema, where: str, more: bool = False) -> Iterator[Block]:
    """The objects of a file.

    Args:
        more: whether members that the schema does not name become columns too.

    Raises:
        Unreadable: it is not JSON of this form, is truncated, has no object, or one that is too large or too deep.
    """
    first = 1
    for objects in _objects(answer, where):
        yield (block := _block(objects, first, schema, more, where))
        first += block.seen
    if first == 1:
        raise no_records("record", where)


def _objects(answer: Answer, where: str) -> Iterator[pa.Array]:
    """The texts of the objects, some megabytes at a time."""
    rest, single, begun, ended = b"", False, False, False
    with answer.open() as file:
        while chunk := file.read(BLOCK):
            rest += chunk
            if not begun:
                rest, begun = rest.removeprefix(b"\xef\xbb\xbf"), True
                start = _START.match(rest)
                rest, single = (rest[start.end() :], False) if start else (rest, True)
            if ended:
                continue
            objects, rest, ended = _cut(rest, where)
            if len(objects):
                yield objects
            if len(rest) > LARGEST:
                raise Unreadable(f"an object is larger than {LARGEST / 1e6:,.0f} MB", where=where)
    if (rest.strip() or not begun) if single else not ended:
        raise Unreadable("the JSON is truncated or damaged", where=where, why="the answer was truncated")


def _cut(body: bytes, where: str) -> tuple[pa.Array, bytes, bool]:
    """The complete objects of a piece that begins between two; the rest of it; and whether the array ended."""
    data = np.frombuffer(body, np.uint8)
    position = np.flatnonzero((data == _QUOTE) | ((data & 0xDF) == ord("[")) | ((data & 0xDF) == ord("]")))
    sign = data[position]  # 0x5B [ 0x7B { and 0x5D ] 0x7D } differ in one bit
    quote = sign == _QUOTE
    quote[quote] = ~_escaped(data, position[quote])
    outside = (np.cumsum(quote) % 2 == 0) & (sign != _QUOTE)
    position, sign = position[outside], sign[outside]
    level = np.cumsum(np.where((sign & 0xDF) == ord("["), 1, -1))
    if level.max(initial=0) > DEEPEST:
        raise Unreadable(f"the JSON is nested more than {DEEPEST} deep", where=where)
    end = np.flatnonzero(level < 0)
    stop = end[0] if len(end) else len(level)
    ends = np.flatnonzero(level[:stop] == 0)
    starts = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
    if (sign[starts] != ord("{")).any() or (sign[ends] != ord("}")).any() or (len(end) and sign[stop] != ord("]")):
        raise Unreadable("the JSON is damaged, or not an array of objects", where=where)
    begin, after = position[starts], position[ends] + 1
    done = int(position[stop]) if len(end) else int(after[-1]) if len(ends) else 0
    edges = np.zeros(done + 1, np.int8)
    edges[begin] += 1
    edges[after] -= 1
    inside = np.cumsum(edges, dtype=np.int8)[:done] > 0
    if not re.fullmatch(rb"[\s,]*", data[:done][~inside].tobytes()):
        raise Unreadable("the JSON is damaged: there is text between its objects", where=where)
    return _texts(data[:done][inside], after - begin, where), body[done + len(end[:1]) :], bool(len(end))


def _escaped(data: np.ndarray, quotes: np.ndarray) -> np.ndarray:
    """Which quotes have an odd number of backslashes before them."""
    slash = np.flatnonzero(data == _BACKSLASH)
    if not len(slash):
        return np.zeros(len(quotes), bool)
    run = np.arange(len(slash)) - np.maximum.accumulate(
        np.where(np.diff(slash, prepend=-2) != 1, np.arange(len(slash)), 0)
    )
    before = np.searchsorted(slash, quotes) - 1
    adjacent = (before >= 0) & (slash[np.maximum(before, 0)] == quotes - 1)
    escaped: np.ndarray = adjacent & (run[np.maximum(before, 0)] % 2 == 0)
    return escaped


def _texts(data: np.ndarray, sizes: np.ndarray, where: str) -> pa.Array:
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    raw = pa.Array.from_buffers(
        pa.binary(), len(sizes), [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(data))]
    )
    try:
        return raw.cast(pa.string())
    except pa.ArrowInvalid:
        raise Unreadable("the JSON is not UTF-8", where=where) from None


def _block(objects: pa.Array, first: int, schema: pa.Schema, more: bool, where: str) -> Block:
    record = pa.array(np.arange(first, first + len(objects)))
    try:
        return Block(record, _rows(objects, schema, more, where), objects, REJECTS.empty_table())
    except pa.ArrowInvalid:  # one of them does not fit the schema: find out which
        reasons = [_fault(text, schema, more, where) for text in objects.to_pylist()]
    bad = pa.array([reason is not None for reason in reasons])
    good = pc.invert(bad)
    broken = rejects(record.filter(bad), pa.array(reasons, pa.string()).filter(bad), objects.filter(bad))
    fits = objects.filter(good)
    return Block(record.filter(good), _rows(fits, schema, more, where), fits, broken)


def _rows(objects: pa.Array, schema: pa.Schema, more: bool, where: str) -> pa.Table:
    if len(objects) == 0:
        return schema.empty_table()
    data = pc.binary_join(pa.ListArray.from_arrays(pa.array([0, len(objects)], pa.int32()), objects), "\n")[0]
    rows = arrow_json.read_json(
        pa.BufferReader(data.as_buffer()),
        read_options=arrow_json.ReadOptions(use_threads=False, block_size=len(data.as_buffer()) + 1),
        parse_options=arrow_json.ParseOptions(
            explicit_schema=schema,
            newlines_in_values=True,
            unexpected_field_behavior="infer" if more else "ignore",
        ),
    ).combine_chunks()
    if len(rows) != len(objects):
        raise Unreadable(f"{len(objects):,} objects gave {len(rows):,} rows", where=where)
    return rows


def _fault(text: str, schema: pa.Schema, more: bool, where: str) -> str | None:
    """Why an object is rejected; None if it is not."""
    try:
        json.loads(text)
        _rows(pa.array([text]), schema, more, where)
    except (ValueError, RecursionError, pa.ArrowInvalid) as error:
        return f"it is not of the form that is known: {str(error).splitlines()[0]}"[:300]
    return None
