"""Spectra as text: whatever stands in a cell, no column is shifted, no line is lost, and no number is guessed."""

from __future__ import annotations

import contextlib
import math
import random
import time

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from spectrum import read

from lake.errors import LakeError, Unreadable

NAN = math.nan
UNITS = {"wavelength_unit": "nm", "value_unit": "1"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.txt"


def lands(rows, wavelength, value, upper=None):
    (row,) = rows
    assert row["wavelength"] == pytest.approx(wavelength, nan_ok=True)
    assert row["value"] == pytest.approx(value, nan_ok=True)
    assert row["upper"] == (upper if upper is None else pytest.approx(upper, nan_ok=True))
    return row


@pytest.mark.parametrize(
    ("content", "wavelength", "value", "upper"),
    [
        ("wave(nm),flux(1),err\n1,2,3\n2,,3\n3,4,\n", [1, 2, 3], [2, NAN, 4], [3, 3, NAN]),
        ("wave(nm)\tflux(1)\terr\n1\t\t3\n2\t4\t\n", [1, 2], [NAN, 4], [3, NAN]),
        (
            "wave(nm) flux(1)\n1 --\n2 3\n4 n/a\n5 null\n6 nan\n7 <NA>\n",
            [1, 2, 4, 5, 6, 7],
            [NAN, 3, NAN, NAN, NAN, NAN],
            None,
        ),
        ('"wave(nm)","flux(1)"\n"1","2"\n"3","4"\n', [1, 3], [2, 4], None),
        ("'wave(nm)' 'flux(1)'\n'1' '2'\n", [1], [2], None),
        (",wave(nm),flux(1)\n0,500,2\n1,600,4\n", [500, 600], [2, 4], None),
        ("wave(nm) flux(1)\n1 500 2\n2 600 4\n", [500, 600], [2, 4], None),
        ("wave flux err\nnm 1 1\n500 2 1\n", [500], [2], [1]),
        ("wave\tflux\n(nm)\t(1)\n----\t----\n500\t2\n", [500], [2], None),
        ("# wave flux\n# [nm] [1]\n500 2\n", [500], [2], None),
        ("# A spectrum of a star\n# of 2026\nwave(nm)   flux(1)\n500   2\n", [500], [2], None),
        ("Wavelength (nm) Flux (1)\n500 2\n", [500], [2], None),
        ("wavelength_nm flux(1)\n500 2\n", [500], [2], None),
        ("wave(nm),flux(1)\n1,2,\n3,4,\n", [1, 3], [2, 4], None),
        ("| wave (nm) | flux (1) |\n|---|---|\n| 1 | 2 |\n| 3 |  |\n", [1, 3], [2, NAN], None),
        ("\ufeffwave(nm);flux(1)\r\n1;2\r\n3;4", [1, 3], [2, 4], None),
        ("wave(nm),flux(1)\r1,2\r3,4", [1, 3], [2, 4], None),
        ("wave(nm) flux(1)\n1 1.5D-3\n2 .5d+01\n3 Inf\n", [1, 2, 3], [0.0015, 5, math.inf], None),
        ("wave(nm) flux(1)\n  1   2  \n# a remark\n\n\t3 \t 4\n", [1, 3], [2, 4], None),
    ],
)
def test_what_is_read(path, content, wavelength, value, upper):
    rows, rejects = read(path, content)
    assert rejects == []
    row = lands(rows, wavelength, value, upper)
    assert row["micrometre"] == pytest.approx([one / 1000 for one in wavelength])


def test_a_comment_further_up_names_no_columns(path):
    (row,), _ = read(path, "# volume 376\n# of the journal\n1 2\n", columns={"wavelength": 1, "value": 2}, **UNITS)
    assert row["label"] is None
    _, (reject,) = read(path, "# wave(nm) flux(1)\n# of the journal\n1 2\n")
    assert reject["reason"].startswith("which column is the wavelength is not told")


@pytest.mark.parametrize(
    "header", ["(" * 10**5, " x" + " " * 10**5 + "x", "a(" * 10**5, "# " + ", " * 10**5, "a(b\n" * 10**5]
)
def test_a_header_of_any_length_takes_no_time(path, header):
    started = time.process_time()
    (row,), _ = read(path, f"{header}\n1 2\n", columns={"wavelength": 1, "value": 2}, **UNITS)
    assert row["value"] == [2]
    assert time.process_time() - started < 5


def test_numbered_columns_are_those_of_the_file(path):
    content = "1000,,5\n2000,,6\n"
    rows, _ = read(path, content, columns={"wavelength": 1, "value": 3}, **UNITS)
    lands(rows, [1000, 2000], [5, 6])
    rows, _ = read(path, content, columns={"wavelength": 1, "value": 2}, **UNITS)
    lands(rows, [1000, 2000], [NAN, NAN])
    _, (reject,) = read(path, content, columns={"wavelength": 1, "value": 4}, **UNITS)
    assert reject["reason"].startswith("it has no column 4")


@pytest.mark.parametrize("content", ["1,5 100,5\n2,5 200,5\n", "1,5;100,5\n2,5;200,5\n", "1,5\t100,5\n2,5\t200,5\n"])
def test_decimal_commas_are_read_where_they_are_stated(path, content):
    numbered = {"columns": {"wavelength": 1, "value": 2}, **UNITS}
    with pytest.raises(Unreadable, match="may have decimal commas"):
        read(path, content, **numbered)
    rows, rejects = read(path, content, decimal=",", **numbered)
    assert rejects == []
    lands(rows, [1.5, 2.5], [100.5, 200.5])


def test_a_line_that_is_none_of_the_table_is_set_aside_with_its_number(path):
    rows, rejects = read(path, "wave(nm) flux(1)\n1 2\n2 x\n3\n# remark\n4 5 6\n6 7\n7 8\n8 9\n")
    lands(rows, [1, 6, 7, 8], [2, 7, 8, 9])
    assert [(one["_record"], one["reason"], one["content"]) for one in rejects] == [
        (3, "it is not a number: 'x'", "2 x"),
        (4, "the line has 1 cells, and the first has 2", "3"),
        (6, "the line has 3 cells, and the first has 2", "4 5 6"),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("wave(nm) flux(1)\n500 2 4\n600 4 5\n", "it has 3 columns, but 2 names: wave(nm), flux(1)"),
        ("wave(um) flux(erg/s cm2 A)\n1 2\n", "the unit 'erg/s cm2 A' is not understood"),
        ("wave(um) flux([cm/s2])\n1 2\n", "the unit '[cm/s2]' is not understood"),
        ("wave(um) flux(normalized)\n1 2\n", "the unit 'normalized' is not understood"),
        ("wave(km/s) flux(1)\n1 2\n", "'km/s' is not of a wavelength"),
        ("wave(um) flux(ppm) err(Jy)\n1 2 3\n", "the uncertainties are in 'Jy', and the values in 'ppm'"),
        ("wave(um) flux(1) flux(1)\n1 2 3\n", "more than one column is called 'flux'"),
    ],
)
def test_what_is_refused(path, content, reason):
    rows, (reject,) = read(path, content, columns={"value": "flux"})
    assert rows == []
    assert reject["reason"].startswith(reason)


