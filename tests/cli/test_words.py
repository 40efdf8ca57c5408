"""What the command line says: one JSON document, help on the way, and nothing that is not so."""

from __future__ import annotations

import csv
import datetime
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import toy
from typed import LAKE, lake

import lake as api
from lake import cli, project
from lake.errors import ConfigError

BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The folder of a demo's lake, and what the demo told."""
    folder = tmp_path_factory.mktemp("words")
    done = lake("demo", "here", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "here", json.loads(done.stdout)


@pytest.fixture(scope="module")
def sample(demo):
    return demo[0]


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    return project.copy(tmp_path_factory.mktemp("empty") / "lake")


# JSON


@pytest.mark.long
@pytest.mark.quick(13)
@pytest.mark.parametrize(
    "line",
    [
        "build",
        "check",
        "completion bash",
        "demo .",
        "diff latest",
        "docs {new}",
        "export graph {new} --pathway eco00010",
        "cite core.edges",
        "fetch",
        "files",
        "format --check",
        "gc",
        "init {new}",
        "land",
        "leaks --rules",
        "lineage core.edges",
        "lint",
        "log",
        "note list",
        "plan",
        "restore latest",
        "run",
        "shell -c 'SELECT 1 AS x'",
        "sources",
        "sql 'SELECT 1 AS x'",
        "sql 'SET VARIABLE x = 1'",
        "sql 'SELECT 1 AS x WHERE false'",
        "status --all",
        "tables",
        "tag v1",
        "test core.edges",
        "trace core.planet_runs --where true --depth 1",
        "verify --quick",
        "whence lake.duckdb",
        "why core.edges",
        # and what goes wrong
        "fetch kegk",
        "log --limit many",
        "lgo",
        "sql 'SELEC 1'",
        "sql",
        "init .",
        "build core.nothing",
    ],
)
def test_json_is_one_document_and_nothing_else(sample, tmp_path, line):
    import shlex

    arguments = [part.format(new=tmp_path / "new") for part in shlex.split(line)]
    done = lake(*arguments, "--json", cwd=sample)
    found = json.loads(done.stdout)
    assert ("error" in found) is bool(done.returncode), done.stderr
    assert "Traceback" not in done.stderr


def test_every_command_has_its_json_test():
    marks = test_json_is_one_document_and_nothing_else.pytestmark
    assert {line.split()[0] for line in marks[0].args[1]} | set(ALTERING) >= set(cli._COMMANDS)


ALTERING = ("keep", "remove", "repair")  # what they do would be seen by the tests that come after


@pytest.mark.long
@pytest.mark.quick(2)
@pytest.mark.parametrize("line", ["keep nothing", "remove nothing", "repair", "repair --accept"])
def test_what_alters_a_lake_says_so_in_one_document(tmp_path, line):
    folder = toy.make(tmp_path / "toy")
    assert lake("run", "--offline", "-q", cwd=folder).returncode == 0
    done = lake(*line.split(), "--json", cwd=folder)
    found = json.loads(done.stdout)
    assert ("error" in found) is bool(done.returncode), done.stderr


def test_a_failed_run_is_told_in_json_and_by_its_code(tmp_path):
    folder = project.copy(tmp_path / "lake", sample=True)
    (folder / "sample/exoplanetarchive.ipac.caltech.edu/TAP/toi.csv").unlink()
    done = lake("fetch", "exoplanets", "--json", cwd=folder)
    assert (done.returncode, len(json.loads(done.stdout)["failures"])) == (3, 1)
    state = json.loads(lake("status", "--all", "--json", cwd=folder).stdout)
    newest = {entry["resource"]: entry["outcome"] for entry in state["resources"]}
    assert newest == {"cumulative": "fetched", "ps": "fetched", "pscomppars": "fetched", "toi": "failed"}
    assert state["failed"][0]["resource"] == "toi"
    told = lake("status", "--failed", cwd=folder).stdout
    assert "404 Not Found" in told
    assert "1 failed" in lake("status", cwd=folder).stdout


# Results in files

ROW = """SELECT NULL AS nothing,
         [1, NULL] AS list, {'x': 1, 'y': 'é'} AS struct, TIMESTAMP '2020-01-02 03:04:05.6' AS t,
         TIMESTAMPTZ '2020-01-01 00:00:00+00' AS moment, DATE '2024-02-29' AS day, 9007199254740993 AS big,
         'a "q", b' || chr(10) || 'c' AS text, 0.1::DOUBLE AS real, true AS yes"""
VALUES = {
    "nothing": None,
    "list": [1, None],
    "struct": {"x": 1, "y": "é"},
    "t": datetime.datetime(2020, 1, 2, 3, 4, 5, 600000),
    "moment": datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
    "day": datetime.date(2024, 2, 29),
    "big": 9007199254740993,
    "text": 'a "q", b\nc',
    "real": 0.1,
    "yes": True,
}
READ = {
    "parquet": lambda data: pq.read_table(pa.BufferReader(data)).to_pylist(),
    "arrow": lambda data: pa.ipc.open_stream(data).read_all().to_pylist(),
    "json": lambda data: json.loads(data),
    "csv": lambda data: list(csv.DictReader(io.StringIO(data.decode(), newline=""))),
}
TEXT = {"t": "2020-01-02 03:04:05.6", "moment": "2020-01-01 00:00:00+00", "day": "2024-02-29"}
CSV = {"nothing": "", "list": "[1, NULL]", "struct": "{'x': 1, 'y': é}", "big": "9007199254740993", "real": "0.1"}


@pytest.mark.quick(2)
@pytest.mark.parametrize("form", READ)
def test_results_round_trip_in_pipes_and_files(sample, tmp_path, form):
    expected = VALUES | (TEXT if form in ("json", "csv") else {}) | (CSV | {"yes": "true"} if form == "csv" else {})
    elsewhere = {**os.environ, "TZ": "Asia/Tokyo"}  # the same bytes on every machine
    piped = lake("sql", ROW, "--format", form, cwd=sample, text=False, env=elsewhere).stdout
    assert READ[form](piped) == [expected]
    with (tmp_path / "redirected").open("wb") as file:
        assert lake("sql", ROW, "--format", form, stdout=file, cwd=sample).returncode == 0
    assert READ[form]((tmp_path / "redirected").read_bytes()) == [expected]
    place = tmp_path / f"by its ending.{form}"
    assert lake("sql", ROW, "-o", place, cwd=sample).stdout == ""
    assert READ[form](place.read_bytes()) == [expected]


@pytest.mark.quick(2)
@pytest.mark.parametrize("form", READ)
def test_an_empty_result_keeps_its_columns(sample, form):
    data = lake("sql", "SELECT 1 AS a, 'x' AS b WHERE false", "--format", form, cwd=sample, text=False).stdout
    assert READ[form](data) == []
    if form == "csv":
        assert data == b"a,b\n"
    elif form != "json":
        names = pq.read_table(pa.BufferReader(data)) if form == "parquet" else pa.ipc.open_stream(data).read_all()
        assert names.column_names == ["a", "b"]


def test_a_table_shows_each_value_in_words(sample):
    lines = lake("sql", ROW, "--format", "table", cwd=sample).stdout.splitlines()
    assert "NULL" in lines[1]
    assert "9007199254740993" in lines[1]  # whole: it may be a key
    assert "2020-01-01 00:00:00+00" in lines[1]


def test_json_has_no_numbers_that_json_has_not(sample):
    query = "SELECT 'nan'::DOUBLE AS a, '-inf'::FLOAT AS b, 1e-9 AS c, NULL::DOUBLE AS d"
    told = lake("sql", query, "--json", cwd=sample).stdout
    strict = json.loads(told, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert strict == [{"a": "nan", "b": "-inf", "c": 1e-9, "d": None}]


@pytest.mark.quick(4)
@pytest.mark.parametrize(
    ("query", "code", "says"),
    [
        ("SELEC 1", 1, "^"),
        ("SELECT planett FROM features.planet_params", 1, '"planet"'),
        ("FROM core.edgs", 1, "did you mean core.edges?"),
        ("SELECT CAST('x' AS INTEGER)", 1, "Could not convert string 'x'"),
        ("INSERT INTO core.edges VALUES (1)", 1, "the lake is read-only here"),
        ("DROP VIEW core.edges", 1, "the lake is read-only here"),
        (" ", 2, "The query is empty"),
    ],
)
def test_what_is_wrong_with_a_query(sample, query, code, says):
    done = lake("sql", query, cwd=sample)
    assert done.returncode == code
    assert says in done.stderr
    assert "COPY" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_result_that_cannot_be_written(sample, tmp_path):
    for form in READ:
        done = lake("sql", "SELECT 1", "-o", tmp_path / "no" / f"x.{form}", cwd=sample)
        assert done.returncode in (1, 2)
        assert "unexpected error" not in done.stderr
        assert "disk is full" not in done.stderr
    for wrong in (["--json", "--format", "csv"], ["--json", "-o", "x.json"], ["--format", "table", "-o", "x"]):
        assert lake("sql", "SELECT 1", *wrong, cwd=sample).returncode == 2


# The shell


def test_the_shell_takes_standard_input(sample):
    done = lake("shell", cwd=sample, input="SELECT count(*) > 100 AS enough FROM core.edges;\n")
    assert (done.returncode, "true" in done.stdout) == (0, True)
    done = lake("shell", cwd=sample, input="CREATE TABLE core.x AS SELECT 1;\n")
    assert done.returncode != 0
    assert "read-only" in done.stderr
    rows = json.loads(
        lake("shell", "--json", "-c", "SELECT planet_run_key('a', 'b', 'c', '', '') AS k", cwd=sample).stdout
    )
    assert rows[0]["k"] >= 0


@pytest.mark.long
def test_what_was_deleted_by_hand_is_gone_for_every_reader(tmp_path):
    folder = toy.make(tmp_path / "toy")
    assert lake("run", "-C", folder).returncode == 0
    before = json.loads(lake("sql", "-C", folder, "--json", "FROM core.heat").stdout)
    done = lake("shell", "--write", "-C", folder, input="DELETE FROM core.heat WHERE star = 'Sun';\n")
    assert done.returncode == 0, done.stderr
    assert json.loads(lake("sql", "-C", folder, "--json", "FROM core.heat").stdout) == before  # not published yet
    assert "deleted_from_table" in lake("log", "--all", "-C", folder).stdout
    assert lake("build", "core.planets", "--force", "-C", folder).returncode == 0
    with api.open(folder) as here:
        assert [row[0] for row in here.sql("FROM core.heat").fetchall()] == ['Barnard\'s; "Star"']
    assert lake("shell", "--write", "--at", "1", "-C", folder).returncode == 2


def test_without_the_duckdb_shell_it_says_where_to_get_it(sample, monkeypatch, tmp_path):
    from lake.cli import shell
    from lake.errors import LakeError

    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LakeError, match="pip install duckdb-cli=="):
        shell._duckdb()


# Where there is nothing, or something else


@pytest.mark.parametrize("line", ["status", "status --failed", "log", "sources", "land"])
def test_an_empty_lake_says_what_to_do(empty, line):
    done = lake(*line.split(), cwd=empty)
    assert (done.returncode, done.stderr) == (0, "")
    assert line == "sources" or "lake run" in done.stdout or "lake fetch" in done.stdout


@pytest.mark.parametrize("line", ["check", "sql SELECT+1", "shell", "export graph x"])
def test_an_empty_lake_has_nothing_to_read(empty, line):
    done = lake(*line.replace("SELECT+1", "SELECT\t1").split(" "), cwd=empty)
    assert done.returncode == 2
    assert "next:  lake run" in done.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[lake]\nnam = 1", "[lake] nam is not a setting; did you mean 'name'?"),
        ("[limts]\nthreads = 2", "[limts] is not a setting; did you mean 'limits'?"),
        ("[limits]\nthreads = 'two'", "[limits] threads: Input should be a valid integer"),
        ("[limits]\nstorage = 'much'", "[limits] storage: 'much' is not a size like '20 GB'"),
        ("[lake]\ncatalog = 'mysql'", "[lake] catalog:"),
        ("lake = 3", "[lake] must be a table"),
        ("[sources]\nkegg = 3", "[sources] kegg must be a table"),
        ("[limits]\nthreads = = 2", "lake.toml:2"),
        ("[domains.genomics]\npriorty = 1", "[domains.genomics] priorty is not a setting; did you mean 'priority'?"),
        ("[domains.genomics]\npriority = 'high'", "[domains.genomics] priority: Input should be a valid integer"),
        ("[domains.genmics]\npriority = 1\n[sources.kegg]", "[domains.genmics] is not a domain of any source"),
        ("[[leaks.allow]]\nbecaus = 'x'", "[leaks.allow.0] becaus is not a setting; did you mean 'because'?"),
        ("[sources.kegg]\norganism = ['eco']", "did you mean 'organisms'?"),
        ("[sources.kegg]\norganisms = 'eco'", "organisms is 'eco', but must be of type list"),
        ("[[sources.gcm.runs]]\nplanet = 'x'", "run 1 of [[sources.gcm.runs]] is not valid: model is missing"),
    ],
)
def test_bad_settings_are_told_by_name(tmp_path, text, says):
    (tmp_path / "lake.toml").write_text(text)
    done = lake("fetch", cwd=tmp_path)
    assert done.returncode in (2, 3)
    assert says in done.stderr
    assert "()" not in done.stderr


