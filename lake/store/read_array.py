"""One whole variable of a cube, straight off its files: what ``cubes.open(data, digest)[name].to_numpy()`` gives, bit
for bit, in a fraction of its time (bench/cubes.py). For whoever reads many runs in turn, as training does.

What `arrays.create` writes for numbers is read here, and floats are masked here; packed values go through xarray's own
decoder; dates, texts and any other layout through ``cubes.open``.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from lake.errors import ConfigError
from lake.store import arrays, attributes, cf_packing, chunks, cubes

_PACKED = ("_FillValue", "missing_value", "scale_factor", "add_offset", "_Unsigned")
_OTHERWISE = {"dtype", "_Encoding", *cf_packing.RANGE}  # that make booleans and texts of numbers, or leave some out


@dataclass(frozen=True, slots=True)
class _Layout:
    """What a variable's zarr.json says, as far as reading needs it."""

    dims: tuple[str, ...]
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    sha256: str
    dtype: np.dtype  # as stored
    fills: tuple[Any, ...]
    attrs: dict[str, Any] | None  # what xarray's decoder needs; None where masking the fills is all there is to do


def read(data: Path, digest: str, variable: str, out: np.ndarray | None = None, *, check: bool = False) -> np.ndarray:
    """A variable's values in the stored order of its dimensions: missing ones are NaN, packed ones unpacked.

    Args:
        data: the lake's data folder.
        out: an array of the variable's shape to fill and return; of its type and contiguous, it is filled without a
            copy. Another type is cast to ("same_kind").
        check: compare the stored values with their sha256, which takes about as long as reading them: to the codec
            a flipped bit is no error. Of a text or a date the whole cube is compared.

    Raises:
        StorageError: there is no such cube, or it is not what it was.
        ConfigError: the cube has no such variable.
        ValueError: ``out`` has another shape.
    """
    layout = _layout_of(data, digest, variable)
    if layout is None:
        if check:
            cubes.verify(data, digest)
        return _filled(out, _opened(data, digest, variable)[1])
    fits = layout.attrs is None and out is not None and out.dtype == layout.dtype and out.flags.c_contiguous
    values = out if fits and out is not None else np.empty(layout.shape, layout.dtype)
    if values.shape != layout.shape:
        raise _misshapen(values, layout.shape)
    _read(data, digest, variable, layout, values, check)
    if layout.attrs is not None:
        values = _decoded(variable, values, layout.attrs)
    for fill in layout.fills:
        np.copyto(values, np.nan, where=values == fill)
    return values if values is out else _filled(out, values)


def dims(data: Path, digest: str, variable: str) -> tuple[str, ...]:
    """The names of the dimensions, in the order of `read`.

    Raises:
        StorageError, ConfigError: as `read`.
    """
    layout = _layout_of(data, digest, variable)
    return _opened(data, digest, variable)[0] if layout is None else layout.dims


def _opened(data: Path, digest: str, variable: str) -> tuple[tuple[str, ...], np.ndarray]:
    """The way that takes every cube."""
    with cubes.open(data, digest) as dataset:
        if variable not in dataset.variables:
            similar = difflib.get_close_matches(variable, map(str, dataset.variables), 1)
            raise ConfigError(
                f"the cube {digest} has no variable {variable!r}",
                where=str(cubes.path(data, digest)),
                why=f"did you mean {similar[0]!r}?" if similar else f"it has {len(dataset.variables)} variables",
                next='lake sql "SELECT digest, variable, standard_name FROM raw.cube_variables"',
            )
        array = dataset[variable]
        return tuple(map(str, array.dims)), array.to_numpy()


def _filled(out: np.ndarray | None, values: np.ndarray) -> np.ndarray:
    if out is None:
        return values
    if out.shape != values.shape:
        raise _misshapen(out, values.shape)
    np.copyto(out, values, casting="same_kind")
    return out


def _misshapen(out: np.ndarray, shape: tuple[int, ...]) -> ValueError:
    return ValueError(f"`out` is of the shape {out.shape}, the variable of {shape}")


