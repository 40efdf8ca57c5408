"""Texts of units: right factors for what files have, and no guess."""

from __future__ import annotations

import contextlib
import math
from fractions import Fraction

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from lake.errors import Refused
from lake.formats import units
from lake.formats.unit_words import WORDS, NotUnderstood, lookup, lookup_other_case
from lake.sources.open_exoplanets import tables

# text | factor in SI | SI unit. Factors by hand: 1 erg is 1e-7 J, 1 cm2 is 1e-4 m2, 1 Angstrom 1e-10 m.
FLAM, RADIANCE = "kg m-1 s-3", "kg m-1 rad-2 s-3"
SPECTRAL = f"""
Angstrom|1e-10|m
angstrom|1e-10|m
Angstroms|1e-10|m
ANGSTROM|1e-10|m
ANGSTROMS|1e-10|m
angstroms|1e-10|m
A|1e-10|m
AA|1e-10|m
Ang|1e-10|m
Å|1e-10|m
\u212b|1e-10|m
0.1nm|1e-10|m
0.1 nm|1e-10|m
10**-10 m|1e-10|m
10-10m|1e-10|m
10^-10 m|1e-10|m
10^{{-10}} m|1e-10|m
10⁻¹⁰ m|1e-10|m
1e-10 m|1e-10|m
nm|1e-9|m
NM|1e-9|m
nanometer|1e-9|m
nanometers|1e-9|m
Nanometers|1e-9|m
um|1e-6|m
\u00b5m|1e-6|m
\u03bcm|1e-6|m
UM|1e-6|m
micron|1e-6|m
microns|1e-6|m
MICRON|1e-6|m
MICRONS|1e-6|m
Micron|1e-6|m
micrometer|1e-6|m
micrometers|1e-6|m
$\\mu$m|1e-6|m
$\\mathrm{{\\mu m}}$|1e-6|m
$\\AA$|1e-10|m
mm|1e-3|m
cm|1e-2|m
CM|1e-2|m
m|1|m
(um)|1e-6|m
 um |1e-6|m
1/cm|100|m-1
/cm|100|m-1
cm-1|100|m-1
cm^-1|100|m-1
cm**-1|100|m-1
cm**(-1)|100|m-1
cm^(-1)|100|m-1
cm^{{-1}}|100|m-1
cm⁻¹|100|m-1
cm−1|100|m-1
$cm^{{-1}}$|100|m-1
kayser|100|m-1
1/um|1e6|m-1
Hz|1|s-1
HZ|1|s-1
kHz|1e3|s-1
MHz|1e6|s-1
GHz|1e9|s-1
THz|1e12|s-1
hertz|1|s-1
eV|1.602176634e-19|kg m2 s-2
keV|1.602176634e-16|kg m2 s-2
KEV|1.602176634e-16|kg m2 s-2
erg/s/cm2/A|1e7|{FLAM}
erg/s/cm^2/A|1e7|{FLAM}
erg/s/cm**2/A|1e7|{FLAM}
erg/cm2/s/A|1e7|{FLAM}
erg/cm^2/s/Ang|1e7|{FLAM}
erg/cm2/s/Å|1e7|{FLAM}
ergs/cm2/s/A|1e7|{FLAM}
ergs/s/cm^2/Angstrom|1e7|{FLAM}
erg/s/cm2/Angstrom|1e7|{FLAM}
ERG/CM2/S/A|1e7|{FLAM}
ERGS/CM**2/S/A|1e7|{FLAM}
ERG/S/CM2/ANGSTROM|1e7|{FLAM}
erg s-1 cm-2 A-1|1e7|{FLAM}
erg s^-1 cm^-2 A^-1|1e7|{FLAM}
erg s**-1 cm**-2 Angstrom**-1|1e7|{FLAM}
erg s⁻¹ cm⁻² Å⁻¹|1e7|{FLAM}
erg·s⁻¹·cm⁻²·Å⁻¹|1e7|{FLAM}
erg.s-1.cm-2.Angstrom-1|1e7|{FLAM}
erg.cm-2.s-1.angstrom-1|1e7|{FLAM}
erg*s-1*cm-2*A-1|1e7|{FLAM}
ergss-1cm-2A-1|1e7|{FLAM}
erg/(s cm2 Angstrom)|1e7|{FLAM}
erg/(s cm2 A)|1e7|{FLAM}
erg / (Angstrom s cm2)|1e7|{FLAM}
erg / (angstrom s cm**2)|1e7|{FLAM}
erg/(s*cm^2*A)|1e7|{FLAM}
erg/(s.cm2.A)|1e7|{FLAM}
erg/[s cm2 A]|1e7|{FLAM}
erg/{{s cm^2 A}}|1e7|{FLAM}
(erg/s/cm2/A)|1e7|{FLAM}
erg/s/(cm2 A)|1e7|{FLAM}
$erg\\,s^{{-1}}\\,cm^{{-2}}\\,\\AA^{{-1}}$|1e7|{FLAM}
$\\mathrm{{\\frac{{erg}}{{\\mathring{{A}}\\,s\\,cm^{{2}}}}}}$|1e7|{FLAM}
erg cm-2 s-1 um-1|1e3|{FLAM}
erg/s/cm2/um|1e3|{FLAM}
erg/s/cm2/micron|1e3|{FLAM}
erg/s/cm2/cm|0.1|{FLAM}
erg/s/cm2/nm|1e6|{FLAM}
erg/s/cm2/Hz|1e-3|kg s-2
erg s-1 cm-2 Hz-1|1e-3|kg s-2
10^-17 erg/s/cm^2/A|1e-10|{FLAM}
10^-17 erg/s/cm^2/Angstrom|1e-10|{FLAM}
10**-17 erg/s/cm2/Angstrom|1e-10|{FLAM}
10**-17 erg/(s cm2 Angstrom)|1e-10|{FLAM}
10**-17 erg/(s cm**2 Angstrom)|1e-10|{FLAM}
10**-17 erg Angstrom-1 s-1 cm-2|1e-10|{FLAM}
10**(-17) erg/s/cm2/A|1e-10|{FLAM}
10^(-17) erg/s/cm2/A|1e-10|{FLAM}
10^{{-17}} erg s^{{-1}} cm^{{-2}} A^{{-1}}|1e-10|{FLAM}
10-17 erg s-1 cm-2 A-1|1e-10|{FLAM}
10-17erg.s-1.cm-2.Angstrom-1|1e-10|{FLAM}
10⁻¹⁷ erg s⁻¹ cm⁻² Å⁻¹|1e-10|{FLAM}
1×10⁻¹⁷ erg Å⁻¹ s⁻¹ cm⁻²|1e-10|{FLAM}
x10^-17 erg/s/cm2/A|1e-10|{FLAM}
1e-17 erg/s/cm2/Angstrom|1e-10|{FLAM}
1E-17 erg/cm^2/s/Ang|1e-10|{FLAM}
1.0E-17 erg/s/cm2/A|1e-10|{FLAM}
1e-17 erg / (Angstrom s cm2)|1e-10|{FLAM}
1e-17 * erg/s/cm2/A|1e-10|{FLAM}
(10^-17 erg/s/cm2/A)|1e-10|{FLAM}
10-20 erg/s/cm2/A|1e-13|{FLAM}
10**(-20)*erg/s/cm**2/Angstrom|1e-13|{FLAM}
2.5x10-17erg.Angstrom-1.s-1.cm-2|2.5e-10|{FLAM}
2.5 10^-17 erg/s/cm2/A|2.5e-10|{FLAM}
1e-16 erg/s/cm2/um|1e-13|{FLAM}
FLAM|1e7|{FLAM}
flam|1e7|{FLAM}
FNU|1e-3|kg s-2
PHOTLAM|1e14|ph m-3 s-1
W/m2/um|1e6|{FLAM}
W/m^2/um|1e6|{FLAM}
W/m**2/micron|1e6|{FLAM}
W/m²/µm|1e6|{FLAM}
W m-2 um-1|1e6|{FLAM}
W m^-2 µm^-1|1e6|{FLAM}
W m⁻² μm⁻¹|1e6|{FLAM}
W/(m2 um)|1e6|{FLAM}
W / (um m2)|1e6|{FLAM}
W m-2 nm-1|1e9|{FLAM}
mW/m2/nm|1e6|{FLAM}
W/m2/m|1|{FLAM}
W m-3|1|{FLAM}
W/cm2/um|1e10|{FLAM}
10^-15 W m^-2 um^-1|1e-9|{FLAM}
W/m2/um/sr|1e6|{RADIANCE}
W m-2 um-1 sr-1|1e6|{RADIANCE}
W/(m2 sr um)|1e6|{RADIANCE}
W/m^2/sr/um|1e6|{RADIANCE}
W/m2/arcsec2/um|4.25451702961522e16|{RADIANCE}
MJy/sr|1e-20|kg rad-2 s-2
Jy|1e-26|kg s-2
JY|1e-26|kg s-2
jansky|1e-26|kg s-2
mJy|1e-29|kg s-2
uJy|1e-32|kg s-2
µJy|1e-32|kg s-2
nJy|1e-35|kg s-2
Jy/beam|1e-26|kg beam-1 s-2
photons/s/cm2/A|1e14|ph m-3 s-1
ph s-1 cm-2 nm-1|1e13|ph m-3 s-1
ct/s|1|ct s-1
counts/s|1|ct s-1
DN/s|1|DN s-1
electron/s|1|electron s-1
adu|1|adu
W/m2|1|kg s-3
erg/s/cm2|1e-3|kg s-3
1|1|1
%|0.01|1
percent|0.01|1
ppm|1e-6|1
PPM|1e-6|1
ppb|1e-9|1
10^-6|1e-6|1
1e-6|1e-6|1
unitless|1|1
dimensionless|1|1
---|1|1
K|1|K
Kelvin|1|K
solLum|3.828e26|kg m2 s-3
L_sun|3.828e26|kg m2 s-3
km/s|1e3|m s-1
km s-1|1e3|m s-1
cm2/g|0.1|m2 kg-1
arcsec|4.84813681109536e-06|rad
deg|0.017453292519943295|rad
"""
CLIMATE = """
degC|1|273.15|K
deg_C|1|273.15|K
celsius|1|273.15|K
Celsius|1|273.15|K
degrees_C|1|273.15|K
degree_Celsius|1|273.15|K
C|1|273.15|K
°C|1|273.15|K
degF|0.5555555555555556|255.37222222222222|K
degK|1|0|K
kelvin|1|0|K
Pa|1|0|kg m-1 s-2
hPa|100|0|kg m-1 s-2
mb|100|0|kg m-1 s-2
mbar|100|0|kg m-1 s-2
millibar|100|0|kg m-1 s-2
millibars|100|0|kg m-1 s-2
bar|1e5|0|kg m-1 s-2
atm|101325|0|kg m-1 s-2
mmHg|133.322387415|0|kg m-1 s-2
kg m-2 s-1|1|0|kg m-2 s-1
kg/m^2/s|1|0|kg m-2 s-1
kg m**-2 s**-1|1|0|kg m-2 s-1
kg/(m^2 s)|1|0|kg m-2 s-1
mm/day|1.1574074074074074e-08|0|m s-1
mm day-1|1.1574074074074074e-08|0|m s-1
kg kg-1|1|0|1
kg/kg|1|0|1
g/kg|1e-3|0|1
W m-2|1|0|kg s-3
W/m^2|1|0|kg s-3
watts/m^2|1|0|kg s-3
J kg-1 K-1|1|0|m2 K-1 s-2
m s**-1|1|0|m s-1
m2 s-2|1|0|m2 s-2
degrees_north|0.017453292519943295|0|rad
degrees_east|0.017453292519943295|0|rad
%|0.01|0|1
"""
REFUSED = """
'km'|no unit
W/'m'|no unit
'furlong'|no unit
erg/s cm2|(a/b)c
erg/cm2 s A|(a/b)c
erg/s*cm2|(a/b)c
W/m2 um|(a/b)c
W/m^2 um^-1|(a/b)c
10E-17 erg/s/cm2/A|ten times
10e-17 W|ten times
[cm/s2]|logarithm
[um]|logarithm
dex(cm/s2)|logarithm
log(cm/s2)|'log'
mag|logarithm
mag(AB)|logarithm
dB|logarithm
flux|'flux'
erg/s/cm2/A blah|'blah'
erg/s/cm2/A (observed)|'observed'
um (vacuum)|'vacuum'
furlong/fortnightly|'fortnightly'
m/2|no product
m0.5|no product
m^|no product
m^^2|no product
erg//s|no product
erg/|no product
(erg/s|no product
erg/s)|no product
erg 10^-17|no product
10^17.5 erg|no product
10 21|left over
2-3 m|left over
+um|left over
-|left over
1.2.3 m|left over
0 m|factor
1e999 m|factor
um, nm|comma
1,5 um|comma
R|to others
G|to others
k|to others
mb|to others
Nm|'Nm'
ppt|'ppt'
lambda|'lambda'
arbitrary|'arbitrary'
normalized|'normalized'
? um|'?'
um?|'um?'
um!|'um!'
~um|'~um'
=um|'=um'
counts $|'$'
"""


