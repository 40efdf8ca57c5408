"""KEGG's models: each document's edges counted a second way, odd cases by hand, every environment by a cited rule."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from conftest import ROOT

from lake import config
from lake.build import graph
from lake.build.workspace import create_macros
from lake.check import run as check
from lake.formats.answer import Answer
from lake.sources import kegg
from lake.sources.contract import Resource

MODELS = (
    "seeds.environment_rules",
    "staging.kgml_pairs",
    "staging.reaction_sides",
    "staging.pathway_reactions",
    "core.pathways",
    "core.compounds",
    "core.reactions",
    "core.genes",
    "core.edges",
    "core.edge_rejects",
    "core.edge_reconciliation",
    "features.pathway_overviews",
    "features.env_vectors",
)

OF_A_DOCUMENT = (
    "staging.kgml_pairs",
    "staging.reaction_sides",
    "core.pathways",
    "core.edges",
    "core.edge_rejects",
    "core.edge_reconciliation",
)


class Tables:
    """A duckdb with raw tables in it, and the models made from them."""

    def __init__(self):
        self.connection = duckdb.connect(config={"threads": 2})
        self.project = graph.load(config.load(ROOT))
        for layer in ("raw", "seeds", "staging", "core", "features"):
            self.connection.execute(f"CREATE SCHEMA {layer}")
        create_macros(self.connection, self.project)

    def raw(self, table: str, data: pa.Table) -> None:
        self.connection.register("_data", data)
        self.connection.execute(f"CREATE OR REPLACE TABLE raw.{table} AS SELECT * FROM _data")

    def make(self, *tables: str) -> None:
        """Make models in order; columns and types are those of their contracts, and no check fails."""
        for table in tables:
            model = self.project.models[table]
            promised = ", ".join(f'"{column.name}" {column.type}' for column in model.contract.columns)
            self.connection.execute(f"CREATE OR REPLACE TABLE {table} ({promised})")
            source = model.sql
            if model.seed:
                types = {column.name: column.type for column in model.contract.columns}
                source = f"FROM read_csv('{model.path}', header = true, columns = {types}, nullstr = '')"
            else:
                given = {row[0]: row[1] for row in self.connection.execute(f"DESCRIBE {source}").fetchall()}
                assert given == {column.name: column.type for column in model.contract.columns}, table
            self.connection.execute(f"INSERT INTO {table} BY NAME ({source})")
        found = check.run(self.connection, [self.project.models[table].contract for table in tables])
        failed = [(r.check.name, r.examples) for q in found for r in q.results if r.failed]
        assert [f for f in failed if not f[0].endswith("has rows")] == []  # one document may have no edge

    def rows(self, query: str) -> list[tuple]:
        return self.connection.execute(query).fetchall()


def read(files: dict[str, tuple[Path, str, dict]]) -> dict[str, pa.Table]:
    """Answers, each with its kind and params, as raw tables."""
    resources = [
        (Resource(id, f"https://kegg/{id}", kind, "text", p), Answer(path)) for id, (path, kind, p) in files.items()
    ]
    parts: dict[str, list[pa.Table]] = {table: [schema.empty_table()] for table, schema in kegg.TABLES.items()}
    for _, part in kegg.read_many(resources):
        if isinstance(part, Exception):
            raise part
        parts[part.table].append(part.rows)
    return {table: pa.concat_tables(found) for table, found in parts.items()}


def tables(raw: dict[str, pa.Table], models: tuple[str, ...] = MODELS) -> Tables:
    made = Tables()
    for table, data in raw.items():
        made.raw(table, data)
    made.make(*models)
    return made


def mirror(folder: Path) -> dict[str, tuple[Path, str, dict]]:
    """What a mirror holds of KEGG."""
    rest, files = folder / "rest.kegg.jp", {}
    for path in sorted(rest.glob("get/*/kgml")):
        files[f"kgml/{path.parent.name}"] = (path, "kgml", {"pathway_id": path.parent.name})
    for kind in ("compound", "reaction"):
        files[f"list/{kind}"] = (rest / "list" / kind, f"{kind}s", {})
    listed = rest / "list/pathway"
    files["list/pathway"] = (listed if listed.is_file() else rest / "list/pathway.tsv", "pathways", {})
    for organism in ("hsa", "eco"):
        if (rest / "list" / organism).is_file():
            files[f"list/{organism}"] = (rest / "list" / organism, "genes", {"organism": organism})
        if (rest / "list/pathway" / organism).is_file():
            path = rest / "list/pathway" / organism
            files[f"list/pathway/{organism}"] = (path, "organism_pathways", {"organism": organism})
    for path in rest.glob("link/*/*"):
        files[f"link/{path.parent.name}/{path.name}"] = (path, "links", {})
    files["brite/br08901"] = (rest / "get/br_br08901/json", "hierarchy", {"brite": "br08901"})
    for path in folder.glob("www.kegg.jp/pathway/map*"):
        files[f"overview/{path.stem}"] = (path, "map_areas", {"pathway_id": path.stem})
    return files


@pytest.fixture(scope="module")
def real(upstream) -> tuple[Tables, list[Path]]:
    files = mirror(upstream)
    return tables(read(files)), [path for path, kind, _ in files.values() if kind == "kgml"]


@pytest.fixture(scope="module")
def sample() -> Tables:
    return tables(read(mirror(ROOT / "sample")))


def counted(path: Path) -> tuple[str, Counter, dict[tuple, tuple[bool, set]]]:
    """A document's edges by another parser and another way: its pathway, its counts, its edges."""
    root = ElementTree.parse(path).getroot()
    counts: Counter[str] = Counter()
    edges: dict[tuple, bool] = {}
    enzymes: dict[str, set] = {}  # of each reaction
    entries = {e.get("id"): e for e in root.iter("entry") if e.get("type") in ("gene", "ortholog", "enzyme")}
    for entry in entries.values():
        for name in (entry.get("reaction") or "").split():
            enzymes.setdefault(name[3:], set()).update(entry.get("name").split())
    for element in root.iter("reaction"):
        substrates, products = (
            [name.partition(":")[2] for part in element.findall(role) for name in part.get("name").split()]
            for role in ("substrate", "product")
        )
        counts["reactions"] += 1
        counts["aside"] += not (substrates and products)
        for reaction in (name[3:] for name in element.get("name").split()):
            if element.get("id") in entries:
                enzymes.setdefault(reaction, set()).update(entries[element.get("id")].get("name").split())
            for edge in ((reaction, s, p) for s in substrates for p in products):
                counts["pairs"] += 1
                edges[edge] = edges.get(edge, False) or element.get("type") == "reversible"
    both = {edge: (reversible, enzymes.get(edge[0], set())) for edge, reversible in edges.items()}
    return root.get("name").removeprefix("path:"), counts, both


