"""JGI's GEM catalogue. Every value is synthetic; the columns are those of docs/sources/jgi_gems.md."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

import lake
from lake import config, fetch, land, project
from lake.build import run as building
from lake.errors import Refused, Unreadable
from lake.formats.answer import Answer
from lake.sources import jgi_gems

(ASKED,) = jgi_gems.resources(jgi_gems.OPTIONS, None)
BEFORE = (
    "genome_id metagenome_id genome_length num_contigs n50 num_16s num_5s num_23s num_trna completeness contamination "
    "quality_score mimag_quality otu_id"
).split()
AFTER = "ecosystem_category ecosystem_type habitat longitude latitude".split()
NOW = [*BEFORE, "ecosystem", *AFTER]
OF_2020 = [*BEFORE, "taxonomy", "ecosystem", *AFTER]
SYNTHETIC = {
    **dict.fromkeys(NOW, "synthetic"),
    **{"genome_id": "11_1", "metagenome_id": "11", "genome_length": "1000", "num_contigs": "4", "n50": "300"},
    **{"num_16s": "1", "num_5s": "2", "num_23s": "3", "num_trna": "20", "mimag_quality": "MQ"},
    **{"completeness": "80.5", "contamination": "1.5", "quality_score": "73.0", "longitude": "-1.5", "latitude": "2.5"},
}
LINEAGE = "d__Synthetic;p__A;c__B;o__C;f__D;g__E;s__"


def text(header: list[str], *rows: dict[str, str]) -> str:
    """A file of these columns: rows of SYNTHETIC, but for what is given."""
    lineage = "taxonomy" if "taxonomy" in header else "ecosystem"
    said = [SYNTHETIC | {lineage: LINEAGE} | row for row in rows]
    return "\n".join(["\t".join(header), *("\t".join(row[name] for name in header) for row in said), ""])


def read(path: Path, content: str | bytes) -> tuple[list[dict], list[dict]]:
    """Rows and rejects: together as many as there were."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    rows, rejects = [], []
    for part in jgi_gems.read(ASKED, Answer(path)):
        bad = part.rejects.to_pylist() if part.rejects is not None else []
        assert part.table == "jgi_gems_genomes"
        assert part.seen == len(part.rows) + len(bad)
        rows, rejects = rows + part.rows.to_pylist(), rejects + bad
        for cell in [] if part.cells is None else part.cells.to_pylist():
            rejects.append({**cell, "reason": f"{cell['column']}: {cell['reason']}"})
    return rows, rejects


@pytest.mark.parametrize("header", [NOW, OF_2020], ids=["20", "21"])
def test_both_layouts(tmp_path, header):
    content = text(header, {}, {"genome_id": "11_2", "longitude": "", "latitude": "NULL"})
    jgi_gems.check(ASKED, content.encode())
    rows, rejects = read(tmp_path / "x", content)
    assert rejects == []
    assert rows == read(tmp_path / "x", gzip.compress(content.replace("\n", "\r\n").encode()))[0]
    assert [row["genome_id"] for row in rows] == ["11_1", "11_2"]
    assert {row["lineage"] for row in rows} == {LINEAGE}
    assert {row["ecosystem"] for row in rows} == {"synthetic" if header is OF_2020 else None}
    names = ("_record", "genome_length", "num_5s", "completeness", "mimag_quality", "longitude", "latitude")
    assert [rows[0][name] for name in names] == [2, 1000, 2, 80.5, "MQ", -1.5, 2.5]
    assert (rows[1]["longitude"], rows[1]["latitude"]) == (None, None)


def test_what_cannot_be_taken_is_a_reject_with_its_reason(tmp_path):
    bad = [
        {"genome_id": "000000001"},
        {"genome_id": ""},
        {"ecosystem": "Environmental"},
        {"n50": "30 kb"},
        {"longitude": "nan"},
    ]
    rows, rejects = read(tmp_path / "x", text(NOW, {}, *bad) + "11_9\t11\n")
    assert [(row["genome_id"], row["n50"], row["longitude"]) for row in rows] == [
        ("11_1", 300, -1.5),
        ("11_1", None, -1.5),
        ("11_1", 300, None),
    ]
    assert sorted((reject["_record"], reject["reason"]) for reject in rejects) == [
        (3, "genome_id is not as it should be: 000000001"),
        (4, "genome_id is empty"),
        (5, "lineage is not as it should be: Environmental"),
        (6, "n50: not a whole number"),
        (7, "longitude: not a finite number"),
        (8, "2 cells where the header has 20"),
    ]


def test_columns_may_come_and_may_not_go(tmp_path):
    more = text([*NOW, "synthetic"], {"synthetic": "x"})
    assert read(tmp_path / "x", more)[0][0]["synthetic"] == "x"
    for name in NOW:
        with pytest.raises(Unreadable):
            read(tmp_path / "x", text([other for other in NOW if other != name], {}))
    with pytest.raises(Unreadable, match="none of its 1 records"):
        read(tmp_path / "x", text(NOW, {"ecosystem": "Environmental"}))
    with pytest.raises(Unreadable):
        read(tmp_path / "x", text(NOW))


def test_another_answer_is_refused():
    for head in (b"", b"<html>", b"genome\tmetagenome_id\t", b"Not found\n"):
        with pytest.raises(Refused):
            jgi_gems.check(ASKED, head)


@pytest.mark.slow
def test_from_the_archives_to_one_table_of_genomes(tmp_path):
    folder = project.copy(tmp_path / "lake", sample=True)
    with (folder / "lake.toml").open("a") as settings:
        settings.write('\n[sources.jgi_gems]\n[sources.ncbi]\nsummaries = ["genbank"]\n')
    summary = (
        "##  synthetic\n"
        "#assembly_accession\ttaxid\torganism_name\tinfraspecific_name\tisolate\tasm_name\tasm_submitter\n"
        "GCA_000000001.1\t7\tsynthetic\tna\t11_1\tASM1v1\tS\nGCA_000000002.1\t7\tsynthetic\tna\tna\tASM2v1\tS\n"
    )
    twice = {"genome_id": "11_2", "longitude": "1.5"}
    for url, content in {
        "portal.nersc.gov/GEM/genomes/genome_metadata.tsv": text(NOW, {}, twice, twice | {"longitude": "-1.5"}),
        "ftp.ncbi.nlm.nih.gov/genomes/genbank/assembly_summary_genbank.txt": summary,
    }.items():
        (folder / "sample" / url).parent.mkdir(parents=True)
        (folder / "sample" / url).write_text(content)
    settings = config.load(folder)
    fetch.run(settings)
    tally = land.run(settings).tallies["jgi_gems"]
    assert (tally.seen, tally.landed, tally.rejected) == (3, 3, 0)
    building.run(settings)
    with lake.open(folder) as opened:
        ask = "SELECT genome, accession, phylum, genome_size, completeness_from FROM core.genomes ORDER BY genome"
        assert opened.sql(ask).fetchall() == [
            ("000000001", "GCA_000000001.1", None, None, None),
            ("000000002", "GCA_000000002.1", None, None, None),
            ("11_1", None, "A", 1000, "GEM, CheckM"),
            ("11_2", None, "A", 1000, "GEM, CheckM"),
        ]
        assert opened.sql("FROM core.genome_same_as").fetchall() == [("11_1", "000000001", "isolate")]
        ask = "SELECT longitude, latitude, listed FROM staging.gem_genomes ORDER BY genome_id"
        assert opened.sql(ask).fetchall() == [(-1.5, 2.5, 1), (None, 2.5, 2)]
