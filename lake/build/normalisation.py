"""quality.features: what the columns of features are normalised and imputed by, measured on the split "train" alone.

A row a column that its contract marks with Normalise or Impute, in the snapshot whose rows it was measured on. Of a
table that did not change, and whose planet-runs did not, the rows stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lake.build.graph import Project
from lake.contract import Column, Contract, Impute, Normalise
from lake.errors import ModelError
from lake.store.sql import Columns, name

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TABLE, RUNS, KEY = "quality.features", "core.planet_runs", "planet_run_key"
COLUMNS: Columns = {
    "snapshot": ("BIGINT", "The snapshot that it was measured for"),
    "table": ("VARCHAR", "layer.table"),
    "column": ("VARCHAR", "The column"),
    "method": ("VARCHAR", "standard, robust or log; null where it is only imputed"),
    "imputed": ("BOOLEAN", "Whether an unknown cell gets fill"),
    "split": ("VARCHAR", "Whose rows were measured: train"),
    "rows": ("BIGINT", "Rows of the table in that split"),
    "known": ("BIGINT", "Of them, those with a finite value that float32 holds; for log, above 0 too"),
    "center": ("DOUBLE", "What is subtracted: mean; median for robust; mean of log10 for log"),
    "scale": ("DOUBLE", "What is divided by: standard deviation; (q75 - q25) / 1.349 for robust; of log10 for log"),
    "fill": ("DOUBLE", "Median of the known cells, in the column's own unit"),
}
_NORMAL_IQR = 1.3489795003921634  # quartile distance of the normal distribution, 2 * 0.6744897501960817


def marked(contract: Contract) -> dict[str, tuple[Column, str | None, bool]]:
    """The columns that are normalised (how) or imputed."""
    found = {}
    for column in contract.columns:
        method = next((mark.method for mark in column.marks if isinstance(mark, Normalise)), None)
        imputed = any(isinstance(mark, Impute) for mark in column.marks)
        if method or imputed:
            found[column.name] = column, method, imputed
    return found


def check(project: Project) -> None:
    """Refuse marks that nothing can be measured for.

    Raises:
        ModelError: a marked table has no planet_run_key, or no table says which planet-runs are of the split "train".
    """
    for model in project.models.values():
        if not (columns := marked(model.contract)):
            continue
        runs = project.models.get(RUNS)
        there = runs and {KEY, "split"} <= {column.name for column in runs.contract.columns}
        if not there or KEY not in {column.name for column in model.contract.columns}:
            lacking = f"it has no {KEY}" if there else f"no model {RUNS} gives {KEY} and split"
            raise ModelError(
                f"{model.table}.{next(iter(columns))} cannot be normalised or imputed: {lacking}",
                where=model.contract.where,
                why="both are measured on the planet-runs of the split 'train'",
                next="leave the mark out, or give the table its key",
            )


def measured(
    connection: DuckDBPyConnection, project: Project, built: set[str], last: Sequence[dict[str, Any]], number: int
) -> list[dict[str, Any]] | None:
    """The rows of quality.features at the snapshot that the running transaction will become; None: as they were.

    Args:
        built: the tables that were made anew.
        last: the rows of the last snapshot.
    """
    wanted = {model.table: columns for model in project.models.values() if (columns := marked(model.contract))}
    known = {row["table"] for row in last}
    stale = {table for table in wanted if table in built or RUNS in built or table not in known}
    if not stale and known <= wanted.keys():
        return None
    rows = [row for row in last if row["table"] in wanted.keys() - stale]
    for table in sorted(stale):
        rows += ({"snapshot": number, **row} for row in _of_table(connection, table, wanted[table]))
    return sorted(rows, key=lambda row: (row["table"], row["column"]))


def _of_table(
    connection: DuckDBPyConnection, table: str, columns: dict[str, tuple[Column, str | None, bool]]
) -> Iterator[dict[str, Any]]:
    """One scan for all columns of a table. Measures are rounded to float32, as the values are: sums by several threads
    differ in the last bits of a double."""
    asked = ["count(*)"]
    for column, method, _ in columns.values():
        asked += _measures(f"TRY_CAST({name(column.name)} AS FLOAT)", method)
    train = f"SEMI JOIN (SELECT {KEY} FROM {RUNS} WHERE split = 'train') USING ({KEY})"
    found = connection.execute(f"SELECT {', '.join(asked)} FROM {table} {train}").fetchone()
    for place, (column, method, imputed) in enumerate(columns.values()):
        known, center, scale, fill = found[1 + 4 * place : 5 + 4 * place]
        yield {
            "table": table,
            "column": column.name,
            "method": method,
            "imputed": imputed,
            "split": "train",
            "rows": found[0],
            "known": known,
            "center": center,
            "scale": scale or (1.0 if center is not None else None),  # a constant column becomes 0
            "fill": fill,
        }


def _measures(value: str, method: str | None) -> list[str]:
    test = f"isfinite({value})" + (f" AND {value} > 0" if method == "log" else "")
    cell = f"CASE WHEN {test} THEN CAST({value} AS DOUBLE) END"
    median = f"quantile_cont({cell}, 0.5)"
    if method == "robust":
        center, scale = median, f"(quantile_cont({cell}, 0.75) - quantile_cont({cell}, 0.25)) / {_NORMAL_IQR}"
    else:
        measured = f"log10({cell})" if method == "log" else cell
        center, scale = f"favg({measured})", f"stddev_pop({measured})"
    if method is None:
        center = scale = "NULL"
    return [f"count({cell})", *(f"CAST(CAST({measure} AS FLOAT) AS DOUBLE)" for measure in (center, scale, median))]
