"""What differs between two versions of a table: columns, rows by key, values by column, distributions."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lake import progress
from lake.build import graph, plan, row_identity, workspace
from lake.build.workspace import Columns
from lake.config import Config
from lake.errors import ConfigError
from lake.store import catalog, metadata, tags
from lake.store.sql import literal, name, scalar, single_row

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

BINS = 24
EXAMPLES = 5
_NUMBERS = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UHUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "FLOAT",
    "DOUBLE",
    "DECIMAL",
)
_ENGINE = ("ops", "quality")  # tables that the engine writes of itself


@dataclass(frozen=True, slots=True)
class Moved:
    """A numeric column whose distribution changed. ``before`` and ``after`` count the finite values of each bin.

    ``edges`` has one more, evenly spaced between the least and the greatest of both; by their logarithm where ``log``.
    """

    column: str
    mean: tuple[float | None, float | None]
    median: tuple[float | None, float | None]
    nulls: tuple[int, int]
    edges: list[float]
    before: list[int]
    after: list[int]
    log: bool

    def __str__(self) -> str:
        def arrow(pair: Sequence[Any], form: str) -> str:
            return " -> ".join("-" if value is None else format(value, form) for value in pair)

        scale = f"{self.edges[0]:.4g} .. {self.edges[-1]:.4g}{' (log)' if self.log else ''}" if self.edges else ""
        facts = f"median {arrow(self.median, '.6g')}, mean {arrow(self.mean, '.6g')}, nulls {arrow(self.nulls, ',')}"
        bars = f"\n      before {sparkline(self.before)}  {scale}\n      after  {sparkline(self.after)}"
        return f"    {self.column}: {facts}{bars if self.edges else ''}"


@dataclass(slots=True)
class TableDiff:
    """How a table differs. Rows are matched by their key; without one, as a whole, and none is "changed"."""

    table: str
    rows: tuple[int, int]
    key: tuple[str, ...] = ()
    columns_added: dict[str, str] = field(default_factory=dict)  # name -> type
    columns_removed: dict[str, str] = field(default_factory=dict)
    columns_retyped: dict[str, tuple[str, str]] = field(default_factory=dict)
    added: int = 0
    removed: int = 0
    changed: int = 0
    by_column: dict[str, int] = field(default_factory=dict)  # changed values
    examples: list[dict[str, Any]] = field(default_factory=list)  # key, column, before, after
    moved: list[Moved] = field(default_factory=list)

    as_dict = asdict

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        schema = self.columns_added or self.columns_removed or self.columns_retyped
        return not (schema or self.added or self.removed or self.changed)

    def __str__(self) -> str:
        if self.same:
            return f"{self.table}: the same, {self.rows[1]:,} rows"
        counts = f"+{self.added:,} -{self.removed:,}" + (f" ~{self.changed:,}" if self.key else "")
        lines = [f"{self.table}: {self.rows[0]:,} -> {self.rows[1]:,} rows ({counts})"]
        lines += [f"    column {column} {type} is new" for column, type in self.columns_added.items()]
        lines += [f"    column {column} {type} was removed" for column, type in self.columns_removed.items()]
        lines += [f"    column {column} was {a}, is {b}" for column, (a, b) in self.columns_retyped.items()]
        if self.by_column:
            counted = sorted(self.by_column.items(), key=lambda item: -item[1])
            lines.append("    changed values: " + ", ".join(f"{column} {n:,}" for column, n in counted))
        for row in self.examples:
            where = ", ".join(f"{column} {value}" for column, value in row["key"].items())
            lines.append(f"      {where}: {row['column']} {row['before']} -> {row['after']}")
        return "\n".join([*lines, *map(str, self.moved)])


def sparkline(counts: Sequence[int]) -> str:
    """Counts as bars, the highest as high as a letter.

    >>> sparkline([0, 1, 4, 8])
    ' ▁▄█'
    """
    top = max(counts, default=0) or 1
    return "".join(" ▁▂▃▄▅▆▇█"[math.ceil(8 * count / top)] for count in counts)


def compare(
    connection: DuckDBPyConnection, before: str | None, after: str | None, key: Sequence[str] = (), *, table: str
) -> TableDiff:
    """Compare two relations, named as SQL does; None stands for one that is not there.

    Values are the same where their bits are: NULL is NULL, 0.0 is not -0.0. Where a column's type changed, its old
    values are cast to the new type first; one that this loses has changed.
    """
    types = [_types(connection, side) for side in (before, after)]
    rows = (_count(connection, before), _count(connection, after))
    difference = TableDiff(table, rows)
    if before is None or after is None:
        difference.columns_added, difference.columns_removed = types[1], types[0]
        difference.added, difference.removed = rows[1], rows[0]
        return difference
    difference.columns_added = {c: t for c, t in types[1].items() if c not in types[0]}
    difference.columns_removed = {c: t for c, t in types[0].items() if c not in types[1]}
    both = [c for c in types[1] if c in types[0]]
    difference.columns_retyped = {c: (types[0][c], types[1][c]) for c in both if types[0][c] != types[1][c]}
    retyped = {c: _retyped(connection, c, *pair) for c, pair in difference.columns_retyped.items()}
    old = [f"{retyped[c][0]} AS {name(c)}" if c in retyped else name(c) for c in both]
    lost = {c: f"_lost{i}" for i, c in enumerate(retyped)}  # whether the cast lost the value
    old += [f"{retyped[c][1]} AS {mark}" for c, mark in lost.items()]
    new = [*map(name, both), *(f"false AS {mark}" for mark in lost.values())]
    sides = [f"SELECT {', '.join(old)} FROM {before}", f"SELECT {', '.join(new)} FROM {after}"]
    kinds = {c: types[1][c] for c in both}

    def exact(column: str, of: str = "") -> list[str]:
        marks = [of + lost[column]] if column in lost else []
        return row_identity.exact(of + name(column), kinds[column]) + marks

    if key and set(key) <= set(both) and all(_unique(connection, side, key, exact) for side in sides):
        difference.key = tuple(key)
        _by_key(connection, sides, difference, [c for c in both if c not in key], exact)
    else:
        bits = ", ".join(expression for c in both for expression in exact(c)) or "1"
        a, b = (f"SELECT {bits} FROM ({side})" for side in sides)
        difference.added, difference.removed = (
            scalar(connection, f"SELECT count(*) FROM ({one} EXCEPT ALL {other})") for one, other in ((b, a), (a, b))
        )
    touched = set(both) if difference.added or difference.removed else set(difference.by_column)
    for column in both:
        if column in touched and _number(kinds[column]) and not _names(column, difference.key):
            moved = _moved(connection, sides, column)
            difference.moved += [moved] if moved else []
    return difference


def _number(type: str) -> bool:
    return type.partition("(")[0] in _NUMBERS and not type.endswith("]")


def _retyped(connection: DuckDBPyConnection, column: str, old: str, new: str) -> tuple[str, str]:
    """A column's old values in its new type, and whether that loses a value: text that is not a number, digits."""
    import duckdb

    value, cast = name(column), f"TRY_CAST({name(column)} AS {new})"
    try:
        connection.execute(f"SELECT TRY_CAST(CAST(NULL AS {old}) AS {new})")
    except duckdb.Error:  # no such cast
        return f"CAST(NULL AS {new})", f"{value} IS NOT NULL"
    lost = f"{cast} IS NULL AND {value} IS NOT NULL"
    if _number(old) and _number(new):
        lost = f"TRY_CAST({cast} AS {old}) IS DISTINCT FROM {value}"
    return cast, lost


