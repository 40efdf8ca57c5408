"""Seeds: a cell is in the column that its header names, as it is written there, or the build is refused."""

from __future__ import annotations

import csv
import io
import itertools
import json

import pytest
import toy
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from typed import lake

from lake import config
from lake.build import run as building
from lake.errors import LakeError

HEAD = """
import datetime
from typing import Annotated
from lake.contract import DateFormat, SqlType, Table
"""
BODIES = """
class Bodies(Table, key="id"):
    id: int
    mass: float | None
    radius: float | None
"""


def project(folder, text: str | bytes, contract: str = BODIES, table: str = "bodies"):
    toy.make(folder, **{path: None for path in toy.FILES if path != "lake.toml"})
    (folder / "models").mkdir()
    (folder / "seeds").mkdir()
    (folder / "models" / "seeds.py").write_text(HEAD + contract)
    (folder / "seeds" / f"{table}.csv").write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def built(folder, order: str = "id", table: str = "bodies") -> list[tuple]:
    import lake

    building.run(config.load(folder))
    with lake.open(folder) as here:
        return here.sql(f"FROM seeds.{table} ORDER BY {order}").fetchall()


def refused(folder) -> LakeError:
    with pytest.raises(LakeError) as caught:
        building.run(config.load(folder))
    return caught.value


@pytest.mark.quick(3)
@pytest.mark.parametrize("columns", list(itertools.permutations(["id", "mass", "radius"])))
def test_a_cell_goes_where_its_header_says(tmp_path, columns):
    earth = {"id": "3", "mass": "1.0", "radius": "6371.0"}
    text = ",".join(columns) + "\n" + ",".join(earth[column] for column in columns) + "\n"
    assert built(project(tmp_path / "p", text)) == [(3, 1.0, 6371.0)]


@pytest.mark.parametrize(
    ("header", "what"),
    [
        ("id,mass", "radius is promised, but not in the header"),
        ("id,mass,radius,note", "note is not promised"),
        ("id,mass,radious", "radious is not promised"),
        ("id,mass,radius,mass", "mass is there twice"),
        ("ID,mass,radius", "ID is not promised"),
        ("1,2.0,3.0", "1 is not promised"),
        ("", "it has no header"),
    ],
)
def test_a_header_that_is_not_the_contract_is_refused(tmp_path, header, what):
    cells = ",".join(["1"] * (header.count(",") + 1))
    error = refused(project(tmp_path / "p", f"{header}\n{cells}\n" if header else ""))
    assert what in str(error)
    assert "seeds/bodies.csv:1" in error.where


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("2,1", "2 cells where the header has 3"),
        ("2,1,1,1", "4 cells where the header has 3"),
        ("2.5,1,1", "id is '2.5', which is no BIGINT"),
        ("two,1,1", "id is 'two', which is no BIGINT"),
        ("99999999999999999999,1,1", "id is '99999999999999999999', which is no BIGINT"),
        ('2,"1,5",1', "mass is '1,5', which is no DOUBLE"),
        ("2,0x10,1", "mass is '0x10', which is no DOUBLE"),
        ("2,1_000,1", "mass is '1_000', which is no DOUBLE"),
    ],
)
def test_a_line_that_does_not_fit_is_named(tmp_path, line, what):
    folder = project(tmp_path / "p", f"id,mass,radius\n1,1,1\n{line}\n")
    error = refused(folder)
    assert what in str(error)
    assert "seeds/bodies.csv:3" in error.where
    done = lake("build", "-C", folder)
    assert done.returncode == 5
    assert "Traceback" not in done.stderr
    assert "auto_detect" not in done.stderr


DATES = """
class Days(Table, key="id"):
    id: int
    day: datetime.date | None
    begun: datetime.datetime | None
    local: Annotated[datetime.date | None, DateFormat("%d/%m/%Y")]
    seen: Annotated[datetime.datetime | None, DateFormat("%d.%m.%Y %H:%M")]
    moment: Annotated[datetime.datetime | None, SqlType("TIMESTAMPTZ")]
"""


def days(*lines: str) -> str:
    return "\n".join(["id,day,begun,local,seen,moment", *lines]) + "\n"


def test_dates_are_iso_or_of_the_stated_format_and_offsets_count(tmp_path):
    line = "1,2024-02-29,2024-03-10T02:30:00,03/04/2024,05.06.2024 07:08,2024-03-10T02:30:00+05:30"
    folder = project(
        tmp_path / "p", days(line, "2,,,,,", "3,0099-01-01,2024-01-01,24/03/2024,,2024-01-01 00:00:00Z"), DATES, "days"
    )
    building.run(config.load(folder))
    query = """SELECT id, day::VARCHAR d, begun::VARCHAR b, local::VARCHAR l, seen::VARCHAR s, epoch_us(moment) m
               FROM seeds.days ORDER BY id"""
    rows = json.loads(lake("sql", "-C", folder, query, "--json").stdout)
    assert list(rows[0].values()) == [
        1,
        "2024-02-29",
        "2024-03-10 02:30:00",
        "2024-04-03",
        "2024-06-05 07:08:00",
        1710018000000000,
    ]
    assert list(rows[1].values()) == [2, None, None, None, None, None]
    assert list(rows[2].values()) == [3, "0099-01-01", "2024-01-01 00:00:00", "2024-03-24", None, 1704067200000000]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("1,03/04/2024,,,,", "day is '03/04/2024', which is no DATE"),
        ("1,03-04-24,,,,", "day is '03-04-24', which is no DATE"),
        ("1,2024-13-01,,,,", "day is '2024-13-01', which is no DATE"),
        ("1,2023-02-29,,,,", "day is '2023-02-29', which is no DATE"),
        ("1,,2024-03-10T02:30:00+05:30,,,", 'SqlType("TIMESTAMPTZ")'),
        ("1,,03/04/2024 10:00,,,", "begun is '03/04/2024 10:00', which is no TIMESTAMP"),
        ("1,,2024-03-10T02:30:00.1234567,,,", "begun is '2024-03-10T02:30:00.1234567', which is no TIMESTAMP"),
        ("1,,,2024-03-04,,", "local is '2024-03-04', which is no DATE of the format %d/%m/%Y"),
        ("1,,,,,2024-03-10T02:30:00", "moment is '2024-03-10T02:30:00', which is no TIMESTAMP WITH TIME ZONE"),
    ],
)
def test_a_date_is_never_guessed(tmp_path, line, what):
    error = refused(project(tmp_path / "p", days("2,2024-01-01,,,,", line), DATES, "days"))
    assert what in str(error)
    assert "seeds/days.csv:3" in error.where


