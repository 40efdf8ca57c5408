"""UniProt: the real entries in each form, one entry in four forms, and what an archive can do to them."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pyarrow as pa
import pytest

from lake.errors import ConfigError, Refused, Unreadable
from lake.formats.answer import Answer
from lake.sources import uniprot
from lake.sources.contract import Resource

FOLDER = "rest.uniprot.org/uniprotkb"


def resource(form: str, **params) -> Resource:
    return Resource("a", f"https://{FOLDER}/a.{form}", form, "text", params)


def read(path: Path, form: str = "", **params) -> tuple[list[dict], list[dict], list[dict]]:
    """Entries, cross-references, rejects."""
    rows: dict[str, list[dict]] = {"uniprot_entries": [], "uniprot_xrefs": []}
    rejects = []
    for part in uniprot.read(resource(form or path.suffix[1:], **params), Answer(path)):
        bad = part.rejects.to_pylist() if part.rejects is not None else []
        assert part.seen == len(part.rows) + len(bad)
        assert part.rows.schema.names[: len(uniprot.TABLES[part.table])] == uniprot.TABLES[part.table].names
        rows[part.table] += part.rows.to_pylist()
        rejects += bad
    return rows["uniprot_entries"], rows["uniprot_xrefs"], rejects


# One made-up entry in four forms

TXT = """ID   ABCA_TESTX              Reviewed;         3 AA.
AC   P00001; Q00002;
AC   Q00003;
DT   01-MAR-2005, integrated into UniProtKB/Swiss-Prot.
DT   23-JAN-2007, sequence version 2.
DT   11-DEC-2019, entry version 48.
DE   RecName: Full=Test (S)-lyase {ECO:0000303|PubMed:1, ECO:0000255};
DE            Short=TL;
DE            EC=4.1.1.n1 {ECO:0000303|PubMed:1};
DE   AltName: Full=Other & more;
DE            EC=1.1.1.1;
DE   Contains:
DE     RecName: Full=Part one;
DE              EC=1.1.1.1;
DE   Flags: Precursor; Fragments;
GN   Name=abcA {ECO:0000303|PubMed:1,
GN   ECO:0000305}; Synonyms=xyz; OrderedLocusNames=t0002, T1;
GN   and
GN   Name=abcB; OrderedLocusNames=t0001;
OS   Testus example (strain X1) (Common
OS   test).
OC   Bacteria.
OX   NCBI_TaxID=7 {ECO:0000312|EMBL:X};
RN   [1]
RX   PubMed=1;
DR   EMBL; X00001; CAA00001.1; -; Genomic_DNA.
DR   EMBL; X00001; CAA00002.1; JOINED; Genomic_DNA.
DR   EMBL; X00002; -; NOT_ANNOTATED_CDS; Genomic_DNA.
DR   KEGG; tst:t0002; -.
DR   GO; GO:0000002; F:two; IEA:X.
DR   GO; GO:0000001; F:one; IEA:X.
DR   CCDS; CCDS1.1; -. [P00001-1]
PE   3: Inferred from homology;
KW   Lyase.
FT   CHAIN           1..3
SQ   SEQUENCE   3 AA;  345 MW;  0123456789ABCDEF CRC64;
     MKV