def _names(column: str, key: Sequence[str]) -> bool:
    """Whether a number is a name: the distribution of names means nothing."""
    return column in key or column.endswith(("_key", "_id"))


def _types(connection: DuckDBPyConnection, relation: str | None) -> dict[str, str]:
    if relation is None:
        return {}
    return {row[0]: row[1] for row in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}


def _count(connection: DuckDBPyConnection, relation: str | None) -> int:
    return scalar(connection, f"SELECT count(*) FROM {relation}") if relation else 0


Exact = Callable[..., list[str]]  # of a column, and of the relation that it is in: what distinguishes its values


def _unique(connection: DuckDBPyConnection, select: str, key: Sequence[str], exact: Exact) -> bool:
    listed = ", ".join(expression for column in key for expression in exact(column))
    distinct = f"SELECT count(*) FROM (SELECT DISTINCT {listed} FROM ({select}))"
    return bool(scalar(connection, f"SELECT count(*) = ({distinct}) FROM ({select})"))


def _by_key(
    connection: DuckDBPyConnection, sides: Sequence[str], difference: TableDiff, columns: list[str], exact: Exact
) -> None:
    def pairs(column: str) -> Iterable[tuple[str, str]]:
        return zip(exact(column, "b."), exact(column, "a."), strict=True)

    on = " AND ".join(f"{b} IS NOT DISTINCT FROM {a}" for c in difference.key for b, a in pairs(c))
    joined = f"""FROM (SELECT *, true AS "_here" FROM ({sides[0]})) b
                 FULL JOIN (SELECT *, true AS "_here" FROM ({sides[1]})) a ON {on}"""
    both = 'b."_here" AND a."_here"'
    differs = {c: f"({both} AND ({' OR '.join(f'{b} IS DISTINCT FROM {a}' for b, a in pairs(c))}))" for c in columns}
    counts = [f'count_if({test}) AS "{i}"' for i, test in enumerate(differs.values())]
    any_differs = " OR ".join(differs.values()) or "false"
    fixed = ['count_if(b."_here" IS NULL)', 'count_if(a."_here" IS NULL)', f"count_if({any_differs})"]
    difference.added, difference.removed, difference.changed, *each = single_row(
        connection, f"SELECT {', '.join([*fixed, *counts])} {joined}"
    )
    difference.by_column = {c: n for c, n in zip(columns, each, strict=True) if n}
    listed = ", ".join(f"b.{name(c)}" for c in difference.key)
    for column in sorted(difference.by_column, key=lambda c: -difference.by_column[c])[:EXAMPLES]:
        rows = connection.execute(
            f"SELECT b.{name(column)}, a.{name(column)}, {listed} {joined} WHERE {differs[column]} ORDER BY ALL LIMIT 1"
        ).fetchall()
        difference.examples += [
            {
                "key": dict(zip(difference.key, row[2:], strict=True)),
                "column": column,
                "before": row[0],
                "after": row[1],
            }
            for row in rows
        ]


