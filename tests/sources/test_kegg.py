"""KEGG's answers: real ones read a second way and compared, and bad ones."""

from __future__ import annotations

import csv
import json
import random
import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from conftest import ROOT

from lake.errors import Refused, Unreadable
from lake.formats import text, xml_elements
from lake.formats.answer import Answer
from lake.sources import kegg
from lake.sources.contract import Resource
from lake.sources.kegg import kgml

SAMPLE = ROOT / "sample"


def resource(kind: str, **params) -> Resource:
    expects = {"kgml": "xml", "hierarchy": "json", "map_areas": "html"}.get(kind, "text")
    return Resource("x", f"https://rest.kegg.jp/{kind}", kind, expects, params)


def parts(path: Path, kind: str, **params):
    """Every part of an answer by its table; each is as its schema says, and no record is lost."""
    found = list(kegg.read(resource(kind, **params), Answer(path)))
    for part in found:
        assert part.seen == len(part.rows) + (0 if part.rejects is None else len(part.rejects))
        assert part.rows.schema.equals(kegg.TABLES[part.table])
    assert len({part.table for part in found}) == len(found)
    return {part.table: part for part in found}


@pytest.fixture
def write(tmp_path):
    def put(content: str | bytes) -> Path:
        path = tmp_path / "answer"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return put


# Real KGML: every file, every value, against the standard library's ElementTree


def integer(value: str | None) -> int | None:
    return None if value is None else int(value)


def bare(names: str | None) -> list[str]:
    return [name.split(":", 1)[-1] for name in (names or "").split()]


def expected(root: ElementTree.Element) -> dict[str, list[tuple]]:
    """What the tables should hold, without _record and pathway_id, for comparison."""
    rows: dict[str, list[tuple]] = {name: [] for name in kegg.TABLES if name.startswith("kgml_")}
    for entry in root.findall("entry"):
        get, id = entry.get, int(entry.get("id"))
        rows["kgml_entries"].append((id, get("type"), get("name").split(), bare(get("reaction")), get("link")))
        for g in entry.findall("graphics"):
            size = [None if g.get(key) is None else float(g.get(key)) for key in ("x", "y", "width", "height")]
            row = (id, g.get("name"), g.get("type"), *size, g.get("coords"), g.get("fgcolor"), g.get("bgcolor"))
            rows["kgml_graphics"].append(row)
        rows["kgml_components"] += [(id, int(c.get("id"))) for c in entry.findall("component")]
    for n, reaction in enumerate(root.findall("reaction")):
        get = reaction.get
        rows["kgml_reactions"].append((n, integer(get("id")), bare(get("name")), get("type")))
        for child in reaction:
            others = [id for alt in child.findall("alt") for id in bare(alt.get("name"))]
            row = (n, child.tag, integer(child.get("id")), bare(child.get("name")), others)
            rows["kgml_participants"].append(row)
    for n, relation in enumerate(root.findall("relation")):
        get = relation.get
        rows["kgml_relations"].append((n, int(get("entry1")), int(get("entry2")), get("type")))
        rows["kgml_relation_subtypes"] += [(n, s.get("name"), s.get("value")) for s in relation.findall("subtype")]
    return rows


@pytest.mark.slow
def test_every_value_of_every_real_kgml_file(upstream):
    files = sorted(upstream.glob("rest.kegg.jp/get/*/kgml"))
    pairs = [(resource("kgml", pathway_id=file.parent.name), Answer(file)) for file in files]
    found: dict[str, dict] = {}
    for answer, part in kegg.read_many(pairs):
        assert part.seen == len(part.rows)
        assert part.rejects is None
        found.setdefault(answer.params["pathway_id"], {})[part.table] = part.rows
    assert len(found) == len(files) >= 289
    totals: Counter = Counter()
    for file in files:
        tables = found[file.parent.name]
        pathways = tables.pop("kgml_pathways").to_pylist()
        root = ElementTree.parse(file).getroot()
        keys = {"organism": "org", "number": "number", "title": "title", "image": "image", "link": "link"}
        assert [{key: row[key] for key in keys} for row in pathways] == [{k: root.get(v) for k, v in keys.items()}]
        assert pathways[0]["dtd"] in file.read_text()
        assert re.fullmatch(r"[A-Z][a-z]{2} \d.*\)", pathways[0]["created"])
        for table, rows in expected(root).items():
            got = tables.pop(table, None)
            if not rows:
                continue
            assert set(got["pathway_id"].to_pylist()) == {file.parent.name}
            assert got["_record"].to_pylist() == list(range(1, len(rows) + 1))
            assert list(zip(*(got[name].to_pylist() for name in got.column_names[2:]), strict=True)) == rows
            totals[table] += len(rows)
        assert not tables
    tags = Counter(tag for file in files for tag in re.findall(rb"<(\w+)[\s>]", file.read_bytes()))
    assert totals["kgml_entries"] == tags[b"entry"]
    assert totals["kgml_graphics"] == tags[b"graphics"]
    assert totals["kgml_reactions"] == tags[b"reaction"]
    assert totals["kgml_participants"] == tags[b"substrate"] + tags[b"product"]


