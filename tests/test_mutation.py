"""The changes that `make mutants` makes: each is one, compiles, and has a name that does not depend on its line."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest
from mutation import operators

CHANGES = {
    "def f(a, b):\n    return a < b": "(a <= b)",
    "def f(a, b):\n    return a and b": "(a or b)",
    "def f(a, b):\n    return a - b": "(a + b)",
    "def f():\n    return 1": "2",
    "def f(a):\n    if a:\n        g()": "(not (a))",
    "def f(a):\n    return [x for x in a if x.b]": "True",
    "def f(a):\n    a.sync()": "pass",
    "def f(a):\n    return g(a)": "return None",
    "def f(a):\n    g()\n    h()": "return",
    "def f(a):\n    try:\n        g()\n    except OSError:\n        return a": "except OSError:\n        pass",
    "def f(a):\n    with locked(a):\n        g()": '__import__("contextlib").nullcontext()',
    "def f(a):\n    raise ValueError": "pass",
    "def f(a, t):\n    a.sql(f'SELECT 1 FROM {t} WHERE x IS NULL')": "f'SELECT 1 FROM {t} WHERE x IS NOT NULL'",
}


@pytest.mark.parametrize("source", CHANGES)
def test_each_kind_of_change_is_made(source):
    made = [mutant.source for mutant in operators.mutants("m.py", source)]
    [hit] = [text for text in made if CHANGES[source] in text]
    assert hit != source
    ast.parse(hit)


def test_a_change_keeps_its_name_when_lines_move():
    source = Path(operators.__file__).read_text()
    before, after = (operators.mutants("m.py", text) for text in (source, f"# one more line\n\n{source}"))
    names = [mutant.name for mutant in before]
    assert names == [mutant.name for mutant in after]
    assert len(set(names)) == len(names) > 100
    assert source not in {mutant.source for mutant in before}


def test_texts_that_people_read_are_left_alone():
    assert operators.mutants("m.py", '"""Doc 1 < 2."""\nimport a\nNAME = "x and y"\n') == []


def test_every_survivor_has_its_reason():
    entries = tomllib.loads((Path(operators.__file__).parent / "survivors.toml").read_text()).get("survivor", [])
    assert all(entry.keys() == {"function", "change", "reason"} and all(entry.values()) for entry in entries)
