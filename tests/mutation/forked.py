"""pytest in a fork of a process that has imported the libraries already, but nothing of the engine."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from importlib import import_module
from pathlib import Path

LIBRARIES = (
    "pytest hypothesis duckdb pyarrow pyarrow.parquet numpy httpx click rich.console pydantic sqlglot zarr xarray pint "
    "astropy.units lxml.etree filelock tenacity networkx jinja2 http.server"
)
LIMIT = 180  # seconds: beyond it a mutant hangs


def warm() -> None:
    from hypothesis import HealthCheck, settings

    for library in LIBRARIES.split():
        import_module(library)
    settings.register_profile(
        "mutation", deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    settings.load_profile("mutation")


def run(tree: Path, tests: list[str], *arguments: str) -> tuple[str, str]:
    """The tests up to the first that fails: killed and its name, survived, or timeout."""
    log = tree.parent / "log"
    child = os.fork()
    if not child:
        _pytest(tree, log, ["-x", *arguments, *tests])
    begin, status = time.monotonic(), None
    while status is None and time.monotonic() - begin < LIMIT:
        pid, code = os.waitpid(child, os.WNOHANG)
        status = code if pid else None
        time.sleep(0.05)
    if status is None:
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return "timeout", ""
    if os.waitstatus_to_exitcode(status) in (0, 5):  # 5: none was collected
        return "survived", ""
    failed = re.findall(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", log.read_text(errors="replace"), re.MULTILINE)
    return "killed", failed[0] if failed else ""


def failing(tree: Path, tests: set[str]) -> set[str]:
    """Those of the tests that fail without any mutant."""
    broken: set[str] = set()
    names = sorted(test for test in tests if "::" in test)
    while names and (failed := run(tree, names)[1]) and failed in names:
        broken.add(failed)
        names = names[names.index(failed) + 1 :]
    return broken


def _pytest(tree: Path, log: Path, arguments: list[str]) -> None:
    code = 70
    try:
        os.setsid()
        os.chdir(tree)
        os.environ["PYTHONPATH"] = str(tree)
        sys.path.insert(0, str(tree))
        for descriptor, name in ((0, os.devnull), (1, log), (2, log)):
            os.dup2(os.open(name, os.O_RDWR | os.O_CREAT | (os.O_TRUNC if descriptor == 1 else 0)), descriptor)
        import pytest

        code = int(pytest.main(["-p", "no:cacheprovider", "--tb=line", "-rfE", *arguments]))
        sys.stdout.flush()
    finally:
        os._exit(code)
