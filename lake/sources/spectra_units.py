"""Units of spectra, by pint: wavelengths in micrometres, shares as 1, fluxes by wavelength in W/m^2/um."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from lake.errors import Refused

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FLUX = "W/m^2/um"
_SAME = {"a": "angstrom", "å": "angstrom", "aa": "angstrom", "micron": "um", "microns": "um", "": "1", "%": "percent"}


@cache
def _registry() -> Any:
    import pint

    registry = pint.UnitRegistry()
    if "jansky" not in registry:
        registry.define("jansky = 1e-26 watt / meter ** 2 / hertz = Jy")
    return registry


@cache
def parse(unit: str) -> Any:
    """A unit as pint has it, also as FITS headers and papers write it: erg/s/cm2/A, ergss-1cm-2A-1, Angstrom, micron.

    Raises:
        Refused: it is none.
    """
    import pint

    for text in (_plain(unit), unit, _plain(unit).lower()):  # A is an angstrom here
        try:
            return _registry().parse_units(text)
        except (pint.errors.PintError, ValueError, TypeError, AttributeError, AssertionError):
            continue
    raise Refused(f"{unit!r} is no unit that pint knows")


def _plain(unit: str) -> str:
    """
    >>> _plain("erg s-1 cm-2 A-1"), _plain("ergss-1cm-2A-1")
    ('erg * s**-1 * cm**-2 * angstrom**-1', 'erg * s**-1 * cm**-2 * angstrom**-1')
    """
    parts = []
    for inverse, word in re.findall(r"(/?)\s*([^\s*/.]+)", re.sub(r"^ergs?(?=s-1)", "erg ", unit.strip())):
        for name, power in re.findall(r"([A-Za-zµÅ%]+)\^?\(?(-?\d+)?\)?", word):
            plain = _SAME.get(name.lower(), name)
            sign = -1 if inverse else 1
            parts.append((plain, sign * int(power or 1)))
    return " * ".join(name if power == 1 else f"{name}**{power}" for name, power in parts) or "1"


def micrometres(values: NDArray[np.float64], unit: str) -> NDArray[np.float64]:
    """Wavelengths, wavenumbers, frequencies or photon energies as wavelengths in um, in vacuum.

    Raises:
        Refused: the unit is none of these.
    """
    import pint

    try:
        return _registry().Quantity(values, parse(unit)).to("um", "sp").magnitude
    except pint.errors.PintError:
        raise Refused(f"{unit!r} is not of a wavelength, a wavenumber, a frequency or an energy") from None


def of_value(unit: str) -> tuple[float, str]:
    """What values are multiplied by, and the unit that they have then."""
    known = parse(unit)
    for wanted in ("1", FLUX):
        if known.is_compatible_with(parse(wanted) if wanted != "1" else _registry().dimensionless):
            to = _registry().dimensionless if wanted == "1" else _registry().parse_units("W/m**2/um")
            return float((1.0 * known).to(to).magnitude), wanted
    return 1.0, unit
