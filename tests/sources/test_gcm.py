"""GCM files: what is taken, what is refused and why, and the means that come out."""

from __future__ import annotations

import math
import runpy
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr
from arrays import RUN, land, resource
from conftest import ROOT

from lake.errors import ConfigError, Refused, Unreadable
from lake.formats.answer import Answer
from lake.formats.netcdf import cell_area, cf, classic_header
from lake.sources import gcm
from lake.store import cubes

SAMPLE = ROOT / "sample"
FORMATS = ["NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA", "NETCDF4", "NETCDF4_CLASSIC"]
PAGE = b"<!DOCTYPE html>\n<html><head><title>Log in</title></head><body>Please log in</body></html>" * 40


def sphere(path: Path, format: str = "NETCDF4") -> Path:
    """Temperature on a small grid with records, and a variable of bytes, whose records are padded."""
    with netCDF4.Dataset(path, "w", format=format) as file:
        for name, length in {"time": None, "lat": 5, "lon": 7}.items():
            file.createDimension(name, length)
        for name, unit, values in (
            ("lat", "degrees_north", np.linspace(-80, 80, 5)),
            ("lon", "degrees_east", np.arange(7) * 51.0),
        ):
            variable = file.createVariable(name, "f8", (name,))
            variable.units = unit
            variable[:] = values
        file.createVariable("t", "f4", ("time", "lat", "lon"))[:] = np.arange(105, dtype="f4").reshape(3, 5, 7)
        file.createVariable("flag", "i1", ("time", "lon"))[:] = np.ones((3, 7), "i1")
    return path


# What to ask for


def test_a_run_is_one_resource():
    one = resource(synthetic=True, sha256="0" * 64, title="T")
    assert one.id == "P/M/S/r1/one.nc"
    assert (one.url, one.expects, one.sha256) == (RUN["url"], "netcdf", "0" * 64)
    told = {"planet": "P", "model": "M", "scenario": "S", "run": "r1", "synthetic": True, "title": "T"}
    assert one.params == {**told, "file": "one.nc"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"planet": ""}, "planet is ''"),
        ({"run": 1}, "run is 1"),
        ({"synthetic": "yes"}, "synthetic is 'yes'"),
        ({"colour": "red"}, "'colour' is unknown"),
        ({"kind": "guess"}, "kind is 'guess'"),
    ],
)
def test_a_run_that_does_not_fit_names_itself(change, says):
    with pytest.raises(ConfigError, match=f"run 2 of .*{says}"):
        gcm.resources({"runs": [RUN, {**RUN, "scenario": "T", **change}]}, lambda _: None)


def test_a_run_without_a_field():
    with pytest.raises(ConfigError, match="it needs a url, or a folder and files"):
        gcm.resources({"runs": [{k: v for k, v in RUN.items() if k != "url"}]}, lambda _: None)


def test_the_same_run_twice():
    with pytest.raises(ConfigError, match="twice"):
        gcm.resources({"runs": [RUN, RUN]}, lambda _: None)


# What is refused


def test_a_page_is_refused_before_it_is_kept():
    with pytest.raises(Refused, match="the answer is not NetCDF but an HTML page"):
        gcm.check(resource(), PAGE)
    with pytest.raises(Refused, match="begin with b'PK"):
        gcm.check(resource(), b"PK\x03\x04" + bytes(100))


@pytest.mark.parametrize("format", FORMATS)
def test_each_format_is_taken(tmp_path, format):
    path = sphere(tmp_path / "x.nc", format)
    gcm.check(resource(), path.read_bytes()[: 1 << 16])
    _, rows, _ = land(tmp_path, path)
    assert (rows["t"]["min"], rows["t"]["max"], rows["t"]["count"]) == (0, 104, 105)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("keep", [0.002, 0.2, 0.9, -9])
def test_a_file_cut_short_is_unreadable(tmp_path, format, keep):
    content = sphere(tmp_path / "x.nc", format).read_bytes()
    (tmp_path / "cut").write_bytes(content[:keep] if keep < 0 else content[: int(len(content) * keep)])
    with pytest.raises(Unreadable):
        land(tmp_path, tmp_path / "cut")


