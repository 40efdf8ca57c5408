"""The meaning of a unit's text, from any archive: understood as a whole, or refused.

The words are those of astropy and pint (`unit_words`); the grammar is astropy's (`astropy.units.format.Generic`,
as for FITS and VOUnit). A text is normalised first, without the loss of any character that has a meaning:

    µ μ, Å Å, − (U+2212), superscripts, any space      µ, Å, -, ^(...), a blank
    {-1}, [s cm2] inside of a text                     (-1), (s cm2)
    $\\mathrm{erg\\,s^{-1}}$, \\frac{a}{b}, \\mu, \\AA     erg s^(-1), (a)/(b), µ, Å
    10^-17, 10**-17, 10-17, 1e-17, 2.5x10-17, 0.1      a factor, if the text begins with it

Refused, with the reason: a word that is unknown or may be two units; `a/b c`, which some read as (a/b)c and others as
a/(b c); `10E-17`, often meant as 1e-17; `[cm/s2]` as a whole, in CDS's tables a logarithm and elsewhere only brackets;
logarithms and magnitudes, which no factor converts; and any text with a remainder.
"""

from __future__ import annotations

import math
import re
import threading
import unicodedata
import warnings
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from string import ascii_lowercase
from typing import Any, NamedTuple

from lake.errors import Refused
from lake.formats.unit_words import CLIMATE, SPECTRA, WORDS, NotUnderstood, capitals, lookup, lookup_other_case

__all__ = ["CLIMATE", "SPECTRA", "Unit", "conversion", "unit"]

_TEXTS = {"ergss-1cm-2A-1": "erg s-1 cm-2 Angstrom-1", "---": "1"}  # ExoCTK's Vega; CDS: dimensionless
_DEGREES = re.compile(
    r"(?i)deg(?:ree)?s?[ _]?(c|k|f|celsius|kelvin|fahrenheit)"
)  # to UDUNITS a product, if there is a blank
_SCALES = {"c": "deg_C", "k": "K", "f": "degF"}
_LONGEST = 200
_WORD = re.compile(r"[^\s\d+\-./*^(),\[\]]+")
_SAME = str.maketrans("μÅ−–⋅·×∗⸍", "µÅ--****/", "\u200b\u2060\ufeff")
_SUPERSCRIPT = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻/]*[⁰¹²³⁴⁵⁶⁷⁸⁹]")
_PLAIN = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_LATEX = (
    (r"\\(mathrm|rm|text|mathit)\b", ""),
    (r"\\mathring\s*\{?A\}?|\\AA\b(\s*\{\})?", "Å"),
    (r"\\mu(?![A-Za-z])\s*", "µ"),
    (r"\\Omega(?![A-Za-z])\s*", "Ω"),
    (r"([LMR])_\{\\odot\}", r"\1_sun"),
    (r"\\[dt]?frac\s*\{((?:[^{}]|\{[^{}]*\})*)\}\s*\{((?:[^{}]|\{[^{}]*\})*)\}", r"(\1)/(\2)"),
    (r"\\(times|cdot)\b", "*"),
    (r"\\[,;:! ]|~", " "),
    (r"\\%", "%"),
    (r"\\(left|right)\b|\$", ""),
    (r"\(1\)/", "1/"),
)
_NUMBER = r"((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
_TEN = r"10\s*(?:(?:\^|\*\*)\s*\(?\s*([+-]?\d+)\s*\)?|\(([+-]\d+)\)|([+-]\d+))"
_FACTORS = tuple(
    re.compile(rf"{pattern}(?![\d.]*\d)\s*[.*]?\s*")
    for pattern in (rf"(?:{_NUMBER}\s*[x*]\s*|{_NUMBER}\s+|[x*]\s*)?{_TEN}", _NUMBER)
)
_POWER = r"(?:\s*(?:\^|\*\*)?\s*(?:\(\s*[+-]?\d+(?:\s*/\s*\d+)?\s*\)|[+-]?\d+))"
_DECIMAL = re.compile(r"(?:\^|\*\*)\s*\(?\s*([+-]?\d*\.\d+)\s*\)?(?![\d.])")
_lock = threading.RLock()  # astropy's enabled units are global


