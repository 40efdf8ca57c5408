"""A lake builds the models that have something to read; what would be empty is skipped, and said."""

from __future__ import annotations

import json

import pytest
import typed

import lake
from lake import config, project, sources
from lake.build import graph, scope
from lake.check.run import targets
from lake.errors import ConfigError
from lake.land.engine_tables import ENGINE

ARCHIVES = ("kegg", "exoplanets", "gcm", "spectra", "uniprot", "gtdb")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return graph.load(config.load(project.copy(tmp_path_factory.mktemp("scope") / "lake")))


def raw(whole, table):
    """The raw tables that a model reads, near or far."""
    return {name for one in whole.upstream([table]) for name in whole.models[one].inputs if name.startswith("raw.")}


@pytest.mark.parametrize("named", [{name} for name in ARCHIVES] + [{"kegg", "exoplanets"}, set(sources.names())])
def test_what_has_rows_is_built_with_all_that_it_needs(whole, named):
    own = {f"raw.{table}" for name in named for table in sources.get(name).TABLES} | {f"raw.{t}" for t in ENGINE}
    built = scope.within(whole, named)
    assert built.models.keys() | built.skipped.keys() == whole.models.keys()
    for table, archives in built.skipped.items():
        assert not raw(whole, table) & own
        assert archives
        assert not named & set(archives)
    for model in built.models.values():
        assert {table for table in model.inputs if not table.startswith("raw.")} <= built.models.keys()
        assert targets(model.contract) <= built.models.keys()
    has_rows = {table for table in whole.models if not raw(whole, table) or raw(whole, table) & own}
    assert has_rows <= built.models.keys()


def test_of_one_archive_most_models_are_skipped_and_of_all_none(whole):
    assert len(scope.within(whole, {"kegg"}).skipped) > len(whole.models) / 2
    assert not scope.within(whole, set(sources.names())).skipped


@pytest.mark.long
def test_a_lake_of_one_archive_has_its_own_tables_and_gets_others_when_it_is_told(tmp_path):
    folder = project.copy(tmp_path / "lake", sample=True)
    text = (folder / "lake.toml").read_text()
    head, rest = text.split("[sources.kegg]")
    planets = head + rest[rest.index("[sources.exoplanets]") : rest.index("# Synthetic")]
    (folder / "lake.toml").write_text(planets)
    lake.run(folder)
    with lake.open(folder) as here:
        first = set(here.tables())
    assert {"core.planets", "features.planet_params"} <= first
    assert not {table for table in first if table.startswith(("raw.ena", "raw.uniprot"))}
    assert "core.edges" not in first
    built = json.loads(typed.lake("build", "-C", folder, "--json").stdout)
    assert "core.edges" in built["skipped"]
    planned = typed.lake("plan", "-C", folder)
    assert f"{len(built['skipped'])} skipped (lake.toml does not name their archives)" in planned.stdout
    for command in ("build", "plan"):
        refused = typed.lake(command, "core.edges", "-C", folder)
        assert refused.returncode == ConfigError.exit_code
        assert "add [sources.kegg] to lake.toml, then lake run" in refused.stderr
    assert typed.lake("check", "-C", folder).returncode == 0
    assert typed.lake("docs", "-C", folder).returncode == 0
    (folder / "lake.toml").write_text(text)
    lake.run(folder)
    with lake.open(folder) as here:
        assert "core.edges" in here.tables()
        assert set(here.tables()) >= first
    (folder / "lake.toml").write_text(planets)
    lake.run(folder)
    with lake.open(folder) as here:
        assert "core.edges" not in here.tables()
