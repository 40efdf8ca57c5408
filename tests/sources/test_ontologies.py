"""Ontologies in OBO, OWL and as graphs, and NCBI's taxonomy: the real files whole, and what can be wrong with one."""

from __future__ import annotations

import gzip
import io
import json
import re
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import ROOT

import lake
import lake.cli
from lake import config
from lake.build import graph, ontology_terms
from lake.errors import ModelError, Refused, Unreadable
from lake.formats import text
from lake.formats.answer import Answer
from lake.sources import ontologies
from lake.sources.contract import Resource


def resource(kind: str = "ontology", name: str = "x") -> Resource:
    return Resource("x", f"https://example.org/{name}", kind, "text")


def read(path: Path, kind: str = "ontology"):
    """table -> rows; and the rejects."""
    rows: dict = {}
    rejects = []
    for part in ontologies.read(resource(kind, path.name), Answer(path)):
        bad = part.rejects.to_pylist() if part.rejects is not None else []
        assert part.seen == len(part.rows) + len(bad)
        rows.setdefault(part.table.removeprefix("ontologies_"), []).extend(part.rows.to_pylist())
        rejects += bad
    return rows, rejects


def real(upstream: Path, ending: str) -> list[Path]:
    places = ("purl.obolibrary.org/obo", "raw.githubusercontent.com/althonos", "raw.githubusercontent.com/INCATools")
    return sorted(path for place in places for path in (upstream / place).rglob(f"*{ending}") if path.is_file())


def stanzas(path: Path):
    """Each stanza's lines, a line at a time."""
    found: list = []
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("["):
            found.append([line])
        elif found and line:
            found[-1].append(line)
    return [stanza for stanza in found if stanza[0] in ("[Term]", "[Typedef]")]


@pytest.mark.parametrize("block", [16 * 2**20, pytest.param(50_000, marks=pytest.mark.slow)])
def test_every_stanza_of_the_real_files(upstream, monkeypatch, block):
    monkeypatch.setattr(text, "BLOCK", block)
    files = real(upstream, ".obo")
    for path in files:
        ontologies.check(resource(), path.read_bytes()[:65536])
        rows, rejects = read(path)
        wanted = stanzas(path)
        lines = [line for stanza in wanted for line in stanza]
        assert {row["reason"] for row in rejects} <= {"its stanza has this tag before, and may have it once"}  # BFO's
        assert [row["term"] for row in rows["terms"]] == [
            next(line[4:] for line in stanza if line.startswith("id: ")).split(" {")[0] for stanza in wanted
        ]
        assert len(rows["synonyms"]) == sum(line.startswith("synonym: ") for line in lines)
        assert len(rows["xrefs"]) == sum(line.startswith("xref: ") for line in lines)
        tags = (
            "is_a: ",
            "relationship: ",
            "replaced_by: ",
            "consider: ",
            "alt_id: ",
            "disjoint_from: ",
            "inverse_of: ",
        )
        assert len(rows["relations"]) == sum(line.startswith(tags) for line in lines)
        is_a = [re.split(r"[ {!]", line[6:])[0] for line in lines if line.startswith("is_a: ")]
        assert sorted(row["target"] for row in rows["relations"] if row["predicate"] == "is_a") == sorted(is_a)
    assert len(files) >= 8


def test_a_graph_and_owl_say_the_same_of_an_ontology(upstream):
    folder = upstream / "purl.obolibrary.org/obo/envo/subsets"
    graph, _ = read(folder / "envoPolar.json")
    owl, rejects = read(folder / "envoPolar.owl")
    assert rejects == []

    def facts(rows, *names):
        return {row["term"]: tuple(row[name] for name in names) for row in rows["terms"] if row["kind"] == "class"}

    mine, theirs = facts(graph, "name", "definition"), facts(owl, "name", "definition")
    assert len(mine) > 600
    assert mine == theirs

    def edges(rows):
        classes = mine.keys()
        return {(row["term"], row["target"]) for row in rows["relations"] if row["predicate"] == "is_a"} & {
            (a, b) for a in classes for b in classes
        }

    assert edges(graph) == edges(owl)