def test_one_document_reads_the_same_alone_and_among_others(upstream, write):
    files = sorted(upstream.glob("rest.kegg.jp/get/*/kgml"))[::30]
    pairs = [(resource("kgml"), Answer(file)) for file in files]
    broken = (resource("kgml"), Answer(write("<pathway")))
    many = list(kegg.read_many([*pairs[:3], broken, *pairs[3:]]))
    assert [type(part) for _, part in many if not hasattr(part, "rows")] == [Unreadable]
    alone = [part for pair in pairs for part in kegg.read(*pair)]
    together = [part for _, part in many if hasattr(part, "rows")]
    assert [part.table for part in alone] == [part.table for part in together]
    assert all(one.rows.equals(other.rows) for one, other in zip(alone, together, strict=True))


# KGML: small documents for each quirk and each attack

KGML = """<?xml version="1.0"?>
<!DOCTYPE pathway SYSTEM "https://www.kegg.jp/kegg/xml/KGML_v0.7.2_.dtd">
<pathway name="path:ko99999" org="ko" number="99999" title="It's; &quot;quoted&quot; &#946;">
  <entry id="1" name="ko:K1 ko:K2" type="ortholog" reaction="rn:R1 rn:R2"><graphics x="1.5" y="2"/><graphics/></entry>
  <entry id="2" name="undefined" type="group"><component id="1"/></entry>
  <entry id="2" name="cpd:C1" type="compound"/>
  <reaction id="1" name="rn:R1 rn:R2" type="reversible">
    <substrate id="2" name="cpd:C1 cpd:C2"><alt name="cpd:C3"/><alt name="gl:G1"/></substrate><product name="dr:D4"/>
  </reaction>
  <reaction name="rn:R3" type="irreversible"/>
</pathway>"""


def read_kgml(path: Path):
    return parts(path, "kgml", pathway_id="ko99999")


def test_ids_are_split_and_names_are_kept_to_the_letter(write):
    found = {table: part.rows for table, part in read_kgml(write(KGML)).items()}
    assert found["kgml_pathways"]["title"].to_pylist() == ['It\'s; "quoted" β']
    assert found["kgml_entries"]["entry_id"].to_pylist() == [1, 2, 2]  # an id may stand twice
    assert found["kgml_components"].select(["entry_id", "component_id"]).to_pylist() == [
        {"entry_id": 2, "component_id": 1}
    ]
    assert found["kgml_graphics"]["x"].to_pylist() == [1.5, None]
    assert found["kgml_reactions"]["reactions"].to_pylist() == [["R1", "R2"], ["R3"]]
    assert found["kgml_reactions"]["entry_id"].to_pylist() == [1, None]
    assert found["kgml_participants"]["compounds"].to_pylist() == [["C1", "C2"], ["D4"]]
    assert found["kgml_participants"]["alternatives"].to_pylist() == [["C3", "G1"], []]
    assert found["kgml_participants"]["role"].to_pylist() == ["substrate", "product"]


def test_xml_written_otherwise_is_the_same_document(write):
    """Quotes, white space, comments, instructions, references and defaults as XML 1.0 allows them."""
    others = [
        KGML.replace('"', "'").replace("It's", "It&apos;s").replace("&quot;", '"'),
        KGML.replace(" name=", "\n\tname = ").replace("/>", " />"),
        KGML.replace('"ko:K1 ko:K2"', '"ko:K1\nko:K2"'),
        KGML.replace("<product", '<!-- <entry id=\'9\'/> " &so; --><?php <b c="d"> ?><product'),
        KGML.replace("ko:K1 ko:K2", "ko&#58;K&#x31; ko:K2"),
        KGML.replace('.dtd">', '.dtd" [<!ATTLIST reaction type CDATA "irreversible">]>').replace(
            ' type="irreversible"', ""
        ),
        "\ufeff" + KGML,
        KGML + "\n<!-- end -->\n",
        KGML.replace("/>", "/>\r\n").replace(" name=", "\tname="),
    ]
    plain = read_kgml(write(KGML))
    for content in others:
        assert content != KGML
        found = read_kgml(write(content))
        assert found.keys() == plain.keys()
        for table, part in found.items():
            assert part.rows.equals(plain[table].rows), (table, content)


