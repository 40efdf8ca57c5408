"""A table of a batch: numbers, or lists of numbers, one row a run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from lake.errors import ConfigError
from lake.store.catalog import first_line
from lake.store.sql import name, quote
from lake.train import gather
from lake.train import scale as scaling

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    from numpy.typing import NDArray

    from lake.reader import Lake
    from lake.train.pack import Pack, Writer

_WHOLE = re.compile(r"U?(TINYINT|SMALLINT|INTEGER|BIGINT)|BOOLEAN")
_WIDE = re.compile(r"U?BIGINT|UINTEGER")
_KEYS = re.compile(r"BIGINT|U?(TINYINT|SMALLINT|INTEGER)")
_NUMERIC = re.compile(rf"{_WHOLE.pattern}|HUGEINT|FLOAT|DOUBLE|DECIMAL\(.*\)")
_LISTS = re.compile(rf"({_NUMERIC.pattern})\[\d*\]")
_TABLE = re.compile(r"\w+\.\w+")
_UNIT = re.compile(r"\[([^\[\]]+)\]$")  # the build ends a column's comment so
_ROWS = 2048  # at once, a vector of DuckDB: a block then stays in the cache while it is turned, lists most of all


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of a tensor."""

    name: str
    unit: str | None
    """As pint reads it; None where the contract names none, or the modality is a SELECT of the caller's."""
    doc: str


