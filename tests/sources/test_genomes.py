"""NCBI, GTDB, AGORA and reports on assemblies: the real files whole, and what an archive can do to them."""

from __future__ import annotations

import gzip
import tarfile
from contextlib import suppress

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.errors import ConfigError, Refused, Unreadable
from lake.formats import fasta, gzipped
from lake.formats.answer import Answer
from lake.formats.sbml import model
from lake.sources import agora, assembly_reports, gtdb, ncbi
from lake.sources.contract import Resource

SEQUENCES = ncbi.TABLES.table("ncbi_sequences"), ncbi.TABLES.table("ncbi_bases")


def resource(kind: str, name: str = "x", **params: str) -> Resource:
    return Resource(name, f"https://example.org/{name}", kind, "text", params)


def gathered(parts):
    """table -> (seen, rows, rejects); what was seen is landed or rejected."""
    found: dict = {}
    for part in parts:
        bad = part.rejects.to_pylist() if part.rejects is not None else []
        assert part.seen == len(part.rows) + len(bad)
        seen, rows, rejects = found.setdefault(part.table, [0, [], []])
        found[part.table] = [seen + part.seen, [*rows, *part.rows.to_pylist()], [*rejects, *bad]]
    return found


class Answers:
    """What a source may know of earlier answers."""

    def __init__(self, there=(), gone=()):
        self.there, self.gone = dict(there), set(gone)

    def __call__(self, id):
        return Answer(self.there[id]) if id in self.there else None

    def missing(self, id):
        return id in self.gone


# FASTA


def simple(content: bytes):
    """header -> bases, a line at a time."""
    found: list = []
    for line in content.replace(b"\r\n", b"\n").split(b"\n"):
        if line.startswith(b">"):
            found.append([line[1:].decode(), b""])
        elif line:
            found[-1][1] += line
    return found


@st.composite
def fastas(draw):
    end = draw(st.sampled_from(["\n", "\r\n"]))
    lines = []
    for number in range(draw(st.integers(1, 6))):
        lines.append(f">s{number} title {number}" if draw(st.booleans()) else f">s{number}")
        lines += draw(st.lists(st.text("ACGTNacgtnRYS-", max_size=9), max_size=6))
    return (end.join(lines) + draw(st.sampled_from(["", end]))).encode()


@pytest.mark.long
@settings(max_examples=300, deadline=None)
@given(content=fastas(), block=st.integers(1, 40), piece=st.integers(1, 12))
def test_fasta_in_blocks_is_what_it_is_line_by_line(tmp_path_factory, content, block, piece):
    path = tmp_path_factory.getbasetemp() / "some.fna"
    path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fasta, "_BLOCK", block)
        patch.setattr(fasta, "PIECE", piece)
        found = gathered(fasta.read(Answer(path), "x", *SEQUENCES, "GCA_000000001.1"))
    wanted = simple(content)
    seen, rows, rejects = found["ncbi_sequences"]
    assert seen == len(wanted)
    assert [(row["sequence"], row["title"], row["length"], row["gc"], row["unknown"]) for row in rows] == [
        (
            header.split()[0],
            header.partition(" ")[2] or None,
            len(bases),
            sum(bases.upper().count(letter) for letter in (b"G", b"C", b"S")),
            bases.upper().count(b"N"),
        )
        for header, bases in wanted
        if bases
    ]
    assert [row["reason"] for row in rejects] == ["it has no base"] * sum(not bases for _, bases in wanted)
    pieces = found["ncbi_bases"][1]
    for header, bases in wanted:
        mine = [row for row in pieces if row["sequence"] == header.split()[0]]
        assert "".join(row["bases"] for row in mine).encode() == bases
        assert [row["start"] for row in mine] == list(range(1, len(bases) + 1, piece))


