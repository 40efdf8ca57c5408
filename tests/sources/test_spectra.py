"""Spectra: the real files in all their forms, their units, and what has none."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from lake.errors import ConfigError, Refused, Unreadable
from lake.formats.answer import Answer
from lake.formats.spectrum import units
from lake.sources import spectra
from lake.sources.contract import Resource

JOVIAN = "raw.githubusercontent.com/jovian-explorer"
EXOCTK = "raw.githubusercontent.com/ExoCTK/exoctk/HEAD/exoctk/data/core"
SHARES = {"kind": "transmission", "planet": "WASP-39 b", "wavelength_unit": "um", "value_unit": "1"}


def read(path: Path, **params):
    """rows and rejects."""
    resource = Resource(path.name, "https://example.org/x", "spectrum", "text", {"kind": "model", **params})
    spectra.check(resource, path.read_bytes()[:65536])
    rows, rejects = [], []
    for part in spectra.read(resource, Answer(path)):
        bad = part.rejects.to_pylist() if part.rejects is not None else []
        assert part.seen == len(part.rows) + len(bad)
        rows += part.rows.to_pylist()
        rejects += bad
    return rows, rejects


def numbers(path: Path) -> np.ndarray:
    """A file's lines of numbers, a line at a time."""
    lines = (re.split(r"[\s,]+", line.strip()) for line in path.read_text().splitlines())
    return np.array([[float(cell) for cell in line] for line in lines if re.match(r"[-+.\d]", line[0] or "x")])


@pytest.mark.parametrize("name", ["archean", "earth", "methane_1", "psg_trn", "water_1"])
def test_real_psg_spectra_say_their_own_units(upstream, name):
    path = upstream / f"psg.gsfc.nasa.gov/api.php/{name}.txt"
    (row,), rejects = read(path, kind="transmittance")
    wanted = numbers(path)
    assert rejects == []
    assert (row["label"], row["wavelength_unit"], row["value_unit"]) == ("Total", "um", "1")
    assert row["wavelength"] == row["micrometre"] == wanted[:, 0].tolist()
    assert row["converted"] == wanted[:, 1].tolist()
    (water,), rejects = read(path, kind="transmittance", columns={"value": "CO2"})
    header = next(line for line in path.read_text().splitlines() if line.startswith("# Wave/freq")).split()[1:]
    assert (water["label"], water["value"]) == ("CO2", wanted[:, header.index("CO2")].tolist())


def test_real_configurations(upstream):
    for name, count in (("TR1e_mirecle.cfg", 150), ("psg_cfg.txt", 151)):
        path = upstream / "psg.gsfc.nasa.gov/api.php" / name
        rows, rejects = read(path, kind="configuration")
        assert (len(rows), rejects) == (count, [])
    assert {row["key"]: row["value"] for row in rows}["OBJECT-NAME"] == "Proxima Cen b"


REDUCTIONS = {  # columns of the value and its two uncertainties, points
    "EUREKA_REDUCTION.txt": (2, 3, 4, 94),
    "FIREFLY_REDUCTION.txt": (1, 3, 3, 95),
    "TIBERIUS_REDUCTION.txt": (1, 2, 2, 243),
    "TSHIRT_REDUCTION.txt": (1, 2, 2, 67),
}


def test_real_reductions_of_one_planet_in_four_forms(upstream):
    pytest.importorskip("astropy")
    found = {}
    for path in (upstream / JOVIAN).rglob("*_REDUCTION.txt"):
        (row,), rejects = read(path, **SHARES)
        assert rejects == []
        lines = [line for line in path.read_text().splitlines() if re.match(r"\d", line)]
        table = np.array([re.split(r"\s+", line.strip()) for line in lines], float)
        value, lower, upper, points = REDUCTIONS[path.name]
        assert len(row["wavelength"]) == points == len(table)
        assert row["wavelength"] == table[:, 0].tolist()
        assert row["value"] == table[:, value].tolist()
        assert row["lower"] == table[:, lower].tolist()
        assert row["upper"] == table[:, upper].tolist()
        found[path.name] = float(np.median(row["converted"]))
    assert found.keys() == REDUCTIONS.keys()
    assert max(found.values()) / min(found.values()) < 1.02  # the same planet


def test_real_stars(upstream):
    (row,), _ = read(upstream / EXOCTK / "vega.txt", kind="stellar", columns={"wavelength": 1, "value": 2})
    assert (row["wavelength_unit"], row["value_unit"], row["converted_unit"]) == ("um", "ergss-1cm-2A-1", "W/m^2/um")
    assert row["micrometre"][0] == 0.0900092
    assert row["converted"][0] == pytest.approx(1.68166e-17 * 10)  # 1 erg/s/cm2/A is 1e-7 W * 1e4 /m2 * 1e4 /um
    for name in ("k2_hr.dat", "trap_hr.dat"):
        path = upstream / "raw.githubusercontent.com/alphaparrot/ExoPlaSim/HEAD/exoplasim/stellarspectra" / name
        rows, (reject,) = read(path, kind="stellar")
        assert (rows, reject["reason"][:22]) == ([], "the unit of wavelength")
        (row,), _ = read(path, kind="stellar", wavelength_unit="um", value_unit="W/m2/um")
        assert len(row["wavelength"]) == 2048