def test_bytes_that_are_not_utf8_are_latin1(path):
    (row,), _ = read(path, "Wavelength (µm)\tDepth (ppm)\n1.0\t100\n".encode("latin-1"))
    assert (row["wavelength_unit"], row["micrometre"]) == ("µm", [1.0])


def test_both_letters_mu_are_a_millionth(path):
    for mu in "\u03bc\u00b5":
        (row,), _ = read(path, f"Wavelength ({mu}m)\tDepth (ppm)\n1.0\t100\n2.0\t110\n")
        assert row["micrometre"] == [1.0, 2.0]


def test_uncertainties_have_units_of_their_own(path):
    (row,), _ = read(path, "wave(um) flux(ppm) err(percent)\n1 2 3\n")
    assert (row["converted"], row["converted_upper"]) == (pytest.approx([2e-6]), pytest.approx([0.03]))


def test_wavelengths_in_air_and_as_logarithms(path):
    (named,), _ = read(path, "wave_air(A) flux(1)\n5000 2\n")
    (stated,), _ = read(path, "wave(A) flux(1)\n5000 2\n", medium="air")
    assert named["micrometre"] == stated["micrometre"] == [pytest.approx(0.500139, abs=1e-6)]
    (row,), _ = read(path, "loglam,flux(1)\n3.5,2\n", wavelength_unit="Angstrom")
    assert row["micrometre"] == [pytest.approx(0.316227766, abs=1e-9)]
    (row,), _ = read(path, "wave(log(Angstrom)),flux(1)\n3.5,2\n")
    assert row["micrometre"] == [pytest.approx(0.316227766, abs=1e-9)]


