"""OWL in each form that RDF/XML lets it have, against rdflib; OBO graphs with what is not as it should be in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rdflib import OWL, RDF, RDFS, Graph, URIRef

from lake.errors import Unreadable
from lake.formats.answer import Answer
from lake.formats.ontology.rows import curie
from lake.sources import ontologies
from lake.sources.contract import Resource

OBO = "http://purl.obolibrary.org/obo/"
HEAD = f"""<?xml version="1.0"?>
<rdf:RDF xmlns="{OBO}t.owl#" xml:base="{OBO}t.owl" xmlns:obo="{OBO}" xmlns:owl="http://www.w3.org/2002/07/owl#"
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#"
 xmlns:oboInOwl="http://www.geneontology.org/formats/oboInOwl#"><owl:Ontology rdf:about="{OBO}t.owl"/>"""


def read(path: Path, content: str | bytes) -> tuple[dict, list]:
    """table -> rows; and the rejects."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    rows: dict = {}
    rejects = []
    for part in ontologies.read(Resource("x", f"https://example.org/{path.name}", "ontology", "xml"), Answer(path)):
        bad = part.rejects.to_pylist() if part.rejects is not None else []
        assert part.seen == len(part.rows) + len(bad)
        rows.setdefault(part.table.removeprefix("ontologies_"), []).extend(part.rows.to_pylist())
        rejects += bad
    return rows, rejects


def owl(path: Path, body: str) -> tuple[dict, list]:
    return read(path, f"{HEAD}{body}</rdf:RDF>")


def said(rows: dict) -> tuple[dict, set]:
    terms = {row["term"]: row["name"] for row in rows["terms"]}
    return terms, {(row["term"], row["predicate"], row["target"]) for row in rows["relations"]}


CHILD = {"X:3": "grandchild", "X:2": "child", "X:1": "root"}
FORMS = {
    "flat": f'''<owl:Class rdf:about="{OBO}X_3"><rdfs:label>grandchild</rdfs:label>
        <rdfs:subClassOf rdf:resource="{OBO}X_2"/>
        </owl:Class><owl:Class rdf:about="{OBO}X_2"><rdfs:label>child</rdfs:label>
        <rdfs:subClassOf rdf:resource="{OBO}X_1"/>
        </owl:Class><owl:Class rdf:about="{OBO}X_1"><rdfs:label>root</rdfs:label></owl:Class>''',
    "nested": f'''<owl:Class rdf:about="{OBO}X_3"><rdfs:label>grandchild</rdfs:label><rdfs:subClassOf>
        <owl:Class rdf:about="{OBO}X_2"><rdfs:label>child</rdfs:label><rdfs:subClassOf><owl:Class rdf:about="{OBO}X_1">
        <rdfs:label>root</rdfs:label></owl:Class></rdfs:subClassOf></owl:Class></rdfs:subClassOf></owl:Class>''',
    "comments": f'''<!-- a --><owl:Class rdf:about="{OBO}X_3"><!-- b --><?c d?>
        <rdfs:label>grand<!-- e -->child</rdfs:label>
        <rdfs:subClassOf rdf:resource="{OBO}X_2"/><?f g?></owl:Class><owl:Class rdf:about="{OBO}X_2"><rdfs:label>child
        </rdfs:label><rdfs:subClassOf><!-- h --><owl:Class rdf:about="{OBO}X_1"/></rdfs:subClassOf></owl:Class><?i j?>
        <owl:Class rdf:about="{OBO}X_1"><rdfs:label>root</rdfs:label></owl:Class>''',
    "described": "".join(
        f'''<rdf:Description rdf:about="{OBO}X_{n}"><rdfs:label>{name}</rdfs:label>{above}
        <rdf:type rdf:resource="http://www.w3.org/2002/07/owl#Class"/></rdf:Description>'''
        for n, name, above in (
            (3, "grandchild", f'<rdfs:subClassOf rdf:resource="{OBO}X_2"/>'),
            (2, "child", f'<rdfs:subClassOf rdf:resource="{OBO}X_1"/>'),
            (1, "root", ""),
        )
    ),
    "relative": """<owl:Class rdf:about="X_3"><rdfs:label>grandchild</rdfs:label>
        <rdfs:subClassOf rdf:resource="X_2"/></owl:Class>
        <owl:Class rdf:about="X_2" rdfs:label="child"><rdfs:subClassOf rdf:resource="/obo/X_1"/></owl:Class>
        <owl:Class rdf:about="../obo/X_1"><rdfs:label>root</rdfs:label></owl:Class>""",
}


