"""Leakage: what crosses the splits of a snapshot, and features that give a target away. See docs/splits.md.

Each rule is a function from a snapshot to its leaks; all but `tells` are SQL alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import numpy as np

from lake.config import Roles
from lake.contract import Contract, References, Split
from lake.errors import ConfigError
from lake.store.sql import name, scalar

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

    from lake.config import Allow
    from lake.reader import Lake

EXAMPLES = 3
SAMPLE = 100_000  # rows measured by the rule `tells`
ENOUGH = 50  # with fewer rows, chance alone gives a target away
PREDICTED = 0.9  # of the target's variance in ranks, or of the errors that guessing the commonest class makes
ALIKE = 4  # known numbers that two rows have to share, to 4 significant digits
_NUMBER = re.compile(r"U?(TINYINT|SMALLINT|INTEGER|BIGINT)|FLOAT|DOUBLE|DECIMAL\(.*\)")
_FRACTION = ("FLOAT", "DOUBLE")
_NAMES_ROWS = re.compile(r"(^|_)(id|key|index|number|row)$")
_MEASURES = re.compile(r"(^|_)(quality|score|disposition|completeness|contamination|validity|solutions|flag)(_|$)")


@dataclass(frozen=True, slots=True)
class Leak:
    rule: str
    where: str
    """A table, a column, or two."""
    what: str
    count: int  # rows, groups or pairs
    examples: tuple[str, ...] = ()
    query: str = ""  # what shows them

    @property
    def name(self) -> str:
        """Its name in lake.toml's waivers."""
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
    """The input of the rules."""

    connection: duckdb.DuckDBPyConnection
    roles: Roles
    contracts: Mapping[str, Contract]
    targets: tuple[str, ...]
    columns: Mapping[str, Mapping[str, str]]  # table -> column -> SQL type
    features: tuple[str, ...]  # tables of one row a run

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query).fetchall()


def find(
    lake: Lake,
    contracts: Mapping[str, Contract],
    targets: Sequence[str] = (),
    advance: Callable[..., None] = lambda n=1, note="": None,
    *,
    rules: Mapping[str, Rule] | None = None,
) -> list[Leak]:
    """Every leak of an open snapshot, by rule.

    Args:
        here: the snapshot; its lake.toml says which table has the runs.
        contracts: the project's, by table.
        targets: columns such as "features.planet_params.radius", for the rule `tells`.
        advance: called after each rule.
        rules: by name; those of this module where None.

    Raises:
        ConfigError: there are no splits, or no such target.
    """
    connection, roles = lake.connection, lake.config.roles
    columns: dict[str, dict[str, str]] = {}
    for table, column, type in connection.execute(
        "SELECT schema_name || '.' || table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE database_name = 'lake' AND NOT internal ORDER BY column_index"
    ).fetchall():
        columns.setdefault(table, {})[column] = type
    if not {roles.key, roles.split} <= columns.get(roles.runs, {}).keys():
        raise ConfigError(
            f"this snapshot has no splits: no {roles.runs} with {roles.key} and {roles.split}",
            where=lake.config.where("roles", "runs"),
            why="leaks are what crosses the splits that models are trained and tested on",
            next="docs/splits.md says how a project gives them",
        )
    for target in targets:
        table, _, column = target.rpartition(".")
        if column not in columns.get(table, {}) or roles.key not in columns[table]:
            raise ConfigError(
                f"target {target!r} not found in this snapshot",
                why=f"it is a column of a table with {roles.key}: schema.table.column",
                next="lake sql \"SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'features'\"",
            )
    features = tuple(_features(connection, columns, roles.key))
    snapshot = Snapshot(connection, roles, contracts, tuple(targets), columns, features)
    leaks: list[Leak] = []
    for title, rule in (RULES if rules is None else rules).items():
        leaks += rule.find(snapshot)
        advance(1, note=title)
    return leaks


def _features(
    connection: duckdb.DuckDBPyConnection, columns: Mapping[str, Mapping[str, str]], key: str
) -> Iterator[str]:
    for table, types in columns.items():
        if table.startswith("features.") and key in types:
            repeated = scalar(connection, f"SELECT count(*) - count(DISTINCT {key}) FROM {table}")
            if not repeated:
                yield table


def judge(leaks: Iterable[Leak], allowed: Iterable[Allow]) -> tuple[list[Leak], list[tuple[Leak, Allow]], list[Allow]]:
    """Leaks that count, waived leaks with their waivers, and unused waivers."""
    allowed = list(allowed)
    stands, waived, met = [], [], set()
    for leak in leaks:
        waiver = next((one for one in allowed if fnmatchcase(leak.name, one.leak)), None)
        if waiver:
            waived.append((leak, waiver))
            met.add(waiver.leak)
        else:
            stands.append(leak)
    return stands, waived, [one for one in allowed if one.leak not in met]


