"""Run a contract's checks on its table and measure its quality: one scan for all checks of a row's own values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lake.check.rules import Check, checks, tables
from lake.check.statistics import Fresh, dense, proven
from lake.contract import Contract, References
from lake.errors import CheckFailed, LakeError, ModelError
from lake.store import catalog
from lake.store.catalog import first_line
from lake.store.sql import name, scalar, single_row

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

EXAMPLES, KEPT = 5, 1000  # failing rows of a check: shown; kept in quality.failures


@dataclass(frozen=True, slots=True)
class Result:
    check: Check
    failing: int
    examples: list[dict[str, Any]]

    @property
    def failed(self) -> bool:
        return self.failing > 0

    def as_dict(self) -> dict[str, Any]:
        return {
            "check": self.check.name,
            "table": self.check.table,
            "column": self.check.column,
            "severity": self.check.severity,
            "failing": self.failing,
            "examples": self.examples[:EXAMPLES],
        }


@dataclass(slots=True)
class Quality:
    """The measures of one table; docs/quality.md defines each in a line. Shares are in [0, 1]."""

    table: str
    rows: int
    completeness: float | None  # cells that are not null, among all
    validity: float | None = None  # rows that pass every check of their own values
    uniqueness: float | None = None  # distinct keys, among rows
    consistency: float | None = None  # references that resolve, among those that are not null
    results: list[Result] = field(default_factory=list)


def run(
    connection: DuckDBPyConnection, contracts: Iterable[Contract], fresh: Mapping[str, Fresh] | None = None
) -> list[Quality]:
    """Check each table against its contract. What the statistics of a fresh table prove is not read again.

    Raises:
        ModelError: a rule's condition is not SQL that DuckDB can run on the table.
    """
    return [_measure(connection, contract, (fresh or {}).get(contract.table)) for contract in contracts]


def failures(qualities: Iterable[Quality], severity: str) -> list[Result]:
    """The failed checks of a severity."""
    return [r for quality in qualities for r in quality.results if r.failed and r.check.severity == severity]


def failed(errors: list[Result]) -> CheckFailed:
    """The error that keeps a build from being published."""
    first = errors[0]
    counts = "; ".join(f"{error.check.name}: {error.failing:,}" for error in errors[:5])
    return CheckFailed(
        f"{len(errors)} check(s) failed, so nothing was published: {counts}",
        where=first.check.table,
        why=f"for instance {first.examples[0]}" if first.examples else "the table is empty",
        next="lake check",
    )


def targets(contract: Contract) -> set[str]:
    """The tables that the contract's columns refer to and that its rules read."""
    marks = (mark for column in contract.columns for mark in column.marks if isinstance(mark, References))
    read = {table for rule in contract.rules for table in tables(rule)}
    return {mark.column.rpartition(".")[0] for mark in marks} | read - {contract.table}


def _measure(connection: DuckDBPyConnection, contract: Contract, fresh: Fresh | None) -> Quality:
    import duckdb

    every = list(checks(contract))
    try:
        quality = _scan(connection, contract, [check for check in every if check.kind == "value"], fresh)
        for check in every:
            if check.kind == "key":
                quality.uniqueness = _key(connection, contract, check, quality, fresh)
            elif check.kind == "rows":
                quality.results.append(Result(check, int(quality.rows == 0), []))
        quality.consistency = _references(connection, contract, [c for c in every if c.kind == "reference"], quality)
    except duckdb.Error as error:
        raise _cannot_run(connection, contract, every, error) from None
    return quality


def _cannot_run(connection: DuckDBPyConnection, contract: Contract, checks: list[Check], error: Exception) -> LakeError:
    """Why a table's checks cannot run: too little memory or time, or the check that fails alone, too."""
    import duckdb

    if catalog.is_shortage(error):
        return catalog.explain(error, f"the checks of {contract.table}", contract.where)
    if isinstance(error, duckdb.InterruptException):
        what = f"the checks of {contract.table} were stopped"
        return ModelError(what, where=contract.where, why="they took longer than --timeout allows", next=_CORRECT)
    check_name = ""
    for check in checks:
        try:
            if check.kind == "value":
                connection.execute(f"SELECT count(*) FROM {contract.table} WHERE ({check.condition})").fetchone()
        except duckdb.Error as same:
            check_name, error = f"{check.name}: ", same
            break
    what = f"a check of {contract.table} cannot run: {check_name}{first_line(error)}"
    return ModelError(what, where=contract.where, why=_WHY, next=_CORRECT)


_WHY = "its condition names something that does not exist, or cannot be computed for some row"
_CORRECT = "correct the contract, then lake build"


