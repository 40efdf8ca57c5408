"""What reaches a terminal, a pipe, a file and a full disk: whole, readable at any width, or said to be neither."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
import toy
from python_calamine import CalamineWorkbook
from typed import LAKE, lake

FULL = Path("/dev/full")
WIDE = ", ".join(f"{i} AS column_{i}" for i in range(83))


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = toy.make(tmp_path_factory.mktemp("terminal") / "toy")
    assert lake("run", "-C", folder, "--offline").returncode == 0
    return folder


def on_terminal(*arguments, columns: int = 80, env: dict[str, str] | None = None) -> tuple[int, str]:
    """The exit code of a command and what it writes to a terminal of that width."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    clean = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "NO_COLOR", "CI")}
    environment = {**clean, "TERM": "xterm-256color", **(env or {})}
    process = subprocess.Popen(
        [LAKE, *map(str, arguments)], stdin=theirs, stdout=theirs, stderr=theirs, env=environment, close_fds=True
    )
    os.close(theirs)
    written = b""
    while True:
        try:
            block = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not block:
            break
        written += block
    os.close(ours)
    return process.wait(timeout=60), written.decode()


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r\n", "\n")


# Outputs that cannot be written


@pytest.mark.long
@pytest.mark.quick(7)
@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("rows", [1, 7_000, 300_000])
@pytest.mark.parametrize("form", ["csv", "json", "parquet", "arrow", "table"])
def test_a_full_disk_is_told_and_is_no_success(project, rows, form):
    with FULL.open("wb") as full:
        done = lake("sql", "-C", project, f"FROM range({rows})", "--format", form, stdout=full)
    assert done.returncode == 8, done.stderr
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.quick(3)
@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("arguments", [["status", "--json"], ["log"], ["check"], ["build"], ["lineage", "core.heat"]])
def test_every_command_tells_that_its_output_was_lost(project, arguments):
    with FULL.open("wb") as full:
        done = lake(*arguments, "-C", project, stdout=full)
    assert (done.returncode, "Traceback" in done.stderr) == (8, False)
    assert "No space left on device" in done.stderr


def test_a_reader_that_stops_is_no_error(project):
    line = f"{LAKE} sql -C {project} 'FROM range(1000000)' | head -n 2"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("range\n0\n", "")


@pytest.mark.quick(3)
@pytest.mark.parametrize("name", ["x.xls", "x.txt", "x", "x.feather", "x.CSV.gz", "x.db"])
def test_an_ending_that_is_no_format_is_refused(project, tmp_path, name):
    done = lake("sql", "-C", project, "SELECT 1", "-o", tmp_path / name)
    assert done.returncode == 2
    assert ".parquet" in done.stderr
    assert not (tmp_path / name).exists()


@pytest.mark.long
def test_each_ending_is_its_format(project, tmp_path):
    query = "SELECT star, kilo, 2290516172302520275 AS planet_run_key FROM core.heat ORDER BY kilo"
    for ending in ("csv", "tsv", "json", "jsonl", "parquet", "arrow", "xlsx"):
        assert lake("sql", "-C", project, query, "-o", tmp_path / f"x.{ending}").returncode == 0
    rows = duckdb.read_csv(str(tmp_path / "x.csv")).fetchall()
    assert "\t" in (tmp_path / "x.tsv").read_text().splitlines()[1]
    assert duckdb.sql(f"FROM read_csv('{tmp_path / 'x.tsv'}', delim='\t')").fetchall() == rows
    assert [json.loads(line)["star"] for line in (tmp_path / "x.jsonl").read_text().splitlines()] == [
        r[0] for r in rows
    ]
    assert pq.read_table(tmp_path / "x.parquet").num_rows == len(rows)
    sheet = CalamineWorkbook.from_path(str(tmp_path / "x.xlsx")).get_sheet_by_index(0).to_python()
    assert sheet[0] == ["star", "kilo", "planet_run_key"]
    assert sheet[1][2] == "2290516172302520275"  # a spreadsheet keeps 15 digits of a number


def test_wide_numbers_as_texts(project):
    query = "SELECT 2290516172302520275 AS k, 7 AS n, [9007199254740993] AS ks"
    rows = json.loads(lake("sql", "-C", project, query, "--json", "--keys-as-text").stdout)
    assert rows == [{"k": "2290516172302520275", "n": 7, "ks": ["9007199254740993"]}]


def test_a_parquet_file_says_where_it_is_from(project, tmp_path):
    lake("sql", "-C", project, "FROM core.heat", "-o", tmp_path / "x.parquet")
    metadata = pq.read_schema(tmp_path / "x.parquet").metadata
    told = {key.decode(): value.decode() for key, value in metadata.items()}
    assert told["lake"] == "toy"
    assert told["query"] == "FROM core.heat"
    assert int(told["snapshot"]) > 0
    assert json.loads(told["units"]) == {"kilo": "kK"}


# Terminals


@pytest.mark.quick(2)
@pytest.mark.parametrize("columns", [40, 60, 80, 120, 200])
def test_a_wide_result_leaves_columns_out_and_says_so(project, columns):
    code, text = on_terminal("sql", "-C", project, f"SELECT {WIDE}", columns=columns)
    lines = plain(text).splitlines()
    assert code == 0
    assert max(map(len, lines)) <= columns
    assert "column_0" in lines[0]
    assert "column_82" in lines[0]
    assert "…" in lines[0]
    assert re.search(r"83 columns, \d+ shown", lines[-1])
    assert "--expand" in lines[-1]


def test_a_result_that_fits_is_whole(project):
    _, text = on_terminal("sql", "-C", project, "SELECT 1 AS a, 'x' AS b", columns=60)
    assert plain(text).split() == ["a", "b", "1", "x"]


