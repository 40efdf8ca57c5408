"""The climate arrays of runs, as their cubes hold them: nothing regridded, nothing averaged."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lake import progress
from lake.errors import ConfigError
from lake.store import read_array
from lake.store.catalog import first_line
from lake.train import gather
from lake.train.modality import Feature

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

    from lake.reader import Lake
    from lake.train.pack import Pack, Writer

_VARIABLES = """
    SELECT c._run AS key, c.digest, w.position, v.variable,
           v.unit, coalesce(v.long_name, v.standard_name, '') AS doc, v.dims, v.shape
    FROM (SELECT *, {cube} AS _run FROM raw.cubes) AS c
    JOIN raw.cube_variables AS v USING (digest)
    JOIN (SELECT unnest($asked) AS asked, generate_subscripts($asked, 1) - 1 AS position) AS w
      ON w.asked IN (v.variable, v.standard_name)
    ORDER BY key, position, v.variable
"""


@dataclass(frozen=True, slots=True)
class Slabs:
    """A modality of arrays: [n, variable, *shape], with ``dims`` naming the axes of ``shape``."""

    name: str
    features: tuple[Feature, ...]
    dims: tuple[str, ...]
    shape: tuple[int, ...]  # the largest of the snapshot's runs; smaller ones are padded at the end
    cubes: dict[int, dict[int, tuple[str, str]]]  # the run's key -> position -> the cube's digest, the variable's name

    @property
    def identity(self) -> dict[str, Any]:
        """All that decides the pack, beside the snapshot."""
        return {"cubes": sorted(self.cubes.items()), "dims": self.dims, "shape": self.shape}

    @property
    def row_bytes(self) -> int:
        """Bytes of a row: values and whether they are known."""
        return 5 * len(self.features) * math.prod(self.shape)

    def bytes(self, pack: Pack, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Bytes of each of these rows of a pack in a batch."""
        return np.full(len(rows), self.row_bytes)

    def keys(self, lake: Lake) -> NDArray[np.int64]:
        """The keys of the runs that have a cube."""
        return np.array(sorted(self.cubes), np.int64)

    def write(
        self, lake: Lake, writer: Writer, keys: NDArray[np.int64] | None = None, within: str = "true"
    ) -> dict[str, Any]:
        """Append the arrays of every run, or of those of the keys; the notes count the cells that are not known."""
        unknown = np.zeros(len(self.features), np.int64)
        chosen = sorted(self.cubes if keys is None else self.cubes.keys() & set(keys.tolist()))
        with progress.bar(f"packing {self.name}", len(chosen)) as advance:
            for key in chosen:
                values = np.full((1, len(self.features), *self.shape), np.nan, np.float32)
                for position, array in _arrays(lake.config.data, self, key):
                    values[0, position][tuple(map(slice, array.shape))] = array
                known = np.isfinite(values)
                values[~known] = 0
                unknown += gather.append(writer, np.array([key]), values, None if known.all() else known)
                advance()
        if not chosen:
            gather.append(writer, np.zeros(0, np.int64), np.zeros((0, len(self.features), *self.shape), "f4"), None)
        return {"unknown": dict(zip([f.name for f in self.features], unknown.tolist(), strict=True))}

    def opened(self, pack: Pack) -> Pack:
        """A pack as :meth:`gather` takes it."""
        return pack

    def gather(self, pack: Pack, rows: NDArray[np.int64]) -> gather.Gathered:
        """The tensors of these rows of a pack, and which of them it has at all."""
        return gather.dense(self.name, pack, rows)


def describe(connection: duckdb.DuckDBPyConnection, modality: str, variables: Sequence[str], *, cube: str) -> Slabs:
    """The variables of the snapshot's cubes, each by its name or its CF standard name.

    Args:
        cube: SQL of the columns of raw.cubes: the key of the run that a cube is of.

    Raises:
        ConfigError: a variable is in no cube or twice in one, or the runs disagree on its unit or dimensions.
    """
    import duckdb

    if not cube:
        raise _unfit(modality, "lake.toml does not say which run a cube is of: [roles] cube")
    try:
        cursor = connection.execute(_VARIABLES.format(cube=cube), {"asked": list(variables)})
    except duckdb.Error as error:
        raise _unfit(modality, f"[roles] cube = {cube!r}: {first_line(error)}") from None
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    cubes: dict[int, dict[int, tuple[str, str]]] = {}
    for row in rows:
        cube_variables = cubes.setdefault(row["key"], {})
        if row["position"] in cube_variables:
            raise _unfit(modality, f"run {row['key']} has {variables[row['position']]!r} more than once")
        cube_variables[row["position"]] = row["digest"], row["variable"]
    features = tuple(_feature(modality, rows, i, text) for i, text in enumerate(variables))
    dims = tuple(rows[0]["dims"])
    if odd := next((row for row in rows if set(row["dims"]) != set(dims)), None):
        raise _unfit(
            modality, f"{odd['variable']!r} lies on ({', '.join(odd['dims'])}), another on ({', '.join(dims)})"
        )
    sizes = [dict(zip(row["dims"], row["shape"], strict=True)) for row in rows]
    return Slabs(modality, features, dims, tuple(max(size[d] for size in sizes) for d in dims), cubes)


def _feature(modality: str, candidates: list[dict[str, Any]], position: int, variable: str) -> Feature:
    rows = [row for row in candidates if row["position"] == position]
    if not rows:
        raise _unfit(modality, f"no cube of this snapshot has a variable of the name or standard name {variable!r}")
    if len(units := sorted({str(row["unit"]) for row in rows})) > 1:
        raise _unfit(modality, f"{variable!r} is in {' here, in '.join(units)} there")
    return Feature(variable, rows[0]["unit"], rows[0]["doc"])


def _unfit(modality: str, why: str) -> ConfigError:
    return ConfigError(
        f"the cubes' variables cannot be the modality {modality!r}",
        why=why,
        next='lake sql "SELECT variable, standard_name, unit, dims, shape FROM raw.cube_variables"',
    )


def _arrays(data: Path, slabs: Slabs, key: int) -> Iterator[tuple[int, NDArray[np.float32]]]:
    for position, (digest, variable) in slabs.cubes[key].items():
        array = read_array.read(data, digest, variable)
        dims = read_array.dims(data, digest, variable)
        with np.errstate(over="ignore"):
            yield position, array.transpose([dims.index(dim) for dim in slabs.dims]).astype(np.float32, copy=False)
