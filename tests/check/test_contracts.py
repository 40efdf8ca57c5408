"""Contracts: what cannot hold is refused where it is written; what is promised is checked, whatever the type."""

from __future__ import annotations

import datetime
import textwrap

import pytest
import toy
from hypothesis import given
from hypothesis import strategies as st

import lake
from lake import config, contract
from lake.build import run as building
from lake.contract import Between, OneOf, Pattern
from lake.errors import CheckFailed, ConfigError, LakeError, ModelError

HEAD = """\
import datetime
from typing import Annotated
from lake.contract import *
"""


def loaded(folder, layer: str = "core", **classes: str) -> dict[str, contract.Contract]:
    (folder / "models").mkdir(exist_ok=True)
    for name, text in {layer: "", **classes}.items():
        if text:
            (folder / "models" / f"{name}.py").write_text(HEAD + textwrap.dedent(text))
    return contract.load(folder / "models")


def project(folder, sql: dict[str, str], models: str):
    toy.make(folder, **{path: None for path in toy.FILES if path != "lake.toml"})
    (folder / "models").mkdir()
    (folder / "models/core.py").write_text(HEAD + textwrap.dedent(models))
    for stem, text in sql.items():
        (folder / "sql/core").mkdir(parents=True, exist_ok=True)
        (folder / f"sql/core/{stem}.sql").write_text(text)
    return config.load(folder)


MISTAKES = [
    ('x: Annotated[float, Between(0, 1, severity="warning")]', "severity is 'warning'"),
    ('x: Annotated[float, Between(0, 1, severity="Error")]', "severity is 'Error'"),
    ('x: Annotated[str, Pattern("a", severity="fail")]', "severity is 'fail'"),
    ('x: Annotated[str, OneOf("a", severity="")]', "severity is ''"),
    ('x: Annotated[str, References("core.a.x", severity=None)]', "severity is None"),
    ("x: Annotated[float, Between(2, 1)]", "no value lies between"),
    ('x: Annotated[datetime.date, Between("2020-01-01", None)]', "datetime.date(2024, 3, 24)"),
    ("x: Annotated[float, Between(float('nan'), 1)]", "is not an end"),
    ("x: Annotated[float, Between(0, datetime.date(2020, 1, 1))]", "two kinds"),
    ("x: Annotated[str, Between(0, 1)]", "is of a number, and the column is VARCHAR"),
    ("x: Annotated[float, Between(datetime.date(2020, 1, 1))]", "is of a date, and the column is DOUBLE"),
    ("x: Annotated[str, OneOf(1, 2)]", "is of a whole number, and the column is VARCHAR"),
    ('x: Annotated[int, OneOf("a")]', "is of a text, and the column is BIGINT"),
    ("x: Annotated[str, OneOf()]", "at least one"),
    ('x: Annotated[int, Pattern("a")]', "is of a text, and the column is BIGINT"),
    ('x: Annotated[str, Pattern("(a")]', "Pattern('(a')"),
    ('x: Annotated[str, Pattern("a(?=b)")]', "Pattern('a(?=b)')"),
    ('x: Annotated[str, References("pathways.x")]', "a column is layer.table.column"),
    ('x: Annotated[str, References("core.nothing.x")]', "which nothing promises"),
    ('x: Annotated[str, References("core.a.z")]', "did you mean core.a."),
    ("x: Annotated[str, References('core.a.y')]", "which is BIGINT"),
    ('x: Annotated[str, Unit("K")]', "is of a number"),
    ('x: Annotated[float, Unit("K"), Unit("m")]', "Unit is given twice"),
    ('x: Annotated[float, Unit("")]', "not empty"),
    ('x: Annotated[float, "K"]', "not a mark of lake.contract"),
    ('x: Annotated[str, Normalise("log")]', "is of a number"),
    ('x: Annotated[float, Normalise("z")]', "its method is 'z'"),
    ('x: Annotated[int, SqlType("INTEGR")]', "DuckDB has no such type"),
    ("x: dict", "which has no SQL type"),
    ("größe: int", "ASCII"),
    ("x: int\n    X: int", "one column to SQL"),
]


@pytest.mark.parametrize(("column", "what"), MISTAKES, ids=[what for _, what in MISTAKES])
def test_a_mistake_in_a_contract_is_told_with_its_line(tmp_path, column, what):
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, core=f"class A(Table):\n    y: int\n\n\nclass B(Table):\n    {column}\n")
    assert what in str(caught.value)
    assert "core.py:" in caught.value.where
    assert int(caught.value.where.rpartition(":")[2]) > 3


