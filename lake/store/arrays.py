"""One variable of a dataset as one Zarr v3 array, bit for bit, and back.

Numbers keep their type, little-endian. NetCDF's single characters are kept as uint8 (Zarr v3 has no such type), its
strings as Zarr strings. The array's own note, attribute ``_lake``, says what it was: {"dtype", "attributes", "sha256"}.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lake.errors import StorageError, Unreadable
from lake.store import attributes, cf_packing, chunks
from lake.store.blocks import tile

if TYPE_CHECKING:
    import xarray as xr
    import zarr

NOTE = "_lake"
CHUNK = 4 << 20  # bytes, before compression


def create(group: zarr.Group, name: str, variable: xr.Variable) -> zarr.Array[Any]:
    """An empty array for the variable, in whole slabs of at most 4 MiB.

    Blosc with lz4 and byte shuffle: of the codecs that every Zarr v3 reader has, the one that costs least time for
    nearly the same size (bench/netcdf.py). Every chunk is written, also where all its values are the fill value: a
    chunk that is lost can then be distinguished from an empty one.

    Raises:
        Unreadable: the variable's type is none that a cube can hold.
    """
    from zarr.codecs import BloscCodec

    dtype = type_of(name, variable.dtype)
    stored = None if dtype == "string" else np.dtype("u1" if dtype == "char" else dtype)
    itemsize = stored.itemsize if stored else 64  # a guess at a text's length, which decides the chunks alone
    return group.create_array(
        name,
        shape=variable.shape,
        dtype=stored or str,
        chunks=tile(variable.shape, itemsize, CHUNK),
        compressors=BloscCodec(cname="lz4", clevel=chunks.LEVEL, shuffle="shuffle", typesize=stored.itemsize)
        if stored
        else "auto",
        dimension_names=[str(dim) for dim in variable.dims],
        attributes={
            **attributes.plain(variable.attrs, None if dtype == "char" else stored),
            NOTE: {"dtype": dtype, "attributes": attributes.exact(variable.attrs)},
        },
        config={"write_empty_chunks": True},
    )


def type_of(name: str, dtype: np.dtype) -> str:
    """What a type is called in a cube: numpy's name of a number, "char" or "string".

    Raises:
        Unreadable: it is a compound, a ragged array ...
    """
    if dtype.kind in "iuf" and dtype.itemsize <= 8:
        return dtype.name
    if dtype.kind == "S" and dtype.itemsize == 1:
        return "char"
    if dtype.kind in "UT" or dict(dtype.metadata or {}).get("element_type") is str:
        return "string"
    raise Unreadable(f"the variable {name!r} is of a type that a cube cannot hold: {dtype}")


def as_kept(values: np.ndarray) -> np.ndarray:
    """Values as the array takes them: native, contiguous, characters as numbers."""
    values = np.asarray(values, order="C")
    if values.dtype.kind == "S":
        return values.view(np.uint8)
    if values.dtype.kind in "OUT":
        return values.astype(np.dtypes.StringDType())
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def put(array: zarr.Array[Any], region: tuple[slice, ...], stored: np.ndarray) -> int:
    """Store a slab of whole chunks, read it back and compare every bit. Gives its bytes on disk; of texts, in UTF-8.

    Raises:
        StorageError: they differ. OSError: the disk is full ...
    """
    if stored.dtype.kind != "T":
        folder = Path(str(getattr(array.store, "root", "")), array.path)
        return chunks.write(folder, array.chunks, [cut.start for cut in region], stored)
    array[region] = stored
    if not np.array_equal(stored, np.asarray(array[region])):
        raise StorageError(f"the texts of {array.basename} differ when they are read back")
    return sum(len(text.encode()) for text in stored.ravel().tolist())


def hash_into(sha: Any, stored: np.ndarray) -> None:
    """Add values, as kept, to a hash: little-endian in C order; each text as its length (8 bytes) and its UTF-8."""
    if stored.dtype.kind == "T":
        for text in stored.ravel().tolist():
            content = text.encode()
            sha.update(struct.pack("<Q", len(content)) + content)
        return
    little = stored.astype(stored.dtype.newbyteorder("<"), copy=False)
    sha.update(np.atleast_1d(little).reshape(-1).view(np.uint8).data)


def note_of(stored: zarr.Array[Any] | zarr.Group) -> dict[str, Any]:
    """What the lake noted of an array or a cube."""
    note: Any = stored.attrs[NOTE]
    return dict(note)


def facts(array: zarr.Array[Any], sha256: str) -> dict[str, Any]:
    """What the digest of a cube covers of one variable."""
    note = note_of(array)
    return {
        "dtype": note["dtype"],
        "dims": list(getattr(array.metadata, "dimension_names", None) or ()),
        "shape": list(array.shape),
        "attributes": note["attributes"],
        "sha256": sha256,
    }


def opened(array: zarr.Array[Any], variable: xr.Variable) -> xr.Variable:
    """The array as xarray reads it (lazily), with what only its note knows put back; text is read at once."""
    from xarray.coding.common import lazy_elemwise_func

    note = note_of(array)
    attrs = attributes.restore(note["attributes"])
    data: Any = variable._data
    if note["dtype"] == "char":
        data = np.ascontiguousarray(variable.values).view("S1")
    elif note["dtype"] == "string":
        data = variable.values.astype(object)
    else:
        packed = cf_packing.of(attrs, variable.dtype)
        if packed.outside is not None:
            data = lazy_elemwise_func(data, packed.within, variable.dtype)
        attrs = cf_packing.for_xarray(attrs, variable.dtype, unwritten=note.get("unwritten", False))
    return type(variable.to_base_variable())(variable.dims, data, attrs, variable.encoding)


def texts(attrs: Mapping[str, Any]) -> dict[str, str | None]:
    """A variable's names and unit, as text; None where the file gives none."""
    values = {key: attrs.get(name) for key, name in _TEXTS.items()}
    return {key: None if value is None else str(value) for key, value in values.items()}


_TEXTS = {"standard_name": "standard_name", "long_name": "long_name", "unit": "units"}
