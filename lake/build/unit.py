"""Unit tests of models and macros: run in memory on the rows that they give, without building anything."""

from __future__ import annotations

import datetime
import fnmatch
import math
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lake import land, progress
from lake.build import graph, preflight, preview, select, unit_files
from lake.build.graph import Project
from lake.build.unit_files import MACROS, Row, UnitTest, perhaps
from lake.build.workspace import Columns, create_macros
from lake.config import Config
from lake.errors import ConfigError
from lake.store import catalog
from lake.store.catalog import first_line, name

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell that is not as expected; a row, where ``column`` is None. ``row``: by its key, or a macro's arguments."""

    what: str  # "cell", "missing row", "unexpected row", "rows" or "error"
    row: Row
    column: str | None = None
    expected: Any = None
    got: Any = None


@dataclass(frozen=True, slots=True)
class Outcome:
    subject: str
    name: str
    where: str
    seconds: float
    differences: list[Difference]


@dataclass(slots=True)
class Summary:
    """Every test's outcome, and the models and macros chosen that have none."""

    outcomes: list[Outcome] = field(default_factory=list)
    untested: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def failed(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.differences]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"passed": len(self.outcomes) - len(self.failed), "failed": len(self.failed)}


def run(config: Config, patterns: Iterable[str] = (), *, exclude: Iterable[str] = ()) -> Summary:
    """Run the unit tests of the chosen models and macros (macros.<name>); all of them where nothing is chosen.

    Raises:
        ConfigError: a test cannot be what it is meant to be: an unknown column, a value of another type.
        ModelError: the project cannot be read.
    """
    import duckdb

    started = time.perf_counter()
    project = graph.load(config)
    chosen = _chosen(config, project, tuple(patterns), tuple(exclude))
    tests = [test for test in unit_files.load(config, project) if chosen.intersection(test.subjects)]
    tested = {subject for test in tests for subject in test.subjects}
    summary = Summary(untested=sorted(chosen - tested))
    with duckdb.connect(config={"threads": 1}) as connection:  # for a few rows others cost more than they give
        create_macros(connection, project)
        columns = _tables(connection, config, project, tests)
        if problems := [problem for test in tests for problem in _mistyped(test, project, columns)]:
            raise preflight.together(problems)
        with progress.bar("test", total=len(tests)) as advance:
            for test in tests:
                summary.outcomes.append(_outcome(connection, project, test, columns))
                advance(note=test.subjects[0])
    summary.seconds = time.perf_counter() - started
    return summary


def _chosen(config: Config, project: Project, patterns: Sequence[str], exclude: Sequence[str]) -> set[str]:
    macros = [MACROS + macro for macro in project.macros]
    models = [table for table, model in project.models.items() if not model.seed]

    def known(what: str) -> set[str] | None:
        """What only a plan knows: "changed" and "@12"."""
        if what != "changed" and not re.fullmatch(r"@\w+", what):
            return None
        return {step["table"] for step in preview.steps(config, [what]).steps if step["verdict"] != "left"}

    def meant(pattern: str) -> Iterable[str]:
        if not pattern.startswith(MACROS):
            return select.select(project, [pattern], (), known).intersection(models)
        if found := fnmatch.filter(macros, pattern):
            return found
        raise ConfigError(f"no macro is called {pattern.removeprefix(MACROS)!r}", why=perhaps(pattern, macros))

    chosen = {one for pattern in patterns for one in meant(pattern)} if patterns else {*models, *macros}
    return chosen - {one for pattern in exclude for one in meant(pattern)}


def _tables(
    connection: DuckDBPyConnection, config: Config, project: Project, tests: list[UnitTest]
) -> dict[str, dict[str, str]]:
    """Make what the tested models read, empty; the columns of each, with their SQL types."""
    models = [project.models[s] for test in tests for s in test.subjects if s in project.models]
    needed = {table for model in models for table in model.inputs}
    given: dict[str, list[Row]] = {}
    for test in tests:
        for table, rows in test.given.items():
            given.setdefault(table, []).extend(rows)
    for schema in sorted({table.partition(".")[0] for table in needed}):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {name(schema)}")
    known = {t: [(c.name, c.type) for c in m.contract.columns] for t, m in project.models.items() if t in needed}
    raw = needed - known.keys()
    known |= _landed(connection, config, raw, given) if raw else {}
    for table in sorted(needed):
        columns = known.get(table) or _inferred(given.get(table, []))
        if not columns:
            reader = next(model.table for model in models if table in model.inputs)
            raise ConfigError(f"the columns of {table} are not known", where=reader, why="no test gives rows of it")
        listed = ", ".join(f"{name(column)} {type}" for column, type in columns)
        connection.execute(f"CREATE TABLE {'.'.join(map(name, table.split('.')))} ({listed})")
        known[table] = columns
    return {table: dict(known[table]) for table in needed}


