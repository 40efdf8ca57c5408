"""A contract's promises as checks: each a condition that SQL counts the failures of."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lake.contract import Between, Column, Contract, OneOf, Pattern, References, Rule, Split
from lake.store.sql import connect, literal, name, nodes, quote

_FLOATS = ("FLOAT", "DOUBLE")


@dataclass(frozen=True, slots=True)
class Check:
    """``kind``: value (a row's own), key (a row among the others), reference (against another table) or rows."""

    name: str  # "core.edges.substrate pattern"
    table: str
    column: str
    kind: str
    severity: str
    condition: str  # true or null for a row that passes


def checks(contract: Contract) -> Iterator[Check]:
    """Every check that a contract asks for."""
    for column in contract.columns:
        yield from _of_column(contract, column)
    for rule in contract.rules:
        condition = f"{rule.condition}\n"  # it may end in a comment
        yield Check(f"{contract.table} {rule.name}", contract.table, "", "value", rule.severity, condition)
    if contract.key:
        listed = ", ".join(map(name, contract.key))
        yield Check(f"{contract.table} key", contract.table, ", ".join(contract.key), "key", "error", listed)
    if not contract.empty:
        yield Check(f"{contract.table} has rows", contract.table, "", "rows", "error", "count(*) > 0")


def _of_column(contract: Contract, column: Column) -> Iterator[Check]:
    value, depth = name(column.name), column.type.count("[]")
    item = f"x{depth}" if depth else value
    item_type = column.type.removesuffix("[]" * depth)
    tests = []
    if item_type in _FLOATS:
        tests.append(("finite", f"isfinite({item})", "error"))
    for mark in column.marks:
        tests += _tests(mark, item, item_type)
    if not column.nullable:
        yield _check(contract, column, "not null", "value", "error", f"{value} IS NOT NULL")
    for label, condition, severity in tests:
        for level in range(depth, 0, -1):  # no item, of no item, fails
            items = f"x{level - 1}" if level > 1 else value
            condition = f"len(list_filter({items}, lambda x{level}: NOT ({condition}))) = 0"
        yield _check(contract, column, label, "value", severity, condition)
    for mark in column.marks:
        if isinstance(mark, References):
            yield _check(contract, column, f"in {mark.column}", "reference", mark.severity, mark.column)


def _tests(mark: Any, item: str, type: str) -> list[tuple[str, str, str]]:
    if isinstance(mark, Between):
        ends = [(sign, end) for sign, end in ((">=", mark.low), ("<=", mark.high)) if end is not None]
        condition = " AND ".join(f"{item} {sign} {_bound(end, type)}" for sign, end in ends) or "true"
        return [(f"between {_end(mark.low)} and {_end(mark.high)}", condition, mark.severity)]
    if isinstance(mark, Pattern):
        return [("pattern", f"regexp_full_match({item}, {quote(mark.regex)})", mark.severity)]
    if isinstance(mark, Split):
        return [(f"by {mark.by}", _split(mark, item), "error")]
    if isinstance(mark, OneOf):
        return [("one of", f"{item} IN ({', '.join(map(literal, mark.values))})", mark.severity)]
    return []


def _split(mark: Split, item: str) -> str:
    """The split is the one that its group's hash gives; a row without a group has none."""
    hashed = f"CAST('0x' || left(md5({quote(mark.salt)} || {name(mark.by)}), 8) AS UBIGINT) % 100"
    cases, below = "", 0
    for split, share in mark.shares:
        below += share
        cases += f" WHEN {hashed} < {below} THEN {quote(split)}"
    return f"{name(mark.by)} IS NOT NULL AND {item} = CASE{cases} END"


def _bound(end: Any, type: str) -> str:
    """An end of a range as SQL has it: of a date's or a time's own type, a number as it is."""
    return f"CAST({quote(end.isoformat())} AS {type})" if isinstance(end, datetime.date) else literal(end)


def _end(value: Any) -> str:
    return "any" if value is None else value.isoformat() if isinstance(value, datetime.date) else f"{value:g}"


def tables(rule: Rule) -> set[str]:
    """The tables that a rule's condition asks, beside its own: in a subquery."""
    if "select" not in rule.condition.lower() and "from" not in rule.condition.lower():
        return set()
    with connect() as connection:
        tree = list(nodes(connection, f"SELECT ({rule.condition}\n)"))
    return {f"{node['schema_name']}.{node['table_name']}" for node in tree if node.get("type") == "BASE_TABLE"}


def _check(contract: Contract, column: Column, label: str, kind: str, severity: str, condition: str) -> Check:
    return Check(f"{contract.table}.{column.name} {label}", contract.table, column.name, kind, severity, condition)