def test_another_encoding_is_the_same_document(write):
    plain = read_kgml(write(KGML))
    utf16 = read_kgml(write(KGML.encode("utf-16")))
    latin = read_kgml(write(KGML.replace("1.0", '1.0" encoding="iso-8859-1', 1).encode("latin-1")))
    for other in (utf16, latin):
        assert all(part.rows.equals(plain[table].rows) for table, part in other.items())


@pytest.mark.parametrize(
    ("old", "new", "table", "reason"),
    [
        ('x="1.5"', 'x="NaN"', "kgml_graphics", "x is not a number"),
        ('y="2"', 'y="inf"', "kgml_graphics", "y is not a number"),
        ('y="2"', 'y="2px"', "kgml_graphics", "y is not a number"),
        ('<component id="1"/>', "<component/>", "kgml_components", "id is missing or not an integer"),
        ('<entry id="2"', '<entry id="0x2"', "kgml_entries", "id is missing or not an integer"),
        ('name="cpd:C1" type', "type", "kgml_entries", "it has no name"),
        ('type="reversible"', 'type="both"', "kgml_reactions", "type is neither reversible nor irreversible"),
        ('id="2" name="cpd:C1 cpd:C2"', 'id="II" name="C1"', "kgml_participants", "id is not an integer"),
        ('<product name="dr:D4"/>', "<product/>", "kgml_participants", "it has no name"),
        ('<reaction name="rn:R3"', '<new a="&lt;"><entry/></new><reaction name="rn:R3"', "kgml_pathways", "not known"),
    ],
)
def test_an_element_that_cannot_be_taken_is_a_reject(write, old, new, table, reason):
    assert old in KGML
    part = read_kgml(write(KGML.replace(old, new, 1)))[table]
    first = part.rejects.to_pylist()[0]
    assert reason in first["reason"]
    assert first["content"].startswith("<")
    whole = read_kgml(write(KGML))[table]
    assert part.seen >= whole.seen  # counted, whatever became of it


LAUGHS = '<!DOCTYPE pathway [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True)
)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (KGML[: len(KGML) // 2], r"truncated(.|\n)*line \d+ column \d+"),
        (b"", "truncated"),
        (KGML.replace("</entry>", "</gene>", 1), "mismatched tag"),
        (KGML.replace("<product name", "<reaction/><product name"), "<reaction> is in <reaction>"),
        (KGML.replace("<product name", 'some "text" <product name'), "there is text in it"),
        (KGML.replace("<product name", "text<product name"), "there is text in it"),
        (KGML.replace(' type="compound"/>', '>type="compound"</entry>'), "there is text in it"),
        (KGML.replace("<product name", "<![CDATA[<entry/>]]><product name"), "there is text in it"),
        (KGML.replace("<product name", "<x>" * 100 + "</x>" * 100 + "<product name"), "64 deep"),
        ("<html><body>Not found</body></html>", "root is <html>"),
        ('<?xml version="1.0"?><sbml level="3"/>', "not <pathway>"),
        (KGML.replace("ko99999", "ko00010"), "ko00010, and ko99999 was asked for"),
        (KGML.replace("path:ko99999", "path:"), "not a pathway's id"),
        (KGML.replace("<alt", "<entry"), "is in <substrate>"),
        (KGML.replace("It's", "&beta;"), "&beta;, which nothing declares"),
        ('<!DOCTYPE pathway [<!ENTITY x SYSTEM "file:///etc/passwd">]><pathway name="ko99999">&x;</pathway>', "entity"),
        ('<!DOCTYPE pathway [<!ENTITY % x SYSTEM "http://127.0.0.1/x"> %x;]><pathway name="ko99999"/>', "entity"),
        (f'{LAUGHS}]><pathway name="&j;"/>', "entity"),
        (f'{LAUGHS}]><pathway name="&j;"/>'.encode("utf-16"), "entity"),
        (KGML.replace("1.0", '1.0" encoding="klingon', 1), "decoded|encoding"),
        (KGML.encode().replace(b"It's", b"It\xff"), "invalid token|not well-formed"),
    ],
)
def test_bad_kgml_is_unreadable_with_its_reason(write, content, says):
    with pytest.raises(Unreadable) as caught:
        read_kgml(write(content))
    assert re.search(says, str(caught.value))