@pytest.mark.parametrize("verb", ["fetch", "land"])
def test_a_source_that_is_not_configured(empty, verb):
    done = lake(verb, "gcm", cwd=empty)
    assert done.returncode == 2
    assert "add a line [sources.gcm]" in done.stderr


def test_the_lake_may_be_named_before_the_command(sample, tmp_path):
    assert lake("-C", sample, "status", cwd=tmp_path).stdout == lake("status", "-C", sample, cwd=tmp_path).stdout
    assert json.loads(lake("--json", "-C", sample, "log", cwd=tmp_path).stdout)
    assert lake("-C", sample, "init", tmp_path / "x").returncode == 2


def test_an_open_lake_knows_its_names(sample):
    with api.open(sample) as here:
        with pytest.raises(ConfigError, match=r"did you mean 'core\.edges'"):
            here.table("core.edgs")
        with pytest.raises(ConfigError, match="cube"):
            here.cube("nothing")
        assert here.table("core.edges").count().execute() > 100
        key = here.sql("SELECT planet_run_key(planet, kind, model, scenario, run) FROM raw.cubes LIMIT 1").fetchone()[0]
        assert here.cube(key).sizes
        with pytest.raises(ConfigError, match=f"the newest are {here.snapshot}"):
            api.open(sample, at=here.snapshot + 1)


