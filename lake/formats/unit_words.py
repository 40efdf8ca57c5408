"""The meaning of single words in a unit's text, by the standards that astropy implements, astropy itself and pint.

A word of a standard (FITS 4.0, CDS, OGIP, VOUnit 1.0) means what the standards and astropy agree on; any other word
what astropy and pint agree on, or what the only one that has it says. A word on which they disagree is refused (`G`,
`R`, `k`, `mb`). A word in another case or in the plural (ANGSTROMS, Micron, seconds) is accepted if all names of that
spelling are one unit.
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
"""The meaning of words in a spectrum."""

CLIMATE: Mapping[str, str] = {
    "mb": "mbar",  # the CF conventions allow it for pressures; elsewhere a millibarn or a millibit
    "C": "deg_C",  # a coulomb elsewhere
    "gpm": "m",  # geopotential metre
    "degrees_C": "deg_C",
    **dict.fromkeys(("degK", "deg_K", "degree_K", "degrees_K"), "K"),
    **dict.fromkeys(("degrees_north", "degree_north", "degrees_N", "degree_N", "degreesN", "degreeN"), "deg"),
    **dict.fromkeys(("degrees_east", "degree_east", "degrees_E", "degree_E", "degreesE", "degreeE"), "deg"),
}
"""The meaning of words in a climate file (CF conventions 1.11, UDUNITS-2)."""

WORDS = {  # in no library, but in many files
    **dict.fromkeys(("Ang", "Angs", "ang"), "Angstrom"),  # SDSS: BUNIT = '1E-17 erg/cm^2/s/Ang'
    **dict.fromkeys(("ADU", "ADUs"), "adu"),
    **dict.fromkeys(("unitless", "dimensionless", "fraction"), "1"),
    "ppb": "1e-9",
    "mmHg": "133.322387415 Pa",  # NIST SP 811, appendix B
}
_CAPITALS = {"S": "s", "M": "m", "SEC": "s", "STER": "sr"}  # in a text in capitals, beside another such word
_STANDARDS = ("fits", "cds", "ogip", "vounit")


class NotUnderstood(Exception):
    """Why a text is refused."""


def capitals(words: Sequence[str]) -> Mapping[str, str]:
    """The meaning of S and M in ERG/CM2/S/A: in a text in capitals, with a word that only exists in small letters."""
    if any(character.islower() for word in words for character in word):
        return {}
    return _CAPITALS if any(lookup(word) is None for word in words if word not in _CAPITALS) else {}


@cache
def lookup(word: str) -> tuple[Any, float] | None:
    """A word's unit and offset, by the standards; else by astropy and pint. None: neither has the word."""
    standard = [meaning for name in _STANDARDS if (meaning := _by_astropy(word, name)) is not None]
    own, pints = _by_astropy(word, "generic"), _by_pint(word)
    if own is None and not standard:
        return pints if pints is not None and _spelled_out(word) else None
    if own is not None and {base.name for base in own.bases} == {"deg_C"}:  # astropy has no offsets
        return _by_pint("degC") if own.scale == 1 else None
    meanings = [unit for unit in (*standard, own) if unit is not None] + ([pints[0]] if pints and not standard else [])
    first = meanings[0]
    second = next((unit for unit in meanings if not _same(first, unit)), None)
    if second is not None:
        raise NotUnderstood(f"{word!r} is {first.to_string()} to some and {second.to_string()} to others")
    if any(base.name == "dex" for base in first.bases):
        raise NotUnderstood(f"{word!r} is a logarithm, and no factor converts it")
    return first, 0.0


def _same(first: Any, second: Any) -> bool:
    ratio = (first / second).decompose()
    return ratio.bases == [] and math.isclose(ratio.scale, 1, rel_tol=1e-6)


def _by_astropy(word: str, form: str) -> Any:
    from astropy import units as u

    if "'" in word:  # VOUnit defines a new unit by quotes: 'km' is not a kilometre
        return None
    try:
        return u.Unit(word, format=form, parse_strict="raise").decompose()
    except (ValueError, TypeError, AttributeError):  # astropy reads "unknown" as None
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

    if not _registry().parse_unit_name(word):  # a Quantity drops unknown characters: L☉ is not a litre
        return None
    try:
        zero, unit, large = (_registry().Quantity(number, word).to_root_units() for number in (0.0, 1.0, 2.0**20))
    except (pint.errors.PintError, ValueError, TypeError, AttributeError, AssertionError):
        return None
    offset = float(zero.magnitude)
    factor = (float(large.magnitude) - offset) / 2**20
    if not math.isclose(unit.magnitude - offset, factor, rel_tol=1e-9):
        return None  # a logarithm
    return _rooted(factor, unit.unit_items()), offset


def _rooted(factor: float, roots: Iterable[tuple[str, float]]) -> Any:
    from astropy import units as u

    product = u.CompositeUnit(factor, [], [])
    for root, power in roots:
        product = product * u.Unit(_ROOTS.get(root) or u.def_unit(root)) ** power
    return product.decompose()


def _spelled_out(word: str) -> bool:
    """Whether pint has it as a full name, or with a prefix in full: not `flux`, which it takes for a femtolux."""
    names = _registry().parse_unit_name(word)
    full = len(names) == 1 and (not names[0][0] or word.removesuffix("s") == names[0][0] + names[0][1])
    return full and len(word) > 2 and word != "lambda"  # to pint a microlitre


@cache
def _lower() -> Mapping[str, frozenset[str]]:
    """The names of astropy's and pint's units: by their small letters, as they are written."""
    names: dict[str, set[str]] = {}
    for name in _all_names():
        names.setdefault(name.lower(), set()).add(name)
    return {name: frozenset(written) for name, written in names.items()}


def _all_names() -> Iterator[str]:
    from astropy import units as u

    yield from u.get_current_unit_registry().registry
    yield from (name for name in _registry()._units if len(name) > 2)


def lookup_other_case(word: str) -> tuple[Any, float] | None:
    """A word in another case or in the plural, if all units of that name are the same."""
    if not (len(word) > 3 or (len(word) > 1 and word.isupper())):
        return None
    for name in (word.lower(), word.lower().removesuffix("s")):
        meanings = [meaning for written in _lower().get(name, ()) if (meaning := lookup(written))]
        if meanings and all(_same(meanings[0][0], unit) for unit, _ in meanings[1:]):
            return meanings[0]
    return None
