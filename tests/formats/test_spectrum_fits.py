"""Spectra as FITS: as astropy reads them, and no file that stops the reader."""

from __future__ import annotations

import gzip
import io
import random
import struct

import numpy as np
import pytest
from astropy.io import fits
from astropy.io.fits import Column
from astropy.table import Table
from astropy.wcs import WCS
from hypothesis import given, settings
from hypothesis import strategies as st
from spectrum import read

from lake.errors import LakeError, Unreadable
from lake.formats.spectrum import units

WAVE, FLUX = np.array([4000.0, 5000.0, 6000.0]), np.array([1.0, 2.0, 3.0])
LINEAR = {"CRVAL1": 5000.0, "CDELT1": 1.0, "CRPIX1": 1.0, "CUNIT1": "Angstrom", "BUNIT": "erg/cm2/s/A"}
pytestmark = pytest.mark.filterwarnings("ignore::astropy.utils.exceptions.AstropyWarning")


def stored(*hdus) -> bytes:
    file = io.BytesIO()
    fits.HDUList(list(hdus)).writeto(file)
    return file.getvalue()


def table(*columns, **cards) -> bytes:
    hdu = fits.BinTableHDU.from_columns(columns)
    hdu.header.update(cards)
    return stored(fits.PrimaryHDU(), hdu)


def image(data, *further, **cards) -> bytes:
    hdu = fits.PrimaryHDU(np.asarray(data))
    hdu.header.update({name.replace("__", "-"): value for name, value in cards.items()})
    return stored(hdu, *further)


def wavelengths(unit="nm"):
    return Column("WAVELENGTH", "D", unit=unit, array=WAVE)


def fluxes(name="FLUX", unit="W/m2/um"):
    return Column(name, "D", unit=unit, array=FLUX)


def with_cards(content: bytes, *cards: str) -> bytes:
    """A table with further cards at the end of its header, as they are."""
    end = content.find(b"END ", 2880)
    added = b"".join(card.encode().ljust(80) for card in (*cards, "END"))
    return content[:end] + added + content[end + len(added) :]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.fits"


# Tables


def test_integers_that_are_not_known_are_nan(path):
    columns = (wavelengths(), Column("FLUX", "J", unit="W/m2/um", array=[10, -99, 30], null=-99))
    (row,), _ = read(path, table(*columns))
    masked = Table.read(path)["FLUX"]
    assert np.array_equal(row["value"], np.ma.filled(masked.astype(float), np.nan), equal_nan=True)
    assert np.isnan(row["value"][1])


def test_null_is_what_is_stored_before_it_is_scaled(path):
    columns = (wavelengths(), Column("FLUX", "I", unit="W/m2/um", array=np.array([10, -199, 30], np.int16), null=-199))
    (row,), _ = read(
        path, with_cards(table(*columns), "TSCAL2  =                  0.5", "TZERO2  =                  1.0")
    )
    assert np.array_equal(row["value"], [6, np.nan, 16], equal_nan=True)


@pytest.mark.parametrize("kind", ["I", "J", "K", "B"])
def test_integers_of_each_width(path, kind):
    column = Column("FLUX", kind, unit="W/m2/um", array=[1, 99, 3], null=99)
    (row,), _ = read(path, table(wavelengths(), column))
    assert np.array_equal(row["value"], [1, np.nan, 3], equal_nan=True)


def test_unsigned_integers(path):
    column = Column("FLUX", "J", unit="W/m2/um", bzero=2**31, array=np.array([10, 4_000_000_000, 30], np.uint32))
    (row,), _ = read(path, table(wavelengths(), column))
    assert row["value"] == [10, 4_000_000_000, 30]