def test_a_sequence_of_what_is_no_base_is_set_aside(tmp_path):
    path = tmp_path / "x.fna"
    path.write_bytes(b">good\nACGT\n>bad one\nACG!T\n>\nAC\n")
    found = gathered(fasta.read(Answer(path), "x", *SEQUENCES, None))
    assert [row["sequence"] for row in found["ncbi_sequences"][1]] == ["good"]
    reasons = [(row["content"], row["reason"]) for row in found["ncbi_sequences"][2]]
    assert reasons == [("bad one", "it holds what is no base"), ("", "it has no name")]
    assert [row["bases"] for row in found["ncbi_bases"][1]] == ["ACGT"]


@pytest.mark.parametrize("content", [b"", b"ACGT\n", b"\n\n"])
def test_what_is_no_fasta_is_unreadable(tmp_path, content):
    path = tmp_path / "x.fna"
    path.write_bytes(content)
    with pytest.raises(Unreadable):
        list(fasta.read(Answer(path), "x", *SEQUENCES, None))


def test_gzip_that_is_cut_short_is_unreadable_and_a_tar_of_one_file_is_opened(tmp_path):
    (tmp_path / "a.tsv").write_text("made up\n")
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "a.tsv", "folder/a.tsv")
    with gzipped.open_file(Answer(tmp_path / "a.tar.gz")) as file:
        assert file.read() == b"made up\n"
    (tmp_path / "b.gz").write_bytes(gzip.compress(b"x" * 9999)[:-9])
    with pytest.raises(Unreadable, match="truncated"), gzipped.open_file(Answer(tmp_path / "b.gz")) as file:
        file.read()


# NCBI

OLD = b"#   See a README\n# assembly_accession\ttaxid\torganism_name\tasm_name\tsubmitter\n"
NEW = b"##  See a README\n#assembly_accession\ttaxid\torganism_name\tasm_name\tasm_submitter\tgc_percent\n"


