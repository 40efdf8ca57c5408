"""What is known of a planet-run in one table: its numeric columns, read for a block of keys at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lake.errors import ConfigError
from lake.store.catalog import first_line
from lake.store.sql import name, quote

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

KEY = "planet_run_key"
_NUMERIC = re.compile(r"U?(TINYINT|SMALLINT|INTEGER|BIGINT)|FLOAT|DOUBLE|BOOLEAN|DECIMAL\(.*\)")
_TABLE = re.compile(r"\w+\.\w+")
_UNIT = re.compile(r"\[([^\[\]]+)\]$")  # the build ends a column's comment so


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of a tensor."""

    name: str
    unit: str | None
    """As pint reads it; None where the contract names none, or the modality is a SELECT of the caller's."""
    doc: str


@dataclass(frozen=True, slots=True)
class Modality:
    name: str
    source: str  # what stands after FROM
    features: tuple[Feature, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """n planet-runs of one modality, in the order of the keys that were asked for."""

    values: NDArray[np.float32]  # [n, ...]; 0 where not known
    known: NDArray[np.bool_]  # the same shape
    present: NDArray[np.bool_]  # [n]: whether the modality has this planet-run at all


def describe(connection: duckdb.DuckDBPyConnection, modality: str, table: str) -> Modality:
    """The numeric columns of a table such as "features.climate", or of a SELECT that gives ``planet_run_key``.

    Raises:
        ConfigError: there is no such table, it has no key or no numbers, or several rows of one planet-run.
    """
    import duckdb

    named = _TABLE.fullmatch(table)
    source = ".".join(map(name, table.split("."))) if named else f"({table.rstrip().rstrip(';')}\n)"
    try:
        types = {row[0]: row[1] for row in connection.execute(f"DESCRIBE FROM {source}").fetchall()}
        columns = [column for column, type in types.items() if column != KEY and _NUMERIC.fullmatch(type)]
        if KEY not in types or not columns:
            raise _unfit(modality, table, f"it has no {'numeric column' if KEY in types else KEY}")
        extra = connection.execute(f"SELECT count(*) - count(DISTINCT {KEY}) FROM {source}").fetchone()[0]
    except duckdb.Error as error:
        raise _unfit(modality, table, first_line(error)) from None
    if extra:
        raise _unfit(modality, table, f"{extra} of its rows repeat a {KEY} or have none; a modality has one row a run")
    comments = _comments(connection, table) if named else {}
    return Modality(modality, source, tuple(_feature(column, comments.get(column)) for column in columns))


def _unfit(modality: str, table: str, why: str) -> ConfigError:
    return ConfigError(
        f"{table!r} cannot be the modality {modality!r}",
        why=why,
        next=f"PlanetRuns(..., tables={{{modality!r}: 'SELECT planet_run_key, ... FROM ...'}})",
    )


def _comments(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    schema, _, stem = table.partition(".")
    rows = connection.execute(
        f"SELECT column_name, comment FROM duckdb_columns() WHERE database_name = 'lake' AND comment IS NOT NULL "
        f"AND schema_name = {quote(schema)} AND table_name = {quote(stem)}"
    )
    return dict(rows.fetchall())


def _feature(column: str, comment: str | None) -> Feature:
    text = comment or ""
    unit = _UNIT.search(text)
    return Feature(column, unit and unit[1], _UNIT.sub("", text).strip())


def read(connection: duckdb.DuckDBPyConnection, modality: Modality, keys: NDArray[np.int64]) -> Block:
    """A modality's values for these keys, in their order: one query, whatever their number.

    A cell is known where it is a finite number that float32 holds.
    """
    import pyarrow as pa

    shape = len(keys), len(modality.features)
    values, known, present = np.zeros(shape, np.float32), np.zeros(shape, bool), np.zeros(shape[0], bool)
    cells = ", ".join(f"coalesce(TRY_CAST({name(f.name)} AS FLOAT), 'nan'::FLOAT)" for f in modality.features)
    connection.register("_wanted", pa.table({KEY: keys, "_row": np.arange(len(keys))}))
    reader = connection.execute(
        f"SELECT _row, array_value({cells}) FROM _wanted JOIN {modality.source} USING ({KEY})"
    ).to_arrow_reader(2**14)
    for rows, found in reader:
        row = rows.to_numpy()
        cell = found.flatten().to_numpy(zero_copy_only=False).reshape(-1, shape[1])
        known[row] = finite = np.isfinite(cell)
        values[row] = np.where(finite, cell, np.float32(0))
        present[row] = True
    connection.unregister("_wanted")
    return Block(values, known, present)


def statistics(
    connection: duckdb.DuckDBPyConnection, modality: Modality, runs: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and standard deviation of each feature's known cells over the planet-runs of a query; NaN where none is."""
    finite = [f"TRY_CAST({name(f.name)} AS FLOAT)::DOUBLE" for f in modality.features]
    kept = [f"CASE WHEN isfinite({cell}) THEN {cell} END" for cell in finite]
    asked = [f"{function}({cell})" for function in ("avg", "stddev_pop") for cell in kept]
    query = f"SELECT {', '.join(asked)} FROM {modality.source} WHERE {KEY} IN ({runs})"
    row = np.array(connection.execute(query).fetchone(), dtype=np.float32).reshape(2, -1)
    return row[0], row[1]
