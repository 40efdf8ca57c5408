"""From the numbers that a NetCDF file stores to the numbers that it means (CF conventions 1.11, 2.5.1 and 8.1).

A value is missing where the stored number is the variable's ``_FillValue`` or one of its ``missing_value``; a variable
of floats that names none has the library's own for numbers that were never written (NetCDF Users Guide, "Fill Values").
``valid_range`` and its like are not applied: what they exclude stays visible in the minimum and maximum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

UNWRITTEN = 9.9692099683868690e36  # NC_FILL_FLOAT and NC_FILL_DOUBLE of netcdf.h


@dataclass(frozen=True, slots=True)
class Packing:
    """How a variable's stored numbers are read: ``stored * scale + offset``, except those in ``fills``."""

    fills: tuple[Any, ...] = ()  # of the stored type
    scale: float = 1.0
    offset: float = 0.0
    unsigned: bool | None = None  # the integers are to be taken as unsigned (or signed) although they are not

    def decode(self, stored: np.ndarray) -> np.ndarray:
        """Numbers as float64, NaN where missing; always a new array."""
        values = self._as_meant(np.asarray(stored)).astype(np.float64)
        if self.scale != 1.0:
            values *= self.scale
        if self.offset != 0.0:
            values += self.offset
        for fill in self.fills:
            np.copyto(values, np.nan, where=stored == fill)
        return values

    def _as_meant(self, stored: np.ndarray) -> np.ndarray:
        if self.unsigned is None:
            return stored
        return stored.view(f"{'u' if self.unsigned else 'i'}{stored.dtype.itemsize}")


def of(attributes: Mapping[str, Any], dtype: np.dtype) -> Packing:
    """What a variable's attributes say, read with the tolerance that real files ask for.

    A fill value of another type than the data's is converted to it; a number that stands as text is read; what is no
    number, or does not fit, is no fill value of these data.
    """
    if dtype.kind not in "iuf":
        return Packing()
    named = [attributes[name] for name in ("_FillValue", "missing_value") if name in attributes]
    if not named and dtype.kind == "f":
        named = [UNWRITTEN]
    fills = dict.fromkeys(fill for value in named for fill in _fills(value, dtype))
    return Packing(
        tuple(fills),
        _number(attributes.get("scale_factor"), 1.0),
        _number(attributes.get("add_offset"), 0.0),
        {"i": {"true": True}, "u": {"false": False}}.get(dtype.kind, {}).get(str(attributes.get("_Unsigned")).lower()),
    )


def for_xarray(attributes: Mapping[str, Any], dtype: np.dtype) -> dict[str, Any]:
    """The attributes with their packing in the one form that xarray decodes to the same values as ``Packing``."""
    packing = of(attributes, dtype)
    packed = {"_FillValue", "missing_value", "scale_factor", "add_offset"}
    result = {name: value for name, value in attributes.items() if name not in packed}
    if packing.fills:
        result["_FillValue"] = packing.fills[0]
        result |= {"missing_value": np.array(packing.fills)} if len(packing.fills) > 1 else {}
    for name, value, none in (("scale_factor", packing.scale, 1.0), ("add_offset", packing.offset, 0.0)):
        if value != none:
            given = attributes[name]  # its type decides whether xarray decodes to float32 or float64
            result[name] = np.float64(value) if isinstance(given, str) else np.asarray(given).ravel()[0]
    return result


def _fills(value: Any, dtype: np.dtype) -> list[Any]:
    """Fill values in the stored type, without NaN (which floats show anyway)."""
    found = []
    for item in np.ravel(value).tolist():
        number = _number(item, np.nan)
        if dtype.kind == "f" and not np.isnan(number):
            with np.errstate(over="ignore"):
                found.append(dtype.type(number))
        elif dtype.kind != "f" and number.is_integer():
            whole = item if isinstance(item, int) else int(number)
            found += [dtype.type(whole)] if np.iinfo(dtype).min <= whole <= np.iinfo(dtype).max else []
    return found


def _number(value: Any, otherwise: float) -> float:
    try:
        return float(np.ravel(value)[0])
    except (TypeError, ValueError, IndexError):
        return otherwise
