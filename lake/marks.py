"""What a contract says of a column beyond its type: its unit, its range, its values.

A mark is one class: what it may stand on, the SQL that its column's values have to meet, what the statistics of a
Parquet file prove of them, and its words in the documentation. Each is checked when it is written, and against its
column's SQL type (`misfit`) when the contract is loaded.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Literal, get_args

from lake.quoting import literal, name, quote

Severity = Literal["error", "warn"]
Method = Literal["standard", "robust", "log"]
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_DATES = ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_NS")
_EXACT = 2**53  # numbers below it are the same as integers and as doubles


def _one_of(mark: str, what: str, value: Any, choices: Iterable[str]) -> None:
    if value not in (listed := tuple(choices)):
        raise ValueError(f"{mark}: {what} is {value!r}; it is one of {', '.join(map(repr, listed))}")


def _text(mark: str, value: Any) -> None:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{mark}({value!r}): it must be a text, and not empty")


@dataclass(frozen=True, slots=True)
class Test:
    """A condition in SQL that each value of a column meets: it is true or null for one that does."""

    label: str  # "between 0 and 1"
    condition: str
    severity: Severity = "error"


class Mark:
    """What marks have in common; each overrides what it has to say."""

    __slots__ = ()
    once: ClassVar[bool] = False  # a column has at most one of this class
    of_items: ClassVar[bool] = False  # of a list's items, not of the list

    @property
    def subject(self) -> str:
        """What it may stand on: "a number", "a text", "a whole number", "a date", or "" for anything."""
        return ""

    def test(self, value: str, type: str) -> Test | None:
        """What ``value``, SQL of the SQL type ``type``, has to meet."""
        return None

    def proven(self, low: float, high: float, type: str) -> bool:
        """Whether all finite numbers of the SQL type ``type`` in [low, high] pass; the ends are as Parquet has them."""
        return False

    @property
    def promise(self) -> str:
        """What it promises, for the documentation; "" where that is shown elsewhere."""
        return ""


def _warns(severity: Severity) -> str:
    return " (warns)" if severity == "warn" else ""


@dataclass(frozen=True, slots=True)
class Unit(Mark):
    """The unit of a number, as pint reads it: "K", "m/s^2", "earth_mass"; "1" for a pure number."""

    once = True
    of_items = True
    name: str

    def __post_init__(self) -> None:
        _text("Unit", self.name)

    @property
    def subject(self) -> str:
        return "a number"


@dataclass(frozen=True, slots=True)
class Term(Mark):
    """The term of an ontology that says what the column is: "PATO:0000146". A build refuses one that is not there, or
    is obsolete, once core.ontology_terms holds its ontology.
    """

    of_items = True
    id: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z][\w.-]*:[\w.-]+", str(self.id)):
            raise ValueError(f"Term({self.id!r}): a term is like PATO:0000146")


Bound = int | float | datetime.date | None


@dataclass(frozen=True, slots=True)
class Between(Mark):
    """low <= value <= high, in the column's unit; None leaves an end open. NaN and infinity never pass.

    Of a date or a time, the ends are datetime.date or datetime.datetime.
    """

    of_items = True
    low: Bound = None
    high: Bound = None
    severity: Severity = "error"

    def __post_init__(self) -> None:
        _one_of("Between", "severity", self.severity, get_args(Severity))
        ends = self._ends
        for end in ends:
            if isinstance(end, bool) or not isinstance(end, int | float | datetime.date):
                raise ValueError(f"Between: {end!r} is not a number; dates are datetime.date(2024, 3, 24)")
            if isinstance(end, float) and not math.isfinite(end):
                raise ValueError(f"Between: {end!r} is not an end; None leaves it open")
        if len({isinstance(end, datetime.date) for end in ends}) > 1 or len({_is_time(end) for end in ends}) > 1:
            raise ValueError(f"Between({self.low!r}, {self.high!r}): its ends are of two kinds")
        low, high = (ends[0], ends[-1]) if ends else (0, 0)  # of one kind, as was checked above
        if low > high:  # type: ignore[operator]
            raise ValueError(f"Between({self.low!r}, {self.high!r}): no value lies between them")

    @property
    def _ends(self) -> list[int | float | datetime.date]:
        return [end for end in (self.low, self.high) if end is not None]

    @property
    def subject(self) -> str:
        ends = self._ends
        return "a number or a date" if not ends else "a date" if isinstance(ends[0], datetime.date) else "a number"

    def test(self, value: str, type: str) -> Test:
        ends = [(sign, end) for sign, end in ((">=", self.low), ("<=", self.high)) if end is not None]
        condition = " AND ".join(f"{value} {sign} {_bound(end, type)}" for sign, end in ends) or "true"
        return Test(f"between {_end(self.low)} and {_end(self.high)}", condition, self.severity)

    def proven(self, low: float, high: float, type: str) -> bool:
        """Away from where reading the ends' text could round; of a FLOAT, files write fewer digits than it has."""
        exact = type != "FLOAT" and max(abs(low), abs(high)) < _EXACT
        return exact and _holds(self.low, low) and _holds(high, self.high)

    @property
    def promise(self) -> str:
        if not self._ends:
            return ""
        low, high = _end(self.low), _end(self.high)
        text = f"at most {high}" if self.low is None else f"at least {low}" if self.high is None else f"{low} to {high}"
        return text + _warns(self.severity)

    def __str__(self) -> str:
        return f"Between({self.low!r}, {self.high!r})"


