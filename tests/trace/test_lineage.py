"""Which columns each column is computed from: by SQL constructs, by hand for the real project, and on the terminal."""

from __future__ import annotations

import json

import pytest
import queries
import toy
from click.testing import CliRunner
from conftest import ROOT

import lake.cli
from lake import config
from lake.build import graph, parse, run
from lake.errors import ConfigError
from lake.trace import lineage
from lake.trace.lineage import Place

SAME, MADE, COUNTED = lineage.HOWS


def of(sql: str, **inputs: str) -> dict[str, dict[str, str]]:
    """Each column of a SELECT with its origins; inputs are layer__table="column column"."""
    names = {table.replace("__", "."): columns.split() for table, columns in inputs.items()}
    found = lineage._of_select(sql, names)
    return {column: {f"{table}.{name}": how for table, name, how in origins} for column, origins in found.items()}


T, U = {"raw__t": "a b C"}, {"raw__u": "a z"}


@pytest.mark.parametrize(
    ("sql", "inputs", "expected"),
    [
        ("SELECT a, b AS d FROM raw.t", T, {"a": {"raw.t.a": SAME}, "d": {"raw.t.b": SAME}}),
        ("SELECT A + b AS x FROM raw.t", T, {"x": {"raw.t.a": MADE, "raw.t.b": MADE}}),
        ("SELECT * EXCLUDE (a, b) FROM raw.t", T, {"c": {"raw.t.C": SAME}}),
        (
            "SELECT * REPLACE (a / 2 AS a) FROM raw.t",
            {"raw__t": "a b"},
            {"a": {"raw.t.a": MADE}, "b": {"raw.t.b": SAME}},
        ),
        (
            "SELECT t.* EXCLUDE (b, C), u.z AS y FROM raw.t t, raw.u u",
            T | U,
            {"a": {"raw.t.a": SAME}, "y": {"raw.u.z": SAME}},
        ),
        ("SELECT a, z FROM raw.t JOIN raw.u USING (a)", T | U, {"a": {"raw.t.a", "raw.u.a"}, "z": {"raw.u.z": SAME}}),
        ("FROM raw.u", U, {"a": {"raw.u.a": SAME}, "z": {"raw.u.z": SAME}}),
        ("SELECT a + 1 AS x, x * 2 AS y FROM raw.t", T, {"x": {"raw.t.a": MADE}, "y": {"raw.t.a": MADE}}),
        (
            "WITH c AS (SELECT a AS q FROM raw.t), d AS (SELECT max(q) AS m FROM c) SELECT m FROM d",
            T,
            {"m": {"raw.t.a": COUNTED}},
        ),
        (
            "WITH c(x, y) AS (SELECT a, b FROM raw.t UNION ALL SELECT z, 1 FROM raw.u) SELECT y, x FROM c",
            T | U,
            {"y": {"raw.t.b": SAME}, "x": {"raw.t.a": SAME, "raw.u.z": SAME}},
        ),
        (
            "SELECT a FROM raw.t UNION ALL BY NAME SELECT z, a FROM raw.u",
            T | U,
            {"a": {"raw.t.a": SAME, "raw.u.a": SAME}, "z": {"raw.u.z": SAME}},
        ),
        (
            "WITH RECURSIVE r AS (SELECT a, b FROM raw.t UNION ALL SELECT r.a, t.b FROM r JOIN raw.t t ON t.a = r.b) "
            "SELECT * FROM r",
            T,
            {"a": {"raw.t.a": SAME}, "b": {"raw.t.b": SAME}},
        ),
        ("SELECT x.v FROM raw.t AS t, UNNEST(t.a) AS x(v)", T, {"v": {"raw.t.a": MADE}}),
        (
            "SELECT n FROM raw.t CROSS JOIN LATERAL (SELECT sum(z) AS n FROM raw.u WHERE u.a = t.a) AS x",
            T | U,
            {"n": {"raw.u.z": COUNTED, "raw.u.a": MADE, "raw.t.a": MADE}},
        ),
        (
            "SELECT (SELECT max(z) FROM raw.u WHERE u.a = t.a) AS m FROM raw.t t",
            T | U,
            {"m": {"raw.u.z": COUNTED, "raw.u.a": MADE, "raw.t.a": MADE}},
        ),
        ("SELECT EXISTS (SELECT 1 FROM raw.u WHERE z > b) AS e FROM raw.t", T | U, {"e": {"raw.u.z", "raw.t.b"}}),
        ("SELECT s.a.upper() AS x FROM raw.t s", T, {"x": {"raw.t.a": MADE}}),
        ("SELECT a.trim().concat(b.lower(), C) AS x FROM raw.t", T, {"x": {"raw.t.a", "raw.t.b", "raw.t.C"}}),
        (
            "SELECT s.a.field.upper() AS x, raw.t.b.upper() AS y FROM raw.t s, raw.t",
            T,
            {"x": {"raw.t.a"}, "y": {"raw.t.b"}},
        ),
        ("SELECT list_transform(a, lambda b: b.upper()) AS x FROM raw.t", T, {"x": {"raw.t.a": MADE}}),
        ("SELECT g.n FROM raw.t s, generate_series(1, s.a) AS g(n)", T, {"n": {"raw.t.a": MADE}}),
        (
            "SELECT row_number() OVER w AS n, sum(b) OVER (v ORDER BY a) AS s FROM raw.t "
            "WINDOW w AS (ORDER BY C), v AS (PARTITION BY C)",
            T,
            {"n": {"raw.t.C": MADE}, "s": {"raw.t.a", "raw.t.b", "raw.t.C"}},
        ),
        ("SELECT coalesce(*COLUMNS('a|b')) AS x FROM raw.t", T, {"x": {"raw.t.*": MADE}}),
        (
            "SELECT * FROM raw.t POSITIONAL JOIN raw.u",
            {"raw__t": "a"} | U,
            {"a": {"raw.t.a": SAME}, "z": {"raw.u.z": SAME}},
        ),
        ("SELECT list_transform(a, x -> x + b) AS l FROM raw.t", T, {"l": {"raw.t.a": MADE, "raw.t.b": MADE}}),
        ("SELECT [x * 2 FOR x IN a IF x > b] AS l FROM raw.t", T, {"l": {"raw.t.a": MADE, "raw.t.b": MADE}}),
        ("SELECT a.field AS f FROM raw.t", T, {"f": {"raw.t.a": MADE}}),
        ("SELECT MAP {a: b} AS m FROM raw.t", T, {"m": {"raw.t.a": MADE, "raw.t.b": MADE}}),
        ("SELECT my_macro(a, b) AS m FROM raw.t", T, {"m": {"raw.t.a": MADE, "raw.t.b": MADE}}),
        ("SELECT sum(a) FILTER (b > 1) AS s, count(*) AS n FROM raw.t", T, {"s": {"raw.t.a", "raw.t.b"}, "n": {}}),
        (
            "SELECT row_number() OVER (PARTITION BY a ORDER BY b) AS n FROM raw.t",
            T,
            {"n": {"raw.t.a": MADE, "raw.t.b": MADE}},
        ),
        ("SELECT a FROM raw.t WHERE b = 1 QUALIFY row_number() OVER (ORDER BY C) = 1", T, {"a": {"raw.t.a": SAME}}),
        ("SELECT i AS x, 'y' AS y FROM range(10) AS r(i)", {}, {"x": {}, "y": {}}),
        ("SELECT nam FROM raw.t UNPIVOT (val FOR nam IN (a, b))", T, {"nam": {"raw.t.*"}}),
        ("SELECT t AS whole FROM raw.t t", T, {"whole": {"raw.t.*": MADE}}),
    ],
)
def test_origins_of_what_sql_can_say(sql, inputs, expected):
    found = of(sql, **inputs)
    assert {c: set(o) if isinstance(expected[c], set) else o for c, o in found.items()} == expected


