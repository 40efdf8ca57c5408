"""docs/architecture.md is true: its rooms are there in that order, and its recipes work as they are written."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
import toy
import typed
from click.testing import CliRunner
from test_house import ENGINE, ROOMS

import lake
from lake.formats import schema
from lake.formats.answer import Answer

PAGE = (ENGINE.parent / "docs/architecture.md").read_text()


def recipe(title: str) -> str:
    return PAGE.split(f"### {title}\n")[1].split("\n### ")[0]


def blocks(title: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", recipe(title), re.DOTALL | re.MULTILINE)


def commands(title: str) -> list[list[str]]:
    return [line.removeprefix("$ lake ").split() for line in "".join(blocks(title, "console")).splitlines()]


def follow(title: str, folder: Path) -> None:
    for arguments in commands(title):
        done = typed.lake(*arguments, cwd=folder)
        assert done.returncode == 0, f"lake {' '.join(arguments)}: {done.stdout}{done.stderr}"


def test_the_rooms_are_those_of_the_page_in_their_order():
    rows = re.findall(r"^\| (`lake/.*?) \|", PAGE.split("## The way of a byte")[0], re.MULTILINE)
    listed = [re.findall(r"`lake/([a-z_]+)", row) for row in rows]
    assert {room for row in listed for room in row} <= set(ROOMS)
    places = [max(ROOMS.index(room) for room in row) for row in listed]
    assert places == sorted(places, reverse=True)
    folders = {path.name for path in ENGINE.iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    assert folders - {room for row in listed for room in row} == set()


def test_every_place_that_the_page_names_is_there():
    for place in set(re.findall(r"`(lake/[a-z_/]+(?:\.py)?)[:`]", PAGE)):
        assert (ENGINE.parent / place).exists() or place in ("lake/formats/hdf5.py", "lake/formats/pairs.py"), place


@pytest.fixture
def folder(tmp_path) -> Path:
    """A lake with the archive of the first recipe."""
    toy.make(tmp_path)
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources/moons.py").write_text(blocks("Add an archive", "python")[0])
    with (tmp_path / "lake.toml").open("a") as settings:
        settings.write(blocks("Add an archive", "toml")[0])
    (tmp_path / "moons.tsv").write_text("name\tradius\nTitan\t2575\nPhobos\t11.3\nMoon\t1737.4\n")
    follow("Add an archive", tmp_path)
    return tmp_path


@pytest.mark.long
def test_an_archive_a_model_and_a_check_are_added(folder):
    sql, model, test = (blocks("Add a model", language)[0] for language in ("sql", "python", "toml"))
    (folder / "sql/core/big_moons.sql").write_text(sql)
    (folder / "sql/core/big_moons.test.toml").write_text(test)
    contracts = (folder / "models/core.py").read_text()
    (folder / "models/core.py").write_text(f"{contracts}\n{model}")
    follow("Add a model", folder)
    with lake.open(folder) as moons:
        assert moons.sql("SELECT name FROM core.big_moons ORDER BY name").fetchall() == [("Moon",), ("Titan",)]
    (folder / "models/core.py").write_text(f"{contracts}\n{blocks('Add a check', 'python')[0]}")
    follow("Add a check", folder)
    with lake.open(folder) as moons:
        checks = moons.sql("SELECT check_name FROM quality.checks WHERE table_name = 'core.big_moons'").fetchall()
    assert ("core.big_moons capitalised",) in checks


def load(path: Path, text: str):
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_format_is_added(tmp_path):
    pairs = load(tmp_path / "pairs.py", blocks("Add a format", "python")[0])
    (tmp_path / "answer").write_text("a = 1\n\nno pair\nb=2\n")
    table = schema.Tables({"pairs": "name  text  -  -  A name\nvalue  text  -  -  Its value"}).table("pairs")
    (part,) = pairs.read(table, Answer(tmp_path / "answer"))
    assert part.rows.to_pylist() == [
        {"_record": 1, "name": "a", "value": "1"},
        {"_record": 4, "name": "b", "value": "2"},
    ]
    assert part.rejects.to_pylist() == [{"_record": 3, "reason": "no '=' in the line", "content": "no pair"}]
    assert part.seen == 3


@pytest.mark.long
def test_a_command_is_added(folder):
    hello = load(folder / "hello.py", blocks("Add a command", "python")[0])
    result = CliRunner().invoke(hello.command, ["-C", str(folder)])
    assert (result.exit_code, result.output.split()[1:]) == (0, ["snapshots"])
