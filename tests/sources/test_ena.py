"""ENA: the real records in each form, one record in several, files of runs, and what an archive can do to them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lake.errors import ConfigError, Refused, Unreadable
from lake.formats.answer import Answer
from lake.sources import ena
from lake.sources.contract import Resource

FOLDER = "www.ebi.ac.uk/ena"


def resource(kind: str, **params) -> Resource:
    return Resource("a", f"https://{FOLDER}/a", kind, "text", params)


def read(path: Path, kind: str, **params) -> tuple[list[dict], list[dict], list[dict]]:
    """Records, files, rejects."""
    rows: dict[str, list[dict]] = {"ena_records": [], "ena_files": [], "ena_attributes": []}
    rejects = []
    for part in ena.read(resource(kind, **params), Answer(path)):
        bad = part.rejects.to_pylist() if part.rejects is not None else []
        assert part.seen == len(part.rows) + len(bad)
        assert part.rows.schema.equals(ena.TABLES[part.table])
        rows[part.table] += part.rows.to_pylist()
        rejects += [*bad, *([] if part.cells is None else part.cells.to_pylist())]
    return rows["ena_records"], rows["ena_files"], rejects


@pytest.fixture
def take(tmp_path):
    def take(kind: str, body: str | bytes, **params):
        path = tmp_path / "answer"
        path.write_bytes(body if isinstance(body, bytes) else body.encode())
        ena.check(resource(kind), path.read_bytes()[: 2**16])
        return read(path, kind, **params)

    return take


# One made-up run in three forms

RUN = {
    "run_accession": "SRR000001",
    "experiment_accession": "SRX000001",
    "secondary_sample_accession": "SRS000001",
    "secondary_study_accession": "SRP000001",
    "description": "A title & more",
    "base_count": "600",
    "read_count": "2",
    "center_name": "A centre",
    "first_public": "2020-01-02",
    "last_updated": "2020-02-03",
}
FILES = {
    "fastq_ftp": "ftp.example.org/1.fastq.gz;ftp.example.org/2.fastq.gz",
    "fastq_bytes": "10;20",
    "fastq_md5": f"{'0' * 32};{'1' * 32}",
    "submitted_ftp": "",
    "submitted_bytes": "",
    "submitted_md5": "",
}


def link(of: str, name: str, value: str) -> str:
    return f"<{of}_LINK><XREF_LINK><DB>{name}</DB><ID>{value}</ID></XREF_LINK></{of}_LINK>"


def attribute(of: str, **said: str) -> str:
    pairs = "".join(
        f"<{of}_ATTRIBUTE><TAG>{tag.replace('_', '-')}</TAG><VALUE>{value}</VALUE></{of}_ATTRIBUTE>"
        for tag, value in said.items()
    )
    return f"<{of}_ATTRIBUTES>{pairs}</{of}_ATTRIBUTES>"


SAID = {
    "ENA_SPOT_COUNT": "2",
    "ENA_BASE_COUNT": "600",
    "ENA_FIRST_PUBLIC": "2020-01-02",
    "ENA_LAST_UPDATE": "2020-02-03",
}
XML = f"""<?xml version="1.0" encoding="utf-8"?>
<RUN_SET>
<RUN accession="SRR000001" alias="x" center_name="A centre">
<IDENTIFIERS><PRIMARY_ID>SRR000001</PRIMARY_ID></IDENTIFIERS>
<TITLE>A title &amp; more</TITLE>
<EXPERIMENT_REF accession="SRX000001"><IDENTIFIERS><PRIMARY_ID>SRX000001</PRIMARY_ID></IDENTIFIERS></EXPERIMENT_REF>
<RUN_LINKS>{link("RUN", "ENA-STUDY", "SRP000001")}{link("RUN", "ENA-SAMPLE", "SRS000001")}
{link("RUN", "ENA-SUBMITTED-FILES", "<![CDATA[https://example.org/?a=b&c=d]]>")}</RUN_LINKS>
{attribute("RUN", assembly="one", **SAID)}
</RUN>
</RUN_SET>
"""


def tsv(*rows: dict) -> str:
    return "\n".join("\t".join(cells) for cells in ([*rows[0]], *(list(row.values()) for row in rows))) + "\n"


def test_one_run_is_the_same_in_every_form(take):
    forms = [
        take("search", json.dumps([RUN]), result="read_run"),
        take("files", tsv(RUN | FILES), result="read_run"),
        take("xml", XML, accession="SRR000001"),
    ]
    records = [{**record, "_record": 1} for (record,), _, rejects in forms if not rejects]
    assert records[0] == records[1]
    assert records[2] == records[0]
    record = records[0]
    assert (record["accession"], record["kind"], record["bases"], record["reads"]) == ("SRR000001", "run", 600, 2)


def test_files_of_a_run_are_rows(take):
    for kind, body in (("files", tsv(RUN | FILES)), ("search", json.dumps([RUN | FILES]))):
        _, files, rejects = take(kind, body, result="read_run")
        assert rejects == []
        assert [(one["number"], one["url"], one["bytes"], one["md5"][0]) for one in files] == [
            (1, "ftp://ftp.example.org/1.fastq.gz", 10, "0"),
            (2, "ftp://ftp.example.org/2.fastq.gz", 20, "1"),
        ]
        assert {(one["run_accession"], one["kind"]) for one in files} == {("SRR000001", "fastq")}


def test_files_without_their_sizes_are_rejects_or_null(take):
    rows = [
        RUN | FILES,
        RUN | FILES | {"run_accession": "SRR000002", "fastq_bytes": "10"},
        RUN | FILES | {"run_accession": "SRR000003", "fastq_bytes": "10;many"},
        RUN | FILES | {"run_accession": "SRR000004", "fastq_bytes": "", "fastq_md5": ""},
        RUN | FILES | {"run_accession": "SRR000005", "fastq_ftp": "https://a/b;", "fastq_bytes": "1", "fastq_md5": ""},
    ]
    records, files, rejects = take("files", tsv(*rows), result="read_run")
    assert len(records) == 5
    assert [(one["run_accession"][-1], one["bytes"]) for one in files] == [
        *(("1", 10), ("1", 20), ("3", 10), ("4", None), ("4", None), ("5", 1)),
    ]
    assert files[-1]["url"] == "https://a/b"
    assert [one["_record"] for one in rejects] == [3, 3, 4]
    assert "not as many sizes" in rejects[0]["reason"]
    assert "not a whole number: many" in rejects[2]["reason"]


def test_a_row_of_an_experiment_that_names_a_run_is_the_run(take):
    rows = [RUN, RUN | {"run_accession": "SRR000002"}, RUN | {"run_accession": ""}]
    records, _, _ = take("search", json.dumps(rows), result="read_experiment")
    assert [(one["kind"], one["accession"]) for one in records] == [
        ("run", "SRR000001"),
        ("run", "SRR000002"),
        ("experiment", "SRX000001"),
    ]


def test_records_that_are_wrong_are_rejects(take):
    rows = [RUN, RUN | {"base_count": "many"}, {"description": "no accession"}, RUN | {"read_count": 5}]
    records, _, rejects = take("search", json.dumps(rows), result="read_run")
    assert [(one["_record"], one["bases"]) for one in records] == [(1, 600), (2, None)]
    reasons = {one["_record"]: one["reason"] for one in rejects}
    (cell,) = [one for one in rejects if "column" in one]
    assert (cell["_record"], cell["column"], cell["content"]) == (2, "bases", "many")
    assert reasons[3] == "it has no accession"
    assert "read_count" in reasons[4]
    _, _, rejects = take("search", tsv(RUN, RUN | {"run_accession": ""}), result="read_run")
    assert [one["_record"] for one in rejects] == [3]


def test_assemblies_and_sequences_lose_their_version(take):
    body = json.dumps([{"accession": "GCA_000000001.2", "scientific_name": "A b"}, {"accession": "GCA_000000002"}])
    records, _, _ = take("search", body, result="assembly")
    assert [(one["accession"], one["version"]) for one in records] == [("GCA_000000001", 2), ("GCA_000000002", None)]
    (record,), _, _ = take("search", tsv({"accession": "U00001", "version": "3"}), result="sequence")
    assert (record["kind"], record["accession"], record["version"]) == ("sequence", "U00001", 3)


def test_studies_and_samples_go_by_the_names_that_all_share(take):
    runs = link("STUDY", "ENA-RUN", "SRR000001-SRR000009")
    study = f"""<STUDY_SET><STUDY accession="SRP000001"><IDENTIFIERS><PRIMARY_ID>SRP000001</PRIMARY_ID>
    <SECONDARY_ID>PRJNA1</SECONDARY_ID></IDENTIFIERS><DESCRIPTOR><STUDY_TITLE>A study</STUDY_TITLE></DESCRIPTOR>
    <STUDY_LINKS>{runs}</STUDY_LINKS></STUDY></STUDY_SET>"""
    project = """<PROJECT_SET><PROJECT accession="PRJNA1"><IDENTIFIERS><SECONDARY_ID>SRP000001</SECONDARY_ID>
    </IDENTIFIERS><TITLE>A study</TITLE><DESCRIPTION>Long</DESCRIPTION></PROJECT></PROJECT_SET>"""
    row = json.dumps(
        [{"study_accession": "PRJNA1", "secondary_study_accession": "SRP000001", "study_title": "A study"}]
    )
    forms = [
        take("xml", study, accession="PRJNA1"),
        take("xml", project, accession="SRP000001"),
        take("search", row, result="study"),
    ]
    assert forms[0] == forms[1] == forms[2]
    (record,), _, _ = forms[0]
    assert (record["accession"], record["secondary_accession"], record["run_accession"]) == (
        "PRJNA1",
        "SRP000001",
        None,
    )
    sample = """<SAMPLE_SET><SAMPLE accession="SRS000001"><IDENTIFIERS><PRIMARY_ID>SRS000001</PRIMARY_ID>
    <EXTERNAL_ID namespace="BioSample">SAMN1</EXTERNAL_ID></IDENTIFIERS><TITLE>A sample</TITLE>
    <SAMPLE_NAME><TAXON_ID>7</TAXON_ID><SCIENTIFIC_NAME>A b</SCIENTIFIC_NAME></SAMPLE_NAME></SAMPLE></SAMPLE_SET>"""
    (record,), _, _ = take("xml", sample, accession="SRS000001")
    assert (record["accession"], record["secondary_accession"], record["taxon_id"]) == ("SAMN1", "SRS000001", 7)


NEW = """ID   X00001; SV 2; linear; genomic DNA; STD; PRO; 8 BP.
XX
AC   X00001; X00002;
XX
PR   Project:PRJNA1;
XX
DT   12-MAR-2004 (Rel. 79, Created)
DT   14-NOV-2006 (Rel. 89, Last updated, Version 5)
XX
DE   Something made
DE   up.
OS   A b
DR   BioSample; SAMN1.
FT   source          1..8
FT                   /db_xref="taxon:7"
FT   CDS             1..3
FT                   /db_xref="UniProtKB/TrEMBL:Q00001"
SQ   Sequence 8 BP; 2 A; 2 C; 2 G; 2 T; 0 other;
     acgtacgt                                                                  8
