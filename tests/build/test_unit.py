"""Unit tests of models and macros: the project's own, and the runner on a small project, as a user types it."""

from __future__ import annotations

import json

import pytest
import toy
from conftest import ROOT
from typed import lake

from lake import config
from lake.build import graph, unit
from lake.errors import ConfigError
from lake.store import catalog

HEAT = """[[test]]
name = "in thousands, of the stars that have a planet"
given.core.planets = [{ star = "Sun" }]
given.seeds.stars = [{ star = "Sun", teff = 5772.0 }, { star = "alone", teff = 1000.0 }]
expect = [{ star = "Sun", kilo = 5.772 }]
"""
KILO = """[[test]]
call = "kilo(x)"
cases = [{ x = 2000.0, expect = 2.0 }, { x = 1, expect = 0.001 }, {}]
"""
TABLE = """
from typing import Annotated
from lake.contract import SqlType, Table

class Planets(Table, key="planet"):
    planet: str
    star: str
    planet_run_key: int

class Heat(Table, key="star"):
    star: str
    kilo: float

class Wide(Table, key="id"):
    id: int
    names: list[str]
    place: Annotated[str, SqlType("STRUCT(x DOUBLE, y BIGINT)")]
    small: Annotated[float, SqlType("FLOAT")]
    flag: bool | None
"""
WIDE = """SELECT CAST(id AS BIGINT) AS id, names, place, CAST(small AS FLOAT) AS small,
    CASE WHEN id < 10 THEN flag END AS flag
FROM raw.wide"""
GIVEN = """[[test]]
name = "wide"
given.raw.wide = [
    { id = 1, names = ["b", "a"], place = { x = 0.1, y = 2 }, small = 0.1, flag = true },
    { id = 20, names = [], place = { x = nan, y = 3 }, small = -inf, flag = true },
]
"""


def run(folder, files: dict[str, str], *select: str, **options):
    return unit.run(config.load(toy.make(folder, **files)), select, **options)


def told(summary) -> list[tuple]:
    return [(d.what, d.row, d.column, d.expected, d.got) for outcome in summary.outcomes for d in outcome.differences]


@pytest.mark.long
def test_every_model_and_macro_of_the_project_has_a_unit_test_and_passes():
    settings = config.load(ROOT)
    summary = unit.run(settings)
    assert [(outcome.where, outcome.differences) for outcome in summary.failed] == []
    assert summary.untested == []
    project = graph.load(settings)
    wanted = {t for t, model in project.models.items() if not model.seed}
    assert {outcome.subject for outcome in summary.outcomes if "macros." not in outcome.subject} == wanted
    assert len(wanted) == len(list((ROOT / "sql").rglob("*.sql"))) > 20


def test_a_model_and_a_macro_are_run_on_what_they_are_given_and_nothing_is_built(tmp_path):
    files = {"sql/core/heat.test.toml": HEAT, "macros/heat.test.toml": KILO}
    summary = run(tmp_path, files)
    assert [(o.subject, o.differences) for o in summary.outcomes] == [("core.heat", []), ("macros.kilo", [])]
    assert summary.untested == ["core.planets", "macros.planet_run_key"]
    assert not (tmp_path / "data").exists()


def test_the_failing_cell_is_shown_with_its_test_and_row(tmp_path):
    broken = toy.FILES["macros/heat.sql"].replace("1000.0", "100.0")
    toy.make(tmp_path, **{"sql/core/heat.test.toml": "# a comment\n\n" + HEAT, "macros/heat.sql": broken})
    done = lake("test", "-C", tmp_path, "core.heat")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "FAILED core.heat: in thousands, of the stars that have a planet",
        f"  {tmp_path}/sql/core/heat.test.toml:3",
        "  star 'Sun': kilo is 57.72, expected 5.772",
        done.stdout.splitlines()[-1],
    ]
    assert done.stdout.splitlines()[-1].startswith("0 passed, 1 failed")
    assert done.stderr == ""


def test_the_outcome_as_json(tmp_path):
    toy.make(tmp_path, **{"sql/core/heat.test.toml": HEAT, "macros/heat.test.toml": KILO.replace("2.0 }", "3.0 }")})
    done = lake("test", "-C", tmp_path, "--json")
    said = json.loads(done.stdout)
    assert (done.returncode, said["passed"], said["failed"]) == (1, 1, 1)
    assert said["untested"] == ["core.planets", "macros.planet_run_key"]
    failed = said["outcomes"][1]
    assert (failed["subject"], failed["name"]) == ("macros.kilo", "kilo(x)")
    assert failed["where"].endswith("macros/heat.test.toml:1")
    assert failed["differences"] == [
        {"what": "cell", "row": {"x": 2000.0}, "column": "kilo(x)", "expected": 3.0, "got": 2.0}
    ]


