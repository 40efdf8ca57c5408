"""The chunks of an array of numbers, written and read back without a copy more than it takes.

This is the Zarr v3 layout (chunk ``c/i/j``; the codecs "bytes", little-endian, and "blosc") that ``arrays.create``
declares and any Zarr reader takes. Writing it here instead of through zarr-python keeps a worker at three chunks of
memory and two thirds of the time (bench/netcdf.py).
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lake.errors import StorageError
from lake.store.blocks import regions

NAME, LEVEL = "lz4", 5  # of the codec Blosc, with byte shuffle
_HEADER = struct.Struct("<4xI4xI")  # of Blosc 1: bytes before and after compression


def write(folder: Path, chunks: Sequence[int], start: Sequence[int], values: np.ndarray) -> int:
    """Store a slab that begins at ``start``, a corner of a chunk, and holds whole chunks or goes to the array's end.

    Each chunk is read back from its file and compared. Gives the bytes of the files.

    Raises:
        StorageError: other bits were read back than were written.
        OSError: the disk is full ...
    """
    size_of_files = 0
    for region in regions(values.shape, chunks):
        index = [(first + cut.start) // size for first, cut, size in zip(start, region, chunks, strict=True)]
        file = folder.joinpath("c", *map(str, index))
        file.parent.mkdir(parents=True, exist_ok=True)
        chunk = _padded(_cut(values, region), chunks)
        size_of_files += file.write_bytes(_compressed(chunk))
        stored = np.empty_like(chunk)
        _decompress(str(file), stored)
        if not np.array_equal(stored.reshape(-1).view(np.uint8), chunk.reshape(-1).view(np.uint8)):
            raise StorageError(
                "a chunk was read back with other values than were written",
                where=str(file),
                why="a failing disk or memory",
            )
    return size_of_files


def read(folder: str, chunks: Sequence[int], values: np.ndarray) -> None:
    """Fill ``values``, of the array's shape and stored type, with all that it holds.

    Raises:
        OSError: a chunk is not there.
        ValueError, RuntimeError: a chunk is truncated or invalid. (Its values are not compared with a sum.)
    """
    if values.shape == tuple(chunks) and values.flags.c_contiguous:  # most are: it need not be cut
        _decompress(f"{folder}/c{'/0' * values.ndim}", values)
        return
    for region in regions(values.shape, chunks):
        index = (str(cut.start // size) for cut, size in zip(region, chunks, strict=True))
        piece = _cut(values, region)
        in_place = piece.shape == tuple(chunks) and piece.flags.c_contiguous
        chunk = piece if in_place else np.empty(chunks, values.dtype)
        _decompress("/".join((folder, "c", *index)), chunk)
        if not in_place:
            piece[...] = chunk[tuple(slice(length) for length in piece.shape)]


def _cut(values: np.ndarray, region: tuple[slice, ...]) -> np.ndarray:
    """A view of a region; of an array without dimensions, too."""
    return values[region] if region else values


def _padded(values: np.ndarray, chunks: Sequence[int]) -> np.ndarray:
    """A chunk at the array's end padded with zeros to the size of the others; little-endian."""
    little = values.dtype.newbyteorder("<")
    if values.shape == tuple(chunks):
        return np.ascontiguousarray(values, little)
    padded = np.zeros(chunks, little)
    padded[tuple(slice(length) for length in values.shape)] = values
    return padded


def _compressed(values: np.ndarray) -> bytes:
    from numcodecs import blosc

    content: bytes = blosc.compress(values, NAME.encode(), LEVEL, blosc.SHUFFLE)
    return content


def _decompress(file: str, values: np.ndarray) -> None:
    from numcodecs import blosc

    handle = os.open(file, os.O_RDONLY)  # open() would take half as long again
    try:
        content = os.read(handle, os.fstat(handle).st_size)
    finally:
        os.close(handle)
    # The codec itself would leave the rest of `values` as it was, or read past the end of a truncated file.
    if len(content) < 16 or _HEADER.unpack_from(content) != (values.nbytes, len(content)):
        raise ValueError(f"{file} does not have the length of its chunk")
    blosc.decompress(content, values)