//
"""
XML = """<?xml version='1.0' encoding='UTF-8'?>
<uniprot xmlns="http://uniprot.org/uniprot">
<entry dataset="Swiss-Prot" created="2005-03-01" modified="2019-12-11" version="48">
<accession>P00001</accession><accession>Q00002</accession><accession>Q00003</accession>
<name>ABCA_TESTX</name>
<protein>
<recommendedName><fullName evidence="1">Test (S)-lyase</fullName><shortName>TL</shortName>
<ecNumber evidence="1">4.1.1.n1</ecNumber></recommendedName>
<alternativeName><fullName>Other &amp; more</fullName><ecNumber>1.1.1.1</ecNumber></alternativeName>
<component><recommendedName><fullName>Part one</fullName><ecNumber>1.1.1.1</ecNumber></recommendedName></component>
</protein>
<gene><name type="synonym">xyz</name><name type="primary">abcA</name><name type="ordered locus">t0002</name>
<name type="ordered locus">T1</name></gene>
<gene><name type="primary">abcB</name><name type="ordered locus">t0001</name></gene>
<organism><name type="scientific">Testus example (strain X1)</name><name type="common">Common test</name>
<dbReference type="NCBI Taxonomy" id="7"/></organism>
<reference key="1"><citation type="journal article"><dbReference type="PubMed" id="1"/></citation></reference>
<!-- <dbReference type="KEGG" id="not:this"/> -->
<dbReference type="EMBL" id="X00001"><property type="protein sequence ID" value="CAA00001.1"/></dbReference>
<dbReference id="X00001" type='EMBL'><property type="status" value="JOINED"/>
<property type="protein sequence ID" value="CAA00002.1"/></dbReference>
<dbReference type="EMBL" id="X00002"/>
<dbReference type="KEGG" id="tst:t0002"/>
<dbReference type="GO" id="GO:0000002"><property type="term" value="F:two > one"/></dbReference>
<dbReference type="GO" id="GO:0000001"><property type="term" value="F:one"/></dbReference>
<dbReference type="CCDS" id="CCDS1.1"><molecule id="P00001-1"/></dbReference>
<proteinExistence type="inferred from homology"/>
<evidence key="1" type="ECO:0000303"><source><dbReference type="EMBL" id="CAA9"/></source></evidence>
<sequence length="3" mass="345" checksum="0123456789ABCDEF" modified="2007-01-23" version="2"
fragment="multiple">MKV</sequence>
</entry>
<copyright>made up</copyright>
</uniprot>
"""


def _xref(database: str, id: str, **properties: str) -> dict:
    return {
        "database": database,
        "id": id,
        "properties": [{"key": key, "value": value} for key, value in properties.items()],
    }


def _named(name: str, *numbers: str) -> dict:
    return {"fullName": {"value": name}, "ecNumbers": [{"value": number} for number in numbers]}


ENTRY = {
    "entryType": "UniProtKB reviewed (Swiss-Prot)",
    "primaryAccession": "P00001",
    "secondaryAccessions": ["Q00002", "Q00003"],
    "uniProtkbId": "ABCA_TESTX",
    "entryAudit": {
        "firstPublicDate": "2005-03-01",
        "lastAnnotationUpdateDate": "2019-12-11",
        "lastSequenceUpdateDate": "2007-01-23",
        "entryVersion": 48,
        "sequenceVersion": 2,
    },
    "organism": {"scientificName": "Testus example (strain X1)", "commonName": "Common test", "taxonId": 7},
    "proteinExistence": "3: Inferred from homology",
    "proteinDescription": {
        "recommendedName": _named("Test (S)-lyase", "4.1.1.n1"),
        "alternativeNames": [_named("Other & more", "1.1.1.1")],
        "contains": [{"recommendedName": _named("Part one", "1.1.1.1")}],
        "flag": "Fragments",
    },
    "genes": [
        {"geneName": {"value": "abcA"}, "orderedLocusNames": [{"value": "t0002"}, {"value": "T1"}]},
        {"geneName": {"value": "abcB"}, "orderedLocusNames": [{"value": "t0001"}]},
    ],
    "comments": [{"commentType": "FUNCTION", "texts": [{"value": 'with "quotes" and }] \\ in it'}]}],
    "uniProtKBCrossReferences": [
        _xref("EMBL", "X00001", ProteinId="CAA00001.1", Status="-"),
        _xref("EMBL", "X00001", Status="JOINED", ProteinId="CAA00002.1"),
        _xref("EMBL", "X00002", ProteinId="-"),
        {"database": "KEGG", "id": "tst:t0002"},
        _xref("GO", "GO:0000002", GoTerm="F:two"),
        _xref("GO", "GO:0000001", GoTerm="F:one"),
        _xref("CCDS", "CCDS1.1"),
    ],
    "sequence": {"value": "MKV", "length": 3, "molWeight": 345, "crc64": "0123456789ABCDEF", "md5": "0"},
}
TSV = (
    "Entry\tEntry Name\tReviewed\tProtein names\tGene Names (primary)\tGene Names (ordered locus)\tOrganism\t"
    "Organism (ID)\tLength\tMass\tFragment\tProtein existence\tEC number\tGene Ontology IDs\tKEGG\tEMBL\t"
    "Entry version\tSequence version\tDate of creation\tDate of last modification\t"
    "Date of last sequence modification\tMiscellaneous [CC]\n"
    "P00001\tABCA_TESTX\treviewed\tTest (S)-lyase (TL) (EC 4.1.1.n1)\tabcA; abcB\tt0002 T1; t0001\t"
    "Testus example (strain X1) (Common test)\t7\t3\t345\tfragments\tInferred from homology\t4.1.1.n1; 1.1.1.1\t"
    "GO:0000001; GO:0000002\ttst:t0002;\tX00001;X00002;\t48\t2\t2005-03-01\t2019-12-11\t2007-01-23\tsaid aside\n"
)
BODIES = {"txt": TXT, "xml": XML, "json": json.dumps({"results": [ENTRY]}), "tsv": TSV}


@pytest.fixture
def take(tmp_path):
    def take(form: str, body: str | bytes, **params):
        path = tmp_path / f"answer.{form}"
        path.write_bytes(body if isinstance(body, bytes) else body.encode())
        return read(path, form, **params)

    return take


@pytest.mark.parametrize("form", BODIES)
def test_one_entry_is_the_same_in_every_form(take, form):
    uniprot.check(resource(form), BODIES[form].encode())
    (entry,), xrefs, rejects = take(form, BODIES[form])
    wanted = {
        "accession": "P00001",
        "entry_name": "ABCA_TESTX",
        "reviewed": True,
        "protein_name": "Test (S)-lyase",
        "gene": "abcA",
        "organism": "Testus example (strain X1) (Common test)",
        "taxon_id": 7,
        "length": 3,
        "mass": 345,
        "fragment": True,
        "existence": 3,
        "version": 48,
        "sequence_version": 2,
        "checksum": "0123456789ABCDEF",
        "created": "2005-03-01",
        "modified": "2019-12-11",
        "sequence_modified": "2007-01-23",
        "secondary_accessions": ["Q00002", "Q00003"],
        "ordered_loci": ["T1", "t0001", "t0002"],
        "ec_numbers": ["1.1.1.1", "4.1.1.n1"],
        "kegg_ids": ["tst:t0002"],
        "go_ids": ["GO:0000001", "GO:0000002"],
    }
    ids = {(one["database"], one["id"]) for one in xrefs}
    others = {("CCDS", "CCDS1.1")}
    if form == "tsv":  # what TSV cannot say
        assert entry["protein_names"] == "Test (S)-lyase (TL) (EC 4.1.1.n1)"
        assert entry["miscellaneous_cc"] == "said aside"
        wanted |= dict.fromkeys(("protein_name", "checksum", "secondary_accessions"))
        ids |= others
    else:
        proteins = [(one["id"], one["protein_id"]) for one in xrefs if one["database"] == "EMBL"]
        assert proteins == [("X00001", "CAA00001.1"), ("X00001", "CAA00002.1"), ("X00002", None)]
    assert {name: entry[name] for name in wanted} == wanted
    assert ids == others | {
        *(("EMBL", id) for id in ("X00001", "X00002")),
        *(("EC", id) for id in wanted["ec_numbers"]),
        *(("GO", id) for id in wanted["go_ids"]),
        ("KEGG", "tst:t0002"),
    }
    assert {(one["accession"], one["version"]) for one in xrefs} == {("P00001", 48)}
    assert rejects == []


def twice(form: str) -> str:
    """The entry, and once more with a length that is none."""
    if form == "json":
        return json.dumps([ENTRY, {**ENTRY, "primaryAccession": "P00009", "sequence": {}}])
    good, cut = {"txt": ("3 AA.\n", 0), "xml": ('length="3"', "<entry"), "tsv": ("\t3\t345", "\n")}[form]
    worse = BODIES[form].replace(good, good.replace("3", "x", 1))
    start = BODIES[form].index(cut) + (form == "tsv") if cut else 0
    end = BODIES[form].index("<copyright") if form == "xml" else None
    return BODIES[form][:end] + worse[start:]


@pytest.mark.parametrize("form", BODIES)
def test_an_entry_that_is_wrong_is_a_reject_with_its_references(take, form):
    entries, xrefs, rejects = take(form, twice(form))
    assert [entry["accession"] for entry in entries] == ["P00001"]
    aside = [one for one in rejects if one["reason"] == "its entry is a reject"]
    (own,) = [one for one in rejects if one not in aside]
    assert "length" in own["reason"]
    assert len(aside) == len(xrefs) > 0
    assert {one["_record"] for one in rejects} == {3 if form == "tsv" else 2}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"entryType": "Inactive", "sequence": None}, "no length"),
        ({"primaryAccession": None}, "no accession"),
        ({"sequence": {"length": "long"}}, "not of the form"),
    ],
)
def test_reasons_of_rejects(take, change, reason):
    entries, _, rejects = take("json", json.dumps([ENTRY, {**ENTRY, **change}]))
    assert len(entries) == 1
    (own,) = [one for one in rejects if one["reason"] != "its entry is a reject"]
    assert reason in own["reason"]
    assert own["_record"] == 2


@pytest.mark.parametrize(
    ("change", "column", "reason", "content"),
    [
        ({"entryType": "UniProtKB odd (Odd)"}, "reviewed", "neither reviewed nor unreviewed", "UniProtKB odd (Odd)"),
        ({"proteinExistence": "6: Guess"}, "existence", "a protein existence that is not known", "6: Guess"),
    ],
)
def test_a_value_of_another_kind_costs_itself(tmp_path, change, column, reason, content):
    path = tmp_path / "a.json"
    path.write_text(json.dumps([ENTRY, {**ENTRY, **change}]))
    entries, xrefs = uniprot.read(resource("json"), Answer(path))
    assert entries.rejects is None
    assert xrefs.rejects is None
    assert [row[column] is None for row in entries.rows.to_pylist()] == [False, True]
    assert entries.cells.to_pylist() == [{"_record": 2, "column": column, "reason": reason, "content": content}]


def test_accessions_that_did_not_come_are_rejects(take):
    _, _, rejects = take("txt", TXT, accessions=["P00001", "Q00002", "Q77777"])
    assert [(one["content"], one["_record"]) for one in rejects] == [("Q77777", None)]


def test_columns_of_tsv_come_in_any_order_and_number(take):
    (entry,), xrefs, _ = take("tsv", "Mass\tEC number\tEntry\tSequence\n41,582\t\tP00001\tMKV\n")
    assert (entry["accession"], entry["mass"], entry["length"]) == ("P00001", 41582, 3)
    assert (entry["ec_numbers"], entry["kegg_ids"], entry["reviewed"], xrefs) == ([], None, None, [])
    old = "Entry\tEntry name\tStatus\tOrganism ID\tCross-reference (KEGG)\tVersion (entry)\n"
    (entry,), _, _ = take("tsv", old + "P00001\tA_B\tunreviewed\t7\ta:b;\t3\n")
    assert (entry["reviewed"], entry["taxon_id"], entry["kegg_ids"], entry["version"]) == (False, 7, ["a:b"], 3)


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("tsv", TSV + "Error encountered when streaming data. Please try again later.\n"),
        ("tsv", "Mass\tLength\n1\t2\n"),
        ("txt", TXT + "Error encountered when streaming data. Please try again later.\n"),
        ("txt", TXT[:-3]),
        ("xml", XML[:-12]),
        ("xml", XML.replace("<uniprot", '<!DOCTYPE uniprot [<!ENTITY a "b">]><uniprot')),
        ("json", BODIES["json"][:-2]),
    ],
)
def test_streams_that_break_off(take, form, body):
    with pytest.raises(Unreadable):
        take(form, body)


@pytest.mark.parametrize("form", BODIES)
@pytest.mark.parametrize(
    "body", ["", "<html>sorry</html>", '{"url":"x","messages":["The query is wrong"]}', "Service unavailable\n"]
)
def test_what_is_no_answer_is_refused(form, body):
    with pytest.raises(Refused, match="The query is wrong" if "messages" in body else "is not"):
        uniprot.check(resource(form), body.encode())


@pytest.mark.parametrize(
    ("form", "body"), [("tsv", "Entry\tMass\n"), ("json", '{"results":[]}'), ("xml", "<uniprot></uniprot>")]
)
def test_an_answer_without_an_entry_is_refused(form, body):
    with pytest.raises(Refused, match="has no entry"):
        uniprot.check(resource(form), body.encode())


def test_accessions_are_asked_for_in_batches_of_500_and_queries_as_streams():
    names = [f"P{number:05d}" for number in range(1201)]
    options = {**uniprot.OPTIONS, "accessions": [*names, names[0]], "queries": ["(ec:1.1.1.1) AND (reviewed:true)"]}
    found = list(uniprot.resources(options, lambda id: None))
    assert [one.id for one in found[:3]] == ["accessions/1", "accessions/2", "accessions/3"]
    asked = [re.search(r"accessions=([^&]*)", one.url)[1].split(",") for one in found[:3]]
    assert [len(one) for one in asked] == [500, 500, 201]
    assert [name for some in asked for name in some] == names
    assert found[3].url.startswith("https://rest.uniprot.org/uniprotkb/stream?query=(ec:1.1.1.1)%20AND%20")
    assert "fields=accession,id," in found[3].url
    (one,) = uniprot.resources({**options, "accessions": [], "format": "xml"}, lambda id: None)
    assert (one.kind, one.expects) == ("xml", "xml")
    assert "fields" not in one.url


def test_nothing_is_asked_for_by_default_and_odd_formats_are_told():
    assert list(uniprot.resources(uniprot.OPTIONS, lambda id: None)) == []
    with pytest.raises(ConfigError, match="fasta"):
        list(uniprot.resources({**uniprot.OPTIONS, "format": "fasta"}, lambda id: None))


# Real files


@pytest.mark.upstream
def test_real_entries_are_the_same_as_xml_and_as_flat_file(upstream):
    xml, txt = (read(upstream / FOLDER / f"multi_ex.{form}") for form in ("xml", "txt"))
    assert xml == txt
    assert len(xml[0]) == 8
    assert sum(one["database"] != "EC" for one in xml[1]) == 327  # DR lines of the flat file


@pytest.mark.upstream
def test_every_real_file_gives_all_its_entries(upstream):
    count = {"txt": r"(?m)^//$", "xml": "<entry", "json": '"primaryAccession"', "tsv": r"\n[A-Z]"}
    for path in sorted((upstream / FOLDER).iterdir()):
        text = path.read_text()
        uniprot.check(resource(path.suffix[1:]), path.read_bytes()[: 2**16])
        entries, xrefs, rejects = read(path)
        assert rejects == []
        assert len(entries) == len(re.findall(count[path.suffix[1:]], text))
        if path.suffix == ".txt":
            assert sum(one["database"] != "EC" for one in xrefs) == len(re.findall(r"(?m)^DR ", text))
        if path.suffix != ".tsv":
            assert all(entry[name] is not None for entry in entries for name in ("entry_name", "mass", "existence"))


@pytest.mark.upstream
def test_every_cell_of_the_real_tsv(upstream):
    path = upstream / FOLDER / "stream__UP000002311.tsv"
    entries, xrefs, _ = read(path)
    with path.open(newline="") as handle:
        wanted = list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert [entry["mass"] for entry in entries] == [int(row["Mass"]) for row in wanted]
    assert [entry["length"] for entry in entries] == [len(row["Sequence"]) for row in wanted]
    loci = [sorted(filter(None, row["Gene Names (ordered locus)"].split("; "))) for row in wanted]
    assert [entry["ordered_loci"] for entry in entries] == loci
    numbers = [sorted(filter(None, row["EC number"].split("; "))) for row in wanted]
    assert [entry["ec_numbers"] for entry in entries] == numbers
    assert sorted((one["accession"], one["id"]) for one in xrefs) == sorted(
        (row["Entry"], number) for row, some in zip(wanted, numbers, strict=True) for number in some
    )


@pytest.mark.upstream
def test_json_says_what_the_real_file_says(upstream):
    path = upstream / FOLDER / "P12345.json"
    told = json.loads(path.read_text())
    (entry,), xrefs, _ = read(path)
    assert (entry["accession"], entry["length"], entry["mass"]) == ("P12345", 430, 47409)
    assert entry["checksum"] == told["sequence"]["crc64"]
    own = [(one["database"], one["id"]) for one in xrefs if one["database"] != "EC"]
    assert own == [(one["database"], one["id"]) for one in told["uniProtKBCrossReferences"]]


def test_blocks_make_no_difference(take, monkeypatch):
    from lake.formats import json_records, text, xml_records

    whole = {form: take(form, body) for form, body in BODIES.items()}
    for module in (json_records, text, xml_records):
        monkeypatch.setattr(module, "BLOCK", 64)
    assert {form: take(form, body) for form, body in BODIES.items()} == whole


def test_every_number_has_a_unit_or_is_a_count():
    for schema in uniprot.TABLES.values():
        assert all({b"unit", b"doc"} <= field.metadata.keys() for field in schema)
    assert uniprot.TABLES["uniprot_entries"].field("mass").metadata[b"unit"] == b"Da"
    assert isinstance(uniprot.TABLES["uniprot_entries"], pa.Schema)