def test_rows_that_lack_and_rows_too_many_are_told_by_their_key(tmp_path):
    test = HEAT.replace('[{ star = "Sun", kilo', '[{ star = "Barnard", kilo')
    assert told(run(tmp_path, {"sql/core/heat.test.toml": test})) == [
        ("missing row", {"star": "Barnard"}, None, None, None),
        ("unexpected row", {"star": "Sun", "kilo": 5.772}, None, None, None),
    ]


@pytest.mark.parametrize(
    ("expected", "found"), [("expect_rows = 1", []), ("expect_rows = 2", [2]), ("expect = []", [0])]
)
def test_rows_are_counted_where_only_their_number_matters(tmp_path, expected, found):
    test = HEAT.replace('expect = [{ star = "Sun", kilo = 5.772 }]', expected)
    summary = run(tmp_path, {"sql/core/heat.test.toml": test})
    assert [d.expected for o in summary.outcomes for d in o.differences] == found


def test_rows_without_a_key_are_a_multiset(tmp_path):
    test = """[[test]]
name = "twice the same star"
given.seeds.stars = [{ star = "A" }, { star = "B" }, { star = "A" }]
expect = [{ star = "A" }, { star = "B" }, { star = "B" }]
"""
    assert told(run(tmp_path, {"sql/core/planets.test.toml": test})) == [("cell", {"star": "B"}, "star", "B", "A")]


def wide(folder, expected: str):
    raw = {"models/core.py": TABLE, "sql/core/wide.sql": WIDE, "sql/core/wide.test.toml": GIVEN + expected}
    return run(folder, raw, "core.wide")


def test_lists_structs_nan_infinity_and_nulls_of_a_raw_table_that_no_reader_knows(tmp_path):
    expected = """expect = [
    { id = 20, names = [], place = { x = nan, y = 3 }, small = -inf },
    { id = 1, names = ["b", "a"], place = { x = 0.1, y = 2 }, small = 0.1, flag = true },
]"""
    assert told(wide(tmp_path, expected)) == []


@pytest.mark.parametrize(
    ("expected", "column"),
    [
        ('expect = [{ id = 1, names = ["a", "b"] }, { id = 20, names = [] }]', "names"),
        ("expect = [{ id = 1, place = { x = 0.1, y = 3 } }, { id = 20, place = { x = nan, y = 3 } }]", "place"),
        ("expect = [{ id = 1 }, { id = 20, flag = true }]", "flag"),
        ("expect = [{ id = 1, small = 0.1001 }, { id = 20, small = -inf }]", "small"),
        ("expect = [{ id = 1, small = 0.1 }, { id = 20, small = inf }]", "small"),
        ('expect = [{ id = 1 }, { id = 20 }]\nnull = ["flag"]', "flag"),
    ],
)
def test_a_wrong_list_struct_null_or_float_is_found(tmp_path, expected, column):
    assert column in {column for _, _, column, _, _ in told(wide(tmp_path, expected))}


def test_floats_may_differ_as_much_as_the_test_says(tmp_path):
    near = HEAT.replace("5.772 }]", "5.7721 }]")
    assert told(run(tmp_path, {"sql/core/heat.test.toml": near})) == [("cell", {"star": "Sun"}, "kilo", 5.7721, 5.772)]
    assert told(run(tmp_path, {"sql/core/heat.test.toml": near + "tolerance = 1e-4\n"})) == []


def test_a_table_macro_has_rows_and_a_call_without_arguments_one_value(tmp_path):
    macros = "CREATE MACRO two() AS 2;\nCREATE MACRO upto(n) AS TABLE SELECT i, i * two() AS twice FROM range(n) t(i);"
    tests = """[[test]]
call = "two()"
expect = 2
[[test]]
call = "upto(2)"
expect = [{ i = 1, twice = 2 }, { i = 0, twice = 1 }]
"""
    summary = run(
        tmp_path, {"macros/more.sql": macros, "macros/more.test.toml": tests}, "macros.*", exclude=["macros.kilo"]
    )
    assert told(summary) == [("cell", {"i": 0, "twice": 1}, "twice", 1, 0)]
    assert summary.untested == ["macros.planet_run_key"]
    scalar = '[[test]]\ncall = "upto(2)"\nexpect = 2\n'
    with pytest.raises(ConfigError, match="upto is a table macro: it gives rows"):
        run(tmp_path, {"macros/more.sql": macros, "macros/more.test.toml": scalar})


