"""Climate runs described by a TOML file each: sets of files, listings, conditions; to planet-runs and their means."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import netCDF4
import numpy as np
import pytest
from conftest import ROOT

import lake
from lake import config, fetch, land, project, sources
from lake.build import run as building
from lake.errors import ConfigError
from lake.sources import gcm
from lake.store import catalog
from lake.testing.server import Server, entity, page, redirect, status

HOUSE = ROOT
MODELS = ["+features.climate", "+core.climate_runs", "+core.climate_gases"]
DESCRIBED = """
planet = "Earth"
model = "ROCKE-3D"
scenario = "{scenario}"
run = "1"
folder = "{folder}"
files = ["ANN*.aijTEST.nc"]
[conditions]
rotation_period = 16.0
layers = 40
ocean = "dynamic"
[gases]
N2 = 0.9996
CO2 = 0.0004
"""


def model_e(path: Path, celsius: float) -> bytes:
    """A file such as ModelE writes: made-up numbers on its coarse grid, areas in axyp, hemispheric means beside."""
    with netCDF4.Dataset(path, "w") as file:
        for name, length in {"lon": 8, "lat": 6, "shnhgm": 3}.items():
            file.createDimension(name, length)
        lon, lat = file.createVariable("lon", "f4", "lon"), file.createVariable("lat", "f4", "lat")
        lon.units, lat.units = "degrees_east", "degrees_north"
        lon[:], lat[:] = np.arange(8) * 45 - 157.5, np.linspace(-75, 75, 6)
        area = file.createVariable("axyp", "f4", ("lat", "lon"))
        area.units, area.long_name = "m^2", "gridcell area"
        area[:] = np.repeat(np.diff(np.sin(np.radians(np.linspace(-90, 90, 7)))), 8).reshape(6, 8) * 1e13
        surface = file.createVariable("tsurf", "f4", ("lat", "lon"))
        surface.units, surface.long_name = "C", "SURFACE AIR TEMPERATURE"
        surface[:] = celsius + np.repeat(np.sin(np.radians(lat[:])) * 10, 8).reshape(6, 8)
        hemispheres = file.createVariable("tsurf_hemis", "f4", "shnhgm")
        hemispheres.units = "C"
        hemispheres[:] = [celsius - 5, celsius + 5, celsius]
    return path.read_bytes()


def listing(names: list[str]) -> bytes:
    lines = [f'<a href="{name}">{name}</a>   2025-02-26 12:00  6.9M' for name in names]
    return ("<html><head><title>Index of /run</title></head><body><pre>\n" + "\n".join(lines) + "</pre>").encode()


@pytest.fixture
def server():
    with Server() as running:
        yield running


def lake_of(folder: Path, described: str, mirror: str = "") -> Path:
    folder = project.copy(folder)
    shutil.rmtree(folder / "gcm")
    (folder / "gcm").mkdir()
    (folder / "gcm" / "one.toml").write_text(described)
    text = (folder / "lake.toml").read_text().replace('mirror = ""', f'mirror = "{mirror}"')
    text = text[: text.index("[sources.kegg]")].replace("backoff = 1 ", "backoff = 0.01 ")
    (folder / "lake.toml").write_text(text + '[sources.gcm]\nruns = "gcm/*.toml"\n')
    return folder


@pytest.mark.long
def test_a_folder_of_files_is_one_planet_run(server, tmp_path):
    """A year a file, as ROCKE-3D's supplements have them: found by its listing, described once."""
    for year, celsius in ((4090, 14.0), (4091, 16.0)):
        body = model_e(tmp_path / f"{year}.nc", celsius)
        server.on(f"/run/ANN{year}.aijTEST.nc", entity(body, etag=f'"{year}"'))
    names = ["ANN4090.aijTEST.nc", "ANN4091.aijTEST.nc", "ANN4090.aijlTEST.nc", "README.txt", "old/"]
    server.on("/run/", page(listing(names)))
    folder = lake_of(tmp_path / "lake", DESCRIBED.format(scenario="slow", folder=f"{server.url}/run"))
    settings = config.load(folder)
    summary = fetch.run(settings)
    assert summary.counts == {"gcm": {"fetched": 3}}
    assert land.run(settings).tallies["gcm"].cubes == 2
    building.run(settings, MODELS)
    with lake.open(folder) as here:
        [run] = here.sql(
            "SELECT planet, kind, files, layers, rotation_period, described_in, gravity FROM core.climate_runs"
        ).fetchall()
        assert run == ("Earth", "simulation", 2, 40, 16.0, "gcm/one.toml", None)
        assert here.sql("SELECT gas, fraction FROM core.climate_gases ORDER BY gas").fetchall() == [
            ("CO2", 0.0004),
            ("N2", 0.9996),
        ]
        [climate] = here.sql(
            "SELECT r.kind, c.cubes, c.surface_variable, c.surface_temperature FROM features.climate c "
            "JOIN core.planet_runs r USING (planet_run_key)"
        ).fetchall()
        assert climate[:3] == ("simulation", 2, "tsurf")
        assert climate[3] == pytest.approx(288.15, abs=1e-4)
        assert here.sql("SELECT name, asked FROM raw.gcm_listings ORDER BY name").fetchall() == [
            ("ANN4090.aijTEST.nc", True),
            ("ANN4090.aijlTEST.nc", False),
            ("ANN4091.aijTEST.nc", True),
            ("README.txt", False),
        ]
    assert fetch.run(settings).asked == 0


