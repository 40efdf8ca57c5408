"""A lake works in a folder of any name, or `lake init` and every other command say why it does not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import toy
from damaging import ask, flip

import lake
from lake import config, project
from lake.errors import ConfigError

QUICK = "a#b%20'\"\n;$HOME"
NAMES = [
    "a b",
    "a#b",
    "a%b",
    "100%25",
    "a'b",
    'a"b',
    "a\nb",
    "a*b",
    "[a]",
    "{a}",
    "~",
    "日本",
    "a:b",
    "-a",
    "é" * 100,
]


@pytest.mark.long
@pytest.mark.parametrize("name", [QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in NAMES)])
def test_a_lake_in_a_folder_of_any_name(tmp_path, name):
    folder = toy.make(tmp_path / name / "toy")
    ask(folder, "build", "-q")
    ask(folder, "tag", "v1", "-q")
    ask(folder, "note", "add", "made up", "--kind", "decision", "--about", "core.heat", "-q")
    (folder / "seeds/stars.csv").write_text("star,teff\nSun,5772\nVega,9602\n")
    (folder / "models/seeds.py").write_text(toy.FILES["models/seeds.py"] + toy.NOTES)
    ask(folder, "build", "-q")
    for at, kilo in (("v1", 3.195), ("latest", 9.602)):
        with lake.open(folder, at) as here:
            assert (kilo,) in here.sql("SELECT kilo FROM core.heat").fetchall()
    flip(folder / "data/catalog.sqlite")
    flip(folder / "lake.duckdb")
    ask(folder, "repair")
    ask(folder, "verify")
    ask(folder, "restore", "v1", "-q")
    ask(folder, "gc", "--apply", "--keep", "1", "-q")
    ask(folder, "verify")


@pytest.mark.parametrize("name", ["?", "a?b", "a?b=c&d", "a\\b", os.fsdecode(b"a\xffb")], ids=ascii)
def test_a_name_that_cannot_be_is_refused(tmp_path, name):
    with pytest.raises(ConfigError, match="cannot lie in a folder of this name") as raised:
        project.copy(tmp_path / name)
    str(raised.value).encode()
    assert list(tmp_path.iterdir()) == []
    moved = toy.make(tmp_path / "toy").rename(tmp_path / name)
    with pytest.raises(ConfigError, match=r"\?|xff|a\\b"):
        config.load(moved)
    assert not (moved / "data").exists()


def test_a_data_folder_of_such_a_name_is_refused(tmp_path):
    folder = toy.make(tmp_path / "toy", **{"lake.toml": '[lake]\ndata = "a?b"\n'})
    with pytest.raises(ConfigError, match=r"a\?b"):
        config.load(Path(folder))
