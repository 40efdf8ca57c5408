"""Reports on assemblies in the forms that their tools have for the same figures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lake.formats.answer import Answer
from lake.sources import assembly_reports
from lake.sources.contract import Resource

NOTE = "All statistics are based on contigs of size >= 500 bp, unless otherwise noted.\n\n"


def read(path: Path) -> tuple[list[dict], list[dict]]:
    """Rows and rejects."""
    resource = Resource("a", "https://example.org/a", "report", "text", {"accession": None})
    rows, rejects = [], []
    for part in assembly_reports.read(resource, Answer(path)):
        bad = [] if part.rejects is None else part.rejects.to_pylist()
        assert part.seen == len(part.rows) + len(bad)
        rows += part.rows.to_pylist()
        rejects += bad
    return [{**row, "_record": 0} for row in rows], rejects


def _fixed(rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def _forms(rows: list[list[str]]) -> dict[str, str]:
    """QUAST's four files for the same figures; `rows` has a row a measure."""
    turned = [list(row) for row in zip(*rows, strict=True)]
    return {
        "report.tsv": "\n".join(map("\t".join, rows)),
        "report.txt": NOTE + _fixed(rows),
        "transposed_report.tsv": "\n".join(map("\t".join, turned)),
        "transposed_report.txt": NOTE + _fixed(turned),
    }


MEASURES = [
    ["Assembly", "one", "two"],
    ["# contigs (>= 0 bp)", "3", "9"],
    ["# contigs", "3", "4"],
    ["Largest contig", "3980", "6710"],
    ["Total length", "10130", "10000"],
    ["GC (%)", "52.00", "51.28"],
    ["N50", "3980", "6710"],
    ["# misassemblies", "0", "1"],
    ["# unaligned contigs", "0 + 1 part", "1 + 0 part"],
    ["# N's per 100 kbp", "0.00", "12.50"],
]


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("form", ["report.tsv", "report.txt", "transposed_report.tsv", "transposed_report.txt"])
def test_quast_says_the_same_in_each_of_its_files(tmp_path, form, count):
    path = tmp_path / form
    path.write_text(_forms([row[: count + 1] for row in MEASURES])[form])
    rows, rejects = read(path)
    assert rejects == []
    said = [
        (row["assembly"], row["contigs"], row["genome_size"], row["gc"], row["n50"], row["misassemblies"])
        for row in rows
    ]
    assert said == [("one", 3, 10130, 52.0, 3980, 0), ("two", 4, 10000, 51.28, 6710, 1)][:count]


def test_real_reports_of_quast_transposed(upstream, tmp_path):
    found = 0
    for path in sorted(upstream.rglob("quast/**/report.tsv")):
        wanted, _ = read(path)
        lines = [line.split("\t") for line in path.read_text().splitlines() if line]
        for name, body in _forms([row for row in lines if len(row) == len(lines[0])]).items():
            if name.endswith(".tsv"):
                (tmp_path / name).write_text(body)
                assert read(tmp_path / name)[0] == wanted, (path, name)
        found += 1
    assert found > 2


def test_a_measure_that_lacks_a_value_is_told(tmp_path):
    path = tmp_path / "report.tsv"
    path.write_text("Assembly\tone\ttwo\n# contigs\t1\t2\nN50\t7\n")
    rows, (reject,) = read(path)
    assert rows == []
    assert reject["reason"] == "'N50' has 1 values, and there are 2 assemblies"


CHECKM = """-------------------------------
  Bin Id   Marker lineage         # genomes   Completeness   Contamination   Strain heterogeneity
-------------------------------
  bin.1    k__Bacteria (UID203)      5449         97.41           1.72               0.00
-------------------------------
"""


def test_checkm_with_its_log_around_the_table(tmp_path):
    path = tmp_path / "checkm.txt"
    path.write_text(CHECKM)
    wanted = read(path)
    assert [(row["assembly"], row["completeness"]) for row in wanted[0]] == [("bin.1", 97.41)]
    log = "[2023-01-01 10:00:00] INFO: CheckM v1.2.2\n[2023-01-01 10:00:01] INFO:  Parsing  hits\n"
    path.write_text(log + CHECKM + "[2023-01-01 10:00:05] INFO: { Current stage:  0:00:04.123 }\n")
    assert read(path) == wanted


def test_every_figure_is_of_its_own_column(tmp_path):
    """Turned or not, no name of a measure becomes an assembly's."""
    for name, body in _forms(MEASURES).items():
        path = tmp_path / name
        path.write_text(body)
        assert not [row for row in read(path)[0] if re.search(r"[#(%]|N50|length", row["assembly"])]