def regional(path: Path, name: str, *, lat, lon, holes: int = 0) -> Path:
    """A file of a region, or of the globe with holes: everywhere the same temperature."""
    with netCDF4.Dataset(path, "w") as file:
        for axis, values, unit in (("lat", lat, "degrees_north"), ("lon", lon, "degrees_east")):
            file.createDimension(axis, len(values))
            file.createVariable(axis, "f8", (axis,))[:] = values
            file[axis].units = unit
        variable = file.createVariable(name, "f4", ("lat", "lon"), fill_value=np.float32(1e20))
        variable.units = "K"
        values = np.full(len(lat) * len(lon), 288.3, "f4")
        values[:holes] = 1e20
        variable[:] = values.reshape(len(lat), len(lon))
    return path


@pytest.mark.long
@pytest.mark.parametrize(
    ("grid", "coverage", "gap"),
    [
        ({"lat": np.arange(15, 60.1, 1.25), "lon": np.arange(225, 315.1, 1.875)}, 0.0796, "covers 8 % of the sphere"),
        pytest.param(
            {"lat": np.arange(-85, 86, 10), "lon": np.arange(0, 360, 20), "holes": 50},
            None,
            "covers 9. % of the sphere",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            {"lat": np.arange(-85, 86, 10), "lon": np.arange(-180, 180, 20)}, 1.0, None, marks=pytest.mark.slow
        ),
    ],
)
def test_a_mean_is_global_only_if_it_covers_the_globe(tmp_path, grid, coverage, gap):
    folder = lake_of(tmp_path / "lake", DESCRIBED.format(scenario="x", folder="https://run.example/run"), "mirror")
    place = folder / "mirror" / "run.example" / "run" / "ANN1.aijTEST.nc"
    place.parent.mkdir(parents=True)
    (place.parent / "index.html").write_bytes(listing([place.name]))
    regional(place, "tas", **grid)
    settings = config.load(folder)
    fetch.run(settings)
    land.run(settings)
    building.run(settings, MODELS)
    with lake.open(folder) as here:
        [row] = here.sql(
            "SELECT surface_coverage, surface_gap, surface_temperature, surface_temperature_min, "
            "surface_temperature_max FROM features.climate"
        ).fetchall()
    assert coverage is None or row[0] == pytest.approx(coverage, rel=0.03)
    assert (row[1] is None) if gap is None else re.fullmatch(gap, row[1])
    assert row[2:] == ((None,) * 3 if gap else (pytest.approx(288.3),) * 3)


@pytest.mark.slow
def test_a_variable_that_no_cube_holds_is_among_the_rejects(tmp_path):
    folder = lake_of(tmp_path / "lake", DESCRIBED.format(scenario="x", folder="https://run.example/run"), "mirror")
    place = folder / "mirror" / "run.example" / "run" / "ANN1.aijTEST.nc"
    place.parent.mkdir(parents=True)
    (place.parent / "index.html").write_bytes(listing([place.name]))
    regional(place, "tas", lat=np.arange(-85, 86, 10), lon=np.arange(0, 360, 20))
    with netCDF4.Dataset(place, "a") as file:
        ragged = file.createVariable("r", file.createVLType(np.int32, "list"), ("lat",))
        ragged[0] = np.array([1, 2], "i4")
    settings = config.load(folder)
    fetch.run(settings)
    summary = land.run(settings)
    assert not summary.unreadable
    assert summary.tallies["gcm"].rejected == 1
    building.run(settings, MODELS)
    with lake.open(folder) as here:
        [row] = here.sql("SELECT table_name, content, reason FROM raw.rejects").fetchall()
        assert here.sql("SELECT surface_variable FROM features.climate").fetchall() == [("tas",)]
    assert row[:2] == ("cube_variables", "r")
    assert "a type that a cube cannot hold" in row[2]