@pytest.fixture(scope="module")
def real():
    settings = config.load(ROOT / "sample")  # every source
    settings._root = ROOT
    return lineage.load(settings)


def near(found: lineage.Lineage, column: str) -> set[str]:
    return {str(place) for place in found.direct_origins(found.find(column)[0])}


def ends(found: lineage.Lineage, column: str) -> set[str]:
    return {str(place) for place in found.ends_of(found.find(column)[0])}


def test_real_columns_come_from_where_they_were_written_to(real):
    assert near(real, "core.edges.substrate") == {"staging.kgml_pairs.substrate"}
    assert ends(real, "core.edges.substrate") == ends(real, "core.edges.product") == {"raw.kgml_participants.compounds"}
    assert near(real, "core.edges.enzymes") == {"raw.kgml_entries.names"}
    assert near(real, "core.planet_runs.cube") == {"raw.cubes.digest"}
    assert near(real, "core.planet_runs.split") == {"core.planets.star", "core.planets.planet", "raw.cubes.planet"}
    assert near(real, "features.planet_params.radius_si") == near(real, "features.planet_params.radius")
    assert ends(real, "features.planet_params.radius") == {
        "raw.exoplanets_pscomppars.pl_rade",
        "raw.exoplanets_pscomppars.pl_radelim",
        "seeds.solar_system.radius",
    }
    assert near(real, "features.env_vectors.ph") == {
        "seeds.environment_rules.value",
        "seeds.environment_rules.quantity",
    }
    assert near(real, "features.climate.surface_temperature") == {
        "seeds.climate_variables.quantity",
        "raw.gcm_variables.quantity",
        "raw.cube_variables.weighted_mean",
        "raw.cube_variables.unit",
        "raw.cube_variables.count",
        "raw.cube_variables.missing",
        "raw.cube_variables.coverage",
        "raw.cube_variables.min",
        "raw.cube_variables.si_unit",
        "raw.cube_variables.si_factor",
        "raw.cube_variables.si_offset",
        "raw.cube_variables.unit_gap",
    }
    assert near(real, "staging.pathway_reactions.reaction_id") == {
        "raw.kegg_links.to_id",
        "raw.kgml_reactions.reactions",
    }
    assert real.direct_origins(Place("core.planets", "planet")) == {
        Place("seeds.solar_system", "planet"): SAME,
        Place("staging.exoplanets_pscomppars", "planet"): SAME,
    }
    assert real.direct_origins(Place("core.genes", "symbols")) == {Place("raw.kegg_genes", "symbols"): COUNTED}