_FACTS = "avg(x), median(x), stddev_pop(x), count(*) - count(x), count(x)"


def _moved(connection: DuckDBPyConnection, sides: Sequence[str], column: str) -> Moved | None:
    """How the column's values are distributed now and before; None where every figure is the same."""
    value = f"CAST({name(column)} AS DOUBLE)"
    finite = f"CASE WHEN isfinite({value}) THEN {value} END"
    ends = [single_row(connection, f"SELECT min({finite}), max({finite}) FROM ({side})") for side in sides]
    numbers = [end for pair in ends for end in pair if end is not None]
    scale = _scale(numbers)  # of two, so that nothing is rounded; without it a square of 1e300 overflows
    x = f"({finite} / {literal(scale)})"
    facts = [
        (*pair, *single_row(connection, f"SELECT {_FACTS} FROM (SELECT {x} AS x FROM ({side}))"))
        for pair, side in zip(ends, sides, strict=True)
    ]
    if all(_near(a, b) for a, b in zip(*facts, strict=True)):
        return None
    edges: list[float] = []
    counts: list[list[int]] = [[], []]
    log = False
    if numbers and (low := min(numbers)) < (high := max(numbers)):
        log = low > 0 and high / low > 1e3
        a, b = (math.log10(low), math.log10(high)) if log else (low / scale, high / scale)
        steps = [a + (b - a) * i / BINS for i in range(1, BINS)]
        edges = [low, *(10**step if log else step * scale for step in steps), high]
        counts = [_binned(connection, side, f"log10({finite})" if log else x, a, b) for side in sides]

    def pair(index: int, by: float = 1) -> tuple[Any, Any]:
        before, after = (None if fact[index] is None else fact[index] * by for fact in facts)
        return before, after

    return Moved(column, pair(2, scale), pair(3, scale), pair(5), edges, counts[0], counts[1], log)


