"""What a reader yields from an answer: rows of raw tables, and arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa
    import xarray as xr


class Part(NamedTuple):
    """Some rows of one raw table, out of one answer. Always: seen == len(rows) + len(rejects).

    A record with one bad cell need not be lost: yield its row with null in that cell, and list the cell in ``cells``.
    raw.rejects then has its reason and its text, with the name of the ``column`` (null there means: the whole record).
    Such a row counts as landed, so ``cells`` are not counted in the sum above.

        rows = [{"_record": 7, "planet": "GJ 667 C b", "mass_error": None}]
        cells = [{"_record": 7, "column": "mass_error", "reason": "not a finite number", "content": "inf"}]
        yield Part("planets", 1, pa.Table.from_pylist(rows, TABLES["planets"]),
                   cells=pa.Table.from_pylist(cells, text.CELLS))

    ``lake.formats.text.cell_rejects`` makes that table from arrays.
    """

    table: str
    seen: int  # records of the answer for this table, counted before any is judged
    rows: pa.Table  # TABLES[table]; column `_record` (int64) is the number of the record in the answer
    rejects: pa.Table | None = None  # text.REJECTS: records that are not rows, and why
    cells: pa.Table | None = None  # text.CELLS: cells of `rows` that are null because their text was rejected, and why


class Cube(NamedTuple):
    """One answer as arrays; the store writes it as Zarr and measures each variable on the way."""

    dataset: xr.Dataset  # lazy: opened on the blob's file
    facts: Mapping[str, Any]  # planet, kind, model, scenario, run, synthetic ...
    weights: xr.DataArray | None = None  # area weights over the horizontal dimensions, for global means
    covers: float | None = None  # the share of the sphere that the weighted cells cover; None: unknown
    rejects: pa.Table | None = None  # of raw.cube_variables, as a Part's: what the cube leaves out, and why
