"""What stored numbers mean: random types, fills, ranges and packings, against netCDF4-python's masks and xarray's."""

from __future__ import annotations

import warnings

import netCDF4
import numpy as np
import pytest
import xarray as xr
from arrays import raw, store
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.store import cf_packing, cubes, read_array

TYPES = ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8")


@st.composite
def packed(draw):
    """A type, attributes and stored numbers, of which many are fills, ends of ranges and their neighbours."""
    dtype = np.dtype(draw(st.sampled_from(TYPES)))
    if dtype.kind == "f":
        number = st.one_of(st.integers(-100, 100), st.sampled_from([1e20, -999.0, np.nan, np.inf])).map(dtype.type)
    else:
        info = np.iinfo(dtype)
        low, high = max(info.min, -(2**52)), min(info.max, 2**52)  # past it xarray compares fills as float64
        number = st.one_of(st.integers(max(low, -5), 5), st.integers(low, high), st.sampled_from([low, high])).map(
            dtype.type
        )
    attrs = {}
    if draw(st.booleans()):
        attrs["_FillValue"] = draw(number)
    if draw(st.booleans()):
        several = draw(st.lists(number, min_size=1, max_size=3))
        attrs["missing_value"] = several[0] if draw(st.booleans()) else np.array(several, dtype)
    for name in ("scale_factor", "add_offset"):
        if draw(st.booleans()):
            attrs[name] = draw(st.sampled_from([np.float32, np.float64]))(
                draw(st.sampled_from([0.01, 0.5, -2.0, 273.15]))
            )
    if dtype.str[1:] in ("i1", "i2", "i4") and draw(st.booleans()):
        attrs["_Unsigned"] = "true"
    ends = draw(st.sampled_from(["", "valid_range", "valid_min", "valid_max"]))
    if ends:
        low, high = sorted(draw(st.tuples(number.filter(lambda n: n == n), number.filter(lambda n: n == n))))
        attrs[ends] = {"valid_range": np.array([low, high], dtype), "valid_min": low, "valid_max": high}[ends]
    special = [
        np.ravel(v).astype(dtype) for k, v in attrs.items() if k not in ("scale_factor", "add_offset", "_Unsigned")
    ]
    special.append(np.array([netCDF4.default_fillvals[dtype.str[1:]]]).astype(dtype))
    values = draw(st.lists(number, min_size=1, max_size=12))
    return dtype, attrs, np.concatenate([np.array(values, dtype), *special])


def written(path, dtype, attrs, stored):
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("x", stored.size)
        variable = file.createVariable("v", dtype, ("x",), fill_value=attrs.get("_FillValue"))
        variable.set_auto_maskandscale(False)
        variable.setncatts({k: v for k, v in attrs.items() if k != "_FillValue"})
        variable[:] = stored
    return path


@pytest.mark.long
@settings(deadline=None, max_examples=150)
@given(packed())
def test_values_are_those_of_netcdf4_and_of_xarray(tmp_path_factory, drawn):
    dtype, attrs, stored = drawn
    folder = tmp_path_factory.mktemp("p")
    path = written(folder / "p.nc", dtype, attrs, stored)
    meant = cf_packing.of(attrs, dtype).decode(stored)
    scale = np.abs(meant[np.isfinite(meant)]).max(initial=1.0)
    with netCDF4.Dataset(path) as file, warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            theirs = np.ma.filled(np.ma.asarray(file["v"][:]).astype("f8"), np.nan)
        except TypeError:  # it cannot convert the default fill of signed numbers to unsigned ones
            assert attrs["_Unsigned"]
            theirs = meant
    same = ~(np.abs(meant) > 3e38)  # past float32, in which both calculate
    if dtype.itemsize == 1 and "_FillValue" not in attrs:  # it masks the default fills of bytes, against its own word
        same &= stored != np.array(netCDF4.default_fillvals[dtype.str[1:]]).astype(dtype)
    assert np.allclose(meant[same], theirs[same], rtol=1e-6, atol=3e-7 * scale, equal_nan=True)

    with xr.open_dataset(path, decode_times=False) as dataset, warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        theirs = dataset["v"].values.astype("f8")
    ours = cf_packing.of({k: v for k, v in attrs.items() if k not in cf_packing.RANGE}, dtype).decode(stored)
    if dtype.itemsize > 2 and dtype != "f4" and np.float32 in map(type, attrs.values()):
        same &= np.abs(stored.astype("f8")) < 2**24  # it compares fills as float32 then
    default = netCDF4.default_fillvals[dtype.str[1:]]
    if "_FillValue" not in attrs:  # which xarray does not know
        same &= stored != np.array(default).astype(dtype)
    if "_Unsigned" in attrs and "missing_value" in attrs:  # which it compares with unsigned numbers as it is
        same &= ~np.isin(stored, attrs["missing_value"])
    assert np.allclose(ours[same], theirs[same], rtol=1e-6, atol=3e-7 * scale, equal_nan=True)

    with raw(path) as dataset:
        cube = store(folder, dataset)
    opened = cubes.open(folder, cube.digest)["v"].values
    near = ~(np.abs(meant) > 3e38)
    assert np.allclose(opened.astype("f8")[near], meant[near], rtol=1e-6, atol=3e-7 * scale, equal_nan=True)
    read = read_array.read(folder, cube.digest, "v")
    assert (read.dtype, read.tobytes()) == (opened.dtype, opened.tobytes())
    assert cube.variables[0]["missing"] == (~np.isfinite(meant)).sum()


