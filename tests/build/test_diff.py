"""lake diff and lake plan --data over every type: what differs is counted, what does not is not, nothing crashes."""

from __future__ import annotations

import json

import duckdb
import pytest
import toy
import values

from lake import config
from lake.build import diff, preview, run
from lake.errors import ConfigError

MORE = {
    "HUGEINT": ["'-170141183460469231731687303715884105728'", "'170141183460469231731687303715884105727'", "0"],
    "INTERVAL": ["'1 month'", "'30 days'", "'1 second'"],
}


@pytest.fixture
def connection():
    with duckdb.connect(config={"threads": 2}) as made:
        made.execute("SET TimeZone = 'UTC'")
        yield made


def table(column, key=True):
    """A relation of a column's values, with their places as the key."""
    rows = " UNION ALL ".join(f"SELECT {i * key}::BIGINT AS id, {value} AS v" for i, value in enumerate(column))
    return f"({rows})"


@pytest.mark.parametrize("type", [*values.VALUES, *MORE])
def test_each_changed_value_of_every_type_is_counted(connection, type):
    column = values.sql(type) if type in values.VALUES else [f"CAST({v} AS {type})" for v in ("NULL", *MORE[type])]
    before, after, n = table(column), table(column[1:] + column[:1]), len(column)
    found = diff.compare(connection, before, after, ("id",), table="t")
    assert (found.added, found.removed, found.changed, found.by_column) == (0, 0, n, {"v": n})
    assert str(found)
    json.dumps(found.as_dict(), default=str)
    assert diff.compare(connection, before, before, ("id",), table="t").same
    whole = diff.compare(connection, table(column[:-1], key=False), table(column[1:], key=False), (), table="t")
    assert (whole.added, whole.removed) == (1, 1)
    assert diff.compare(connection, before, table(column[::-1], key=False), ("v",), table="t").key == ("v",)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["1e300", "-1e300"], ["1.7976931348623157e308", "-1.7976931348623157e308"]),
        (["5e-324", "1.7976931348623157e308"], ["5e-324", "1"]),
        (["115.957123456789012", "0.1"], ["115.957123456789013", "3e20"]),
        (["'nan'", "'inf'"], ["'-inf'", "NULL"]),
        (["NULL"], ["0"]),
    ],
)
@pytest.mark.parametrize("type", ["DOUBLE", "FLOAT", "DECIMAL(38,10)"])
def test_distributions_of_extreme_numbers_are_told(connection, type, before, after):
    sides = [table([f"TRY_CAST({v} AS {type})" for v in column]) for column in (before, after)]
    found = diff.compare(connection, *sides, ("id",), table="t")
    for moved in found.moved:
        assert sum(moved.after) <= len(after)
        assert moved.edges == sorted(moved.edges)
        assert str(moved)


def test_an_empty_side_is_told(connection):
    some, none = table(["1.5::DOUBLE"]), "(SELECT 0::BIGINT AS id, 1.5::DOUBLE AS v WHERE false)"
    assert diff.compare(connection, some, none, ("id",), table="t").removed == 1
    assert diff.compare(connection, none, some, ("id",), table="t").added == 1
    assert diff.compare(connection, none, none, ("id",), table="t").same


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("'abc'", "NULL::DOUBLE", 1),
        ("'1.5'", "1.5::DOUBLE", 0),
        ("9007199254740993::BIGINT", "9007199254740992::DOUBLE", 1),
        ("1::BIGINT", "1::DOUBLE", 0),
        ("{'a': 1}", "[1]", 1),
        ("{'a': 1}", "{'a': 1, 'b': 'x'}", 1),
        ("DATE '2024-01-01'", "'2024-01-01'", 0),
        ("NULL::VARCHAR", "NULL::BIGINT", 0),
    ],
)
@pytest.mark.parametrize("key", [("id",), ()])
def test_a_column_of_another_type_has_changed_where_its_values_were_lost(connection, key, old, new, changed):
    found = diff.compare(connection, table([old]), table([new]), key, table="t")
    assert list(found.columns_retyped) == ["v"]
    assert (found.changed if key else found.added) == changed
    assert str(found)


@pytest.mark.long
def test_a_change_of_lists_and_of_floats_with_many_digits_is_previewed_and_told(tmp_path):
    contract = "from lake.contract import Table\nclass Spectra(Table, key='id'):\n    id: int\n    flux: list[float]\n"
    select = "SELECT i AS id, [i / 3.0::DOUBLE, {more}] AS flux, 115.95712345678901 / (i + {more}) AS x\n"
    sql = select + "FROM range(1, 40) t(i)"
    gone = {"sql/core/planets.sql": None, "sql/core/heat.sql": None}
    changes = {"models/core.py": contract + "    x: float\n", "sql/core/spectra.sql": sql.format(more=1), **gone}
    project = toy.make(tmp_path, **changes)
    settings = config.load(project)
    run.run(settings)
    (project / "sql/core/spectra.sql").write_text(sql.format(more=2))
    (planned,) = preview.data(settings).differences
    run.run(settings)
    (told,) = diff.snapshots(settings, 1, "latest")
    assert planned == told
    assert told.by_column == {"flux": 39, "x": 39}
    assert [moved.column for moved in told.moved] == ["x"]


def test_a_view_is_not_compared_and_told_so(tmp_path):
    contract = "from lake.contract import Table\nclass Seen(Table, materialized='view'):\n    star: str\n"
    changes = {"sql/core/planets.sql": None, "sql/core/heat.sql": None, "models/core.py": contract}
    project = toy.make(tmp_path, **{"sql/core/seen.sql": "SELECT star FROM seeds.stars", **changes})
    settings = config.load(project)
    run.run(settings)
    with pytest.raises(ConfigError, match=r"core\.seen is a view"):
        diff.snapshots(settings, 1, "latest", ["core.seen"])
