"""The NASA Exoplanet Archive's tables: the real ones whole, and what an archive can do to them."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow as pa
import pytest

from lake.errors import Refused, Unreadable
from lake.sources import exoplanets
from lake.sources.source import Resource

HOST = "exoplanetarchive.ipac.caltech.edu"


def resource(table: str) -> Resource:
    return Resource(table, f"https://{HOST}/TAP/sync?query=select+*+from+{table}&format=csv", table, "csv")


def read(table: str, path: Path) -> tuple[pa.Table, list[dict]]:
    rows, rejects = [], []
    for part in exoplanets.read(resource(table), path):
        bad = part.rejects.to_pylist() if part.rejects is not None else []
        assert part.seen == len(part.rows) + len(bad)
        rows.append(part.rows)
        rejects += bad
    return pa.concat_tables(rows), rejects


@pytest.mark.parametrize(
    ("table", "file"),
    [
        ("pscomppars", "PSCompPars_2026.04.25_17.36.36.csv"),
        ("ps", "PS_2026.03.28_02.51.33.csv"),
        ("toi", "TOI_2025.10.01_09.55.48.csv"),
        ("cumulative", "cumulative_2025.10.01_09.54.29.csv"),
    ],
)
def test_real_tables_keep_every_row_and_column(upstream, table, file):
    path = upstream / HOST / "TblView" / file
    exoplanets.check(resource(table), path.read_bytes()[:65536])
    rows, rejects = read(table, path)
    with path.open(newline="") as handle:
        wanted = list(csv.DictReader(line for line in handle if not line.startswith("#")))
    assert rejects == []
    assert len(rows) == len(wanted)
    for name in wanted[0]:
        given = [row[name] or None for row in wanted]
        if rows.schema.field(name).type == pa.string():
            assert rows[name].to_pylist() == given
        else:
            assert rows[name].to_pylist() == [None if text is None else float(text) for text in given]


def test_error_pages_with_status_200_are_refused(upstream):
    for path in (upstream / HOST / "cgi-bin/nstedAPI").iterdir():
        with pytest.raises(Refused):
            exoplanets.check(resource("toi"), path.read_bytes())


HEADER = "toi,tid,tfopwg_disp,pl_orbper,pl_rade\n"


@pytest.mark.parametrize("body", [b"", b"<html>", b"<?xml version='1.0'?><VOTABLE/>", HEADER.encode(), b"ERROR<br>no"])
def test_what_is_no_table_is_refused(body):
    with pytest.raises(Refused):
        exoplanets.check(resource("toi"), body)


def test_a_column_that_is_gone_is_named(tmp_path):
    path = tmp_path / "a"
    path.write_text("toi,tid,tfopwg_disp,pl_orbper\n1.01,1,CP,1\n")
    with pytest.raises(Unreadable, match="pl_rade"):
        read("toi", path)


def test_swapped_and_new_columns_change_nothing(tmp_path):
    path = tmp_path / "a"
    path.write_text('pl_rade,brand_new,tid,tfopwg_disp,toi,pl_orbper\n2.5,"it\'s; ""new"", yes",7,CP,1.01,3\n')
    rows, _ = read("toi", path)
    row = rows.to_pylist()[0]
    assert (row["toi"], row["tid"], row["pl_rade"], row["pl_orbper"]) == ("1.01", 7, 2.5, 3.0)
    assert row["brand_new"] == 'it\'s; "new", yes'


def test_bad_rows_are_rejects_with_their_reason(tmp_path):
    path = tmp_path / "a"
    lines = ["1.01,1,CP,1,2", "1.02,1,CP,1,2,3", "1.03,1,CP", "1.04,1,CP,NaN,2", "1.05,1,CP,inf,2", "1.06,1,CP,x,2"]
    path.write_bytes((HEADER + "\n".join(lines) + "\n1.07,1,C").encode() + b"\xff,1,2\n1.08,2,,,\n")
    rows, rejects = read("toi", path)
    assert rows["toi"].to_pylist() == ["1.01", "1.08"]
    reasons = {reject["_record"]: reject["reason"] for reject in rejects}
    assert sorted(reasons) == [3, 4, 5, 6, 7, 8]
    assert "cells" in reasons[3]
    assert "pl_orbper is not a finite number" in reasons[5]
    assert "UTF-8" in reasons[8]
    assert {reject["_record"]: reject["content"] for reject in rejects}[7] == lines[5]
