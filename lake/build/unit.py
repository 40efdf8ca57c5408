"""Unit tests of models and macros: run in memory on the rows that they give, without building anything."""

from __future__ import annotations

import fnmatch
import math
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lake import progress
from lake.build import graph, preflight, preview, select, unit_files, unit_tables
from lake.build.model import Project
from lake.build.unit_files import MACROS, Row, UnitTest, is_rows, perhaps
from lake.build.workspace import create_macros
from lake.config import Config
from lake.errors import ConfigError
from lake.store.catalog import first_line
from lake.store.sql import connect, name, scalar

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
    started = time.perf_counter()
    project = graph.load(config)
    chosen = _chosen(config, project, tuple(patterns), tuple(exclude))
    tests = [test for test in unit_files.load(config, project) if chosen.intersection(test.subjects)]
    tested = {subject for test in tests for subject in test.subjects}
    summary = Summary(untested=sorted(chosen - tested))
    with connect(threads=1) as connection:  # for a few rows others cost more than they give
        create_macros(connection, project)
        columns = unit_tables.make(connection, config, project, tests)
        if problems := [problem for test in tests for problem in unit_tables.mistyped(test, project, columns)]:
            raise preflight.together(problems)
        with progress.bar("test", total=len(tests)) as advance:
            for test in tests:
                summary.outcomes.append(_outcome(connection, project, test, columns))
                advance(note=test.subjects[0])
    summary.seconds = time.perf_counter() - started
    return summary


def _chosen(config: Config, project: Project, patterns: Sequence[str], exclude: Sequence[str]) -> set[str]:
    macros = [MACROS + name for name, macro in project.macros.items() if not macro.reads]
    models = [table for table, model in project.models.items() if not model.seed]

    def known(what: str) -> set[str] | None:
        """What only a plan knows: "changed" and "@12"."""
        if what != "changed" and not re.fullmatch(r"@\w+", what):
            return None
        return {step["table"] for step in preview.steps(config, [what]).steps if step["verdict"] != "left"}

    def meant(pattern: str) -> Iterable[str]:
        if not pattern.startswith(MACROS):
            return select.select(project, [pattern], (), known).intersection(models)
        if matches := fnmatch.filter(macros, pattern):
            return matches
        raise ConfigError(f"no macro is called {pattern.removeprefix(MACROS)!r}", why=perhaps(pattern, macros))

    chosen = {one for pattern in patterns for one in meant(pattern)} if patterns else {*models, *macros}
    return chosen - {one for pattern in exclude for one in meant(pattern)}


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
        unit_tables.insert(connection, test, table, rows, columns[table])
    result = f"(\n{model.sql.rstrip().rstrip(';')}\n)"
    if test.expect_rows is not None:
        return _count(test.expect_rows, scalar(connection, f"SELECT count(*) FROM {result}"))
    if not test.expect:
        return _count(0, scalar(connection, f"SELECT count(*) FROM {result}"))
    types = unit_tables.promised(project, test)
    listed = {column: types[column] for column in test.columns}
    expected = _fetched(connection, *unit_tables.rows_query(test.expect, listed))
    got = _fetched(connection, f"SELECT {', '.join(map(name, listed))} FROM {result}")
    return compare(expected, got, [c for c in model.contract.key if c in listed], test.tolerance)


def _count(expected: int, got: int) -> list[Difference]:
    return [] if expected == got else [Difference("rows", {}, expected=expected, got=got)]


def _of_call(connection: DuckDBPyConnection, project: Project, test: UnitTest, _: Any) -> list[Difference]:
    macro = project.macros[test.subjects[0].removeprefix(MACROS)]
    if macro.table:
        if not is_rows(test.expect):
            raise test.mistake(f"{macro.name} is a table macro: it gives rows", at="expect")
        columns = ", ".join(map(name, test.columns)) or "*"
        got = _fetched(connection, f"SELECT {columns} FROM {test.call}")
        return compare([{c: row.get(c) for c in test.columns} for row in test.expect], got, (), test.tolerance)
    got = scalar(connection, f"SELECT {test.call}")
    return [] if same(test.expect, got, test.tolerance) else [Difference("cell", {}, test.call, test.expect, got)]


def _of_cases(connection: DuckDBPyConnection, project: Project, test: UnitTest, _: Any) -> list[Difference]:
    import duckdb

    cases = test.cases or []
    arguments = [{key: value for key, value in case.items() if key != "expect"} for case in cases]
    types = dict(unit_tables.inferred(arguments))
    differences: list[Difference] = []
    for case, row in zip(cases, arguments, strict=True):
        case_rows, values = unit_tables.rows_query([row], types) if types else ("SELECT 1", [])
        try:
            got = scalar(connection, f"SELECT {test.call} FROM ({case_rows})", values)
        except duckdb.Error as error:
            return [*differences, Difference("error", row, got=first_line(error))]
        if not same(case.get("expect"), got, test.tolerance):
            differences.append(Difference("cell", row, test.call, case.get("expect"), got))
    return differences


def _fetched(connection: DuckDBPyConnection, select: str, values: Sequence[Any] = ()) -> list[Row]:
    result = connection.execute(select, values)
    columns = [column[0] for column in result.description]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def compare(expected: list[Row], got: list[Row], key: Sequence[str], tolerance: float) -> list[Difference]:
    """How the rows differ from the expected ones, in any order; rows that differ are matched by their keys."""
    rest, differing = list(got), []
    for row in expected:
        twin = next((i for i, other in enumerate(rest) if same(row, other, tolerance)), None)
        if twin is None:
            differing.append(row)
        else:
            del rest[twin]
    differences: list[Difference] = []
    for row in differing:
        label = {column: row[column] for column in key} or row
        same_key = [other for other in rest if all(same(row[c], other[c], tolerance) for c in key)]
        if not same_key:
            differences.append(Difference("missing row", label))
            continue
        nearest = max(same_key, key=lambda other: sum(same(row[c], other[c], tolerance) for c in row))
        rest = [other for other in rest if other is not nearest]
        cells = [(c, row[c], nearest[c]) for c in row if not same(row[c], nearest[c], tolerance)]
        differences += [Difference("cell", label, *cell) for cell in cells]
    return differences + [Difference("unexpected row", row) for row in rest]


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
