"""exoplanet.eu and the Open Exoplanet Catalogue: the real files whole, what can be done to them, planets resolved."""

from __future__ import annotations

import csv
import gzip
import json
import re
import tomllib
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pint
import pytest
from conftest import ROOT

import lake
from lake import config, fetch, land, project
from lake.build import run as building
from lake.errors import ConfigError, Refused, Unreadable
from lake.formats.answer import Answer
from lake.sources import exoplanet_eu, open_exoplanets
from lake.sources.contract import Resource
from lake.sources.open_exoplanets import systems

EU = Resource("catalogue", "https://exoplanet.eu/catalog/csv/", "catalogue", "csv")
TABLE = Resource("table", "https://example.org/table.txt", "table", "csv")
SYSTEMS = Resource("systems", "https://example.org/systems.xml", "systems", "xml")
OEC = "raw.githubusercontent.com/OpenExoplanetCatalogue"
ALL = [
    "HD 189733", "HD 209458", "Kepler-16", "Kepler-90", "Sun", "TOI-700", "TRAPPIST-1", "WASP-39",
]  # fmt: skip


def read(source, resource: Resource, path: Path) -> tuple[dict[str, list[dict]], list[dict]]:
    """The rows of each table, and the rejects."""
    rows: dict[str, list[dict]] = {}
    rejects: list[dict] = []
    for part in source.read(resource, Answer(path)):
        bad = part.rejects.to_pylist() if part.rejects is not None else []
        assert part.seen == len(part.rows) + len(bad)
        schema = source.TABLES[part.table]
        assert part.rows.schema.names[: len(schema)] == schema.names
        rows.setdefault(part.table, []).extend(part.rows.to_pylist())
        rejects += bad
    return rows, rejects


def write(folder: Path, body: str | bytes) -> Path:
    path = folder / "answer"
    path.write_bytes(body if isinstance(body, bytes) else body.encode())
    return path


# exoplanet.eu


def test_the_real_catalogue_keeps_every_row_and_cell(upstream):
    path = upstream / "exoplanet.eu/catalog/csv/exoplanet.eu_catalog.csv"
    exoplanet_eu.check(EU, path.read_bytes()[:65536])
    found, rejects = read(exoplanet_eu, EU, path)
    with path.open(newline="") as file:
        wanted = list(csv.DictReader(file))
    rows = found["exoplanet_eu_planets"]
    assert (len(rows), rejects) == (5973, [])
    assert set(rows[0]) == {"_record", *wanted[0]}  # no column is new to the reader
    for name in wanted[0]:
        read_as = float if not isinstance(next(r[name] for r in rows if r[name] is not None), str) else str
        assert [row[name] for row in rows] == [read_as(row[name]) if row[name] else None for row in wanted]


EU_HEADER = (
    "name,planet_status,mass,mass_error_min,mass_error_max,mass_sini,radius,orbital_period,semi_major_axis,"
    "detection_type,star_name\n"
)


def test_an_infinite_uncertainty_and_a_bad_number_cost_no_planet(tmp_path):
    lines = [
        "A b,Confirmed,1,0.5,inf,,,3,,,A",
        'B b,Candidate,2,,,,,x,,"Timing, Other",B',
        'C b,Candidate,2,,,,,4,,"Timing, Other",C',
        ",Confirmed,2,,,,,4,,,C",
    ]
    found, rejects = read(exoplanet_eu, EU, write(tmp_path, EU_HEADER + "\n".join(lines)))
    a, b, c = found["exoplanet_eu_planets"]
    assert (b["name"], b["mass"], b["orbital_period"]) == ("B b", 2.0, None)
    assert (a["name"], a["mass_error_max"], a["mass_error_min"]) == ("A b", "inf", 0.5)
    assert (c["detection_type"], c["planet_status"], c["radius_error_min"]) == ("Timing, Other", "Candidate", None)
    assert [r["reason"] for r in rejects] == ["name is empty"]


@pytest.mark.parametrize(
    "body", ["<html>", '{"name": 1}', "toi,tid\n1,2\n", EU_HEADER, EU_HEADER + "\n\n", "ERROR: no such table"]
)
def test_what_is_not_the_catalogue_is_refused(body):
    with pytest.raises(Refused):
        exoplanet_eu.check(EU, body.encode())


def test_a_column_that_is_gone_is_named(tmp_path):
    with pytest.raises(Unreadable, match="mass_sini"):
        read(exoplanet_eu, EU, write(tmp_path, EU_HEADER.replace("mass_sini", "msini") + "A b,Confirmed,,,,,,,,,A\n"))


