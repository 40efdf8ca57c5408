"""Where archives come from: lake's own, a lake's folder, other packages; and what is said of one that does not fit."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lake import config, sources
from lake.errors import ConfigError
from lake.testing.server import Server, page

SOURCE = """
from lake.formats.delimited import Layout, read as read_table
from lake.formats.schema import Tables
from lake.sources.contract import Facts, Resource

FACTS = Facts("mine", "Mine", "https://example.org", "CC0", "nobody", rate=100, refresh=30)
READER = 1
TABLES = Tables({"mine": "name  text  -  -  A name"})
OPTIONS = {"url": ""}

def resources(options, answers):
    yield Resource("one", options["url"], "list", "text")

def check(resource, head):
    pass

def read(resource, answer):
    return read_table(Layout("mine", TABLES["mine"], ("name",)), answer, resource.url)
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sources").mkdir()
    (tmp_path / "lake.toml").write_text("[lake]\n[sources.mine]\n")
    yield tmp_path
    sources.use(Path("/"))


def as_file(folder: Path, text: str) -> Path:
    (folder / "sources/mine.py").write_text(text)
    return folder / "sources/mine.py"


def as_folder(folder: Path, text: str) -> Path:
    (folder / "sources/mine").mkdir()
    (folder / "sources/mine/layouts.py").write_text("REQUIRED = ('name',)\n")
    text = text.replace("FACTS =", "from lake.sources.mine.layouts import REQUIRED\nFACTS =", 1)
    text = text.replace('("name",)', "REQUIRED")
    (folder / "sources/mine/__init__.py").write_text(text)
    return folder / "sources/mine/__init__.py"


@pytest.mark.long
@pytest.mark.parametrize("shape", [as_file, as_folder])
def test_a_source_in_the_lakes_folder_is_fetched_and_landed(folder, shape):
    shape(folder, SOURCE)

    def lake(*words: str) -> str:
        ran = subprocess.run(
            [sys.executable, "-m", "lake", *words, "-C", str(folder)], capture_output=True, text=True, timeout=120
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    with Server() as server:
        url = server.on("/names.tsv", page(b"name\nSun\nVega\n"))
        (folder / "lake.toml").write_text(f'[lake]\n[sources.mine]\nurl = "{url}"\n')
        lake("fetch")
    landed = json.loads(lake("land", "--json"))
    assert [(one["source"], one["landed"]) for one in landed["sources"]] == [("mine", 2)]
    assert "mine" in json.loads(lake("sources", "--json"))["installed"]


def test_it_is_one_of_that_lake_alone(folder, tmp_path_factory):
    as_file(folder, SOURCE)
    sources.use(folder)
    assert "mine" in sources.names()
    assert sources.get("mine").FACTS.title == "Mine"
    other = tmp_path_factory.mktemp("other")
    (other / "sources").mkdir()
    as_file(other, SOURCE.replace("Mine", "Theirs"))
    sources.use(other)
    assert sources.get("mine").FACTS.title == "Theirs"
    sources.use(tmp_path_factory.mktemp("none"))
    assert "mine" not in sources.names()
    with pytest.raises(ConfigError, match="no source named 'mine'"):
        sources.get("mine")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("FACTS =", "import not_there\nFACTS =", "cannot be imported: ModuleNotFoundError"),
        ("READER = 1", "READER = ", "cannot be imported: SyntaxError"),
        ("READER = 1", "", "lacks READER"),
        ("def check", "def judge", "lacks check"),
        ("(resource, answer):\n    return", "(resource, path):\n    return", "reads a path"),
    ],
)
def test_what_is_no_source_is_told_when_it_is_loaded(folder, old, new, said):
    file = as_file(folder, SOURCE.replace(old, new, 1))
    with pytest.raises(ConfigError, match=said) as told:
        sources.chosen(config.load(folder), None)
    assert told.value.where == str(file)


@pytest.mark.parametrize("name", ["kegg", "contract"])
def test_a_lake_does_not_replace_what_lake_brings(folder, name):
    (folder / "sources" / f"{name}.py").write_text(SOURCE)
    sources.use(folder)
    with pytest.raises(ConfigError, match="there are two sources named"):
        sources.get(name)


def test_the_folders_are_the_archives():
    """`ls lake/sources` is the list of them, with the contract and this registry beside."""
    here = Path(sources.__file__).parent
    assert {file.name for file in here.glob("*.py")} == {"__init__.py", "contract.py"}
    assert {file.parent.name for file in here.glob("*/__init__.py")} <= set(sources.names())


@pytest.mark.parametrize("name", ["names", "get", "use", "options", "chosen", "domains"])
def test_a_source_may_be_called_as_a_function_of_this_package(tmp_path, name):
    """Python sets a submodule as an attribute of its package, where a function of that name may be."""
    (tmp_path / "sources").mkdir()
    (tmp_path / f"sources/{name}.py").write_text(SOURCE.replace('"mine"', f'"{name}"').replace("mine", name))
    (tmp_path / "lake.toml").write_text(f"[lake]\n[sources.{name}]\n")
    before = getattr(sources, name)
    try:
        sources.use(tmp_path)
        assert sources.get(name).FACTS.name == name
        assert getattr(sources, name) is before
        assert name in sources.names()
    finally:
        sources.use(Path("/"))