ARGUMENTS = [
    ('key="z"', "'z'"),
    ('rules=(Rule("a", "true", severity="warning"),)', "severity is 'warning'"),
    ('rules=("x > 0",)', "is not a Rule"),
    ('rules=(Rule("a", "true"), Rule("a", "y > 0"))', "two rules named 'a'"),
    ('rules=Rule("a", " ")', "not empty"),
    ("row_group_size=0", "row_group_size is 0"),
    ('row_group_size="many"', "row_group_size is 'many'"),
    ('empty="no"', "empty is 'no'"),
    ('compression="zip"', "compression is 'zip'"),
    ("partitioned='y'", "unknown argument"),
]


@pytest.mark.parametrize(("argument", "what"), ARGUMENTS, ids=[what for _, what in ARGUMENTS])
def test_a_mistake_in_an_argument_is_told_with_its_line(tmp_path, argument, what):
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, core=f"class B(Table, {argument}):\n    y: int\n")
    assert what in str(caught.value)
    assert caught.value.where.endswith(f"core.py:{HEAD.count(chr(10)) + 1}")


@pytest.mark.parametrize(
    "layer", ["main", "temp", "memory", "system", "information_schema", "lake", "raw", "ops", "order"]
)
def test_a_layer_has_no_name_that_is_taken(tmp_path, layer):
    with pytest.raises(ConfigError, match="cannot name a layer"):
        loaded(tmp_path, **{layer: "class A(Table):\n    y: int\n"})


@pytest.mark.parametrize("name", ["größe", "a-b", "a b"])
def test_a_table_is_named_in_ascii(tmp_path, name):
    settings = project(tmp_path / "p", {name: "SELECT 1 AS y"}, "class A(Table):\n    y: int\n")
    with pytest.raises(LakeError) as caught:
        building.run(settings)
    assert "ASCII" in str(caught.value)