# Across splits


def _grouped_splits(snapshot: Snapshot) -> Iterator[tuple[str, str, str]]:
    """(table, group column, split column): the split is a function of the group."""
    for table, contract in snapshot.contracts.items():
        for column in contract.columns:
            for mark in column.marks:
                if isinstance(mark, Split) and {mark.by, column.name} <= snapshot.columns.get(table, {}).keys():
                    yield table, mark.by, column.name
    roles = snapshot.roles
    if roles.group in snapshot.columns[roles.runs]:
        yield roles.runs, roles.group, roles.split


def _split_groups(snapshot: Snapshot) -> Iterator[Leak]:
    for table, group, split in dict.fromkeys(_grouped_splits(snapshot)):
        query = (
            f"SELECT {_plain_name(group)} AS named, list(DISTINCT {split} ORDER BY {split}) AS splits, "
            f"count(*) AS runs FROM {table} GROUP BY 1 HAVING count(DISTINCT {split}) > 1 ORDER BY 1"
        )
        if rows := snapshot.rows(query):
            examples = tuple(f"{member}: {', '.join(splits)}" for member, splits, _ in rows[:EXAMPLES])
            yield Leak("parted", f"{table}.{group}", f"one {group} is in several splits", len(rows), examples, query)


def _plain_name(column: str) -> str:
    """A name without case, spaces and punctuation: "TRAPPIST-1 e" and "trappist1e" are the same."""
    return f"regexp_replace(lower({name(column)}), '[^a-z0-9]', '', 'g')"


def _twins(snapshot: Snapshot) -> Iterator[Leak]:
    roles = snapshot.roles
    if roles.name in snapshot.columns[roles.runs]:
        query = (
            f"SELECT {_plain_name(roles.name)} AS named, list(DISTINCT {roles.name} ORDER BY {roles.name}) AS names "
            f"FROM {roles.runs} GROUP BY 1 HAVING count(DISTINCT {roles.split}) > 1 ORDER BY 1"
        )
        if rows := snapshot.rows(query):
            examples = tuple(" = ".join(names) for _, names in rows[:EXAMPLES])
            what = f"one {roles.name} has names in several splits"
            yield Leak("twin", f"{roles.runs}.{roles.name}", what, len(rows), examples, query)


def _near_duplicates(snapshot: Snapshot) -> Iterator[Leak]:
    roles, key = snapshot.roles, snapshot.roles.key
    for table in snapshot.features:
        cells = [name(column) for column, type in snapshot.columns[table].items() if type in _FRACTION]
        if len(cells) < ALIKE:
            continue
        rounded = ", ".join(f"coalesce(printf('%.3e', CAST({cell} AS DOUBLE)), '')" for cell in cells)
        filled = " + ".join(f"({cell} IS NOT NULL)::INTEGER" for cell in cells)
        query = f"""
            SELECT list({key} ORDER BY {key})[:4] AS runs, list(DISTINCT {roles.split}) AS splits, count(*) AS number
            FROM (SELECT {key}, md5(concat_ws('|', {rounded})) AS numbers FROM {table} WHERE {filled} >= {ALIKE})
            JOIN {roles.runs} USING ({key}) GROUP BY numbers HAVING count(DISTINCT {roles.split}) > 1 ORDER BY 1"""
        if rows := snapshot.rows(query):
            examples = tuple(f"{key} {', '.join(map(str, keys))}" for keys, _, _ in rows[:EXAMPLES])
            what = f"rows of several splits have the same numbers, to 4 digits, in all known columns ({ALIKE} or more)"
            yield Leak("near_duplicate", table, what, sum(row[2] for row in rows), examples, query)


# Among the features


def _numbers(snapshot: Snapshot, table: str) -> Iterator[str]:
    yield from (
        column
        for column, type in snapshot.columns[table].items()
        if column != snapshot.roles.key and _NUMBER.fullmatch(type)
    )


def _identifiers(snapshot: Snapshot) -> Iterator[Leak]:
    for table in snapshot.features:
        integers = [c for c in _numbers(snapshot, table) if snapshot.columns[table][c] not in _FRACTION]
        contract = snapshot.contracts.get(table)
        refers = (
            {c.name for c in contract.columns if any(isinstance(m, References) for m in c.marks)} if contract else set()
        )
        measures = ", ".join(f"count(DISTINCT {name(c)}), max({name(c)}) - min({name(c)})" for c in integers)
        rows, *measured = snapshot.rows(f"SELECT count(*){', ' if measures else ''}{measures} FROM {table}")[0]
        for index, column in enumerate(integers):
            distinct, width = measured[2 * index : 2 * index + 2]
            counts = rows >= ENOUGH and distinct == rows and width is not None and width < 4 * rows
            if column in refers or _NAMES_ROWS.search(column) or counts:
                why = "every row has its own" if counts else "it names something"
                yield Leak("identifier", f"{table}.{column}", f"a feature is an identifier: {why}", distinct)


