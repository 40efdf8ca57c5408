"""What the tests share."""

from __future__ import annotations

import signal
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

# A shell starts what runs in the background deaf to Ctrl-C, and its children inherit that: some tests press it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# No example has a time to keep: one that is slow on a loaded machine, or the first to import something, is no fault.
settings.register_profile("unhurried", settings.default, deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def upstream() -> Path:
    """The mirror of real archive files beside the repository; tests that need it skip where it is absent."""
    folder = ROOT.parent / "shared" / "upstream"
    if not (folder / "MANIFEST.tsv").is_file():
        pytest.skip("no ../shared/upstream here: real archive files are not part of the repository")
    return folder


@pytest.fixture(autouse=True)
def _spoken_to_a_person(monkeypatch):
    """--json of one call in this process must not silence the calls of later tests."""
    monkeypatch.setattr("lake.cli._output.as_json", False)
    monkeypatch.setattr("lake.progress.quiet", False)


@pytest.fixture(autouse=True)
def _no_sources_of_another_lake():
    """The sources of a lake's own, which a test used in this process, are not those of the next."""
    yield
    if sources := sys.modules.get("lake.sources"):
        sources.use(ROOT / "seeds")  # a folder that has none


@pytest.fixture
def archives(monkeypatch) -> dict[str, Any]:
    """Sources by name, for `sources.get` to give."""
    known: dict[str, Any] = {}
    monkeypatch.setattr("lake.sources.get", known.__getitem__)
    monkeypatch.setattr("lake.sources.use", lambda root: None)
    return known


def pytest_make_parametrize_id(config, val, argname):
    """Bytes do not name a test: those of gzip hold the second in which they were made, and workers would disagree."""
    return argname if isinstance(val, bytes) else None


@pytest.hookimpl(tryfirst=True)  # before -m chooses by marks
def pytest_collection_modifyitems(items):
    """Of the cases of a test that is marked quick(n), n stay quick; the others are marked slow."""
    families = defaultdict(list)
    for item in items:
        if (mark := item.get_closest_marker("quick")) and not item.get_closest_marker("slow"):
            families[item.nodeid.partition("[")[0], mark.args[0]].append(item)
    for (_, number), cases in families.items():
        step = max(number - 1, 1)
        quick = {round(i * (len(cases) - 1) / step) for i in range(number)}
        for i, case in enumerate(cases):
            if i not in quick:
                case.add_marker("slow")
