"""From the numbers that a NetCDF file stores to the numbers that it means (CF conventions 1.11, 2.5.1 and 8.1).

A value is missing where the stored number is the variable's ``_FillValue``, one of its ``missing_value``, or outside of
its ``valid_range`` (``valid_min``, ``valid_max``). A variable without ``_FillValue`` has the library's own for numbers
that were never written (NetCDF Users Guide, "Fill Values"), but for bytes, which have too few to spare one.
``missing_value`` as an attribute of the whole file says nothing of a variable and is not applied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

UNWRITTEN = 9.9692099683868690e36  # NC_FILL_FLOAT and NC_FILL_DOUBLE of netcdf.h
RANGE = ("valid_range", "valid_min", "valid_max")


@dataclass(frozen=True, slots=True)
class Packing:
    """How a variable's stored numbers are read: ``stored * scale + offset``, except what is missing."""

    fills: tuple[Any, ...] = ()  # of the stored type
    scale: float = 1.0
    offset: float = 0.0
    unsigned: bool | None = None  # the integers are to be taken as unsigned (or signed) although they are not
    low: float | None = None  # below and above them a value is missing
    high: float | None = None
    unpacked: bool = False  # low and high are of what is meant, not of what is stored
    outside: Any = None  # a stored number that is missing for its range; None: the range leaves out none
    assumed: bool = False  # the only fill is the library's own, of integers

    def decode(self, stored: np.ndarray) -> np.ndarray:
        """Numbers as float64, NaN where missing; always a new array."""
        stored = np.asarray(stored)
        values = self._unpacked(stored)
        if self.outside is not None:
            np.copyto(values, np.nan, where=self._is_outside(stored, values))
        for fill in self.fills:
            np.copyto(values, np.nan, where=stored == fill)
        return values

    def within(self, stored: np.ndarray) -> np.ndarray:
        """Stored numbers, with one that is missing instead of those out of range."""
        out = self._is_outside(stored, self._unpacked(stored) if self.unpacked else None)
        return np.where(out, self.fills[0] if self.fills else self.outside, stored).astype(stored.dtype)

    def _unpacked(self, stored: np.ndarray) -> np.ndarray:
        values = self._as_meant(stored).astype(np.float64)
        if self.scale != 1.0:
            values *= self.scale
        if self.offset != 0.0:
            values += self.offset
        return values

    def _is_outside(self, stored: np.ndarray, values: np.ndarray | None) -> np.ndarray:
        compared = values if self.unpacked and values is not None else self._as_meant(stored)
        out = np.zeros(compared.shape, bool)
        if self.low is not None:
            out |= compared < self.low
        if self.high is not None:
            out |= compared > self.high
        return out

    def _as_meant(self, stored: np.ndarray) -> np.ndarray:
        return stored if self.unsigned is None else stored.view(_meant(stored.dtype, self.unsigned))


def of(attributes: Mapping[str, Any], dtype: np.dtype) -> Packing:
    """What a variable's attributes say, read with the tolerance that real files ask for.

    A fill value of another type than the data's is converted to it; a number that stands as text is read; what is not
    a number, or does not fit, is not a fill value of these data. A range of the type of scale_factor and add_offset,
    where that is wider than the data's, is of the unpacked numbers (NetCDF Users Guide, "Attribute Conventions").
    """
    if dtype.kind not in "iuf":
        return Packing()
    unsigned = {"i": {"true": True}, "u": {"false": False}}.get(dtype.kind, {})
    meant = unsigned.get(str(attributes.get("_Unsigned")).lower())
    own = _fills(attributes.get("_FillValue", ()), dtype, meant)
    fills = [*own, *_fills(attributes.get("missing_value", ()), dtype, meant)]
    default = _default(dtype) if not own and not _names_nan(attributes) and meant is None else ()
    scale, offset = _number(attributes.get("scale_factor"), 1.0), _number(attributes.get("add_offset"), 0.0)
    low, high, unpacked = _range(attributes, dtype, meant)
    plain = Packing((), scale, offset, meant, low, high, unpacked)
    outside = None if low is None and high is None else _outside(plain, dtype)
    return Packing(
        tuple(dict.fromkeys([*fills, *default])),
        scale,
        offset,
        meant,
        *((low, high, unpacked, outside) if outside is not None else (None, None, False, None)),  # type: ignore[misc]
        assumed=dtype.kind != "f" and bool(default) and not fills,
    )