def test_what_the_sql_refuses_is_a_failure_of_that_test_alone(tmp_path):
    error = "CREATE MACRO whole(x) AS CAST(x AS INTEGER);"
    tests = '[[test]]\ncall = "whole(x)"\ncases = [{ x = "1", expect = 1 }, { x = "one", expect = 1 }]\n'
    files = {"macros/e.sql": error, "macros/e.test.toml": tests, "macros/heat.test.toml": KILO}
    found = told(run(tmp_path, files))
    assert [(what, row) for what, row, *_ in found] == [("error", {"x": "one"})]
    assert "Could not convert string 'one'" in found[0][4]


def test_what_is_not_given_is_empty_and_a_test_leaves_nothing_to_the_next(tmp_path):
    second = '[[test]]\nname = "no planets"\ngiven.seeds.stars = [{ star = "Sun", teff = 1.0 }]\nexpect = []\n'
    summary = run(tmp_path, {"sql/core/heat.test.toml": HEAT + second})
    assert [outcome.differences for outcome in summary.outcomes] == [[], []]


def test_selectors_choose_tests_as_they_choose_models(tmp_path):
    files = {"sql/core/heat.test.toml": HEAT, "macros/heat.test.toml": KILO}
    assert [o.subject for o in run(tmp_path, files, "core.planets+").outcomes] == ["core.heat"]
    assert [o.subject for o in run(tmp_path, files, "macros.k*").outcomes] == ["macros.kilo"]
    assert [o.subject for o in run(tmp_path, files, "changed").outcomes] == ["core.heat"]
    assert [o.subject for o in run(tmp_path, files, exclude=["core.*"]).outcomes] == ["macros.kilo"]
    with pytest.raises(ConfigError, match="no macro is called 'kilos'"):
        run(tmp_path, files, "macros.kilos")


@pytest.mark.parametrize(
    ("change", "line", "what", "why"),
    [
        (("kilo = 5", "kil = 5"), 5, "core.heat has no column kil", "did you mean kilo?"),
        (("teff = 1000", "tef = 1000"), 4, "seeds.stars has no column tef", "did you mean teff?"),
        (
            ("given.core.planets", "given.core.planet"),
            3,
            "core.heat does not read core.planet",
            "did you mean core.plan",
        ),
        (("1000.0", '"hot"'), 4, "seeds.stars.teff is DOUBLE, but the test has 'hot'", ""),
        (("5.772 }]", "true }]"), 5, "core.heat.kilo is DOUBLE, but the test has True", ""),
        (("expect =", "expects ="), 1, "a test has no 'expects'", "did you mean expect?"),
        (("expect =", "expect_rows = 1\nexpect ="), 1, "has expect and expect_rows: one is due", ""),
        (('expect = [{ star = "Sun", kilo = 5.772 }]', ""), 1, "has neither expect nor expect_rows", ""),
        (("[{ star", "{ star"), 3, "cannot be read", ""),
        (("expect =", 'call = "kilo(1)"\nexpect ='), 5, "has call, which tests of models do not", ""),
        (("name = ", "# "), 1, "a test has no name", ""),
    ],
)
def test_a_mistake_in_a_test_is_told_with_its_place(tmp_path, change, line, what, why):
    with pytest.raises(ConfigError) as error:
        run(tmp_path, {"sql/core/heat.test.toml": HEAT.replace(*change, 1)})
    assert what in error.value.what
    assert error.value.where == f"{tmp_path}/sql/core/heat.test.toml:{line}"
    assert why in error.value.why


@pytest.mark.parametrize(
    ("file", "text", "what", "why"),
    [
        ("macros/heat.test.toml", KILO.replace("kilo(x)", "kil(x)"), "kil(x) calls no macro of heat.sql", "kilo"),
        ("macros/heat.test.toml", '[[test]]\ncall = "kilo(1)"\n', "has neither expect nor cases", ""),
        ("macros/heart.test.toml", KILO, "heart.test.toml has no heart.sql beside it", "did you mean heat?"),
        ("sql/core/heats.test.toml", HEAT, "heats.test.toml has no heats.sql beside it", "did you mean heat?"),
        ("sql/core/heat.test.toml", 'name = "x"\n', "holds name", "[[test]]"),
    ],
)
def test_a_file_of_tests_that_is_none(tmp_path, file, text, what, why):
    with pytest.raises(ConfigError) as error:
        run(tmp_path, {file: text})
    assert what in error.value.what
    assert why in error.value.why
    assert error.value.where.startswith(str(tmp_path / file))


