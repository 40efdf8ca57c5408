"""For pytest under coverage: each test is a context, its seconds are written down, and few cases stand for many."""

from __future__ import annotations

import json
import os
import time
from collections import Counter

import coverage
import pytest

CASES = 2  # of a parametrised test


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    cases: Counter[str] = Counter()
    chosen = []
    for item in items:
        function = item.nodeid.partition("[")[0]
        cases[function] += 1
        if cases[function] <= CASES:
            chosen.append(item)
    items[:] = chosen


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    report = yield
    if report.when == "call" and report.passed:
        with open(os.environ["MUTATION_TIMES"], "a") as times:
            times.write(json.dumps([item.nodeid, time.monotonic() - item.stash[BEGIN]]) + "\n")
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item):
    item.stash[BEGIN] = time.monotonic()
    if current := coverage.Coverage.current():
        current.switch_context(item.nodeid)
    return (yield)


BEGIN = pytest.StashKey[float]()
