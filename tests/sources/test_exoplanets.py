"""The NASA Exoplanet Archive's tables: the real ones whole, and what an archive can do to them."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow as pa
import pytest

from lake.errors import Refused, Unreadable
from lake.formats.answer import Answer
from lake.sources import exoplanets
from lake.sources.contract import Resource

HOST = "exoplanetarchive.ipac.caltech.edu"


def resource(table: str) -> Resource:
    return Resource(table, f"https://{HOST}/TAP/sync?query=select+*+from+{table}&format=csv", table, "csv")


def read(table: str, path: Path) -> tuple[pa.Table, list[dict]]:
    rows, rejects = [], []
    for part in exoplanets.read(resource(table), Answer(path)):
        bad = part.rejects.to_pylist() if part.rejects is not None else []
        assert part.seen == len(part.rows) + len(bad)
        rows.append(part.rows)
        rejects += [{"column": None, **row} for row in bad]
        rejects += [] if part.cells is None else part.cells.to_pylist()
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
    assert rows["toi"].to_pylist() == ["1.01", "1.04", "1.05", "1.06", "1.08"]
    assert rows["pl_orbper"].to_pylist() == [1.0, None, None, None, None]
    reasons = {reject["_record"]: reject["reason"] for reject in rejects if not reject["column"]}
    assert sorted(reasons) == [3, 4, 8]
    assert "cells" in reasons[3]
    assert "UTF-8" in reasons[8]
    cells = [(one["_record"], one["column"], one["reason"], one["content"]) for one in rejects if one["column"]]
    assert cells == [(n, "pl_orbper", "not a finite number", said) for n, said in ((5, "NaN"), (6, "inf"), (7, "x"))]


def take(table: str, folder: Path, body: str | bytes) -> tuple[pa.Table, list[dict]]:
    path = folder / "answer"
    path.write_bytes(body if isinstance(body, bytes) else body.encode())
    return read(table, path)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('<?xml?><VOTABLE><INFO name="QUERY_STATUS" value="ERROR">ORA-00942: no &lt;table&gt;</INFO>', "no <table>"),
        ("ERROR<br>\nError Type: UserError<br>\nMessage: not a valid table.", "not a valid table"),
        ('{"toi": 1}', "not CSV"),
        ("Service temporarily unavailable\ntry later", "no header"),
        ("# a comment\n# and no more\n", "no header"),
        ("pl_name,hostname\nb,c\n", "column toi"),
        (HEADER + "\n\n", "but no row"),
    ],
)
def test_a_refusal_says_why(body, says):
    with pytest.raises(Refused, match=says):
        exoplanets.check(resource("toi"), body.encode())


def test_a_long_header_needs_no_row_in_the_first_bytes():
    exoplanets.check(resource("toi"), (HEADER.strip() + ",x" * 40_000).encode()[: 2**16])


def test_a_quote_left_open_harms_its_own_row_only(tmp_path):
    lines = [
        "1.01,1,CP,1,2",
        '1.02,2,"CP,1,2',
        "1.03,3,CP,1,2",
        '1.04,4,C"P,1,2',
        '1.05,5,"C""P; x",1,2',
        '1.06,6,"C"P,1,2',
    ]
    rows, rejects = take("toi", tmp_path, HEADER + "\n".join(lines) + "\n")
    assert rows["toi"].to_pylist() == ["1.01", "1.03", "1.04", "1.05"]
    assert rows["tfopwg_disp"].to_pylist() == ["CP", "CP", 'C"P', 'C"P; x']
    assert [(reject["_record"], reject["content"]) for reject in rejects] == [(3, lines[1]), (7, lines[5])]
    assert all("quote" in reject["reason"] for reject in rejects)


def test_a_number_is_a_number_whatever_stands_beside_it(tmp_path):
    good = ["1", "-1.5", "+2", ".5", "3.", "1e-100", "2E3", "-7.25e+2"]
    for bad in ([], ["nan"], ["1e999"], ["0x1F"], ["1,0".replace(",", " ")], ["--1"], ["1_0"]):
        body = "".join(f"{i}.01,{i},CP,{text},1\n" for i, text in enumerate([*good, *bad], 1))
        rows, rejects = take("toi", tmp_path, HEADER + body)
        assert rows["pl_orbper"].to_pylist() == [*(float(text) for text in good), *(None for _ in bad)]
        assert [(one["column"], one["content"]) for one in rejects] == [("pl_orbper", text) for text in bad]


def test_a_whole_number_may_be_written_with_a_zero_fraction_but_no_other(tmp_path):
    rows, rejects = take("toi", tmp_path, HEADER + "1.01,7.0,CP,1,1\n1.02,7.5,CP,1,1\n1.03,,CP,1,1\n1.04,8,CP,1,1\n")
    assert rows["tid"].to_pylist() == [7, None, None, 8]
    assert [(one["_record"], one["column"], one["content"]) for one in rejects] == [(3, "tid", "7.5")]


def test_a_row_that_is_shifted_is_a_reject_as_a_whole(tmp_path):
    header = "toi,tid,tfopwg_disp,pl_orbper,pl_rade,dec\n"
    rows, rejects = take("toi", tmp_path, header + "1.01,1,CP,1,1,1\n1.02,CP,1,a,b,1\n1.03,CP,1,2,2,c\n")
    assert rows["toi"].to_pylist() == ["1.01", "1.03"]
    assert [(one["_record"], one["column"]) for one in rejects] == [(3, None), (4, "tid"), (4, "dec")]


def test_a_row_without_its_key_is_a_reject(tmp_path):
    rows, rejects = take("toi", tmp_path, HEADER + "1.01,1,CP,1,1\n,,,,\n")
    assert (len(rows), rejects[0]["reason"]) == (1, "toi is empty")


def test_a_new_column_is_text_even_if_its_name_looks_like_a_number(tmp_path):
    rows, _ = take(
        "toi", tmp_path, HEADER.strip() + ",newerr1,st_flag_x,pl_radestr\n1.01,1,CP,1,1,abc,def,1&plusmn;2\n"
    )
    row = rows.to_pylist()[0]
    assert (row["newerr1"], row["st_flag_x"], row["pl_radestr"]) == ("abc", "def", "1&plusmn;2")
    assert b"New" in rows.schema.field("newerr1").metadata[b"doc"]


@pytest.mark.parametrize("name", ["Planet mass", "m  [Earth]", "-", "e\u00b2", "text - -"])
def test_a_new_column_may_have_any_name(tmp_path, name):
    rows, _ = take("toi", tmp_path, HEADER.strip() + f",{name}\n1.01,1,CP,1,1,abc\n")
    assert rows[name].to_pylist() == ["abc"]
    assert rows.schema.field(name).metadata[b"doc"].startswith(b"New to this reader")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (HEADER.replace("tid", "toi") + "1.01,1,CP,1,1\n", "tid is missing"),
        (HEADER.strip() + ",ra,ra\n1.01,1,CP,1,1,1,1\n", "ra appears twice"),
        (HEADER + "1.01,x,1,CP,1,1\n1.02,x,1,CP,1,1\n", "none of its 2 records fits"),
        (HEADER, "no row"),
        ("# only comments\n", "no row"),
    ],
)
def test_a_changed_form_is_unreadable(tmp_path, body, says):
    with pytest.raises(Unreadable, match=says):
        take("toi", tmp_path, body)


def test_a_limit_flag_that_is_gone_would_make_limits_measurements(tmp_path, upstream):
    text = next((upstream / HOST / "TblView").glob("PSC*")).read_text().replace("pl_bmasselim,", "pl_mass_limit,")
    with pytest.raises(Unreadable, match="pl_bmasselim is missing"):
        take("pscomppars", tmp_path, text)


def test_blocks_make_no_difference(tmp_path, upstream, monkeypatch):
    path = next((upstream / HOST / "TblView").glob("cumulative*"))
    whole = read("cumulative", path)
    monkeypatch.setattr("lake.formats.text.BLOCK", 100_000)
    assert len(list(exoplanets.read(resource("cumulative"), Answer(path)))) > 30
    assert read("cumulative", path) == whole


def test_every_column_of_the_real_tables_is_known(upstream):
    from lake.sources.exoplanets import tables

    for path in (upstream / HOST / "TblView").glob("*.csv"):
        header = next(line for line in path.open() if not line.startswith("#")).strip().split(",")
        assert [name for name in header if tables.field(name) is None] == []
    for table, schema in exoplanets.TABLES.items():
        assert [f.name for f in schema if pa.types.is_floating(f.type) and not f.metadata[b"unit"]] == [], table