def test_damaged_documents_are_refused_or_read_as_another_parser_reads_them():
    """A thousand documents with some characters changed, against ElementTree: never other elements or values."""
    signs = """ " ' < > & = / x &amp; &#10; &#x41; <!--"--> <![CDATA["<]]> <?p"?> <z> </z> <z_a="1"/> a="b" """.split()
    pieces = [
        *(sign.replace("_", " ").encode() for sign in signs),
        b"\n",
        b"\t",
        b"\r\n",
        b" ",
        b"\xc3\xa9",
        b"\xff",
        b"\0",
    ]
    chance = random.Random(20)
    outcomes: Counter = Counter()
    for _ in range(1000):
        content = bytearray(KGML.encode())
        for _ in range(chance.choice((1, 1, 2))):
            place = chance.randrange(len(content))
            content[place : place + chance.choice((0, 0, 1, 3))] = chance.choice(pieces)
        try:
            tree = [(node.tag, dict(node.attrib)) for node in ElementTree.fromstring(bytes(content)).iter()]
        except (ElementTree.ParseError, ValueError):
            tree = None
        try:
            document = xml_elements.parse(bytes(content), "pathway", "here")
            found = xml_elements.Elements([document], kgml._PARENTS, "here")
        except Unreadable:
            outcomes["refused"] += 1
            continue
        rows = np.arange(len(found.tag))
        columns = {name: found.attribute(name, rows).to_pylist() for name in found._names if name}
        assert tree == [
            (found.tags[found.tag[n]], {name: values[n] for name, values in columns.items() if values[n] is not None})
            for n in rows
        ], bytes(content)
        outcomes["same"] += 1
    assert min(outcomes["same"], outcomes["refused"]) > 100


# Lists and links


@pytest.mark.parametrize(
    ("file", "kind", "first"),
    [
        ("rest.kegg.jp/list/pathway", "pathways", {"pathway_id": "map01100", "name": "Metabolic pathways"}),
        ("rest.kegg.jp/list/compound", "compounds", {"compound_id": "C00001", "names": ["H2O", "Water"]}),
        ("rest.kegg.jp/list/reaction", "reactions", {"reaction_id": "R00001"}),
        ("rest.kegg.jp/list/hsa", "genes", {"organism": "hsa", "gene_id": "hsa:102466751", "type": "miRNA"}),
        ("rest.kegg.jp/link/compound/pathway", "links", {"from_db": "path", "to_db": "cpd", "to_id": "C00022"}),
        ("rest.kegg.jp/link/module/pathway", "links", {"from_id": "map00010", "to_db": "md", "to_id": "M00002"}),
        ("ftp.genome.jp/pub/kegg/genes/organisms/sce/sce_ncbi-geneid.list", "links", {"to_db": "ncbi-geneid"}),
    ],
)
def test_real_lists_keep_every_line(upstream, file, kind, first):
    path = upstream / file
    answer = resource(kind, organism="hsa")
    kegg.check(answer, path.read_bytes()[:65536])
    (part,) = kegg.read(answer, Answer(path))
    assert len(part.rows) == part.seen == sum(bool(line) for line in path.read_bytes().split(b"\n"))
    assert part.rejects is None
    assert part.rows.slice(0, 1).to_pylist()[0].items() >= {"_record": 1, **first}.items()


def test_real_compounds_and_reactions_name_by_name(upstream):
    compounds = parts(upstream / "rest.kegg.jp/list/compound", "compounds")["kegg_compounds"].rows
    lines = (upstream / "rest.kegg.jp/list/compound").read_text().splitlines()
    assert compounds["names"].to_pylist() == [line.split("\t")[1].split("; ") for line in lines]
    assert compounds.filter(compounds["compound_id"].to_numpy() == "C19851")["names"].to_pylist() == [
        ["ADP-ribose 1'',2''-phosphate", 'ADP-ribose 1",2"-cyclic phosphate']
    ]
    reactions = parts(upstream / "rest.kegg.jp/list/reaction", "reactions")["kegg_reactions"].rows.to_pylist()
    lines = (upstream / "rest.kegg.jp/list/reaction").read_text().splitlines()
    assert ["; ".join([*row["names"], row["equation"]]) for row in reactions] == [line.split("\t")[1] for line in lines]
    assert all(" <=> " in row["equation"] and "<=>" not in "".join(row["names"]) for row in reactions)
    found = {row["reaction_id"]: row for row in reactions}
    assert found["R00341"]["names"] == [
        "ATP:oxaloacetate carboxy-lyase (transphosphorylating;phosphoenolpyruvate-forming)"
    ]
    assert found["R00135"]["names"] == []


