"""A filter finds the rows that a look at each row finds, whatever their type, in every file that the lake writes."""

from __future__ import annotations

import duckdb
import pytest
import toy
import values

import lake
from lake import config
from lake.store import catalog, sql, tables

TYPES = [type for type in values.VALUES if not type.startswith(("MAP", "STRUCT"))]
QUICK = ("BLOB", "DOUBLE", "FLOAT", "VARCHAR", "TIMESTAMP_NS")
EACH = [*QUICK, *(pytest.param(type, marks=pytest.mark.slow) for type in TYPES if type not in QUICK)]


def rows(type, few):
    """Columns c0, c1, ...: each of a few of the type's values, many times over, as dictionaries and filters want it."""
    _, *cells = values.sql(type)
    pools = [cells, *([cell, cells[-1]] for cell in cells[:-1])][:few]
    columns = (f"[{', '.join(pool)}][1 + i % {len(pool)}] AS c{n}" for n, pool in enumerate(pools))
    return f"SELECT {', '.join(columns)} FROM range(60) AS r(i)", [f"c{n}" for n in range(len(pools))], cells


def missed(connection, relation, columns, cells):
    """The filters that find other rows in a relation than in its rows, taken out first."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE taken AS FROM {relation}")
    tests = [f"{c} {how}" for c in columns for v in cells for how in (f"= {v}", f"IN ({v})", f">= {v}", f"<> {v}")]
    right = f"SELECT {', '.join(f'count(*) FILTER ({test})' for test in tests)} FROM taken"
    given = " UNION ALL ".join(f"SELECT {i} AS i, count(*) AS n FROM {relation} WHERE {t}" for i, t in enumerate(tests))
    there = [count for _, count in sorted(connection.execute(given).fetchall())]
    return [t for t, a, b in zip(tests, connection.execute(right).fetchone(), there, strict=True) if a != b]


@pytest.mark.long
@pytest.mark.parametrize("type", EACH)
def test_filters_find_every_row_of_a_file(tmp_path, type):
    select, columns, cells = rows(type, 20)
    with sql.connect() as connection:
        connection.execute(f"COPY ({select}) TO '{tmp_path}/t.parquet' ({sql.PARQUET})")
        assert missed(connection, f"'{tmp_path}/t.parquet'", columns, cells) == []


def test_filters_find_every_row_of_a_built_table(tmp_path):
    contract = '\n\nclass T(Table, key="i"):\n    i: int\n    k: bytes\n    d: float\n'
    models = {
        "models/core.py": toy.FILES["models/core.py"] + contract,
        "sql/core/t.sql": r"SELECT i, '\x00'::BLOB AS k, ['-0.0'::DOUBLE, 1][1 + i % 2] AS d FROM range(60) AS r(i)",
    }
    lake.build(toy.make(tmp_path, **models))
    with lake.open(tmp_path) as here:
        found = here.sql(r"SELECT count(*) FILTER (k = '\x00'::BLOB), count(*) FROM core.t WHERE d = 0").fetchone()
    assert found == (60 // 2, 60 // 2)


@pytest.mark.long
@pytest.mark.parametrize("type", EACH)
def test_filters_find_every_row_of_a_table_that_the_engine_fills(tmp_path, type):
    (tmp_path / "lake.toml").write_text('[lake]\nname = "x"\n')
    settings = config.load(tmp_path)
    select, columns, cells = rows(type, 20)
    described = {column: (type, "") for column in columns}
    with catalog.write_session(settings) as connection:
        for work in (
            lambda: tables.fill(connection, "raw.order", described, select),
            lambda: tables.insert(connection, "raw.order", select),
            lambda: tables.rewrite(connection, "raw.order", 'FROM raw."order" LIMIT 90', added={"more": "BIGINT"}),
        ):
            catalog.commit(connection, work, kind="land", message="rows")
            assert missed(connection, 'raw."order"', columns, cells) == []


def test_duckdb_misses_rows_by_bloom_filters_still(tmp_path):
    """When this fails, DuckDB is mended, and files may have Bloom filters again."""
    file = f"'{tmp_path}/t.parquet'"
    with duckdb.connect() as connection:
        connection.execute(
            rf"COPY (SELECT '\x00'::BLOB AS k, ['-0.0'::DOUBLE, 1][1 + i % 2] AS d FROM range(60) AS r(i)) TO {file}"
        )
        assert connection.execute(rf"SELECT count(*) FROM {file} WHERE k = '\x00'::BLOB").fetchone() == (0,)
        assert connection.execute(f"SELECT count(*) FROM {file} WHERE d = 0").fetchone() == (0,)
