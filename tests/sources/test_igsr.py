"""IGSR: every real index and list of samples whole, listings as servers write them, and what is none of these."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

import lake
from lake import config, fetch, land, project
from lake.astro import balance
from lake.build import run as building
from lake.errors import ConfigError, Refused, StorageError, Unreadable
from lake.formats.answer import Answer
from lake.sources import igsr
from lake.sources.contract import Resource

FTP = "ftp.1000genomes.ebi.ac.uk/vol1/ftp"
MD5 = "0123456789abcdef0123456789abcdef"
COLLECTIONS = "data_collections"
HIGH = f"{COLLECTIONS}/1000G_2504_high_coverage"
OLD = "historical_data/former_toplevel"


def answers(**paths: Path):
    """Earlier answers, by their id."""
    given = {id.replace("__", "/"): Answer(path) for id, path in paths.items()}
    return given.get


def ask(answer=lambda id: None, **options) -> list[Resource]:
    return list(igsr.resources({**igsr.OPTIONS, **options}, answer))


def read(path: Path, resource: Resource | None = None) -> tuple[str, pa.Table, list[dict]]:
    """Table, rows and rejects of a file, after its check."""
    resource = resource or ask(files=[path.name])[0]
    igsr.check(resource, path.read_bytes()[:65536])
    parts = list(igsr.read(resource, Answer(path)))
    rejects = [row for part in parts if part.rejects is not None for row in part.rejects.to_pylist()]
    rows = pa.concat_tables(part.rows for part in parts)
    assert sum(part.seen for part in parts) == len(rows) + len(rejects)
    return parts[0].table, rows, rejects


@pytest.fixture
def write(tmp_path):
    def file(text: str, name: str = "a.index") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode())
        return path

    return file


# The real files


@pytest.mark.parametrize(
    ("file", "table", "count"),
    [
        (f"{FTP}/{HIGH}/1000G_2504_high_coverage.sequence.index", "sequences", 2504),
        (f"{FTP}/{HIGH}/additional_698_related/1000G_698_related_high_coverage.sequence.index", "sequences", 698),
        (f"{FTP}/{COLLECTIONS}/geuvadis/geuvadis.sequence.index", "sequences", 1827),
        (f"{FTP}/{COLLECTIONS}/han_chinese_high_coverage/han_chinese_high_coverage.sequence.index", "sequences", 2632),
        (f"{FTP}/{COLLECTIONS}/hgsv_sv_discovery/illumina_rna.sequence.index", "sequences", 18),
        (f"{FTP}/{COLLECTIONS}/illumina_platinum_pedigree/illumina_platinum_ped.sequence.index", "sequences", 18),
        (f"{FTP}/{COLLECTIONS}/simons_diversity_data/simons_diversity_wgs.sequence.index", "sequences", 780),
        (f"{FTP}/{OLD}/sequence_indices/20130129.CompleteGenomics.sequence.index", "sequences", 57),
        (f"{FTP}/{COLLECTIONS}/1000_genomes_project/1000genomes.high_coverage.GRCh38DH.alignment.index", "files", 24),
        (f"{FTP}/{COLLECTIONS}/1000_genomes_project/1000genomes.low_coverage.GRCh38DH.alignment.index", "files", 2691),
        (f"{FTP}/{OLD}/alignment_indices/20110521.exome.alignment.index", "files", 1128),
        (f"{FTP}/{OLD}/alignment_indices/20120522.alignment.chr20_cram.index", "files", 2212),
        (f"{FTP}/{OLD}/alignment_indices/20130502.low_coverage.alignment.index", "files", 10140),
        (f"{FTP}/{HIGH}/20130606_g1k_3202_samples_ped_population.txt", "samples", 3202),
        (f"{FTP}/release/20130502/integrated_call_samples_v3.20130502.ALL.panel", "samples", 2504),
        ("www.internationalgenome.org/data-portal/igsr_samples.tsv", "samples", 4978),
    ],
)
def test_real_files_keep_every_line_and_cell(upstream, file, table, count):
    path = upstream / file
    found, rows, rejects = read(path)
    lines = path.read_text().splitlines()
    assert (found, len(rows), rejects) == (f"igsr_{table}", count, [])
    delimiter = "\t" if "\t" in lines[-1] else " "
    for record, row in zip(rows["_record"].to_pylist(), rows.to_pylist(), strict=True):
        cells = [cell.strip('"') for cell in lines[record - 1].split(delimiter)]
        kept = [value for name, value in row.items() if value is not None and name not in ("_record", "list")]
        texts = [value for value in kept if isinstance(value, str)]
        filled = [cell for cell in cells if cell and not (table == "samples" and cell == "0")]
        assert len(kept) == len(filled)
        assert set(texts) <= set(cells)


def test_the_index_without_a_header_does_not_shift(upstream):
    path = upstream / FTP / HIGH / "additional_698_related/1000G_698_related_high_coverage.sequence.index"
    row = read(path)[1].to_pylist()[0]
    assert (row["sample_name"], row["population"], row["unnamed"]) == ("HG00405", "CHS", None)
    assert (row["experiment_id"], row["platform"], row["instrument"]) == (
        "ERX3990626",
        "ILLUMINA",
        "Illumina NovaSeq 6000",
    )
    assert (row["insert_size"], row["library_layout"]) == (450, "PAIRED")
    assert (row["read_count"], row["base_count"], row["analysis_group"]) == (730496712, 109574506800, "high_cov")


def test_real_pages_and_reports_are_refused(upstream):
    for name in ("README_file_formats_and_descriptions.md", f"{OLD}/sequence_indices/20091216.sequence.index.stats"):
        path = upstream / FTP / name
        with pytest.raises(Refused, match="not an index"):
            igsr.check(ask(files=[name])[0], path.read_bytes()[:65536])


# Indexes and lists, made up


def test_a_row_without_a_header_has_to_show_what_its_columns_are(write):
    good = f"ftp://x/a.cram\t{MD5}\tERR1\t" + "\t".join(
        ["S1", "study", "C", "A1", "2020-01-01", "ERS1", "HG1", "AAA", "ERX1", "P", "I", "L", "R", "450", "PAIRED"]
    )
    shifted = good.replace("AAA\tERX1", "AAA\t\tERX1").replace("\t450\t", "\t")
    table, rows, rejects = read(write(f"{good}\t\t4\t400\tg\n{shifted}\t\t4\t400\tg\n"))
    assert table == "igsr_sequences"
    assert rows["read_count"].to_pylist() == [4]
    assert [reject["_record"] for reject in rejects] == [2]


def test_a_header_in_another_order_is_read_by_name(write):
    _, rows, _ = read(
        write(f"##FileDate=1\n#SAMPLE_NAME\tRUN_ID\tNEW\tMD5\tFASTQ_FILE\nHG1\tERR1\tmore\t{MD5}\ta.gz\n")
    )
    row = rows.to_pylist()[0]
    assert (row["sample_name"], row["run_id"], row["path"], row["md5"]) == ("HG1", "ERR1", "a.gz", MD5)
    assert row["NEW"] == "more"


def test_tabs_at_the_end_are_no_cells_but_other_widths_are_rejects(write):
    _, rows, rejects = read(
        write("sample\tpop\tsuper_pop\tgender\t\t\nA\tB\tC\tmale\nD\tE\tF\t\t\nG\tH\tI\nJ\tK\tL\tmale\tM\n")
    )
    assert rows["sample"].to_pylist() == ["A", "D"]
    assert [(reject["_record"], reject["reason"]) for reject in rejects] == [
        (4, "3 cells where the header has 4"),
        (5, "5 cells where the header has 4"),
    ]


def test_a_header_with_blanks_where_its_rows_have_tabs(write):
    table, rows, _ = read(write(f"CRAM_FILE CRAM_MD5\tBAS_FILE  BAS_MD5\na.cram\t{MD5}\ta.bas\t{MD5}\n"))
    row = rows.to_pylist()[0]
    assert (table, row["path"], row["statistics_path"], row["statistics_md5"]) == ("igsr_files", "a.cram", "a.bas", MD5)


def test_a_header_with_a_name_too_few_has_to_be_shown_by_each_row(write):
    header = "ENA FILE PATH\tMD5SUM\tRUN_ID\tEXPERIMENT_ID\n"
    good, bad = f"a.h5\t{MD5}\tERR1\tERX1\t0\n", f"a.h5\t{MD5}\tHG1\tERR1\tERX1\n"
    _, rows, rejects = read(write(f"{header}{good}{bad}{good}"))
    assert [(row["run_id"], row["unnamed"]) for row in rows.to_pylist()] == [("ERR1", "0")] * 2
    assert [reject["_record"] for reject in rejects] == [3]


def test_an_index_of_paths_and_md5s_without_a_header(write):
    _, rows, _ = read(write(f"data/HG1/a.bam\t{MD5}\ndata/HG1/a.bam.bai\t{MD5}\n"))
    assert rows["path"].to_pylist() == ["data/HG1/a.bam", "data/HG1/a.bam.bai"]


def test_a_pedigree_is_parted_by_spaces_and_0_is_nobody(write):
    _, rows, _ = read(write("FamilyID SampleID FatherID MotherID Sex\nF1 HG1  HG2 HG3 1\nF2 HG4 0 0 2 \n", "a.ped"))
    assert [(row["sample"], row["father"], row["mother"], row["sex"]) for row in rows.to_pylist()] == [
        ("HG1", "HG2", "HG3", "1"),
        ("HG4", None, None, "2"),
    ]


def test_a_panel_without_a_header(write):
    _, rows, _ = read(write("HG1\tAAA\tEUR\tILLUMINA\nHG2\tBBB\tAFR\tLS454\n", "a.panel"))
    assert rows["superpopulation"].to_pylist() == ["EUR", "AFR"]
    assert rows["platforms"].to_pylist() == ["ILLUMINA", "LS454"]


def test_the_portals_list_of_files(write):
    header = "url\tmd5\tData collection\tData type\tAnalysis group\tSample\tPopulation\n"
    table, rows, _ = read(write(f'{header}ftp://x/a\t{MD5}\t"one, two"\tsequence\tg\tHG1\tAAA\n'))
    row = rows.to_pylist()[0]
    assert (table, row["collection"], row["sample_name"]) == ("igsr_files", "one, two", "HG1")


def test_a_tree_of_files(write):
    lines = (
        f"ftp/a\tdirectory\t4096\tMon Jan  1 00:00:00 2018\nftp/a/b.vcf.gz\tfile\t12\tMon Jan  1 00:00:00 2018\t{MD5}\n"
    )
    table, rows, rejects = read(write(f"{lines}ftp/a/c\tfile\n", "current.tree"))
    assert table == "igsr_tree"
    assert [(row["path"], row["kind"], row["bytes"], row["md5"]) for row in rows.to_pylist()] == [
        ("ftp/a", "directory", 4096, None),
        ("ftp/a/b.vcf.gz", "file", 12, MD5),
    ]
    assert [reject["_record"] for reject in rejects] == [3]


@pytest.mark.parametrize("text", ["", "<html>not found</html>", "one\ttwo\n1\t2\n", "# only a comment\n"])
def test_what_is_none_of_these_is_refused_and_not_read(write, text):
    path = write(text)
    with pytest.raises(Refused):
        igsr.check(ask(files=["a.index"])[0], path.read_bytes())
    with pytest.raises(Unreadable):
        list(igsr.read(ask(files=["a.index"])[0], Answer(path)))


def test_an_index_of_no_rows_is_no_answer(write):
    with pytest.raises(Unreadable, match="no row"):
        read(write("#ENA_FILE_PATH\tMD5SUM\tRUN_ID\n"))


# Listings

APACHE = """<html><head><title>Index of /vol1/ftp/release</title></head><body><h1>Index of /vol1/ftp/release</h1>
<table><tr><th><a href="?C=N;O=D">Name</a></th><th><a href="?C=M;O=A">Last modified</a></th></tr>
<tr><td><a href="/vol1/ftp/">Parent Directory</a></td><td>&nbsp;</td><td align="right">  - </td></tr>
<tr><td valign="top"><a href="20130502/">20130502/</a></td><td align="right">2015-05-26 12:00  </td><td>  - </td></tr>
<tr><td><a href="a%20b.txt">a b.txt</a></td><td align="right">2014-09-17 01:02  </td><td align="right">672 </td></tr>
<tr><td><a href="big.vcf.gz">big.v..&gt;</a></td><td>2014-09-17 01:02  </td><td align="right">1.2G</td></tr>
</table></body></html>"""
PLAIN = """<html><head><title>Index of /x</title></head><body><h1>Index of /x/</h1><pre><a href="../">../</a>
<a href="deep/">deep/</a>          17-Sep-2014 01:02                   -
<a href="long_name.bam">long_n..&gt;</a>   17-Sep-2014 01:02         123456
<a href="odd">odd</a>   yesterday
</pre></body></html>"""


def test_a_listing_of_apache(write):
    resource = ask(listings=["release"])[0]
    _, rows, rejects = read(write(APACHE, "listing"), resource)
    base = f"https://{FTP}/release/"
    assert rejects == []
    assert [(r["path"], r["kind"], r["bytes"], r["size"], r["modified"]) for r in rows.to_pylist()] == [
        (f"{base}20130502/", "directory", None, None, "2015-05-26 12:00"),
        (f"{base}a b.txt", "file", 672, "672", "2014-09-17 01:02"),
        (f"{base}big.vcf.gz", "file", None, "1.2G", "2014-09-17 01:02"),
    ]


def test_a_listing_as_plain_text_and_an_entry_without_a_date(write):
    _, rows, rejects = read(write(PLAIN, "listing"), ask(listings=["https://host/x/"])[0])
    assert [(r["path"], r["bytes"]) for r in rows.to_pylist()] == [
        ("https://host/x/deep/", None),
        ("https://host/x/long_name.bam", 123456),
    ]
    assert [reject["reason"] for reject in rejects] == ["no date and size after the link"]


def test_a_page_that_lists_no_folder_is_refused_and_an_empty_one_is_no_answer(write):
    resource = ask(listings=["x"])[0]
    with pytest.raises(Refused, match="not a listing"):
        igsr.check(resource, b"<html><title>Not found</title><a href='a'>a</a>")
    empty = write('<title>Index of /x</title><a href="../">../</a>')
    with pytest.raises(Unreadable, match="no entry"):
        list(igsr.read(resource, Answer(empty)))


def test_listings_go_as_deep_as_asked(write):
    path = write(APACHE, "listing")
    assert [one.id for one in ask(listings=["release"])] == ["listing/release/"]
    known = answers(listing__release__=path)
    asked = ask(known, listings=["release/"], depth=1)
    assert [one.id for one in asked] == ["listing/release/", "listing/release/20130502/"]
    assert {one.params["list"] for one in asked} == {"listing/release/"}  # one list, however many folders
    twice = ask(known, listings=["release/", "release/20130502"], depth=1)
    assert [one.id for one in twice] == ["listing/release/", "listing/release/20130502/"]


def test_each_address_is_asked_once_in_whichever_spelling():
    same = ["a/b.index", f"ftp://{FTP}/a/b.index", f"ftp:/{FTP}/a//b.index", f"http://{FTP}/a/b.index"]
    assert [(one.id, one.url) for one in ask(files=same)] == [("a/b.index", f"https://{FTP}/a/b.index")]


# The picture

PANEL = "sample\tpop\tsuper_pop\tgender\nS1\tGBR\tEUR\tmale\nS2\tGBR\tEUR\tfemale\nS3\tYRI\tAFR\tfemale\n"


@pytest.mark.slow
def test_the_balance_of_populations_as_a_picture(tmp_path):
    folder = project.copy(tmp_path / "lake")
    mirror = tmp_path / "mirror" / FTP
    mirror.mkdir(parents=True)
    (mirror / "small.panel").write_text(PANEL)
    text = (folder / "lake.toml").read_text().replace('mirror = ""', f'mirror = "{tmp_path / "mirror"}"')
    text = text[: text.index("[sources.kegg]")] + '[sources.igsr]\nfiles = ["small.panel"]\n'
    (folder / "lake.toml").write_text(text)
    settings = config.load(folder)
    fetch.run(settings)
    land.run(settings)
    building.run(settings, ["+core.sample_balance"])
    with lake.open(folder) as here:
        assert balance.draw(here, tmp_path / "all.png") == 2
        assert balance.draw(here, tmp_path / "panel.svg", ".panel") == 2
        with pytest.raises(ConfigError, match="no lists of samples are called 'nobody'"):
            balance.draw(here, tmp_path / "x.png", "nobody")
        with pytest.raises(StorageError, match="cannot be written"):
            balance.draw(here, tmp_path / "no folder" / "x.png")
    assert (tmp_path / "all.png").read_bytes().startswith(b"\x89PNG")
    drawn = (tmp_path / "panel.svg").read_text()
    assert all(text in drawn for text in ("GBR", "YRI", "EUR", "AFR"))