def test_a_column_that_a_release_adds_is_there_before_anything_lands_anew(tmp_path):
    folder = lake_of(tmp_path / "lake", DESCRIBED.format(scenario="x", folder="https://run.example/run"))
    settings = config.load(folder)
    land.run(settings)
    with catalog.write_session(settings) as connection:
        connection.execute("ALTER TABLE raw.cube_variables DROP COLUMN coverage")
    land.run(settings)
    with catalog.write_session(settings) as connection:
        [(comment,)] = connection.execute(
            "SELECT comment FROM duckdb_columns() WHERE table_name = 'cube_variables' AND column_name = 'coverage'"
        ).fetchall()
    assert comment.startswith("Share of the sphere")


def test_a_folder_without_such_a_file_says_so_and_stops_no_other(server, tmp_path):
    server.on("/run/", page(listing(["README.txt"])))
    folder = lake_of(tmp_path / "lake", DESCRIBED.format(scenario="slow", folder=f"{server.url}/run"))
    summary = fetch.run(config.load(folder))
    assert summary.failed
    [failure] = summary.failures
    assert "no file of" in failure["reason"]
    assert "ANN*.aijTEST.nc" in failure["reason"]
    assert "gcm/one.toml" in failure["reason"]


def test_a_folder_that_is_gone_is_a_failure(server, tmp_path):
    server.on("/run/", status(404))
    folder = lake_of(tmp_path / "lake", DESCRIBED.format(scenario="slow", folder=f"{server.url}/run"))
    assert fetch.run(config.load(folder)).counts == {"gcm": {"failed": 1}}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("files = ['a']\n[conditions]\ncolour = 'red'", "the condition 'colour' is unknown"),
        ("files = ['a']\n[conditions]\nlayers = 'many'", "the condition layers is 'many'"),
        ("files = ['a']\n[gases]\nN2 = 78", "the share of N2 is 78, but must be between 0 and 1"),
        ("files = ['a']\n[conditions]\nlayers = 40.5", "the condition layers is 40.5, but must be of type bigint"),
        ("files = ['a']\n[conditions]\ngravity = true", "the condition gravity is True"),
        ("files = ['a']\n[variables]\nsurface_temperature = 3", "3 is not the name of a file or variable"),
        ("files = [3]", "3 is not the name of a file or variable"),
        ("colour = 'red'", "'colour' is unknown"),
        ("files = []", "it needs a url, or a folder and files"),
        ("url = 'https://a.example/b.nc'\nfiles = 3", "files is 3"),
    ],
)
def test_a_description_that_does_not_fit_names_its_file(tmp_path, change, says):
    (tmp_path / "x.toml").write_text(
        f"planet='P'\nmodel='M'\nscenario='S'\nrun='R'\nfolder='https://a.example'\n{change}\n"
    )
    options = sources.options("gcm", {"runs": "*.toml"}, tmp_path)
    with pytest.raises(ConfigError) as error:
        gcm.resources(options, lambda _: None)
    assert says in error.value.what
    assert error.value.where == "x.toml"


def test_descriptions_that_are_not_there_or_are_no_toml(tmp_path):
    with pytest.raises(ConfigError, match="no file matches that"):
        sources.options("gcm", {"runs": "gcm/*.toml"}, tmp_path)
    (tmp_path / "x.toml").write_text("planet = \n")
    with pytest.raises(ConfigError, match="not valid TOML") as error:
        sources.options("gcm", {"runs": "*.toml"}, tmp_path)
    assert error.value.where == "x.toml"


