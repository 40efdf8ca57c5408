"""The 1000 Genomes' lists: the real ones whole, whatever their width, and what is none of them."""

from __future__ import annotations

import pytest

from lake.errors import Refused, Unreadable
from lake.sources import igsr
from lake.sources.source import Resource


def resource(kind: str = "list", id: str = "x") -> Resource:
    return Resource(id, "https://example.org/x", kind, "text")


def read(path, kind: str = "list", id: str = "x"):
    """table, rows, rejects."""
    rows, rejects, tables = [], [], set()
    for part in igsr.read(resource(kind, id), path):
        bad = part.rejects.to_pylist() if part.rejects is not None else []
        assert part.seen == len(part.rows) + len(bad)
        tables.add(part.table)
        rows += part.rows.to_pylist()
        rejects += bad
    (table,) = tables
    return table, rows, rejects


RUNS = {
    "1000G_2504_high_coverage.sequence.index": 2504,
    "1000G_698_related_high_coverage.sequence.index": 698,
    "20130129.CompleteGenomics.sequence.index": 57,
    "geuvadis.sequence.index": 1827,
    "han_chinese_high_coverage.sequence.index": 2632,
    "illumina_platinum_ped.sequence.index": 18,
    "illumina_rna.sequence.index": 18,
    "simons_diversity_wgs.sequence.index": 780,
}


def test_every_real_index_of_runs(upstream):
    found = {}
    for path in (upstream / "ftp.1000genomes.ebi.ac.uk").rglob("*.sequence.index"):
        table, rows, rejects = read(path)
        assert (table, rejects) == ("igsr_runs", [])
        found[path.name] = len(rows)
        for row in rows:
            assert row["run"][:3] in ("ERR", "SRR")
            assert row["experiment"][:3] in ("ERX", "SRX")
            assert row["platform"] in ("ILLUMINA", "COMPLETE_GENOMICS")
            assert row["layout"] in ("SINGLE", "PAIRED")
            assert row["file"] is None or "/" in row["file"]
    assert found == RUNS


def test_real_lists_without_a_header_or_with_another_shape(upstream):
    root = upstream / "ftp.1000genomes.ebi.ac.uk/vol1/ftp"
    high = root / "data_collections/1000G_2504_high_coverage"
    _, rows, _ = read(high / "additional_698_related/1000G_698_related_high_coverage.sequence.index")
    first = {name: rows[0][name] for name in ("sample", "population", "instrument", "insert_size", "bases")}
    assert first == {
        "sample": "HG00405",
        "population": "CHS",
        "instrument": "Illumina NovaSeq 6000",
        "insert_size": 450.0,
        "bases": 109574506800,
    }
    table, rows, rejects = read(high / "20130606_g1k_3202_samples_ped_population.txt")
    assert (table, len(rows), rejects) == ("igsr_samples", 3202, [])
    assert (rows[0]["list"], rows[0]["sex"], rows[0]["superpopulation"]) == ("pedigree", "1", "EUR")
    table, rows, rejects = read(root / "release/20130502/integrated_call_samples_v3.20130502.ALL.panel")
    assert (table, len(rows), rejects, rows[0]["list"]) == ("igsr_samples", 2504, [], "panel")
    table, rows, rejects = read(upstream / "www.internationalgenome.org/data-portal/igsr_samples.tsv")
    assert (table, len(rows), rejects, rows[0]["list"]) == ("igsr_samples", 4978, [], "samples")
    assert rows[0]["collections"].startswith("1000 Genomes on GRCh38,1000 Genomes 30x")


def test_every_real_index_of_alignments(upstream):
    found = {}
    for path in (upstream / "ftp.1000genomes.ebi.ac.uk").rglob("*.index"):
        if "alignment" in path.name:
            table, rows, rejects = read(path)
            assert (table, rejects) == ("igsr_alignments", [])
            assert all(len(row["md5"]) == 32 for row in rows)
            found[path.name] = len(rows)
    assert sorted(found.values()) == [24, 1128, 2212, 2691, 10140]


def test_real_texts_that_are_no_lists_are_unreadable(upstream):
    for path in (upstream / "ftp.1000genomes.ebi.ac.uk").rglob("*"):
        if path.name.startswith("README") or path.suffix == ".stats":
            with pytest.raises(Unreadable, match="neither an index"):
                read(path)


