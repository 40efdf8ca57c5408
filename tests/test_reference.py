"""docs/reference/ is what the code gives; docs/README.md lists every page; public names are the documented ones."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.long
def test_the_pages_of_the_reference_are_what_the_code_gives():
    done = subprocess.run([sys.executable, DOCS / "generate.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_public_name_is_there_and_documented():
    page = (DOCS / "reference/python.md").read_text()
    for module_name in re.findall(r"^## (lake[\w.]*)$", page, re.MULTILINE):
        module = importlib.import_module(module_name)
        for name in module.__all__:
            assert hasattr(module, name), f"{module_name}.{name}"
            assert name == "__version__" or f"### `{module_name}.{name}`" in page or not callable(getattr(module, name))


def test_every_page_is_in_the_index():
    index = (DOCS / "README.md").read_text()
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.glob("*.md")} - {"README.md"}
    pages |= {path.relative_to(DOCS).as_posix() for path in (DOCS / "reference").iterdir()}
    assert {page for page in pages if f"({page})" not in index} == set()
    assert all((DOCS / link).exists() for link in re.findall(r"\]\(([^)#:]+)\)", index))