def test_all_mistakes_are_told_at_once(tmp_path):
    files = {"sql/core/heat.test.toml": HEAT.replace("kilo =", "kil ="), "macros/heat.test.toml": "[test]\n"}
    with pytest.raises(ConfigError, match=r"And 1 more: core\.heat has no column kil"):
        run(tmp_path, files)


def test_a_table_of_which_nothing_is_known_must_be_given(tmp_path):
    files = {"models/core.py": TABLE, "sql/core/wide.sql": WIDE}
    test = '[[test]]\nname = "none"\nexpect = []\n'
    with pytest.raises(ConfigError, match=r"the columns of raw\.wide are not known"):
        run(tmp_path, {**files, "sql/core/wide.test.toml": test})


def test_a_table_that_only_the_record_knows_has_its_types(tmp_path):
    files = {"models/core.py": TABLE, "sql/core/wide.sql": WIDE}
    settings = config.load(toy.make(tmp_path, **files))
    columns = "id BIGINT, names VARCHAR[], place STRUCT(x DOUBLE, y BIGINT), small FLOAT, flag BOOLEAN"
    with catalog.write_session(settings) as record:
        create = f"CREATE SCHEMA raw; CREATE TABLE raw.wide ({columns})"
        catalog.commit(record, lambda: record.execute(create), kind="test", message="a raw table")
    test = '[[test]]\nname = "one"\ngiven.raw.wide = [{ id = 1 }]\nexpect = [{ id = 1 }]\nnull = ["place"]\n'
    assert told(run(tmp_path, {**files, "sql/core/wide.test.toml": test})) == []
    test = test.replace("{ id = 1 }", '{ id = 1, names = "a" }', 1)
    with pytest.raises(ConfigError, match=r"raw\.wide\.names is VARCHAR\[\], but the test has 'a'"):
        run(tmp_path, {**files, "sql/core/wide.test.toml": test})


def test_a_file_of_tests_is_no_model(tmp_path):
    project = graph.load(config.load(toy.make(tmp_path, **{"sql/core/heat.test.toml": HEAT})))
    assert set(project.models) == {"seeds.stars", "core.planets", "core.heat"}


CASES = {
    "a list of whole and other numbers": ("list_sum(l)", "{l = [1, 2.5], expect = 3.5}, {l = [2], expect = 2.0}"),
    "lists in lists": ("list_sum(l[1]) + list_sum(l[2])", "{l = [[1], [2.5]], expect = 3.5}"),
    "structs of both": ("s.a + s.b", "{s = {a = 1, b = 2.5}, expect = 3.5}"),
    "structs in lists": ("list_sum([x.a for x in l])", "{l = [{a = 1}, {a = 2.5}], expect = 3.5}"),
    "an empty list": ("len(l)", "{l = [], expect = 0}"),
    "an offset": ("epoch(t)", "{t = 2024-03-10T02:30:00+05:30, expect = 1710018000.0}"),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_a_macros_arguments_are_what_the_test_says(tmp_path, monkeypatch, case, zone):
    body, cases = CASES[case]
    argument = cases[1]
    folder = toy.make(
        tmp_path,
        **{
            "macros/m.sql": f"CREATE MACRO m({argument}) AS {body};",
            "macros/m.test.toml": f'[[test]]\ncall = "m({argument})"\ncases = [{cases}]\n',
        },
    )
    monkeypatch.setenv("TZ", zone)
    summary = unit.run(config.load(folder), ["macros.m"])
    assert [outcome.differences for outcome in summary.outcomes] == [[]]


def test_a_row_of_nulls_may_be_given(tmp_path):
    contract = "from lake.contract import Table\nclass X(Table):\n    v: int | None\nclass Y(Table):\n    n: int\n"
    folder = toy.make(
        tmp_path,
        **{
            **dict.fromkeys(toy.FILES.keys() - {"lake.toml"}),
            "models/core.py": contract,
            "sql/core/x.sql": "SELECT 1::BIGINT AS v",
            "sql/core/y.sql": "SELECT count(*) AS n FROM core.x",
            "sql/core/y.test.toml": '[[test]]\nname = "nulls"\ngiven.core.x = [{}, {}]\nexpect = [{n = 2}]\n',
        },
    )
    assert [outcome.differences for outcome in unit.run(config.load(folder)).outcomes] == [[]]