class Unit(NamedTuple):
    """A unit in SI: x of it are `factor * x + offset` of `canonical`.

    Angles and counts keep their names (rad, ct, ph, ...): a radiance is not an irradiance.
    """

    factor: float
    offset: float
    canonical: str  # "kg m-1 s-3"; "1" if it is dimensionless


def unit(text: str, names: Mapping[str, str] | None = None) -> Unit:
    """The unit that a text means.

    Args:
        text: as it is in a file.
        names: meanings of single words, which come before those of the libraries: `SPECTRA`, `CLIMATE`.

    Raises:
        Refused: a part of it is not understood, or may be read in two ways.

    >>> unit("0.1nm"), unit("degC")
    (Unit(factor=1e-10, offset=0.0, canonical='m'), Unit(factor=1.0, offset=273.15, canonical='K'))
    """
    try:
        return _unit(text, tuple(sorted((names or {}).items())))
    except NotUnderstood as fault:
        raise Refused(f"the unit {text[:_LONGEST]!r} is not understood: {fault}") from None


def conversion(text: str, target: str, names: Mapping[str, str] | None = None) -> tuple[float, float]:
    """The factor and offset that convert values in the unit `text` to the unit `target`.

    Raises:
        Refused: a part of it is not understood, or it is a unit of another quantity.
    """
    own, to = unit(text, names), unit(target, names)
    if own.canonical != to.canonical:
        raise Refused(f"the unit {text!r} cannot become {target}: it is of {own.canonical}, not of {to.canonical}")
    return _tidy(own.factor / to.factor), (own.offset - to.offset) / to.factor


@lru_cache(4096)
def _unit(text: str, names: tuple[tuple[str, str], ...]) -> Unit:
    degrees = _DEGREES.fullmatch(text.strip())
    text = _SCALES[degrees[1][0].lower()] if degrees else _TEXTS.get(text.strip(), text)
    with _lock, warnings.catch_warnings(action="ignore"):
        composed, offset = _read(text, dict(names))
    powers = sorted(zip(composed.bases, composed.powers, strict=True), key=lambda pair: (pair[1] < 0, pair[0].name))
    canonical = " ".join(f"{base.name}{_exponent(power)}" for base, power in powers)
    return Unit(_tidy(float(composed.scale)), offset, canonical or "1")


def _tidy(factor: float) -> float:
    """A factor without rounding noise in the last bit: 1e-10, not 1.0000000000000002e-10."""
    short = float(f"{factor:.12g}")
    return short if math.isclose(short, factor, rel_tol=2e-15) else factor


def _exponent(power: Any) -> str:
    exact = Fraction(power).limit_denominator(1000)
    if exact.denominator > 1:
        return f"({exact})"
    return "" if exact == 1 else str(exact)


def _read(text: str, names: Mapping[str, str]) -> tuple[Any, float]:
    """astropy's unit, in SI, and its offset."""
    if not text.strip():
        raise NotUnderstood("it is empty")
    if len(text) > _LONGEST:
        raise NotUnderstood(f"it has more than {_LONGEST} characters")
    factor, rest = _factor(_plain(text))
    if re.match(r"[\d+.-]", rest):
        raise NotUnderstood(f"{rest!r} is left over")
    tokens = [word for word in _WORD.findall(rest) if word != "sqrt"]
    if len(set(tokens)) > len(ascii_lowercase):
        raise NotUnderstood("it has too many words")
    words = {word: _word(word, {**capitals(tokens), **names}) for word in tokens}
    if len(words) == 1 and rest in words and factor == 1:
        meaning, offset = words[rest]
        return meaning.decompose(), offset
    return _composed(factor, rest, {word: meaning for word, (meaning, _) in words.items()}), 0.0