def _is_time(end: Any) -> bool:
    return isinstance(end, datetime.datetime)


def _bound(end: int | float | datetime.date, type: str) -> str:
    """An end of a range as SQL has it: of a date's or a time's own type, a number as it is."""
    return f"CAST({quote(end.isoformat())} AS {type})" if isinstance(end, datetime.date) else literal(end)


def _end(end: Bound) -> str:
    return "any" if end is None else end.isoformat() if isinstance(end, datetime.date) else f"{end:g}"


def _holds(low: Bound, high: Bound) -> bool:
    """Whether low <= high, where an open end is below and above everything and a date has no order with a number."""
    if low is None or high is None:
        return True
    return not isinstance(low, datetime.date) and not isinstance(high, datetime.date) and low <= high


@dataclass(frozen=True, slots=True)
class Pattern(Mark):
    """The whole text matches this regular expression (RE2)."""

    of_items = True
    regex: str
    severity: Severity = "error"

    def __post_init__(self) -> None:
        _one_of("Pattern", "severity", self.severity, get_args(Severity))
        _text("Pattern", self.regex)
        if fault := _re2(self.regex):
            raise ValueError(f"Pattern({self.regex!r}): {fault}")

    @property
    def subject(self) -> str:
        return "a text"

    def test(self, value: str, type: str) -> Test:
        return Test("pattern", f"regexp_full_match({value}, {quote(self.regex)})", self.severity)

    @property
    def promise(self) -> str:
        return f"matches {self.regex}{_warns(self.severity)}"


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
class OneOf(Mark):
    """The value is one of these: texts, or whole numbers."""

    of_items = True
    values: tuple[str | int, ...]
    severity: Severity = "error"

    def __init__(self, *values: str | int, severity: Severity = "error"):
        _one_of("OneOf", "severity", severity, get_args(Severity))
        if not values or len({type(value) for value in values}) > 1 or type(values[0]) not in (str, int, bool):
            raise ValueError(f"OneOf{values!r}: its values are texts, or whole numbers, and at least one")
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "severity", severity)

    @property
    def subject(self) -> str:
        return "a text" if isinstance(self.values[0], str) else "a whole number"

    def test(self, value: str, type: str) -> Test:
        return Test("one of", f"{value} IN ({', '.join(map(literal, self.values))})", self.severity)

    @property
    def promise(self) -> str:
        return "one of " + ", ".join(map(str, self.values)) + _warns(self.severity)


@dataclass(frozen=True, slots=True)
class References(Mark):
    """Each value stands in that column: "core.pathways.pathway_id"."""

    of_items = True
    column: str
    severity: Severity = "error"

    def __post_init__(self) -> None:
        _one_of("References", "severity", self.severity, get_args(Severity))
        if str(self.column).count(".") != 2 or not all(str(self.column).split(".")):
            raise ValueError(f"References({self.column!r}): a column is layer.table.column")


@dataclass(frozen=True, slots=True)
class Normalise(Mark):
    """How training scales the column, measured on the split "train" alone: see docs/training.md.

    "standard": (x - mean) / standard deviation; "robust": (x - median) / (quartile distance / 1.349); "log": "standard"
    of log10(x), where x <= 0 is not known.
    """

    once = True
    method: Method

    def __post_init__(self) -> None:
        _one_of("Normalise", "its method", self.method, get_args(Method))

    @property
    def subject(self) -> str:
        return "a number"

    @property
    def promise(self) -> str:
        return f"normalised: {self.method}"


@dataclass(frozen=True, slots=True)
class Impute(Mark):
    """A cell that is not known gets the median of the known cells of the split "train"; its mask says so still.

    Without this mark it is 0 and masked. A column that is not ``| None`` has no such cell: its build is refused.
    """

    once = True

    @property
    def subject(self) -> str:
        return "a number"

    @property
    def promise(self) -> str:
        return "imputed by the median"


