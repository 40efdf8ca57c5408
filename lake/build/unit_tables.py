"""The tables of unit tests: empty ones of the right types, rows of TOML in them, and values that do not fit."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from lake.build.model import Project
from lake.build.unit_files import Row, UnitTest, perhaps
from lake.build.workspace import Columns
from lake.config import Config
from lake.errors import ConfigError
from lake.land import landing
from lake.store import catalog, metadata
from lake.store.catalog import first_line
from lake.store.sql import name

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def make(
    connection: DuckDBPyConnection, config: Config, project: Project, tests: list[UnitTest]
) -> dict[str, dict[str, str]]:
    """Make what the tested models read, empty; the columns of each, with their SQL types."""
    needed = {table for test in tests for table in _reads(project, test)}
    rows: dict[str, list[Row]] = {}
    for test in tests:
        for table, some in test.given.items():
            rows.setdefault(table, []).extend(some)
    for schema in sorted({table.partition(".")[0] for table in needed}):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {name(schema)}")
    columns_of = {t: [(c.name, c.type) for c in m.contract.columns] for t, m in project.models.items() if t in needed}
    raw = needed - columns_of.keys()
    columns_of |= _landed(connection, config, raw, rows) if raw else {}
    for table in sorted(needed):
        columns = columns_of.get(table) or inferred(rows.get(table, []))
        if not columns:
            test = next(t for t in tests if table in _reads(project, t))
            why = "no reader makes it, no lake holds it, and no test gives rows of it"
            raise test.mistake(f"the columns of {table} are not known", why=why)
        listed = ", ".join(f"{name(column)} {type}" for column, type in columns)
        connection.execute(f"CREATE TABLE {'.'.join(map(name, table.split('.')))} ({listed})")
        columns_of[table] = columns
    return {table: dict(columns_of[table]) for table in needed}


def _reads(project: Project, test: UnitTest) -> tuple[str, ...]:
    model = project.models.get(test.subjects[0])
    return model.inputs if model else ()


def _landed(
    connection: DuckDBPyConnection, config: Config, tables: set[str], rows: Mapping[str, list[Row]]
) -> dict[str, Columns]:
    """The columns of raw tables as their readers make them; as the catalog has them, where a reader does not say."""
    columns_of: dict[str, Columns] = {}
    for table, schema in landing.schemas(config).items():
        if f"raw.{table}" in tables:
            empty = connection.from_arrow(schema.empty_table())
            columns_of[f"raw.{table}"] = list(zip(empty.columns, map(str, empty.types), strict=True))
    columns_named = {table: {column for row in rows.get(table, ()) for column in row} for table in tables}
    lacking = {
        table for table in tables if table not in columns_of or columns_named[table] - dict(columns_of[table]).keys()
    }
    if lacking and catalog.exists(config):
        with catalog.session(config) as connection:
            present = metadata.present(connection)[1]
        for table in lacking & present.keys():
            columns_of[table] = list((dict(present[table]) | dict(columns_of.get(table, []))).items())
    return columns_of


_PYTHON = {
    bool: "BOOLEAN",
    int: "BIGINT",
    float: "DOUBLE",
    str: "VARCHAR",
    datetime.datetime: "TIMESTAMP",
    datetime.date: "DATE",
    datetime.time: "TIME",
}


def inferred(rows: Iterable[Row]) -> Columns:
    """Columns as all the values in them have it, where nothing else says their types.

    >>> inferred([{"l": [1]}, {"l": [2.5]}])
    [('l', 'DOUBLE[]')]
    """
    values: dict[str, list[Any]] = {}
    for row in rows:
        for column, value in row.items():
            values.setdefault(column, []).append(value)
    return [(column, _type(some)) for column, some in values.items()]


def _type(values: list[Any]) -> str:
    """The type that holds all the values; a list is as all its items together are."""
    if not values:
        return "VARCHAR"
    kinds = {type(value) for value in values}
    if kinds == {list}:
        return f"{_type([item for value in values for item in value])}[]"
    if kinds == {dict}:
        keys = dict.fromkeys(key for value in values for key in value)
        fields = (f"{name(key)} {_type([value[key] for value in values if key in value])}" for key in keys)
        return f"STRUCT({', '.join(fields)})"
    if kinds == {int, float}:
        return "DOUBLE"
    first = values[0]
    return "TIMESTAMPTZ" if getattr(first, "tzinfo", None) else _PYTHON.get(type(first), "VARCHAR")


_FITTING = (
    (re.compile(r"VARCHAR|BLOB|UUID"), (str,)),
    (re.compile(r"BOOLEAN"), (bool,)),
    (re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?"), (int,)),
    (re.compile(r"DOUBLE|FLOAT|DECIMAL.*"), (int, float)),
    (re.compile(r"DATE|TIME.*"), (datetime.date, datetime.time)),
)


def _fits(value: Any, type: str) -> bool:
    """Whether a value of TOML can stand in a column of this SQL type, or DuckDB has to say."""
    if type.endswith("[]"):
        return isinstance(value, list) and all(_fits(item, type[:-2]) for item in value)
    for pattern, kinds in _FITTING:
        if pattern.fullmatch(type):
            return isinstance(value, kinds) and (not isinstance(value, bool) or bool in kinds)
    return True


def mistyped(test: UnitTest, project: Project, columns: Mapping[str, Mapping[str, str]]) -> Iterable[ConfigError]:
    """Columns that no table has, and values of another type than the column's."""
    places = [(table, rows, columns[table]) for table, rows in test.given.items()]
    if test.subjects[0] in project.models and test.expect:
        places.append((test.subjects[0], test.expect, promised(project, test)))
    for table, rows, types in places:
        for column, value in {(c, repr(v)): (c, v) for row in rows for c, v in row.items()}.values():
            if column not in types:
                yield test.mistake(f"{table} has no column {column}", at=column, why=perhaps(column, types))
            elif not _fits(value, types[column]):
                what = f"{table}.{column} is {types[column]}, but the test has {value!r}"
                yield test.mistake(what, at=column)


def promised(project: Project, test: UnitTest) -> dict[str, str]:
    """The columns of the tested model's contract, with their SQL types."""
    return {column.name: column.type for column in project.models[test.subjects[0]].contract.columns}


def insert(
    connection: DuckDBPyConnection, test: UnitTest, table: str, rows: list[Row], types: Mapping[str, str]
) -> None:
    """Rows of a test into one of its tables.

    Raises:
        ConfigError: DuckDB refuses a value.
    """
    import duckdb

    if not rows:
        return
    columns_named = dict.fromkeys(c for row in rows for c in row) or list(types)[:1]  # a row of nulls names none
    listed = {column: types[column] for column in columns_named}
    select, values = rows_query(rows, listed)
    target = f"{'.'.join(map(name, table.split('.')))} ({', '.join(map(name, listed))})"
    try:
        connection.execute(f"INSERT INTO {target} {select}", values)
    except duckdb.Error as error:
        raise test.mistake(f"a row of {table} cannot be given: {first_line(error)}", at=table) from None


def rows_query(rows: list[Row], types: Mapping[str, str]) -> tuple[str, list[Any]]:
    """A SELECT of rows as columns of these types, and its parameters."""
    row = ", ".join(f"CAST(? AS {type})" for type in types.values())
    listed = ", ".join(map(name, types))
    select = f"SELECT * FROM (VALUES {', '.join([f'({row})'] * len(rows))}) AS given({listed})"
    return select, [row.get(column) for row in rows for column in types]