def test_both_layouts_of_a_summary_give_the_same_columns(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(OLD + 'GCA_000000001.1\t7\tAbc "d" e\tX\tUniversité\n'.encode())
    old = gathered(ncbi.read(resource("summary"), Answer(path)))["ncbi_assemblies"][1][0]
    path.write_bytes(NEW + 'GCA_000000001.1\t7\tAbc "d" e\tX\tUniversité\tna\n'.encode())
    new = gathered(ncbi.read(resource("summary"), Answer(path)))["ncbi_assemblies"][1][0]
    assert old == new
    assert (new["organism"], new["submitter"], new["gc"]) == ('Abc "d" e', "Université", None)


def test_a_row_of_a_summary_that_does_not_fit_is_set_aside(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(
        OLD + b"GCA_000000001.1\t7\tAbc\tX\tS\nGCA_000000002.1\tseven\tAbc\tX\tS\nGCA_3\t7\n\t7\tA\tX\tS\n"
    )
    seen, rows, rejects = gathered(ncbi.read(resource("summary"), Answer(path)))["ncbi_assemblies"]
    assert (seen, [row["taxid"] for row in rows]) == (4, [7, None])
    assert [row["reason"] for row in rejects] == ["2 cells where the header has 5", "accession is empty"]
    (part,) = ncbi.read(resource("summary"), Answer(path))
    assert part.cells.to_pylist() == [
        {"_record": 4, "column": "taxid", "reason": "not a whole number", "content": "seven"}
    ]


def test_a_page_or_another_file_is_refused():
    for kind in ("summary", "report", "stats", "ani", "fasta", "sums"):
        with pytest.raises(Refused):
            ncbi.check(resource(kind), b"Not found\n")


def test_real_summaries_keep_every_row(upstream):
    files = sorted((upstream / "ftp.ncbi.nlm.nih.gov/genomes").rglob("assembly_summary*.txt"))
    for path in files:
        ncbi.check(resource("summary"), path.read_bytes()[:65536])
        seen, rows, rejects = gathered(ncbi.read(resource("summary"), Answer(path)))["ncbi_assemblies"]
        lines = [line for line in path.read_bytes().decode().split("\n") if line and not line.startswith("#")]
        assert (seen, len(rows), rejects) == (len(lines), len(lines), [])
        assert [row["accession"] for row in rows] == [line.split("\t")[0] for line in lines]
        assert {row["level"] for row in rows} <= {"Complete Genome", "Chromosome", "Scaffold", "Contig"}
    assert files


def test_real_reports_keep_every_sequence_and_property(upstream):
    for path in sorted((upstream / "ftp.ncbi.nlm.nih.gov/genomes").rglob("*_assembly_report.txt")):
        accession = "_".join(path.name.split("_")[:2])
        found = gathered(ncbi.read(resource("report", accession=accession), Answer(path)))
        lines = [line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]
        assert [row["name"] for row in found["ncbi_assembly_sequences"][1]] == [line.split("\t")[0] for line in lines]
        properties = {row["property"]: row["value"] for row in found["ncbi_assembly_reports"][1]}
        assert accession in (properties["GenBank assembly accession"], properties.get("RefSeq assembly accession"))


@pytest.mark.slow
def test_a_real_genome_is_what_its_fasta_says(upstream):
    path = next((upstream / "ftp.ncbi.nlm.nih.gov/genomes/all/GCF/000/005/845").rglob("*_genomic.fna.gz"))
    found = gathered(ncbi.read(resource("fasta", accession="GCF_000005845.2"), Answer(path)))
    (header, bases), *others = simple(gzip.decompress(path.read_bytes()))
    (row,) = found["ncbi_sequences"][1]
    assert others == []
    assert (row["sequence"], row["length"]) == (header.split()[0], len(bases)) == ("NC_000913.3", 4_641_652)
    assert row["gc"] == bases.count(b"G") + bases.count(b"C")
    assert "".join(piece["bases"] for piece in found["ncbi_bases"][1]).encode() == bases


def test_statistics_and_the_ani_report_as_ncbi_documents_them(tmp_path):
    path = tmp_path / "x"
    path.write_text(
        "# Assembly Statistics Report\n# unit-name\tmolecule-name\tmolecule-type/loc\tsequence-type\tstatistic\tvalue\n"
        "all\tall\tall\tall\ttotal-length\t1200\nall\tall\tall\tall\tgc-perc\t40.5\n"
    )
    rows = gathered(ncbi.read(resource("stats", accession="GCA_000000001.1"), Answer(path)))[
        "ncbi_assembly_statistics"
    ][1]
    assert [(row["accession"], row["statistic"], row["value"]) for row in rows] == [
        ("GCA_000000001.1", "total-length", 1200.0),
        ("GCA_000000001.1", "gc-perc", 40.5),
    ]
    path.write_text(
        "# genbank-accession\trefseq-accession\ttaxid\tbest-match-type-ANI\ttaxonomy-check-status\n"
        "GCA_000000001.1\tna\t7\t98.50\tOK\n"
    )
    (row,) = gathered(ncbi.read(resource("ani"), Answer(path)))["ncbi_ani"][1]
    assert (row["accession"], row["refseq"], row["best_ani"], row["taxonomy_check"]) == (
        "GCA_000000001.1",
        None,
        98.5,
        "OK",
    )


def test_a_genome_is_found_by_a_summary_or_a_listing_and_checked_by_its_md5(tmp_path):
    options = {**ncbi.OPTIONS, "summaries": ["refseq"], "genomes": ["GCF_000000001.1", "GCA_000000002.1"]}
    asked = {each.id: each for each in ncbi.resources(options, Answers())}
    assert list(asked) == ["summary/refseq"]
    summary, listing, sums = tmp_path / "summary", tmp_path / "listing", tmp_path / "sums"
    summary.write_text("#assembly_accession\tftp_path\tx\nGCF_000000001.1\thttps://x/GCF_000000001.1_One\t\n")
    listing.write_text('<a href="../">up</a> <a href="GCA_000000002.1_Two/">x</a>')
    sums.write_text("d41d8cd98f00b204e9800998ecf8427e  ./GCF_000000001.1_One_genomic.fna.gz\n")
    there = {
        "summary/refseq": summary,
        "listing/GCA_000000002.1": listing,
        "genome/GCF_000000001.1_One/md5checksums.txt": sums,
    }
    answers = Answers(there, ["genome/GCA_000000002.1_Two/md5checksums.txt"])
    asked = {each.id: each for each in ncbi.resources(options, answers)}
    root = "https://ftp.ncbi.nlm.nih.gov/genomes/all"
    one = asked["genome/GCF_000000001.1_One_genomic.fna.gz"]
    assert one.url == f"{root}/GCF/000/000/001/GCF_000000001.1_One/GCF_000000001.1_One_genomic.fna.gz"
    assert (one.md5, one.params) == ("d41d8cd98f00b204e9800998ecf8427e", {"accession": "GCF_000000001.1"})
    assert asked["genome/GCA_000000002.1_Two_genomic.fna.gz"].md5 is None
    assert "genome/GCA_000000002.1_Two_assembly_report.txt" in asked
    with pytest.raises(ConfigError, match="not an accession"):
        list(ncbi.resources({**ncbi.OPTIONS, "genomes": ["E. coli"]}, Answers()))


# GTDB


@pytest.mark.slow
def test_real_releases_keep_every_row_and_column(upstream):
    for path in sorted((upstream / "data.gtdb.ecogenomic.org/releases").rglob("*.tsv*")):
        name = str(path.relative_to(upstream / "data.gtdb.ecogenomic.org/releases"))
        asked = gtdb._resource(name, gtdb.OPTIONS["root"], ("207", None))
        with gzipped.open_file(Answer(path)) as file:
            lines = file.read().decode().splitlines()
        gtdb.check(asked, "\n".join(lines[:3]).encode())
        seen, rows = 0, []
        for part in gtdb.read(asked, Answer(path)):
            assert part.rejects is None
            seen += part.seen
            rows.append(part.rows.select(["accession", "lineage"]))
            if asked.kind == "metadata":
                known = {"gtdb_taxonomy", "gc_percentage"}
                assert set(lines[0].split("\t")) - known <= set(part.rows.schema.names)
        header = lines[0].split("\t") if asked.kind == "metadata" else ["accession", "gtdb_taxonomy"]
        body = [line.split("\t") for line in lines[asked.kind == "metadata" :]]
        found = pa.concat_tables(rows)
        assert seen == len(found) == len(body)
        assert found["accession"].to_pylist() == [row[0] for row in body]
        assert found["lineage"].to_pylist() == [row[header.index("gtdb_taxonomy")] for row in body]


def test_a_lineage_without_its_ranks_is_set_aside(tmp_path):
    path = tmp_path / "x"
    path.write_text("RS_GCF_000000001.1\td__A;p__B;c__;o__;f__;g__;s__\nRS_GCF_000000002.1\td__A;p__B\n")
    seen, rows, rejects = gathered(gtdb.read(resource("taxonomy", release="226"), Answer(path)))["gtdb_taxonomy"]
    assert (seen, len(rows), rows[0]["release"]) == (2, 1, "226")
    assert rejects[0]["reason"] == "lineage is not as it should be: d__A;p__B"


def test_where_releases_have_their_tables(tmp_path):
    def urls(**options):
        return [each.url.removeprefix(gtdb.OPTIONS["root"] + "/") for each in asked(**options)]

    def asked(answers=None, **options):
        return list(gtdb.resources({**gtdb.OPTIONS, **options}, answers or Answers()))

    assert urls(releases=[226], tables=["taxonomy"]) == [
        "release226/226.0/ar53_taxonomy_r226.tsv.gz",
        "release226/226.0/bac120_taxonomy_r226.tsv.gz",
    ]
    assert urls(releases=[95], tables=["metadata"])[0] == "release95/95.0/ar122_metadata_r95.tar.gz"
    assert urls(releases=[0]) == ["latest/VERSION.txt"]
    version = tmp_path / "VERSION.txt"
    version.write_text("v226\nReleased ...\n")
    found = asked(Answers({"latest/VERSION.txt": version}), releases=[0], tables=["taxonomy"])
    assert [each.params.get("release") for each in found] == [None, "226", "226"]
    found = asked(Answers(gone=["latest/VERSION.txt"]), releases=[0], tables=["taxonomy"])
    assert [each.params.get("release") for each in found] == [None, "latest", "latest"]
    with pytest.raises(ConfigError):
        asked(files=["release226/226.0/README"])


# AGORA


def test_real_strain_tables_keep_every_strain(upstream):
    folder = upstream / "www.vmh.life/files/reconstructions"
    for name, count in (("AGORA", 818), ("AGORA2", 7206)):
        path = folder / name / f"{name}_infoFile.xlsx"
        asked = Resource("x", "https://example.org", "strains", "xlsx", {"collection": name})
        agora.check(asked, path.read_bytes()[:65536])
        seen, rows, rejects = gathered(agora.read(asked, Answer(path)))["agora_strains"]
        assert (seen, len({row["strain_id"] for row in rows}), rejects) == (count, count, [])
    (row,) = (row for row in rows if row["strain_id"] == "Abiotrophia_defectiva_ATCC_49176")
    assert (row["gcf"], row["genome_size"], row["metabolism"]) == ("GCF_000160075.2", 2041839.0, None)


def test_real_models_keep_every_reaction(upstream):
    path = next((upstream / "www.vmh.life/files/reconstructions/AGORA/1.03").rglob("*.xml"))
    found = gathered(agora.read(resource("model", model=path.stem), Answer(path)))
    raw = path.read_bytes()
    for table, tag in (("reactions", b"<reaction "), ("metabolites", b"<species "), ("genes", b"<fbc:geneProduct ")):
        assert found[f"agora_{table}"][0] == raw.count(tag)
    assert found["agora_stoichiometry"][0] == raw.count(b"<speciesReference ")
    noted = [row for row in found["agora_xrefs"][1] if row["qualifier"] is None]
    assert found["agora_xrefs"][0] - len(noted) == raw.count(b"<rdf:li ")
    assert {row["database"] for row in noted} == {"kegg.compound", "chebi"}
    assert [row["reaction"] for row in found["agora_objectives"][1]] == ["biomass525"]
    reactions = {row["reaction"]: row for row in found["agora_reactions"][1]}
    assert reactions["23DHMPO"]["genes"] == "206672.9.peg.1270 and 206672.9.peg.1272"
    sides = {
        row["metabolite"]: row["coefficient"] for row in found["agora_stoichiometry"][1] if row["reaction"] == "23DHMPO"
    }
    assert sides == {"23dhmp[c]": -1, "nadp[c]": -1, "3h3mop[c]": 1, "h[c]": 1, "nadph[c]": 1}


MODEL = """<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3"
  xmlns:fbc="http://www.sbml.org/sbml/level3/version1/fbc/version2"><model id="m"><listOfReactions>
  <reaction id="R_a" reversible="true"><listOfReactants>
  <speciesReference species="M_x__91__c__93__" stoichiometry="two"/>
  <speciesReference species="M_y" stoichiometry="0.5"/></listOfReactants>
  <fbc:geneProductAssociation><fbc:or><fbc:and><fbc:geneProductRef fbc:geneProduct="G_1"/>
  <fbc:geneProductRef fbc:geneProduct="G_2"/></fbc:and><fbc:geneProductRef fbc:geneProduct="G_3"/></fbc:or>
  </fbc:geneProductAssociation></reaction><reaction reversible="false"/></listOfReactions></model></sbml>"""


def test_elements_that_are_not_as_they_should_be_are_set_aside(tmp_path):
    path = tmp_path / "m.xml"
    path.write_text(MODEL)
    found = gathered(model.read(Answer(path), "x", "m", agora.TABLES.with_prefix("agora_")))
    assert [row["genes"] for row in found["agora_reactions"][1]] == ["(1 and 2) or 3"]
    assert [row["reason"] for row in found["agora_reactions"][2]] == ["it has no reaction"]
    assert [(row["metabolite"], row["coefficient"]) for row in found["agora_stoichiometry"][1]] == [("y", -0.5)]
    assert [row["reason"] for row in found["agora_stoichiometry"][2]] == ["stoichiometry is no number"]


@pytest.mark.parametrize(
    "content", [MODEL[:400], MODEL.replace('level="3"', 'level="2"'), "<html/>", "<sbml level='3'/>"]
)
def test_what_is_no_whole_model_is_unreadable(tmp_path, content):
    path = tmp_path / "m.xml"
    path.write_text(content)
    with pytest.raises(Unreadable):
        list(model.read(Answer(path), "x", "m", agora.TABLES.with_prefix("agora_")))


def test_a_model_reads_no_other_file(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    path = tmp_path / "m.xml"
    path.write_text(f'<!DOCTYPE sbml [<!ENTITY x SYSTEM "file://{secret}">]>' + MODEL.replace("M_y", "&x;"))
    with suppress(Unreadable):
        assert "secret" not in str(gathered(model.read(Answer(path), "x", "m", agora.TABLES.with_prefix("agora_"))))


# Reports on assemblies

REPORTS = {
    "short_summary_BUSCO_v1_test": ("BUSCO", 1),
    "short_summary_BUSCO_v2_test.txt": ("BUSCO", 1),
    "short_summary_busco_v3_test.txt": ("BUSCO", 1),
    "format2_tabs_output.txt": ("CheckM", 4),
    "output.txt": ("CheckM", 4),
    "minigut.bac120.summary.tsv": ("GTDB-Tk", 6),
}


def test_real_reports_by_what_they_say(upstream):
    found = {}
    for path in sorted((upstream / "raw.githubusercontent.com/MultiQC").rglob("*")):
        if path.is_file():
            tables = gathered(assembly_reports.read(resource("report", path.name), Answer(path)))
            assert list(tables) == ["assembly_reports"], path
            _, rows, rejects = tables["assembly_reports"]
            found[path.name] = ({row["tool"] for row in rows}, len(rows))
            assert bool(rows) != bool(rejects), path
            for row in rows:
                shares = ("completeness", "contamination", "gc", "coding_density")
                assert all(0 <= row[name] <= 100 for name in shares if row[name] is not None)
    assert {name: found[name] for name in REPORTS} == {name: ({tool}, rows) for name, (tool, rows) in REPORTS.items()}
    assert found["empty.report"] == found["sample3_malformed.txt"] == (set(), 0)


def test_real_contaminants(upstream):
    folder = upstream / "raw.githubusercontent.com/ncbi/fcs"
    rows = {}
    for path in folder.rglob("*_report.txt"):
        ((table, (_, rows[path.name], rejects)),) = gathered(
            assembly_reports.read(resource("report"), Answer(path))
        ).items()
        assert (table, rejects) == ("assembly_contaminants", [])
    assert {name: len(found) for name, found in rows.items()} == {
        "FCS_combo_test.fcs_adaptor_report.txt": 11,
        "FCS_combo_test.fcs_gx_report.txt": 404,
    }


BUSCO = """{"parameters": {"in": "/data/made_up.fna"}, "versions": {}, "lineage_dataset": {"name": "bacteria_odb10"},
 "results": {"one_line_summary": "C:90.0%[S:88.0%,D:2.0%],F:4.0%,M:6.0%,n:124", "x": "BUSCO"}, "y": "BUSCO"}"""


def test_busco_as_json(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('{"BUSCO": 5,' + BUSCO[1:])
    (row,) = gathered(assembly_reports.read(resource("report", accession="GCF_000000001.1"), Answer(path)))[
        "assembly_reports"
    ][1]
    assert {
        name: row[name] for name in ("assembly", "dataset", "completeness", "duplicated", "markers", "accession")
    } == {
        "assembly": "made_up.fna",
        "dataset": "bacteria_odb10",
        "completeness": 90.0,
        "duplicated": 2.0,
        "markers": 124,
        "accession": "GCF_000000001.1",
    }


@pytest.mark.parametrize("content", ["# BUSCO version is: 5.4.3\n# Summarized benchmarking\n\n", "", "Name\tx\n"])
def test_a_report_without_its_figures_is_a_reject(tmp_path, content):
    path = tmp_path / "x.txt"
    path.write_text(content)
    _, rows, rejects = gathered(assembly_reports.read(resource("report"), Answer(path)))["assembly_reports"]
    assert (len(rows), len(rejects)) == (0, 1)
