"""A new lake: of the whole project, of some archives, of the sample, or empty."""

from __future__ import annotations

import tomllib

import pytest
import typed

from lake import config, project, sources
from lake.build import graph


def settings(folder):
    return tomllib.loads((folder / "lake.toml").read_text())


@pytest.mark.parametrize(
    ("archives", "named"),
    [
        ("kegg", {"kegg"}),
        ("exoplanets, kegg", {"exoplanets", "kegg"}),
        ("ncbi,gtdb,ontologies", {"ncbi", "gtdb", "ontologies"}),
        ("ena", {"ena"}),
        ("spectra", set()),  # its example wants an address of the user's own
    ],
)
def test_lake_toml_names_the_archives_that_were_asked_for(tmp_path, archives, named):
    done = typed.lake("init", tmp_path / "new", "--with", archives)
    assert done.returncode == 0
    assert settings(tmp_path / "new").get("sources", {}).keys() == named
    assert config.load(tmp_path / "new").sources.keys() == named
    sources.check_options(config.load(tmp_path / "new"))
    assert ("spectra: lake.toml has an example to fill in" in done.stdout) == (not named)


def test_no_names_are_refused(tmp_path):
    for archives in ("", " , "):
        done = typed.lake("init", tmp_path / "new", "--with", archives)
        assert (done.returncode, (tmp_path / "new").exists()) == (2, False)


def test_what_is_no_setting_of_a_source_stays():
    text = (project.home() / "lake.toml").read_text()
    usual = tomllib.loads(text)
    for archives in (["kegg"], ["gcm", "igsr"], []):
        changed = tomllib.loads(project.naming(text, archives))
        assert changed | {"sources": 0} == usual | {"sources": 0}
    assert tomllib.loads(project.naming(text, usual["sources"])) == usual


def test_every_archive_with_an_example_can_be_named():
    text = (project.home() / "lake.toml").read_text()
    names = [name for name, _ in project._sections(text.split("\n"))]
    assert set(names) <= set(sources.names())
    for name in names:
        tomllib.loads(project.naming(text, [name]))


def test_an_unknown_archive_is_refused_before_anything_is_made(tmp_path):
    done = typed.lake("init", tmp_path / "new", "--with", "keg")
    assert (done.returncode, "did you mean 'kegg'?" in done.stderr) == (2, True)
    assert not (tmp_path / "new").exists()


@pytest.mark.long
def test_an_empty_lake_runs(tmp_path):
    assert typed.lake("init", tmp_path / "new", "--empty").returncode == 0
    assert not graph.load(config.load(tmp_path / "new")).models
    for command in ("run", "plan", "status", "lint", "test"):
        done = typed.lake(command, "-C", tmp_path / "new")
        assert done.returncode == 0, (command, done.stdout, done.stderr)


@pytest.mark.long
def test_an_empty_lake_takes_a_first_table(tmp_path):
    folder = tmp_path / "new"
    assert typed.lake("init", folder, "--empty").returncode == 0
    (folder / "sql/core").mkdir()
    (folder / "sql/core/ones.sql").write_text("SELECT 1::BIGINT AS one")
    (folder / "models/core.py").write_text("from lake.contract import Table\nclass Ones(Table):\n    one: int\n")
    assert typed.lake("run", "-C", folder).returncode == 0
    assert typed.lake("sql", "-C", folder, "FROM core.ones").stdout == "one\n1\n"


def test_the_options_exclude_each_other(tmp_path):
    done = typed.lake("init", tmp_path / "new", "--empty", "--sample")
    assert (done.returncode, (tmp_path / "new").exists()) == (2, False)
