"""A pathway as a graph: the same in Python and in the file, nothing lost, nothing made up."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import networkx as nx
import pytest
import toy

import lake
from lake import config, land
from lake.astro import graph
from lake.build import run as building
from lake.errors import ConfigError, StorageError

ODD = 'odd/../id: "a;b" <&> é'
FILES = {
    "lake.toml": '[lake]\nname = "graphs"\n',
    "seeds/stars.csv": None,
    "models/seeds.py": None,
    "sql/core/planets.sql": None,
    "sql/core/heat.sql": None,
    "macros/heat.sql": None,
    "models/core.py": """
from lake.contract import Table

class Pathways(Table, key="pathway_id"):
    pathway_id: str
    name: str
    class_: str | None

class Compounds(Table, key="compound_id"):
    compound_id: str
    name: str

class Edges(Table, key=("pathway_id", "reaction_id", "substrate", "product")):
    pathway_id: str
    reaction_id: str
    substrate: str
    product: str
    reversible: bool
    enzymes: list[str]
""",
    "models/features.py": '''
from typing import Annotated
from lake.contract import Table, Unit

class EnvVectors(Table, key="pathway_id"):
    pathway_id: str
    ph: float | None
    """Acidity."""
    temperature: Annotated[float | None, Unit("K")]
    """Temperature."""
    temperature_rule: str | None
    o2: Annotated[float | None, Unit("1")]
    redox: Annotated[float | None, Unit("V")]
    """Redox potential."""
    status: str
''',
    "sql/core/pathways.sql": f"""
SELECT * FROM (VALUES ('map00010', 'Glycolysis', 'Metabolism'), ('{ODD}', 'A "name"; & more <', NULL),
                      ('map09999', 'Signals', 'Human'), ('map00020', 'Bare', NULL)) AS t(pathway_id, name, class)""",
    "sql/core/compounds.sql": """
SELECT * FROM (VALUES ('C1', 'Pyruvate'), ('C2', 'bell' || chr(7) || ' & <"x;y">'), ('C3', 'β-D-glucose'))
    AS t(compound_id, name)""",
    "sql/core/edges.sql": f"""
SELECT * FROM (VALUES
    ('map00010', 'R2', 'C1', 'C2', true, ['ko:K2', 'ko:K1']), ('map00010', 'R1', 'C1', 'C2', false, ['ko:K1']),
    ('map00010', 'R3', 'C2', 'C1', false, CAST([] AS VARCHAR[])), ('map00010', 'R4', 'C2', 'C9', true, []),
    ('map00010', 'R5', 'C3', 'C3', true, ['ec:1.1.1.1']), ('{ODD}', 'R1', 'C1', 'C2', false, ['ko:K1']),
    ('map00020', 'R1', 'C1', 'C3', false, ['ko:K1'])
) AS t(pathway_id, reaction_id, substrate, product, reversible, enzymes)""",
    "sql/features/env_vectors.sql": f"""