def cases(table: str) -> list[list[str]]:
    return [line.split("|") for line in table.strip("\n").split("\n")]


@pytest.mark.parametrize(("text", "factor", "si"), cases(SPECTRAL))
def test_units_of_spectra(text, factor, si):
    assert units.unit(text, units.SPECTRA) == (pytest.approx(float(factor), rel=1e-12), 0, si)


@pytest.mark.parametrize(("text", "factor", "offset", "si"), cases(CLIMATE))
def test_units_of_climate(text, factor, offset, si):
    found = units.unit(text, units.CLIMATE)
    assert found == (pytest.approx(float(factor), rel=1e-12), pytest.approx(float(offset)), si)


@pytest.mark.parametrize(("text", "reason"), cases(REFUSED))
def test_what_is_not_wholly_understood_is_refused(text, reason):
    with pytest.raises(Refused, match="is not understood") as fault:
        units.unit(text, units.SPECTRA)
    assert reason in fault.value.what
    assert repr(text) in fault.value.what


@pytest.mark.parametrize("text", ["", " ", "\t"])
def test_no_text_is_no_unit(text):
    with pytest.raises(Refused, match="it is empty"):
        units.unit(text)


def test_there_are_many():
    assert len(cases(SPECTRAL)) + len(cases(CLIMATE)) + len(cases(REFUSED)) > 200


