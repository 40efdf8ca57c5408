"""What single words of a unit's text mean: to the standards that astropy has, to astropy itself and to pint.

A word of a standard (FITS 4.0, CDS, OGIP, VOUnit 1.0) is what these and astropy agree on; one of no standard what
astropy and pint do, or what one of them says alone. Where they disagree it is refused (`G`, `R`, `k`, `mb`). A word in
another case or in the plural (ANGSTROMS, Micron, seconds) is taken where all names of that spelling are one unit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

SPECTRA: Mapping[str, str] = {
    "A": "Angstrom",  # ampere in each standard, but never in a spectrum
    # STScI's names, as CALSPEC and its models have them: https://synphot.readthedocs.io/en/latest/synphot/units.html
    **dict.fromkeys(("FLAM", "flam"), "erg/(s cm2 Angstrom)"),
    **dict.fromkeys(("FNU", "fnu"), "erg/(s cm2 Hz)"),
    **dict.fromkeys(("PHOTLAM", "photlam"), "ph/(s cm2 Angstrom)"),
    **dict.fromkeys(("PHOTNU", "photnu"), "ph/(s cm2 Hz)"),
}
"""What words mean in a spectrum."""

CLIMATE: Mapping[str, str] = {
    "mb": "mbar",  # the CF conventions allow it for pressures; elsewhere a millibarn or a millibit
    "C": "deg_C",  # a coulomb elsewhere
    "gpm": "m",  # geopotential metre
    "degrees_C": "deg_C",
    **dict.fromkeys(("degK", "deg_K", "degree_K", "degrees_K"), "K"),
    **dict.fromkeys(("degrees_north", "degree_north", "degrees_N", "degree_N", "degreesN", "degreeN"), "deg"),
    **dict.fromkeys(("degrees_east", "degree_east", "degrees_E", "degree_E", "degreesE", "degreeE"), "deg"),
}
"""What words mean in a climate file (CF conventions 1.11, UDUNITS-2)."""

WORDS = {  # in no library, but in many files
    **dict.fromkeys(("Ang", "Angs", "ang"), "Angstrom"),  # SDSS: BUNIT = '1E-17 erg/cm^2/s/Ang'
    **dict.fromkeys(("ADU", "ADUs"), "adu"),
    **dict.fromkeys(("unitless", "dimensionless", "fraction"), "1"),
    "ppb": "1e-9",
    "mmHg": "133.322387415 Pa",  # NIST SP 811, appendix B
}
_CAPITALS = {"S": "s", "M": "m", "SEC": "s", "STER": "sr"}  # in a text without small letters, beside another such word
_STANDARDS = ("fits", "cds", "ogip", "vounit")


class NotUnderstood(Exception):
    """Why a text is refused."""


def capitals(words: Sequence[str]) -> Mapping[str, str]:
    """What S and M are in ERG/CM2/S/A: of a text without small letters, with a word that is only known with them."""
    if any(character.islower() for word in words for character in word):
        return {}
    return _CAPITALS if any(lookup(word) is None for word in words if word not in _CAPITALS) else {}


@cache
def lookup(word: str) -> tuple[Any, float] | None:
    """A word as the standards have it; else as astropy and pint do."""
    standard = [found for name in _STANDARDS if (found := _by_astropy(word, name)) is not None]
    own, pints = _by_astropy(word, "generic"), _by_pint(word)
    if own is None and not standard:
        return pints if pints is not None and _spelled_out(word) else None
    if own is not None and {base.name for base in own.bases} == {"deg_C"}:  # astropy has no offsets
        return _by_pint("degC") if own.scale == 1 else None
    told = [of for of in (*standard, own) if of is not None] + ([pints[0]] if pints and not standard else [])
    other = next((of for of in told if not _same(told[0], of)), None)
    if other is not None:
        raise NotUnderstood(f"{word!r} is {told[0].to_string()} to some and {other.to_string()} to others")
    if any(base.name == "dex" for base in told[0].bases):
        raise NotUnderstood(f"{word!r} is a logarithm, and no factor converts it")
    return told[0], 0.0


def _same(one: Any, other: Any) -> bool:
    return (one / other).decompose().bases == [] and math.isclose((one / other).decompose().scale, 1, rel_tol=1e-6)


def _by_astropy(word: str, form: str) -> Any:
    from astropy import units as u

    try:
        return u.Unit(word, format=form, parse_strict="raise").decompose()
    except (ValueError, TypeError, AttributeError):  # of "unknown" astropy makes None
        return None


@cache
def _registry() -> Any:
    import pint

    return pint.UnitRegistry()


_ROOTS = {"meter": "m", "gram": "g", "second": "s", "ampere": "A", "kelvin": "K", "mole": "mol"} | {
    "candela": "cd", "radian": "rad", "bit": "bit", "count": "ct", "pixel": "pix"
}  # fmt: skip


def _by_pint(word: str) -> tuple[Any, float] | None:
    import pint

    if not _registry().parse_unit_name(word):  # a Quantity drops characters that it does not know: L☉ is no litre
        return None
    try:
        none, one, far = (_registry().Quantity(number, word).to_root_units() for number in (0.0, 1.0, 2.0**20))
    except (pint.errors.PintError, ValueError, TypeError, AttributeError, AssertionError):
        return None
    offset = float(none.magnitude)
    factor = (float(far.magnitude) - offset) / 2**20
    if not math.isclose(one.magnitude - offset, factor, rel_tol=1e-9):
        return None  # a logarithm
    return _rooted(factor, one.unit_items()), offset


def _rooted(factor: float, roots: Iterable[tuple[str, float]]) -> Any:
    from astropy import units as u

    of = u.CompositeUnit(factor, [], [])
    for root, power in roots:
        of = of * u.Unit(_ROOTS.get(root) or u.def_unit(root)) ** power
    return of.decompose()


def _spelled_out(word: str) -> bool:
    """Whether pint has it as a whole, or with a prefix that is written out: not `flux`, which were a femtolux."""
    told = _registry().parse_unit_name(word)
    whole = len(told) == 1 and (not told[0][0] or word.removesuffix("s") == told[0][0] + told[0][1])
    return whole and len(word) > 2 and word != "lambda"  # to pint a microlitre


@cache
def _lower() -> Mapping[str, frozenset[str]]:
    """The names of astropy's units and of pint's in small letters, and as they are written."""
    names: dict[str, set[str]] = {}
    for name in _all_names():
        names.setdefault(name.lower(), set()).add(name)
    return {name: frozenset(written) for name, written in names.items()}


def _all_names() -> Iterator[str]:
    from astropy import units as u

    yield from u.get_current_unit_registry().registry
    yield from (name for name in _registry()._units if len(name) > 2)


def lookup_other_case(word: str) -> tuple[Any, float] | None:
    """A word in another case or in the plural, where all that are called so are one unit."""
    if not (len(word) > 3 or (len(word) > 1 and word.isupper())):
        return None
    for name in (word.lower(), word.lower().removesuffix("s")):
        meanings = [found for written in _lower().get(name, ()) if (found := lookup(written))]
        if meanings and all(_same(meanings[0][0], of) for of, _ in meanings[1:]):
            return meanings[0]
    return None
