"""quality.features: what the columns of features are normalised and imputed by, measured on the split "train" alone.

A row a column that its contract marks with Normalise or Impute, in the snapshot whose rows it was measured on. Of a
table that did not change, and whose runs did not, the rows stay as they are. Which table has the runs, their key and
their split, [roles] in lake.toml says.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence, Set
from typing import TYPE_CHECKING, Any

from lake.build.model import Model, Project
from lake.config import Roles
from lake.contract import Contract, Impute, Normalise
from lake.errors import ModelError
from lake.store.sql import Columns, literal, name, single_row

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TABLE = "quality.features"
COLUMNS: Columns = {
    "snapshot": ("BIGINT", "The snapshot that it was measured for"),
    "table_name": ("VARCHAR", "layer.table"),
    "column_name": ("VARCHAR", "The column"),
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
_AT_ONCE = 2**25  # cells whose quantiles are taken at once: DuckDB keeps each of them in memory

Marks = dict[str, tuple[str | None, bool]]  # by column: how it is normalised, whether it is imputed


def marked(contract: Contract) -> Marks:
    """The columns that are normalised (how) or imputed."""
    marks: Marks = {}
    for column in contract.columns:
        method = next((mark.method for mark in column.marks if isinstance(mark, Normalise)), None)
        imputed = any(isinstance(mark, Impute) for mark in column.marks)
        if method or imputed:
            marks[column.name] = method, imputed
    return marks


def tables(project: Project) -> set[str]:
    """Those with marked columns."""
    return {table for table, model in project.models.items() if marked(model.contract)}


def check(project: Project) -> None:
    """Refuse marks that nothing can be measured for.

    Raises:
        ModelError: a marked table has no key of runs, or no table says which runs are of the split "train".
    """
    roles = project.roles
    runs = project.models.get(roles.runs)
    for model in project.models.values():
        if not (columns := marked(model.contract)):
            continue
        if lacking := _lacking(model, runs, roles):
            raise ModelError(
                f"{model.table}.{next(iter(columns))} cannot be normalised or imputed: {lacking}",
                where=model.contract.where,
                why="both are measured on the runs of the split 'train'",
                next='leave the mark out, or give the table its key; materialized="table"',
            )


def _lacking(model: Model, runs: Model | None, roles: Roles) -> str:
    if runs is None or not {roles.key, roles.split} <= {column.name for column in runs.contract.columns}:
        return f"no model {roles.runs} gives {roles.key} and {roles.split}"
    if roles.key not in {column.name for column in model.contract.columns}:
        return f"it has no {roles.key}"
    views = [one.table for one in (model, runs) if one.contract.materialized == "view"]
    return f"{views[0]} is a view, whose rows no snapshot keeps" if views else ""


def measured(
    connection: DuckDBPyConnection,
    project: Project,
    built: Set[str],
    unbuilt: Set[str],
    last: Sequence[dict[str, Any]],
    number: int,
) -> list[dict[str, Any]] | None:
    """The rows of quality.features at the snapshot that the running transaction will become; None: as they were.

    Args:
        built: the tables that were rebuilt.
        left: those that were not, and are as another contract made them, or not there.
        last: the rows of the last snapshot.
    """
    due = _wanted(project, built, unbuilt, last)
    measured_before = {row["table_name"] for row in last}
    stale = {table for table in due if table in built or project.roles.runs in built or table not in measured_before}
    if not stale and measured_before <= due.keys():
        return None
    rows = [row for row in last if row["table_name"] in due.keys() - stale]
    for table in sorted(stale):
        rows += ({"snapshot": number, **row} for row in _of_table(connection, table, due[table], project.roles))
    return sorted(rows, key=lambda row: (row["table_name"], row["column_name"]))


def _wanted(project: Project, built: Set[str], unbuilt: Set[str], last: Sequence[dict[str, Any]]) -> dict[str, Marks]:
    """The marked columns of the tables that the snapshot has: by their contracts, of those left by the last rows."""
    due: dict[str, Marks] = {}
    for row in last:
        if row["table_name"] in unbuilt:
            due.setdefault(row["table_name"], {})[row["column_name"]] = row["method"], row["imputed"]
    for table, model in project.models.items():
        if table not in unbuilt and (columns := marked(model.contract)):
            due[table] = columns
    return due


# Measuring. What is summed are whole numbers, so that it is the same bits in whatever order the rows come, by however
# many threads: value - low, times a power of two that makes the largest of them about 2^60.


def _of_table(connection: DuckDBPyConnection, table: str, columns: Marks, roles: Roles) -> Iterator[dict[str, Any]]:
    """Measure a table's columns: one scan for the ends of each, one for the rest (more, where memory asks for it)."""
    runs = f"SELECT {roles.key} FROM {roles.runs} WHERE {roles.split} = 'train'"
    train = f"FROM {table} SEMI JOIN ({runs}) USING ({roles.key})"
    ends = ", ".join(f"min({value}), max({value})" for value in map(_value, columns, columns.values()))
    rows, *limits = single_row(connection, f"SELECT count(*), {ends} {train}")
    reach = dict(zip(columns, zip(limits[::2], limits[1::2], strict=True), strict=True))
    some, listed = max(1, _AT_ONCE // max(rows, 1)), list(columns)
    for group in (listed[start : start + some] for start in range(0, len(listed), some)):
        measures = ", ".join(_measures(column, columns[column], *reach[column]) for column in group)
        measured_values = single_row(connection, f"SELECT {measures} {train}")
        for index, column in enumerate(group):
            method, imputed = columns[column]
            facts = {"table_name": table, "column_name": column, "method": method, "imputed": imputed, "split": "train"}
            yield {
                **facts,
                "rows": rows,
                **_figures(method, *reach[column], *measured_values[4 * index : 4 * index + 4]),
            }


def _cell(column: str, method: str | None) -> str:
    """A cell where it is known, as float32 holds it."""
    value = f"TRY_CAST({name(column)} AS FLOAT)"
    test = f"isfinite({value})" + (f" AND {value} > 0" if method == "log" else "")
    return f"CASE WHEN {test} THEN CAST({value} AS DOUBLE) END"


def _value(column: str, marks: tuple[str | None, bool]) -> str:
    """What of a cell is averaged, if anything."""
    cell = _cell(column, marks[0])
    return {"standard": cell, "log": f"log10({cell})"}.get(marks[0] or "", "NULL")


def _measures(column: str, marks: tuple[str | None, bool], low: float | None, high: float | None) -> str:
    """How many cells are known, their quantiles, and the sums of value - low and of its square."""
    cell, value = _cell(column, marks[0]), _value(column, marks)
    once, half = (literal(math.ldexp(1.0, bits - _exponent(low, high))) for bits in (60, 30))
    away = f"({value} - {literal(low)})"
    sums = f"{away} * {once}", f"({away} * {half}) * ({away} * {half})"
    whole = ", ".join(f"sum(CAST({each} AS BIGINT))" for each in sums)
    return f"count({cell}), quantile_cont({cell}, {[0.25, 0.5, 0.75] if marks[0] == 'robust' else [0.5]}), {whole}"


def _exponent(low: float | None, high: float | None) -> int:
    return math.frexp((high or 0.0) - (low or 0.0))[1]


def _figures(
    method: str | None, low: float | None, high: float | None, count: int, quantiles: list[float] | None, *sums: int
) -> dict[str, Any]:
    """center, scale and fill; null where nothing is known, and a scale of 1 where all are the same: they become 0."""
    figures: dict[str, Any] = {"known": count, "fill": quantiles and quantiles[len(quantiles) // 2]}
    if quantiles is None or method is None:  # quantiles are null where no cell is known
        return figures
    if method == "robust":
        center, scale = figures["fill"], (quantiles[2] - quantiles[0]) / _NORMAL_IQR
    else:
        assert low is not None, "the least of the known cells"
        step = _exponent(low, high)
        away, square = math.ldexp(sums[0] / count, step - 60), math.ldexp(sums[1] / count, 2 * (step - 30))
        center, scale = low + away, math.sqrt(max(square - away**2, 0.0))
    return figures | {"center": center, "scale": scale or 1.0}
