"""What the statistics in Parquet footers prove, so that most checks of a fresh table need not read it again."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lake.check.rules import Check
from lake.contract import Between, Column, Contract
from lake.store.sql import name


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of a column that is no list or struct: how many nulls, whether any NaN, the ends of a number's range."""

    nulls: int
    nan: bool = False
    low: float | None = None  # None: not a number, or nothing but nulls
    high: float | None = None


def merge(files: Iterable[Mapping[str, Mapping[str, str]]]) -> dict[str, Statistics]:
    """One table's statistics by column, out of what COPY ... RETURN_STATS tells of each of its files."""
    merged: dict[str, Statistics] = {}
    for file in files:
        for column, texts in file.items():
            if "null_count" not in texts or '"."' in column:
                continue
            one = _read(texts)
            merged[column] = _both(merged[column], one) if column in merged else one
    return merged


def _read(texts: Mapping[str, str]) -> Statistics:
    try:
        low, high = float(texts["min"]), float(texts["max"])
    except (KeyError, ValueError):
        low = high = None
    return Statistics(int(texts["null_count"]), texts.get("has_nan") == "true", low, high)


def _both(a: Statistics, b: Statistics) -> Statistics:
    ends = [(a.low, b.low, min), (a.high, b.high, max)]
    low, high = (f(x, y) if x is not None and y is not None else None for x, y, f in ends)
    return Statistics(a.nulls + b.nulls, a.nan or b.nan, low, high)


def proven(check: Check, contract: Contract, rows: int, statistics: Mapping[str, Statistics]) -> bool:
    """Whether a check of a row's own values holds for every row, by the statistics alone."""
    about = statistics.get(name(check.column)) if check.column else None
    if about is None:
        return False
    if check.condition == f"{name(check.column)} IS NOT NULL":
        return about.nulls == 0
    column = contract.column(check.column)
    if column.type not in _NUMBERS:
        return False
    if about.nulls == rows:
        return True
    if about.nan or about.low is None or not (math.isfinite(about.low) and math.isfinite(about.high)):
        return False
    if check.condition == f"isfinite({name(check.column)})":
        return True
    marks = [mark for mark in column.marks if isinstance(mark, Between)]
    exact = column.type != "FLOAT"  # whose ends are told by fewer digits than the ends that they are held against
    return len(marks) == 1 and "between" in check.name and exact and _within(about, marks[0])


_BITS = 32  # for a row: what a hash table takes for one is many times that


def dense(column: Column, statistics: Mapping[str, Statistics], rows: int) -> tuple[int, int] | None:
    """The ends of a column of whole numbers, where it has no nulls and its values lie within some bits a row."""
    about = statistics.get(name(column.name))
    if about is None or column.type not in _WHOLE or about.nulls or about.low is None:
        return None
    low, high = int(about.low), int(about.high)
    return (low, high) if max(abs(low), abs(high)) < 2**53 and high - low < _BITS * rows else None


def _within(about: Statistics, mark: Between) -> bool:
    """Whether the ends lie inside, well away from where reading their text could round."""
    low = mark.low is None or about.low >= mark.low
    high = mark.high is None or about.high <= mark.high
    return low and high and max(abs(about.low), abs(about.high)) < 2**53


_WHOLE = ("BIGINT", "INTEGER", "SMALLINT", "TINYINT")
_NUMBERS = ("DOUBLE", "FLOAT", "UBIGINT", "UINTEGER", "USMALLINT", "UTINYINT", *_WHOLE)
