"""Rebuild only what changed: the rows of those values of some columns that differ in what a model reads.

The contract promises that a model's rows with a value come from the rows with that value alone, in each input that has
those columns: `incremental="release"` or `incremental="genome_id"`. Which values changed is found by content, so that
late rows, corrections and deletes count alike. An input without the columns that changed rebuilds all of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lake.build import row_identity
from lake.build.model import Model
from lake.build.workspace import Columns, Workspace, selected
from lake.store.sql import name, quote, single_row

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MOST = 0.5  # share of the values beyond which rebuilding everything is less work
CHANGED = "temp.changed"  # of a cursor: the values, one a row, as their columns' own SQL types; Python never sees them

Inputs = Mapping[str, tuple[list[str], Columns]]  # the files and columns of each table at the last build's snapshot


def changed(
    space: Workspace,
    cursor: DuckDBPyConnection,
    model: Model,
    row: Mapping[str, Any],
    now: Mapping[str, Any],
    last_inputs: Inputs,
) -> bool:
    """Put the values of the incremental columns that differ since the last build into the cursor's table CHANGED.

    Args:
        row: the model's row of ops.provenance.
        now: the parts of its fingerprint now.
        last_inputs: what each of its inputs was at that build.

    Returns:
        Whether it is enough to rebuild these; if not, the whole model is to be rebuilt.
    """
    by, then = model.contract.incremental, json.loads(row["parts"])
    if any(then.get(key) != now[key] for key in ("sql", "contract", "macros", "engine")):
        return False
    if then["inputs"].keys() != now["inputs"].keys() or model.table not in space.published:
        return False
    moved = [table for table, content in now["inputs"].items() if then["inputs"][table] != content]
    listed = ", ".join(map(name, by))
    queries = [f"SELECT {listed} FROM {model.table} WHERE false"]
    for table in moved:
        files, columns = last_inputs.get(table, ([], []))
        if not set(by) <= {column for column, _ in columns}:
            return False
        if _types(cursor, f"SELECT * FROM {table}") != columns:
            return False
        before = selected([space.config.data / file for file in files], columns)
        queries.append(_differing(by, columns, before, f"SELECT * FROM {table}"))
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE changed AS {' UNION '.join(queries)}")
    distinct = f"SELECT count(*) FROM (SELECT DISTINCT {listed} FROM {model.table})"
    count, every = single_row(cursor, f"SELECT (SELECT count(*) FROM {CHANGED}), ({distinct})")
    return bool(count <= max(_MOST * every, 1000))


def _types(cursor: DuckDBPyConnection, select: str) -> Columns:
    return [(row[0], row[1]) for row in cursor.execute(f"DESCRIBE {select}").fetchall()]


def _differing(by: Sequence[str], columns: Columns, before: str, after: str) -> str:
    """The values whose rows are not the same, bit for bit and in any order, in both.

    What GROUP BY puts together is one value, here as in the model: 0.0 and -0.0, all NaN.
    """
    keys, row = ", ".join(map(name, by)), row_identity.digest(columns)
    sums = f"SELECT {keys}, count(*) AS _n, bit_xor({row}) AS _x, sum({row}) AS _s FROM"
    both = f"({sums} ({before}) GROUP BY ALL EXCEPT ALL {sums} ({after}) GROUP BY ALL)"
    back = f"({sums} ({after}) GROUP BY ALL EXCEPT ALL {sums} ({before}) GROUP BY ALL)"
    return f"SELECT {keys} FROM {both} UNION SELECT {keys} FROM {back}"


def _on(by: Sequence[str]) -> str:
    return " AND ".join(f"m.{name(column)} IS NOT DISTINCT FROM c.{name(column)}" for column in by)


def select(cursor: DuckDBPyConnection, model: Model, sql: str) -> str:
    """The SELECT of the rows to rebuild; with those that stay, where files are not partitioned by the values."""
    by = model.contract.incremental
    rebuilt = f"SELECT * FROM (\n{sql}\n) AS m WHERE {_pushed_down(cursor, by)}"
    rebuilt = f"SELECT m.* FROM ({rebuilt}) AS m SEMI JOIN {CHANGED} AS c ON {_on(by)}"
    if model.contract.partition == by:
        return rebuilt
    return f"{rebuilt} UNION ALL BY NAME SELECT m.* FROM {model.table} AS m ANTI JOIN {CHANGED} AS c ON {_on(by)}"


def _pushed_down(cursor: DuckDBPyConnection, by: Sequence[str]) -> str:
    """A condition that no row with a changed value fails, which DuckDB takes below a GROUP BY or a window: a join it
    does not. The values stand there as DuckDB's own text, where that is read back as the same value, or not at all.
    """
    tests = []
    for column, type in _types(cursor, f"SELECT {', '.join(map(name, by))} FROM {CHANGED}"):
        value, text = name(column), f"CAST({name(column)} AS VARCHAR)"
        lost = f"bool_or(TRY_CAST({text} AS {type}) IS DISTINCT FROM {value} OR contains({text}, chr(0)))"
        any_lost, nulls, texts = single_row(
            cursor,
            f"SELECT {lost}, count(*) > count({value}), list(DISTINCT {text}) FILTER ({value} IS NOT NULL) "
            f"FROM {CHANGED}",
        )
        if any_lost:
            continue
        among = [f"{value} IN ({', '.join(f'CAST({quote(text)} AS {type})' for text in texts)})"] if texts else []
        tests.append(f"({' OR '.join([*among, *[f'{value} IS NULL'] * bool(nulls)]) or 'false'})")
    return " AND ".join(tests) or "true"


def unchanged_files(space: Workspace, cursor: DuckDBPyConnection, model: Model) -> tuple[tuple[str, ...], int] | None:
    """Where the files are partitioned by the values: the published files that stay, and their rows.

    Returns:
        None where a file holds both rows that stay and rows that go, as no build of this engine writes one: all of
        the model is to be made then.
    """
    by, files = model.contract.incremental, space.published[model.table]
    if model.contract.partition != by or not files:
        return (), 0
    paths = {str(space.config.data / file): file for file in files}
    listed = ", ".join(map(quote, paths))
    rows = cursor.execute(
        f"""SELECT m._file, count(*), count(c._gone)
            FROM read_parquet([{listed}], hive_partitioning = false, filename = '_file') AS m
            LEFT JOIN (SELECT *, true AS _gone FROM {CHANGED}) AS c ON {_on(by)} GROUP BY 1"""
    ).fetchall()
    if any(0 < changed_rows < count for _, count, changed_rows in rows):
        return None
    stay = {paths[file]: count for file, count, changed_rows in rows if not changed_rows}
    return tuple(sorted(stay)), sum(stay.values())
