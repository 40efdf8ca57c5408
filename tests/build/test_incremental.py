"""What is built incrementally is what a full build gives, for every type and value, however it is read."""

from __future__ import annotations

import random
import re
import shutil

import duckdb
import pytest
import values

from lake import config
from lake.build import run as building
from lake.errors import StorageError
from lake.store import catalog, tables

KEYS = [type for type in values.VALUES if not type.endswith("]")]  # by lists no table is parted
MODELS = {  # name -> arguments of its contract, columns beside the keys, SELECT
    "sums": ("incremental={by}", "n", "SELECT {keys}, count(*)::BIGINT AS n FROM core.src GROUP BY {keys}"),
    "parts": (
        "incremental={by}, partition={by}",
        "n",
        "SELECT {keys}, sum(v)::BIGINT AS n FROM core.src GROUP BY {keys}",
    ),
    "ranks": (
        "incremental={by}, partition={by}",
        "v, n",
        "SELECT {keys}, v, row_number() OVER (PARTITION BY {keys} ORDER BY v)::BIGINT AS n FROM core.src",
    ),
    "copies": ("incremental={by}, sort='v'", "v", "SELECT {keys}, v FROM core.src"),
}


def project(folder, types):
    """A table core.src of the columns k0, k1, ... of these types and a number v; four incremental models on it."""
    names = [f"k{i}" for i in range(len(types))]
    by = repr(tuple(names)) if len(names) > 1 else repr(names[0])
    keys = "".join(f"    {k}: Annotated[str | None, SqlType({type!r})]\n" for k, type in zip(names, types, strict=True))
    text = "from typing import Annotated\nfrom lake.contract import SqlType, Table\n"
    text += f"class Src(Table, empty=True):\n{keys}    v: int\n"
    for model, (arguments, columns, select) in MODELS.items():
        listed = "".join(f"    {column}: int\n" for column in columns.split(", "))
        text += f"class {model.title()}(Table, empty=True, {arguments.format(by=by)}):\n{keys}{listed}"
        write(folder, f"sql/core/{model}.sql", select.format(keys=", ".join(names)))
    write(folder, "models/core.py", text)
    write(folder, "lake.toml", '[lake]\nname = "steps"\n')
    return names


def write(folder, path, text):
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text)


def source(folder, types, rows):
    names = [*(f"k{i}" for i in range(len(types))), "v"]
    cast = ", ".join(f"CAST(NULL AS {type}) AS {n}" for type, n in zip([*types, "BIGINT"], names, strict=True))
    texts = ["SELECT " + ", ".join(f"{x} AS {n}" for x, n in zip(row, names, strict=True)) for row in rows]
    write(folder, "sql/core/src.sql", "\nUNION ALL ".join([f"SELECT {cast} WHERE false", *texts]))


def stepped(choice, rows, pools, number):
    """The rows after one random change: one is deleted, moved or changed; some come, or all of a key go."""

    def key():
        return [choice.choice(pool) for pool in pools]

    rows, what = list(rows), choice.choice(("insert", "delete", "move", "change", "drop", "several"))
    if not rows or what in ("insert", "several"):
        rows += [[*key(), f"{number * 100 + i}::BIGINT"] for i in range(choice.randint(1, 4))]
    place = choice.randrange(len(rows))
    if what in ("delete", "several"):
        del rows[place]
    elif what == "move":
        rows[place] = [*key(), rows[place][-1]]
    elif what == "change":
        rows[place] = [*rows[place][:-1], f"{number * 100}::BIGINT"]
    elif what == "drop":
        gone = rows[place][:-1]
        rows = [row for row in rows if row[:-1] != gone]
    return rows