def _landed(
    connection: DuckDBPyConnection, config: Config, tables: set[str], given: Mapping[str, list[Row]]
) -> dict[str, Columns]:
    """The columns of raw tables as their readers make them; as the record has them, where a reader does not say."""
    found: dict[str, Columns] = {}
    for table, schema in land.schemas(config).items():
        if f"raw.{table}" in tables:
            connection.register("_empty", schema.empty_table())
            found[f"raw.{table}"] = [row[:2] for row in connection.execute("DESCRIBE _empty").fetchall()]
            connection.unregister("_empty")
    named = {table: {column for row in given.get(table, ()) for column in row} for table in tables}
    lacking = {table for table in tables if table not in found or named[table] - dict(found[table]).keys()}
    if lacking and catalog.exists(config):
        with catalog.session(config) as record:
            present = catalog.present(record)[1]
        found |= {table: present[table] for table in lacking & present.keys()}
    return found


_PYTHON = {
    bool: "BOOLEAN",
    int: "BIGINT",
    float: "DOUBLE",
    str: "VARCHAR",
    datetime.datetime: "TIMESTAMP",
    datetime.date: "DATE",
    datetime.time: "TIME",
}


def _inferred(rows: Iterable[Row]) -> Columns:
    """Columns as the values in them have it, where nothing else says their types."""
    found: dict[str, str] = {}
    for row in rows:
        for column, value in row.items():
            type = _type(value)
            if found.get(column) != "DOUBLE" or type != "BIGINT":
                found[column] = type
    return list(found.items())


def _type(value: Any) -> str:
    if isinstance(value, list):
        return f"{_type(value[0]) if value else 'VARCHAR'}[]"
    if isinstance(value, dict):
        return f"STRUCT({', '.join(f'{name(key)} {_type(item)}' for key, item in value.items())})"
    return _PYTHON[type(value)]


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


def _mistyped(test: UnitTest, project: Project, columns: Mapping[str, Mapping[str, str]]) -> Iterable[ConfigError]:
    """Columns that no table has, and values of another type than the column's."""
    places = [(table, rows, columns[table]) for table, rows in test.given.items()]
    if test.subjects[0] in project.models and test.expect:
        places.append((test.subjects[0], test.expect, _promised(project, test)))
    for table, rows, types in places:
        for column, value in {(c, repr(v)): (c, v) for row in rows for c, v in row.items()}.values():
            if column not in types:
                yield test.mistake(f"{table} has no column {column}", at=column, why=perhaps(column, types))
            elif not _fits(value, types[column]):
                what = f"{table}.{column} is {types[column]}, but the test has {value!r}"
                yield test.mistake(what, at=column)


def _promised(project: Project, test: UnitTest) -> dict[str, str]:
    return {column.name: column.type for column in project.models[test.subjects[0]].contract.columns}


def _outcome(
    connection: DuckDBPyConnection, project: Project, test: UnitTest, columns: Mapping[str, Mapping[str, str]]
) -> Outcome:
    import duckdb

    started = time.perf_counter()
    connection.execute("BEGIN")
    try:
        of = _of_model if test.subjects[0] in project.models else _of_cases if test.cases is not None else _of_call
        differences = of(connection, project, test, columns)
    except duckdb.Error as error:
        differences = [Difference("error", {}, got=first_line(error))]
    finally:
        connection.execute("ROLLBACK")  # so that the next test finds its tables empty
    return Outcome(test.subjects[0], test.name, test.where, time.perf_counter() - started, differences)


def _of_model(
    connection: DuckDBPyConnection, project: Project, test: UnitTest, columns: Mapping[str, Mapping[str, str]]
) -> list[Difference]:
    model = project.models[test.subjects[0]]
    for table, rows in test.given.items():
        _insert(connection, test, table, rows, columns[table])
    made = f"(\n{model.sql.rstrip().rstrip(';')}\n)"
    if test.expect_rows is not None:
        return _count(test.expect_rows, connection.execute(f"SELECT count(*) FROM {made}").fetchone()[0])
    if not test.expect:
        return _count(0, connection.execute(f"SELECT count(*) FROM {made}").fetchone()[0])
    types = _promised(project, test)
    listed = {column: types[column] for column in test.columns}
    expected = _fetched(connection, *_values(test, model.table, test.expect, listed))
    got = _fetched(connection, f"SELECT {', '.join(map(name, listed))} FROM {made}")
    return compare(expected, got, [c for c in model.contract.key if c in listed], test.tolerance)


def _count(expected: int, got: int) -> list[Difference]:
    return [] if expected == got else [Difference("rows", {}, expected=expected, got=got)]


