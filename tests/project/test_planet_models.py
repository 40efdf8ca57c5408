"""The planets' side of the models: on the sample, on the real tables, on climates made up here."""

from __future__ import annotations

import csv
import hashlib
import html.parser
import math
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from conftest import ROOT

from lake import config
from lake.astro import keys
from lake.build import graph
from lake.build.workspace import create_macros
from lake.check import run as checking
from lake.formats.answer import Answer
from lake.land import worker
from lake.land.engine_tables import CUBE_VARIABLES, CUBES
from lake.sources import exoplanets, gcm
from lake.sources.contract import Resource

SAMPLE = ROOT / "sample" / "exoplanetarchive.ipac.caltech.edu" / "TAP"
REAL = "exoplanetarchive.ipac.caltech.edu/TblView"
WANTED = ["features.planet_params", "features.climate", "core.planet_candidates"]
QUANTITIES = {
    "orbital_period": "pl_orbper", "semi_major_axis": "pl_orbsmax", "radius": "pl_rade", "mass": "pl_bmasse",
    "eccentricity": "pl_orbeccen", "insolation": "pl_insol", "equilibrium_temperature": "pl_eqt",
    "star_temperature": "st_teff", "star_radius": "st_rad", "star_mass": "st_mass", "star_metallicity": "st_met",
    "star_gravity": "st_logg",
}  # fmt: skip


def build(files: dict[str, Path], cubes: list[dict] = (), variables: list[dict] = ()) -> duckdb.DuckDBPyConnection:
    """The planets' tables out of the archive's answers; every contract of theirs holds."""
    connection = duckdb.connect()
    for schema in ("raw", "seeds", "staging", "core", "features"):
        connection.execute(f"CREATE SCHEMA {schema}")
    raw = {
        "cubes": pa.Table.from_pylist([{"synthetic": True, "run": "r1", **cube} for cube in cubes], CUBES),
        "cube_variables": pa.Table.from_pylist(
            [{"role": "data", **v, **worker._in_si(v.get("unit"))} for v in variables], CUBE_VARIABLES
        ),
        "gcm_variables": gcm.TABLES["gcm_variables"].empty_table(),
    }
    for table, file in files.items():
        parts = list(exoplanets.read(Resource(table, file.name, table, "csv"), Answer(file)))
        raw[f"exoplanets_{table}"] = pa.concat_tables(part.rows for part in parts)
    for table, rows in raw.items():
        connection.register("_rows", rows)
        connection.execute(f"CREATE TABLE raw.{table} AS FROM _rows")
    project = graph.load(config.load(ROOT))
    create_macros(connection, project)
    wanted = project.upstream(WANTED)
    models = [model for table, model in project.models.items() if table in wanted]
    for model in models:
        made = f"FROM read_csv('{model.path}')" if model.seed else model.sql
        connection.execute(f"CREATE TABLE {model.table} AS {made}")
    broken = checking.failures(checking.run(connection, [m.contract for m in models if not m.seed]), "error")
    assert broken == []
    return connection


@pytest.fixture(scope="module")
def sample():
    return build({table: SAMPLE / f"{table}.csv" for table in exoplanets.OPTIONS["tables"]})


@pytest.fixture(scope="module")
def real(upstream):
    names = {"ps": "PS_*", "pscomppars": "PSCompPars_*", "toi": "TOI_*", "cumulative": "cumulative_*"}
    files = {table: next((upstream / REAL).glob(f"{name}.csv")) for table, name in names.items()}
    with files["pscomppars"].open(newline="") as handle:
        rows = list(csv.DictReader(line for line in handle if not line.startswith("#")))
    return build(files), {row["pl_name"]: row for row in rows}


def rows(connection, query: str) -> list[dict]:
    return connection.execute(query).to_arrow_table().to_pylist()


def number(text: str) -> float | None:
    return float(text) if text else None


@pytest.mark.long
def test_every_real_value_is_a_measurement_or_a_limit(real):
    connection, given = real
    found = rows(connection, "FROM features.planet_params WHERE source = 'nasa.pscomppars'")
    assert {row["planet"] for row in found} == given.keys()
    limits = 0
    for row in found:
        raw = given[row["planet"]]
        for name, column in QUANTITIES.items():
            limit = raw[f"{column}lim"] not in ("", "0")
            value = number(raw[column])
            limits += limit
            assert row[name] == (None if limit else value)
            assert row[f"{name}_limit_value"] == (value if limit else None)
            assert row[f"{name}_upper"] == number(raw[f"{column}err1"])
            assert row[f"{name}_lower"] == number(raw[f"{column}err2"])
    assert limits > 500