def agree(folder, names):
    """Each model, read each way, is what its SELECT gives of all of core.src; filters find what is there."""
    keys = ", ".join(names)
    with duckdb.connect(str(folder / "lake.duckdb"), read_only=True) as door:
        door.execute("SET TimeZone = 'UTC'")
        every = [door]
        with catalog.session(config.load(folder)) as record:
            every.append(record)
            for connection in every:
                for model, (_, columns, select) in MODELS.items():
                    listed = f"{keys}, {columns}"
                    whole = f"SELECT {listed} FROM ({select.format(keys=keys)})"
                    made = f"SELECT {listed} FROM core.{model}"
                    for a, b in ((whole, made), (made, whole)):
                        extra = connection.execute(f"{a} EXCEPT ALL {b}").fetchall()
                        assert extra == [], (model, connection is record, a)
                values = record.execute(f"SELECT DISTINCT CAST({names[0]} AS VARCHAR) FROM core.src").fetchall()
                for (value,) in values:
                    typed = f"(SELECT any_value({names[0]}) FROM core.src WHERE CAST({names[0]} AS VARCHAR) = ?)"
                    found = [
                        connection.execute(
                            f"SELECT sum(n) FROM core.{m} WHERE {names[0]} = {typed}", [value]
                        ).fetchone()
                        for m in ("sums",)
                    ]
                    there = connection.execute(
                        f"SELECT count(*) FROM core.src WHERE {names[0]} = {typed}", [value]
                    ).fetchone()
                    assert value is None or found == [there], value


def walk(folder, types, seed, steps):
    choice = random.Random(seed)
    # What SQL calls equal may stand for each other in what GROUP BY gives: here is no -0.0. Contracts refuse NaN,
    # and DuckDB does not part files by bytes that are no text: such a build ends with an error.
    pools = [
        [v for v in values.sql(type) if not re.search(r"-0\.0'|xAA' AS BLOB|CAST\('(-?inf|nan)' AS (FLOAT|DOUBLE)", v)]
        for type in types
    ]
    names = project(folder, types)
    rows = [[*(choice.choice(pool) for pool in pools), f"{i}::BIGINT"] for i in range(12)]
    made, past = 0, []
    settings = config.load(folder)
    for step in range(steps):
        source(folder, types, rows)
        summary = building.run(settings)
        made += sum(bool(built.written and built.written.kept) for built in summary.built)
        agree(folder, names)
        past.append(rows)
        rows = choice.choice(past) if choice.random() < 0.1 else stepped(choice, rows, pools, step + 10)
    return made


QUICK = ("VARCHAR", "DOUBLE", "DATE", "TIMESTAMP_NS")


@pytest.mark.long
@pytest.mark.quick(2)
@pytest.mark.parametrize("type", [*QUICK, *(pytest.param(t, marks=pytest.mark.slow) for t in KEYS if t not in QUICK)])
def test_incremental_is_full_for_a_key_of_every_type(tmp_path, type):
    assert walk(tmp_path, [type], 1, 3) > 0
    shutil.rmtree(tmp_path)


@pytest.mark.long
@pytest.mark.quick(1)
@pytest.mark.parametrize("types", [("VARCHAR", "DOUBLE"), ("DATE", "BIGINT", "BLOB")])
def test_incremental_is_full_for_several_columns(tmp_path, types):
    assert walk(tmp_path, types, 2, 5) > 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_incremental_is_full_after_many_random_steps(tmp_path, seed):
    choice = random.Random(seed)
    walk(tmp_path, choice.sample(KEYS, choice.choice((1, 1, 2, 3))), seed, 25)


@pytest.mark.long
def test_a_table_with_other_rows_than_were_built_is_not_published(tmp_path, monkeypatch):
    names = project(tmp_path, ["VARCHAR"])
    source(tmp_path, ["VARCHAR"], [["'a'", "1::BIGINT"], ["'b'", "2::BIGINT"], ["'c'", "3::BIGINT"]])
    settings = config.load(tmp_path)
    building.run(settings)
    source(tmp_path, ["VARCHAR"], [["'a'", "1::BIGINT"], ["'b'", "2::BIGINT"], ["'c'", "4::BIGINT"]])
    add = tables.add_files
    monkeypatch.setattr(
        tables,
        "add_files",
        lambda connection, table, files: add(connection, table, list(files)[1:] if table == "core.parts" else files),
    )
    with pytest.raises(StorageError, match=r"core\.parts would have \d rows in the catalog, but 3 were built"):
        building.run(settings)
    monkeypatch.undo()
    building.run(settings)
    agree(tmp_path, names)