# Columns that are computed from no column: constants, and counts of rows.
NO_ORIGIN = {
    "core.planet_candidates.catalogue",
    "core.planets.solutions",
    "features.pathway_overviews.shared",
    "features.pathway_overviews.reactions",
    "core.edge_reconciliation.reactions",
    "core.edge_reconciliation.edges",
    "core.edge_reconciliation.duplicates",
    "features.feasible_pathways.temperature_kind",
    "features.ancient_insolation.age_of_sun",
    "features.ancient_insolation.luminosity",
    "features.ancient_insolation.synthetic",
    "features.interior_profiles.step",
    "features.interior_profiles.synthetic",
    "staging.planet_entries.catalogue",
    "staging.exoplanets_values.origin",
    "staging.exoplanet_eu_values.catalogue",
    "staging.exoplanet_eu_values.lower_limit",
    "staging.exoplanets_values.lower_limit",
    "staging.reaction_sides.side",
    "staging.exoplanet_eu_values.origin",
    "staging.open_exoplanets_values.catalogue",
    "staging.open_exoplanets_values.origin",
    "core.planet_catalogues.catalogues",
    "core.genome_same_as.said_by",
    "core.genome_statistics.sequences",
    "core.sample_balance.samples",
    "core.ontology_closure.distance",
    "core.reconstructions.genes",
    "core.reconstructions.metabolites",
    "core.reconstructions.reactions",
    "core.sample_gaps.samples",
}