def test_genes_in_both_forms(upstream, write):
    rows = parts(upstream / "rest.kegg.jp/list/hsa", "genes", organism="hsa")["kegg_genes"].rows.to_pylist()
    found = {row["gene_id"]: row for row in rows}
    assert found["hsa:79501"] == {
        **{"_record": 3, "organism": "hsa", "gene_id": "hsa:79501", "type": "CDS", "position": "1:65419..71585"},
        **{"symbols": ["OR4F5"], "description": "olfactory receptor family 4 subfamily F member 5"},
    }
    assert found["hsa:112268260"]["symbols"] == []
    assert found["hsa:112268260"]["description"] == "uncharacterized LOC112268260"
    assert found["hsa:54578"]["symbols"][-1] == "UGT1C"  # the archive ends that list with ",~"
    older = parts(write("eco:b0001\tthrL; thr operon leader peptide\neco:b0005\tsome protein; so called\n"), "genes",
                  organism="eco")["kegg_genes"].rows.to_pylist()  # fmt: skip
    assert [row["symbols"] for row in older] == [["thrL"], []]
    assert [row["description"] for row in older] == ["thr operon leader peptide", "some protein; so called"]
    assert older[0]["type"] is older[0]["position"] is None


def test_lines_that_cannot_be_taken_are_rejects_with_their_reason(write):
    lines = [b'\xef\xbb\xbfC00001\tWater; "H2O"\r', b"C00002\r", b"C00003\tbad \xff bytes", b"C00004\ta\tb", b""]
    path = write(b"\n".join([*lines, b"cpd:C00005\tok", b"X\tno", b"C00007\t"]))
    part = parts(path, "compounds")["kegg_compounds"]
    assert part.seen == 7
    assert part.rows["compound_id"].to_pylist() == ["C00001", "C00005"]
    assert part.rows["names"].to_pylist() == [["Water", '"H2O"'], ["ok"]]
    assert part.rows["_record"].to_pylist() == [1, 6]
    rejects = {row["_record"]: (row["reason"], row["content"]) for row in part.rejects.to_pylist()}
    assert rejects == {
        2: ("1 cells where 2 are expected", "C00002"),
        3: ("not UTF-8", "C00003\tbad \ufffd bytes"),
        4: ("3 cells where 2 are expected", "C00004\ta\tb"),
        7: ("not a compound's id", "X\tno"),
        8: ("no name", "C00007\t"),
    }


@pytest.mark.parametrize(
    ("kind", "line", "reason"),
    [
        ("links", "path:map00010\tC00022", "without its database's prefix"),
        ("links", "path:map00010\tcpd:C00022\toriginal", "3 cells where 2"),
        ("genes", "hsa:1\tA1BG; alpha", "not a gene of eco"),
        ("genes", "eco:b0001\tCDS\t190..255", "3 cells where 2 or 4"),
        ("organism_pathways", "hsa00010\tGlycolysis", "not a pathway of eco"),
        ("pathways", "hsa00010\tGlycolysis", "not a pathway's id"),
        ("reactions", "K00001\tA <=> B", "not a reaction's id"),
    ],
)
def test_a_line_of_another_kind_is_a_reject(write, kind, line, reason):
    (part,) = parts(write(line + "\n"), kind, organism="eco").values()
    assert len(part.rows) == 0
    assert reason in part.rejects["reason"][0].as_py()


def test_a_list_longer_than_a_block_is_read_in_pieces(write, monkeypatch):
    monkeypatch.setattr(text, "BLOCK", 100)
    path = write("".join(f"path:map{n:05}\tname {n}\n" for n in range(200)))
    found = list(kegg.read(resource("pathways"), Answer(path)))
    assert len(found) > 10
    assert [id for part in found for id in part.rows["pathway_id"].to_pylist()] == [f"map{n:05}" for n in range(200)]
    assert [n for part in found for n in part.rows["_record"].to_pylist()] == list(range(1, 201))