@pytest.mark.long
@pytest.mark.quick(2)
@pytest.mark.parametrize("mirror", ["", "mirror"])
@pytest.mark.parametrize("form", ["runs/a b.nc", "{root}/runs/a b.nc", "{uri}/runs/a%20b.nc"])
def test_a_local_file_is_a_run(tmp_path, mirror, form):
    root = (tmp_path / "lake").resolve()
    url = form.format(root=root, uri=root.as_uri())
    text = f"planet='P'\nmodel='M'\nscenario='S'\nrun='R'\nurl='{url}'\n"
    folder = lake_of(tmp_path / "lake", text, mirror)
    for name in ("runs", "mirror"):
        (folder / name).mkdir()
    regional(folder / "runs" / "a b.nc", "tas", lat=np.arange(-85, 86, 10), lon=np.arange(0, 360, 20))
    settings = config.load(folder)
    assert fetch.run(settings).counts == {"gcm": {"fetched": 1}}
    assert land.run(settings).tallies["gcm"].cubes == 1


def test_a_local_file_that_is_not_there_is_a_failure(tmp_path):
    text = f"planet='P'\nmodel='M'\nscenario='S'\nrun='R'\nurl='{tmp_path}/none.nc'\n"
    assert fetch.run(config.load(lake_of(tmp_path / "lake", text))).counts == {"gcm": {"failed": 1}}


@pytest.mark.parametrize("target", ["file://{place}", "file://localhost{place}", "file:{place}"])
def test_no_server_leads_to_a_local_file(server, tmp_path, target):
    place = regional(tmp_path / "secret.nc", "tas", lat=np.arange(-85, 86, 10), lon=np.arange(0, 360, 20))
    server.on("/a.nc", redirect(target.format(place=place)))
    text = f"planet='P'\nmodel='M'\nscenario='S'\nrun='R'\nurl='{server.url}/a.nc'\n"
    assert fetch.run(config.load(lake_of(tmp_path / "lake", text))).counts == {"gcm": {"failed": 1}}


def test_a_list_of_descriptions(tmp_path):
    for name in "abc":
        (tmp_path / f"{name}.toml").write_text(
            f"planet='{name}'\nmodel='M'\nscenario='S'\nrun='R'\nurl='https://a.b/{name}'\n"
        )
    written = {"planet": "d", "model": "M", "scenario": "S", "run": "R", "url": "https://a.b/d"}
    options = sources.options("gcm", {"runs": ["a.toml", "[bc].toml", written]}, tmp_path)
    found = gcm.resources(options, lambda _: None)
    assert [(one.params["planet"], one.params.get("described_in")) for one in found] == [
        ("a", "a.toml"),
        ("b", "b.toml"),
        ("c", "c.toml"),
        ("d", None),
    ]
    with pytest.raises(ConfigError, match="no file matches that"):
        sources.options("gcm", {"runs": ["a.toml", "x.toml"]}, tmp_path)
    with pytest.raises(ConfigError, match=r"run 1 of .* is 'gcm/a', which is neither a table nor"):
        gcm.resources({"runs": ["gcm/a"]}, lambda _: None)


def test_the_descriptions_that_come_with_the_project_fit():
    options = sources.options("gcm", {"runs": "gcm/*.toml"}, HOUSE)
    found = gcm.resources(options, lambda _: None)
    assert {one.params.get("kind", "simulation") for one in found if one.kind == "netcdf"} == {
        "simulation",
        "reanalysis",
    }
    assert [one.url for one in found if one.kind == "listing"] == [
        "https://portal.nccs.nasa.gov/GISS_modelE/ROCKE-3D/publication-supplements/Tsigaridis2025GMD-planet_2.0/P2SAoM40_003/"
    ]


@pytest.mark.upstream
@pytest.mark.slow
def test_the_real_files_of_the_descriptions(upstream, tmp_path):
    """Two of the four are among the real files here; the other two are gaps that are named, and stop nothing."""
    folder = project.copy(tmp_path / "lake")
    text = (folder / "lake.toml").read_text().replace('mirror = ""', f'mirror = "{upstream}"')
    (folder / "lake.toml").write_text(text[: text.index("[sources.kegg]")] + '[sources.gcm]\nruns = "gcm/*.toml"\n')
    settings = config.load(folder)
    assert fetch.run(settings).counts == {"gcm": {"fetched": 2, "failed": 2}}
    land.run(settings)
    building.run(settings, MODELS)
    with lake.open(folder) as here:
        found = here.sql(
            "SELECT c.model, c.scenario, c.files, f.cubes, f.variables > 0 FROM core.climate_runs c "
            "JOIN features.climate f USING (planet_run_key) ORDER BY 1"
        ).fetchall()
    assert found == [("GISS-E2-H", "historical", 1, 1, True), ("Unified Model", "Held-Suarez", 1, 1, True)]
