"""What a NetCDF file declares, compared with its size and with the memory of its reader before any value is read.

8 kB can declare 80 GB, a chunk of 3 GB for one value, or 200 million chunks of one byte.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from lake.errors import Unreadable

if TYPE_CHECKING:
    import netCDF4

    from lake.formats.answer import Answer

_LEAST = 256 << 20  # bytes that any file may declare
_RATIO = 1100  # and per byte of the file: deflate expands 1032 to 1 at most (zlib, "Maximum Compression Factor")
_LEAST_CHUNKS = 1 << 20  # of a variable of any file
_CHUNK_ENTRY = 8  # bytes: HDF5's index of chunks takes at least the address of each
_CHUNK_COPIES = 4  # of a chunk at once: packed, unpacked, unshuffled, and what is cut from it
_MOST_VARIABLES = _MOST_DIMENSIONS = 10_000
_MOST_OF_ATTRIBUTE = 1 << 20  # bytes: it is kept as JSON, which is several times as long
_TEXT = 64  # bytes assumed for a string


def check(file: netCDF4.Dataset, answer: Answer) -> None:
    """Refuse a file that declares more than its size, or the memory of its reader, can hold.

    What was never written is counted as if it were: HDF5 stores nothing for it. Every file may declare 256 MiB.

    Raises:
        Unreadable: with the variable, and the numbers.
    """
    if len(file.variables) > _MOST_VARIABLES:
        raise Unreadable(f"it has {len(file.variables):,} variables; a cube takes at most {_MOST_VARIABLES:,}")
    if len(file.dimensions) > _MOST_DIMENSIONS:
        raise Unreadable(f"it has {len(file.dimensions):,} dimensions; a cube takes at most {_MOST_DIMENSIONS:,}")
    size = answer.size
    declared = {name: math.prod(v.shape) * _itemsize(v) for name, v in file.variables.items()}
    _at_most(file, declared, size, max(_LEAST, _RATIO * size))
    if file.data_model.startswith("NETCDF4"):  # the header of a classic file has been checked already
        plain = {name: n for name, n in declared.items() if file.variables[name].chunking() == "contiguous"}
        _at_most(file, plain, size, max(_LEAST, size))  # what is not chunked is not compressed
        for variable, chunk in _chunked(file):
            _check_chunks(variable, chunk, answer)


def check_attribute(name: str, value: Any) -> None:
    """
    Raises:
        Unreadable: the value of this attribute is too long for a cube.
    """
    texts = [value] if isinstance(value, str) else value if isinstance(value, list) else None
    length = np.asarray(value).nbytes if texts is None else sum(len(str(text).encode()) for text in texts)
    if length > _MOST_OF_ATTRIBUTE:
        raise Unreadable(
            f"the attribute {name!r} has {length:,} bytes; a cube keeps at most {_MOST_OF_ATTRIBUTE:,} of one"
        )


def _at_most(file: netCDF4.Dataset, declared: dict[str, int], size: int, most: int) -> None:
    """
    Raises:
        Unreadable: these variables declare more than `most` bytes.
    """
    if (total := sum(declared.values())) > most:
        name = max(declared, key=lambda name: declared[name])
        shape = " x ".join(f"{length:,}" for length in file.variables[name].shape)
        raise Unreadable(
            f"it declares {total:,} bytes of values in a file of {size:,}, most of them in {name!r} ({shape})",
            why=f"it is damaged, or nearly all of it was never written: at most {most:,} bytes are read",
            next="write the variables that hold something to a file of their own (ncks -v NAME,NAME in.nc out.nc)",
        )


def _chunked(file: netCDF4.Dataset) -> Iterator[tuple[Any, list[int]]]:
    """The variables that are stored in chunks, with the shape of a chunk."""
    for variable in file.variables.values():
        if isinstance(chunk := variable.chunking(), list):
            yield variable, chunk


def _check_chunks(variable: Any, chunk: list[int], answer: Answer) -> None:
    """Refuse chunks that are too large to unpack, or more than the file can have an index of."""
    length = math.prod(chunk) * _itemsize(variable)
    if _CHUNK_COPIES * length > answer.memory:
        needed = math.ceil(_CHUNK_COPIES * length / 1e9)
        raise Unreadable(
            f"{variable.name!r} is in chunks of {length:,} bytes, each of which is unpacked as a whole, "
            f"and [limits] reader_memory is {answer.memory / 1e9:g} GB",
            why="it is damaged, or its chunks were badly chosen",
            next=f'set reader_memory = "{needed} GB" in lake.toml, or write it in smaller chunks (nccopy -c)',
        )
    count = math.prod(-(-whole // one) for whole, one in zip(variable.shape, chunk, strict=True))
    if count > max(_LEAST_CHUNKS, answer.size // _CHUNK_ENTRY):
        raise Unreadable(
            f"{variable.name!r} is in {count:,} chunks in a file of {answer.size:,} bytes",
            why="it is damaged, or nearly all of it was never written",
            next="write it in larger chunks (nccopy -c)",
        )


def _itemsize(variable: Any) -> int:
    return _TEXT if variable.dtype is str else np.dtype(variable.dtype).itemsize