def test_other_columns_may_hold_what_they_will(path):
    others = (
        Column("LINE", "4A", array=["Ha", "Hb", ""]),
        Column("FLAGS", "L", array=[True, False, True]),
        Column("Z", "C", array=[1j, 2j, 3j]),
        Column("PARTS", "PD()", array=np.array([FLUX, FLUX[:2], FLUX], object)),
        Column("MATRIX", "4D", dim="(2,2)", array=np.ones((3, 2, 2))),
    )
    (row,), rejects = read(path, table(others[0], wavelengths(), *others[1:], fluxes()))
    assert (row["value"], row["micrometre"], rejects) == (FLUX.tolist(), [4, 5, 6], [])
    (row,), _ = read(path, table(others[0], wavelengths(), fluxes()), columns={"wavelength": 2, "value": 3})
    assert row["value"] == FLUX.tolist()


@pytest.mark.parametrize("form", ["3D", "PD()"])
def test_arrays_in_a_row_are_a_spectrum_each(path, form):
    second = WAVE if form == "3D" else WAVE[:2]
    of = lambda one, two: np.array([one, two], object if form == "PD()" else float)  # noqa: E731
    columns = (
        Column("WAVE", form, unit="nm", array=of(WAVE, second)),
        Column("FLUX", form, unit="W/m2/um", array=of(FLUX, second)),
    )
    one, two = read(path, table(*columns))[0]
    assert (one["label"], one["value"], two["label"], two["value"]) == ("1", FLUX.tolist(), "2", second.tolist())


def test_uncertainties_as_jwst_has_them(path):
    columns = (wavelengths("um"), fluxes("FLUX", "Jy"), fluxes("FLUX_ERROR", "mJy"), fluxes("SURF_BRIGHT", "MJy/sr"))
    (row,), _ = read(path, table(*columns))
    assert row["converted_unit"] == "W/m^2/um"
    wanted = 1e-26 * 299792458 / (WAVE * 1e-6) ** 2 * 1e-6 * FLUX  # F_lambda = F_nu c / lambda^2
    assert row["converted"] == pytest.approx(wanted, rel=1e-12)
    assert row["converted_upper"] == pytest.approx(wanted / 1000, rel=1e-12)
    assert row["upper"] == row["lower"] == FLUX.tolist()


def test_each_table_of_a_file_lands(path):
    first, second = (fits.BinTableHDU.from_columns([wavelengths(), fluxes()], name="EXTRACT1D", ver=v) for v in (1, 2))
    rows, _ = read(path, stored(fits.PrimaryHDU(), first, second))
    assert [row["label"] for row in rows] == ["EXTRACT1D", "EXTRACT1D2"]


def test_air_as_tables_tell_it(path):
    for cards in ({"AIRORVAC": "air"}, {"TUCD1": "em.wl;obs.atmos"}):
        (row,), _ = read(path, table(wavelengths("Angstrom"), fluxes(), **cards))
        assert row["micrometre"][1] == pytest.approx(0.500139, abs=1e-6)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ((wavelengths(), Column("FLUX", "4A", array=["a", "b", "c"])), "the column 'FLUX' holds no numbers"),
        (
            (wavelengths(), Column("FLUX", "3D", unit="Jy", array=np.ones((3, 3)))),
            "its columns have arrays of different",
        ),
        ((wavelengths(), fluxes("COUNTRY")), "which column is the value is not told"),
        ((wavelengths("km/s"), fluxes()), "'km/s' is not of a wavelength"),
        ((wavelengths(), fluxes(unit="erg/s cm2")), "the unit 'erg/s cm2' is not understood"),
        ((fluxes(),), "it has neither a table with a column of wavelengths nor an image"),
    ],
)
def test_tables_that_are_refused(path, columns, reason):
    rows, (reject,) = read(path, table(*columns))
    assert rows == []
    assert reject["reason"].startswith(reason)


# Images


