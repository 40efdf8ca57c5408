"""What the units of a climate file mean in SI: each spelling converted rightly, or refused with its reason."""

from __future__ import annotations

import math

import netCDF4
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake import config, fetch, land
from lake.land.worker import _in_si
from lake.store import catalog

BASES = {  # words of UDUNITS-2 and their sizes in SI (SI Brochure, 9th edition; a bar and a year by their definitions)
    "Pa": (1.0, {"kg": 1, "m": -1, "s": -2}),
    "pascal": (1.0, {"kg": 1, "m": -1, "s": -2}),
    "bar": (1e5, {"kg": 1, "m": -1, "s": -2}),
    "mb": (100.0, {"kg": 1, "m": -1, "s": -2}),
    "hPa": (100.0, {"kg": 1, "m": -1, "s": -2}),
    "W": (1.0, {"kg": 1, "m": 2, "s": -3}),
    "J": (1.0, {"kg": 1, "m": 2, "s": -2}),
    "kg": (1.0, {"kg": 1}),
    "g": (1e-3, {"kg": 1}),
    "m": (1.0, {"m": 1}),
    "mm": (1e-3, {"m": 1}),
    "cm": (1e-2, {"m": 1}),
    "s": (1.0, {"s": 1}),
    "day": (86400.0, {"s": 1}),
    "days": (86400.0, {"s": 1}),
    "d": (86400.0, {"s": 1}),
    "hour": (3600.0, {"s": 1}),
    "h": (3600.0, {"s": 1}),
    "K": (1.0, {"K": 1}),
}
POWERS = ("{}{}", "{}^{}", "{}**{}")
TEMPERATURES = [
    f"{word}{joint}{scale}"
    for word in ("deg", "degree", "degrees")
    for joint in ("", "_", " ")
    for scale in ("C", "Celsius", "celsius", "K", "Kelvin", "kelvin")
] + ["K", "kelvin", "Kelvin", "kelvins", "Celsius", "celsius", "C", " degC "]


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.tuples(st.sampled_from(sorted(BASES)), st.sampled_from([-3, -2, -1, 1, 2])), min_size=1, max_size=3),
    st.sampled_from(POWERS),
    st.sampled_from([" ", ".", "*"]),
    st.sampled_from([("", 1.0), ("1e-3 ", 1e-3), ("100 ", 100.0)]),
)
def test_a_product_of_units_is_converted_whatever_its_spelling(words, power, joint, factor):
    text = factor[0] + joint.join(word if of == 1 else power.format(word, of) for word, of in words)
    size, dimension = factor[1], dict.fromkeys(("K", "kg", "m", "s"), 0)
    for word, of in words:
        size *= BASES[word][0] ** of
        for base, times in BASES[word][1].items():
            dimension[base] += times * of
    ordered = sorted(((base, of) for base, of in dimension.items() if of), key=lambda one: (one[1] < 0, one[0]))
    found = _in_si(text)
    if "unit_gap" in found:  # never taken for another one; which are refused, the tests of units say
        assert len(words) > 1 or factor[0]
        return
    assert found["si_unit"] == (" ".join(base if of == 1 else f"{base}{of}" for base, of in ordered) or "1"), text
    assert math.isclose(found["si_factor"], size, rel_tol=1e-12)
    assert found["si_offset"] == 0


@pytest.mark.parametrize("text", TEMPERATURES)
def test_a_temperature_is_one_however_it_is_written(text):
    offset = 0.0 if "k" in text.lower().replace("deg", "") else 273.15
    assert _in_si(text) == {"si_unit": "K", "si_factor": 1.0, "si_offset": offset}


@pytest.mark.parametrize("text", ["unknown", "level", "K @ 273.15", "Mb", "kg/m2s", "mm/3h", "pa(", "K K K K\0", "�"])
def test_what_is_not_wholly_understood_is_refused_with_its_reason(text):
    assert _in_si(text).keys() == {"unit_gap"}
    assert "is not understood" in _in_si(text)["unit_gap"]


@pytest.mark.parametrize("text", [None, "", "  "])
def test_no_unit_is_none(text):
    assert _in_si(text) == {}


@pytest.mark.long
def test_a_cube_says_what_its_units_are_in_si(tmp_path):
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as file:
        for name, values in (("lat", [-45.0, 45.0]), ("lon", [0.0, 180.0])):
            file.createDimension(name, 2)
            file.createVariable(name, "f8", (name,))[:] = values
            file[name].units = f"degrees_{'north' if name == 'lat' else 'east'}"
        for name, unit in (
            ("ts", "deg C"),
            ("ps", "hPa"),
            ("pr", "mm day-1"),
            ("odd", "furlongs of something"),
            ("no", ""),
        ):
            file.createVariable(name, "f4", ("lat", "lon"))[:] = np.ones((2, 2))
            if unit:
                file[name].units = unit
    run = f'planet = "Earth"\nmodel = "m"\nscenario = "s"\nrun = "1"\nurl = "{tmp_path}/a.nc"\n'
    (tmp_path / "lake.toml").write_text(f"[lake]\n[[sources.gcm.runs]]\n{run}")
    settings = config.load(tmp_path)
    fetch.run(settings)
    assert not land.run(settings).unreadable
    with catalog.session(settings) as connection:
        rows = connection.execute(
            "SELECT variable, si_unit, si_factor, si_offset, unit_gap IS NOT NULL FROM raw.cube_variables "
            "WHERE role = 'data' ORDER BY variable"
        ).fetchall()
    assert rows == [
        ("no", None, None, None, False),
        ("odd", None, None, None, True),
        ("pr", "m s-1", pytest.approx(1e-3 / 86400), 0.0, False),
        ("ps", "kg m-1 s-2", 100.0, 0.0, False),
        ("ts", "K", 1.0, 273.15, False),
    ]
