"""Macros of every kind are published when they come, change or go, and open in any shell; or are refused before."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
import toy
import typed

import lake
from lake import config
from lake.build import preview, run, unit
from lake.errors import ModelError
from lake.store import restore

BARE = dict.fromkeys(toy.FILES.keys() - {"lake.toml"})
CONTRACT = "from lake.contract import Table\nclass X(Table):\n    v: int\n"


def project(folder: Path, macros: str | None) -> Path:
    files = {"models/core.py": CONTRACT, "sql/core/x.sql": "SELECT 10::BIGINT AS v", "macros/m.sql": macros}
    return toy.make(folder, **{**BARE, **files})


def answer(folder: Path, sql: str) -> list[tuple]:
    """What a plain duckdb answers."""
    with duckdb.connect(str(folder / "lake.duckdb"), read_only=True) as door:
        return door.execute(sql).fetchall()


KINDS = {
    "plain": ("CREATE MACRO twice(x) AS x * 2", "SELECT twice(3)", 6),
    "typed": ("CREATE MACRO twice(x DOUBLE) AS x * 2", "SELECT twice(3)", 6.0),
    "typed, overloaded": (
        "CREATE MACRO kind(x INTEGER) AS 'whole', (x VARCHAR) AS 'text'",
        "SELECT kind(3) || kind('a')",
        "wholetext",
    ),
    "with a default": (
        "CREATE MACRO scaled(x, factor := 10) AS x * factor",
        "SELECT scaled(3) + scaled(1, factor := 2)",
        32,
    ),
    "typed with a default": (
        "CREATE MACRO scaled(x DOUBLE, factor DOUBLE := 10) AS x * factor",
        "SELECT scaled(3)",
        30.0,
    ),
    "overloads": ("CREATE MACRO add_up(a) AS a, (a, b) AS a + b, (a, b, c) AS a + b + c", "SELECT add_up(1, 2, 3)", 6),
    "rows": ("CREATE MACRO numbers(n) AS TABLE SELECT unnest(range(n)) AS i", "SELECT sum(i) FROM numbers(4)", 6),
    "rows, overloaded": (
        "CREATE MACRO rows_of() AS TABLE (SELECT 1 AS i), (n) AS TABLE (SELECT n AS i)",
        "SELECT (SELECT i FROM rows_of()) + (SELECT i FROM rows_of(5))",
        6,
    ),
    "typed rows": ("CREATE MACRO numbers(n INTEGER) AS TABLE SELECT n + 1 AS i", "SELECT i FROM numbers(5)", 6),
    "of a table": ("CREATE MACRO all_v() AS TABLE SELECT v FROM core.x", "SELECT v FROM all_v()", 10),
    "a query of a table": ("CREATE MACRO most() AS (SELECT max(v) FROM core.x)", "SELECT most()", 10),
    "calls another": ("CREATE MACRO a1(x) AS b1(x) + 1; CREATE MACRO b1(x) AS x * 10", "SELECT a1(2)", 21),
    "quoted": ('CREATE MACRO "Odd name"(x) AS x', 'SELECT "odd name"(7)', 7),
    "or replace": ("CREATE OR REPLACE FUNCTION f(x) AS {Foo: x}", "SELECT to_json(f(1))", '{"Foo":1}'),
    "lambda": ("CREATE MACRO half(l) AS list_transform(l, lambda x: x / 2)", "SELECT half([2])[1]", 1.0),
    "hides DuckDB's own": ("CREATE MACRO add(a, b) AS a + b + 100", "SELECT add(1, 2)", 103),
}


@pytest.mark.long
@pytest.mark.quick(4)
@pytest.mark.parametrize("kind", KINDS)
def test_a_macro_of_any_kind_goes_the_whole_way(tmp_path, kind):
    macro, call, expected = KINDS[kind]
    folder = project(tmp_path, macro)
    settings = config.load(folder)
    first = run.run(settings).snapshot
    assert answer(folder, call) == [(expected,)]
    with lake.open(folder) as here:
        assert here.sql(call).fetchall() == [(expected,)]
    (folder / "macros/m.sql").write_text("CREATE MACRO other(x) AS x;")
    run.run(settings)
    restore.run(settings, first)
    assert answer(folder, call) == [(expected,)]
    if "core.x" not in macro:
        (folder / "macros/m.test.toml").write_text(
            f"[[test]]\ncall = {json.dumps(call[7:])}\nexpect = {json.dumps(expected)}\n"
        )
        (folder / "macros/m.sql").write_text(macro)
        if "FROM" not in call:
            assert unit.run(settings).failed == []


@pytest.mark.long
def test_a_macro_that_no_model_calls_is_published_when_it_comes_changes_and_goes(tmp_path):
    folder = project(tmp_path, None)
    settings = config.load(folder)
    run.run(settings)
    snapshots = []
    for text, expected in (("CREATE MACRO twice(x) AS x * 2", 6), ("CREATE MACRO twice(x) AS x * 3", 9)):
        (folder / "macros/m.sql").write_text(text)
        assert preview.steps(settings).macros
        summary = run.run(settings)
        assert (summary.built, summary.macros) == ([], True)
        snapshots.append(summary.snapshot)
        assert answer(folder, "SELECT twice(3)") == [(expected,)]
        assert not preview.steps(settings).macros
        assert not run.run(settings).macros
    with lake.open(folder, at=snapshots[0]) as then:
        assert then.sql("SELECT twice(3)").fetchall() == [(6,)]
    (folder / "macros/m.sql").unlink()
    assert run.run(settings).macros
    with pytest.raises(duckdb.CatalogException):
        answer(folder, "SELECT twice(3)")


@pytest.mark.long
def test_a_build_of_some_models_publishes_macros_too_and_the_commands_say_so(tmp_path):
    folder = project(tmp_path, None)
    run.run(config.load(folder))
    (folder / "macros/m.sql").write_text("CREATE MACRO twice(x) AS x * 2")

    def said(*arguments: str) -> str:
        done = typed.lake(*arguments, "-C", folder)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    assert "macros" in said("plan")
    assert "macros" in said("build", "core.x")
    assert "6" in said("sql", "SELECT twice(3)")
    assert "macros" not in said("plan")


@pytest.mark.long
def test_after_a_restore_the_same_macros_are_not_published_again(tmp_path):
    folder = project(tmp_path, "CREATE MACRO twice(x) AS x * 2")
    settings = config.load(folder)
    first = run.run(settings).snapshot
    (folder / "sql/core/x.sql").write_text("SELECT 11::BIGINT AS v")
    run.run(settings)
    number, _ = restore.run(settings, first)
    (folder / "sql/core/x.sql").write_text("SELECT 10::BIGINT AS v")
    assert (run.run(settings).snapshot, run.run(settings).macros) == (number, False)


REFUSED = {
    "CREATE MACRO twice(x NOTYPE) AS x": "the macro twice is refused",
    "CREATE MACRO reads(x NOTYPE) AS TABLE FROM core.x": "the macro reads is refused",
    "CREATE MACRO twice(x, x) AS x": "it does not parse",
    "CREATE MACRO twice(x) AS (PIVOT core.x ON v)": "does not parse|neither an expression nor a SELECT",
    "CREATE MACRO most() AS (SELECT max(nosuch) FROM core.x)": "the macro most is refused",
    "CREATE MACRO most() AS (SELECT max(nosuch) FROM core.never)": None,  # of a table that is not there: not published
}


@pytest.mark.quick(4)
@pytest.mark.parametrize("macro", REFUSED)
def test_what_duckdb_refuses_is_told_before_anything_is_published(tmp_path, macro):
    folder = project(tmp_path, None)
    settings = config.load(folder)
    before = run.run(settings).snapshot
    (folder / "macros/m.sql").write_text(macro)
    if REFUSED[macro]:
        with pytest.raises(ModelError, match=REFUSED[macro]):
            run.run(settings)
        (folder / "macros/m.sql").unlink()
    assert run.run(settings).snapshot == before
    assert answer(folder, "SELECT v FROM core.x") == [(10,)]


@pytest.mark.long
def test_a_partial_build_that_would_break_a_view_is_refused(tmp_path):
    two = "class {}(Table, materialized='view'):\n    v: int\n"
    contract = CONTRACT + "    w: int\n" + two.format("B") + two.format("C")
    files = {"sql/core/b.sql": "SELECT w AS v FROM core.x", "sql/core/c.sql": "FROM core.b"}
    folder = toy.make(
        tmp_path,
        **{**BARE, **files, "models/core.py": contract, "sql/core/x.sql": "SELECT 1::BIGINT AS v, 2::BIGINT AS w"},
    )
    settings = config.load(folder)
    before = run.run(settings).snapshot
    (folder / "models/core.py").write_text(contract.replace("    w: int\n", ""))
    (folder / "sql/core/x.sql").write_text("SELECT 1::BIGINT AS v")
    with pytest.raises(ModelError, match=r"(?s)the view core.b would not open.*w.*lake build \+core.b"):
        run.run(settings, ["core.x"])
    assert run.run(settings, ["core.c"]).snapshot == before
    assert answer(folder, "SELECT * FROM core.c") == [(2,)]
    (folder / "sql/core/b.sql").write_text("SELECT v FROM core.x")
    run.run(settings, ["core.x", "core.b"])
    assert answer(folder, "SELECT * FROM core.c") == [(1,)]


@pytest.mark.long
def test_a_view_that_was_not_selected_stays_as_it_is_published(tmp_path):
    contract = CONTRACT + "class B(Table, materialized='view'):\n    v: int\n"
    folder = toy.make(
        tmp_path,
        **{
            **BARE,
            "models/core.py": contract,
            "sql/core/x.sql": "SELECT 1::BIGINT AS v",
            "sql/core/b.sql": "FROM core.x",
        },
    )
    settings = config.load(folder)
    run.run(settings)
    (folder / "sql/core/b.sql").write_text("SELECT v + 1 AS v FROM core.x")
    (folder / "sql/core/x.sql").write_text("SELECT 5::BIGINT AS v")
    run.run(settings, ["core.x"])
    assert answer(folder, "FROM core.b") == [(5,)]
    run.run(settings)
    assert answer(folder, "FROM core.b") == [(6,)]