def test_every_promised_column_has_an_origin_or_counts_rows_or_is_constant(real):
    project = graph.load(config.load(ROOT))
    without = set()
    for table, model in project.models.items():
        for column in model.contract.columns:
            origins = real.direct_origins(Place(table, column.name))
            assert all(origin.table in model.inputs and origin in real.columns for origin in origins)
            if not origins and not model.seed:
                without.add(f"{table}.{column.name}")
    assert without == NO_ORIGIN


def test_every_way_up_ends_in_what_was_landed_or_in_a_seed(real):
    assert {end["kind"] for end in real.ends.values()} == {"landed", "seed"}
    for place in real.columns:
        for one in lineage.reach([place], real.direct_origins):
            assert real.direct_origins(one) or one.table in real.ends or str(one) in NO_ORIGIN
    assert [s["name"] for s in real.ends["raw.kgml_entries"]["sources"]] == ["kegg"]
    assert [s["name"] for s in real.ends["raw.cubes"]["sources"]] == ["gcm"]
    assert real.ends["seeds.solar_system"]["file"] == "seeds/solar_system.csv"


def test_users_are_origins_the_other_way_round(real):
    users = real.users()
    pairs = {(place, origin) for place, origins in real.columns.items() for origin in origins}
    assert pairs == {(user, place) for place, found in users.items() for user in found}
    assert Place("core.edges", "substrate") in users[Place("staging.kgml_pairs", "substrate")]


def test_a_changed_input_changes_what_a_star_gives(tmp_path):
    one = {"models/core.py": "from lake.contract import Table\nclass S(Table):\n    star: str\n    teff: float\n"}
    files = {"sql/core/planets.sql": None, "sql/core/heat.sql": None, "macros/heat.sql": None}
    toy.make(tmp_path, **files, **one, **{"sql/core/s.sql": "SELECT * FROM seeds.stars"})
    (tmp_path / "data").mkdir()
    found = lineage.load(config.load(tmp_path))
    assert near(found, "core.s.teff") == {"seeds.stars.teff"}
    assert (tmp_path / "data" / "cache" / "lineage.json").is_file()
    contract = (tmp_path / "models" / "seeds.py").read_text().replace("teff", "temperature")
    (tmp_path / "models" / "seeds.py").write_text(contract)
    assert near(lineage.load(config.load(tmp_path)), "core.s.star") == {"seeds.stars.star"}
    assert near(lineage.load(config.load(tmp_path)), "core.s.teff") == {"seeds.stars.*"}


def test_columns_of_tables_that_nobody_declares_are_those_of_the_record(tmp_path):
    models = "from lake.contract import Table\nclass Asked(Table, empty=True):\n"
    models += "    source: str | None\n    url: str | None\n"
    files = {"sql/core/planets.sql": None, "sql/core/heat.sql": None, "macros/heat.sql": None, "models/core.py": models}
    files["sql/core/asked.sql"] = "SELECT source, u AS url FROM (SELECT * EXCLUDE (url), url AS u FROM ops.landings)"
    toy.make(tmp_path, **files)
    assert near(lineage.load(config.load(tmp_path)), "core.asked.url") == {"ops.landings.*"}
    run.run(config.load(tmp_path))
    assert near(lineage.load(config.load(tmp_path)), "core.asked.url") == {"ops.landings.url"}


def ask(*arguments: str):
    return CliRunner().invoke(lake.cli.lake, ["lineage", *arguments, "-C", str(ROOT)], catch_exceptions=False)


