"""Wavelengths of a FITS image's header: world coordinates by wcslib (Greisen et al. 2006, A&A 446, 747), or IRAF's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lake.errors import Refused
from lake.formats import units

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TYPES = ("WAVE", "AWAV", "FREQ", "ENER", "WAVN", "VRAD", "VOPT", "ZOPT", "VELO", "BETA", "FELO")
_SI = {"WAVE": "m", "AWAV": "m", "FREQ": "Hz", "ENER": "J", "WAVN": "m-1", "ZOPT": "1", "BETA": "1"}
_PLAIN = {"", "LINEAR", "LAMBDA", "WAVELENGTH", "LOGLIN", "LOG-LIN", "LOG-LINEAR", "LINEAR-LOG"}  # as CUNIT says
_PASSED = re.compile(r"PV\d+_\d+|RESTFRQ|RESTFREQ|RESTWAV|VELREF|SPECSYS")


def spectral_axis(header: Any) -> int:
    """The number of an image's spectral axis, from 1: the one with a spectral CTYPE, else the first.

    Raises:
        Refused: there is none, or there are several.
    """
    types = {axis: _type(header, axis) for axis in range(1, header["NAXIS"] + 1)}
    spectral = [axis for axis, name in types.items() if name[:4] in _TYPES and (name[4:5] in ("", "-"))]
    if len(spectral) > 1:
        raise Refused(f"it has several spectral axes: {', '.join(types[axis] for axis in spectral)}")
    if spectral:
        return spectral[0]
    if types[1] not in _PLAIN:
        raise Refused(f"its first axis is CTYPE1 = {types[1]!r}, which is not understood as one of wavelengths")
    return 1


def _type(header: Any, axis: int) -> str:
    return str(header.get(f"CTYPE{axis}", "")).strip().upper()


class Axis(NamedTuple):
    """The coordinates of an axis's pixels."""

    values: NDArray[np.float64]  # [points]
    unit: str | None
    medium: str = "vacuum"
    logarithm: bool = False  # the values are decimal logarithms
    converted: bool = False  # the values are in `unit`, whatever the file or lake.toml say


def world(header: Any, axis: int, count: int, configured: str | None) -> Axis:
    """The coordinates of an axis, from its header.

    Args:
        count: points along the axis.
        configured: the unit in lake.toml.

    Raises:
        Refused: the header does not define them, or defines them in a way that is not understood.
    """
    kind = _type(header, axis)
    reference, step = _number(header, f"CRVAL{axis}"), _step(header, axis)
    pixel = _number(header, f"CRPIX{axis}", 1.0)
    unit = configured or header.get(f"CUNIT{axis}") or _iraf_unit(header, axis)
    flag = header.get("DC-FLAG", 0)
    linear: NDArray[np.float64] = reference + (np.arange(count, dtype=np.float64) + 1 - pixel) * step
    if kind in _PLAIN:
        if flag not in (0, 1):
            raise Refused(f"DC-FLAG = {flag}: its wavelengths are not linear, and not logarithms")
        return Axis(linear, unit, logarithm=flag == 1 or "LOG" in kind)
    if kind.endswith("-TAB"):
        raise Refused(f"CTYPE{axis} = {kind}: wavelengths by a look-up table are not understood")
    if flag == 1:
        raise Refused(f"CTYPE{axis} = {kind} and DC-FLAG = 1 contradict each other")
    if unit and not isinstance(unit, str):
        raise Refused(f"CUNIT{axis} is {unit!r}, and no text")
    if not unit and kind[:4] in ("ZOPT", "BETA"):
        unit = "1"
    if not unit:
        raise Refused(f"the unit of wavelength is neither in the file nor in lake.toml: CUNIT{axis}, wavelength_unit")
    medium = "air" if kind.startswith("AWAV") else "vacuum"
    if kind in ("WAVE", "AWAV", "FREQ", "ENER", "WAVN"):
        return Axis(linear, unit, medium)
    si = _SI.get(kind[:4], "m/s")
    factor, _ = units.conversion(unit, si, units.SPECTRA)
    own = {"NAXIS": 1, "NAXIS1": count, "CTYPE1": kind, "CRPIX1": pixel}
    own |= {"CRVAL1": reference * factor, "CDELT1": step * factor, "CUNIT1": "" if si == "1" else si}
    own |= _further_keywords(header, axis)
    if si in ("m/s", "1"):  # a velocity relative to a line whose rest wavelength is in the header
        return Axis(_by_wcslib(own, count, "WAVE-???"), "m", converted=True)
    return Axis(_by_wcslib(own, count) / factor, unit, medium)


def _number(header: Any, name: str, default: float | None = None) -> float:
    value = header.get(name, default)
    if value is None:
        raise Refused(f"it says no wavelengths: neither an HDU WAVELENGTH nor {name}")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(f"{name} is {value!r}, and no number")
    return float(value)


def _step(header: Any, axis: int) -> float:
    """The width of a pixel."""
    others = [number for number in range(1, header["NAXIS"] + 1) if number != axis]
    for name in ("CD", "PC"):
        for number in others:
            if any(header.get(f"{name}{row}_{column}", 0) for row, column in ((axis, number), (number, axis))):
                raise Refused("its spectral axis is turned against the pixels: extract the spectra first")
    if f"CD{axis}_{axis}" in header:
        step = _number(header, f"CD{axis}_{axis}")
    else:
        step = _number(header, f"CDELT{axis}") * _number(header, f"PC{axis}_{axis}", 1.0)
    if not step:
        raise Refused(f"CDELT{axis} is 0: all points have one wavelength")
    return step


def _iraf_unit(header: Any, axis: int) -> str | None:
    match = re.search(r"units=(\S+)", str(header.get(f"WAT{axis}_001", "")))
    return match[1] if match and match[1].lower() != "unknown" else None


def _further_keywords(header: Any, axis: int) -> dict[str, Any]:
    """The further keywords of an axis that wcslib needs."""
    names = [name for name in header if _PASSED.fullmatch(name)]
    own = [name for name in names if not name.startswith("PV") or name.startswith(f"PV{axis}_")]
    return {re.sub(r"^PV\d+", "PV1", name): header[name] for name in own}


def _by_wcslib(own: dict[str, Any], count: int, target: str = "") -> NDArray[np.float64]:
    """Coordinates in SI, of the type in CTYPE1, or converted to the type `target`."""
    from astropy.io import fits
    from astropy.wcs import WCS

    try:
        world = WCS(fits.Header(own), fix=False)
        if target:
            world.wcs.sptr(target)
        pixels = np.arange(count, dtype=np.float64)[:, None]
        coordinates: NDArray[np.float64] = world.wcs_pix2world(pixels, 0)[:, 0]
        return coordinates
    except Exception as error:  # wcslib's and astropy's are of many kinds
        lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
        raise Refused(f"CTYPE = {own['CTYPE1']} is not understood by wcslib: {lines[-1]}") from None
