"""What crosses the splits of a snapshot, or tells a target without learning: see docs/splits.md.

Each rule is a function from a snapshot to the leaks that it finds; all but `tells` are SQL alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import numpy as np

from lake.contract import Contract, References, Split
from lake.errors import ConfigError
from lake.store.sql import name

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

    from lake.config import Allow

RUNS, KEY = "core.planet_runs", "planet_run_key"
EXAMPLES = 3
SAMPLE = 100_000  # rows that `tells` measures on
ENOUGH = 50  # rows below which nothing is told by chance alone
TOLD = 0.9  # of the target's variance in ranks, or of the errors that guessing the commonest class makes
ARCSECONDS = 5  # within which two entries of a sky position are one
ALIKE = 4  # known numbers that two rows have to share, to 4 significant digits
_NUMBER = re.compile(r"U?(TINYINT|SMALLINT|INTEGER|BIGINT)|FLOAT|DOUBLE|DECIMAL\(.*\)")
_FRACTION = ("FLOAT", "DOUBLE")
_NAMES_ROWS = re.compile(r"(^|_)(id|key|index|number|row)$")
_MEASURES = re.compile(r"(^|_)(quality|score|disposition|completeness|contamination|validity|solutions|flag)(_|$)")


@dataclass(frozen=True, slots=True)
class Leak:
    rule: str
    where: str
    """What it is about: a table, a column, or two."""
    what: str
    count: int  # rows, groups or pairs
    examples: tuple[str, ...] = ()
    query: str = ""  # what shows them

    @property
    def name(self) -> str:
        """What lake.toml waives it by."""
        return f"{self.rule}:{self.where}"

    def as_dict(self) -> dict[str, Any]:
        return {
            "leak": self.name,
            "rule": self.rule,
            "where": self.where,
            "what": self.what,
            "why": RULES[self.rule].why,
            "count": self.count,
            "examples": list(self.examples),
            "query": self.query,
        }


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the rules look at."""

    connection: duckdb.DuckDBPyConnection
    contracts: Mapping[str, Contract]
    targets: tuple[str, ...]
    columns: Mapping[str, Mapping[str, str]]  # table -> column -> SQL type
    features: tuple[str, ...]  # tables of one row a planet-run

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query).fetchall()


def find(
    connection: duckdb.DuckDBPyConnection,
    contracts: Mapping[str, Contract],
    targets: Sequence[str] = (),
    advance: Callable[..., None] = lambda n=1, note="": None,
) -> list[Leak]:
    """Every leak of an open snapshot, by rule.

    Args:
        connection: as ``lake.open(...).connection``.
        contracts: the project's, by table.
        targets: columns such as "features.planet_params.radius", for the rule `tells`.
        advance: is told of each rule that was applied.

    Raises:
        ConfigError: there are no splits, or no such target.
    """
    columns: dict[str, dict[str, str]] = {}
    for table, column, type in connection.execute(
        "SELECT schema_name || '.' || table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE database_name = 'lake' AND NOT internal ORDER BY column_index"
    ).fetchall():
        columns.setdefault(table, {})[column] = type
    if not {KEY, "split"} <= columns.get(RUNS, {}).keys():
        raise ConfigError(
            f"this snapshot has no splits: no {RUNS} with {KEY} and split",
            why="leaks are what crosses the splits that models are trained and tested on",
            next="docs/splits.md says how a project gives them",
        )
    for target in targets:
        table, _, column = target.rpartition(".")
        if column not in columns.get(table, {}) or KEY not in columns[table]:
            raise ConfigError(
                f"there is no target {target!r} at this snapshot",
                why=f"it is a column of a table with {KEY}: schema.table.column",
                next="lake sql \"SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'features'\"",
            )
    there = Snapshot(connection, contracts, tuple(targets), columns, tuple(_features(connection, columns)))
    found: list[Leak] = []
    for title, rule in RULES.items():
        found += rule.find(there)
        advance(1, note=title)
    return found