def _scale(numbers: Iterable[float]) -> float:
    """A power of two near the greatest of the numbers; 1 where they are within what may be squared."""
    _, exponent = math.frexp(max(map(abs, numbers), default=0.0))
    return math.ldexp(1.0, min(exponent, 1023)) if abs(exponent) > 400 else 1.0


def _near(a: float | None, b: float | None) -> bool:
    return a == b if a is None or b is None else math.isclose(a, b, rel_tol=1e-12)


def _binned(connection: DuckDBPyConnection, side: str, x: str, low: float, high: float) -> list[int]:
    part = f"({x} - {literal(low)}) / {literal(high - low)}"
    bin = f"least({BINS - 1}, CAST(floor({part} * {BINS}) AS INTEGER))"
    placed = f"SELECT greatest(0, {bin}) AS place FROM ({side}) WHERE {x} IS NOT NULL"
    counted = dict(connection.execute(f"SELECT place, count(*) FROM ({placed}) GROUP BY 1").fetchall())
    return [counted.get(i, 0) for i in range(BINS)]


def snapshots(config: Config, a: str | int, b: str | int, tables: Iterable[str] = ()) -> list[TableDiff]:
    """The tables that differ between two published snapshots, given by number or tag; or those that are asked for.

    The rows of models are matched by their contract's key, as the project has it now; those of raw tables as a
    whole, whichever blob they come from. What the engine writes of itself (ops, quality) is compared when asked for.

    Raises:
        ConfigError: no such snapshot; neither of them has such a table.
    """
    with catalog.session(config) as connection:
        sides = [_Side.of(config, connection, tags.resolve(connection, which)) for which in (a, b)]
    everything = sides[0].files.keys() | sides[1].files.keys()
    chosen = set(tables)
    models = graph.load(config).models
    for table in chosen - everything:
        if table in models and models[table].contract.materialized == "view":
            next = f"lake diff {a} {b} {' '.join(models[table].inputs)}"
            raise ConfigError(f"{table} is a view: it is computed from what it reads", next=next)
        similar = difflib.get_close_matches(table, everything, 1)
        why = f"did you mean {similar[0]}?" if similar else ""
        raise ConfigError(f"neither snapshot has a table {table}", why=why, next=f"lake diff {a} {b}")
    if not chosen:
        chosen = {
            t
            for t in everything
            if t.partition(".")[0] not in _ENGINE and sides[0].content_key(t) != sides[1].content_key(t)
        }
    keys = {table: model.contract.key for table, model in models.items()}
    with workspace.scratch(config) as reader, progress.bar("diff", total=len(chosen)) as advance:
        differences = []
        for table in sorted(chosen):
            advance(0, note=table)
            before, after = (side.select(table) for side in sides)
            differences.append(compare(reader, before, after, keys.get(table, ()), table=table))
            advance()
    return [difference for difference in differences if tables or not difference.same]


@dataclass(frozen=True, slots=True)
class _Side:
    """A snapshot's tables: files, columns, and the names of what they hold."""

    data: Path
    files: Mapping[str, list[str]]
    columns: Mapping[str, Columns]
    content: Mapping[str, str]

    @classmethod
    def of(cls, config: Config, connection: DuckDBPyConnection, number: int) -> _Side:
        columns = {
            t: [(c, type) for c, type, _ in listed] for t, listed in metadata.columns(connection, number).items()
        }
        content = {row["table_name"]: row["content"] for row in plan.provenance(connection, number)}
        return cls(config.data, metadata.tables(connection, number), columns, content)

    def content_key(self, table: str) -> Any:
        """Something that is the same only if the table's rows and columns are."""
        return table in self.files and (self.content.get(table) or self.files[table], self.columns[table])

    def select(self, table: str) -> str | None:
        """The table as a subquery; None where there is none."""
        if table not in self.files:
            return None
        columns = [
            (c, t) for c, t in self.columns[table] if not (table.startswith("raw.") and c in ("_blob", "_record"))
        ]
        return f"({workspace.selected([self.data / file for file in self.files[table]], columns)})"
