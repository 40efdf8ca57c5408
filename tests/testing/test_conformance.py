"""Every archive keeps what every source promises; and a source that breaks a promise is caught."""

from __future__ import annotations

import itertools
import types

import pyarrow as pa
import pytest
from sources.examples import EXAMPLES

from lake import sources
from lake.errors import Refused
from lake.formats.part import Part
from lake.formats.schema import Tables
from lake.sources.contract import Facts, Resource
from lake.testing import check_source

RESOURCE = Resource("a", "https://example.org/a", "list", "text")
GOOD = b"<a line>\n"


@pytest.mark.parametrize("name", sources.names())
def test_an_archive_keeps_what_every_source_promises(name):
    examples = [(example.resource, example.make()) for example in EXAMPLES.values() if example.source == name]
    assert examples
    problems = check_source(sources.get(name), examples, mutants=3)
    # the examples of a reader that takes any text, or an error page's markup, are not refused by `check` alone
    assert [problem for problem in problems if "check refuses a good answer" not in problem] == []


def source(**changes):
    """A source that keeps all promises, but for what is changed."""

    def resources(options, answers):
        yield RESOURCE

    def check(resource, head):
        if b"<html" in head.lower():
            raise Refused("a page")

    def read(resource, answer):
        lines = answer.read_bytes().splitlines()
        rows = pa.Table.from_pylist([{"_record": 1 + i, "line": repr(x)} for i, x in enumerate(lines)], TABLES["mine"])
        yield Part("mine", len(lines), rows)

    facts = Facts("mine", "Mine", "https://example.org", "CC0", "nobody", rate=1, refresh=1)
    names = {"FACTS": facts, "READER": 1, "TABLES": TABLES, "OPTIONS": {}}
    return types.SimpleNamespace(**names | {"resources": resources, "check": check, "read": read} | changes)


TABLES = Tables({"mine": "line  text  -  -  A line"})


def test_a_good_source_has_no_problem():
    assert check_source(source(), [(RESOURCE, GOOD)]) == []


def lost(resource, answer):
    yield Part("mine", 2, pa.Table.from_pylist([{"_record": 1, "line": "x"}], TABLES["mine"]))


def mistyped(resource, answer):
    yield Part("mine", 1, pa.table({"_record": pa.array([1], pa.int64()), "line": [1.5]}))


def elsewhere(resource, answer):
    yield Part("other", 1, pa.table({"_record": pa.array([1], pa.int64())}))


def trips(resource, answer):
    if answer.read_bytes() != GOOD:
        raise IndexError("list index out of range")
    yield from source().read(resource, answer)


COUNTER = itertools.count()


def changing(resource, answer):
    yield Part("mine", 1, pa.Table.from_pylist([{"_record": 1, "line": str(next(COUNTER))}], TABLES["mine"]))


def twice(options, answers):
    yield from (RESOURCE, RESOURCE)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"read": lost}, "2 records seen, but 1 rows"),
        ({"read": mistyped}, "mine.line is double, and string in TABLES"),
        ({"read": elsewhere}, "'other', which is not in TABLES"),
        ({"read": trips}, "read raises IndexError"),
        ({"read": changing}, "other rows the second time"),
        ({"resources": twice}, "duplicate resources: a"),
        ({"check": lambda resource, head: {}["x"]}, "KeyError"),
        ({"READER": 0}, "READER is to be a whole number"),
        ({"FACTS": "mine"}, "FACTS is a str"),
        ({"TABLES": Tables({"My Table": "line  text  -  -  A line"})}, "'My Table' needs quotes"),
    ],
)
def test_a_broken_promise_is_named(change, problem):
    problems = check_source(source(**change), [(RESOURCE, GOOD)])
    assert any(problem in line for line in problems), problems


def test_a_source_without_a_reader_is_named():
    incomplete = source()
    del incomplete.read
    assert check_source(incomplete, []) == ["the source has no read"]
