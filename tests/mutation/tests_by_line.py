"""Which tests run a line: every test file once under coverage, whose contexts name the tests, in children too."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

RC = """
[run]
source = {tree}/lake
data_file = {data}/coverage
parallel = true
patch = subprocess
concurrency = thread
sigterm = true
context = ${{PYTEST_CURRENT_TEST}}
"""
LIMIT = 300  # seconds for a test file: what it has not tried by then is not known


@dataclass(slots=True)
class Tests:
    """What is known of one test file."""

    seconds: dict[str, float] = field(default_factory=dict)  # of each test
    lines: dict[str, dict[str, list[str]]] = field(default_factory=dict)  # module -> line -> tests; "" while it loads


def of_file(tree: Path, test_file: str, cache: Path) -> Tests:
    """The lines that each test of a file runs; kept in ``cache``."""
    kept = cache / f"{test_file.replace('/', '-')}.json"
    if not kept.exists():
        kept.write_text(json.dumps(_measured(tree, test_file, cache / test_file.replace("/", "-"))))
    return Tests(**json.loads(kept.read_text()))


def concerned(mutant_file: str, lines: tuple[int, ...], all_tests: list[Tests], seconds: float) -> list[str]:
    """The tests to try on a change of these lines: at most so many seconds, at least one.

    First those of the folder that mirrors the module's, the quickest first; then others that run the lines. Where none
    is known to (a process that is killed writes no coverage), all of the mirroring folder.
    """
    room = mutant_file.split("/")[1]
    ranks: dict[str, tuple[int, int, float]] = {}
    for tests in all_tests:
        by_line = tests.lines.get(mutant_file, {})
        names = next((names for line in lines if (names := by_line.get(str(line)))), [])
        for test in tests.seconds if "" in names else names:
            if test in tests.seconds:
                direct = 0 if test in names else 1
                ranks[test] = (direct, not test.startswith(f"tests/{room}/"), tests.seconds[test])
    if not ranks:
        mirror = [(test, cost) for tests in all_tests for test, cost in tests.seconds.items()]
        ranks = {test: (1, False, cost) for test, cost in mirror if test.startswith(f"tests/{room}/")}
    chosen: list[str] = []
    for test in sorted(ranks, key=ranks.__getitem__):
        seconds -= ranks[test][2]
        if seconds < 0 and chosen:
            break
        chosen.append(test)
    return chosen


def _measured(tree: Path, test_file: str, data: Path) -> dict[str, object]:
    data.mkdir(parents=True, exist_ok=True)
    (data / "rc").write_text(RC.format(tree=tree, data=data))
    command = [sys.executable, "-m", "coverage", "run", f"--rcfile={data}/rc", "-m", "pytest", "-p", "mutation.plugin"]
    env = os.environ | {"PYTHONPATH": f"{tree}:{Path(__file__).parent.parent}", "MUTATION_TIMES": f"{data}/times"}
    with (data / "log").open("w") as log:
        options = {"cwd": tree, "env": env, "stdout": log, "stderr": log, "start_new_session": True}
        process = subprocess.Popen([*command, "-p", "no:cacheprovider", test_file], **options)
        try:
            process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
    return {"seconds": _times(data / "times"), "lines": _lines(tree, data)}


def _times(file: Path) -> dict[str, float]:
    """Tests that passed, with their seconds."""
    return dict(map(json.loads, file.read_text().splitlines())) if file.exists() else {}


def _lines(tree: Path, data: Path) -> dict[str, dict[str, list[str]]]:
    from coverage import CoverageData

    modules: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for file in data.glob("coverage.*"):
        read = CoverageData(basename=str(file))
        try:
            read.read()
        except Exception:  # a process was killed while it wrote
            continue
        for module in read.measured_files():
            for line, contexts in read.contexts_by_lineno(module).items():
                name = str(Path(module).relative_to(tree))
                modules[name][str(line)] |= {context.partition(" (")[0] for context in contexts}
    return {name: {line: sorted(tests) for line, tests in lines.items()} for name, lines in modules.items()}