def test_a_word_means_what_its_archive_says():
    assert units.unit("A").canonical == "A"
    assert units.unit("A", units.SPECTRA).canonical == "m"
    assert units.unit("C").canonical == "A s"
    assert units.unit("C", units.CLIMATE) == (1, 273.15, "K")


def test_conversions():
    assert units.conversion("nm", "um") == (1e-3, 0)
    assert units.conversion("degC", "K") == (1, 273.15)
    assert units.conversion("K", "degC") == (1, -273.15)
    factor, offset = units.conversion("degF", "degC")
    assert (factor * 212 + offset, factor * 32 + offset) == (pytest.approx(100), pytest.approx(0, abs=1e-9))
    with pytest.raises(Refused, match="cannot become W/m2"):
        units.conversion("W/m2/sr", "W/m2")  # a radiance is no irradiance
    with pytest.raises(Refused, match="cannot become m"):
        units.conversion("1/cm", "m")


# What astropy writes, in each of its forms, is read as it was meant.

FORMS = ("fits", "cds", "ogip", "vounit", "generic", "unicode", "latex_inline", "latex")
NAMES = (
    "m cm mm um nm km pc au s min h d yr Hz GHz g kg J erg eV keV W Pa bar N K mol rad sr deg arcsec Jy mJy ct ph pix "
    "adu Angstrom solLum solMass T V C A Ohm F Wb H lm lx cd barn"
).split()
POWERS = st.sampled_from([1, 1, -1, -1, 2, -2, 3, -3, Fraction(1, 2), Fraction(-3, 2)])
SCALES = st.one_of(
    st.just(1.0),
    st.integers(-30, 30).map(lambda power: float(f"1e{power}")),
    st.builds(lambda digits, power: float(f"{digits / 100}e{power}"), st.integers(101, 999), st.integers(-30, 30)),
)


