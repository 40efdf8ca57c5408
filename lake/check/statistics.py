"""What the statistics in Parquet footers prove, so that most checks of a fresh table need not read it again."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from lake.check.rules import Check
from lake.contract import Column, Contract
from lake.store.sql import name


class Range(NamedTuple):
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of a column that is not a list or struct: how many nulls, whether any NaN, the range of its numbers."""

    nulls: int
    nan: bool = False
    range: Range | None = None  # None: not a number, or nothing but nulls


class Fresh(NamedTuple):
    """What is known of a table that was just written, without reading it."""

    rows: int
    columns: Mapping[str, Statistics]  # by the columns' quoted names


def merge(files: Iterable[Mapping[str, Mapping[str, str]]]) -> dict[str, Statistics]:
    """One table's statistics by column, out of what COPY ... RETURN_STATS returns for each of its files."""
    merged: dict[str, Statistics] = {}
    for file in files:
        for column, footer in file.items():
            if "null_count" not in footer or '"."' in column:
                continue
            statistics = _parse(footer)
            merged[column] = _both(merged[column], statistics) if column in merged else statistics
    return merged


def _parse(footer: Mapping[str, str]) -> Statistics:
    try:
        ends = Range(float(footer["min"]), float(footer["max"]))
    except (KeyError, ValueError):
        ends = None
    return Statistics(int(footer["null_count"]), footer.get("has_nan") == "true", ends)


def _both(a: Statistics, b: Statistics) -> Statistics:
    ends = Range(min(a.range.low, b.range.low), max(a.range.high, b.range.high)) if a.range and b.range else None
    return Statistics(a.nulls + b.nulls, a.nan or b.nan, ends)


def proven(check: Check, contract: Contract, fresh: Fresh) -> bool:
    """Whether a check of a row's own values holds for every row, by the statistics alone."""
    statistics = fresh.columns.get(name(check.column)) if check.column else None
    if statistics is None:
        return False
    if check.mark is None:  # not null
        return statistics.nulls == 0
    type = contract.column(check.column).type
    if type not in _NUMBERS:
        return False
    if statistics.nulls == fresh.rows:
        return True
    if statistics.nan or statistics.range is None or not all(map(math.isfinite, statistics.range)):
        return False
    return check.mark.proven(*statistics.range, type)


_BITS = 32  # for a row: what a hash table takes for one is many times that


def dense(column: Column, fresh: Fresh) -> tuple[int, int] | None:
    """The ends of a column of whole numbers, where it has no nulls and its values lie within some bits a row."""
    statistics = fresh.columns.get(name(column.name))
    if statistics is None or column.type not in _WHOLE or statistics.nulls or statistics.range is None:
        return None
    low, high = map(int, statistics.range)
    return (low, high) if max(abs(low), abs(high)) < 2**53 and high - low < _BITS * fresh.rows else None


_WHOLE = ("BIGINT", "INTEGER", "SMALLINT", "TINYINT")
_NUMBERS = ("DOUBLE", "FLOAT", "UBIGINT", "UINTEGER", "USMALLINT", "UTINYINT", *_WHOLE)