@given(st.from_regex(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", fullmatch=True))
def test_the_class_that_is_advised_promises_the_table(table):
    assert contract.snake_case(contract.class_name(table)) == table


def test_types_are_as_duckdb_spells_them(tmp_path):
    contracts = loaded(
        tmp_path,
        core="""
        class A(Table):
            a: Annotated[datetime.datetime, SqlType("timestamptz")]
            b: Annotated[float, SqlType("decimal( 18, 3 )")]
            c: Annotated[int, SqlType("int4")]
            d: Annotated[list[float], SqlType("float[]")]
        """,
    )
    types = [column.type for column in contracts["core.a"].columns]
    assert types == ["TIMESTAMP WITH TIME ZONE", "DECIMAL(18,3)", "INTEGER", "FLOAT[]"]


RANGES = {
    "DATE": ("datetime.date", datetime.date(2020, 1, 2), "DATE '2020-01-02'", "DATE '2020-01-01'"),
    "TIMESTAMP": (
        "datetime.datetime",
        datetime.datetime(2020, 1, 2, 3),
        "TIMESTAMP '2020-01-02 03:00:00'",
        "TIMESTAMP '2020-01-02'",
    ),
    "DOUBLE": ("float", 0.1, "0.1e0", "0.09999999999999999e0"),
    "BIGINT": ("int", 2**53 + 1, "9007199254740993", "9007199254740992"),
}


@pytest.mark.quick(2)
@pytest.mark.parametrize("type", RANGES)
def test_a_range_of_each_type(tmp_path, type):
    python, low, inside, outside = RANGES[type]
    models = f"class A(Table):\n    x: Annotated[{python}, Between({low!r})]\n"
    settings = project(tmp_path / "p", {"a": f"SELECT {inside} AS x"}, models)
    building.run(settings)
    (tmp_path / "p/sql/core/a.sql").write_text(f"SELECT {outside} AS x")
    with pytest.raises(CheckFailed):
        building.run(settings)


@pytest.mark.parametrize(
    ("columns", "select"),
    [
        ("id: int | None", "SELECT 1::BIGINT AS id UNION ALL SELECT NULL"),
        ("id: int | None\n    k: str | None", "SELECT 1::BIGINT AS id, NULL::VARCHAR AS k"),
        ("id: int\n    k: str | None", "SELECT 1::BIGINT AS id, 'a' AS k UNION ALL SELECT 1, NULL"),
    ],
)
def test_a_key_is_never_null(tmp_path, columns, select):
    key = '("id", "k")' if " k:" in columns else '"id"'
    settings = project(tmp_path / "p", {"a": select}, f"class A(Table, key={key}):\n    {columns}\n")
    with pytest.raises(CheckFailed, match=r"core\.a key"):
        building.run(settings)


@pytest.mark.long
@pytest.mark.quick(2)
@pytest.mark.parametrize("type", ["list[list[float]]", "list[list[list[float]]]", "list[list[int]]", "list[list[str]]"])
def test_lists_of_lists_are_checked(tmp_path, type):
    item, marks = ("1::BIGINT", "") if "int" in type else ("'a'", "") if "str" in type else ("1.5::DOUBLE", "")
    if "float" in type:
        marks = ", Between(1, 2)"
    depth = type.count("list")
    nested = "[" * depth + item + "]" * depth
    declared = f"Annotated[{type} | None, Unit('K'){marks}]" if "str" not in type else f"{type} | None"
    rows = f"SELECT {nested} AS x UNION ALL SELECT NULL UNION ALL SELECT {'[' * depth}NULL{']' * depth}"
    settings = project(tmp_path / "p", {"a": rows}, f"class A(Table):\n    x: {declared}\n")
    building.run(settings)
    if "float" in type:
        for wrong in ("'nan'::DOUBLE", "'inf'::DOUBLE", "3::DOUBLE"):
            (tmp_path / "p/sql/core/a.sql").write_text(rows.replace(item, wrong))
            with pytest.raises(CheckFailed):
                building.run(settings)


@pytest.mark.parametrize(
    "select",
    [
        "SELECT * FROM core.x JOIN core.y ON x.id = y.id",
        "SELECT id, v, v FROM core.x",
        "SELECT id, v, id AS ID FROM core.x",
    ],
)
def test_two_columns_of_one_name_are_refused(tmp_path, select):
    models = "".join(f"class {name}(Table):\n    id: int\n    v: int\n\n\n" for name in "XYZ")
    sql = {"x": "SELECT 1 AS id, 2 AS v", "y": "SELECT 1 AS id, 3 AS v", "z": select}
    with pytest.raises(ModelError, match="more than once"):
        building.run(project(tmp_path / "p", sql, models))


@pytest.mark.long
def test_a_rule_may_end_in_a_comment_and_ask_another_table(tmp_path):
    models = """
        class A(Table, rules=(Rule("in b", "x IN (SELECT x FROM core.b) -- each"),)):
            x: int


        class B(Table):
            x: int
        """
    settings = project(
        tmp_path / "p", {"a": "SELECT 1::BIGINT AS x", "b": "SELECT 1::BIGINT AS x UNION ALL SELECT 2"}, models
    )
    building.run(settings)
    (tmp_path / "p/sql/core/a.sql").write_text("SELECT 2::BIGINT AS x")  # a alone
    building.run(settings)
    (tmp_path / "p/sql/core/b.sql").write_text("SELECT 1::BIGINT AS x")  # b alone: what asks it is checked again
    with pytest.raises(CheckFailed, match=r"core\.a in b"):
        building.run(settings)
    with lake.open(tmp_path / "p") as here:
        assert here.sql("SELECT sum(x) FROM core.b").fetchall() == [(3,)]


@pytest.mark.parametrize("severity", ["error", "warn"])
def test_a_failing_check_is_never_silent(tmp_path, severity):
    models = f'class A(Table):\n    x: Annotated[int, Between(0, 1, severity="{severity}")]\n'
    settings = project(tmp_path / "p", {"a": "SELECT 5::BIGINT AS x"}, models)
    if severity == "error":
        with pytest.raises(CheckFailed):
            building.run(settings)
    else:
        assert [warning.failing for warning in building.run(settings).warnings] == [1]


@pytest.mark.parametrize(
    ("mark", "promise"),
    [
        (Between(0, 1.5), "0 to 1.5"),
        (Between(None, 3, severity="warn"), "at most 3 (warns)"),
        (Between(datetime.date(2024, 3, 24)), "at least 2024-03-24"),
        (Between(), ""),
        (OneOf(1, 2), "one of 1, 2"),
        (Pattern("a+"), "matches a+"),
    ],
)
def test_a_mark_says_what_it_promises(mark, promise):
    assert mark.promise == promise


@pytest.mark.parametrize(("low", "high", "type", "proven"), [
    (0.0, 1.0, "DOUBLE", True), (0.0, 1.1, "DOUBLE", False), (-1.0, 1.0, "DOUBLE", False), (0.0, 1.0, "FLOAT", False),
])  # fmt: skip
def test_statistics_prove_a_range_where_the_ends_are_exact(low, high, type, proven):
    assert Between(0, 1).proven(low, high, type) is proven