@dataclass(frozen=True, slots=True)
class Split(Mark):
    """The split is a function of another column of the row: rows of one group are in one split.

        split: Annotated[str, Split("star", train=80, validation=10, test=10)]

    Of each row u = md5(salt || group), its first 8 hex digits as a number, modulo 100; the shares, in percent and in
    their order, cut 0 to 99. The macro split_of(group) is this with the salt "split:" and these shares.
    """

    once = True
    by: str
    shares: tuple[tuple[str, int], ...]
    salt: str = "split:"

    def __init__(self, by: str, *, salt: str = "split:", **shares: int):
        if sum(shares.values()) != 100 or not all(isinstance(share, int) and share > 0 for share in shares.values()):
            raise ValueError(f"Split({by!r}): its shares are {shares}, and not whole percents of 100 together")
        object.__setattr__(self, "by", by)
        object.__setattr__(self, "salt", salt)
        object.__setattr__(self, "shares", tuple(shares.items()))

    @property
    def subject(self) -> str:
        return "a text"

    def test(self, value: str, type: str) -> Test:
        """The split is the one that its group's hash gives; a row without a group has none."""
        hashed = f"CAST('0x' || left(md5({quote(self.salt)} || {name(self.by)}), 8) AS UBIGINT) % 100"
        cases, below = "", 0
        for split, share in self.shares:
            below += share
            cases += f" WHEN {hashed} < {below} THEN {quote(split)}"
        return Test(f"by {self.by}", f"{name(self.by)} IS NOT NULL AND {value} = CASE{cases} END")

    @property
    def promise(self) -> str:
        return f"split by {self.by}: " + ", ".join(f"{split} {share} %" for split, share in self.shares)


@dataclass(frozen=True, slots=True)
class SqlType(Mark):
    """The column's SQL type, where it is not the usual one of its Python type (float -> DOUBLE, int -> BIGINT)."""

    once = True
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
        raise ValueError(f"SqlType({type!r}): DuckDB has no such type") from None


@dataclass(frozen=True, slots=True)
class DateFormat(Mark):
    """How a seed's file writes the column's dates or times, as strptime has it: "%d/%m/%Y". ISO 8601 needs no mark."""

    once = True
    format: str

    def __post_init__(self) -> None:
        _text("DateFormat", self.format)
        if not {"%d", "%m", "%Y"} <= set(re.findall(r"%[a-zA-Z]", self.format)):
            raise ValueError(f"DateFormat({self.format!r}): it has %d, %m and %Y, for instance '%d/%m/%Y'")

    @property
    def subject(self) -> str:
        return "a date"


@dataclass(frozen=True, slots=True)
class Finite(Mark):
    """The number is neither NaN nor infinite: of every FLOAT and DOUBLE, without being written."""

    def test(self, value: str, type: str) -> Test:
        return Test("finite", f"isfinite({value})")

    def proven(self, low: float, high: float, type: str) -> bool:
        return True


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


ALL: tuple[type[Mark], ...] = (
    *(Between, DateFormat, Impute, Normalise, OneOf, Pattern, References, Split, SqlType, Term, Unit),
)


def misfit(marks: Iterable[Any], sql: str) -> str:
    """Why marks cannot be of a column of this SQL type; nothing, where they can.

    >>> misfit([Between(0, 1)], "VARCHAR")
    'Between(0, 1) is of a number, and the column is VARCHAR'
    >>> misfit([Between(0, 1), Unit("K")], "DOUBLE[]")
    ''
    """
    marks = list(marks)
    for kind in ALL:
        if kind.once and sum(isinstance(mark, kind) for mark in marks) > 1:
            return f"{kind.__name__} is given twice"
    for mark in marks:
        if not isinstance(mark, ALL):
            return f"{mark!r} is not a mark of lake.contract: it would not be checked"
        type = sql.rstrip("[]") if mark.of_items else sql
        if mark.subject and not _is(mark.subject, type):
            return f"{mark} is of {mark.subject}, and the column is {sql}"
    return ""


def _is(subject: str, type: str) -> bool:
    kinds = {
        "a text": type == "VARCHAR",
        "a whole number": type in (*_WHOLE, "BOOLEAN"),
        "a number": type in (*_WHOLE, "FLOAT", "DOUBLE", "HUGEINT") or type.startswith("DECIMAL"),
        "a date": type in _DATES,
    }
    return any(kinds[kind] for kind in subject.split(" or "))