@pytest.mark.parametrize("kind", ["pathways", "genes", "compounds", "reactions", "links"])
def test_an_empty_list_is_no_table(write, kind):
    for nothing in (b"", b"\n\n", b"\r\n"):
        with pytest.raises(Unreadable, match="no line"):
            parts(write(nothing), kind, organism="eco")


# Hierarchies and image maps


def test_the_hierarchy_from_json_and_from_text(upstream):
    new = parts(upstream / "rest.kegg.jp/get/br_br08901/json", "hierarchy", brite="br08901")["kegg_hierarchy"].rows
    raw = (upstream / "rest.kegg.jp/get/br_br08901/json").read_text()
    leaves = re.findall(r'"name":"(\d{5})  (.*?)"\s*\n', raw)
    assert [(row["id"], row["name"]) for row in new.to_pylist()] == [(i, json.loads(f'"{n}"')) for i, n in leaves]
    keg = upstream / "www.genome.jp/kegg-bin/download_htext__br08901.keg"
    old = parts(keg, "hierarchy", brite="br08901")["kegg_hierarchy"].rows
    assert old["id"].to_pylist() == re.findall(r"^C    (\d{5})", keg.read_text(), re.MULTILINE)
    for rows in (new, old):
        by_id = {row["id"]: row["path"] for row in rows.to_pylist()}
        assert by_id["00010"] == ["Metabolism", "Carbohydrate metabolism"]
        assert by_id["00680"] == ["Metabolism", "Energy metabolism"]


def test_other_hierarchies_by_their_depth(upstream):
    folder = upstream / "www.genome.jp/kegg-bin"
    organisms = parts(folder / "download_htext__br08601.keg", "hierarchy", brite="br08601")["kegg_hierarchy"].rows
    assert len(organisms) == 6870
    assert organisms.slice(0, 1).to_pylist()[0]["id"] == "eco"
    assert len(organisms["path"][0].as_py()) == 4
    modules = parts(folder / "download_htext__ko00002.keg", "hierarchy", brite="ko00002")["kegg_hierarchy"].rows
    assert len(modules) == len(re.findall(r"^E", (folder / "download_htext__ko00002.keg").read_text(), re.MULTILINE))
    part = parts(upstream / "rest.kegg.jp/get/br_br08201/json", "hierarchy", brite="br08201")["kegg_hierarchy"]
    assert set(part.rejects["reason"].to_pylist()) == {"not an id with a name"}  # EC numbers that hold no reaction


def test_a_leaf_may_be_an_id_alone(write):
    part = parts(write("+C\tx\n!\nAone\nB  D00001\nB  C00002  named\nB  no id\n!\n"), "hierarchy", brite="br1")[
        "kegg_hierarchy"
    ]
    assert [(row["id"], row["name"]) for row in part.rows.to_pylist()] == [("D00001", None), ("C00002", "named")]
    assert [row["content"] for row in part.rejects.to_pylist()] == ["no id"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"name":"br08901","children":[{"name":"Metabolism","chil', "truncated"),
        ('{"error":"no such entry"}', "not a hierarchy"),
        ('{"name":"br08901","children":[]}', "no leaf"),
        ('{"name":"br08901","children":[{"name":5}]}', "has no name"),
        ("+C\tMap number\n!\nAMetabolism\nB  Carbohydrate", "truncated"),
        ("+C\tMap number\n!\n!\n", "no leaf"),
        ("<html>Not found</html>", "not a hierarchy"),
        ("", "no leaf"),
    ],
)
def test_a_bad_hierarchy_is_unreadable(write, content, says):
    with pytest.raises(Unreadable, match=says):
        parts(write(content), "hierarchy", brite="br08901")


def test_every_id_of_every_area_of_an_overview_map(upstream):
    path = upstream / "www.kegg.jp/pathway/map01220.html"
    kegg.check(resource("map_areas", pathway_id="map01220"), path.read_bytes()[:65536])
    part = parts(path, "map_areas", pathway_id="map01220")["kegg_map_areas"]
    rows, raw = part.rows.to_pylist(), path.read_text()
    areas = re.findall(r"<area\s[^>]*>", raw)
    assert len({row["area"] for row in rows}) == len(areas) == 1385
    ids = [re.findall(r'href="/(?:entry|pathway)/([^"]+)"', area) for area in areas]
    assert [row["id"] for row in rows] == [id for found in ids for id in (found[0].split("+") if found else [None])]
    assert sum(row["id"] is None for row in rows) == raw.count('javascript:void(0)"')
    assert part.rejects is None


def test_links_of_an_area_in_their_older_forms(write):
    hrefs = {
        "/entry/K00055+R01763": ["K00055", "R01763"],
        "/dbget-bin/www_bget?hsa:226+hsa:229": ["hsa:226", "hsa:229"],
        "/kegg-bin/show_pathway?map00010": ["map00010"],
        "https://www.kegg.jp/entry/C00022": ["C00022"],
        "/entry/1.2.1.3": ["1.2.1.3"],
        "javascript:void(0)": [None],
    }
    areas = "".join(f"<area shape=rect coords='1,2,3,4' href='{href}'>" for href in hrefs)
    path = write(f"<html><map name=m>{areas}<area><area href='/search?a=b&c=d'></map></html>")
    part = parts(path, "map_areas", pathway_id="map01220")["kegg_map_areas"]
    assert part.rows["id"].to_pylist() == [id for ids in hrefs.values() for id in ids] + [None]
    assert part.rejects["content"].to_pylist() == ["/search?a=b&c=d"]
    assert part.seen == 10


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("<html><body>Please log in</body></html>", "no image map"),
        ("", "no image map"),
        ("<html><map name='m'><area href='/entry/C00022'>", "ends within"),
    ],
)
def test_a_page_without_an_image_map_is_unreadable(write, content, says):
    with pytest.raises(Unreadable, match=says):
        parts(write(content), "map_areas", pathway_id="map01220")