def _quality(snapshot: Snapshot) -> Iterator[Leak]:
    for table in snapshot.features:
        for column in _numbers(snapshot, table):
            if _MEASURES.search(column):
                yield Leak("quality", f"{table}.{column}", "a feature says how good or how complete the others are", 1)


# Features that give a target away


def _target_proxies(snapshot: Snapshot) -> Iterator[Leak]:
    for target in snapshot.targets:
        target_table, _, column = target.rpartition(".")
        for table in snapshot.features:
            features = [c for c in _numbers(snapshot, table) if (table, c) != (target_table, column)]
            if not features:
                continue
            query = _sampled(snapshot, table, features, target_table, column)
            arrays = snapshot.connection.execute(query).fetchnumpy()
            targets = arrays.pop("_target")
            for feature in features:
                share, rows = measure(*_finite(arrays[feature]), targets)
                if share >= PREDICTED:
                    what = f"{table}.{feature} alone predicts {target}: {share:.1%} of it, over {rows:,} rows"
                    yield Leak(
                        "tells",
                        f"{target} by {table}.{feature}",
                        what,
                        rows,
                        query=_pair(snapshot.roles.key, table, feature, target_table, column),
                    )


def _sampled(snapshot: Snapshot, table: str, features: Sequence[str], target_table: str, column: str) -> str:
    """The train split's rows with a target; of many, a sample by their keys."""
    roles, key = snapshot.roles, snapshot.roles.key
    rows = snapshot.rows(f"SELECT count(*) FROM {table}")[0][0]
    stride = -(-rows // SAMPLE)
    cells = ", ".join(f"CAST(f.{name(c)} AS DOUBLE) AS {name(c)}" for c in features)
    return f"""
        SELECT {cells}, t.{name(column)} AS _target
        FROM {table} AS f JOIN {target_table} AS t USING ({key}) JOIN {roles.runs} AS r USING ({key})
        WHERE r.{roles.split} = 'train' AND t.{name(column)} IS NOT NULL AND {key} % {stride} = 0 ORDER BY {key}"""


def _pair(key: str, table: str, feature: str, target_table: str, column: str) -> str:
    cells = f"f.{name(feature)}, t.{name(column)}"
    pairs = f"{table} AS f JOIN {target_table} AS t USING ({key})"
    return f"SELECT {cells} FROM {pairs} WHERE f.{name(feature)} IS NOT NULL LIMIT 20"


def _finite(values: Any) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    plain = np.ma.filled(np.ma.asarray(values, dtype=np.float64), np.nan)
    return plain, np.isfinite(plain)


def measure(values: NDArray[np.float64], filled: NDArray[np.bool_], target: Any) -> tuple[float, int]:
    """How much of a target a column predicts alone, in [0, 1], and over how many rows.

    The rows are sorted by the column and cut into about sqrt(n) runs of equal length. Of a number: the share of the
    variance of its ranks that the runs explain, less what as many runs of random rows would (adjusted R squared; ranks,
    so that any monotone function counts, and runs, so that any smooth one does). Of a text or truth value: the share of
    the errors of always guessing the commonest that guessing each run's commonest does not make (Goodman and Kruskal
    1954, lambda, doi:10.1080/01621459.1954.10501231).
    """
    target = np.ma.asarray(target)
    numeric = target.dtype.kind in "iuf"
    both = filled & ~np.ma.getmaskarray(target)
    if numeric:
        both &= np.isfinite(np.ma.filled(target.astype(np.float64), np.nan))
    rows = int(both.sum())
    if rows < ENOUGH:
        return 0.0, rows
    groups = _runs(values[both])
    codes = np.unique(np.asarray(target[both]), return_inverse=True)[1]
    return (_explained(codes, groups) if numeric else _lambda(codes, groups)), rows


def _runs(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """The number of each row's run; equal values are in the same run."""
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


def _lambda(codes: NDArray[np.int64], groups: NDArray[np.int64]) -> float:
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
    "parted": Rule(_split_groups, "what all rows of a group share is learnt in one split and tested in another"),
    "twin": Rule(_twins, "a training row is tested again under another name"),
    "near_duplicate": Rule(_near_duplicates, "a model that memorises rows seems to have learnt"),
    "identifier": Rule(_identifiers, "a model can look rows up by it, and it means nothing for a new one"),
    "quality": Rule(_quality, "it comes from those who know the answer, and not from the object itself"),
    "tells": Rule(_target_proxies, "the target is among the features in another form: nothing is left to learn"),
}
