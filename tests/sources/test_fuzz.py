"""Whatever the bytes are: rows and rejects, or Unreadable. Some mutants here; `make fuzz` reads thousands.

A failure names its case and number: `mutants.mutant(fuzz.every()[case], case, number)` gives the same bytes again.
"""

from __future__ import annotations

import sys

import pytest
from sources import fuzz
from sources.examples import EXAMPLES, Example
from sources.mutants import mutant

from lake import sources
from lake.sources.contract import Part

QUICK, MANY = 320, 10_000  # mutants of all cases together
PARTS = 4


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_read_whole(name, tmp_path):
    (tmp_path / "answer").write_bytes(EXAMPLES[name].body)
    assert fuzz.judge(EXAMPLES[name], tmp_path / "answer") == "rows"


def test_every_table_of_every_source_has_an_example(tmp_path):
    """What no example fills, no mutant would try."""
    filled, path = set(), tmp_path / "answer"
    for example in EXAMPLES.values():
        path.write_bytes(example.body)
        filled |= {part.table for part in example.read(path) if isinstance(part, Part) and len(part.rows)}
    tables = {table for name in sources.names() for table in sources.get(name).TABLES}
    assert tables - filled == set()
    assert set(sources.names()) == {example.source for example in EXAMPLES.values()}


def test_mutants_are_the_same_each_time():
    for name, example in EXAMPLES.items():
        assert mutant(example, name, 3) == mutant(example, name, 3)
    assert len({mutant(EXAMPLES["ncbi ani"], "ncbi ani", n) for n in range(50)}) > 40


def judged(names: list[str], numbers: range) -> list[fuzz.Outcome]:
    """Outcomes that are no good ones."""
    outcomes = list(fuzz.run(names, numbers))
    assert [one.number for one in outcomes] == [n // len(names) for n in numbers]
    return [one for one in outcomes if one.kind in ("fault", "ended by HDF5")]


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_some_mutants(part):
    assert judged(list(EXAMPLES), range(part * QUICK // PARTS, (part + 1) * QUICK // PARTS)) == []


@pytest.mark.slow
@pytest.mark.parametrize("part", range(20))
def test_many_mutants(part):
    names, each = list(fuzz.every()), MANY // 20
    faults = judged(names, range(part * each, (part + 1) * each))
    assert [one for one in faults if one.kind == "fault"] == []
    assert len(faults) <= 2, faults


# The judge itself: a reader that does each of the forbidden things

ODD = """
import os, signal, sys
sys.path[:0] = {path!r}
from types import SimpleNamespace
from lake import sources
from lake.sources.contract import Part
from sources import examples, fuzz
def read(resource, answer):
    if answer.read_bytes() != b"":
        {body}
    return iter(())
sources.get = lambda name: SimpleNamespace(TABLES={{}}, check=lambda resource, head: None, read=read)
fuzz.every = lambda: {{"odd": examples.Example("odd", "kind", bytes)}}
fuzz.mutant = lambda example, name, number: b"x" * number
fuzz.SECONDS, fuzz.MEMORY = 1, 256 << 20
fuzz.read_some(["odd"], range(3), sys.stdout)
"""


@pytest.mark.long
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise ValueError('strange')", "ValueError: strange"),
        ("bytearray(1 << 30)", "MemoryError"),
        ("return [Part('x', 1, None)]", "KeyError: 'x'"),
        ("while True: pass", "SIGPROF"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
        ("os._exit(3)", "exit 3"),
    ],
)
def test_what_a_reader_may_not_do_is_a_fault(body, said, monkeypatch):
    monkeypatch.setattr(fuzz, "every", lambda: {"odd": Example("odd", "kind", bytes)})
    worker = [sys.executable, "-c", ODD.format(path=sys.path, body=body)]
    first, second, *_ = fuzz.of_process(worker)
    assert (first.kind, second.kind, second.number) == ("unreadable", "fault", 1)
    assert said in second.text