@pytest.mark.parametrize(
    "cards",
    [
        {"CTYPE1": "WAVE", "CRVAL1": 5000.0, "CDELT1": 1.5, "CUNIT1": "Angstrom"},
        {"CTYPE1": "WAVE-LOG", "CRVAL1": 5000.0, "CDELT1": 1.5, "CUNIT1": "Angstrom"},
        {"CTYPE1": "AWAV", "CRVAL1": 5000.0, "CDELT1": 1.5, "CUNIT1": "Angstrom"},
        {"CTYPE1": "FREQ", "CRVAL1": 6e14, "CDELT1": 1e10, "CUNIT1": "Hz"},
        {"CTYPE1": "ENER", "CRVAL1": 2.0, "CDELT1": 1e-3, "CUNIT1": "eV"},
        {"CTYPE1": "WAVN", "CRVAL1": 20000.0, "CDELT1": 1.0, "CUNIT1": "cm-1"},
        {"CTYPE1": "WAVE-F2W", "CRVAL1": 5e-7, "CDELT1": 1e-11, "CUNIT1": "m"},
        {"CTYPE1": "VOPT", "CRVAL1": 0.0, "CDELT1": 10.0, "CUNIT1": "km/s", "RESTWAV": 6.5628e-7},
        {"CTYPE1": "VRAD", "CRVAL1": 0.0, "CDELT1": 10.0, "CUNIT1": "km/s", "RESTFRQ": 4.568e14},
        {"CTYPE1": "VELO", "CRVAL1": 0.0, "CDELT1": 10.0, "CUNIT1": "km/s", "RESTWAV": 6.5628e-7},
    ],
)
def test_world_coordinates_are_wcslibs(path, cards):
    (row,), rejects = read(path, image(np.arange(1001.0), CRPIX1=3.0, BUNIT="W/m2/um", **cards))
    assert rejects == []
    world = WCS(fits.getheader(path))
    if not cards["CTYPE1"].endswith("LOG"):
        world.wcs.sptr("WAVE-???")
    wanted = world.wcs_pix2world(np.arange(1001.0)[:, None], 0)[:, 0] * 1e6
    assert row["micrometre"] == pytest.approx(wanted, rel=1e-6)  # wcslib's eV is an older one


def test_logarithmic_axes(path):
    (row,), _ = read(path, image(np.arange(2001.0), **LINEAR, CTYPE1="WAVE-LOG"))
    assert row["micrometre"][1000] == pytest.approx(0.5 * np.exp(0.2), rel=1e-12)  # 6107.01 A
    (row,), _ = read(path, image(np.arange(2001.0), **LINEAR, CTYPE1="AWAV-LOG"))
    assert row["micrometre"] == pytest.approx(units.vacuum(0.5 * np.exp(np.arange(2001) / 5000)), rel=1e-12)


def test_irafs_logarithms(path):
    iraf = {
        "CRVAL1": 3.5,
        "CDELT1": 1e-4,
        "CRPIX1": 1,
        "CTYPE1": "LINEAR",
        "DC__FLAG": 1,
        "BUNIT": "1E-17 erg/cm^2/s/Ang",
    }
    for cards, params in (({"WAT1_001": "wtype=linear units=Angstroms"}, {}), ({}, {"wavelength_unit": "Angstrom"})):
        (row,), _ = read(path, image(FLUX, **iraf, **cards), **params)
        assert row["micrometre"][0] == pytest.approx(0.316227766, abs=1e-9)
        assert row["converted"] == pytest.approx(FLUX * 1e-16)
    assert read(path, image(FLUX, **iraf))[1][0]["reason"].startswith("the unit of wavelength is neither")


def test_air_becomes_vacuum_as_in_wcslib(path):
    (row,), _ = read(path, image(np.arange(3.0), **LINEAR, CTYPE1="AWAV"))
    assert row["micrometre"][0] == pytest.approx(0.500139, abs=1e-6)
    assert row["wavelength"][0] == 5000
    assert units.vacuum(np.array([0.1, 0.1999]))[0] == 0.1


def test_points_that_are_not_known_and_axes_in_any_place(path):
    (row,), _ = read(path, image(np.array([1, -99, 3], np.int16), **LINEAR, BLANK=-99))
    assert np.array_equal(row["value"], [1, np.nan, 3], equal_nan=True)
    cards = {"CTYPE2": "WAVE", "CUNIT2": "nm", "CRVAL2": 500.0, "CDELT2": 1.0, "BUNIT": "W/m2/um"}
    one, two = read(path, image(np.arange(6.0).reshape(3, 2), **cards))[0]
    assert (one["value"], two["value"], one["wavelength"]) == ([0, 2, 4], [1, 3, 5], [500, 501, 502])
    (row,), _ = read(path, image(FLUX.reshape(1, 1, 3), **LINEAR))
    assert row["value"] == FLUX.tolist()