def _scan(connection: DuckDBPyConnection, contract: Contract, values: list[Check], fresh: Fresh | None) -> Quality:
    """Count what fails, and what is null, in one scan; in none, where the statistics prove all of it."""
    unproven = [check for check in values if not (fresh and proven(check, contract, fresh))]
    nulls = {c: s.nulls for c in contract.columns if fresh and (s := fresh.columns.get(name(c.name)))}
    uncounted = [column.name for column in contract.columns if column not in nulls]
    if fresh and not unproven and not uncounted:
        rows = passing = fresh.rows
        filled, failing = 0, list[int]()
    else:
        filled_columns = [f"count({name(column)})" for column in uncounted]
        failures = [f"count(*) FILTER (NOT coalesce(({check.condition}), true))" for check in unproven]
        valid = " AND ".join(f"coalesce(({check.condition}), true)" for check in unproven)
        selected = ["count(*)", f"count(*) FILTER ({valid})" if valid else "count(*)", *filled_columns, *failures]
        rows, passing, *counts = single_row(connection, f"SELECT {', '.join(selected)} FROM {contract.table}")
        filled, failing = sum(counts[: len(uncounted)]), counts[len(uncounted) :]
    filled += sum(rows - count for count in nulls.values())
    quality = Quality(contract.table, rows, filled / (rows * len(contract.columns)) if rows else None)
    quality.validity = passing / rows if rows else None
    failing_of = dict(zip(unproven, failing, strict=True))
    for check in values:
        where = f"WHERE NOT coalesce(({check.condition}), true)"
        n = failing_of.get(check, 0)
        quality.results.append(Result(check, n, _examples(connection, contract, check, where) if n else []))
    return quality


def _key(
    connection: DuckDBPyConnection, contract: Contract, check: Check, quality: Quality, fresh: Fresh | None
) -> float | None:
    distinct = _distinct(connection, contract, check, fresh)
    failing, examples = _without_key(connection, contract)
    if distinct < quality.rows:
        grouped = f"SELECT {check.condition}, count(*) AS _rows FROM {contract.table} GROUP BY {check.condition}"
        failing += scalar(connection, f"SELECT count(*) FROM ({grouped} HAVING count(*) > 1)")
        examples += _rows(connection, f"{grouped} HAVING count(*) > 1 ORDER BY ALL LIMIT {KEPT}")
    quality.results.append(Result(check, failing, examples))
    return distinct / quality.rows if quality.rows else None


def _without_key(connection: DuckDBPyConnection, contract: Contract) -> tuple[int, list[dict[str, Any]]]:
    """How many rows lack a part of their key, and some of them. Columns that may not be null have a check for it."""
    nullable = [name(column) for column in contract.key if contract.column(column).nullable]
    if not nullable:
        return 0, []
    where = " OR ".join(f"{column} IS NULL" for column in nullable)
    n = scalar(connection, f"SELECT count(*) FROM {contract.table} WHERE {where}")
    return n, _rows(connection, f"FROM {contract.table} WHERE {where} ORDER BY ALL LIMIT {KEPT}") if n else []


def _distinct(connection: DuckDBPyConnection, contract: Contract, check: Check, fresh: Fresh | None) -> int:
    """How many keys there are. Whole numbers that lie close together are counted as bits, ten times as fast."""
    query = f"SELECT count(*) FROM (SELECT DISTINCT {check.condition} FROM {contract.table})"
    if fresh and len(contract.key) == 1 and (span := dense(contract.column(contract.key[0]), fresh)):
        query = f"SELECT bit_count(bitstring_agg({check.condition}, {span[0]}, {span[1]})) FROM {contract.table}"
    return int(scalar(connection, query))


def _references(
    connection: DuckDBPyConnection, contract: Contract, references: list[Check], quality: Quality
) -> float | None:
    total = broken = 0
    for check in references:
        table, _, column = check.condition.rpartition(".")
        targets = f"(SELECT {name(column)} FROM {table} WHERE {name(column)} IS NOT NULL)"
        value = name(check.column)
        is_list = contract.column(check.column).type.endswith("[]")
        values = f"SELECT {f'unnest({value})' if is_list else value} AS v FROM {contract.table}"
        n, failing = single_row(connection, f"SELECT count(v), count(*) FILTER (v NOT IN {targets}) FROM ({values})")
        where = f"WHERE EXISTS (SELECT 1 FROM (SELECT unnest({value}) AS v) WHERE v NOT IN {targets})"
        if not is_list:
            where = f"WHERE {value} IS NOT NULL AND {value} NOT IN {targets}"
        total, broken = total + n, broken + failing
        quality.results.append(Result(check, failing, _examples(connection, contract, check, where) if failing else []))
    return (total - broken) / total if total else None


def _examples(connection: DuckDBPyConnection, contract: Contract, check: Check, where: str) -> list[dict[str, Any]]:
    """Some failing rows: their key and the check's columns; all columns where the table has no key."""
    checked = [check.column] if check.column else re.findall(r"\w+", check.condition)
    names = {*contract.key, *checked} if contract.key else {column.name for column in contract.columns}
    columns = [column.name for column in contract.columns if column.name in names]
    order = ", ".join(map(name, contract.key)) or "ALL"
    shown = ", ".join(map(name, columns))
    return _rows(connection, f"SELECT {shown} FROM {contract.table} {where} ORDER BY {order} LIMIT {KEPT}")


def _rows(connection: DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description]
    return [json.loads(json.dumps(dict(zip(names, row, strict=True)), default=str)) for row in cursor.fetchall()]
