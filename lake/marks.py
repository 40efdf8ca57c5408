"""What a contract says of a column beyond its type: its unit, its range, its values. Each mark is held against itself
when it is written, and against its column's SQL type (`misfit`) when the contract is loaded.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args

Severity = Literal["error", "warn"]
Method = Literal["standard", "robust", "log"]
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_DATES = ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_NS")


def _one_of(mark: str, what: str, value: Any, allowed: Iterable[str]) -> None:
    if value not in (listed := tuple(allowed)):
        raise ValueError(f"{mark}: {what} is {value!r}; it is one of {', '.join(map(repr, listed))}")


def _text(mark: str, value: Any) -> None:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{mark}({value!r}): it is a text, and not empty")


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit of a number, as pint reads it: "K", "m/s^2", "earth_mass"; "1" for a pure number."""

    name: str

    def __post_init__(self) -> None:
        _text("Unit", self.name)


@dataclass(frozen=True, slots=True)
class Term:
    """The term of an ontology that says what the column is: "PATO:0000146". A build refuses one that is not there, or
    is obsolete, once core.ontology_terms holds its ontology.
    """

    id: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z][\w.-]*:[\w.-]+", str(self.id)):
            raise ValueError(f"Term({self.id!r}): a term is like PATO:0000146")


Bound = int | float | datetime.date | None


@dataclass(frozen=True, slots=True)
class Between:
    """low <= value <= high, in the column's unit; None leaves an end open. NaN and infinity never pass.

    Of a date or a time, the ends are datetime.date or datetime.datetime.
    """

    low: Bound = None
    high: Bound = None
    severity: Severity = "error"

    def __post_init__(self) -> None:
        _one_of("Between", "severity", self.severity, get_args(Severity))
        ends = [end for end in (self.low, self.high) if end is not None]
        for end in ends:
            if isinstance(end, bool) or not isinstance(end, int | float | datetime.date):
                raise ValueError(f"Between: {end!r} is no number; dates are datetime.date(2024, 3, 24)")
            if isinstance(end, float) and not math.isfinite(end):
                raise ValueError(f"Between: {end!r} is no end; None leaves it open")
        if len({isinstance(end, datetime.date) for end in ends}) > 1 or len({_is_time(end) for end in ends}) > 1:
            raise ValueError(f"Between({self.low!r}, {self.high!r}): its ends are of two kinds")
        low, high = (ends[0], ends[-1]) if ends else (0, 0)  # of one kind, as was checked above
        if low > high:  # type: ignore[operator]
            raise ValueError(f"Between({self.low!r}, {self.high!r}): no value lies between them")


def _is_time(end: Any) -> bool:
    return isinstance(end, datetime.datetime)


@dataclass(frozen=True, slots=True)
class Pattern:
    """The whole text matches this regular expression (RE2)."""

    regex: str
    severity: Severity = "error"

    def __post_init__(self) -> None:
        _one_of("Pattern", "severity", self.severity, get_args(Severity))
        _text("Pattern", self.regex)
        if fault := _re2(self.regex):
            raise ValueError(f"Pattern({self.regex!r}): {fault}")


@cache
def _re2(regex: str) -> str:
    """What RE2 has against a regular expression; nothing, where it takes it."""
    import duckdb

    try:
        duckdb.execute("SELECT regexp_full_match('', ?)", [regex]).fetchone()
    except duckdb.Error as error:
        return str(error).partition(": ")[2] or str(error)
    return ""


@dataclass(frozen=True, slots=True)
class OneOf:
    """The value is one of these: texts, or whole numbers."""

    values: tuple[str | int, ...]
    severity: Severity = "error"

    def __init__(self, *values: str | int, severity: Severity = "error"):
        _one_of("OneOf", "severity", severity, get_args(Severity))
        if not values or len({type(value) for value in values}) > 1 or type(values[0]) not in (str, int, bool):
            raise ValueError(f"OneOf{values!r}: its values are texts, or whole numbers, and at least one")
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "severity", severity)


@dataclass(frozen=True, slots=True)
class References:
    """Each value stands in that column: "core.pathways.pathway_id"."""

    column: str
    severity: Severity = "error"

    def __post_init__(self) -> None:
        _one_of("References", "severity", self.severity, get_args(Severity))
        if str(self.column).count(".") != 2 or not all(str(self.column).split(".")):
            raise ValueError(f"References({self.column!r}): a column is layer.table.column")


@dataclass(frozen=True, slots=True)
class Normalise:
    """How training scales the column, measured on the split "train" alone: see docs/training.md.

    "standard": (x - mean) / standard deviation; "robust": (x - median) / (quartile distance / 1.349); "log": "standard"
    of log10(x), where x <= 0 is not known.
    """

    method: Method

    def __post_init__(self) -> None:
        _one_of("Normalise", "its method", self.method, get_args(Method))


@dataclass(frozen=True, slots=True)
class Impute:
    """A cell that is not known gets the median of the known cells of the split "train"; its mask says so still.

    Without this mark it is 0 and masked. A column that is not ``| None`` has no such cell: its build is refused.
    """