def test_every_class_of_the_real_owl_files(upstream):
    for path in real(upstream, ".owl"):
        rows, _ = read(path)
        raw = path.read_text("utf-8")
        named = re.findall(r"^    <owl:Class rdf:about=", raw, re.MULTILINE)
        assert sum(row["kind"] == "class" for row in rows["terms"]) == len(named)


OBO = """format-version: 1.2
data-version: made-up/1

[Term]
id: X:1 ! a comment
name: one {source="me"}
def: "What \\"one\\" is.\\nMore." [ME:1] {x="y"}
synonym: "uno" EXACT language [ME:2]
exact_synonym: "ein" []
synonym: unquoted EXACT []
xref: DB:7 "a note"
is_a: X:2 {source="x"} ! two
relationship: BFO:0000050 X:3 {all_only="true"} ! part of three
relationship: located_in
is_obsolete: true

[Term]
name: no id
is_a: X:1

[Instance]
id: X:9

[Typedef]
id: located_in
name: located in
"""


def test_lines_that_are_not_as_they_should_be_are_set_aside(tmp_path):
    path = tmp_path / "x.obo"
    path.write_text(OBO)
    rows, rejects = read(path)
    one, relation = rows["terms"]
    assert one | {"_record": 0} == {
        "_record": 0,
        "term": "X:1",
        "kind": "class",
        "name": "one",
        "definition": 'What "one" is.\nMore.',
        "namespace": None,
        "comment": None,
        "obsolete": True,
        "version": "made-up/1",
    }
    assert (relation["term"], relation["kind"]) == ("located_in", "property")
    assert [(row["synonym"], row["scope"]) for row in rows["synonyms"]] == [("uno", "exact"), ("ein", "exact")]
    assert [row["xref"] for row in rows["xrefs"]] == ["DB:7"]
    assert [(row["predicate"], row["target"]) for row in rows["relations"]] == [("is_a", "X:2"), ("part_of", "X:3")]
    assert sorted(row["reason"] for row in rejects) == [
        "it has no target",
        "its term has no id",
        "its term has no id",
        "the synonym is not in quotes, or one within it is not escaped",
    ]


MALFORMED = """format-version: 1.2

[Term]
id: X:1
name one
is_a: X:2 {source="x"} ! two
is_a: X:3 {gci_relation="part_of", gci_filler="X:4"} ! three
relationship: part_of X:5 {all_only="true"}
! a remark

[Therm]
id: X:2

[Term] ! of one id too many
id: X:3
id: X:4
synonym: "three" EXACT []
"""


def test_what_is_no_clause_and_no_stanza_is_a_reject(tmp_path):
    path = tmp_path / "x.obo"
    path.write_text(MALFORMED)
    rows, rejects = read(path)
    assert [row["term"] for row in rows["terms"]] == ["X:1"]
    assert [(row["target"], row["qualifiers"]) for row in rows["relations"]] == [
        ("X:2", 'source="x"'),
        ("X:3", 'gci_relation="part_of", gci_filler="X:4"'),
        ("X:5", 'all_only="true"'),
    ]
    assert {(row["_record"], row["reason"]) for row in rejects} == {
        (5, "the line is no `tag: value`"),
        (11, "a stanza of an unknown kind"),
        (14, "its term has several ids"),
        (17, "its term has no id"),
    }


def test_what_a_graph_leaves_out_is_a_reject(tmp_path):
    node = {"id": "http://purl.obolibrary.org/obo/X_1", "lbl": "one"}
    node["meta"] = {"synonyms": [{"pred": "hasExactSynonym"}], "xrefs": [{"val": "DB:1"}, {}]}
    edges = [{"sub": node["id"], "pred": "is_a"}, {"sub": node["id"], "pred": "is_a", "obj": "X:2"}]
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"graphs": [{"nodes": [node, {"lbl": "two"}], "edges": edges}]}))
    rows, rejects = read(path)
    assert [len(rows[table]) for table in ("terms", "synonyms", "xrefs", "relations")] == [1, 0, 1, 1]
    assert len(rejects) == 4