@pytest.mark.parametrize("format", FORMATS[:3])
@pytest.mark.parametrize("records", [0, 1, 3])
@pytest.mark.parametrize("kinds", [("i1",), ("i2", "f8"), ("f4", "S1", "i4")])
def test_a_classic_header_says_how_long_the_file_is(tmp_path, format, records, kinds):
    path = tmp_path / "x.nc"
    with netCDF4.Dataset(path, "w", format=format) as file:
        file.note = "odd"
        file.createDimension("r", None)
        file.createDimension("x", 3)
        file.createVariable("fixed", "i2", ("x",))[:] = [1, 2, 3]
        for number, kind in enumerate(kinds):
            file.createVariable(f"v{number}", kind, ("r", "x"))[:records] = np.full(
                (records, 3), 1 if kind != "S1" else b"a", kind
            )
    assert (
        path.stat().st_size - 3 <= classic_header.expected_size(Answer(path)) <= path.stat().st_size
    )  # less the last one's padding


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (PAGE, "it is not NetCDF"),
        (b"CDF\x01", "truncated within its header"),
        (b"CDF\x02" + b"\xff" * 400, "header of the NetCDF file is damaged"),
        (b"\x89HDF\r\n\x1a\n" + bytes(2000), "cannot be read as NetCDF"),
        (b"", "it is not NetCDF"),
    ],
)
def test_bytes_that_are_no_netcdf(tmp_path, content, says):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(Unreadable, match=says):
        list(gcm.read(resource(), Answer(tmp_path / "x")))


def test_nothing_on_a_grid(tmp_path):
    with netCDF4.Dataset(tmp_path / "x.nc", "w") as file:
        file.createDimension("lat", 3)
        file.createVariable("lat", "f8", ("lat",))[:] = [-60, 0, 60]
        file.createVariable("total", "f8", ())[...] = 1
    with pytest.raises(Unreadable, match=r"none of its variables is on a grid .* total"):
        list(gcm.read(resource(), Answer(tmp_path / "x.nc")))


def test_groups_are_refused_by_name(tmp_path):
    with netCDF4.Dataset(tmp_path / "x.nc", "w") as file:
        group = file.createGroup("a").createGroup("b")
        group.createDimension("x", 2)
        group.createVariable("v", "f4", ("x",))[:] = 1
    with pytest.raises(Unreadable, match=r"groups \(/a/b\)"):
        list(gcm.read(resource(), Answer(tmp_path / "x.nc")))