@pytest.mark.parametrize(
    ("cards", "reason"),
    [
        ({"CTYPE1": "WAVE-TAB"}, "CTYPE1 = WAVE-TAB: wavelengths by a look-up table are not understood"),
        ({"CTYPE1": "MULTISPE"}, "its first axis is CTYPE1 = 'MULTISPE'"),
        ({"CTYPE1": "PIXEL"}, "its first axis is CTYPE1 = 'PIXEL'"),
        ({"CTYPE1": "WAVE-XYZ"}, "CTYPE = WAVE-XYZ is not understood by wcslib"),
        ({"CTYPE1": "VOPT", "CUNIT1": "km/s"}, "CTYPE = VOPT is not understood by wcslib: Missing required rest"),
        ({"DC__FLAG": 2}, "DC-FLAG = 2"),
        ({"CTYPE1": "WAVE-LOG", "DC__FLAG": 1}, "CTYPE1 = WAVE-LOG and DC-FLAG = 1 contradict"),
        ({"CRVAL1": "x"}, "CRVAL1 is 'x', and no number"),
        ({"CTYPE1": "WAVE-LOG", "CUNIT1": 5}, "CUNIT1 is 5, and no text"),
        ({"CUNIT1": 5}, "the unit of wavelength is 5 in the file, and no text"),
        ({"BUNIT": True}, "the unit of value is True in the file, and no text"),
        ({"CDELT1": 0.0}, "CDELT1 is 0"),
        ({"CUNIT1": "furlong/fortnight"}, "'furlong/fortnight' is not of a wavelength"),
    ],
)
def test_headers_that_are_not_understood(path, cards, reason):
    rows, (reject,) = read(path, image(FLUX, **{**LINEAR, **cards}))
    assert rows == []
    assert reject["reason"].startswith(reason)


def test_images_that_are_no_spectra(path):
    def refused(content):
        rows, (reject,) = read(path, content)
        assert rows == []
        return reject["reason"]

    no_start = {name: value for name, value in LINEAR.items() if name != "CRVAL1"}
    assert refused(image(FLUX, **no_start)) == "it says no wavelengths: neither an HDU WAVELENGTH nor CRVAL1"
    sky = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CTYPE3": "WAVE", "CUNIT3": "m", "CRVAL3": 1e-6, "CDELT3": 1e-8}
    assert refused(image(np.ones((3, 3, 3)), **sky)).startswith("its image has 3 axes")
    grid = (fits.ImageHDU(np.arange(4.0), name="WAVELENGTH"), fits.ImageHDU([1.0, 2.0], name="MU"))
    assert refused(image(np.ones((3, 4)), *grid)) == "its HDU MU has 2 values for 3 spectra"
    assert refused(image(np.ones((3, 5)), *grid)).startswith("its HDU WAVELENGTH has (4,) values for 5 points")
    assert refused(image(np.ones((2, 2)), **LINEAR, CD1_1=1.0, CD1_2=0.5)).startswith("its spectral axis is turned")


# Hostile files


def changed(content: bytes, card: str, value: str) -> bytes:
    """With another value in every card of that name."""
    name = card.encode().ljust(8) + b"= "
    places = [place for place in range(0, len(content), 80) if content[place : place + 10] == name]
    assert places
    for place in places:
        content = content[:place] + name + value.encode().rjust(20).ljust(70) + content[place + 80 :]
    return content