@pytest.mark.long
def test_every_real_document_reconciles(real):
    made, files = real
    assert len(files) >= 289
    expected = {}
    for path in files:
        pathway, counts, edges = counted(path)
        expected[pathway] = (
            counts["reactions"], counts["reactions"] - counts["aside"], counts["aside"],
            counts["pairs"], len(edges), counts["pairs"] - len(edges), 0,
        )  # fmt: skip
    assert {row[0]: row[1:] for row in made.rows("FROM core.edge_reconciliation")} == expected
    assert sum(row[4] for row in expected.values()) > 11_000


def test_pairs_that_several_reactions_share_are_marked(real):
    made, _ = real
    ((shared, against),) = made.rows(
        "SELECT count(*), count(*) FILTER (WHERE in_equation = false) FROM core.edges WHERE shared"
    )
    assert shared > 0
    ((single,),) = made.rows("SELECT count(*) FROM core.edges WHERE in_equation")
    assert against < shared
    assert single > 0
    several = made.rows(
        """SELECT count(*) FROM core.edges e WHERE shared AND EXISTS (
           SELECT 1 FROM raw.kgml_reactions r JOIN staging.kgml_pairs p ON p.pathway_id = r.pathway_id
           AND p.reaction = r.reaction WHERE len(r.reactions) = 1 AND p.pathway_id = e.pathway_id
           AND p.reaction_id = e.reaction_id AND p.substrate = e.substrate AND p.product = e.product)"""
    )
    assert several == [(0,)]


def test_real_edges_are_those_of_the_documents_with_their_enzymes(real):
    made, files = real
    found: dict[str, dict] = {}
    for pathway, reaction, substrate, product, reversible, enzymes in made.rows(
        "SELECT pathway_id, reaction_id, substrate, product, reversible, enzymes FROM core.edges"
    ):
        assert enzymes == sorted(set(enzymes))
        found.setdefault(pathway, {})[reaction, substrate, product] = (reversible, set(enzymes))
    for path in files:
        pathway, _, edges = counted(path)
        assert found.get(pathway, {}) == edges, pathway