SELECT * FROM (VALUES
    ('map00010', 7.0::DOUBLE, 298.15::DOUBLE, 'rule_t', NULL::DOUBLE, -0.19::DOUBLE, 'by rule'),
    ('{ODD}', NULL, NULL, NULL, 0.0, NULL, 'by rule'), ('map00020', NULL, NULL, NULL, NULL, NULL, 'no rule')
) AS t(pathway_id, ph, temperature, temperature_rule, o2, redox, status)""",
}


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    folder = toy.make(tmp_path_factory.mktemp("export") / "lake", **FILES)
    settings = config.load(folder)
    land.run(settings)
    building.run(settings)
    with lake.open(folder) as opened:
        yield opened


def same(one: nx.DiGraph, other: nx.DiGraph) -> bool:
    parts = [(dict(g.nodes(data=True)), {(s, t): d for s, t, d in g.edges(data=True)}) for g in (one, other)]
    ours = {"node_default", "edge_default"}  # what read_graphml adds
    facts = [{key: value for key, value in g.graph.items() if key not in ours} for g in (one, other)]
    return parts[0] == parts[1] and facts[0] == facts[1] and type(one) is type(other)


@pytest.mark.long
def test_a_pathway_is_a_graph_with_its_environment(here):
    found = graph.graph(here, "map00010")
    assert found.graph == {
        "pathway_id": "map00010",
        "name": "Glycolysis",
        "class": "Metabolism",
        "ph": 7.0,
        "temperature": 298.15,
        "temperature_rule": "rule_t",
        "redox": -0.19,
        "status": "by rule",
        "units": "temperature K; o2 1; redox V",
        "snapshot": here.snapshot,
    }
    assert dict(found.nodes(data="name")) == {
        "C1": "Pyruvate",
        "C2": 'bell\ufffd & <"x;y">',
        "C3": "β-D-glucose",
        "C9": None,
    }


def test_reactions_of_a_pair_share_an_edge_and_reversible_ones_run_both_ways(here):
    edges = {(s, t): data for s, t, data in graph.graph(here, "map00010").edges(data=True)}
    assert edges == {
        ("C1", "C2"): {"reactions": "R1;R2", "reversible": True, "enzymes": "ko:K1;ko:K2"},
        ("C2", "C1"): {"reactions": "R2;R3", "backward": "R2", "reversible": True, "enzymes": "ko:K1;ko:K2"},
        ("C2", "C9"): {"reactions": "R4", "reversible": True},
        ("C9", "C2"): {"reactions": "R4", "backward": "R4", "reversible": True},
        ("C3", "C3"): {"reactions": "R5", "backward": "R5", "reversible": True, "enzymes": "ec:1.1.1.1"},
    }


def test_what_is_written_reads_back_the_same(here, tmp_path):
    summary = graph.write(here, tmp_path / "graphs")
    files = sorted((tmp_path / "graphs").iterdir())
    read = {nx.read_graphml(file).graph["pathway_id"]: nx.read_graphml(file) for file in files}
    assert set(read) == {"map00010", "map00020", ODD}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for pathway, found in read.items():
            assert same(found, graph.graph(here, pathway))
    assert summary.as_dict() == {
        "folder": str(tmp_path / "graphs"),
        "snapshot": here.snapshot,
        "written": 3,
        "nodes": 4 + 2 + 2,
        "edges": 5 + 1 + 1,
        "without_environment": ["map00020"],
        "without_edges": ["map09999"],
    }


def test_file_names_are_safe_and_files_the_same_each_time(here, tmp_path):
    graph.write(here, tmp_path / "one")
    graph.write(here, tmp_path / "two", ["map00020", ODD, "map00020", "map00010"])
    names = sorted(os.listdir(tmp_path / "one"))
    assert names == sorted(os.listdir(tmp_path / "two"))
    assert "odd%2F..%2Fid%3A%20%22a%3Bb%22%20%3C%26%3E%20%C3%A9.graphml" in names
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_pathway_without_environment_is_named_in_a_warning(here):
    with pytest.warns(UserWarning, match="map00020 has no environment"):
        found = graph.graph(here, "map00020")
    assert not graph.has_environment(found)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        graph.graph(here, "map00010")
        assert graph.graph(here, ODD).graph["o2"] == 0.0  # nothing is not the same as not known


def test_a_pathway_without_reactions_is_written_where_it_is_asked_for(here, tmp_path):
    summary = graph.write(here, tmp_path, ["map09999"])
    found = nx.read_graphml(tmp_path / "map09999.graphml")
    assert (summary.written, summary.without_edges) == (1, ["map09999"])
    assert (len(found), found.graph["name"]) == (0, "Signals")


def test_an_unknown_pathway_is_refused(here, tmp_path):
    with pytest.raises(ConfigError, match="no pathway 'map12345'"):
        graph.graph(here, "map12345")
    with pytest.raises(ConfigError, match="no pathway 'map12345'"):
        graph.write(here, tmp_path, ["map00010", "map12345"])
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_said_so(here, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        graph.write(here, tmp_path / "file")
    taken = tmp_path / "map00010.graphml"
    taken.mkdir()
    with pytest.raises(StorageError):
        graph.write(here, tmp_path)
    assert sorted(Path(tmp_path).iterdir()) == [tmp_path / "file", taken]