@pytest.mark.parametrize("form", FORMS)
def test_the_same_classes_in_each_form(tmp_path, form):
    rows, rejects = owl(tmp_path / "x.owl", FORMS[form])
    terms, relations = said(rows)
    assert (terms, rejects) == (CHILD, [])
    assert relations == {("X:3", "is_a", "X:2"), ("X:2", "is_a", "X:1")}


def test_as_rdflib_writes_it(tmp_path):
    graph = Graph().parse(data=f"{HEAD}{FORMS['flat']}</rdf:RDF>", format="xml")
    for form in ("xml", "pretty-xml"):
        rows, rejects = read(tmp_path / "x.owl", graph.serialize(format=form))
        terms, relations = said(rows)
        assert (terms, rejects) == (CHILD, [])
        assert relations == {("X:3", "is_a", "X:2"), ("X:2", "is_a", "X:1")}


def test_names_of_its_own_document(tmp_path):
    body = """<owl:Class rdf:about="#here"><rdfs:label>a</rdfs:label></owl:Class><owl:Class rdf:ID="there">
        <rdfs:subClassOf
        rdf:resource="#here"/></owl:Class><owl:Class xml:base="http://example.org/other" rdf:ID="far"/>"""
    rows, rejects = owl(tmp_path / "x.owl", body)
    ids = {row["term"] for row in rows["terms"]}
    assert ids == {curie(f"{OBO}t.owl#here"), curie(f"{OBO}t.owl#there"), "http://example.org/other#far"}
    assert [row["target"] in ids for row in rows["relations"]] == [True]
    assert rejects == []


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        ('<rdfs:label xml:lang="ja">公開</rdfs:label><rdfs:label xml:lang="en">public</rdfs:label>', "public"),
        ('<rdfs:label xml:lang="ja">公開</rdfs:label><rdfs:label>public</rdfs:label>', "public"),
        ('<rdfs:label xml:lang="en-GB">one</rdfs:label><rdfs:label xml:lang="en">two</rdfs:label>', "one"),
        ('<rdfs:label xml:lang="fr">un</rdfs:label><rdfs:label xml:lang="de">eins</rdfs:label>', "un"),
        ('<rdfs:label xml:lang="eng-x">un</rdfs:label><rdfs:label xml:lang="EN">one</rdfs:label>', "one"),
    ],
)
def test_english_or_no_language_first(tmp_path, labels, name):
    rows, _ = owl(tmp_path / "x.owl", f'<owl:Class rdf:about="{OBO}X_1">{labels}</owl:Class>')
    assert [row["name"] for row in rows["terms"]] == [name]


def test_a_language_holds_for_what_stands_in_it(tmp_path):
    labels = '<rdfs:label>公開</rdfs:label><rdfs:label xml:lang="en">public</rdfs:label>'
    rows, _ = owl(tmp_path / "x.owl", f'<owl:Class xml:lang="ja" rdf:about="{OBO}X_1">{labels}</owl:Class>')
    assert [row["name"] for row in rows["terms"]] == ["public"]


@pytest.mark.parametrize(
    ("written", "obsolete"), [("1", True), ("true", True), (" true ", True), ("0", False), ("false", False)]
)
def test_deprecated_as_a_boolean(tmp_path, written, obsolete):
    body = f'<owl:Class rdf:about="{OBO}X_1"><owl:deprecated>{written}</owl:deprecated></owl:Class>'
    rows, _ = owl(tmp_path / "x.owl", body)
    assert [row["obsolete"] for row in rows["terms"]] == [obsolete]