TABLE = table(wavelengths(), fluxes(), Column("X", "2D", array=np.ones((3, 2))))
IMAGE = image(FLUX, **LINEAR)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            table(*(Column(name, "D", unit="nm", array=np.arange(2000.0)) for name in ("WAVE", "FLUX")))[:-8000],
            "truncated",
        ),
        (IMAGE[:1000], "truncated"),
        (IMAGE[:2880], "truncated"),
        (changed(IMAGE, "BITPIX", "7"), "BITPIX = 7"),
        (changed(IMAGE, "BITPIX", "'8'"), "BITPIX = '8'"),
        (changed(IMAGE, "NAXIS1", str(2**40)), "truncated"),
        (changed(IMAGE, "NAXIS1", "-3"), "NAXIS1 = -3"),
        (changed(IMAGE, "NAXIS", "400000000"), "NAXIS = 400000000"),
        (changed(TABLE, "NAXIS2", str(2**40)), "truncated"),
        (changed(TABLE, "TFIELDS", "400000000"), "TFIELDS = 400000000"),
        (changed(TABLE, "PCOUNT", str(2**40)), "truncated"),
        (changed(TABLE, "GCOUNT", "-1"), "GCOUNT = -1"),
        (changed(TABLE, "TFORM2", "'9999999999D'"), "bytes a row"),
        (changed(TABLE, "TFORM2", "'J       '"), "bytes a row"),
        (gzip.compress(TABLE)[:-40], "gzip is truncated"),
    ],
)
def test_what_declares_what_it_has_not_is_unreadable(path, content, reason):
    with pytest.raises(Unreadable, match="") as error:
        read(path, content)
    assert reason in error.value.what


def test_dimensions_of_another_column_do_not_matter(path):
    for value in ("'(7,9)'", "'(-1)'", "'x'"):
        (row,), _ = read(path, with_cards(TABLE, f"TDIM3   = {value}"))
        assert row["value"] == FLUX.tolist()


def test_a_heap_that_ends_before_its_arrays(path):
    columns = [Column(name, "PD()", unit="nm", array=np.array([WAVE, WAVE], object)) for name in ("WAVE", "FLUX")]
    content = table(*columns)
    data = (content.find(b"END ", 2880) // 2880 + 1) * 2880
    for count, offset in ((2**30, 0), (3, 2**30), (-1, 0)):
        assert survived(path, content[:data] + struct.pack(">ii", count, offset) + content[data + 8 :])


def survived(path, content) -> str:
    """What became of a file: its rows and rejects, or why it is unreadable; no other error leaves the reader."""
    try:
        return str(read(path, content))
    except LakeError as error:
        return error.what


def test_an_image_that_unpacks_to_more_than_memory(path):
    packed = stored(fits.PrimaryHDU(), fits.CompImageHDU(np.ones((4, 100), "f4"), header=fits.Header({**LINEAR})))
    assert len(read(path, packed)[0]) == 4
    with pytest.raises(Unreadable, match="unpacks to"):
        read(path, changed(packed, "ZNAXIS1", str(2**40)))


def test_a_gzip_is_read_as_what_it_holds(path):
    (row,), _ = read(path, gzip.compress(TABLE))
    assert row["value"] == FLUX.tolist()


SAMPLES = (
    TABLE,
    IMAGE,
    gzip.compress(TABLE),
    table(
        Column("WAVE", "PD()", unit="nm", array=np.array([WAVE, FLUX], object)),
        Column("FLUX", "3D", unit="Jy", array=[FLUX, FLUX]),
    ),
)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(SAMPLES) - 1), st.integers(0, 10**6))
def test_what_is_damaged_lands_is_set_aside_or_is_unreadable(tmp_path_factory, sample, seed):
    chance, content = random.Random(seed), bytearray(SAMPLES[sample])
    for _ in range(chance.randrange(1, 6)):
        place = chance.randrange(len(content))
        content[place] = chance.choice([chance.randrange(256), ord("9"), ord(" "), ord("-"), 0])
    if chance.random() < 0.3:
        content = content[: chance.randrange(len(content))]
    assert survived(tmp_path_factory.mktemp("spectra") / "x.fits", bytes(content))


# Real files


def test_real_files_as_astropy_reads_them(upstream, path):
    for real in (upstream / "raw.githubusercontent.com").rglob("*.fits"):
        rows, _ = read(real, value_unit="erg/s/cm2/cm")
        with fits.open(real) as file:
            assert [row["value"] for row in rows] == file[0].data.tolist()