@dataclass(frozen=True, slots=True)
class Split:
    """The split is a function of another column of the row: rows of one group are in one split.

        split: Annotated[str, Split("star", train=80, validation=10, test=10)]

    Of each row u = md5(salt || group), its first 8 hex digits as a number, modulo 100; the shares, in percent and in
    their order, cut 0 to 99. The macro split_of(group) is this with the salt "split:" and these shares.
    """

    by: str
    shares: tuple[tuple[str, int], ...]
    salt: str = "split:"

    def __init__(self, by: str, *, salt: str = "split:", **shares: int):
        if sum(shares.values()) != 100 or not all(isinstance(share, int) and share > 0 for share in shares.values()):
            raise ValueError(f"Split({by!r}): its shares are {shares}, and not whole percents of 100 together")
        object.__setattr__(self, "by", by)
        object.__setattr__(self, "salt", salt)
        object.__setattr__(self, "shares", tuple(shares.items()))


@dataclass(frozen=True, slots=True)
class SqlType:
    """The column's SQL type, where it is not the usual one of its Python type (float -> DOUBLE, int -> BIGINT)."""

    name: str

    def __post_init__(self) -> None:
        _text("SqlType", self.name)
        self.canonical  # noqa: B018 - refused here, where it is written

    @property
    def canonical(self) -> str:
        """As DuckDB writes it: TIMESTAMPTZ is TIMESTAMP WITH TIME ZONE, and decimal(18, 3) DECIMAL(18,3)."""
        return _canonical(self.name)


@cache
def _canonical(type: str) -> str:
    import duckdb

    try:
        return str(duckdb.execute(f"SELECT CAST(NULL AS {type})").description[0][1]) if type else ""
    except duckdb.Error:
        raise ValueError(f"SqlType({type!r}): DuckDB knows no such type") from None


@dataclass(frozen=True, slots=True)
class DateFormat:
    """How a seed's file writes the column's dates or times, as strptime has it: "%d/%m/%Y". ISO 8601 needs no mark."""

    format: str

    def __post_init__(self) -> None:
        _text("DateFormat", self.format)
        if not {"%d", "%m", "%Y"} <= set(re.findall(r"%[a-zA-Z]", self.format)):
            raise ValueError(f"DateFormat({self.format!r}): it has %d, %m and %Y, for instance '%d/%m/%Y'")


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition in SQL that every row meets, for what the other marks cannot say."""

    name: str
    condition: str
    severity: Severity = "error"

    def __post_init__(self) -> None:
        _text("Rule", self.name)
        _text("Rule", self.condition)
        _one_of(f"Rule({self.name!r})", "severity", self.severity, get_args(Severity))


ALL = (Between, DateFormat, Impute, Normalise, OneOf, Pattern, References, Split, SqlType, Term, Unit)


def misfit(marks: Iterable[Any], sql: str) -> str:
    """Why marks cannot be of a column of this SQL type; nothing, where they can.

    >>> misfit([Between(0, 1)], "VARCHAR")
    'Between(0, 1) is of a number, and the column is VARCHAR'
    >>> misfit([Between(0, 1), Unit("K")], "DOUBLE[]")
    ''
    """
    marks = list(marks)
    for kind in (Unit, SqlType, Split, Normalise, Impute, DateFormat):
        if sum(isinstance(mark, kind) for mark in marks) > 1:
            return f"{kind.__name__} is there twice"
    item = sql.rstrip("[]")
    for mark in marks:
        if not isinstance(mark, ALL):
            return f"{mark!r} is no mark of lake.contract: it would not be checked"
        expected = _wanted(mark)
        whole = item if isinstance(mark, Between | OneOf | Pattern | Unit | Term | References) else sql
        if expected and not _is(expected, whole):
            return f"{_shown(mark)} is of {expected}, and the column is {sql}"
    return ""


def _wanted(mark: Any) -> str:
    if isinstance(mark, Between):
        ends = [end for end in (mark.low, mark.high) if end is not None]
        return "a number or a date" if not ends else "a date" if isinstance(ends[0], datetime.date) else "a number"
    if isinstance(mark, OneOf):
        return "a text" if isinstance(mark.values[0], str) else "a whole number"
    kinds = {Pattern: "a text", Split: "a text", Unit: "a number", DateFormat: "a date"}
    return kinds.get(type(mark), "a number" if isinstance(mark, Normalise | Impute) else "")


def _is(expected: str, type: str) -> bool:
    kinds = {
        "a text": type == "VARCHAR",
        "a whole number": type in (*_WHOLE, "BOOLEAN"),
        "a number": type in (*_WHOLE, "FLOAT", "DOUBLE", "HUGEINT") or type.startswith("DECIMAL"),
        "a date": type in _DATES,
    }
    return any(kinds[kind] for kind in expected.split(" or "))


def _shown(mark: Any) -> str:
    if isinstance(mark, Between):
        return f"Between({mark.low!r}, {mark.high!r})"
    return repr(mark)