def test_a_table_of_a_form_that_nobody_knows_is_a_gap(write):
    with pytest.raises(Unreadable, match="form is unknown"):
        parts(write("+C\tEnvironment\n!\nASea\n!\n"), "environments", brite="br08606")


# What is asked for, and what is believed


def test_every_listed_pathway_is_asked_for(write):
    eco = "".join(f"path:eco{n:05}\tname\n" for n in range(300))
    maps = "".join(f"map{n:05}\tname\n" for n in range(400))
    answers = {"list/pathway/eco": eco, "list/pathway": maps}
    options = {**kegg.OPTIONS, "organisms": ["eco"], "kgml": ["ko", "rn"]}

    def ids(options, answers):
        def answer(id: str) -> Answer | None:
            return Answer(write(answers[id])) if id in answers else None

        found = [r for r in kegg.resources(options, answer) if r.kind == "kgml"]
        assert len({r.url for r in found}) == len(found)
        return {r.id: r.optional for r in found}

    assert ids(options, {}) == {}
    found = ids(options, answers)
    assert len(found) == 300 + 2 * 400
    assert not any(gap for id, gap in found.items() if id.startswith("kgml/eco"))
    assert all(gap for id, gap in found.items() if not id.startswith("kgml/eco"))
    chosen = {**options, "pathways": ["00010", "hsa00020"]}
    wanted = {"kgml/eco00010": False, "kgml/ko00010": True, "kgml/rn00010": True, "kgml/hsa00020": False}
    assert ids(chosen, answers) == wanted
    assert ids(chosen, {}) == {"kgml/hsa00020": False}


def test_what_is_asked_for_has_its_address():
    urls = {r.id: (r.url, r.optional) for r in kegg.resources(kegg.OPTIONS, lambda id: None)}
    assert urls["list/pathway"] == ("https://rest.kegg.jp/list/pathway", False)
    assert urls["list/hsa"][0] == "https://rest.kegg.jp/list/hsa"
    assert urls["list/pathway/eco"][0] == "https://rest.kegg.jp/list/pathway/eco"
    assert urls["link/compound/pathway"][0] == "https://rest.kegg.jp/link/compound/pathway"
    assert urls["brite/br08901"] == ("https://rest.kegg.jp/get/br:br08901/json", False)
    assert urls["brite/br08606"] == ("https://rest.kegg.jp/get/br:br08606", True)
    assert urls["overview/map01220"][0] == "https://www.kegg.jp/pathway/map01220"


KINDS = ["pathways", "genes", "compounds", "reactions", "links", "hierarchy", "map_areas", "kgml"]


@pytest.mark.parametrize("kind", [*KINDS, "environments"])
@pytest.mark.parametrize("head", [b"", b"\n", b"<html><title>Sign in</title></html>"])
def test_nothing_and_a_login_page_are_refused(kind, head):
    with pytest.raises(Refused, match=r"empty|not"):
        kegg.check(resource(kind, pathway_id="map01220"), head)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_in_words_is_refused(kind):
    with pytest.raises(Refused, match="it begins with 'No such database"):
        kegg.check(resource(kind, pathway_id="map01220"), b"No such database: pathwayz\tcheck the name\n")


