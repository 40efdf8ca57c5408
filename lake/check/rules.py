"""A contract's promises as checks: conditions whose failures SQL counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from lake.contract import Column, Contract, References, Rule
from lake.marks import Finite, Mark, Severity
from lake.quoting import name
from lake.store.sql import connect, nodes

_FLOATS = ("FLOAT", "DOUBLE")


Kind = Literal["value", "key", "reference", "rows", "rejects"]
"""A row's own values, its key among the other rows', a reference to another table, the number of rows, of rejects."""


@dataclass(frozen=True, slots=True)
class Check:
    name: str  # "core.edges.substrate pattern"
    table: str
    column: str
    kind: Kind
    severity: Severity
    condition: str  # true or null for a row that passes
    mark: Mark | None = None  # what a column's values are checked by


def checks(contract: Contract) -> Iterator[Check]:
    """Every check of a contract."""
    for column in contract.columns:
        yield from _of_column(contract, column)
    for rule in contract.rules:
        condition = f"{rule.condition}\n"  # it may end in a comment
        yield Check(f"{contract.table} {rule.name}", contract.table, "", "value", rule.severity, condition)
    if contract.key:
        columns = ", ".join(map(name, contract.key))
        yield Check(f"{contract.table} key", contract.table, ", ".join(contract.key), "key", "error", columns)
    if not contract.empty:
        yield Check(f"{contract.table} has rows", contract.table, "", "rows", "error", "count(*) > 0")


def _of_column(contract: Contract, column: Column) -> Iterator[Check]:
    value = name(column.name)
    if not column.nullable:
        yield _check(contract, column, "not null", f"{value} IS NOT NULL")
    depth = column.type.count("[]")
    item_type = column.type.removesuffix("[]" * depth)
    implied = [Finite()] if item_type in _FLOATS else []
    for mark in (*implied, *column.marks):
        if test := mark.test(f"x{depth}" if depth else value, item_type):
            condition = _each_item(value, depth, test.condition)
            yield _check(contract, column, test.label, condition, severity=test.severity, mark=mark)
    for mark in column.marks:
        if isinstance(mark, References):
            yield _check(contract, column, f"in {mark.column}", mark.column, "reference", mark.severity)


def _each_item(value: str, depth: int, condition: str) -> str:
    """A condition on x1, x2, ... as one on the whole list: no item, of no item, fails it."""
    for level in range(depth, 0, -1):
        items = f"x{level - 1}" if level > 1 else value
        condition = f"len(list_filter({items}, lambda x{level}: NOT ({condition}))) = 0"
    return condition


def tables(rule: Rule) -> set[str]:
    """The tables that a rule's condition reads in subqueries."""
    if "select" not in rule.condition.lower() and "from" not in rule.condition.lower():
        return set()
    with connect() as connection:
        tree = list(nodes(connection, f"SELECT ({rule.condition}\n)"))
    return {f"{node['schema_name']}.{node['table_name']}" for node in tree if node.get("type") == "BASE_TABLE"}


def _check(
    contract: Contract,
    column: Column,
    label: str,
    condition: str,
    kind: Kind = "value",
    severity: Severity = "error",
    *,
    mark: Mark | None = None,
) -> Check:
    title = f"{contract.table}.{column.name} {label}"
    return Check(title, contract.table, column.name, kind, severity, condition, mark)