def test_a_row_that_does_not_fit_is_set_aside(tmp_path):
    path = tmp_path / "x.index"
    path.write_text(
        "RUN_ID\tSAMPLE_NAME\tINSTRUMENT_PLATFORM\tREAD_COUNT\n"
        "R1\tHG00001\tILLUMINA\t7\t\t\nR2\tHG00001\tILLUMINA\t7\tmore\nR3\tHG00001\tILLUMINA\tmany\nR4\tHG00001\n"
    )
    _, rows, rejects = read(path)
    assert [row["run"] for row in rows] == ["R1"]
    assert sorted(row["reason"] for row in rejects) == [
        "2 cells where the header has 4",
        "5 cells where the header has 4",
        "reads is not a whole number: many",
    ]


def test_a_tree_of_files(tmp_path):
    path = tmp_path / "current.tree"
    path.write_text(
        "ftp/data\tdirectory\t4096\tTue Jan  1 00:00:00 2030\n"
        "ftp/data/a.bam\tfile\t12\tTue Jan  1 00:00:00 2030\t" + "0" * 32 + "\nftp/b\tlink\t1\tx\t\n"
    )
    table, rows, rejects = read(path, "tree")
    assert table == "igsr_files"
    assert [(row["path"], row["kind"], row["bytes"], row["md5"]) for row in rows] == [
        ("ftp/data", "directory", 4096, None),
        ("ftp/data/a.bam", "file", 12, "0" * 32),
    ]
    assert [row["reason"] for row in rejects] == ["kind is not as it should be: link"]


TEXT = """<html><body><h1>Index of /x</h1><pre><a href="?C=N;O=D">Name</a>  <a href="?C=S;O=A">Size</a><hr>
<a href="/vol1/">Parent Directory</a>                 -
<a href="a.bam">a.bam</a>          2030-01-02 03:04  1.2G
<a href="README">README</a>         2030-01-02 03:04  612
<a href="data/">data/</a>          2030-01-02 03:04    -
</pre></body></html>"""
TABLE = """<html><body><table><tr><th><a href="?C=N;O=D">Name</a></th></tr>
<tr><td><a href="/vol1/">Parent Directory</a></td><td>&nbsp;</td><td>  - </td></tr>
<tr><td><a href="a.bam">a.bam</a></td><td>2030-01-02 03:04  </td><td>1.2G</td></tr>
<tr><td><a href="README">README</a></td><td>2030-01-02 03:04  </td><td>612</td></tr>
<tr><td><a href="data/">data/</a></td><td>2030-01-02 03:04  </td><td>  - </td></tr></table></body></html>"""


@pytest.mark.parametrize("page", [TEXT, TABLE])
def test_a_listing_as_text_or_as_a_table(tmp_path, page):
    path = tmp_path / "x.html"
    path.write_text(page)
    table, rows, _ = read(path, "listing", "files/data_collections/x/")
    assert table == "igsr_files"
    assert [(row["path"], row["kind"], row["bytes"], row["size"], row["modified"]) for row in rows] == [
        ("data_collections/x/a.bam", "file", None, "1.2G", "2030-01-02 03:04"),
        ("data_collections/x/README", "file", 612, "612", "2030-01-02 03:04"),
        ("data_collections/x/data", "directory", None, None, "2030-01-02 03:04"),
    ]
    path.write_text("<html><body>nothing here</body></html>")
    with pytest.raises(Unreadable):
        read(path, "listing")


def test_a_list_is_asked_for_once_however_it_is_named():
    options = {
        **igsr.OPTIONS,
        "lists": ["a/x.index", "/a//x.index", "ftp://ftp.1000genomes.ebi.ac.uk/vol1/ftp/a/x.index"],
        "listings": ["current.tree", "data_collections/"],
    }
    asked = list(igsr.resources(options, lambda id: None))
    assert [each.id for each in asked] == ["samples", "list/a/x.index", "files/current.tree", "files/data_collections/"]
    assert asked[1].url == "https://ftp.1000genomes.ebi.ac.uk/vol1/ftp/a/x.index"
    with pytest.raises(Refused):
        igsr.check(asked[1], b"<html>")