def test_real_pathways_have_classes_and_their_lists_names(real):
    made, _ = real
    listed = made.rows("SELECT count(*), count(class), count(subclass) FROM core.pathways WHERE pathway_id LIKE 'map%'")
    assert listed == [(580, 571, 571)]
    assert made.rows("FROM core.pathways WHERE pathway_id IN ('map00010', 'hsa00010') ORDER BY 1") == [
        ("hsa00010", "00010", "Glycolysis / Gluconeogenesis", "Metabolism", "Carbohydrate metabolism", "hsa", False),
        ("map00010", "00010", "Glycolysis / Gluconeogenesis", "Metabolism", "Carbohydrate metabolism", None, True),
    ]


def test_a_name_is_its_lists_and_not_the_first_of_the_alphabet():
    raw = {table: schema.empty_table() for table, schema in kegg.TABLES.items()}
    raw["kegg_pathways"] = fill("kegg_pathways", [{"pathway_id": "map00010", "name": "Zymology"}])
    raw["kgml_pathways"] = fill("kgml_pathways", [{"pathway_id": "map00010", "organism": "map", "title": "Aardvark"}])
    assert tables(raw, ("core.pathways",)).rows("SELECT name, class FROM core.pathways") == [("Zymology", None)]


def fill(table: str, rows: list[dict]) -> pa.Table:
    rows = [{"_record": n, **row} for n, row in enumerate(rows, 1)]
    return pa.Table.from_pylist(rows, kegg.TABLES[table])


KGML = """<?xml version="1.0"?>
<pathway name="path:ko99999" org="ko" number="99999" title="Odd ones">
  <entry id="1" name="ko:K00002 ko:K00001" type="ortholog" reaction="rn:R00001"/>
  <entry id="2" name="ko:K00001 ko:K00003" type="ortholog" reaction="rn:R00001 rn:R00009"/>
  <entry id="3" name="cpd:C00001" type="compound"/>
  <entry id="4" name="undefined" type="group"/>
  {}
</pathway>"""


def odd(tmp_path: Path, reactions: str) -> Tables:
    path = tmp_path / "kgml"
    path.write_text(KGML.format(reactions))
    return tables(read({"kgml/ko99999": (path, "kgml", {"pathway_id": "ko99999"})}), OF_A_DOCUMENT)


def reaction(id: str, name: str, substrates: str, products: str, type: str = "irreversible") -> str:
    sides = [f'<substrate id="7" name="{s}"/>' for s in substrates.split(",") if s]
    sides += [f'<product id="8" name="{p}"/>' for p in products.split(",") if p]
    return f'<reaction id="{id}" name="{name}" type="{type}">{"".join(sides)}</reaction>'


RECONCILED = (
    "SELECT reactions, reactions_with_edges, reactions_aside, pairs, edges, duplicates, pairs_aside "
    "FROM core.edge_reconciliation"
)


def test_multi_id_names_are_split_on_every_side(tmp_path):
    sides = "cpd:C00001 cpd:C00002,gl:G00001", "cpd:C00003,dr:D00001"
    made = odd(tmp_path, reaction("1", "rn:R00001 rn:R00002", *sides))
    found = made.rows(
        "SELECT reaction_id, count(*), min(substrate), max(product) FROM core.edges GROUP BY 1 ORDER BY 1"
    )
    assert found == [
        ("R00001", 6, "C00001", "D00001"),
        ("R00002", 6, "C00001", "D00001"),
    ]
    assert made.rows(RECONCILED) == [(1, 1, 0, 12, 12, 0, 0)]


def test_enzymes_are_of_the_entry_that_carries_it_and_of_those_that_name_it(tmp_path):
    made = odd(
        tmp_path,
        reaction("1", "rn:R00005", "cpd:C00001", "cpd:C00002")  # carried by entry 1, named by none
        + reaction("77", "rn:R00009", "cpd:C00001", "cpd:C00002")  # carried by none, named by entry 2
        + reaction("88", "rn:R00001", "cpd:C00001", "cpd:C00002")  # carried by none, named by both
        + reaction("4", "rn:R00006", "cpd:C00001", "cpd:C00002"),  # carried by a group without a name of its own
    )
    assert made.rows("SELECT reaction_id, enzymes FROM core.edges ORDER BY 1") == [
        ("R00001", ["ko:K00001", "ko:K00002", "ko:K00003"]),
        ("R00005", ["ko:K00001", "ko:K00002"]),
        ("R00006", []),
        ("R00009", ["ko:K00001", "ko:K00003"]),
    ]


def test_duplicates_go_and_one_that_is_reversible_makes_it_so(tmp_path):
    made = odd(
        tmp_path,
        reaction("1", "rn:R00001", "cpd:C00001", "cpd:C00002")
        + reaction("2", "rn:R00001", "cpd:C00001", "cpd:C00002", "reversible")
        + reaction("2", "rn:R00001", "cpd:C00002", "cpd:C00001"),  # the other way round is another edge
    )
    assert made.rows("SELECT substrate, product, reversible FROM core.edges ORDER BY 1") == [
        ("C00001", "C00002", True),
        ("C00002", "C00001", False),
    ]
    assert made.rows(RECONCILED) == [(3, 3, 0, 3, 2, 1, 0)]