def test_a_density_needs_a_mass_and_a_radius_that_do_not_come_from_each_other(real):
    connection, given = real
    for row in rows(connection, "FROM features.planet_params WHERE source = 'nasa.pscomppars'"):
        raw = given[row["planet"]]
        own = raw["pl_bmassprov"] in ("Mass", "Msin(i)/sin(i)") and raw["pl_radeerr1"] and raw["pl_bmasselim"] == "0"
        own = own and raw["pl_radelim"] == "0"
        assert (row["density_computed"] is not None) == bool(own)
        if own:  # Earth's mean density at the nominal equatorial radius, scaled
            volume = float(raw["pl_rade"]) ** 3
            assert math.isclose(row["density_computed"], 5494.9 * float(raw["pl_bmasse"]) / volume, rel_tol=1e-4)


def test_computed_insolation_agrees_with_the_published_ones(real):
    ratio = "insolation_computed / insolation"
    median, n = real[0].execute(f"SELECT median({ratio}), count({ratio}) FROM features.planet_params").fetchone()
    assert n > 3000
    assert median == pytest.approx(1, abs=0.02)


def test_real_candidates_keep_their_dispositions(real):
    found = real[0].execute(
        "SELECT catalogue, disposition, count(*) FROM core.planet_candidates GROUP BY ALL ORDER BY ALL"
    )
    assert found.fetchall() == [
        ("cumulative", "CANDIDATE", 1979), ("cumulative", "CONFIRMED", 2746), ("cumulative", "FALSE POSITIVE", 4839),
        ("toi", "APC", 461), ("toi", "CP", 683), ("toi", "FA", 98), ("toi", "FP", 1196), ("toi", "KP", 583),
        ("toi", "PC", 4678),
    ]  # fmt: skip


class Text(html.parser.HTMLParser):
    def __init__(self, cell: str):
        super().__init__()
        self.text, self.url = "", None
        self.feed(cell)

    def handle_starttag(self, tag, attrs):
        self.url = dict(attrs).get("href")

    def handle_data(self, data):
        self.text += data


def test_references_are_what_a_browser_shows(real):
    found = rows(
        real[0],
        "SELECT r.pl_refname, s.* FROM raw.exoplanets_ps r JOIN staging.exoplanets_ps s ON s.record = r._record",
    )
    assert len(found) == 20
    for row in found:
        cell = Text(row["pl_refname"])
        assert (row["reference"], row["reference_url"]) == (cell.text.strip(), cell.url)


def test_a_planet_has_its_default_solution(sample):
    query = "FROM core.planets WHERE planet = '11 Com b'"
    planet = rows(sample, query)[0]
    assert (planet["solutions"], planet["default_reference"]) == (3, "Teng et al. 2023")
    assert sample.execute("SELECT count(*) FROM staging.exoplanets_ps").fetchone()[0] == 20


def test_the_split_is_the_stars_and_follows_the_ratio(real):
    found = rows(real[0], "SELECT DISTINCT star, split FROM core.planet_runs")
    stars = {row["star"]: row["split"] for row in found}
    assert len(stars) == len(found)
    for star, split in stars.items():
        bucket = int(hashlib.md5(f"split:{star}".encode()).hexdigest()[:8], 16) % 100
        assert split == ("train" if bucket < 80 else "validation" if bucket < 90 else "test")
    share = {name: sum(s == name for s in stars.values()) / len(stars) for name in ("train", "validation", "test")}
    assert share["train"] == pytest.approx(0.8, abs=0.02)
    assert share["validation"] == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("equilibrium_temperature_of(1.0, 5772.0, 1.0)", 278.33),
        ("insolation_of(1.0, 5772.0, 2.0)", 0.25),
        ("gravity_of(1.0, 1.0)", 9.798),
        ("density_of(1.0, 0.0)", None),
        ("insolation_of(1.0, 5772.0, 0.0)", None),
        ("measured(3.0, -1)", None),
        ("measured(3.0, NULL)", 3.0),
        ("limited(3.0, 1)", 3.0),
        ("limited(3.0, 0)", None),
    ],
)
def test_macros(sample, call, value):
    found = sample.execute(f"SELECT CAST({call} AS DOUBLE)").fetchone()[0]
    assert found == (value and pytest.approx(value, rel=1e-4))


@pytest.mark.parametrize(
    "call",
    ["density_of(NULL, 1.0)", "gravity_of(1.0, NULL)", "insolation_of(NULL, 1.0, 1.0)",
     "climate_si('surface_temperature', NULL, 'K', 1.0, 0.0)",
     "equilibrium_temperature_of(1.0, 1.0, NULL)", "reference_text(NULL)", "reference_url('x')"],
)  # fmt: skip
def test_null_in_null_out(sample, call):
    assert sample.execute(f"SELECT {call}").fetchone()[0] is None


