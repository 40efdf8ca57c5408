"""The whole way, as a user goes it: on the embedded sample, and on the real files through a loopback mirror."""

from __future__ import annotations

import functools
import http.server
import json
import threading
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

import lake
from lake import config, fetch, land, project
from lake.astro import keys
from lake.build import run as building


def everything(folder: Path):
    settings = config.load(folder)
    return fetch.run(settings), land.run(settings), building.run(settings)


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    folder = project.copy(tmp_path_factory.mktemp("whole") / "lake", sample=True)
    return folder, everything(folder)


@pytest.mark.long
def test_the_sample_comes_in_whole(sample):
    _, (fetched, landed, built) = sample
    assert not fetched.failed
    assert [f["resource"] for f in fetched.failures if "br08606" in f["resource"]], "the environment table is a gap"
    assert landed.unreadable == []
    for tally in landed.tallies.values():
        assert tally.seen == tally.landed + tally.rejected
        assert tally.landed > 0
    assert sum(tally.rejected for tally in landed.tallies.values()) >= 2  # broken on purpose
    assert built.snapshot


def test_a_second_time_there_is_nothing_to_do(sample):
    folder, (_, _, first) = sample
    fetched, landed, built = everything(folder)
    assert fetched.asked <= 10  # the gaps only
    assert not landed.changed
    assert (built.built, built.snapshot) == ([], first.snapshot)


def test_planets_of_one_star_never_part(sample):
    with lake.open(sample[0]) as here:
        parted = here.sql("SELECT star FROM core.planet_runs GROUP BY star HAVING count(DISTINCT split) > 1")
        assert parted.fetchall() == []
        assert here.sql("SELECT count(*) FROM core.planet_runs WHERE star = 'TRAPPIST-1'").fetchone()[0] >= 7


def test_a_pathway_without_a_rule_has_nulls_and_says_so(sample):
    with lake.open(sample[0]) as here:
        filled = here.sql(
            "FROM features.env_vectors WHERE status = 'no rule' AND coalesce(ph, temperature, o2, redox) IS NOT NULL"
        )
        assert filled.fetchall() == []
        value = here.sql(
            "SELECT e.redox, r.citation FROM features.env_vectors e "
            "JOIN seeds.environment_rules r ON r.rule_id = e.redox_rule "
            "WHERE pathway_id = 'map00680'"
        ).fetchone()
        assert value[0] == -0.244
        assert "doi:10.1128/br.41.1.100-180.1977" in value[1]


def test_limits_are_not_measurements(sample):
    with lake.open(sample[0]) as here:
        wrong = here.sql("FROM features.planet_params WHERE mass_limit <> 0 AND mass IS NOT NULL")
        assert wrong.fetchall() == []
        earth = here.sql("SELECT density_of(1.0, 1.0), gravity_of(1.0, 1.0)").fetchone()
        assert earth == pytest.approx((5495, 9.798), rel=1e-3)  # of the nominal equatorial radius


def test_every_number_has_a_unit_that_pint_knows(sample):
    import pint

    from lake.contract import load

    units = pint.UnitRegistry()
    units.define("earth_insolation = 1361 watt / meter ** 2")
    units.define("earth_radius = 6378100 meter")
    units.define("solar_radius = 695700000 meter")
    units.define("solar_mass = 1.98841e30 kilogram")
    units.define("earth_mass = 5.97217e24 kilogram")
    units.define("dex = []")
    for contract in load(sample[0] / "models").values():
        for column in contract.columns:
            if column.unit:
                units.parse_units(column.unit)
            elif column.type == "DOUBLE":
                told = contract.table.startswith("seeds.") or "unit" in {other.name for other in contract.columns}
                assert told, f"{contract.table}.{column.name} has no unit, and no column `unit` beside it"


@pytest.mark.long
def test_keys_are_the_same_in_sql_and_python_on_a_million_names(sample):
    with lake.open(sample[0]) as here:
        rows = here.sql(
            "SELECT p, planet_run_key(p, 'observed', 'm', NULL, '') AS k "
            "FROM (SELECT 'Planet ''' || i || '\" é;' AS p FROM range(1000000) t(i))"
        ).fetchnumpy()
    assert len(np.unique(rows["k"])) == 1_000_000
    assert rows["k"].min() >= 0
    for i in range(0, 1_000_000, 997):
        assert keys.planet_run_key(str(rows["p"][i]), "observed", "m") == rows["k"][i]


@pytest.fixture(scope="module")
def real(upstream, tmp_path_factory):
    """A lake on all real KGML files, lists and planet tables, through an HTTP mirror on this machine."""
    quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(quiet, directory=upstream))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    folder = project.copy(tmp_path_factory.mktemp("real") / "lake")
    pathways = sorted(path.parent.name for path in upstream.glob("rest.kegg.jp/get/*/kgml"))
    (folder / "lake.toml").write_text(
        f'[lake]\nmirror = "http://127.0.0.1:{server.server_port}"\n[sources.kegg]\norganisms = ["hsa"]\nkgml = []\n'
        f'links = ["compound/pathway", "module/pathway"]\npathways = {json.dumps(pathways)}\n[sources.exoplanets]\n'
    )
    yield folder, everything(folder), [upstream / "rest.kegg.jp/get" / p / "kgml" for p in pathways]
    server.shutdown()


@pytest.mark.slow
def test_real_edges_reconcile_with_the_files(real):
    folder, (fetched, landed, _), files = real
    assert {f["resource"] for f in fetched.failures} <= {"list/pathway/hsa", "brite/br08606"}
    assert landed.unreadable == []
    pairs, aside, edges = 0, 0, set()
    for file in files:
        root = ElementTree.parse(file).getroot()
        for reaction in root.iter("reaction"):
            ids = [name.removeprefix("rn:") for name in dict.fromkeys(reaction.get("name").split())]
            sides = [
                [n.split(":")[1] for child in reaction.findall(role) for n in dict.fromkeys(child.get("name").split())]
                for role in ("substrate", "product")
            ]
            aside += not all(sides)
            found = [(root.get("name"), r, s, p) for r in ids for s in sides[0] for p in sides[1]]
            pairs += len(found)
            edges.update(found)
    with lake.open(folder) as here:
        count = lambda table: here.sql(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: E731
        assert count("staging.kgml_pairs") == pairs
        assert count("core.edges") == len(edges)
        assert count("core.edge_rejects") == aside
        assert count("core.planets WHERE catalogue = 'nasa.pscomppars'") == 6273
        assert count("core.planet_candidates") == 7699 + 9564
        assert count("core.genes") == 24686
        classes = here.sql("SELECT count(*), count(class) FROM core.pathways WHERE pathway_id LIKE 'map%'").fetchone()
        assert classes[1] / classes[0] > 0.98