# Open Exoplanet Catalogue


def test_the_real_table_keeps_every_planet(upstream):
    path = upstream / OEC / "oec_tables/master/comma_separated/open_exoplanet_catalogue.txt"
    open_exoplanets.check(TABLE, path.read_bytes()[:65536])
    found, rejects = read(open_exoplanets, TABLE, path)
    with path.open(newline="") as file:
        wanted = list(csv.DictReader(file))
    rows = found["open_exoplanets_planets"]
    assert (len(rows), rejects) == (5414, [])
    for mine, theirs in (
        ("name", "name"),
        ("star_mass", "hoststar_mass"),
        ("right_ascension", "system_rightascension"),
    ):
        assert [str(row[mine]) for row in rows if row[mine]] == [
            row[theirs] if mine != "star_mass" else str(float(row[theirs])) for row in wanted if row[theirs]
        ]


@pytest.mark.parametrize("name", ALL)
def test_every_element_of_a_real_system_is_a_record(upstream, name):
    path = upstream / OEC / f"open_exoplanet_catalogue/master/systems/{name}.xml"
    open_exoplanets.check(SYSTEMS, path.read_bytes()[:65536])
    found, rejects = read(open_exoplanets, SYSTEMS, path)
    root = ElementTree.parse(path).getroot()
    records = [row["_record"] for rows in found.values() for row in rows]
    assert rejects == []
    assert sorted(records) == list(range(1, len(list(root.iter())) + 1))
    values = {row["_record"]: row for row in found["open_exoplanets_values"]}
    for record, element in enumerate(root.iter(), 1):
        if record in values and values[record]["value"] is not None:
            assert values[record]["value"] == float(element.text)
            assert values[record]["error_plus"] == (
                float(element.get("errorplus", "nan")) if "errorplus" in element.attrib else None
            )


SYSTEM = """<system><name>S</name><distance errorminus="1" errorplus="2">10</distance>
<binary><name>S AB</name><separation unit="arcsec">3</separation><separation unit="parsnip">4</separation>
  <star><mass>0.5</mass><planet><mass type="msini">2</mass><radius upperlimit="1.2" /><radius></radius>
     <period>many</period><list>Confirmed planets</list><list>Orphans</list>
     <name>S A b</name><name>KOI-1 &amp; b</name><name> </name></planet><name>S A</name></star>
  <planet><name>S (AB) c</name></planet>
</binary><planet/></system>"""


def test_nested_objects_names_limits_and_what_is_wrong(tmp_path):
    found, rejects = read(open_exoplanets, SYSTEMS, write(tmp_path, SYSTEM))
    objects = [(o["kind"], o["name"], o["host"]) for o in found["open_exoplanets_objects"]]
    assert objects == [
        ("system", "S", None), ("binary", "S AB", None), ("star", "S A", "S AB"), ("planet", "S A b", "S A"),
        ("planet", "S (AB) c", "S AB"), ("planet", None, None),
    ]  # fmt: skip
    names = [(n["of"], n["place"], n["name"]) for n in found["open_exoplanets_names"] if n["kind"] == "planet"]
    assert names == [("S A b", 0, "S A b"), ("S A b", 1, "KOI-1 & b"), ("S (AB) c", 0, "S (AB) c")]
    values = {(v["of"], v["quantity"], v["text"]): v for v in found["open_exoplanets_values"]}
    mass = values["S A b", "mass", "2"]
    assert (mass["value"], mass["unit"], mass["type"]) == (2.0, "jupiter_mass", "msini")
    assert values["S A", "mass", "0.5"]["unit"] == "solar_mass"
    limit, empty = [v for v in found["open_exoplanets_values"] if v["quantity"] == "radius"]
    assert (limit["value"], limit["upper_limit"], empty["value"], empty["upper_limit"]) == (None, 1.2, None, None)
    assert values["S", "distance", "10"]["error_plus"] == 2.0
    assert values["S AB", "separation", "3"]["unit"] == "arcsecond"
    assert (values["S AB", "separation", "4"]["unit"], values["S AB", "separation", "4"]["value"]) == (None, None)
    assert sorted(v["text"] for v in found["open_exoplanets_values"] if v["quantity"] == "list") == [
        "Confirmed planets",
        "Orphans",
    ]
    assert [reject["reason"] for reject in rejects] == [
        "the name is empty",
        "value is not a finite number: many",
    ]