def test_real_fits(upstream):
    fits = pytest.importorskip("astropy.io.fits")
    for path in (upstream / EXOCTK / "modelgrid").glob("*.fits"):
        rows, rejects = read(path, kind="stellar")
        assert (rows, len(rejects)) == ([], 17)  # they do not say the unit of the flux
        rows, rejects = read(path, kind="stellar", value_unit="erg/s/cm2/cm")
        with fits.open(path) as file:
            assert [row["value"] for row in rows] == file[0].data.tolist()
            assert rows[0]["wavelength"] == file["WAVELENGTH"].data.tolist()
            assert rows[0]["label"] == "mu=0.01"


@pytest.mark.parametrize(
    ("unit", "value", "micrometre"),
    [("nm", 500.0, 0.5), ("Angstrom", 5000.0, 0.5), ("A", 5000.0, 0.5), ("micron", 2.0, 2.0), ("1/cm", 5000.0, 2.0)],
)
def test_wavelengths_are_converted(unit, value, micrometre):
    assert units.micrometres(np.array([value]), unit)[0] == pytest.approx(micrometre)


@pytest.mark.parametrize(
    ("unit", "scale", "plain"),
    [
        ("ppm", 1e-6, "1"),
        ("percent", 0.01, "1"),
        ("%", 0.01, "1"),
        ("erg s-1 cm-2 A-1", 10.0, "W/m^2/um"),
        ("erg/s/cm2/A", 10.0, "W/m^2/um"),
        ("W m-2 nm-1", 1000.0, "W/m^2/um"),
        ("K", 1.0, "K"),
    ],
)
def test_values_are_converted_where_it_can_be_done_without_more(unit, scale, plain):
    assert units.of_value(unit) == (pytest.approx(scale), 0, plain)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("1 2 3\n2 3 4\n", "which column is the wavelength is not told"),
        ("wave flux\n1 2\n", "the unit of wavelength is neither"),
        ("wave(um) flux\n1 2\n", "the unit of value is neither"),
        ("wave(furlong/fortnight) flux(1)\n1 2\n", "'furlong/fortnight' is not of a wavelength"),
        ("wave(um) flux(blah)\n1 2\n", "the unit 'blah' is not understood"),
    ],
)
def test_what_has_no_unit_is_set_aside(tmp_path, content, reason):
    path = tmp_path / "x.txt"
    path.write_text(content)
    rows, (reject,) = read(path)
    assert rows == []
    assert reject["reason"].startswith(reason)


def test_numbers_that_are_not_known_stay_so(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("# made up\nwavelength[nm],flux[ppm],error\n1000,nan,1\n500,1D2,2\n")
    (row,), _ = read(path)
    assert row["micrometre"] == [1.0, 0.5]
    assert np.isnan(row["value"][0])
    assert row["converted"][1] == pytest.approx(1e-4)
    assert row["converted_upper"] == pytest.approx([1e-6, 2e-6])


@pytest.mark.parametrize("content", ["no numbers at all\n", "1 2\n3\n4\n", "", "1\n2\n"])
def test_what_is_no_table_is_unreadable(tmp_path, content):
    path = tmp_path / "x.txt"
    path.write_text(content)
    with pytest.raises(Unreadable):
        read(path)


def test_options_that_do_not_fit():
    def asked(**file):
        return list(spectra.resources({"files": [file]}, lambda id: None))

    (one,) = asked(url="https://x/a.fits", kind="stellar", star="S")
    assert (one.id, one.expects, one.params) == ("x/a.fits", "fits", {"kind": "stellar", "star": "S"})
    for file in ({"kind": "stellar"}, {"url": "x", "kind": "nice"}, {"url": "x", "kind": "model", "unit": "um"}):
        with pytest.raises(ConfigError):
            asked(**file)
    for name, value in (
        ("wavelength_unit", "blah"),
        ("wavelength_unit", "km/s"),
        ("wavelength_unit", 1),
        ("value_unit", "erg/s cm2"),
        ("value_unit", "10E-17 W/m2"),
        ("medium", "water"),
        ("decimal", ";"),
        ("columns", {"value": 1.5}),
        ("columns", "flux"),
    ):
        with pytest.raises(ConfigError, match=name) as error:
            asked(url="x", kind="model", **{name: value})
        assert error.value.where == "lake.toml"
    with pytest.raises(Refused):
        spectra.check(one, b"<html>")
