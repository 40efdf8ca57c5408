"""data/ holds no code: whoever may write there makes nobody run anything."""

from __future__ import annotations

import ast
import pickle
from pathlib import Path

import pytest
import toy
from conftest import ROOT

import lake
from lake import config, contract
from lake.build import run as building

ENGINE = Path(lake.__file__).parent
RUNS = {  # what they are called with becomes a program
    "pickle": {"load", "loads", "Unpickler"},
    "cPickle": {"load", "loads"},
    "dill": {"load", "loads"},
    "cloudpickle": {"load", "loads"},
    "joblib": {"load"},
    "shelve": {"open"},
    "marshal": {"load", "loads"},
    "torch": {"load"},
    "yaml": {"load", "unsafe_load", "full_load"},
}


def runs(tree: ast.AST):
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (bad := RUNS.get(node.module or "", set())):
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name in bad)
        if isinstance(node, ast.Attribute) and node.attr in RUNS.get(getattr(node.value, "id", ""), set()):
            yield node.lineno, f"{node.value.id}.{node.attr}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("eval", "exec"):
            yield node.lineno, node.func.id
        for key in getattr(node, "keywords", []):
            if key.arg == "allow_pickle" and not (isinstance(key.value, ast.Constant) and key.value.value is False):
                yield node.value.lineno if hasattr(node, "value") else node.lineno, "allow_pickle"


def test_nothing_that_runs_what_it_reads_is_used():
    found = [
        f"{path.relative_to(ENGINE)}:{line}: {what}"
        for path in ENGINE.rglob("*.py")
        for line, what in runs(ast.parse(path.read_text()))
    ]
    assert found == []


@pytest.mark.parametrize(
    "text", ["import pickle\npickle.loads(b'')", "from pickle import load", "np.load(f, allow_pickle=True)", "eval(x)"]
)
def test_it_would_be_seen(text):
    assert list(runs(ast.parse(text)))


class Trap:
    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


@pytest.mark.parametrize("name", ["contracts.pickle", "contracts.json"])
def test_a_program_where_contracts_are_kept_is_not_run(tmp_path, name):
    folder = toy.make(tmp_path / "toy")
    settings = config.load(folder)
    building.run(settings)
    mark = tmp_path / "ran"
    (settings.cache / name).write_bytes(pickle.dumps(("key", Trap(mark))))
    building.run(settings)
    assert not mark.exists()


def test_contracts_come_back_as_they_were(tmp_path):
    cache = tmp_path / "kept.json"
    for models in (ROOT / "models",):
        first = contract.load(models, cache)
        assert cache.is_file()
        kept = contract.load(models, cache)
        assert repr(kept) == repr(first)
        assert kept == first
        assert list(kept) == list(first)


def test_every_mark_comes_back_as_it_was(tmp_path):
    text = '''
import datetime
from typing import Annotated
from lake.contract import *

class A(Table, key="a", rules=[Rule("r", "a > 0", "warn")], sort="a", tags=("x", "y"), timestamp="s"):
    """Doc \\u00e9 \\U0001f600."""
    a: Annotated[int, Between(0, None), SqlType("BIGINT"), OneOf(1, 2)]
    d: Annotated[datetime.date, Between(datetime.date(2020, 1, 2), None)]
    m: Annotated[datetime.datetime, Between(None, datetime.datetime(2020, 1, 2, 3, 4)), DateFormat("%d.%m.%Y")]
    x: Annotated[float | None, Unit("K"), Between(-1e308, 0.1, "warn"), Normalise("log"), Impute()]
    s: Annotated[str, Pattern("[a-z]+"), References("b.a.g"), Split("g", train=90, test=10), Term("PATO:0000146")]
    g: str
    t: list[str]
'''
    (tmp_path / "models").mkdir()
    (tmp_path / "models/b.py").write_text(text)
    first = contract.load(tmp_path / "models", tmp_path / "kept.json")
    assert (tmp_path / "kept.json").is_file()
    kept = contract.load(tmp_path / "models", tmp_path / "kept.json")
    assert repr(kept) == repr(first)
    assert kept == first