def test_all_systems_in_one_file_packed_or_not_and_in_small_pieces(tmp_path, monkeypatch):
    many = "<systems>" + "".join(SYSTEM.replace("S A", f"S{n} A") for n in range(50)) + "</systems>"
    whole = read(open_exoplanets, SYSTEMS, write(tmp_path, many))
    assert len(whole[0]["open_exoplanets_objects"]) == 300
    monkeypatch.setattr(systems, "BLOCK", 97)
    monkeypatch.setattr(systems, "ROWS", 60)
    packed = gzip.compress(many.encode())
    assert read(open_exoplanets, SYSTEMS, write(tmp_path, packed))[0] == whole[0]
    with pytest.raises(Unreadable):
        read(open_exoplanets, SYSTEMS, write(tmp_path, packed[: len(packed) // 2]))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('<!DOCTYPE system [<!ENTITY a "b">]><system><name>&a;</name></system>', "document type"),
        ('<!DOCTYPE system SYSTEM "file:///etc/passwd"><system/>', "document type"),
        ("<system><name>&a;</name></system>", "undefined entity"),
        ("<system><name>A</name>", "truncated"),
        ("<html><body>sorry</body></html>", "root is <html>"),
        ("<systems></systems>", "no system"),
        ("<system>" * 40 + "</system>" * 40, "deep"),
        ("<system><name>" + "a" * 2_000_000 + "</name></system>", "characters"),
        ('<?xml version="1.0" encoding="klingon"?><system/>', "decoded|damaged"),
    ],
)
def test_xml_that_is_damaged_or_means_harm_is_not_read(tmp_path, body, says):
    with pytest.raises(Unreadable, match=says):
        read(open_exoplanets, SYSTEMS, write(tmp_path, body))


def test_a_gzip_that_grows_without_end_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(systems, "LARGEST", 10**6)
    body = gzip.compress(b"<system><name>a</name>" + b" " * 10**7 + b"</system>")
    with pytest.raises(Unreadable, match="unpacks to more"):
        read(open_exoplanets, SYSTEMS, write(tmp_path, body))


def test_an_element_astray_is_a_reject(tmp_path):
    body = "<systems><stray/><system><name>A<b>x</b></name><mass>1</mass></system></systems>"
    found, rejects = read(open_exoplanets, SYSTEMS, write(tmp_path, body))
    assert [name["name"] for name in found["open_exoplanets_names"]] == ["A"]
    assert [reject["reason"] for reject in rejects] == [
        "<stray> stands outside of every system",
        "<b> stands within <name>",
    ]


@pytest.mark.parametrize("body", [b"<html><system>", b"404: Not Found", b"name,other\n", b"<planets/>"])
def test_pages_and_other_tables_are_refused(body):
    for resource in (TABLE, SYSTEMS):
        with pytest.raises(Refused):
            open_exoplanets.check(resource, body)


def test_single_systems_or_everything():
    options = {**open_exoplanets.OPTIONS, "systems": ["HD 1"]}
    urls = [resource.url for resource in open_exoplanets.resources(options, lambda id: None)]
    assert urls[1].endswith("/systems/HD%201.xml")
    with pytest.raises(ConfigError, match="everything"):
        list(open_exoplanets.resources({**options, "everything": True}, lambda id: None))
    ids = [r.id for r in open_exoplanets.resources({**options, "systems": [], "everything": True}, lambda id: None)]
    assert ids == ["table", "systems"]


# Units


def test_the_factors_are_those_of_iau_2015_b3_by_pint():
    units = pint.UnitRegistry()
    units.define("jupiter_mass = 1.2668653e17 * m^3 / s^2 / newtonian_constant_of_gravitation")
    units.define("earth_mass = 3.986004e14 * m^3 / s^2 / newtonian_constant_of_gravitation")
    units.define("jupiter_radius = 7.1492e7 * m")
    units.define("earth_radius = 6.3781e6 * m")
    _factors_are(lambda one, other: units.Quantity(1, one).to(other).magnitude)


def test_the_factors_are_those_of_astropy():
    astropy = pytest.importorskip("astropy.units")
    names = {"jupiter_mass": "M_jup", "earth_mass": "M_earth", "jupiter_radius": "R_jup", "earth_radius": "R_earth"}
    _factors_are(lambda one, other: getattr(astropy, names[one]).to(getattr(astropy, names[other])))


def _factors_are(factor) -> None:
    import duckdb

    connection = duckdb.connect()
    for statement in (ROOT / "macros/catalogues.sql").read_text().split(";\n"):
        if re.search(r"CREATE MACRO (earth_masses|earth_radii)\(", statement):
            connection.execute(statement)
    masses, radii = connection.execute(
        "SELECT earth_masses(1.0, 'jupiter_mass'), earth_radii(1.0, 'jupiter_radius')"
    ).fetchone()
    assert masses == pytest.approx(factor("jupiter_mass", "earth_mass"), rel=1e-7)
    assert radii == pytest.approx(factor("jupiter_radius", "earth_radius"), rel=1e-12)


# Planets of all catalogues

TABLES = ["+core.planet_disagreements", "+core.planet_names", "+core.planet_catalogues", "+core.planet_runs"]


def build(folder: Path, mirror: Path, sources: str) -> Path:
    folder = project.copy(folder)
    text = (folder / "lake.toml").read_text().replace('mirror = ""', f'mirror = "{mirror}"')
    (folder / "lake.toml").write_text(text[: text.index("[sources.kegg]")] + sources)
    assert tomllib.loads((folder / "lake.toml").read_text())["lake"]["mirror"]
    settings = config.load(folder)
    fetch.run(settings)
    land.run(settings)
    building.run(settings, TABLES)
    return folder


NASA = '[sources.exoplanets]\ntables = ["ps", "pscomppars", "toi", "cumulative"]\n'


@pytest.fixture(scope="module")
def alone(upstream, tmp_path_factory):
    """The archive alone: the other two are not configured."""
    return build(tmp_path_factory.mktemp("alone") / "lake", upstream, NASA)


@pytest.fixture(scope="module")
def real(upstream, tmp_path_factory):
    more = (
        '[sources.exoplanet_eu]\nurl = "https://exoplanet.eu/catalog/csv/exoplanet.eu_catalog.csv"\n'
        f"[sources.open_exoplanets]\nsystems = {ALL}\n".replace("'", '"')
    )
    return build(tmp_path_factory.mktemp("real") / "lake", upstream, NASA + more)


def rows(folder: Path, query: str) -> list[tuple]:
    with lake.open(folder) as here:
        return here.sql(query).fetchall()


@pytest.mark.slow
def test_other_catalogues_change_no_planet_and_no_key(alone, real):
    for table in ("core.planets", "core.planet_runs"):
        assert rows(alone, f"FROM {table} ORDER BY ALL") == rows(real, f"FROM {table} ORDER BY ALL")


@pytest.mark.slow
def test_without_other_catalogues_nothing_disagrees_and_none_is_alone(alone):
    assert rows(alone, "SELECT count(*) FROM core.planet_disagreements") == [(0,)]
    assert rows(alone, "SELECT count(*), count(alone) FROM core.planet_catalogues") == [(6276, 0)]


@pytest.mark.parametrize(
    "name", ["TRAPPIST-1 e", "TRAPPIST-1e", "trappist 1 e", "2MASS J23062928-0502285 e", "K2-112 e", "EPIC 246199087e"]
)
@pytest.mark.slow
def test_the_names_of_a_planet(real, name):
    query = f"SELECT DISTINCT planet FROM core.planet_names WHERE alias = alias_of('{name}')"
    assert rows(real, query) == [("TRAPPIST-1 e",)]


@pytest.mark.slow
def test_a_circumbinary_planet_is_one(real):
    (found,) = rows(
        real, "SELECT nasa, exoplanet_eu, open_exoplanets FROM core.planet_catalogues WHERE planet = 'Kepler-16 b'"
    )
    assert found == ("Kepler-16 b", "Kepler-16 (AB)b", "Kepler-16 (AB) b")


@pytest.mark.slow
def test_every_entry_is_one_planet_and_no_catalogue_has_a_planet_twice(real):
    counts = dict(rows(real, "SELECT catalogue, count(*) FROM core.planet_entries GROUP BY ALL"))
    assert counts == {"nasa.pscomppars": 6273, "nasa.nssdca": 3, "exoplanet.eu": 5973, "open_exoplanets": 5414}
    twice = "SELECT catalogue, planet FROM core.planet_entries GROUP BY ALL HAVING count(*) > 1"
    assert rows(real, twice) == []


@pytest.mark.slow
def test_most_planets_that_match_by_name_have_the_same_period(real):
    ratio = """SELECT count(*) FILTER (abs(b.value / a.value - 1) < 0.01) / count(*)
        FROM core.planet_values a JOIN core.planet_values b USING (planet, quantity)
        WHERE quantity = 'orbital_period' AND a.catalogue = 'nasa.pscomppars' AND b.catalogue = '{}'"""
    for catalogue in ("exoplanet.eu", "open_exoplanets"):
        assert rows(real, ratio.format(catalogue))[0][0] > 0.95


@pytest.mark.slow
def test_each_value_is_in_one_unit_and_as_it_was_given(real, upstream):
    with (upstream / "exoplanet.eu/catalog/csv/exoplanet.eu_catalog.csv").open(newline="") as file:
        given = {row["name"]: float(row["radius"]) for row in csv.DictReader(file) if row["radius"]}
    found = rows(
        real,
        """SELECT entry, value, given_value FROM core.planet_values
        WHERE catalogue = 'exoplanet.eu' AND quantity = 'radius'""",
    )
    assert {entry: value for entry, _, value in found} == given
    assert all(value == pytest.approx(7.1492e7 / 6.3781e6 * radius) for _, value, radius in found)
    units = rows(
        real,
        "SELECT quantity, count(DISTINCT unit) FROM core.planet_values GROUP BY ALL HAVING count(DISTINCT unit) > 1",
    )
    assert units == []


@pytest.mark.slow
def test_disagreements_keep_both_values(real):
    found = rows(
        real,
        """SELECT d.value_a, a.value, d.value_b, b.value FROM core.planet_disagreements d
        JOIN core.planet_values a ON (a.planet, a.quantity, a.catalogue) = (d.planet, d.quantity, d.catalogue_a)
        JOIN core.planet_values b ON (b.planet, b.quantity, b.catalogue) = (d.planet, d.quantity, d.catalogue_b)""",
    )
    assert len(found) > 50_000
    assert all(a == value_a and b == value_b and a != b for a, value_a, b, value_b in found)
    period = rows(
        real,
        """SELECT value_a, value_b, beyond FROM core.planet_disagreements WHERE planet = 'TRAPPIST-1 h'
        AND quantity = 'orbital_period' AND catalogue_a = 'exoplanet.eu' AND catalogue_b = 'open_exoplanets'""",
    )
    assert period == [(20.0, 18.76626, False)]  # 20 +15 -6 days in the one, 18.76626 +- 0.00068 in the other


def test_the_real_names_of_the_mirror_are_asked_for(upstream):
    options = {**open_exoplanets.OPTIONS, "systems": ALL}
    for resource in open_exoplanets.resources(options, lambda id: None):
        assert (upstream / unquote(resource.url.removeprefix("https://"))).is_file()


def test_an_empty_uncertainty_is_none_and_a_bad_one_costs_itself(tmp_path):
    body = """<system><name>S</name><star><name>S A</name>
<temperature lowerlimit="1328" upperlimit="3016"/><planet><name>S b</name>
<mass errorplus="" errorminus="0.5">2</mass><radius errorplus="many" errorminus="0.1">1</radius><period>x</period>
</planet></star></system>"""
    (resource,) = open_exoplanets.resources({"table": False, "systems": ["S"], "everything": False}, None)
    parts = {part.table: part for part in open_exoplanets.read(resource, Answer(write(tmp_path, body)))}
    values = parts["open_exoplanets_values"]
    said = {row["quantity"]: row for row in values.rows.to_pylist()}
    assert (said["mass"]["value"], said["mass"]["error_plus"], said["mass"]["error_minus"]) == (2.0, None, 0.5)
    assert (said["radius"]["value"], said["radius"]["error_plus"], said["radius"]["error_minus"]) == (1.0, None, 0.1)
    assert (said["temperature"]["lower_limit"], said["temperature"]["upper_limit"]) == (1328.0, 3016.0)
    assert [row["reason"] for row in values.rejects.to_pylist()] == ["value is not a finite number: x"]
    assert [(row["column"], row["content"]) for row in values.cells.to_pylist()] == [("error_plus", "many")]


@pytest.mark.long
@pytest.mark.parametrize("tables", [["pscomppars"], ["ps"], ["toi", "cumulative"]], ids=str)
def test_some_of_the_archive_s_tables_can_be_published_alone(tmp_path, tables):
    folder = project.copy(tmp_path / "lake")
    (folder / "lake.toml").write_text(
        f'[lake]\nname = "planets"\nmirror = "{ROOT / "sample"}"\n[sources.exoplanets]\ntables = {json.dumps(tables)}\n'
    )
    configured = config.load(folder)
    fetch.run(configured)
    land.run(configured)
    building.run(configured, ["+core.planet_catalogues", "+core.planet_candidates"])
    with lake.open(folder) as opened:
        (count,) = opened.sql("SELECT count(*) FROM staging.exoplanets_pscomppars").fetchone()
    assert (count > 0) == ("pscomppars" in tables)