@pytest.mark.long
def test_a_tree_on_the_terminal():
    lines = ask("staging.kgml_pairs.substrate").output.splitlines()
    assert lines[0] == "staging.kgml_pairs.substrate comes from"
    assert lines[1].startswith("└── raw.kgml_participants.compounds  transformation, KEGG")
    assert "└── core.edges.substrate" in lines
    assert not any("goes into" in line for line in ask("core.edges.substrate", "--up").output.splitlines())


def test_a_table_lists_its_columns():
    row = next(line for line in ask("core.edges").output.splitlines() if line.startswith("product"))
    assert row.split() == ["product", "staging.kgml_pairs.product", "raw.kgml_participants.compounds"]


@pytest.mark.long
def test_json_holds_both_ways_and_the_ends():
    told = json.loads(ask("core.planets.star", "--json").output)
    assert {"column": "core.planets.star", "from": "seeds.solar_system.star", "how": SAME} in told["up"]
    assert "core.planet_runs.split" in {edge["column"] for edge in told["down"]}
    assert told["ends"]["raw.exoplanets_pscomppars"]["sources"][0]["name"] == "exoplanets"
    assert "down" not in json.loads(ask("core.planets.star", "--json", "--up").output)


def test_a_wrong_name_is_told_the_right_one(real):
    with pytest.raises(ConfigError, match=r"did you mean core\.edges\.substrate\?"):
        real.find("core.edges.substrat")
    with pytest.raises(ConfigError, match=r"did you mean core\.edges"):
        real.find("core.edge")


@pytest.mark.parametrize("count", [60, pytest.param(1000, marks=pytest.mark.slow)])
def test_many_models_in_a_row(tmp_path, count, monkeypatch):
    classes = "".join(f"class M{i:03}(Table):\n    a: int\n    b: int\n" for i in range(count))
    files = {f"sql/core/m{i:03}.sql": f"SELECT a, a + b AS b FROM core.m{i - 1:03}" for i in range(1, count)}
    files |= {"sql/core/planets.sql": None, "sql/core/heat.sql": None, "macros/heat.sql": None}
    files["models/core.py"] = "from lake.contract import Table\n" + classes
    toy.make(tmp_path, **files, **{"sql/core/m000.sql": "SELECT 1 AS a, length(star) AS b FROM seeds.stars"})
    (tmp_path / "data").mkdir()
    found = lineage.load(config.load(tmp_path))
    last = f"core.m{count - 1:03}.b"
    assert ends(found, last) == {"seeds.stars.star"}
    monkeypatch.setattr(lineage, "_of_select", lambda *_: pytest.fail("it was kept, and is parsed again"))
    assert lineage.load(config.load(tmp_path)) == found
    monkeypatch.undo()
    tree = CliRunner().invoke(lake.cli.lake, ["lineage", last, "-C", str(tmp_path)], catch_exceptions=False)
    assert tree.output.count("seeds.stars.star") == 1


@pytest.mark.parametrize("join", ["SEMI JOIN", "ANTI JOIN"])
@pytest.mark.parametrize("on", ["USING (id)", "ON a.id = b.id"])
def test_a_join_that_only_chooses_rows_breaks_nothing(join, on):
    sql = f"SELECT a.id, a.v FROM core.a a {join} core.b b {on}"
    found = lineage._of_select(sql, {"core.a": ["id", "v"], "core.b": ["id"]})
    assert found == {"id": [["core.a", "id", "identity"]], "v": [["core.a", "v", "identity"]]}


@pytest.mark.parametrize("query", queries.QUERIES)
def test_no_query_breaks_lineage(query):
    """What cannot be told of a query is told as unknown."""
    sql = parse.bare(queries.QUERIES[query])
    found = lineage._of_select(sql, {"core.s": ["id", "k", "v", "l", "st", "d"], "core.o": ["id", "w"]})
    assert all(table in ("core.s", "core.o") for origins in found.values() for table, _, _ in origins)