def _features(connection: duckdb.DuckDBPyConnection, columns: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    for table, types in columns.items():
        if table.startswith("features.") and KEY in types:
            repeated = connection.execute(f"SELECT count(*) - count(DISTINCT {KEY}) FROM {table}").fetchone()[0]
            if not repeated:
                yield table


def judge(found: Iterable[Leak], allowed: Iterable[Allow]) -> tuple[list[Leak], list[tuple[Leak, Allow]], list[Allow]]:
    """Leaks that stand, those that are waived with what waives them, and waivers that nothing meets."""
    allowed = list(allowed)
    stands, waived, met = [], [], set()
    for leak in found:
        waiver = next((one for one in allowed if fnmatchcase(leak.name, one.leak)), None)
        if waiver:
            waived.append((leak, waiver))
            met.add(waiver.leak)
        else:
            stands.append(leak)
    return stands, waived, [one for one in allowed if one.leak not in met]


# Across splits


def _groups(there: Snapshot) -> Iterator[tuple[str, str]]:
    """What each table's split is a function of, as SQL with what it is called."""
    for table, contract in there.contracts.items():
        for column in contract.columns:
            for mark in column.marks:
                if isinstance(mark, Split) and mark.by in there.columns.get(table, {}):
                    yield table, mark.by
    if "star" in there.columns[RUNS]:
        yield RUNS, "star"


def _parted(there: Snapshot) -> Iterator[Leak]:
    for table, group in dict.fromkeys(_groups(there)):
        query = (
            f"SELECT {_plain(group)} AS named, list(DISTINCT split ORDER BY split) AS splits, count(*) AS planet_runs "
            f"FROM {table} GROUP BY 1 HAVING count(DISTINCT split) > 1 ORDER BY 1"
        )
        if rows := there.rows(query):
            told = tuple(f"{named}: {', '.join(splits)}" for named, splits, _ in rows[:EXAMPLES])
            yield Leak("parted", f"{table}.{group}", f"one {group} is in several splits", len(rows), told, query)


def _plain(column: str) -> str:
    """A name without case, spaces and signs: "TRAPPIST-1 e" and "trappist1e" are one."""
    return f"regexp_replace(lower({name(column)}), '[^a-z0-9]', '', 'g')"


def _twin(there: Snapshot) -> Iterator[Leak]:
    if "planet" in there.columns[RUNS]:
        query = (
            f"SELECT {_plain('planet')} AS named, list(DISTINCT planet ORDER BY planet) AS planets "
            f"FROM {RUNS} GROUP BY 1 HAVING count(DISTINCT split) > 1 ORDER BY 1"
        )
        if rows := there.rows(query):
            told = tuple(" = ".join(planets) for _, planets in rows[:EXAMPLES])
            yield Leak("twin", f"{RUNS}.planet", "a planet has names in several splits", len(rows), told, query)
    yield from _same_place(there)


def _same_place(there: Snapshot) -> Iterator[Leak]:
    """Planets at one place of the sky with one period, under two names."""
    place = {"planet", "right_ascension", "declination"}
    if not place <= there.columns.get("core.planets", {}).keys():
        return
    if "orbital_period" not in there.columns.get("features.planet_params", {}) or "planet" not in there.columns[RUNS]:
        return
    query = f"""
        WITH p AS (
            SELECT DISTINCT r.planet, r.split, c.right_ascension AS ra, c.declination AS de, f.orbital_period AS period,
                   CAST(floor(c.declination * 3600 / {ARCSECONDS}) AS BIGINT) AS band
            FROM {RUNS} AS r JOIN core.planets AS c USING (planet) JOIN features.planet_params AS f USING ({KEY})
            WHERE f.orbital_period > 0 AND c.right_ascension IS NOT NULL AND c.declination IS NOT NULL
        )
        SELECT a.planet, b.planet AS other, a.split, b.split AS other_split
        FROM p AS a JOIN (SELECT *, unnest([band - 1, band, band + 1]) AS near FROM p) AS b ON a.band = b.near
        WHERE a.planet < b.planet AND a.split <> b.split AND abs(a.period / b.period - 1) < 0.001
          AND abs(a.de - b.de) * 3600 < {ARCSECONDS}
          AND abs(a.ra - b.ra) * cos(radians(a.de)) * 3600 < {ARCSECONDS}
        ORDER BY 1, 2"""
    if rows := there.rows(query):
        told = tuple(f"{one} ({split}) = {other} ({its})" for one, other, split, its in rows[:EXAMPLES])
        what = f"planets of one place (within {ARCSECONDS} arcsec) and one period (within 0.1 %) are in several splits"
        yield Leak("twin", "core.planets", what, len(rows), told, query)


def _near_duplicate(there: Snapshot) -> Iterator[Leak]:
    for table in there.features:
        cells = [name(column) for column, type in there.columns[table].items() if type in _FRACTION]
        if len(cells) < ALIKE:
            continue
        rounded = ", ".join(f"coalesce(printf('%.3e', CAST({cell} AS DOUBLE)), '')" for cell in cells)
        known = " + ".join(f"({cell} IS NOT NULL)::INTEGER" for cell in cells)
        query = f"""
            SELECT list({KEY} ORDER BY {KEY})[:4] AS planet_runs, list(DISTINCT split) AS splits, count(*) AS number
            FROM (SELECT {KEY}, md5(concat_ws('|', {rounded})) AS numbers FROM {table} WHERE {known} >= {ALIKE})
            JOIN {RUNS} USING ({KEY}) GROUP BY numbers HAVING count(DISTINCT split) > 1 ORDER BY 1"""
        if rows := there.rows(query):
            told = tuple(f"planet_run_key {', '.join(map(str, keys))}" for keys, _, _ in rows[:EXAMPLES])
            what = f"rows of several splits have the same numbers, to 4 digits in all that is known ({ALIKE} or more)"
            yield Leak("near_duplicate", table, what, sum(row[2] for row in rows), told, query)


# Among the features


def _numbers(there: Snapshot, table: str) -> Iterator[str]:
    yield from (column for column, type in there.columns[table].items() if column != KEY and _NUMBER.fullmatch(type))


def _identifier(there: Snapshot) -> Iterator[Leak]:
    for table in there.features:
        whole = [c for c in _numbers(there, table) if there.columns[table][c] not in _FRACTION]
        contract = there.contracts.get(table)
        refers = (
            {c.name for c in contract.columns if any(isinstance(m, References) for m in c.marks)} if contract else set()
        )
        asked = ", ".join(f"count(DISTINCT {name(c)}), max({name(c)}) - min({name(c)})" for c in whole)
        rows, *found = there.rows(f"SELECT count(*){', ' if asked else ''}{asked} FROM {table}")[0]
        for place, column in enumerate(whole):
            distinct, width = found[2 * place : 2 * place + 2]
            counts = rows >= ENOUGH and distinct == rows and width is not None and width < 4 * rows
            if column in refers or _NAMES_ROWS.search(column) or counts:
                why = "every row has its own" if counts else "it names something"
                yield Leak("identifier", f"{table}.{column}", f"a feature is an identifier: {why}", distinct)


def _quality(there: Snapshot) -> Iterator[Leak]:
    for table in there.features:
        for column in _numbers(there, table):
            if _MEASURES.search(column):
                yield Leak("quality", f"{table}.{column}", "a feature says how good or how known the rest is", 1)


# What tells a target


def _tells(there: Snapshot) -> Iterator[Leak]:
    for target in there.targets:
        place, _, column = target.rpartition(".")
        for table in there.features:
            others = [c for c in _numbers(there, table) if (table, c) != (place, column)]
            if not others:
                continue
            query = _sampled(there, table, others, place, column)
            found = there.connection.execute(query).fetchnumpy()
            wanted = found.pop("_target")
            for other in others:
                told, rows = measure(*_known(found[other]), wanted)
                if told >= TOLD:
                    what = f"{table}.{other} alone tells {target}: {told:.1%} of it, over {rows:,} rows"
                    yield Leak(
                        "tells", f"{target} by {table}.{other}", what, rows, query=_pair(table, other, place, column)
                    )


def _sampled(there: Snapshot, table: str, others: Sequence[str], place: str, column: str) -> str:
    """The train split's rows with a target; a part of them that the keys decide, where there are many."""
    rows = there.rows(f"SELECT count(*) FROM {table}")[0][0]
    part = -(-rows // SAMPLE)
    cells = ", ".join(f"CAST(f.{name(c)} AS DOUBLE) AS {name(c)}" for c in others)
    return f"""
        SELECT {cells}, t.{name(column)} AS _target
        FROM {table} AS f JOIN {place} AS t USING ({KEY}) JOIN {RUNS} AS r USING ({KEY})
        WHERE r.split = 'train' AND t.{name(column)} IS NOT NULL AND {KEY} % {part} = 0 ORDER BY {KEY}"""


def _pair(table: str, other: str, place: str, column: str) -> str:
    cells = f"f.{name(other)}, t.{name(column)}"
    return (
        f"SELECT {cells} FROM {table} AS f JOIN {place} AS t USING ({KEY}) WHERE f.{name(other)} IS NOT NULL LIMIT 20"
    )


def _known(values: Any) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    plain = np.ma.filled(np.ma.asarray(values, dtype=np.float64), np.nan)
    return plain, np.isfinite(plain)


def measure(values: NDArray[np.float64], known: NDArray[np.bool_], target: Any) -> tuple[float, int]:
    """How much of a target a column tells alone, in [0, 1], and over how many rows.

    The rows are sorted by the column and cut into about sqrt(n) runs of equal length. Of a number: the share of the
    variance of its ranks that the runs explain, less what as many runs of random rows would (adjusted R squared; ranks,
    so that any monotone function counts, and runs, so that any smooth one does). Of a text or truth value: the share of
    the errors of always guessing the commonest that guessing each run's commonest does not make (Goodman and Kruskal
    1954, lambda, doi:10.1080/01621459.1954.10501231).
    """
    target = np.ma.asarray(target)
    numeric = target.dtype.kind in "iuf"
    seen = known & ~np.ma.getmaskarray(target)
    if numeric:
        seen &= np.isfinite(np.ma.filled(target.astype(np.float64), np.nan))
    rows = int(seen.sum())
    if rows < ENOUGH:
        return 0.0, rows
    groups = _runs(values[seen])
    codes = np.unique(np.asarray(target[seen]), return_inverse=True)[1]
    return (_explained(codes, groups) if numeric else _guessed(codes, groups)), rows


def _runs(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Which run each row is in; rows of one value are in one."""
    ordered = np.sort(values)
    first = np.searchsorted(ordered, values)
    number = max(2, int(len(values) ** 0.5))
    return np.unique(first * number // len(values), return_inverse=True)[1]


def _explained(codes: NDArray[np.int64], groups: NDArray[np.int64]) -> float:
    counts = np.bincount(codes)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[codes]
    total = ((rank - rank.mean()) ** 2).sum()
    sizes, sums = np.bincount(groups), np.bincount(groups, rank)
    within = ((rank - (sums / sizes)[groups]) ** 2).sum()
    free = len(rank) - len(sizes)
    return 0.0 if not total or free <= 0 else max(0.0, 1 - within / free * (len(rank) - 1) / total)


def _guessed(codes: NDArray[np.int64], groups: NDArray[np.int64]) -> float:
    commonest = np.bincount(codes).max()
    if commonest == len(codes):
        return 0.0
    pairs, counts = np.unique(groups * (codes.max() + 1) + codes, return_counts=True)
    right = np.zeros(groups.max() + 1, np.int64)
    np.maximum.at(right, pairs // (codes.max() + 1), counts)
    return float((right.sum() - commonest) / (len(codes) - commonest))


@dataclass(frozen=True, slots=True)
class Rule:
    find: Callable[[Snapshot], Iterable[Leak]]
    why: str


RULES = {
    "parted": Rule(
        _parted, "what is alike for all of a group (a star's planets) is learnt in one split, asked in another"
    ),
    "twin": Rule(_twin, "a planet that is trained on is asked for again under another name"),
    "near_duplicate": Rule(_near_duplicate, "a model that remembers rows seems to have learnt"),
    "identifier": Rule(_identifier, "a model can look rows up by it, and it means nothing for a new one"),
    "quality": Rule(_quality, "it comes from those who know the answer, and not from the planet"),
    "tells": Rule(_tells, "the target is there in other words: nothing is left to learn"),
}
