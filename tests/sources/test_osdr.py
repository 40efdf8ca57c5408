"""NASA OSDR's tables of studies, runsheets and ISA archives."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest

from lake.errors import Refused, Unreadable
from lake.formats.answer import Answer
from lake.sources import osdr
from lake.sources.contract import Resource

GENELAB = "raw.githubusercontent.com/nasa/GeneLab_Data_Processing"


def resource(name: str, kind: str = "sheet") -> Resource:
    (one,) = osdr.resources(
        {"studies": [], "sheets": [], ("studies" if kind == "studies" else "sheets"): [f"https://x/{name}"]}, None
    )
    return one


def read(path: Path, kind: str = "sheet"):
    """rows and rejects."""
    asked = resource(path.name, kind)
    osdr.check(asked, path.read_bytes()[:65536])
    rows, rejects = [], []
    for part in osdr.read(asked, Answer(path)):
        bad = part.rejects.to_pylist() if part.rejects is not None else []
        assert part.seen == len(part.rows) + len(bad)
        rows += part.rows.to_pylist()
        rejects += bad
    return rows, rejects


def test_the_real_table_of_studies(upstream):
    path = upstream / "osdr.nasa.gov/bio/repo/genelab_osd.txt"
    rows, rejects = read(path, "studies")
    lines = path.read_text().splitlines()[1:]
    assert rejects == []
    assert [row["study"] for row in rows] == [line.split("\t")[0] for line in lines if line]


def test_every_cell_of_the_real_runsheets(upstream):
    found = 0
    for path in (upstream / GENELAB).rglob("*_runsheet.csv"):
        rows, rejects = read(path)
        with path.open(newline="", encoding="utf-8-sig") as file:
            wanted = {
                (row["Sample Name"], name, value)
                for row in csv.DictReader(file)
                for name, value in row.items()
                if value and name != "Sample Name"
            }
        assert rejects == []
        assert {(row["sample"], row["attribute"], row["value"]) for row in rows} == wanted
        assert {row["study"] for row in rows} == {path.name.split("_")[0]}
        found += 1
    assert found == 2


def test_the_real_archive_of_a_study(upstream):
    path = next((upstream / GENELAB).rglob("*-ISA.zip"))
    rows, rejects = read(path)
    assert rejects == []
    assert {row["study"] for row in rows} == {"GLDS-428"}
    with zipfile.ZipFile(path) as archive:
        cells = 0
        for name in archive.namelist():
            if name[:2] in ("a_", "s_"):
                table = list(csv.reader(io.StringIO(archive.read(name).decode()), delimiter="\t"))
                cells += sum(bool(cell) for row in table[1:] for cell in row) - sum(any(row) for row in table[1:])
    assert len(rows) == cells


def test_what_is_no_table_of_samples(upstream, tmp_path):
    with pytest.raises(Unreadable, match="no column 'Sample Name'"):
        read(next((upstream / GENELAB).rglob("*_annotations.csv")))


def test_rows_that_do_not_fit_are_set_aside(tmp_path):
    path = tmp_path / "OSD-7_runsheet.csv"
    path.write_text("Sample Name,organism\ns1,A b\ns2\n,A b\n")
    rows, rejects = read(path)
    assert [(row["study"], row["sample"], row["value"]) for row in rows] == [("OSD-7", "s1", "A b")]
    assert [row["reason"] for row in rejects] == ["1 cells where the header has 2", "it has no sample's name"]


def test_archives_that_are_cut_short_or_hold_nothing(tmp_path):
    path = tmp_path / "OSD-7-ISA.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("i_Investigation.txt", "made up")
    with pytest.raises(Unreadable, match="no table"):
        read(path)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(Unreadable, match="truncated"):
        read(path)
    with pytest.raises(Refused):
        osdr.check(resource("x.zip"), b"<html>")