def test_the_page_of_another_map_is_refused(upstream):
    head = (upstream / "www.kegg.jp/pathway/map01220.html").read_bytes()[:65536]
    with pytest.raises(Refused, match="not of map01200"):
        kegg.check(resource("map_areas", pathway_id="map01200"), head)


def test_real_heads_are_believed(upstream):
    for file in sorted(upstream.glob("rest.kegg.jp/get/*/kgml")):
        kegg.check(resource("kgml", pathway_id=file.parent.name), file.read_bytes()[:65536])
    kegg.check(resource("hierarchy"), (upstream / "rest.kegg.jp/get/br_br08901/json").read_bytes()[:65536])
    kegg.check(resource("kgml"), KGML.encode("utf-16"))


def test_the_sample_is_such_a_mirror():
    with open(SAMPLE / "MANIFEST.tsv", newline="") as file:
        named = {row["url"]: row["file"] for row in csv.DictReader(file, delimiter="\t")}

    def place(url: str) -> Path | None:
        path = SAMPLE / named.get(url, url.split("://")[1])
        return path if path.is_file() else None

    options = {**kegg.OPTIONS, "organisms": ["eco"], "kgml": ["ko"]}
    first = {r.id: Answer(path) for r in kegg.resources(options, lambda id: None) if (path := place(r.url))}
    asked = list(kegg.resources(options, first.get))
    tables: Counter = Counter()
    rejected = 0
    for found in asked:
        path = place(found.url)
        assert path or found.optional, found.url
        if path:
            kegg.check(found, path.read_bytes()[:65536])
            for part in kegg.read(found, Answer(path)):
                tables[part.table] += len(part.rows)
                rejected += 0 if part.rejects is None else len(part.rejects)
    assert set(tables) == set(kegg.TABLES) - {"kegg_terms"}  # asked for by option alone
    assert rejected == 4


def test_every_column_is_described():
    for table, schema in kegg.TABLES.items():
        assert schema.names[0] == "_record"
        assert all(field.metadata[b"doc"] for field in schema), table


def test_the_reader_opens_nothing_but_its_file(write, tmp_path):
    """A document type that names a file or a host is never followed."""
    trap = tmp_path / "trap.dtd"
    trap.write_text('<!ATTLIST entry type CDATA "from the trap">')
    plain = KGML.replace("https://www.kegg.jp/kegg/xml/KGML_v0.7.2_.dtd", trap.as_uri())
    document = kgml.parse(resource("kgml"), write(plain))
    assert document.xml.dtd == trap.as_uri()
    assert b"from the trap" not in document.xml.body


def test_entries_of_other_databases_and_conversions(upstream, tmp_path):
    folder = upstream / "rest.kegg.jp"
    asked = Resource("list/ko", "https://rest.kegg.jp/list/ko", "terms", "text", {"database": "ko"})
    path = folder / "list/ko"
    kegg.check(asked, path.read_bytes()[:65536])
    (part,) = kegg.read(asked, Answer(path))
    lines = path.read_text().splitlines()
    assert (part.seen, len(part.rows), part.rejects) == (len(lines), len(lines), None)
    first = part.rows.slice(0, 1).to_pylist()[0]
    assert {name: first[name] for name in ("id", "names", "description", "ec")} == {
        "id": "K00001",
        "names": ["E1.1.1.1", "adh"],
        "description": "alcohol dehydrogenase",
        "ec": ["1.1.1.1"],
    }
    assert sum(map(len, part.rows["ec"].to_pylist())) == sum(
        len(line.rpartition("[EC:")[2].rstrip("]").split()) for line in lines if re.search(r"\[EC:[^\]]+\]$", line)
    )
    asked = Resource("conv/pubchem/glycan", "https://rest.kegg.jp/conv/pubchem/glycan", "links", "text")
    (part,) = kegg.read(asked, Answer(folder / "conv/pubchem/glycan"))
    assert (part.seen, len(part.rows), part.rejects) == (11_033, 11_033, None)
    path = tmp_path / "module"
    path.write_text("M00001\tmade up, a module; another name\n")
    (part,) = kegg.read(Resource("m", "x", "terms", "text", {"database": "module"}), Answer(path))
    assert part.rows["names"].to_pylist() == [["made up, a module", "another name"]]