@dataclass(frozen=True, slots=True)
class Modality:
    """One row a run: F scalars, or C lists of numbers of one length."""

    name: str
    key: str  # the column of the runs' keys
    source: str  # what stands after FROM
    features: tuple[Feature, ...]
    dtype: str  # float32; int32 or int64 where every column is a whole number
    lists: bool = False
    jagged: bool = False
    flat: bool = False  # [B] instead of [B, 1]: a target
    classes: tuple[str, ...] = ()
    """Of a target that is text: what each code stands for."""
    cells: tuple[str, ...] = ()  # SQL of each feature
    scale: scaling.Scale | None = None  # None: the raw values

    @property
    def identity(self) -> dict[str, Any]:
        """All that decides the pack, beside the snapshot."""
        return {"from": self.source, "cells": self.cells, "dtype": self.dtype, "scale": repr(self.scale)}

    @property
    def row_bytes(self) -> int:
        """Bytes of a row; of one element, where rows are lists."""
        return (np.dtype(self.dtype).itemsize + 1) * len(self.features)

    def bytes(self, pack: Pack, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Bytes of each of these rows of a pack in a batch."""
        if "ends" in pack.arrays:
            return gather.lengths(pack.arrays["ends"], rows) * self.row_bytes
        return np.full(len(rows), self.row_bytes * (pack.notes.get("length") or 1))

    def keys(self, lake: Lake) -> NDArray[np.int64]:
        """The keys of its rows, as they come."""
        rows = lake.connection.execute(f"SELECT {self.key} FROM {self.source}").fetchnumpy()
        return np.asarray(rows[self.key], np.int64)

    def undo(self, values: torch.Tensor) -> torch.Tensor:
        """Normalised values in the contracts' units again."""
        if self.scale is None:
            return values
        return scaling.undo(self.scale, values[..., None])[..., 0] if self.flat else scaling.undo(self.scale, values)

    @property
    def scalar(self) -> bool:
        """Whether each run has one number a feature, and not lists or codes of classes."""
        return not self.lists and not self.classes

    def write(
        self, lake: Lake, writer: Writer, keys: NDArray[np.int64] | None = None, within: str = "true"
    ) -> dict[str, Any]:
        """Append every row of the modality, or those of the keys; the notes count the cells that are not known.

        Args:
            within: a condition on the key that the keys meet: what lets DuckDB skip parts of a sorted file.
        """
        blocks = _stream(lake.connection, self, keys, within)
        return (_write_lists if self.lists else _write_scalars)(self, writer, blocks)

    def opened(self, pack: Pack) -> Pack:
        """A pack as :meth:`gather` takes it: rows of one shape where they have one, and else the end of each."""
        arrays = dict(pack.arrays)
        shape: tuple[int, ...]
        if not self.lists:
            shape = (-1,) if self.flat else (-1, len(self.features))
        elif pack.notes["length"] and not self.jagged:
            shape = (-1, pack.notes["length"]) + ((len(self.features),) if len(self.features) > 1 else ())
        else:
            arrays["ends"] = np.cumsum(arrays["lengths"])
            shape = (-1, len(self.features)) if len(self.features) > 1 else (-1,)
        arrays |= {name: arrays[name].reshape(shape) for name in ("values", "known") if name in arrays}
        return replace(pack, arrays=arrays)

    def gather(self, pack: Pack, rows: NDArray[np.int64]) -> gather.Gathered:
        """The tensors of these rows of a pack, and which of them it has at all."""
        if "ends" in pack.arrays:
            return gather.lists(self.name, pack, rows, flat=self.jagged)
        return gather.dense(self.name, pack, rows)


def source(table: str) -> str:
    """What stands after FROM for a table's name or a SELECT."""
    if _TABLE.fullmatch(table):
        return ".".join(map(name, table.split(".")))
    return f"({table.rstrip().rstrip(';')}\n)"


def is_number(type: str) -> bool:
    """Whether a column of this SQL type can be a feature."""
    return bool(_NUMERIC.fullmatch(type))


@dataclass(frozen=True, slots=True)
class TableRequest:
    """A modality as it is asked for."""

    modality: str
    table: str
    """Its name, such as "features.climate", or a SELECT that gives the key."""
    key: str
    columns: Sequence[str] | None = None  # all where None
    without: Sequence[str] = ()
    jagged: bool = False
    normalise: bool = False

    def unfit(self, why: str) -> ConfigError:
        return _unfit(self.key, self.modality, self.table, why)


def describe(connection: duckdb.DuckDBPyConnection, request: TableRequest) -> Modality:
    """The numbers of a table or a SELECT.

    Raises:
        ConfigError: there is no such table, it has no key, no numbers, or both numbers and lists.
    """
    types, lists = _features(request, _types(connection, request))
    is_table = _TABLE.fullmatch(request.table)
    comments = _comments(connection, request.table) if is_table else {}
    scale = None
    if is_table and not lists:
        scale = scaling.read(connection, request.table, list(types), normalise=request.normalise)
    return Modality(
        request.modality,
        request.key,
        source(request.table),
        tuple(_feature(column, comments.get(column)) for column in types),
        "float32" if scale else _dtype(types.values()),
        scale=scale,
        lists=lists,
        jagged=request.jagged,
        cells=tuple(cell(column, type, lists=lists) for column, type in types.items()),
    )


def _types(connection: duckdb.DuckDBPyConnection, request: TableRequest) -> dict[str, str]:
    """The SQL types of the columns that are asked for, and of the key."""
    import duckdb

    try:
        rows = connection.execute(f"DESCRIBE FROM {source(request.table)}").fetchall()
    except duckdb.Error as error:
        raise request.unfit(first_line(error)) from None
    types: dict[str, str] = {row[0]: row[1] for row in rows}
    exact(types, request.modality, request.table, request.key)
    if request.columns is None:
        return types
    for column in request.columns:
        if column not in types:
            raise request.unfit(f"it has no column {column!r}, but {', '.join(types)}")
        if column != request.key and not (_NUMERIC.fullmatch(types[column]) or _LISTS.fullmatch(types[column])):
            raise request.unfit(f"{column} is {types[column]}: neither a number nor a list of numbers")
    return {column: types[column] for column in (request.key, *request.columns) if column in types}


def _features(request: TableRequest, types: Mapping[str, str]) -> tuple[dict[str, str], bool]:
    """The types of the columns of the tensor, and whether they are lists: of their elements then."""
    key, columns = request.key, {c: type for c, type in types.items() if c not in request.without}
    lists = {column: type.partition("[")[0] for column, type in columns.items() if _LISTS.fullmatch(type)}
    numbers = {column: type for column, type in columns.items() if column != key and _NUMERIC.fullmatch(type)}
    if key not in types or not (lists or numbers):
        raise request.unfit(f"it has no {'numeric column' if key in types else key}")
    if lists and numbers:
        both = f"it has lists ({', '.join(lists)}) and numbers ({', '.join(numbers)}): each is a tensor"
        raise request.unfit(both)
    return lists or numbers, bool(lists)


def exact(types: Mapping[str, str], modality: str, table: str, key: str) -> None:
    """Refuse a key that is not a whole number of 64 bits: rounded, it would be another run's, or no run's.

    Raises:
        ConfigError: it is of another type.
    """
    type = types.get(key, "BIGINT")
    if not _KEYS.fullmatch(type):
        why = f"its {key} is {type}, and not BIGINT: a key of 64 bits is not kept by every type"
        raise _unfit(key, modality, table, why)


def _unfit(key: str, modality: str, table: str, why: str) -> ConfigError:
    return ConfigError(
        f"{table!r} cannot be the modality {modality!r}",
        why=why,
        next=f"PlanetRuns(..., tables={{{modality!r}: 'SELECT {key}, ... FROM ...'}})",
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


def _dtype(types: Any) -> str:
    types = list(types)
    if not all(map(_WHOLE.fullmatch, types)):
        return "float32"
    return "int64" if any(map(_WIDE.fullmatch, types)) else "int32"


def cell(column: str, type: str, *, lists: bool = False) -> str:
    """A column as Arrow gives it to numpy without objects."""
    target = {"BOOLEAN": "TINYINT", "UBIGINT": "BIGINT"}.get(type, "DOUBLE" if type[:3] in ("HUG", "DEC") else None)
    if target is None:
        return name(column)
    return f"TRY_CAST({name(column)} AS {target}{'[]' if lists else ''})"


def describe_column(
    connection: duckdb.DuckDBPyConnection, modality: str, table: str, column: str, *, key: str, normalise: bool
) -> Modality | None:
    """One column alone; of text and truth values, as codes in the order of the values. None where it is neither."""
    types = {row[0]: row[1] for row in connection.execute(f"DESCRIBE FROM {source(table)}").fetchall()}
    comment = (_comments(connection, table) if _TABLE.fullmatch(table) else {}).get(column)
    plain = Modality(modality, key, source(table), (_feature(column, comment),), "float32")
    type = types[column]
    if type == "BOOLEAN":
        return replace(plain, dtype="int64", cells=(f"CAST({name(column)} AS BIGINT)",), classes=("false", "true"))
    if is_number(type):
        scale = scaling.read(connection, table, [column], normalise=normalise) if _TABLE.fullmatch(table) else None
        return replace(plain, dtype="float32" if scale else _dtype([type]), cells=(cell(column, type),), scale=scale)
    if type not in ("VARCHAR", "DATE") and not type.startswith("ENUM"):
        return None
    rows = connection.execute(
        f"SELECT DISTINCT CAST({name(column)} AS VARCHAR) FROM {plain.source} WHERE {name(column)} IS NOT NULL"
    )
    classes = tuple(sorted(text for (text,) in rows.fetchall()))
    listed = ", ".join(map(quote, classes))
    code = f"CAST(list_position([{listed}], CAST({name(column)} AS VARCHAR)) - 1 AS BIGINT)"
    return replace(plain, dtype="int64", cells=(code,), classes=classes)


# Writing


Blocks = Iterator[tuple["NDArray[np.int64]", list["pa.Array"]]]


def _stream(
    connection: duckdb.DuckDBPyConnection, modality: Modality, keys: NDArray[np.int64] | None, within: str
) -> Blocks:
    """The key and the cells, block by block, in the order of the table."""
    import duckdb
    import pyarrow as pa

    not_null = [f"{name(f.name)} IS NOT NULL" for f in modality.features] if modality.lists else []
    conditions = " AND ".join([f"({within})", *not_null])
    key = modality.key
    select = f"SELECT {key}, {', '.join(modality.cells)} FROM {modality.source} WHERE {conditions}"
    if keys is not None:
        connection.register("_keys", pa.table({key: keys}))
        select = f"SELECT * FROM ({select}) SEMI JOIN _keys USING ({key})"
    try:
        for batch in connection.execute(select).to_arrow_reader(_ROWS):
            column = batch.column(0)
            if column.null_count:
                why = f"{column.null_count} of its rows or more have no {key}"
                raise _unfit(key, modality.name, modality.source, why)
            yield column.to_numpy().astype(np.int64, copy=False), batch.columns[1:]
    except duckdb.Error as error:
        raise _unfit(key, modality.name, modality.source, first_line(error)) from None
    finally:
        if keys is not None:
            connection.unregister("_keys")


def _write_scalars(modality: Modality, writer: Writer, blocks: Blocks) -> dict[str, Any]:
    unknown = np.zeros(len(modality.features), np.int64)
    for key, columns in blocks:
        values, known = turned(columns, np.dtype(modality.dtype))
        if modality.scale is not None:
            values, known = scaling.apply(modality.scale, values, known)
        unknown += gather.append(writer, key, values, known)
    _never_empty(writer, (len(modality.features),), modality.dtype)
    return {"unknown": dict(zip([f.name for f in modality.features], unknown.tolist(), strict=True))}


def turned(columns: Sequence[pa.Array], dtype: np.dtype[Any]) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """Columns as rows, and which cells are known (None: all): not null, and finite in float32."""
    values = np.empty((len(columns[0]), len(columns)), dtype)
    known = None
    with np.errstate(over="ignore"):
        for number, column in enumerate(columns):
            if column.null_count:
                known = np.ones(values.shape, bool) if known is None else known
                known[:, number] = column.is_valid().to_numpy(zero_copy_only=False)
                column = column.fill_null(0)
            values[:, number] = column.to_numpy(zero_copy_only=False)
    return values, _finite(values, known)


def _finite(values: NDArray[Any], known: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
    """Which cells are known; the others become 0."""
    if values.dtype.kind == "f":
        finite = np.isfinite(values)
        if not finite.all():
            known = finite if known is None else known & finite
    if known is not None:
        values[~known] = 0
    return known


def _write_lists(modality: Modality, writer: Writer, blocks: Blocks) -> dict[str, Any]:
    unknown = np.zeros(len(modality.features), np.int64)
    longest, shortest = 0, None
    for key, columns in blocks:
        lengths = np.asarray(columns[0].value_lengths().to_numpy(zero_copy_only=False), np.int64)
        for column in columns[1:]:
            if (uneven := np.flatnonzero(column.value_lengths().to_numpy(zero_copy_only=False) != lengths)).size:
                some = ", ".join(map(str, key[uneven[:3]]))
                why = f"its lists differ in length within a row: {modality.key} {some}"
                raise _unfit(modality.key, modality.name, modality.source, why)
        values, known = turned([column.flatten() for column in columns], np.dtype(modality.dtype))
        writer.append("lengths", lengths)
        unknown += gather.append(writer, key, values, known)
        if len(lengths):
            longest = max(longest, int(lengths.max()))
            shortest = int(lengths.min()) if shortest is None else min(shortest, int(lengths.min()))
    _never_empty(writer, (len(modality.features),), modality.dtype)
    if "lengths" not in writer.names():
        writer.append("lengths", np.zeros(0, np.int64))
    return {
        "unknown": dict(zip([f.name for f in modality.features], unknown.tolist(), strict=True)),
        "length": longest if longest == shortest else None,
    }


def _never_empty(writer: Writer, shape: tuple[int, ...], dtype: str) -> None:
    if not writer.names():
        gather.append(writer, np.zeros(0, np.int64), np.zeros((0, *shape), dtype), None)


def statistics(
    connection: duckdb.DuckDBPyConnection, modality: Modality, runs: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation of each feature's known cells over the runs of a query; NaN where none is."""
    finite = [f"TRY_CAST({name(f.name)} AS FLOAT)::DOUBLE" for f in modality.features]
    known = [f"CASE WHEN isfinite({cell}) THEN {cell} END" for cell in finite]
    measures = [f"{function}({cell})" for function in ("avg", "stddev_pop") for cell in known]
    query = f"SELECT {', '.join(measures)} FROM {modality.source} WHERE {modality.key} IN ({runs})"
    row = np.array(connection.execute(query).fetchone(), dtype=np.float32).reshape(2, -1)
    return torch.from_numpy(row[0]), torch.from_numpy(row[1])
