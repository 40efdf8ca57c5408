"""A variable says what it holds: words that say only that it was come by are kept out of the code."""

from __future__ import annotations

import ast
from pathlib import Path

import lake

WORDS = """found told known held given there here place kept anew near wanted taken said made left gone seen named
    asked"""
VAGUE = frozenset(WORDS.split())
LIMIT = 0.005  # of all variables and parameters


def bindings(path: Path):
    """The variables that a module assigns and the parameters that it declares, with their lines."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno


def test_variables_say_what_they_hold():
    folder = Path(lake.__file__).parent
    names = [
        (name, f"{path.relative_to(folder)}:{line}") for path in folder.rglob("*.py") for name, line in bindings(path)
    ]
    vague = [f"{place} {name}" for name, place in names if name.strip("_") in VAGUE]
    assert len(vague) <= LIMIT * len(names), f"{len(vague)} of {len(names)}: {', '.join(vague[:20])} ..."