# The log, the demo, completion


def test_the_log_tells_why(sample):
    told = lake("log", cwd=sample).stdout
    assert "never built" in told
    newest = json.loads(lake("log", "--json", cwd=sample).stdout)[0]
    assert newest["extra"]["models"]["core.edges"] == "never built"
    assert newest["author"]


@pytest.mark.long
def test_the_demo_twice(demo):
    folder, first = demo
    if first["train"]:  # torch is here
        assert first["train"]["losses"][-1] < first["train"]["losses"][0]
    again = lake("demo", "here", cwd=folder.parent)
    assert again.returncode == 0
    assert "nothing to do: everything is up to date" in again.stdout
    assert not first["train"] or "nothing to do: trained at snapshot" in again.stdout
    for line in again.stdout.partition("\nnext:\n")[2].splitlines():
        done = subprocess.run(f"{BIN}/{line.strip()}", shell=True, cwd=folder.parent, capture_output=True, input=b"")
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("words", "found"), [("lake st", "status"), ("lake sql --form", "--format")])
def test_bash_completes(words, found):
    ask = f'eval "$({LAKE} completion bash)"; COMP_WORDS=({words}); COMP_CWORD={len(words.split()) - 1}'
    done = subprocess.run(
        ["bash", "-c", f'{ask}; _lake_completion lake; echo "${{COMPREPLY[@]}}"'],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"},
        timeout=60,
    )
    assert found in done.stdout.split(), done.stderr


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_ask_the_same_way(shell):
    asked = {"zsh": {"COMP_WORDS": "lake st", "COMP_CWORD": "1"}, "fish": {"COMP_WORDS": "lake st", "COMP_CWORD": "st"}}
    done = lake(env={**os.environ, **asked[shell], "_LAKE_COMPLETE": f"{shell}_complete"})
    assert "status" in done.stdout
    assert f"_LAKE_COMPLETE={shell}_complete" in lake("completion", shell).stdout


