"""Random queries over random rows: deleting rows outside the answer leaves the cell, and the answer alone gives it."""

# ruff: noqa: E501 - a query stays in one line
from __future__ import annotations

import random

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from witness import Database, check

S = "(VALUES {}) AS t(_row, id, k, v, d)"
OTHER = "(VALUES {}) AS t(_row, id, w, z)"
INT, TEXT = st.none() | st.integers(0, 3), st.none() | st.sampled_from(["a", "b", "c"])
REAL = st.none() | st.sampled_from([0.0, -0.0, 0.5, 1.5, 2.0, float("nan")])


def _sql(value: object, type: str) -> str:
    return f"CAST({'NULL' if value is None else repr(str(value))} AS {type})"


@st.composite
def tables(draw) -> dict[str, str]:
    s = draw(st.lists(st.tuples(INT, TEXT, REAL, INT), min_size=1, max_size=5))
    o = draw(st.lists(st.tuples(INT, TEXT, REAL), min_size=1, max_size=4))
    rows = [", ".join([str(i), *map(_sql, row, ("INT", "VARCHAR", "DOUBLE", "INT"))]) for i, row in enumerate(s)]
    others = [", ".join([str(i), *map(_sql, row, ("INT", "VARCHAR", "DOUBLE"))]) for i, row in enumerate(o)]
    return {
        "core.s": "SELECT * FROM " + S.format(", ".join(f"({row})" for row in rows)),
        "core.o": "SELECT * FROM " + OTHER.format(", ".join(f"({row})" for row in others)),
    }


PREDICATES = ["v > 0.5", "k = 'a'", "d IS NOT NULL", "id < 2", "k IS DISTINCT FROM 'b'", "coalesce(v, 1) >= 1", "true"]
CHOICES = [
    "id IN (SELECT id FROM core.o)",
    "id NOT IN (SELECT id FROM core.o WHERE id IS NOT NULL)",
    "EXISTS (SELECT 1 FROM core.o WHERE core.o.id = x.id)",
    "NOT EXISTS (SELECT 1 FROM core.o WHERE core.o.id = x.id)",
    "d > (SELECT count(*) FROM core.o)",
    "d >= (SELECT max(id) FROM core.o)",
    "id = (SELECT count(*) FROM core.o WHERE core.o.id = x.id)",
]
ROWS = "SELECT id, k, v, d FROM {}"


@st.composite
def relations(draw, depth: int) -> str:
    """A query with the columns id, k, v, d."""
    if depth == 0:
        return draw(st.sampled_from([ROWS.format("core.s"), "SELECT id, w AS k, z AS v, id AS d FROM core.o"]))
    inner, other = draw(relations(depth - 1)), draw(relations(depth - 1))
    test, choice = draw(st.sampled_from(PREDICATES)), draw(st.sampled_from(CHOICES))
    agg = draw(st.sampled_from(["max", "min", "count", "any_value"]))
    how = draw(st.sampled_from(["JOIN", "LEFT JOIN", "SEMI JOIN", "ANTI JOIN"]))
    on = draw(st.sampled_from(["a.id = b.id", "a.k = b.k AND a.id <= b.d", "a.d < b.d"]))
    of_b = "a.v" if how in ("SEMI JOIN", "ANTI JOIN") else "coalesce(b.v, a.v)"
    op = draw(st.sampled_from(["UNION", "UNION ALL", "EXCEPT", "INTERSECT", "EXCEPT ALL", "INTERSECT ALL"]))
    rank = draw(st.sampled_from(["row_number()", "rank()", "dense_rank()"]))
    frame = draw(
        st.sampled_from(["", "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW", "RANGE BETWEEN 1 PRECEDING AND CURRENT ROW"])
    )
    whole = "ORDER BY id, k, v, d"
    return draw(
        st.sampled_from(
            [
                f"SELECT * FROM ({inner}) x WHERE {test}",
                f"SELECT * FROM ({inner}) x WHERE {choice}",
                f"SELECT a.id, a.k, {of_b} AS v, a.d FROM ({inner}) a {how} ({other}) b ON {on}",
                f"({inner}) {op} ({other})",
                f"SELECT DISTINCT * FROM ({inner})",
                f"SELECT DISTINCT ON (k) * FROM ({inner}) ORDER BY k, id, v, d",
                f"SELECT min(id) AS id, k, max(v) AS v, CAST({agg}(d) AS INT) AS d FROM ({inner}) GROUP BY k",
                f"SELECT id, min(k) AS k, {agg}(v)::DOUBLE AS v, count(*)::INT AS d FROM ({inner}) GROUP BY id",
                f"SELECT id, min(k) AS k, max(v) AS v, sum(d)::INT AS d FROM ({inner}) GROUP BY id HAVING count(*) < 3",
                f"SELECT max(id) AS id, max(k) AS k, min(v) AS v, count(DISTINCT d)::INT AS d FROM ({inner})",
                f"SELECT id, k, v, {rank} OVER (PARTITION BY k {whole})::INT AS d FROM ({inner})",
                f"SELECT id, k, v, sum(d) OVER (PARTITION BY k ORDER BY id {frame})::INT AS d FROM ({inner})"
                if "ROWS" not in frame
                else f"SELECT id, k, v, sum(d) OVER (PARTITION BY k {whole} {frame})::INT AS d FROM ({inner})",
                f"SELECT id, k, lag(v) OVER ({whole}) AS v, d FROM ({inner})",
                f"SELECT * FROM ({inner}) QUALIFY {rank} OVER (PARTITION BY k {whole}) = 1",
                f"SELECT * FROM ({inner}) {whole} LIMIT 2",
                f"SELECT id, k, v, (SELECT count(*) FROM core.o WHERE core.o.id = x.id)::INT AS d FROM ({inner}) x",
                f"WITH c AS ({inner}) SELECT a.id, a.k, a.v, b.d FROM c a LEFT JOIN (SELECT id, max(d) AS d FROM c GROUP BY id) b USING (id)",
            ]
        )
    )


def hold(rows: dict[str, str], sql: str, seed: int) -> None:
    database, chance = Database(rows), random.Random(seed)
    try:
        cells = database.cells(sql, [])
    except duckdb.BinderException:  # a subquery's x is not there
        return
    columns = database.columns(sql)
    for _, select in chance.sample(cells, min(2, len(cells))):
        check(database, sql, columns, select.replace(select.split(" FROM ")[0], "SELECT " + ", ".join(columns)), chance)


@pytest.mark.long
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(tables(), relations(2), st.integers(0, 9))
def test_deleting_other_rows_leaves_the_cell(rows, sql, seed):
    hold(rows, sql, seed)


@pytest.mark.slow
@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(tables(), relations(3), st.integers(0, 9))
def test_deleting_other_rows_leaves_the_cell_of_any_query(rows, sql, seed):
    hold(rows, sql, seed)