def restriction(inner: str) -> str:
    part_of = f'<owl:onProperty rdf:resource="{OBO}BFO_0000050"/>'
    return f"<rdfs:subClassOf><owl:Restriction>{part_of}{inner}</owl:Restriction></rdfs:subClassOf>"


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        (f'<owl:someValuesFrom rdf:resource="{OBO}X_2"/>', ("X:2", None)),
        (f'<owl:someValuesFrom><owl:Class rdf:about="{OBO}X_2"/></owl:someValuesFrom>', ("X:2", None)),
        (f'<owl:allValuesFrom rdf:resource="{OBO}X_2"/>', ("X:2", 'all_only="true"')),
        (f'<owl:minQualifiedCardinality>1</owl:minQualifiedCardinality><owl:onClass rdf:resource="{OBO}X_2"/>',
         ("X:2", 'minCardinality="1"')),
        ("<owl:hasSelf>true</owl:hasSelf>", None),
        ("<owl:someValuesFrom><owl:Class><owl:unionOf/></owl:Class></owl:someValuesFrom>", None),
    ],
)  # fmt: skip
def test_a_restriction_is_a_relation_and_another_expression_a_reject(tmp_path, inner, expected):
    rows, rejects = owl(tmp_path / "x.owl", f'<owl:Class rdf:about="{OBO}X_1">{restriction(inner)}</owl:Class>')
    found = [(row["target"], row["qualifiers"]) for row in rows["relations"] if row["predicate"] == "part_of"]
    assert found == ([expected] if expected else [])
    assert [row["reason"] for row in rejects] == ["a class expression that is not read"] * (expected is None)


def test_a_digit_in_a_prefix_and_the_default_namespace(tmp_path):
    head = HEAD.replace(
        't.owl"/>', 't.owl"><oboInOwl:default-namespace>made</oboInOwl:default-namespace></owl:Ontology>'
    )
    described = f'<rdf:Description rdf:about="{OBO}X_1"><rdfs:label>a</rdfs:label></rdf:Description>'
    body = f'<owl:Class rdf:about="{OBO}T4FS_0000009"/>{described}'
    rows, rejects = read(tmp_path / "x.owl", f"{head}{body}</rdf:RDF>")
    assert [(row["term"], row["namespace"]) for row in rows["terms"]] == [("T4FS:0000009", "made")]
    assert [row["reason"] for row in rejects] == ["it does not say what it is: it has no rdf:type"]


def test_real_files_as_rdflib_reads_them(upstream, tmp_path):
    files = sorted(upstream.rglob("*.owl"))
    for path in files:
        graph = Graph().parse(path, format="xml")
        classes = {each for each in graph.subjects(RDF.type, OWL.Class) if isinstance(each, URIRef)}
        rows, _ = read(tmp_path / path.name, path.read_bytes())
        ours = {row["term"]: row for row in rows["terms"] if row["kind"] == "class"}
        assert set(ours) == {curie(str(each)) for each in classes}
        definition = URIRef(f"{OBO}IAO_0000115")
        for each in classes:
            row = ours[curie(str(each))]
            for column, known in (("name", RDFS.label), ("definition", definition)):
                values = {str(value).strip() for value in graph.objects(each, known)}
                assert row[column] in (values or {None})
            assert row["obsolete"] == any(value.toPython() for value in graph.objects(each, OWL.deprecated))
        is_a = {(curie(str(a)), curie(str(b))) for a, b in graph.subject_objects(RDFS.subClassOf)
                if isinstance(a, URIRef) and isinstance(b, URIRef)}  # fmt: skip
        edges = {(row["term"], row["target"]) for row in rows["relations"]
                 if row["predicate"] == "is_a" and row["term"] in ours}  # fmt: skip
        assert edges == is_a
        restrictions = {(curie(str(a)), curie(str(filler))) for a, b in graph.subject_objects(RDFS.subClassOf)
                        for filler in graph.objects(b, OWL.someValuesFrom)
                        if isinstance(filler, URIRef)}  # fmt: skip
        others = {(row["term"], row["target"]) for row in rows["relations"] if row["qualifiers"] is None}
        assert restrictions <= others
    assert files


# OBO graphs