def test_any_duckdb_opens_the_door(sample):
    with duckdb.connect(str(sample / "lake.duckdb"), read_only=True) as connection:
        assert connection.sql("SELECT snapshot FROM lake_info").fetchone()[0] > 0


@pytest.mark.long
@pytest.mark.parametrize("table", ["2mass", "a-b", "with space", "Größe"])
def test_a_table_whose_name_needs_quotes_is_asked_with_them(tmp_path, monkeypatch, table):
    import odd
    from click.testing import CliRunner

    import lake.cli
    from lake import land
    from lake.errors import LakeError

    odd.install(tmp_path / "package", monkeypatch, odd_rows=table)
    land.run(odd.lake(tmp_path, {"a": "rows 2"}))

    def asked(*arguments: str):
        return CliRunner().invoke(lake.cli.lake, [*arguments, "-C", str(tmp_path)])

    query = f'SELECT count(*) FROM raw."{table}"'
    assert asked("sql", query, "--format", "csv").stdout.split()[-1] == "2"
    wrong = asked("sql", f"SELECT count(*) FROM raw.{table}").exception
    assert wrong is None or (isinstance(wrong, LakeError) and f'did you mean raw."{table}"?' in wrong.why)
    assert table in asked("sql", "show tables", "--format", "csv").stdout