def _read(data: Path, digest: str, variable: str, layout: _Layout, values: np.ndarray, check: bool) -> None:
    """The stored values as they are."""
    try:
        chunks.read(f"{data}/{cubes.CUBES}/{digest}/{variable}", layout.chunks, values)
    except (OSError, ValueError, RuntimeError) as error:
        raise cubes.damaged(data, digest, f"a chunk of {variable} cannot be read: {error}") from None
    if check:
        sha = hashlib.sha256()
        arrays.hash_into(sha, values)
        if sha.hexdigest() != layout.sha256:
            raise cubes.damaged(data, digest, f"the values of {variable} are not what was written")


def _decoded(variable: str, values: np.ndarray, attrs: dict[str, Any]) -> np.ndarray:
    import xarray as xr

    packed_variable = xr.Variable([f"d{axis}" for axis in range(values.ndim)], values, attrs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as in cubes.open
        return xr.conventions.decode_cf_variable(
            variable, packed_variable, decode_times=False, decode_timedelta=False
        ).to_numpy()


def _layout_of(data: Path, digest: str, variable: str) -> _Layout | None:
    folder = f"{data}/{cubes.CUBES}/{digest}"
    try:
        stamp = os.stat(f"{folder}/{variable}/zarr.json").st_mtime_ns
        return _layout(folder, variable, stamp)
    except (OSError, ValueError) as error:
        if not isinstance(error, FileNotFoundError):
            raise cubes.damaged(data, digest, f"zarr.json of {variable} cannot be read: {error}") from None
        return None  # cubes.open reports what is missing


@lru_cache(maxsize=1 << 14)
def _layout(folder: str, variable: str, stamp: int) -> _Layout | None:
    """None where it is another one than `arrays.create` gives to numbers, or where a date may come of it."""
    meta = _json(f"{folder}/{variable}/zarr.json")
    try:
        note = meta["attributes"][arrays.NOTE]
        if not _is_ours(meta, note):
            return None
        attrs = note["attributes"]
        if _may_be_dates(folder, variable, attrs) or not _OTHERWISE.isdisjoint(attrs):
            return None
        packing = {name: attrs[name] for name in _PACKED if name in attrs}
        return _Layout(
            tuple(meta.get("dimension_names") or ()),
            tuple(meta["shape"]),
            tuple(meta["chunk_grid"]["configuration"]["chunk_shape"]),
            note["sha256"],
            *_meaning(note["dtype"], json.dumps(packing), note.get("unwritten", False)),
        )
    except (KeyError, TypeError, AttributeError):
        return None


@lru_cache(maxsize=256)  # the runs of a model are packed alike
def _meaning(dtype: str, packing: str, unwritten: bool) -> tuple[np.dtype, tuple[Any, ...], dict[str, Any] | None]:
    """The last three fields of a layout."""
    stored, packed = np.dtype(dtype).newbyteorder("<"), attributes.restore(json.loads(packing))
    attrs = cf_packing.for_xarray(packed, stored, unwritten=unwritten)
    if {"scale_factor", "add_offset", "_Unsigned"}.isdisjoint(attrs):
        if "_FillValue" not in attrs:
            return stored, (), None
        if stored.str in ("<f4", "<f8"):
            return stored, cf_packing.of(packed, stored).fills, None
    return stored, (), attrs


def _json(file: str) -> Any:
    with open(file, "rb", buffering=0) as opened:
        return json.loads(opened.read())


def _is_ours(meta: dict[str, Any], note: dict[str, Any]) -> bool:
    first, *others = meta["codecs"]
    return (
        (meta["zarr_format"], meta["node_type"], meta["chunk_grid"]["name"]) == (3, "array", "regular")
        and meta["data_type"] == note["dtype"]  # neither text nor characters
        and meta["chunk_key_encoding"] == {"name": "default", "configuration": {"separator": "/"}}
        and first["name"] == "bytes"
        and first.get("configuration", {}).get("endian", "little") == "little"
        and [codec["name"] for codec in others] == ["blosc"]
        and not meta.get("storage_transformers")
    )


def _may_be_dates(folder: str, variable: str, attrs: dict[str, Any]) -> bool:
    """Whether these are times, or the bounds of times (which need no unit of their own)."""
    if "units" in attrs:
        return not isinstance(attrs["units"], str) or "since" in attrs["units"]
    for other in os.scandir(folder):
        if other.is_dir():
            other_attrs = _json(f"{other.path}/zarr.json").get("attributes", {})
            if other_attrs.get("bounds") == variable and "since" in str(other_attrs.get("units")):
                return True
    return False
