"""The command line as a user types it: formats, exit codes, errors without tracebacks."""

from __future__ import annotations

import json

import duckdb
import pyarrow as pa
import pytest
import toy
from typed import lake


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = toy.make(tmp_path_factory.mktemp("cli") / "toy")
    done = lake("run", "-C", folder, "--offline")
    assert done.returncode == 0, done.stderr
    return folder


QUERY = "SELECT star, kilo FROM core.heat ORDER BY kilo"


@pytest.mark.long
def test_sql_in_each_format(project, tmp_path):
    assert lake("sql", "-C", project, QUERY).stdout == 'star,kilo\n"Barnard\'s; ""Star""",3.195\nSun,5.772\n'
    rows = json.loads(lake("sql", "-C", project, QUERY, "--json").stdout)
    assert rows[1] == {"star": "Sun", "kilo": 5.772}
    arrow = lake("sql", "-C", project, QUERY, "--format", "arrow", text=False).stdout
    assert pa.ipc.open_stream(arrow).read_all()["kilo"].to_pylist() == [3.195, 5.772]
    file = tmp_path / "it's.parquet"
    assert lake("sql", "-C", project, QUERY, "--format", "parquet", "-o", file).returncode == 0
    assert duckdb.read_parquet(str(file)).fetchall()[1] == ("Sun", 5.772)
    assert "Sun" in lake("sql", "-C", project, QUERY, "--format", "table").stdout


def test_a_redirected_file_is_added_to_and_not_cut(project, tmp_path):
    file = tmp_path / "out.csv"
    file.write_text("before\n")
    with file.open("a") as handle:
        assert lake("sql", "-C", project, QUERY, stdout=handle).returncode == 0
    assert file.read_text().startswith("before\nstar,kilo\n")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["sql", "SELEC 1"], 1, "syntax error"),
        (["sql", "SELECT 1", "--at", "999"], 2, "no published snapshot is number 999"),
        (["sql", "CREATE TABLE x AS SELECT 1"], 1, "read-only"),
        (["build", "core.nothing"], 2, "no model is called"),
        (["fetch", "kegk"], 2, "did you mean 'kegg'"),
        (["statu"], 2, "Did you mean 'status'"),
        (["check"], 0, ""),
        (["log"], 0, ""),
        (["status"], 0, ""),
        (["sources"], 0, ""),
    ],
)
def test_exit_codes_and_errors_without_tracebacks(project, arguments, code, says):
    done = lake(*arguments, cwd=project)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["status", "log", "sources", "check", "run", "build", "land", "fetch"])
def test_json_is_one_document(project, command):
    done = lake(command, "-C", project, "--json", *(["--offline"] if command == "run" else []))
    assert done.returncode == 0, done.stderr
    json.loads(done.stdout)


def test_outside_a_lake_the_next_command_is_named(tmp_path):
    done = lake("status", cwd=tmp_path)
    assert done.returncode == 2
    assert "lake init" in done.stderr
    assert json.loads(lake("status", "--json", cwd=tmp_path).stdout)["error"] == "NotALake"


def test_bad_settings_are_named(tmp_path):
    for text, says in (
        ("[lake]\nnam = 1", "nam"),
        ("[limits]\nstorage = 'much'", "size"),
        ("[lake", "TOML"),
        ("[sources.kegk]", "kegg"),
    ):
        (tmp_path / "lake.toml").write_text(text)
        done = lake("fetch", cwd=tmp_path)
        assert done.returncode == 2, done.stderr
        assert says in done.stderr
        assert "Traceback" not in done.stderr


def test_run_again_says_that_there_is_nothing_to_do(project):
    assert "nothing to do" in lake("run", "-C", project, "--offline").stdout


def test_a_shell_is_read_only(project):
    assert "Sun" in lake("shell", "-C", project, "-c", QUERY).stdout
    done = lake("shell", "-C", project, "-c", "CREATE TABLE core.x AS SELECT 1")
    assert done.returncode != 0
    assert "read-only" in done.stderr


def test_init_copies_the_project_and_never_over_another(tmp_path):
    done = lake("init", tmp_path / "new", "--json")
    assert json.loads(done.stdout)["files"] > 5
    assert (tmp_path / "new" / "macros" / "keys.sql").is_file()
    again = lake("init", tmp_path / "new")
    assert again.returncode == 2
    assert "a lake exists already" in again.stderr


def test_completion_scripts():
    for shell in ("bash", "zsh", "fish"):
        assert "_LAKE_COMPLETE" in lake("completion", shell).stdout


def test_the_version_names_what_writes_the_files():
    from importlib.metadata import version

    done = lake("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"lake {version('astrolake')}, duckdb {version('duckdb')}, ")
