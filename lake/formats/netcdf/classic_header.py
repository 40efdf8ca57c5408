"""The size that a classic NetCDF file (CDF-1, 2 or 5) must have, by its own header.

The C library reads a truncated file as if zeros followed. The header's grammar: NetCDF Users Guide, "The
NetCDF Classic Format Specification" (magic, numrecs, dim_list, gatt_list, var_list; big-endian; padded to 4 bytes).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import BinaryIO

from lake.errors import Unreadable
from lake.formats.answer import Answer

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 8, 7: 1, 8: 2, 9: 4, 10: 8, 11: 8}  # bytes of each nc_type
_MOST = 1 << 16  # items of a list: dimensions, variables, attributes
_DIMENSIONS, _VARIABLES, _ATTRIBUTES = 10, 11, 12  # tags


@dataclass(slots=True)
class _Header:
    """A header, read from its first byte on; numbers have 4 bytes, or 8 in version 5."""

    file: BinaryIO
    length: int
    version: int

    def number(self, size: int | None = None) -> int:
        size = size or (8 if self.version == 5 else 4)
        content = self.file.read(size)
        if len(content) < size:
            raise Unreadable("the NetCDF file is truncated within its header")
        return int.from_bytes(content, "big")

    def skip(self, size: int) -> None:
        if size > self.length or self.file.seek(size + -size % 4, 1) > self.length:
            raise Unreadable("the NetCDF file is truncated within its header")

    def items(self, tag: int) -> range:
        """The range of a list's items; ABSENT is two zeros."""
        actual, count = self.number(4), self.number()
        if actual not in (0, tag) or (actual == 0 and count):
            raise Unreadable("the header of the NetCDF file is damaged", why=f"a list has the tag {actual}, not {tag}")
        return self.times(count)

    def times(self, count: int) -> range:
        """A range, if a list may be that long."""
        if count > _MOST:
            raise Unreadable("the header of the NetCDF file is damaged", why=f"a list has {count:,} items")
        return range(count)

    def skip_attributes(self) -> None:
        for _ in self.items(_ATTRIBUTES):
            self.skip(self.number())  # its name
            size = self.size_of(self.number(4))
            self.skip(size * self.number())

    def size_of(self, kind: int) -> int:
        if kind not in _SIZES:
            raise Unreadable("the header of the NetCDF file is damaged", why=f"there is no type {kind}")
        return _SIZES[kind]


def expected_size(answer: Answer) -> int:
    """The bytes that a classic file needs for its header and all the values that this declares, none of them shared.

    Raises:
        Unreadable: the header itself is truncated or damaged.
    """
    with answer.open() as file:
        version = file.read(4)[3]
        header = _Header(file, answer.size, version)
        records = header.number()
        streaming = 2 ** (64 if version == 5 else 32) - 1  # the writer did not know the number of records
        lengths = _dimensions(header)
        header.skip_attributes()
        variables = [_variable(header, lengths) for _ in header.items(_VARIABLES)]
        end = file.tell()
    ends = [begin + size for begin, size, record in variables if not record]
    varying = [(begin, size) for begin, size, record in variables if record]
    total = end + sum(size for _, size, record in variables if not record)
    if varying and 0 < records < streaming:
        stride = varying[0][1] if len(varying) == 1 else sum(size + -size % 4 for _, size in varying)
        ends += [begin + (records - 1) * stride + size for begin, size in varying]
        total += records * sum(size for _, size in varying)
    return max([total, *ends])  # the total is larger where variables lie over one another


def _dimensions(header: _Header) -> list[int]:
    lengths = []
    for _ in header.items(_DIMENSIONS):
        header.skip(header.number())
        lengths.append(header.number())
    return lengths


def _variable(header: _Header, lengths: list[int]) -> tuple[int, int, bool]:
    """Where a variable begins, its size in bytes (of one record, if it has records), and whether it has records."""
    header.skip(header.number())
    dims = [header.number() for _ in header.times(header.number())]
    header.skip_attributes()
    size = header.size_of(header.number(4))
    header.number()  # vsize, which overflows for large variables: the size follows from the dimensions
    begin = header.number(4 if header.version == 1 else 8)
    if any(dim >= len(lengths) for dim in dims):
        raise Unreadable(
            "the header of the NetCDF file is damaged", why="a variable has a dimension that does not exist"
        )
    shape = [lengths[dim] for dim in dims]
    record = bool(shape) and shape[0] == 0
    return begin, math.prod(shape[1:] if record else shape) * size, record