@pytest.mark.parametrize(
    "content",
    [
        "format-version: 1.2\n",
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/>",
        '{"graphs": []}',
        "x",
    ],
)
def test_what_holds_no_term_is_unreadable(tmp_path, content):
    path = tmp_path / "x"
    path.write_text(content)
    with pytest.raises(Unreadable):
        read(path)


def test_owl_that_is_cut_short_or_asks_for_other_files(tmp_path, upstream):
    raw = (upstream / "purl.obolibrary.org/obo/go/imports/chebi_roles.owl").read_bytes()
    path = tmp_path / "x.owl"
    path.write_bytes(raw[: len(raw) // 2])
    with pytest.raises(Unreadable, match="truncated"):
        read(path)


def test_an_entity_reads_no_file(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    path = tmp_path / "x.owl"
    path.write_text(
        f'<!DOCTYPE r [<!ENTITY x SYSTEM "file://{secret}">]><rdf:RDF xmlns:owl="http://www.w3.org/2002/07/owl#" '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#">'
        '<owl:Class rdf:about="http://purl.obolibrary.org/obo/X_1"><rdfs:label>a&x;b</rdfs:label></owl:Class></rdf:RDF>'
    )
    try:
        rows, _ = read(path)
    except Unreadable:
        return
    assert "secret" not in json.dumps(rows)


def test_a_page_is_refused():
    for kind in ("ontology", "taxonomy"):
        with pytest.raises(Refused):
            ontologies.check(resource(kind), b"<html><body>Not found</body></html>")


# NCBI's taxonomy

NAMES = "7\t|\tAbc def\t|\t\t|\tscientific name\t|\n7\t|\tabc\t|\t\t|\tcommon name\t|\nx\t|\ty\t|\t\t|\tsynonym\t|\n"
NODES = (
    "1\t|\t1\t|\tno rank\t|\t"
    + "\t|\t".join("x" * 10)
    + "\t|\n7\t|\t1\t|\tspecies\t|\t"
    + "\t|\t".join("x" * 10)
    + "\t|\n"
)


def archive(path: Path, **files: str) -> Path:
    with tarfile.open(path, "w:gz") as made:
        for name, content in files.items():
            member = tarfile.TarInfo(f"{name}.dmp")
            member.size = len(content)
            made.addfile(member, io.BytesIO(content.encode()))
    return path


def test_names_and_nodes_are_terms_and_relations(tmp_path):
    path = archive(
        tmp_path / "x.tar.gz", names=NAMES, nodes=NODES, rankedlineage="7\t|\tAbc def\t|\t" + "\t|" * 8 + "\n"
    )
    rows, rejects = read(path, "taxonomy")
    assert [(row["term"], row["name"]) for row in rows["terms"]] == [("NCBITaxon:7", "Abc def")]
    assert [(row["synonym"], row["scope"]) for row in rows["synonyms"]] == [("abc", "related")]
    assert {(row["term"], row["predicate"], row["target"]) for row in rows["relations"]} == {
        ("NCBITaxon:7", "is_a", "NCBITaxon:1"),
        ("NCBITaxon:7", "has_rank", "species"),
        ("NCBITaxon:1", "has_rank", "no rank"),
    }
    assert [row["reason"] for row in rejects] == ["its taxon is no number"]
    with pytest.raises(Unreadable):
        read(archive(tmp_path / "y.tar.gz", division="1\t|\t"), "taxonomy")


GONE = {"merged": "12\t|\t7\t|\n13\t|\tx\t|\n", "delnodes": "14\t|\n\t|\n"}


def test_what_was_merged_or_deleted_is_obsolete_and_says_what_replaces_it(tmp_path):
    rows, rejects = read(archive(tmp_path / "x.tar.gz", names=NAMES, nodes=NODES, **GONE), "taxonomy")
    assert {row["term"]: row["obsolete"] for row in rows["terms"]} == {
        "NCBITaxon:7": False,
        "NCBITaxon:12": True,
        "NCBITaxon:14": True,
    }
    replaced = [(row["term"], row["target"]) for row in rows["relations"] if row["predicate"] == "replaced_by"]
    assert replaced == [("NCBITaxon:12", "NCBITaxon:7")]
    assert ("NCBITaxon:12", "is_a") not in {(row["term"], row["predicate"]) for row in rows["relations"]}
    assert [row["reason"] for row in rejects].count("its taxon is no number") == 4


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", ["names", "nodes", "merged", "delnodes"])
def test_a_file_of_the_taxonomy_alone_is_read_by_its_name(tmp_path, name, packed):
    content = {"names": NAMES, "nodes": NODES, **GONE}[name].encode()
    path = tmp_path / (f"{name}.dmp.gz" if packed else f"{name}.dmp")
    path.write_bytes(gzip.compress(content) if packed else content)
    alone, _ = read(path, "taxonomy")
    within, _ = read(
        archive(tmp_path / "x.tar.gz", **{"names": "1\t|\tx\t|\t\t|\tacronym\t|\n", name: content.decode()}), "taxonomy"
    )
    ours = {table: [row for row in rows if row.get("synonym") != "x"] for table, rows in within.items()}
    assert {table: rows for table, rows in alone.items() if rows} == {
        table: rows for table, rows in ours.items() if rows
    }


@pytest.mark.parametrize(
    "name",
    ["division", "gencode", "citations", "host", "fullnamelineage", "typematerial", "images", "excludedfromtype"],
)
def test_another_file_of_the_taxonomy_is_refused_with_its_reason(tmp_path, name):
    line = "1\t|\tSmith 1999\t|\t0\t|\t9\t|\t\t|\tx\t|\t7\t|\t8\t|\t9\t|\t10\t|\t11\t|\t12\t|\n"
    path = tmp_path / f"{name}.dmp"
    path.write_text(line)
    with pytest.raises(Refused, match=f"{name}.dmp is not read"):
        ontologies.check(resource("taxonomy", path.name), line.encode())
    with pytest.raises(Unreadable, match=f"{name}.dmp is not read"):
        read(path, "taxonomy")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
@pytest.mark.parametrize("target", ["/etc/passwd", "names.dmp", "nodes.dmp"])
def test_what_is_no_file_in_an_archive_is_not_followed(tmp_path, kind, target):
    path = tmp_path / "x.tar.gz"
    with tarfile.open(path, "w:gz") as made:
        member = tarfile.TarInfo("names.dmp")
        member.type, member.linkname = kind, target
        made.addfile(member)
    with pytest.raises(Unreadable, match="a link or a folder"):
        read(path, "taxonomy")


def test_the_real_taxonomy(upstream):
    folder = upstream / "ftp.ncbi.nlm.nih.gov/pub/taxonomy"
    rows, rejects = read(folder / "names.dmp", "taxonomy")
    lines = (folder / "names.dmp").read_text().splitlines()
    assert rejects == []
    assert len(rows["terms"]) == sum("scientific name" in line for line in lines)
    assert len(rows["terms"]) + len(rows["synonyms"]) == len(lines)
    rows, rejects = read(folder / "nodes.dmp", "taxonomy")
    assert rejects == []
    assert sum(row["predicate"] == "has_rank" for row in rows["relations"]) == len(
        (folder / "nodes.dmp").read_text().splitlines()
    )
    rows, rejects = read(folder / "new_taxdump/new_taxdump.tar.gz", "taxonomy")
    assert (len(rows["terms"]), len(rows["relations"]), rejects) == (120, 35_898, [])


# Macros that read tables


def project(folder: Path) -> Path:
    """A lake of one ontology, from a mirror of one file."""
    CliRunner().invoke(lake.cli.lake, ["init", str(folder)])
    mirror = folder / "mirror/purl.obolibrary.org/obo"
    mirror.mkdir(parents=True)
    (mirror / "x.obo").write_text(
        "format-version: 1.2\n\n[Term]\nid: X:1\nname: one\nis_a: X:2\n\n[Term]\nid: X:2\nname: two\n"
    )
    config = (folder / "lake.toml").read_text()
    config = config[: config.index("[sources.kegg]")].replace('mirror = ""', 'mirror = "mirror"')
    (folder / "lake.toml").write_text(config + '[sources.ontologies]\nnames = ["x"]\n')
    return folder


@pytest.mark.slow
def test_names_and_kinds_by_macros_in_the_lake(tmp_path, monkeypatch):
    folder = project(tmp_path / "lake")
    monkeypatch.chdir(folder)
    run = CliRunner().invoke(lake.cli.lake, ["run"])
    assert run.exit_code == 0, run.output
    with lake.open(folder) as here:
        named = here.connection.execute("SELECT ontology_name('X:1'), ontology_name('X:7')").fetchone()
        kinds = "SELECT is_a('X:1', 'X:2'), is_a('X:2', 'X:1'), is_a('X:2', 'X:2')"
        assert (named, here.connection.execute(kinds).fetchone()) == (("one", None), (True, False, True))


def test_a_model_may_not_call_a_macro_that_reads_tables(tmp_path):
    from lake import config
    from lake.build import graph

    folder = project(tmp_path / "lake")
    path = folder / "sql/core/ontologies/ontology_xrefs.sql"
    path.write_text(path.read_text() + "where ontology_name(term) is not null\n")
    with pytest.raises(ModelError, match=r"core\.ontology_xrefs calls ontology_name, which reads core\.ontology_terms"):
        graph.load(config.load(folder))


@pytest.mark.long
@pytest.mark.parametrize(
    ("term", "said"),
    [
        pytest.param("X:2", None, marks=pytest.mark.slow),
        pytest.param("ELSEWHERE:1", None, marks=pytest.mark.slow),
        ("X:9", "core.things.size names X:9, which is no term of X"),
        ("X:3", "core.things.size names X:3, which is obsolete (three)"),
    ],
)
def test_a_columns_term_is_checked_at_build(tmp_path, monkeypatch, term, said):
    folder = project(tmp_path / "lake")
    path = folder / "mirror/purl.obolibrary.org/obo/x.obo"
    path.write_text(path.read_text() + "\n[Term]\nid: X:3\nname: three\nis_obsolete: true\nreplaced_by: X:2\n")
    models = folder / "models/core/things.py"
    models.write_text(
        "from typing import Annotated\n\nfrom lake.contract import Table, Term\n\n\n"
        + 'class Things(Table):\n    """Made up."""\n\n'
        + f'    size: Annotated[int, Term("{term}")]\n    """Made up"""\n'
    )
    (folder / "sql/core/things.sql").write_text("select 1::bigint as size\n")
    monkeypatch.chdir(folder)
    run = CliRunner().invoke(lake.cli.lake, ["run"])
    if said is None:
        assert run.exit_code == 0, run.output
        return
    assert isinstance(run.exception, ModelError)
    assert run.exception.what.startswith(said)
    line = next(n for n, text in enumerate(models.read_text().splitlines(), 1) if text.startswith("    size:"))
    assert run.exception.where == f"{models}:{line}"
    if term == "X:3":
        assert run.exception.next == "name X:2 (two)"


def test_the_terms_that_our_contracts_name_are_real_and_current(upstream):
    places = ("raw.githubusercontent.com/althonos/pronto/HEAD/tests/data/pato.obo", "purl.obolibrary.org/obo/envo.obo")
    known = {row["term"]: row for place in places for row in read(upstream / place)[0]["terms"]}
    contracts = [model.contract for model in graph.load(config.load(ROOT)).models.values() if model.contract]
    named = {id for contract in contracts for _, id in ontology_terms.named(contract)}
    assert {id.partition(":")[0] for id in named} == {"PATO", "ENVO"}
    assert [id for id in sorted(named) if id not in known or known[id]["obsolete"]] == []


# Terms of contracts


TERMS = """format-version: 1.2

[Term]
id: X:1
name: one
alt_id: X:8

[Term]
id: X:2
name: obsolete two
is_obsolete: true
replaced_by: X:1
consider: X:3

[Term]
id: Y:1
name: of another ontology
"""
MODEL = """
from typing import Annotated

from lake.contract import Table, Term, Unit


class Things(Table, key="thing"):
    \"\"\"Things.\"\"\"

    thing: str
    heat: Annotated[float | None, Unit("K"), Term("{}")]
    \"\"\"How warm\"\"\"
"""


@pytest.fixture
def marked(tmp_path):
    """A lake whose column features.things.heat names a term; `run(term)` gives the output."""
    folder = project(tmp_path / "lake")
    (folder / "mirror/purl.obolibrary.org/obo/x.obo").write_text(TERMS)
    for path in (folder / "sql/features").iterdir():
        path.unlink()
    config = re.sub(r"(?s)\[leaks\].*?(?=\n\[openlineage\])", "", (folder / "lake.toml").read_text())
    (folder / "lake.toml").write_text(config)
    (folder / "sql/features/things.sql").write_text("select 'a' as thing, 1.0::double as heat")

    def run(term: str, *command: str):
        (folder / "models/features.py").write_text(MODEL.format(term))
        return CliRunner().invoke(lake.cli.lake, [*(command or ("run",)), "-C", str(folder)])

    run.folder = folder
    return run


@pytest.mark.long
@pytest.mark.parametrize(
    ("term", "said"),
    [
        ("X:2", ["obsolete (obsolete two)", "name X:1 (one), or perhaps X:3"]),
        pytest.param("X:8", ["obsolete", "name X:1 (one)"], marks=pytest.mark.slow),
        ("X:7", ["no term of X", "name another term"]),
    ],
)
def test_a_column_that_names_no_term_is_refused_with_its_place(marked, term, said):
    error = marked(term).exception
    assert isinstance(error, ModelError)
    assert error.what.startswith(f"features.things.heat names {term}, which is")
    assert error.where == f"{marked.folder}/models/features.py:11"
    assert [error.what.partition("which is ")[2], error.next] == said


@pytest.mark.long
@pytest.mark.parametrize("term", ["X:1", *(pytest.param(t, marks=pytest.mark.slow) for t in ("Y:1", "Y:2", "Z:1"))])
def test_a_term_that_is_there_or_whose_ontology_is_not_is_taken(marked, term):
    result = marked(term)
    assert result.exit_code == 0, result.output
    with lake.open(marked.folder) as here:
        comment = "SELECT comment FROM duckdb_columns() WHERE table_name = 'things' AND column_name = 'heat'"
        assert here.connection.execute(comment).fetchone() == (f"How warm {term} [K]",)


@pytest.mark.slow
def test_a_term_that_a_new_release_gave_up_is_told(marked):
    assert marked("X:1").exit_code == 0
    mirrored = marked.folder / "mirror/purl.obolibrary.org/obo/x.obo"
    mirrored.write_text(TERMS.replace("name: one\n", "name: obsolete one\nis_obsolete: true\n"))
    assert marked("X:1", "fetch", "--force").exit_code == 0
    assert "features.things.heat names X:1, which is obsolete" in str(marked("X:1").exception)


def test_a_term_is_like_a_term():
    from lake.contract import Term

    with pytest.raises(ValueError, match="a term is like PATO:0000146"):
        Term("temperature")