def for_xarray(attributes: Mapping[str, Any], dtype: np.dtype, *, unwritten: bool = False) -> dict[str, Any]:
    """The attributes with their packing in the one form that xarray decodes to the same values as ``Packing``.

    Args:
        unwritten: whether some numbers of an integer that names no fill value were never written. Where none is
            missing it stays an integer.
    """
    packing = of(attributes, dtype)
    packed = {"_FillValue", "missing_value", "scale_factor", "add_offset"}
    result = {name: value for name, value in attributes.items() if name not in packed}
    fills = () if packing.assumed and not unwritten else packing.fills
    if packing.outside is not None and not fills and dtype.kind != "f":
        fills = (packing.outside,)
    if fills:
        result["_FillValue"] = fills[0]
        if len(fills) > 1:  # xarray compares these as unsigned, but a _FillValue as stored
            result["missing_value"] = packing._as_meant(np.array(fills))
    for name, value, none in (("scale_factor", packing.scale, 1.0), ("add_offset", packing.offset, 0.0)):
        if value != none:
            attribute = attributes[name]  # its type decides whether xarray decodes to float32 or float64
            wide = isinstance(attribute, str) or (dtype.itemsize > 2 and dtype.str[1:] != "f4")  # float32 has 24 bits
            result[name] = np.float64(value) if wide else np.asarray(attribute).ravel()[0]
    return result


def _default(dtype: np.dtype) -> tuple[Any, ...]:
    """NC_FILL_SHORT, NC_FILL_UINT64 ... of netcdf.h."""
    if dtype.kind == "f":
        return (dtype.type(UNWRITTEN),)
    if dtype.itemsize == 1:
        return ()
    info, eight = np.iinfo(dtype), dtype.itemsize == 8
    return (dtype.type(info.min + (2 if eight else 1) if dtype.kind == "i" else info.max - eight),)


def _fills(value: Any, dtype: np.dtype, unsigned: bool | None) -> list[Any]:
    """Fill values in the stored type, without NaN (which floats show anyway)."""
    fills = []
    for item in np.ravel(value).tolist():
        number = _number(item, np.nan)
        if dtype.kind == "f" and not np.isnan(number):
            with np.errstate(over="ignore"):
                fills.append(dtype.type(number))
        elif dtype.kind != "f" and number.is_integer():
            whole = item if isinstance(item, int) else int(number)
            for integer in (dtype, dtype if unsigned is None else _meant(dtype, unsigned)):
                if np.iinfo(integer).min <= whole <= np.iinfo(integer).max:
                    fills.append(np.array(whole, integer).view(dtype)[()])
                    break
    return fills


def _names_nan(attributes: Mapping[str, Any]) -> bool:
    """A ``_FillValue`` of NaN says that nothing else is."""
    value = np.ravel(attributes.get("_FillValue", ()))
    return value.size > 0 and value.dtype.kind == "f" and bool(np.isnan(value).any())


def _range(
    attributes: Mapping[str, Any], dtype: np.dtype, unsigned: bool | None
) -> tuple[float | None, float | None, bool]:
    pair = np.ravel(attributes.get("valid_range", ()))
    ends = list(pair) if pair.size == 2 else [attributes.get("valid_min"), attributes.get("valid_max")]
    low, high = (_bound(value, dtype, unsigned) for value in ends)
    types = {np.asarray(value).dtype for value in ends if value is not None and not isinstance(value, str)}
    scales = [np.asarray(attributes[key]).dtype for key in ("scale_factor", "add_offset") if key in attributes]
    if len(types) != 1 or not scales or any(scale.kind not in "iuf" for scale in scales):
        return low, high, False
    wide = np.result_type(*scales)
    wider = (wide.kind == "f" and dtype.kind != "f") or wide.itemsize > dtype.itemsize
    return low, high, wider and types == {wide}


def _bound(value: Any, dtype: np.dtype, unsigned: bool | None) -> float | None:
    if value is None:
        return None
    array = np.ravel(value)[:1]
    if unsigned is not None and array.dtype == dtype:
        array = np.ascontiguousarray(array).view(_meant(dtype, unsigned))
    item = array.tolist()[0] if array.size else None
    if isinstance(item, int):
        return item
    number = _number(item, np.nan)
    return None if np.isnan(number) else float(dtype.type(number)) if dtype.kind == "f" else number


def _outside(packing: Packing, dtype: np.dtype) -> Any:
    """A stored number that the range leaves out."""
    if dtype.kind == "f":
        return dtype.type(np.nan)
    integer = dtype if packing.unsigned is None else _meant(dtype, packing.unsigned)
    ends = np.array([np.iinfo(integer).min, np.iinfo(integer).max], integer).view(dtype)
    out = packing._is_outside(ends, packing._unpacked(ends))
    return ends[out][0] if out.any() else None


def _meant(dtype: np.dtype, unsigned: bool) -> np.dtype:
    return np.dtype(f"{dtype.byteorder}{'u' if unsigned else 'i'}{dtype.itemsize}")


def _number(value: Any, otherwise: float) -> float:
    try:
        return float(np.ravel(value)[0])
    except (TypeError, ValueError, IndexError):
        return otherwise