def test_what_is_no_edge_is_kept_aside_with_its_reason(tmp_path):
    made = odd(
        tmp_path,
        reaction("1", "rn:R00001", "cpd:C00001", "")
        + reaction("1", "rn:R00002", "", "cpd:C00001,cpd:C00002")
        + reaction("1", "rn:R00003", "", "")
        + reaction("1", "rn:R00004 rn:what", "cpd:C00001 undefined", "cpd:C00002")
        + reaction("1", "undefined", "cpd:C00001", "cpd:C00002")
        + reaction("1", "rn:R00005", "cpd:C00001", "cpd:C00002"),
    )
    assert made.rows("SELECT reaction, reason, pairs, whole FROM core.edge_rejects ORDER BY 1") == [
        (0, "no product", 0, True),
        (1, "no substrate", 0, True),
        (2, "no substrate and no product", 0, True),
        (3, "an id that is no reaction or compound", 3, False),
        (4, "an id that is no reaction or compound", 1, True),
    ]
    assert made.rows("SELECT reaction_id, substrate FROM core.edges ORDER BY 1") == [
        ("R00004", "C00001"),
        ("R00005", "C00001"),
    ]
    assert made.rows(RECONCILED) == [(6, 2, 4, 6, 2, 0, 4)]


def test_a_document_without_reactions_reconciles_too(tmp_path):
    assert odd(tmp_path, "").rows(RECONCILED) == [(0, 0, 0, 0, 0, 0, 0)]


def test_every_sample_edge_has_known_ends(sample):
    assert sample.rows("SELECT count(*) > 100 FROM core.edges") == [(True,)]
    ends = "SELECT unnest([substrate, product]) AS id FROM core.edges"
    assert sample.rows(f"SELECT id FROM ({ends}) WHERE id NOT IN (SELECT compound_id FROM core.compounds)") == []


# environments

QUANTITIES = ("ph", "temperature", "o2", "redox")


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_every_environment_is_that_of_the_rule_in_its_row(sample, quantity):
    q = quantity
    wrong = f"""
        SELECT e.pathway_id FROM features.env_vectors e
        LEFT JOIN seeds.environment_rules r ON r.rule_id = e.{q}_rule AND r.quantity = '{q}'
        WHERE (e.{q}, e.{q}_low, e.{q}_high, e.{q}_basis) IS DISTINCT FROM (r.value, r.low, r.high, r.basis)"""
    assert sample.rows(wrong) == []
    assert sample.rows(f"SELECT count({q}_rule) > 0 FROM features.env_vectors") == [(True,)]


def test_a_pathway_without_a_rule_says_so_and_has_nothing(sample):
    rows = sample.rows("FROM features.env_vectors WHERE status = 'no rule'")
    assert "map04146" in {row[0] for row in rows}
    assert all(value is None for row in rows for value in row[1:-1])


def test_rules_on_names_hold_for_reference_pathways_alone(sample):
    found = dict(sample.rows("SELECT pathway_id, redox_rule FROM features.env_vectors"))
    assert found["map00910"] == found["ko00910"] == "nitrogen_redox"
    assert found["eco00910"] is None  # E. coli's part of the map; its own rules are by id
    assert found["eco00190"] == found["map00190"] == "respiration_redox"
    acid = "SELECT ph, ph_low, ph_rule FROM features.env_vectors WHERE pathway_id = '{}'"
    assert sample.rows(acid.format("eco00010")) == [(7.6, 7.4, "coli_ph")]
    assert sample.rows(acid.format("map00010")) == [(None, 6.5, "metabolism_ph")]


def test_the_lowest_priority_wins_and_then_the_first_by_name(sample):
    for rule, priority, value, expected in (("b", 2, 2, 2), ("a", 2, 1, 1), ("z", 1, 5, 5), ("c", 3, 6, 5)):
        sample.connection.execute(
            f"INSERT INTO seeds.environment_rules VALUES ('{rule}', {priority}, 'pathway', 'map00010', 'ph', {value}, "
            "NULL, NULL, '1', 'cell', 'a citation that is long enough', '')"
        )
        sample.make("features.env_vectors")
        found = sample.rows("SELECT ph, ph_rule FROM features.env_vectors WHERE pathway_id = 'map00010'")
        assert [ph for ph, _ in found] == [expected]