def test_hdf5_without_dimensions_is_not_netcdf(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["v"] = np.ones((3, 4))
    with pytest.raises(Unreadable, match="HDF5, but not NetCDF"):
        list(gcm.read(resource(), Answer(tmp_path / "x.h5")))


# Axes


def coordinate(name, dims, values, **attrs):
    return {name: (dims, np.asarray(values), attrs)}


LAT, LON = np.linspace(-87.5, 87.5, 36), np.linspace(2.5, 357.5, 72)


@pytest.mark.parametrize(
    ("coordinates", "dims", "axes", "kind"),
    [
        (  # CMIP
            coordinate("lat", "lat", LAT, units="degrees_north", standard_name="latitude")
            | coordinate("lon", "lon", LON, units="degrees_east")
            | coordinate("plev", "plev", [1e5, 5e4], units="Pa", positive="down")
            | coordinate("time", "time", [0.0, 1], units="days since 1850-01-01", axis="T"),
            "time plev lat lon",
            {"lat": "lat", "lon": "lon", "level": "plev", "time": "time"},
            "rectilinear",
        ),
        (  # FMS
            coordinate("grid_yt", "grid_yt", LAT, units="degrees_N", cartesian_axis="Y")
            | coordinate("grid_xt", "grid_xt", LON, units="degrees_E", cartesian_axis="X")
            | coordinate("pfull", "pfull", [1, 10, 100.0], units="hPa")
            | coordinate("grid_yb", "grid_yb", np.linspace(-90, 90, 37), units="degrees_N", cartesian_axis="Y"),
            "pfull grid_yt grid_xt",
            {"lat": "grid_yt", "lon": "grid_xt", "level": "pfull"},
            "rectilinear",
        ),
        (  # a regional model
            coordinate("rlat", "rlat", LAT, units="degrees", standard_name="grid_latitude")
            | coordinate("rlon", "rlon", LON, units="degrees", standard_name="grid_longitude"),
            "rlat rlon",
            {"lat": "rlat", "lon": "rlon"},
            "rotated",
        ),
        (  # an ocean model
            coordinate("nav_lat", ("y", "x"), np.ones((3, 4)), units="degrees_north")
            | coordinate("nav_lon", ("y", "x"), np.ones((3, 4)), units="degrees_east")
            | coordinate("deptht", "deptht", [1.0, 10], units="m", positive="down"),
            "deptht y x",
            {"lat": "nav_lat", "lon": "nav_lon", "level": "deptht"},
            "curvilinear",
        ),
        (  # spectral elements
            coordinate("lat", "ncol", np.ones(9), units="degrees_north")
            | coordinate("lon", "ncol", np.ones(9), units="degrees_east")
            | coordinate("lev", "lev", [1, 2.0], units="level", positive="down"),
            "lev ncol",
            {"lat": "lat", "lon": "lon", "level": "lev"},
            "unstructured",
        ),
        (  # a map in metres
            coordinate("y", "y", [0, 1e3], units="m", standard_name="projection_y_coordinate")
            | coordinate("x", "x", [0, 1e3, 2e3], units="m", axis="X"),
            "y x",
            {"y": "y", "x": "x"},
            "projected",
        ),
        (  # ModelE: no attributes but units; levels by name
            coordinate("lat", "lat", LAT, units="degrees_north")
            | coordinate("lon", "lon", LON, units="degrees_east")
            | coordinate("level", "level", np.arange(1.0, 41)),
            "level lat lon",
            {"lat": "lat", "lon": "lon", "level": "level"},
            "rectilinear",
        ),
        (coordinate("lat", "lat", LAT), "lat", {"lat": "lat"}, "zonal"),
        (coordinate("wavelength", "wavelength", [1, 2.0], units="micron"), "wavelength", {}, "none"),
        (coordinate("cosz", "zenith", [0.1, 0.2], units="degrees"), "zenith", {}, "none"),
    ],
)
def test_axes_under_their_many_names(coordinates, dims, axes, kind):
    dataset = xr.Dataset(coordinates)
    sizes = {**dataset.sizes}
    dataset["v"] = (dims.split(), np.zeros([sizes[dim] for dim in dims.split()]))
    grid = cf.grid(dataset)
    assert (dict(grid.axes), grid.kind) == (axes, kind)
    assert "v" not in grid.ancillary


@pytest.mark.parametrize(
    ("values", "attrs", "expected"),
    [
        ([1e5, 100.0], {"units": "Pa"}, ("pressure", "bottom first")),
        ([100.0, 1e5], {"units": "Pa"}, ("pressure", "top first")),
        ([1000.0, 1], {"units": "mb", "positive": "down"}, ("pressure", "bottom first")),
        ([0.1, 1.0], {"units": "1", "standard_name": "atmosphere_sigma_coordinate"}, ("sigma", "top first")),
        ([1.0, 2], {"units": "1", "standard_name": "model_level_number", "positive": "up"}, ("index", "bottom first")),
        (
            [1.0, 2],
            {"units": "level", "long_name": "hybrid level at midpoints", "positive": "down"},
            ("hybrid", "top first"),
        ),
        ([10.0, 20e3], {"units": "m"}, ("height", "bottom first")),
        ([1.0, 2], {}, ("index", "not known")),
    ],
)
def test_levels_are_told_apart_and_never_turned_over(values, attrs, expected):
    dataset = xr.Dataset({"t": ("lev", np.zeros(len(values)))}, {"lev": ("lev", values, attrs)})
    (level,) = cf.grid(dataset).levels
    assert (level.kind, level.order) == expected
    assert dataset.lev.values.tolist() == values


# Areas


def globe(lat, **attrs) -> xr.Dataset:
    attrs = {"units": "degrees_north", **attrs}
    return xr.Dataset(
        {"t": (("lat", "lon"), np.zeros((len(lat), 4)))},
        {"lat": ("lat", np.asarray(lat, "f8"), attrs), "lon": ("lon", np.arange(4) * 90.0, {"units": "degrees_east"})},
    )


def weights(dataset: xr.Dataset):
    found = cell_area.weights(dataset, cf.grid(dataset))
    return found.weights, found.how


@pytest.mark.parametrize(
    ("lat", "edges"),
    [
        (np.linspace(-88, 88, 45), np.linspace(-90, 90, 46)),
        (np.linspace(90, -90, 46), [90, *np.linspace(88, -88, 45), -90]),  # half boxes at the poles, north first
        ([-60, 0, 60], [-90, -30, 30, 90]),
        ([-85.76, -80, -74], [-90, -82.88, -77, -71]),  # nearer to the pole than half a step: up to it
        ([10, 11, 12, 13], [9.5, 10.5, 11.5, 12.5, 13.5]),  # a region: no pole near
    ],
)
def test_areas_from_latitudes(lat, edges):
    found, how = weights(globe(lat))
    expected = np.abs(np.diff(np.sin(np.radians(edges))))
    np.testing.assert_allclose(found / found.sum(), expected / expected.sum(), rtol=1e-12)
    assert found.dims == ("lat",)
    assert how == "sines of lat, edges half way between its values"


def test_areas_from_bounds_before_the_middle():
    dataset = globe([-60, 10, 80], bounds="b")
    dataset["b"] = (("lat", "two"), np.array([[-90, -10], [-10, 70], [70, 90.0]]))
    found, how = weights(dataset)
    expected = np.diff(np.sin(np.radians([-90, -10, 70, 90])))
    np.testing.assert_allclose(found, expected / expected.mean())
    assert how == "sines of the bounds of lat"


def test_uneven_longitudes_count():
    dataset = globe([-45, 45])
    dataset["lon"] = ("lon", [0, 10.0, 30, 40], {"units": "degrees_east"})
    found, _ = weights(dataset)
    assert found.dims == ("lat", "lon")
    np.testing.assert_allclose(found[0] / found[0, 0], [1, 1.5, 1.5, 1])


@pytest.mark.parametrize(
    ("name", "attrs"),
    [
        ("axyp", {"long_name": "gridcell area", "units": "m^2"}),
        ("a", {"standard_name": "cell_area"}),
        ("areacella", {}),
        ("told", {}),
    ],
)
def test_the_files_own_areas_come_first(name, attrs):
    dataset = globe([-60, 0, 60])
    area = np.arange(1, 13, dtype="f4").reshape(3, 4)
    area[0, 0] = 1e20
    dataset[name] = (("lat", "lon"), area, {**attrs, "_FillValue": np.float32(1e20)})
    if name == "told":
        dataset["t"].attrs["cell_measures"] = "area: told"
    found, how = weights(dataset)
    expected = np.where(area == np.float32(1e20), 0, area)
    np.testing.assert_allclose(found, expected / expected.mean())
    assert how == f"the variable {name}"


def test_areas_that_cannot_be_are_not_used():
    dataset = globe([-60, 0, 60])
    dataset["area"] = (("lat", "lon"), -np.ones((3, 4)))
    assert weights(dataset)[1].startswith("sines of lat")


@pytest.mark.parametrize(
    ("lat", "attrs", "says"),
    [
        ([0, np.nan, 30], {}, "not between the poles"),
        ([45], {}, "has one value and no bounds"),
        ([0, 100, 200], {}, "not between the poles"),
    ],
)
def test_latitudes_that_cannot_be_give_no_weights(lat, attrs, says):
    found, how = weights(globe(lat, **attrs))
    assert found is None
    assert says in how


def test_radians():
    dataset = globe(np.radians([-60, 0, 60]), units="radians", standard_name="latitude")
    np.testing.assert_allclose(weights(dataset)[0], weights(globe([-60, 0, 60]))[0])


def test_an_unstructured_grid_without_areas_has_no_weights_and_says_so(tmp_path):
    with netCDF4.Dataset(tmp_path / "x.nc", "w") as file:
        file.createDimension("ncol", 6)
        for name, unit in (("lat", "degrees_north"), ("lon", "degrees_east"), ("TS", "K")):
            variable = file.createVariable(name, "f8", ("ncol",))
            variable.units = unit
            variable[:] = np.arange(6)
    cube, rows, _ = land(tmp_path, tmp_path / "x.nc")
    assert cube.weights is None
    assert cube.facts["areas"] == "not known: the file gives no cell areas, and none follow from its unstructured grid"
    assert rows["TS"]["weighted_mean"] is None
    assert rows["TS"]["mean"] == 2.5
    assert (rows["lat"]["role"], rows["TS"]["role"]) == ("coordinate", "data")


def test_nan_and_infinity_are_counted_and_not_averaged(tmp_path):
    path = sphere(tmp_path / "x.nc")
    with netCDF4.Dataset(path, "a") as file:
        file["t"][0, 0, :3] = [np.nan, np.inf, -np.inf]
    _, rows, _ = land(tmp_path, path)
    assert (rows["t"]["missing"], rows["t"]["infinite"], rows["t"]["min"], rows["t"]["max"]) == (3, 2, 3, 104)
    assert rows["t"]["mean"] == np.arange(3, 105).mean()


def test_a_latitude_that_is_damaged_is_unreadable(tmp_path):
    path = tmp_path / "x.nc"
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("lat", 4000)
        lat = file.createVariable("lat", "f8", ("lat",), zlib=True, fletcher32=True)
        lat.units = "degrees_north"
        lat[:] = np.sort(np.random.default_rng(0).uniform(-90, 90, 4000))
        file.createVariable("t", "f4", ("lat",))[:] = 1
    content = bytearray(path.read_bytes())
    start = content.find(b"\x78\x5e") if b"\x78\x5e" in content else content.find(b"\x78\x01")
    content[start + 1000] ^= 255
    path.write_bytes(content)
    with pytest.raises(Unreadable):
        land(tmp_path, path)


# Facts


def test_a_file_that_says_it_is_synthetic_is(tmp_path):
    path = sphere(tmp_path / "x.nc")
    assert land(tmp_path, path)[0].facts["synthetic"] is False
    assert land(tmp_path, path, synthetic=True)[0].facts["synthetic"] is True
    with netCDF4.Dataset(path, "a") as file:
        file.synthetic, file.title, file.references = "yes", "As the file says", "Somebody (2020)"
    facts = land(tmp_path, path)[0].facts
    assert (facts["synthetic"], facts["title"], facts["citation"]) == (True, "As the file says", "Somebody (2020)")
    assert land(tmp_path, path, title="As lake.toml says")[0].facts["title"] == "As lake.toml says"
    assert (facts["planet"], facts["kind"], facts["dims"]) == ("P", "simulation", {"time": 3, "lat": 5, "lon": 7})


@pytest.mark.parametrize(
    ("attrs", "says"),
    [
        ({"units": "days since 2000-01-01"}, None),
        ({"units": "days since 0000-1-1", "calendar": "noleap"}, None),
        ({"units": "hours since -500-01-01", "calendar": "360_day"}, None),
        ({"units": "months since 1850-01-01"}, "time has the unit 'months since 1850-01-01'"),
        ({"units": "days since 2000-01-01", "calendar": "martian"}, "the calendar 'martian'"),
        ({"units": "sols", "axis": "T"}, "time has the unit 'sols'"),
        ({}, "time has no unit"),
    ],
)
def test_times_that_stay_numbers_are_said_to(attrs, says):
    dataset = xr.Dataset({"x": ("time", [1.0, 2])}, {"time": ("time", [40.0, 70], attrs)})
    said = cf.time_problem(dataset, cf.grid(dataset))
    assert (said is None) if says is None else (says in said)


# The sample


def sample_files() -> list[Path]:
    return sorted((SAMPLE / "climate.example.org").rglob("*.nc"))


def test_the_sample_is_what_its_script_writes(tmp_path):
    script = runpy.run_path(str(SAMPLE / "climate.py"))
    for planet in script["PLANETS"]:
        path = script["write"](planet, tmp_path)
        committed = SAMPLE / path.relative_to(tmp_path)
        with xr.open_dataset(path) as new, xr.open_dataset(committed) as old:
            xr.testing.assert_allclose(new, old, rtol=1e-6)
            assert new.attrs == old.attrs
    assert len(sample_files()) == len(script["PLANETS"]) == 3


@pytest.mark.parametrize("path", sample_files(), ids=lambda path: path.stem)
def test_the_samples_planets_are_in_balance(tmp_path, path):
    """What a planet sends out is what it takes in: holds only if the area weights are right."""
    script = runpy.run_path(str(SAMPLE / "climate.py"))
    cube, rows, _ = land(tmp_path, path)
    assert cube.facts["synthetic"] is True
    assert cube.facts["areas"] == "sines of the bounds of lat"
    absorbed = (1 - script["ALBEDO"]) * rows["rsdt"]["weighted_mean"]
    assert math.isclose(rows["rlut"]["weighted_mean"], absorbed, rel_tol=1e-6)
    planet = next(p for p in script["PLANETS"] if p.file == path.name)
    mean = script["SOLAR"] * planet.insolation / 4  # a sphere casts the shadow of a disc
    assert math.isclose(rows["rsdt"]["weighted_mean"], mean, rel_tol=0.005)
    assert not math.isclose(rows["rsdt"]["mean"], mean, rel_tol=0.05)


# The real files


@pytest.fixture(scope="module")
def real(upstream, tmp_path_factory):
    """Every real file, landed: its path, then what ``land`` gives."""
    paths = sorted((upstream / "raw.githubusercontent.com").rglob("*.nc"))
    assert len(paths) == 15
    data = tmp_path_factory.mktemp("real")
    return data, {path: land(data, path) for path in paths}


@pytest.mark.long
@pytest.mark.upstream
def test_every_bit_of_every_real_file(real):
    import zarr

    data, landed = real
    for path, (_, rows, digest) in landed.items():
        gcm.check(resource(), path.read_bytes()[: 1 << 16])
        group = zarr.open_group(cubes.path(data, digest), mode="r")
        with netCDF4.Dataset(path) as file:
            file.set_auto_maskandscale(False)
            file.set_auto_chartostring(False)
            assert set(file.variables) == set(rows) == set(group.array_keys())
            for name, variable in file.variables.items():
                stored = np.asarray(variable[...])
                stored = stored.astype(stored.dtype.newbyteorder("<"))
                assert np.asarray(group[name][...]).tobytes() == stored.tobytes(), (path.name, name)
                assert rows[name]["shape"] == list(variable.shape)
        cubes.verify(data, digest)
        assert set(rows) >= set(cubes.open(data, digest).variables)


@pytest.mark.upstream
def test_means_of_real_files_against_numpy(real):
    """Masked by netCDF4's own rules, weighted by cos(lat) of the plain formula: another way to the same number."""
    compared = 0
    for path, (cube, rows, _) in real[1].items():
        with netCDF4.Dataset(path) as file:
            for name, row in rows.items():
                if row["role"] == "coordinate" or row["dtype"] in ("char", "string"):
                    continue
                values = np.ma.masked_invalid(np.ma.asarray(file[name][...]).astype("f8"))
                assert row["missing"] == np.ma.count_masked(values), (path.name, name)
                if row["missing"] == row["count"]:
                    assert row["mean"] is None
                    continue
                assert math.isclose(row["mean"], values.mean(), rel_tol=1e-9, abs_tol=1e-12), (path.name, name)
                assert (row["min"], row["max"]) == (values.min(), values.max())
                lat = cube.facts["axes"].get("lat")
                if row["weighted_mean"] is not None and cube.facts["areas"].startswith("sines"):
                    at = file[name].dimensions.index(file[lat].dimensions[0])
                    cosine = np.cos(np.radians(file[lat][:])).reshape(
                        [-1 if i == at else 1 for i in range(values.ndim)]
                    )
                    expected = np.ma.average(values, weights=np.broadcast_to(cosine, values.shape))
                    scale = max(abs(row["min"]), abs(row["max"]), 1e-30)
                    assert abs(row["weighted_mean"] - expected) < 2e-3 * scale, (path.name, name)
                    compared += 1
    assert compared >= 15


@pytest.mark.upstream
def test_axes_of_real_files(real):
    found = {}
    for path, (cube, _, _) in real[1].items():
        levels = {level["name"]: level["order"] for level in cube.facts["levels"]}
        found[path.name] = (cube.facts["grid"], cube.facts["axes"], levels)
    lat_lon_time = {"lat": "lat", "lon": "lon", "time": "time"}
    assert found["sst_clim_amip.nc"] == ("rectilinear", lat_lon_time, {})
    assert found["00060101.sphum_monthly.nc"] == (
        "rectilinear",
        {"lat": "lat", "lon": "custom_lon", "level": "pfull", "time": "time"},
        {"pfull": "top first"},
    )
    assert found["rectilinear_grid_3D.nc"][2] == {"lev": "bottom first"}
    assert found["pop_frc.4x5d.090130_aquaplanet_300Kiso.nc"][1] == {"lat": "yc", "lon": "xc", "time": "time"}
    assert found["hybrid_height.nc"][0] == "rotated"
    assert [grid for grid, _, _ in found.values()].count("unstructured") == 2
    assert found["lfric_surface_mean.nc"][1] == {
        "lat": "Mesh2d_half_levels_face_y",
        "lon": "Mesh2d_half_levels_face_x",
        "time": "time_centered",
    }


@pytest.mark.upstream
def test_real_files_cut_short(real, tmp_path):
    for path in real[1]:
        content = path.read_bytes()
        for keep in (len(content) // 3, len(content) - 64):
            (tmp_path / "cut").write_bytes(content[:keep])
            with pytest.raises(Unreadable):
                list(gcm.read(resource(), Answer(tmp_path / "cut")))