def test_what_is_larger_than_a_block(path, monkeypatch):
    monkeypatch.setattr("lake.formats.spectrum.text._HEAD", 64)
    monkeypatch.setattr("lake.formats.spectrum.text._BLOCK", 40)
    lines = [f"{number}.5 {number * 2} µ" if number == 50 else f"{number}.5 {number * 2}" for number in range(100)]
    rows, (reject,) = read(path, "wave(nm) flux(1)\n" + "\r\n".join(lines))
    good = [number for number in range(100) if number != 50]
    lands(rows, [number + 0.5 for number in good], [number * 2 for number in good])
    assert (reject["_record"], reject["content"]) == (52, "50.5 100 µ")


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.1, 1e6), st.none() | st.floats(-1e300, 1e300)), min_size=1, max_size=20),
    st.sampled_from([",", ";", "\t", " "]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["", "--", "NaN", "n/a"]),
    st.sampled_from(["", '"', "'"]),
)
def test_each_number_stays_where_it_was(tmp_path_factory, points, separator, end, nothing, quote):
    nothing = nothing or ("nan" if separator == " " else "")
    cells = [[repr(wavelength), nothing if value is None else repr(value)] for wavelength, value in points]
    lines = [separator.join(f"{quote}{cell}{quote}" if cell else cell for cell in line) for line in cells]
    path = tmp_path_factory.mktemp("spectra") / "x.txt"
    rows, rejects = read(path, end.join([f"wave(nm){separator}flux(1)", *lines]))
    assert rejects == []
    assert rows[0]["wavelength"] == [wavelength for wavelength, _ in points]
    assert np.array_equal(rows[0]["value"], [NAN if value is None else value for _, value in points], equal_nan=True)


SAMPLES = [
    "# wave(nm), flux(1)\n500, 1.0\n600, 2.0\n",
    "Wavelength (µm)\tDepth (ppm)\terr\n1.0\t100\t1\n2.0\t\t2\n",
    "# %ECSV 1.0\n# ---\n# datatype:\n# - {name: wave, unit: nm, datatype: float64}\n"
    "# - {name: flux, unit: W / (m2 um), datatype: float64}\n# schema: astropy-2.0\nwave flux\n1.0 2.0\n2.0 3.0\n",
]


def spoiled(content: bytes, seed: int) -> bytes:
    """Cut, flipped, doubled or with odd bytes in between."""
    chance = random.Random(seed)
    one, two = sorted((chance.randrange(len(content)), chance.randrange(len(content))))
    odd = chance.choice([b"\0", b"\xff", b"\r", b'"', b",", b"\n" * 9, b"1" * 400, b"(", b"\xe2\x80", b"e", b"-"])
    return chance.choice(
        [
            content[:one],
            content[:one] + content[two:],
            content[:two] + content[one:],
            content[:one] + odd + content[one:],
        ]
    )


@settings(max_examples=150, deadline=None)
@example(0, 0)
@given(st.integers(0, len(SAMPLES) - 1), st.integers(0, 10**6))
def test_what_is_damaged_lands_is_set_aside_or_is_unreadable(tmp_path_factory, sample, seed):
    path = tmp_path_factory.mktemp("spectra") / "x.txt"
    with contextlib.suppress(LakeError):  # and nothing else
        read(path, spoiled(SAMPLES[sample].encode(), seed))