TYPES = """
class Cells(Table, key="id"):
    id: int
    text: str | None
    real: float | None
    whole: int | None
    small: Annotated[int | None, SqlType("SMALLINT")]
    money: Annotated[float | None, SqlType("DECIMAL(18, 3)")]
    flag: bool | None
    day: datetime.date | None
    begun: datetime.datetime | None
    words: list[str] | None
    numbers: list[int] | None
"""
VALUES = {
    "text": st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=8),
    "real": st.floats(allow_nan=False, allow_infinity=False),
    "whole": st.integers(-(2**63), 2**63 - 1),
    "small": st.integers(-(2**15), 2**15 - 1),
    "money": st.decimals(-(10**12), 10**12, places=3, allow_nan=False),
    "flag": st.booleans(),
    "day": st.dates(),
    "begun": st.datetimes(),
    "numbers": st.lists(st.integers(-(2**63), 2**63 - 1), max_size=3),
}


@pytest.mark.long
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(data=st.data())
def test_what_is_written_is_what_is_read(tmp_path_factory, data):
    """Any values, in any order of columns: texts with quotes, commas, line ends, and empty ones, too."""
    row = st.fixed_dictionaries({name: st.none() | values for name, values in VALUES.items()})
    rows = [{"id": i, **one} for i, one in enumerate(data.draw(st.lists(row, min_size=1, max_size=8)))]
    columns = data.draw(st.permutations(["id", *VALUES]))
    out = io.StringIO()
    out.write(",".join(columns) + "\n")
    for one in rows:
        out.write(",".join(written(one[column]) for column in columns) + "\n")
    contract = TYPES.replace("    words: list[str] | None\n", "")
    folder = project(tmp_path_factory.mktemp("seed") / "p", out.getvalue(), contract, "cells")
    assert built(folder, table="cells") == [tuple(one[name] for name in ("id", *VALUES)) for one in rows]


def written(value) -> str:
    """As RFC 4180 has it: an empty text in quotes, what is not known without."""
    if value is None:
        return ""
    if isinstance(value, list):
        return f'"{value}"'
    text = (
        value.isoformat()
        if hasattr(value, "isoformat")
        else str(value).lower()
        if value in (True, False)
        else str(value)
    )
    return '"' + text.replace('"', '""') + '"' if isinstance(value, str) else text


@pytest.mark.long
def test_a_changed_line_end_within_quotes_is_a_change(tmp_path):
    contract = 'class Notes(Table, key="id"):\n    id: int\n    text: str\n'
    folder = project(tmp_path / "p", b'id,text\n1,"a\r\nb"\n', contract, "notes")
    assert built(folder, table="notes") == [(1, "a\r\nb")]
    (folder / "seeds/notes.csv").write_bytes(b'id,text\n1,"a\nb"\n')
    assert built(folder, table="notes") == [(1, "a\nb")]


@pytest.mark.quick(2)
@pytest.mark.parametrize(
    "text", ["\ufeffid,mass,radius\r\n1,2,3\r\n", '"id","mass","radius"\n"1","2","3"', "id,mass,radius\n 1 ,2, 3\n"]
)
def test_the_forms_that_spreadsheets_write(tmp_path, text):
    assert built(project(tmp_path / "p", text)) == [(1, 2.0, 3.0)]


@pytest.mark.quick(3)
@pytest.mark.parametrize("name", ["b.parquet", "bodies.xlsx", "bodies.csv.gz", "bodies.tsv", "bodies.CSV"])
def test_another_file_in_seeds_is_told(tmp_path, name):
    folder = project(tmp_path / "p", "id,mass,radius\n1,2,3\n")
    (folder / "seeds" / name).write_bytes(b"PAR1")
    error = refused(folder)
    assert f"seeds/{name}" in error.where
    assert error.next


def test_notes_beside_seeds_are_no_seeds(tmp_path):
    folder = project(tmp_path / "p", "id,mass,radius\n1,2,3\n")
    (folder / "seeds/README.md").write_text("hello")
    (folder / "seeds/.gitkeep").write_text("")
    assert built(folder) == [(1, 2.0, 3.0)]


def test_csv_of_the_standard_library_round_trips(tmp_path):
    out = io.StringIO()
    csv.writer(out).writerows([["radius", "id", "mass"], ["1.5", "1", ""], ["", "2", "0.1"]])
    assert built(project(tmp_path / "p", out.getvalue())) == [(1, None, 1.5), (2, 0.1, None)]