def _plain(text: str) -> str:
    """The text in the spelling of the grammar."""
    text = unicodedata.normalize("NFC", text)
    for pattern, plain in _LATEX if text.count("$") == 2 or ("\\" in text and "$" not in text) else ():
        text = re.sub(pattern, plain, text)
    text = _SUPERSCRIPT.sub(lambda match: f"^({match[0].translate(_PLAIN)})", text.translate(_SAME))
    text = " ".join(text.replace("{", "(").replace("}", ")").split())
    while text.startswith("(") and _closing(text) == len(text) - 1:
        text = text[1:-1].strip()
    if text.startswith("["):
        raise NotUnderstood("in CDS's tables [...] is a logarithm, elsewhere only a bracket")
    if "," in text:
        raise NotUnderstood("it has a comma")
    text = text.replace("[", "(").replace("]", ")")
    text = _DECIMAL.sub(lambda match: f"^({Fraction(match[1])})", text)
    return re.sub(r"(?<=[^\W\d])([+-]\d+/\d+)", r"(\1)", text)  # CDS: m+1/2


def _closing(text: str) -> int:
    """Where the bracket at the start of the text is closed; -1 if it is not."""
    depth = 0
    for position, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0:
            return position
    return -1


def _factor(text: str) -> tuple[float, str]:
    """The number at the start of the text, and the rest of the text."""
    match = next((match for pattern in _FACTORS if (match := pattern.match(text))), None)
    if match is None:
        return 1.0, text
    if re.match(r"10\.?0*[eE]", match[0]):
        raise NotUnderstood(f"{match[0].strip()} is ten times what is often meant by it; write 1e-17 or 10^-17")
    numbers = [number for number in match.groups() if number]
    if match.re is _FACTORS[0]:  # float("1e-17") is exact, 10**-17 is not
        mantissa = numbers[0] if len(numbers) > 1 else "1"
        numbers = [f"{mantissa}e{int(numbers[-1])}"] if "e" not in mantissa.lower() else [mantissa, f"1e{numbers[-1]}"]
    number = math.prod(map(float, numbers))
    if not 0 < number < math.inf:
        raise NotUnderstood(f"its factor is {number:g}")
    rest = text[match.end() :]
    return number, rest[1:] if rest.startswith("1/") else rest


def _composed(factor: float, text: str, words: Mapping[str, Any]) -> Any:
    """The product in a text, by astropy's grammar over these words alone."""
    from astropy import units as u

    if not text:
        return u.CompositeUnit(factor, [], [])
    if _ambiguous(text):
        raise NotUnderstood("a/b c may be (a/b)c or a/(b c); write a/b/c, or a/(b c)")
    codes = {word: "U" + letter for word, letter in zip(words, ascii_lowercase, strict=False)}
    text = _WORD.sub(lambda match: codes.get(match[0], match[0]), text)
    text = f"Uone{text}" if text.startswith("/") else text
    own = [u.def_unit(code, words[word]) for word, code in codes.items()]
    try:
        with u.set_enabled_units([*own, u.def_unit("Uone", u.dimensionless_unscaled)]):
            product = u.Unit(text, format="generic").decompose()
    except (ValueError, TypeError, AttributeError, OverflowError, ZeroDivisionError, RecursionError):
        raise NotUnderstood("it is no product of units and powers") from None
    scale = product.scale * factor
    if isinstance(scale, complex) or not 0 < scale < math.inf:
        raise NotUnderstood(f"its factor is {scale}")
    return u.CompositeUnit(scale, product.bases, product.powers)


def _ambiguous(text: str) -> bool:
    """Whether a product follows a division within the same brackets."""
    divided, operand = [False], False
    for token in re.findall(rf"[()/]|{_WORD.pattern}", re.sub(_POWER, " ", text)):
        if token == "/":
            divided[-1], operand = True, False
        elif token == ")":
            operand = bool(divided.pop()) or True
            divided = divided or [False]
        elif token != "sqrt":
            if divided[-1] and operand:
                return True
            operand = token != "("
            divided += [False] if token == "(" else []
    return False


def _word(word: str, names: Mapping[str, str]) -> tuple[Any, float]:
    """The unit of a single word, and its offset."""
    if word in names or word in WORDS:
        return _read(names[word] if word in names else WORDS[word], {})
    meaning = lookup(word) or lookup_other_case(word)
    if meaning is None:
        raise NotUnderstood(f"{word!r} is no unit that astropy or pint knows")
    return meaning