@pytest.mark.parametrize(
    ("dtype", "attrs", "stored", "meant"),
    [
        ("i1", {"_Unsigned": "true", "missing_value": np.int16(255)}, [-1, -2, 3], [np.nan, 254, 3]),
        ("u1", {"_Unsigned": "false", "missing_value": np.int16(-1)}, [255, 254, 3], [np.nan, -2, 3]),
        ("i1", {"_Unsigned": "true", "valid_range": np.array([0, -2], "i1")}, [-1, -2, 3], [np.nan, 254, 3]),
        ("i1", {"_Unsigned": "true", "valid_max": np.int16(200)}, [-1, -56, 3], [np.nan, 200, 3]),
        ("i2", {}, [-32767, 5], [np.nan, 5]),
        ("i2", {"_Unsigned": "true"}, [-32767, 5], [32769, 5]),  # sixteen bits are all in use then
        ("u8", {}, [2**64 - 2, 5], [np.nan, 5]),
        ("i1", {}, [-127, 5], [-127, 5]),
        ("u1", {}, [255, 5], [255, 5]),
        ("f4", {"missing_value": np.float32(-9)}, [cf_packing.UNWRITTEN, -9], [np.nan, np.nan]),
        ("f4", {"_FillValue": np.float32(np.nan)}, [cf_packing.UNWRITTEN, np.nan], [cf_packing.UNWRITTEN, np.nan]),
        ("f4", {"valid_min": "0"}, [-1, 1], [np.nan, 1]),  # as text
        ("f4", {"valid_range": np.array([0.0, 10.0])}, [-1, 1, 11], [np.nan, 1, np.nan]),  # of another type
        ("f4", {"valid_range": np.array([0.0, 1, 2])}, [-1, 1, 11], [-1, 1, 11]),  # no range
        ("f4", {"valid_min": np.float32(np.nan)}, [-1, 1], [-1, 1]),
        (  # of the packed numbers
            "i2",
            {"scale_factor": np.float32(0.1), "valid_range": np.array([0, 100], "i2")},
            [-1, 100, 101],
            [np.nan, 10, np.nan],
        ),
        (  # of the type of the scale: of what is meant
            "i2",
            {"scale_factor": np.float64(0.5), "add_offset": np.float64(200), "valid_range": np.array([200.0, 250.0])},
            [-1, 100, 101],
            [np.nan, 250, np.nan],
        ),
        ("i4", {"valid_min": np.int32(0), "valid_max": np.int32(9)}, [-1, 9, 10], [np.nan, 9, np.nan]),
        ("i1", {"valid_range": np.array([-128, 127], "i1")}, [-128, 127], [-128, 127]),  # leaves out none
        ("i8", {"valid_max": np.int64(2**53)}, [2**53, 2**53 + 1], [2.0**53, np.nan]),  # exact
    ],
)
def test_packing_where_the_peers_differ_or_say_nothing(tmp_path, dtype, attrs, stored, meant):
    values = np.array(stored, dtype if dtype == "u8" else None).astype(dtype)
    expected = np.array(meant, "f8").astype("f4").astype("f8") if dtype == "f4" else np.array(meant, "f8")
    assert np.allclose(cf_packing.of(attrs, values.dtype).decode(values), expected, rtol=1e-6, equal_nan=True)
    cube = store(tmp_path, xr.Dataset({"v": ("x", values, attrs)}))
    opened = cubes.open(tmp_path, cube.digest).v.values
    assert np.allclose(opened.astype("f8"), expected, rtol=1e-6, equal_nan=True)
    assert read_array.read(tmp_path, cube.digest, "v").tobytes() == opened.tobytes()


def test_integers_of_which_none_is_missing_stay_integers(tmp_path):
    whole = xr.Dataset({"v": ("x", np.array([1, 2], "i4")), "w": ("x", np.array([1, -2147483647], "i4"))})
    opened = cubes.open(tmp_path, store(tmp_path, whole).digest)
    assert (opened.v.dtype, opened.w.dtype) == (np.dtype("i4"), np.dtype("f8"))


def test_a_range_is_applied_when_values_are_read_not_before(tmp_path):
    attrs = {"valid_max": np.float32(2)}
    cube = store(tmp_path, xr.Dataset({"v": ("x", np.array([1, 2, 3], "f4"), attrs)}))
    opened = cubes.open(tmp_path, cube.digest)
    assert not opened.v.variable._in_memory
    assert np.array_equal(opened.v[1:].values, [2, np.nan], equal_nan=True)


def test_a_missing_value_of_the_whole_file_says_nothing_of_a_variable(tmp_path):
    dataset = xr.Dataset({"v": ("x", np.array([1e35, 1], "f4"))}, attrs={"missing_value": np.float32(1e35)})
    assert store(tmp_path, dataset).variables[0]["missing"] == 0


@pytest.mark.parametrize(
    ("ends", "inside"),
    [
        ({"valid_min": 1.0}, [np.nan, 1.0, 1.5, 2.0, 2.5]),
        ({"valid_max": 2.0}, [0.5, 1.0, 1.5, 2.0, np.nan]),
        ({"valid_min": 1.0, "valid_max": 2.0}, [np.nan, 1.0, 1.5, 2.0, np.nan]),
        ({"valid_range": [1.0, 2.0]}, [np.nan, 1.0, 1.5, 2.0, np.nan]),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else "",
)
@pytest.mark.parametrize("meant", [True, False], ids=["unpacked", "stored"])
def test_each_end_of_a_range_is_of_what_is_stored_or_of_what_is_meant_by_its_type(ends, inside, meant):
    """CF 1.11, 8.1: ends of the type of scale_factor are of the unpacked values, those of the stored type are not."""
    stored = np.array([1, 2, 3, 4, 5], np.int16)
    given = {key: np.array(end) if meant else (np.array(end) * 2).astype(np.int16) for key, end in ends.items()}
    packing_ = cf_packing.of({"scale_factor": np.float64(0.5), **given}, stored.dtype)
    np.testing.assert_array_equal(packing_.decode(stored), inside)
