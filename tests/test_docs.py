"""The README and docs/ are true: what they show runs, and what they name is there."""

from __future__ import annotations

import contextlib
import doctest
import importlib
import io
import pkgutil
import re
import shlex
from pathlib import Path

import duckdb
import pytest
import typed

import lake
from lake import config, fetch, land, project
from lake.build import lint
from lake.build import run as building
from lake.build.lint_rules import RULES
from lake.build.model import Project
from lake.errors import LakeError

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def lines(page: Path) -> list[str]:
    """The commands of the console blocks, without their comments."""
    shown = [line[2:] for block in blocks(page, "console") for line in block.splitlines() if line.startswith("$ ")]
    return [line.split("  #")[0].strip() for line in shown]


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A folder with the demo's lake in it, as `make demo` leaves it."""
    home = tmp_path_factory.mktemp("home")
    folder = project.copy(home / "demo-lake", sample=True)
    assert typed.lake("run", "-q", "-C", folder).returncode == 0
    return home


def test_there_are_pages():
    assert {page.name for page in PAGES} >= {"README.md", "building.md", "models.md", "sources.md"}
    assert lines(ROOT / "README.md")
    assert lines(ROOT / "docs/building.md")


@pytest.mark.long
def test_the_readme_in_python(home, monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.chdir(home)
    out, names = io.StringIO(), {}
    with contextlib.redirect_stdout(out):
        for block in blocks(ROOT / "README.md", "python"):
            exec(compile(block, "README.md", "exec"), names)
    assert "planet_run_key" in out.getvalue()


@pytest.mark.long
def test_the_training_page_in_python(home, monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.chdir(home)
    out, names = io.StringIO(), {}
    with contextlib.redirect_stdout(out):
        for block in blocks(ROOT / "docs/training.md", "python"):
            exec(compile(block, "training.md", "exec"), names)
    assert "<PlanetRuns train at snapshot" in out.getvalue()


def test_the_readme_in_sql_and_python_agree(home, monkeypatch):
    monkeypatch.chdir(home / "demo-lake")
    (question,) = blocks(ROOT / "README.md", "sql")
    with duckdb.connect("lake.duckdb", read_only=True) as door:
        there = door.execute(question).fetchall()
    with lake.open() as here:
        assert here.sql(question.rstrip().rstrip(";")).fetchall() == there
    assert len(there) == 3


@pytest.mark.long
@pytest.mark.quick(6)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_run(home, page):
    for line in lines(page):
        if line.startswith("lake "):
            done = typed.lake(*shlex.split(line)[1:], "-C", home / "demo-lake")
            assert done.returncode == 0, (line, done.stderr)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_the_table_of_commands_is_whole():
    from lake import cli

    told = set(re.findall(r"`lake ([a-z]+)", (ROOT / "README.md").read_text()))
    assert told - {"command"} == set(cli._COMMANDS)


@pytest.mark.long
def test_the_model_of_the_docs(tmp_path):
    page = ROOT / "docs/building.md"
    sql, (model,) = blocks(page, "sql")[0], blocks(page, "python")
    folder = project.copy(tmp_path / "lake", sample=True)
    settings = config.load(folder)
    (folder / "sql/features/warm.sql").write_text(sql)
    models = folder / "models/features.py"
    models.write_text(models.read_text() + model.split("\n", 1)[1].split("\n\n\n", 1)[1])
    fetch.run(settings)
    land.run(settings)
    building.run(settings, ["+features.warm"])
    with lake.open(folder) as here:
        low, high = here.sql(
            "SELECT min(equilibrium_temperature), max(equilibrium_temperature) FROM features.warm"
        ).fetchone()
        assert 200 < low < high < 400


def test_the_waiver_of_the_docs(tmp_path):
    file, waived = tmp_path / "m.sql", blocks(ROOT / "docs/building.md", "sql")[1]
    for sql, left in ((waived, []), (waived.split("\n", 1)[1], ["limit"])):
        file.write_text(sql)
        assert [finding.rule for finding in lint.check(file, Project({}, {}), {})] == left


def test_the_rules_of_the_docs():
    listed = re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", (ROOT / "docs/building.md").read_text(), re.MULTILINE)
    assert dict(listed) == {name: rule.reason for name, rule in RULES.items()}


def test_the_source_of_the_docs(tmp_path):
    (code,) = blocks(ROOT / "docs/sources.md", "python")
    assert sum(1 for line in code.splitlines() if line.strip() and not line.startswith(('"', "from "))) <= 20
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources/names.py").write_text(code)
    setting = blocks(ROOT / "docs/sources.md", "toml")[0]
    (tmp_path / "lake.toml").write_text(f'[lake]\nmirror = "mirror"\n{setting}')
    for name, text in {
        "stars": "name\tV mag\nSun\t-26.7\n\t1\nVega\tbright\n",
        "moons": "<html>so sorry</html>",
    }.items():
        (tmp_path / "mirror/example.org").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"mirror/example.org/{name}.tsv").write_text(text)
    settings = config.load(tmp_path)
    fetched = fetch.run(settings)
    assert dict(fetched.counts["names"]) == {"fetched": 1, "refused": 1}
    tally = land.run(settings).tallies["names"]
    assert (tally.seen, tally.landed, tally.rejected) == (3, 2, 1)


def modules() -> list[str]:
    skipped = ("lake.project.", "lake.__main__")
    found = [module.name for module in pkgutil.walk_packages(lake.__path__, "lake.")]
    return [name for name in found if not name.startswith(skipped)]


@pytest.mark.long
def test_examples_in_docstrings():
    pytest.importorskip("torch")
    tried = 0
    for name in modules():
        try:
            module = importlib.import_module(name)
        except LakeError as error:
            if "is not installed" in str(error):
                continue
            raise
        result = doctest.testmod(module)
        assert result.failed == 0, name
        tried += result.attempted
    assert tried > 10