JUNK = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_?!#&=<>;:'\"|@°", min_size=1, max_size=12)
TEXTS = st.one_of(st.text(max_size=60), st.text("mscmAJy0123456789.-+*/^() \t{}[]$\\,eE'\"%µ⁻²", max_size=40))


@st.composite
def rendered(draw):
    """A unit of astropy, and how it writes it in one of its forms."""
    from astropy import units as u

    of = u.Unit(draw(SCALES))
    for word in draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True)):
        of = of * u.Unit(word) ** draw(POWERS)
    form = draw(st.sampled_from(FORMS))
    try:
        text = u.Unit(of).to_string(form)
        assume("prime" not in text and "circ" not in text)  # marks that stand for minutes, seconds and degrees
        back = u.Unit(text, format=form) if form in ("fits", "cds", "ogip", "vounit", "generic") else of
    except ValueError:  # a form that has not that word, or no such factor
        assume(False)
    return u.Unit(of), form, text, u.Unit(back)


@pytest.mark.filterwarnings("ignore::astropy.units.UnitsWarning")
@settings(max_examples=60, deadline=None)
@given(rendered())
def test_what_astropy_writes_is_read_as_it_was_meant(one):
    of, _, text, back = one
    wanted = of.decompose()
    assume(math.isclose(back.decompose().scale, wanted.scale, rel_tol=1e-6))  # CDS and OGIP round some factors
    found = units.unit(text)
    assert found.factor == pytest.approx(wanted.scale, rel=1e-6)
    assert powers(found.canonical) == powers(wanted)
    assert units.unit(found.canonical) == (1, 0, found.canonical)


