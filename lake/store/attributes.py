"""A NetCDF file's attributes in Zarr's JSON, and back: type, shape and bits as they were.

Each is kept twice. ``plain`` is what any Zarr reader shows, in xarray's convention; ``exact`` undoes to what it was:
text as itself, a number as ``["f4", 1e+20]``, an array as ``["i2", [0, 1]]``, a list of texts as ``["text", [...]]``.
"""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from lake.errors import Unreadable


def exact(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes as JSON from which ``restore`` makes the same again.

    Raises:
        Unreadable: one has a type that neither classic NetCDF nor its common extensions know.
    """
    return {str(name): _tagged(str(name), value) for name, value in attributes.items()}


def restore(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes that ``exact`` was given.

    >>> restore(exact({"missing_value": np.float32(1e20), "units": "K"}))
    {'missing_value': np.float32(1e+20), 'units': 'K'}
    """
    return {name: value if isinstance(value, str) else _untagged(*value) for name, value in stored.items()}


def plain(attributes: Mapping[str, Any], dtype: np.dtype | None = None) -> dict[str, Any]:
    """The same for readers that know nothing of this module.

    Numbers without a JSON form are text ("NaN", "Infinity"); a ``_FillValue`` is written as xarray writes it into
    Zarr v3, and left out where the array's ``dtype`` cannot hold it.
    """
    result = {str(name): _shown(value) for name, value in attributes.items()}
    if "missing_value" in result and isinstance(result["missing_value"], str):
        del result["missing_value"]  # "NaN" says nothing that the values do not say, and readers take it for text
    if "_FillValue" in result:
        fill = _fill(attributes["_FillValue"], dtype)
        result |= {"_FillValue": fill}
        if fill is None:
            del result["_FillValue"]
    return result


def _tagged(name: str, value: Any) -> Any:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bytes):
        return ["bytes", base64.b64encode(value).decode()]
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ["text", value]
    array = np.asarray(value)
    if array.dtype.kind not in "iufb" or array.ndim > 1:
        raise Unreadable(f"the attribute {name!r} is of a type that a cube cannot hold: {array.dtype}")
    numbers = [_number(item) for item in array.ravel().tolist()]
    return [array.dtype.str[1:], numbers if array.ndim else numbers[0]]


def _untagged(tag: str, value: Any) -> Any:
    if tag == "text":
        return value
    if tag == "bytes":
        return base64.b64decode(value)
    kind = np.dtype(tag).type
    return np.array([kind(item) for item in value], kind) if isinstance(value, list) else kind(value)


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")


def _shown(value: Any) -> Any:
    if isinstance(value, (str, bytes)):
        return value if isinstance(value, str) else value.decode("utf-8", errors="replace")
    if isinstance(value, list):
        return value
    array = np.asarray(value)
    numbers = [_number(item) for item in array.ravel().tolist()]
    return numbers if array.ndim else numbers[0]


def _fill(value: Any, dtype: np.dtype | None) -> Any:
    """A fill value as xarray keeps it beside a Zarr v3 array: base64 of a little-endian double, or an integer."""
    if dtype is None or dtype.kind not in "iuf" or isinstance(value, (str, bytes, list)) or np.ndim(value):
        return None
    if dtype.kind == "f":
        return base64.b64encode(struct.pack("<d", float(value))).decode()
    return int(value) if math.isfinite(value) else None
