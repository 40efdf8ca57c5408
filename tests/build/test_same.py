"""Whether two lists of files are called the same: only where their rows are, bit for bit, in any order."""

from __future__ import annotations

import itertools
import random
import struct

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import values

from lake.build import row_identity, workspace


@pytest.fixture
def connection():
    with duckdb.connect(config={"threads": 2}) as made:
        made.execute("SET TimeZone = 'UTC'")
        yield made


def write(connection, place, rows):
    connection.execute(f"COPY ({' UNION ALL '.join(f'SELECT {row}' for row in rows)}) TO '{place}' (FORMAT parquet)")
    return place


@pytest.mark.long
@pytest.mark.parametrize("type", values.VALUES)
def test_each_value_is_told_from_every_other_and_from_null(connection, tmp_path, type):
    files = [write(connection, tmp_path / f"{i}.parquet", [f"{v} AS v"]) for i, v in enumerate(values.sql(type))]
    for a, b in itertools.product(files, files):
        assert workspace.same(connection, [a], [b], [("v", type)]) == (a == b), (a, b)


@pytest.mark.parametrize("seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(4, 40))])
def test_rows_in_another_order_and_in_other_files_are_the_same_and_one_changed_cell_is_not(connection, tmp_path, seed):
    choice = random.Random(seed)
    # DuckDB's writer puts 0.0 and -0.0 of one column under one entry of its dictionary: here is no -0.0.
    every = {type: [v for v in values.sql(type) if "-0.0'" not in v] for type in values.VALUES}
    types = choice.sample(sorted(values.VALUES), 4)
    columns = [(f"c{i}", type) for i, type in enumerate(types)]
    rows = [[choice.choice(every[type]) for type in types] for _ in range(40)]

    def files(rows, parts):
        stem = f"{choice.random()}"
        texts = [", ".join(f"{value} AS c{i}" for i, value in enumerate(row)) for row in rows]
        return [write(connection, tmp_path / f"{stem}-{i}.parquet", texts[i::parts]) for i in range(parts)]

    before = files(rows, 1)
    assert workspace.same(connection, before, files(choice.sample(rows, 40), 3), columns)
    for row, column in itertools.product(choice.sample(range(40), 3), range(4)):
        other = choice.choice([v for v in every[types[column]] if v != rows[row][column]])
        changed = [list(r) for r in rows]
        changed[row][column] = other
        assert not workspace.same(connection, before, files(changed, 2), columns), (rows[row][column], other)
    assert not workspace.same(connection, before, files([*rows, rows[0]], 2), columns)
    assert not workspace.same(connection, before, files([*rows[1:], rows[1]], 2), columns)


def test_the_bits_of_a_nan_count(connection, tmp_path):
    files = []
    for i, bits in enumerate((0x7FF8000000000000, 0x7FF8000000000001, 0xFFF8000000000000)):
        (number,) = struct.unpack("<d", bits.to_bytes(8, "little"))
        files.append(tmp_path / f"{i}.parquet")
        pq.write_table(pa.table({"x": [number], "l": [[number]]}), files[-1])
    for columns in ([("x", "DOUBLE")], [("l", "DOUBLE[]")]):
        for a, b in itertools.product(files, files):
            assert workspace.same(connection, [a], [b], columns) == (a == b)


def test_rows_that_exchange_values_do_not_cancel_out(connection):
    row = row_identity.digest([("k", "BIGINT"), ("v", "VARCHAR")])
    sums = [
        connection.execute(f"SELECT bit_xor({row}) FROM (VALUES {rows}) t(k, v)").fetchone()
        for rows in ("(1::BIGINT, 'a'), (2, 'b')", "(1::BIGINT, 'b'), (2, 'a')")
    ]
    assert sums[0] != sums[1]


def test_an_empty_table_is_the_same_as_an_empty_table_only(connection, tmp_path):
    one = write(connection, tmp_path / "one.parquet", ["NULL::DOUBLE AS v"])
    assert workspace.same(connection, [], [], [("v", "DOUBLE")])
    assert not workspace.same(connection, [], [one], [("v", "DOUBLE")])
