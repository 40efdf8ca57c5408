"""Build anew only what changed: the rows of those values of some columns that differ in what a model reads.

The contract promises that a model's rows with a value come from the rows with that value alone, in each input that has
those columns: `incremental="release"` or `incremental="genome_id"`. Which values changed is told by content, so that
late rows, corrections and deletes count alike. An input without the columns that changed makes all of it anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lake.build.graph import Model
from lake.build.workspace import Columns, Workspace, selected
from lake.store.sql import name, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MOST = 0.5  # share of the values beyond which making everything anew is less work

Values = list[tuple[Any, ...]]
Held = Mapping[str, tuple[list[str], Columns]]  # the files and columns of each table at the last build's snapshot


def changed(
    space: Workspace,
    cursor: DuckDBPyConnection,
    model: Model,
    row: Mapping[str, Any],
    now: Mapping[str, Any],
    held: Held,
) -> Values | None:
    """The values of the incremental columns that differ since the last build; None where all of it is to be made.

    Args:
        row: the model's row of ops.provenance.
        now: the parts of its fingerprint now.
        held: what each of its inputs was at that build.
    """
    by, then = model.contract.incremental, json.loads(row["parts"])
    if any(then.get(key) != now[key] for key in ("sql", "contract", "macros", "engine")):
        return None
    if then["inputs"].keys() != now["inputs"].keys() or model.table not in space.published:
        return None
    moved = [table for table, content in now["inputs"].items() if then["inputs"][table] != content]
    queries = []
    for table in moved:
        files, columns = held.get(table, ([], []))
        if not set(by) <= {column for column, _ in columns}:
            return None
        if _types(cursor, f"SELECT * FROM {table}") != columns:
            return None
        before = selected([space.config.data / file for file in files], columns)
        queries.append(_differing(by, [column for column, _ in columns], before, f"SELECT * FROM {table}"))
    found = cursor.execute(" UNION ".join(queries)).fetchall() if queries else []
    listed = ", ".join(map(name, by))
    known = cursor.execute(f"SELECT count(*) FROM (SELECT DISTINCT {listed} FROM {model.table})").fetchone()[0]
    return None if len(found) > max(_MOST * known, 1000) else sorted(found, key=repr)


def _types(cursor: DuckDBPyConnection, select: str) -> Columns:
    return [(row[0], row[1]) for row in cursor.execute(f"DESCRIBE {select}").fetchall()]


def _differing(by: Sequence[str], columns: Sequence[str], before: str, after: str) -> str:
    """The values whose rows are not the same, in any order, in both."""
    keys = ", ".join(map(name, by))
    row = f"hash({', '.join(map(name, columns))})"
    sums = f"SELECT {keys}, count(*) AS _n, bit_xor({row}) AS _x, sum({row}) AS _s FROM"
    both = f"({sums} ({before}) GROUP BY ALL EXCEPT ALL {sums} ({after}) GROUP BY ALL)"
    back = f"({sums} ({after}) GROUP BY ALL EXCEPT ALL {sums} ({before}) GROUP BY ALL)"
    return f"SELECT {keys} FROM {both} UNION SELECT {keys} FROM {back}"


def among(by: Sequence[str], values: Values) -> str:
    """The condition that a row has one of the values.

    >>> among(["release"], [("r220",), (None,)])
    '("release" IN (\\'r220\\') OR "release" IS NULL)'
    >>> among(["a", "b"], [(1, None)])
    '(("a" IS NOT DISTINCT FROM 1 AND "b" IS NOT DISTINCT FROM NULL))'
    """
    if not values:
        return "false"
    if len(by) == 1:
        some = [literal(value) for (value,) in values if value is not None]
        tests = [f"{name(by[0])} IN ({', '.join(some)})"] if some else []
        tests += [f"{name(by[0])} IS NULL"] if len(some) < len(values) else []
        return f"({' OR '.join(tests)})"
    each = (
        " AND ".join(f"{name(c)} IS NOT DISTINCT FROM {literal(v)}" for c, v in zip(by, row, strict=True))
        for row in values
    )
    return f"({' OR '.join(f'({one})' for one in each)})"


def literal(value: Any) -> str:
    """A value as it stands in SQL.

    >>> literal("it's"), literal(None), literal(2)
    ("'it''s'", 'NULL', '2')
    """
    if value is None:
        return "NULL"
    return repr(value).upper() if isinstance(value, (bool, int, float)) else quote(str(value))


def select(model: Model, sql: str, values: Values) -> str:
    """The SELECT of the rows to make anew; and of those that stay, where their files are not parted by the values."""
    by = model.contract.incremental
    anew = f"SELECT * FROM (\n{sql}\n) WHERE {among(by, values)}"
    if model.contract.partition == by:
        return anew
    return f"{anew} UNION ALL BY NAME SELECT * FROM {model.table} WHERE NOT coalesce({among(by, values)}, false)"


def kept(space: Workspace, cursor: DuckDBPyConnection, model: Model, values: Values) -> tuple[tuple[str, ...], int]:
    """Where the files are parted by the values: the published files that stay, and their rows."""
    by, files = model.contract.incremental, space.published[model.table]
    if model.contract.partition != by or not files:
        return (), 0
    paths = {str(space.config.data / file): file for file in files}
    listed = ", ".join(map(quote, paths))
    gone = among(by, values)
    rows = cursor.execute(
        f"""SELECT filename, count(*) FROM read_parquet([{listed}], hive_partitioning = false, filename = true)
            GROUP BY filename HAVING NOT bool_or(coalesce({gone}, false))"""
    ).fetchall()
    return tuple(sorted(paths[file] for file, _ in rows)), sum(count for _, count in rows)