def powers(one):
    from astropy import units as u

    plain = u.Unit(one).decompose()
    return {
        base.name: Fraction(power).limit_denominator(100) for base, power in zip(plain.bases, plain.powers, strict=True)
    }


@pytest.mark.filterwarnings("ignore::astropy.units.UnitsWarning")
@settings(max_examples=60, deadline=None)
@given(rendered(), JUNK)
def test_a_text_with_a_word_too_many_is_refused(one, junk):
    with contextlib.suppress(NotUnderstood):
        assume(lookup(junk) is None and lookup_other_case(junk) is None and junk not in {"sqrt", "x", *WORDS})
    for text in (f"{one[2]} {junk}", f"{junk} {one[2]}", f"{one[2]} ({junk})"):
        with pytest.raises(Refused):
            units.unit(text)


@settings(max_examples=60, deadline=None)
@example("(" * 150)
@example("10" + "9" * 190)
@example("m" * 100_000)
@example("m^" + "9" * 100)
@example("1e-300 nm100")
@example("'µ'")
@given(TEXTS)
def test_any_text_is_a_unit_or_refused(text):
    try:
        found = units.unit(text)
    except Refused:
        return
    assert math.isfinite(found.factor)
    assert found.factor > 0
    assert math.isfinite(found.offset)
    assert units.unit(found.canonical) == (1, 0, found.canonical)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::astropy.units.UnitsWarning")
@pytest.mark.parametrize(
    ("test", "inputs"),
    [
        (test_what_astropy_writes_is_read_as_it_was_meant, (rendered(),)),
        (test_a_text_with_a_word_too_many_is_refused, (rendered(), JUNK)),
        (test_any_text_is_a_unit_or_refused, (TEXTS,)),
    ],
)
def test_the_same_more_often(test, inputs):
    often = given(*inputs)(test.hypothesis.inner_test)
    settings(max_examples=1000, deadline=None)(often)()


@pytest.mark.parametrize(
    ("element", "told"),
    [
        (("planet", "mass", None), "jupiter_mass"),
        (("planet", "mass", "earth"), None),
        (("planet", "period", "year"), None),
        (("planet", "transittime", "BJD"), "day"),
        (("planet", "transittime", "HJD"), "day"),
        (("planet", "transittime", "s"), None),
        (("binary", "separation", "AU"), "au"),
        (("binary", "separation", "ly"), None),
    ],
)
def test_a_unit_of_open_exoplanets_that_is_not_the_documented_one_is_none(element, told):
    assert tables.unit(*element) == told