def _of_call(connection: DuckDBPyConnection, project: Project, test: UnitTest, _: Any) -> list[Difference]:
    macro = project.macros[test.subjects[0].removeprefix(MACROS)]
    if ") as table " in macro.canonical:
        columns = ", ".join(map(name, test.columns)) or "*"
        got = _fetched(connection, f"SELECT {columns} FROM {test.call}")
        return compare([{c: row.get(c) for c in test.columns} for row in test.expect], got, (), test.tolerance)
    got = connection.execute(f"SELECT {test.call}").fetchone()[0]
    return [] if same(test.expect, got, test.tolerance) else [Difference("cell", {}, test.call, test.expect, got)]


def _of_cases(connection: DuckDBPyConnection, project: Project, test: UnitTest, _: Any) -> list[Difference]:
    import duckdb

    arguments = [{key: value for key, value in case.items() if key != "expect"} for case in test.cases]
    types = dict(_inferred(arguments))
    found = []
    for case, row in zip(test.cases, arguments, strict=True):
        given, values = _values(test, "cases", [row], types) if types else ("SELECT 1", [])
        try:
            got = connection.execute(f"SELECT {test.call} FROM ({given})", values).fetchone()[0]
        except duckdb.Error as error:
            return [*found, Difference("error", row, got=first_line(error))]
        if not same(case.get("expect"), got, test.tolerance):
            found.append(Difference("cell", row, test.call, case.get("expect"), got))
    return found


def _insert(
    connection: DuckDBPyConnection, test: UnitTest, table: str, rows: list[Row], types: Mapping[str, str]
) -> None:
    import duckdb

    if not rows:
        return
    listed = {column: types[column] for column in dict.fromkeys(c for row in rows for c in row)}
    select, values = _values(test, table, rows, listed)
    target = f"{'.'.join(map(name, table.split('.')))} ({', '.join(map(name, listed))})"
    try:
        connection.execute(f"INSERT INTO {target} {select}", values)
    except duckdb.Error as error:
        raise test.mistake(f"a row of {table} cannot be given: {first_line(error)}", at=table) from None


def _values(test: UnitTest, table: str, rows: list[Row], types: Mapping[str, str]) -> tuple[str, list[Any]]:
    """A SELECT of rows as columns of these types, and its parameters."""
    row = ", ".join(f"CAST(? AS {type})" for type in types.values())
    listed = ", ".join(map(name, types))
    select = f"SELECT * FROM (VALUES {', '.join([f'({row})'] * len(rows))}) AS given({listed})"
    return select, [row.get(column) for row in rows for column in types]


def _fetched(connection: DuckDBPyConnection, select: str, values: Sequence[Any] = ()) -> list[Row]:
    result = connection.execute(select, values)
    columns = [column[0] for column in result.description]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def compare(expected: list[Row], got: list[Row], key: Sequence[str], tolerance: float) -> list[Difference]:
    """How the rows differ from the expected ones, in any order; rows that differ are told apart by their keys."""
    rest, differing = list(got), []
    for row in expected:
        twin = next((i for i, other in enumerate(rest) if same(row, other, tolerance)), None)
        if twin is None:
            differing.append(row)
        else:
            del rest[twin]
    found = []
    for row in differing:
        label = {column: row[column] for column in key} or row
        near = [other for other in rest if all(same(row[c], other[c], tolerance) for c in key)]
        if not near:
            found.append(Difference("missing row", label))
            continue
        nearest = max(near, key=lambda other: sum(same(row[c], other[c], tolerance) for c in row))
        rest = [other for other in rest if other is not nearest]
        cells = [(c, row[c], nearest[c]) for c in row if not same(row[c], nearest[c], tolerance)]
        found += [Difference("cell", label, *cell) for cell in cells]
    return found + [Difference("unexpected row", row) for row in rest]


def same(expected: Any, got: Any, tolerance: float) -> bool:
    """Whether two values are the same: null and null, nan and nan, floats within the relative tolerance.

    >>> same([1.0, None], [1.0 + 1e-12, None], 1e-9), same(1, True, 1e-9), same(0.0, 1e-300, 1e-9)
    (True, False, False)
    """
    if isinstance(expected, dict) and isinstance(got, dict):
        return expected.keys() == got.keys() and all(same(expected[k], got[k], tolerance) for k in expected)
    if isinstance(expected, (list, tuple)) and isinstance(got, (list, tuple)):
        return len(expected) == len(got) and all(same(e, g, tolerance) for e, g in zip(expected, got, strict=True))
    numbers = [isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) for value in (expected, got)]
    if all(numbers) and any(isinstance(value, float) for value in (expected, got)):
        expected, got = float(expected), float(got)
        return math.isclose(expected, got, rel_tol=tolerance) or (math.isnan(expected) and math.isnan(got))
    return isinstance(expected, bool) == isinstance(got, bool) and expected == got