def test_a_long_text_is_cut_and_expanded(project):
    query = "SELECT repeat('word ', 100) AS long, 7 AS n"
    _, text = on_terminal("sql", "-C", project, query, columns=60)
    assert "…" in plain(text)
    assert max(map(len, plain(text).splitlines())) <= 60
    _, text = on_terminal("sql", "-C", project, query, "--expand", columns=60)
    assert plain(text).count("word") == 100


@pytest.mark.parametrize("columns", [40, 200])
def test_expand_shows_every_column(project, columns):
    code, text = on_terminal("sql", "-C", project, f"SELECT {WIDE}", "--expand", columns=columns)
    assert code == 0
    assert all(f"column_{i} " in plain(text) for i in range(83))


@pytest.mark.long
@pytest.mark.quick(3)
@pytest.mark.parametrize("arguments", [["status"], ["log"], ["build", "--force"], ["tables"], ["sources"]])
def test_reports_keep_their_words_whole_at_60_columns(project, arguments):
    code, text = on_terminal(*arguments, "-C", project, columns=60)
    lines = [line for line in plain(text).splitlines() if str(project) not in line]  # a path is as long as it is
    assert code == 0
    assert max(map(len, lines)) <= 60
    whole, _ = lake(*arguments, "-C", project).stdout, None
    for word in re.findall(r"core\.\w+|\d{4}-\d{2}-\d{2}T[\d:]+", whole):
        if arguments != ["build", "--force"]:
            assert word in plain(text), word


@pytest.mark.quick(2)
@pytest.mark.parametrize("arguments", [["sql", "SELECT * FROM nope"], ["status"], ["lint"], ["check"], ["log"]])
def test_no_color_has_none(project, arguments):
    _, text = on_terminal(*arguments, "-C", project, env={"NO_COLOR": "1"})
    assert "\x1b[3" not in text
    assert "\x1b[1m" not in text
    _, text = on_terminal("sql", "SELECT * FROM nope", "-C", project)
    assert "\x1b[" in text


def test_an_unknown_table_is_answered_with_one_of_the_lakes(project):
    said = lake("sql", "-C", project, "FROM core.heats").stderr
    assert "did you mean core.heat?" in said
    said = lake("sql", "-C", project, "FROM nope").stderr
    assert "pg_" not in said
    assert "lake tables" in said


@pytest.mark.quick(1)
@pytest.mark.parametrize("query", ["SHOW TABLES", "show tables;", " Show  Tables "])
def test_show_tables_shows_the_tables(project, query):
    rows = json.loads(lake("sql", "-C", project, query, "--json").stdout)
    assert {"core.heat", "core.planets", "seeds.stars"} <= {row["table"] for row in rows}


def test_lake_tables(project):
    rows = json.loads(lake("tables", "-C", project, "--json").stdout)["tables"]
    assert {"table": "core.planets", "rows": 2, "columns": 3, "about": "Planets, one a row."} in rows
    named = lake("tables", "-C", project, "core.*").stdout
    assert "core.heat" in named
    assert "seeds.stars" not in named
    done = lake("tables", "-C", project, "nothing.*")
    assert (done.returncode, "lake tables" in done.stderr) == (2, True)


@pytest.mark.long
def test_the_shell_says_what_it_is_in(project):
    ours = subprocess.run([LAKE, "shell", "-C", project, "-c", "SELECT 1 AS x"], capture_output=True, text=True)
    assert "snapshot" not in ours.stdout + ours.stderr  # a script's: no word too many
    _, text = on_terminal("shell", "-C", project, "-c", "SHOW TABLES")
    assert "heat" in plain(text)


# Quiet


@pytest.mark.long
def test_quiet_is_quiet(project):
    for arguments in (["build"], ["build", "--force"], ["run", "--offline"], ["land"], ["run"]):
        done = lake(*arguments, "-q", "-C", project)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert lake("sql", "-q", "-C", project, "SELECT 1 AS x").stdout == "x\n1\n"


@pytest.mark.long
def test_warnings_are_not_counted_as_passed(tmp_path):
    models = toy.FILES["models/seeds.py"].replace("Between(0, 100000)", 'Between(0, 5000, severity="warn")')
    folder = toy.make(tmp_path / "toy", **{"models/seeds.py": models})
    said = lake("build", "-C", folder)
    passed = int(re.search(r"(\d+) checks? passed, 1 warned", said.stdout)[1])
    checked = lake("check", "-C", folder).stdout
    assert f"{passed + 1} checks: {passed} passed, 1 warned, 0 failed" in checked
    built = json.loads(lake("build", "--force", "--json", "-C", folder).stdout)
    assert (built["checks"], len(built["warnings"])) == (passed + 1, 1)


# The reach of a query


@pytest.mark.quick(3)
@pytest.mark.parametrize(
    "query",
    [
        "COPY (SELECT 1) TO '{}/lake.toml'",
        "FROM read_text('/etc/passwd')",
        "ATTACH '{}/new.db' AS n",
        "FROM glob('/*')",
        "SET enable_external_access = true",
        "INSTALL httpfs",
    ],
)
def test_a_confined_query_reads_the_lake_and_nothing_else(project, query):
    before = (project / "lake.toml").read_bytes()
    done = lake("sql", "-C", project, "--confined", query.format(project))
    assert done.returncode == 1
    assert (project / "lake.toml").read_bytes() == before
    assert not (project / "new.db").exists()
    assert lake("sql", "-C", project, "--confined", "SELECT count(*) AS n FROM core.heat").stdout == "n\n2\n"


def test_escapes_of_what_is_told_do_not_reach_the_terminal():
    from lake.cli import _output

    assert "\x1b" not in _output.clean("404 \x1b[2J\x1b]8;;http://x\x07 gone \x9b1m")
