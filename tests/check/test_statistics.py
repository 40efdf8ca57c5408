"""What Parquet footers prove is what a scan finds."""

from __future__ import annotations

import random

import pytest
import toy

from lake import config
from lake.build import run as building
from lake.check import run as check
from lake.check.statistics import Range, Statistics, merge
from lake.errors import CheckFailed
from lake.store import catalog

MODEL = """
from typing import Annotated
from lake.contract import Between, OneOf, Pattern, Table

class Planets(Table, empty=True):
    a: Annotated[float | None, Between(-5, 5, severity="warn")]
    b: Annotated[int, Between(None, 90, severity="warn")]
    c: Annotated[str | None, Pattern("[a-c]*", severity="warn")]
    d: Annotated[list[float] | None, Between(0, 1, severity="warn")]
    part: int
"""
VALUES = {
    "a": ["NULL", "0.5", "-5.0", "5.0", "5.000001", "'nan'::DOUBLE", "'inf'::DOUBLE", "-6e300"],
    "b": ["1", "90", "91", "9007199254740993"],
    "c": ["NULL", "'ab'", "'x'"],
    "d": ["NULL", "[]", "[0.5, NULL]", "[2.0]"],
}


@pytest.mark.quick(4)
@pytest.mark.parametrize("seed", range(12))
def test_with_and_without_a_scan(tmp_path, seed):
    pick = random.Random(seed)
    fine = pick.random() < 0.3  # no value that fails
    choices = {c: v[: len(v) // 2] if fine else v for c, v in VALUES.items()}
    rows = ", ".join(
        f"({', '.join(pick.choice(v) for v in choices.values())}, {i % 3})" for i in range(pick.choice([1, 7, 40]))
    )
    part = pick.choice(['partition="part"', "row_group_size=2048"])
    toy.make(
        tmp_path,
        **{
            "models/core.py": MODEL.replace("empty=True", f"empty=True, {part}"),
            "sql/core/planets.sql": "SELECT a::DOUBLE AS a, b::BIGINT AS b, c::VARCHAR AS c, d::DOUBLE[] AS d, "
            f"part::BIGINT AS part FROM (VALUES {rows}) AS t(a, b, c, d, part)",
            "sql/core/heat.sql": None,
        },
    )
    settings = config.load(tmp_path)
    try:
        building.run(settings)
    except CheckFailed:
        assert (
            "'nan'" in rows or "'inf'" in rows or "[0.5, NULL]" in rows
        )  # a float is finite unless a contract says otherwise: an error
        return
    with catalog.session(settings) as connection:
        kept = connection.execute(
            "SELECT check_name, failing FROM quality.checks WHERE table_name = 'core.planets' ORDER BY ALL"
        ).fetchall()
        from lake.build import graph

        (scanned,) = check.run(connection, [graph.load(settings).models["core.planets"].contract])
        measured = connection.execute(
            "SELECT rows, completeness, validity FROM quality.metrics WHERE table_name = 'core.planets'"
        ).fetchone()
    assert kept == sorted((result.check.name, result.failing) for result in scanned.results)
    assert measured == pytest.approx((scanned.rows, scanned.completeness, scanned.validity))


@pytest.mark.quick(3)
@pytest.mark.parametrize(
    ("keys", "repeated"),
    [
        ("range(1000)", 0),
        ("range(-500, 500)", 0),
        ("[1, 2, 2, 3, 3, 3]", 2),
        ("[1, 10**18, 10**18]", 1),
        ("[-7, 9223372036854775807]", 0),
    ],
)
def test_keys_are_unique_or_counted(tmp_path, keys, repeated):
    toy.make(
        tmp_path,
        **{
            "models/core.py": 'from lake.contract import Table\n\nclass Planets(Table, key="id"):\n    id: int\n',
            "sql/core/planets.sql": f"SELECT CAST(unnest({keys.replace('**18', '00000000000000000')}) AS BIGINT) AS id",
            "sql/core/heat.sql": None,
        },
    )
    settings = config.load(tmp_path)
    if repeated:
        with pytest.raises(CheckFailed, match=f"core.planets key: {repeated}"):
            building.run(settings)
    else:
        building.run(settings)
        with catalog.session(settings) as connection:
            query = "SELECT uniqueness FROM quality.metrics WHERE table_name = 'core.planets'"
            assert connection.execute(query).fetchall() == [(1.0,)]


def test_files_together():
    files = [
        {'"x"': {"null_count": "1", "min": "2", "max": "3", "has_nan": "false"}, '"l"."element"': {"null_count": "9"}},
        {'"x"': {"null_count": "0", "min": "-1.5", "max": "0", "has_nan": "true"}},
    ]
    assert merge(files) == {'"x"': Statistics(1, True, Range(-1.5, 3.0))}
    assert merge([{'"t"': {"null_count": "0", "min": "a", "max": "b"}}]) == {'"t"': Statistics(0)}


def test_the_same_rows_in_any_order_are_the_same(tmp_path):
    import duckdb

    from lake.build import workspace

    made = """SELECT i AS a, CASE WHEN i < 5000 THEN NULL ELSE i / 7 END AS b, i::VARCHAR AS c,
                     CASE WHEN i = 9000 THEN 'nan'::DOUBLE ELSE i END AS d,
                     DATE '2020-01-01' + i::INTEGER AS e, [i, NULL] AS f
              FROM range(10000) t(i)"""
    sides = {
        "one": made,
        "turned": f"{made} ORDER BY i DESC",
        "mixed": f"{made} ORDER BY hash(i)",
        "less": f"{made} WHERE i <> 17",
        "other": made.replace("i / 7", "i / 7 + (i = 7777)::INTEGER"),
        "text": made.replace("i::VARCHAR AS c", "(CASE i WHEN 1 THEN 2 WHEN 2 THEN 1 ELSE i END)::VARCHAR AS c"),
    }
    columns = [("a", "BIGINT"), ("b", "DOUBLE"), ("c", "VARCHAR"), ("d", "DOUBLE"), ("e", "DATE"), ("f", "BIGINT[]")]
    with duckdb.connect() as connection:
        for side, select in sides.items():
            connection.execute(f"COPY ({select}) TO '{tmp_path}/{side}.parquet' (ROW_GROUP_SIZE 2048)")
        files = {side: [tmp_path / f"{side}.parquet"] for side in sides}
        found = {side: workspace.same(connection, files["one"], files[side], columns) for side in sides}
        assert found == {"one": True, "turned": True, "mixed": True, "less": False, "other": False, "text": False}
        assert workspace.same(connection, [], [], columns)
        assert not workspace.same(connection, [], files["one"], columns)