//
"""


def test_sequences_in_the_form_of_today_and_in_the_old_one(take):
    old = NEW.replace(
        "ID   X00001; SV 2; linear; genomic DNA; STD; PRO; 8 BP.", "ID   NAME standard; genomic DNA; PRO; 8 BP."
    )
    old = old.replace("PR   Project", "SV   X00001.2\nPR   Project")
    forms = [take("embl", NEW), take("embl", old)]
    assert forms[0] == forms[1]
    (record,), _, rejects = forms[0]
    assert rejects == []
    assert {name: value for name, value in record.items() if value is not None} == {
        "_record": 1,
        "accession": "X00001",
        "kind": "sequence",
        "version": 2,
        "secondary_accession": "X00002",
        "description": "Something made up.",
        "taxon_id": 7,
        "scientific_name": "A b",
        "bases": 8,
        "study_accession": "PRJNA1",
        "sample_accession": "SAMN1",
        "molecule": "genomic DNA",
        "first_public": "2004-03-12",
        "last_updated": "2006-11-14",
    }


def test_a_sequence_without_a_length_is_a_reject(take):
    records, _, rejects = take("embl", NEW + NEW.replace("8 BP.\n", "?\n", 1))
    assert len(records) == 1
    assert [(one["_record"], one["reason"]) for one in rejects] == [(2, "its ID line has no length in BP")]


@pytest.mark.parametrize("kind", ["search", "files", "xml", "embl"])
@pytest.mark.parametrize(
    "body",
    ["", "[]", "<html>no</html>", "<ErrorDetails><status>404</status></ErrorDetails>", "No results", '{"message":"x"}'],
)
def test_what_is_no_answer_is_refused(kind, body):
    with pytest.raises(Refused, match="the answer is empty, or not "):
        ena.check(resource(kind), body.encode())


@pytest.mark.parametrize(
    "body",
    ["run_accession\tsample_accession\nSRR1\tSAM1\n", "fastq_ftp\tfastq_md5\na\tb\n", "run_accession\tfastq_ftp\n"],
)
def test_a_file_report_of_another_form_is_refused(body):
    with pytest.raises(Refused):
        ena.check(resource("files"), body.encode())


@pytest.mark.parametrize(
    ("kind", "body", "says"),
    [
        ("xml", XML.replace("</RUN_SET>", ""), "truncated"),
        ("xml", XML, "SRR000009 was asked for"),
        ("embl", NEW[:-3], "truncated"),
        ("search", json.dumps([RUN])[:-1], "truncated"),
        ("search", tsv({"sample_accession": "SAMN1"}), "run_accession"),
    ],
)
def test_answers_that_cannot_be_read(take, kind, body, says):
    with pytest.raises(Unreadable, match=says):
        take(kind, body, result="read_run", **({"accession": "SRR000009"} if kind == "xml" else {}))


def test_what_is_asked_for():
    assert list(ena.resources(ena.OPTIONS, lambda id: None)) == []
    options = {
        "searches": [{"result": "read_run", "query": "tax_tree(2157) AND library_strategy=WGS"}],
        "files": ["PRJNA1", "PRJNA1"],
        "records": ["SRX1"],
        "sequences": ["U1"],
    }
    found = list(ena.resources(options, lambda id: None))
    assert [one.kind for one in found] == ["search", "files", "xml", "embl"]
    assert "query=tax_tree(2157)%20AND%20library_strategy=WGS&fields=run_accession," in found[0].url
    assert "filereport?accession=PRJNA1&result=read_run&fields=run_accession," in found[1].url
    assert [one.url for one in found[2:]] == [f"{ena.BROWSER}/xml/SRX1", f"{ena.BROWSER}/embl/U1"]


@pytest.mark.parametrize(
    ("search", "says"),
    [({"result": "read_run"}, "query"), ({"result": "taxon", "query": "x"}, "taxon"), ({"resul": "x"}, "query")],
)
def test_a_search_that_does_not_fit(search, says):
    with pytest.raises(ConfigError, match=says):
        list(ena.resources({**ena.OPTIONS, "searches": [search]}, lambda id: None))


# Real files


@pytest.mark.upstream
def test_every_value_of_the_real_search(upstream):
    path = upstream / FOLDER / "portal/api/search__read_experiment_coronavirus.json"
    ena.check(resource("search"), path.read_bytes()[: 2**16])
    records, files, rejects = read(path, "search", result="read_experiment")
    told = json.loads(path.read_text())
    assert (len(records), files, rejects) == (1000, [], [])
    assert [one["accession"] for one in records] == [one["run_accession"] for one in told]
    own = {"tax_id": "taxon_id", "base_count": "bases", "read_count": "reads"}
    for name in told[0].keys() - {"experiment_title", "sample_title"}:
        ours = own.get(name, name)
        given = [one[name] or None for one in told]
        assert [one[ours] for one in records] == [int(x) if x and name in own else x for x in given]


@pytest.mark.upstream
def test_real_xml(upstream):
    found = {}
    for path in sorted((upstream / FOLDER / "browser/api/xml").iterdir()):
        ena.check(resource("xml"), path.read_bytes())
        (record,), _, rejects = read(path, "xml", accession=path.stem)
        assert rejects == []
        found[path.stem] = record
    assert (found["SRP178136"]["accession"], found["SRP178136"]["bases"]) == ("PRJNA514051", 385374220281)
    run, experiment = found["SRR8426358"], found["SRX3517583"]
    assert (run["experiment_accession"], run["secondary_study_accession"]) == ("SRX5234128", "SRP178136")
    assert (run["bases"], run["reads"], run["first_public"]) == (21984096610, 109256158, "2019-01-27")
    assert (experiment["library_layout"], experiment["instrument_platform"]) == ("PAIRED", "ILLUMINA")
    assert experiment["run_accession"] == "SRR6425163"


@pytest.mark.upstream
def test_real_sequences(upstream):
    found = {}
    for path in sorted((upstream / FOLDER / "browser/api/embl").iterdir()):
        ena.check(resource("embl"), path.read_bytes())
        (record,), _, rejects = read(path, "embl")
        assert rejects == []
        found[path.stem] = (record["accession"], record["version"], record["bases"], record["taxon_id"])
    assert found == {
        "AAA03323": ("AAA03323", 1, 1545, None),
        "AE017046": ("AE017046", 1, 9609, 229193),
        "SC10H5": ("AL031232", None, 4870, None),
        "U87107": ("U87107", 1, 8840, 56954),
    }


SAMPLES = """<SAMPLE_SET><SAMPLE accession="SRS1"><IDENTIFIERS><PRIMARY_ID>SRS1</PRIMARY_ID>
<EXTERNAL_ID namespace="BioSample">SAMN1</EXTERNAL_ID></IDENTIFIERS><SAMPLE_ATTRIBUTES>
<SAMPLE_ATTRIBUTE><TAG>depth</TAG><VALUE>10 &lt; x</VALUE><UNITS>m</UNITS></SAMPLE_ATTRIBUTE>
<SAMPLE_ATTRIBUTE><TAG>biome</TAG></SAMPLE_ATTRIBUTE>
<SAMPLE_ATTRIBUTE><VALUE>7.5</VALUE><TAG>pH</TAG></SAMPLE_ATTRIBUTE>
<SAMPLE_ATTRIBUTE><TAG></TAG><VALUE>nameless</VALUE></SAMPLE_ATTRIBUTE>
<SAMPLE_ATTRIBUTE><TAG>ENA-SPOT-COUNT</TAG><VALUE>2</VALUE></SAMPLE_ATTRIBUTE></SAMPLE_ATTRIBUTES></SAMPLE>
<SAMPLE accession="SRS2"><SAMPLE_ATTRIBUTES>
<SAMPLE_ATTRIBUTE><TAG>depth</TAG><VALUE>20</VALUE></SAMPLE_ATTRIBUTE></SAMPLE_ATTRIBUTES></SAMPLE></SAMPLE_SET>"""


def test_every_attribute_of_a_record_is_kept(tmp_path):
    path = tmp_path / "a"
    path.write_text(SAMPLES)
    parts = [
        part for part in ena.read(resource("xml", accession="SRS1"), Answer(path)) if part.table == "ena_attributes"
    ]
    rows = [row for part in parts for row in part.rows.to_pylist()]
    assert [(row["accession"], row["number"], row["tag"], row["value"], row["units"]) for row in rows] == [
        ("SAMN1", 1, "depth", "10 < x", "m"),
        ("SAMN1", 2, "biome", None, None),
        ("SAMN1", 3, "pH", "7.5", None),
        ("SAMN1", 5, "ENA-SPOT-COUNT", "2", None),
        ("SRS2", 1, "depth", "20", None),
    ]
    rejects = [row for part in parts if part.rejects is not None for row in part.rejects.to_pylist()]
    assert [(row["reason"], row["content"]) for row in rejects] == [("it has no name", "=nameless")]


EMBL = """ID   X00001; SV 1; linear; genomic DNA; STD; PRO; 4 BP.
AC   X00001; X00002; X00003;
SQ   Sequence 4 BP;
     acgt
//
"""


@pytest.mark.parametrize("asked", ["X00001", "X00002", "X00003", "X00001.1", "X00001-X00009"])
def test_a_sequence_that_was_asked_for_by_one_of_its_accessions(take, asked):
    (record,), _, _ = take("embl", EMBL, accession=asked)
    assert record["accession"] == "X00001"


def test_a_sequence_of_another_accession_is_not_taken(take):
    with pytest.raises(Unreadable, match="it is of X00001, X00002, X00003, and TRBG361 was asked for"):
        take("embl", EMBL, accession="TRBG361")