NODE = {"id": f"{OBO}X_1", "lbl": "one", "type": "CLASS"}


def graph(tmp_path: Path, *nodes: Any, edges: Any = (), **more: Any) -> tuple[dict, list]:
    graphs = {"graphs": [{"nodes": list(nodes), "edges": list(edges), **more}]}
    return read(tmp_path / "x.json", json.dumps(graphs))


def test_individuals_and_their_edges_are_left_out(tmp_path):
    it = {"id": f"{OBO}X_2", "lbl": "two", "type": "INDIVIDUAL"}
    edges = [
        {"sub": it["id"], "pred": "is_a", "obj": NODE["id"]},
        {"sub": NODE["id"], "pred": "is_a", "obj": f"{OBO}X_3"},
    ]
    rows, rejects = graph(tmp_path, NODE, it, {"id": f"{OBO}X_3"}, edges=edges)
    assert [(row["term"], row["kind"]) for row in rows["terms"]] == [("X:1", "class"), ("X:3", "class")]
    assert [(row["term"], row["target"]) for row in rows["relations"]] == [("X:1", "X:3")]
    assert rejects == []


@pytest.mark.parametrize(
    "odd",
    [7, None, "x", [], {"id": 7}, {"id": None}, {**NODE, "lbl": ["a"]}, {**NODE, "lbl": 1.5}, {**NODE, "lbl": "\ud800"},
     {**NODE, "meta": "text"}, {**NODE, "meta": {"synonyms": 7}},
     {**NODE, "meta": {"definition": []} | {"comments": [7]}},
     {**NODE, "meta": {"deprecated": "perhaps"}}, {**NODE, "meta": {"basicPropertyValues": [7]}}, {**NODE, "type": {}}],
)  # fmt: skip
def test_a_node_that_is_none_is_a_reject(tmp_path, odd):
    rows, rejects = graph(tmp_path, {**NODE, "id": f"{OBO}X_9"}, odd)
    assert ([row["term"] for row in rows["terms"]], len(rejects)) == (["X:9"], 1)


@pytest.mark.parametrize("name", ["synonyms", "xrefs"])
@pytest.mark.parametrize("odd", [7, None, {}, {"val": 7}, {"val": "\udfff"}, {"val": ""}])
def test_a_synonym_or_xref_that_is_none_costs_not_its_node(tmp_path, name, odd):
    rows, rejects = graph(tmp_path, {**NODE, "meta": {name: [{"val": "good"}, odd]}})
    assert (len(rows["terms"]), len(rows[name]), len(rejects)) == (1, 1, 1)


def test_lists_that_are_null_are_empty(tmp_path):
    meta = dict.fromkeys(("synonyms", "xrefs", "comments", "basicPropertyValues", "definition"))
    rows, rejects = graph(tmp_path, {**NODE, "meta": meta}, {"id": f"{OBO}X_2", "meta": None}, meta=None)
    assert (len(rows["terms"]), rejects) == (2, [])


@pytest.mark.parametrize(
    "odd", [7, None, {}, {"sub": 1, "pred": "is_a", "obj": "X"}, {"sub": "X", "pred": "is_a", "obj": "\ud800"}]
)
def test_an_edge_that_is_none_is_a_reject(tmp_path, odd):
    rows, rejects = graph(tmp_path, NODE, edges=[odd])
    assert (rows["relations"], len(rejects)) == ([], 1)


@pytest.mark.parametrize(
    "content",
    ["{", "{}", "[]", '{"graphs": 7}', '{"graphs": null}', '{"graphs": [null]}', '{"graphs": [7]}', '{"graphs": [{}]}',
     '{"graphs": [{"nodes": 7}]}', '{"graphs": [{"nodes": [], "meta": 7}]}', '{"graphs": ' + "[" * 100_000,
     '{"graphs": [{"nodes": [' + '{"meta":' * 100_000, '{"graphs": "\xff"}'],
)  # fmt: skip
def test_what_is_no_graph_is_unreadable(tmp_path, content):
    with pytest.raises(Unreadable):
        read(tmp_path / "x.json", content.encode("latin-1"))