def simulation(planet: str, digest: str, **facts) -> dict:
    return {"planet": planet, "kind": "simulation", "model": "toy", "scenario": "s", "digest": digest, **facts}


CLIMATES = [
    simulation("TRAPPIST-1 e", "a"),
    simulation("TRAPPIST-1 e", "b"),  # the same run in a second file
    simulation("Earth", "c"),
    simulation("Unheard-of 9 b", "d"),
    simulation("Unheard-of 9 c", "e"),
    simulation("K2-18 b", "f"),
]
VARIABLES = [
    {"digest": "a", "variable": "u", "unit": "m/s", "min": 0.0, "max": 1.0, "weighted_mean": 0.5, "coverage": 1.0},
    {"digest": "b", "variable": "TS", "unit": "degC", "min": -60.0, "max": 20.0, "weighted_mean": -20.0,
     "coverage": 1.0},
    {"digest": "b", "variable": "tas", "unit": "K", "min": 1.0, "max": 2.0, "weighted_mean": 1.5, "coverage": 1.0},
    {"digest": "c", "variable": "t", "standard_name": "surface_temperature", "unit": "K", "min": 220.0, "max": 310.0,
     "weighted_mean": None},
    {"digest": "c", "variable": "pr", "unit": "mm/day", "min": 0.0, "max": 20.0, "weighted_mean": 2.7, "coverage": 1.0},
    {"digest": "d", "variable": "ts", "unit": "furlong", "min": 1.0, "max": 1.0, "weighted_mean": 1.0, "coverage": 1.0},
    {"digest": "e", "variable": "ts", "unit": "K", "min": None, "max": None, "weighted_mean": None},
]  # fmt: skip


@pytest.fixture(scope="module")
def climates():
    files = {table: SAMPLE / f"{table}.csv" for table in exoplanets.OPTIONS["tables"]}
    connection = build(files, CLIMATES, VARIABLES)
    found = rows(connection, "FROM features.climate JOIN core.planet_runs USING (planet_run_key)")
    return connection, {row["planet"]: row for row in found}


def test_a_climate_of_two_files_is_one_run(climates):
    row = climates[1]["TRAPPIST-1 e"]
    assert row["planet_run_key"] == keys.planet_run_key("TRAPPIST-1 e", "simulation", "toy", "s", "r1")
    assert (row["cubes"], row["variable_names"]) == (2, ["TS", "tas", "u"])
    assert (row["surface_variable"], row["surface_temperature"]) == ("TS", pytest.approx(253.15))
    assert (row["surface_temperature_min"], row["surface_gap"]) == (pytest.approx(213.15), None)


def test_what_a_climate_lacks_it_says(climates):
    _, found = climates
    assert (found["Earth"]["surface_temperature"], found["Earth"]["surface_temperature_max"]) == (None, None)
    assert found["Earth"]["precipitation"] == pytest.approx(2.7 / 86400)
    gaps = {planet: row["surface_gap"] for planet, row in found.items()}
    assert "areas" in gaps["Earth"]
    assert "furlong" in gaps["Unheard-of 9 b"]
    assert "finite" in gaps["Unheard-of 9 c"]
    assert gaps["K2-18 b"] == found["Earth"]["surface_pressure_gap"] == "no variable is known to tell it"
    assert found["K2-18 b"]["variables"] == 0


def test_a_simulation_follows_its_planets_star(climates):
    connection, found = climates
    stars = {planet: row["star"] for planet, row in found.items()}
    assert (stars["Earth"], stars["TRAPPIST-1 e"]) == ("Sun", "TRAPPIST-1")
    assert stars["Unheard-of 9 b"] == stars["Unheard-of 9 c"] == "Unheard-of 9"
    parted = "SELECT star FROM core.planet_runs GROUP BY star HAVING count(DISTINCT split) > 1"
    assert connection.execute(parted).fetchall() == []


def test_a_simulation_has_the_parameters_of_its_planet(climates):
    connection, found = climates
    query = "SELECT DISTINCT radius, mass, star_temperature FROM features.planet_params WHERE planet = ?"
    for planet in ("TRAPPIST-1 e", "Earth"):
        assert len(connection.execute(query, [planet]).fetchall()) == 1
        params = f"FROM features.planet_params WHERE planet_run_key = {found[planet]['planet_run_key']}"
        assert rows(connection, params)[0]["radius"] > 0.9
    assert rows(connection, "FROM features.planet_params WHERE planet LIKE 'Unheard%'") == []
