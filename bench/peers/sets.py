"""The two sets of bench/loader.py: lakes of random numbers, and their rows as numpy or Arrow."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

KEY, LABEL = "planet_run_key", "label"
BLOCK = 8192


@dataclass(frozen=True)
class Part:
    """One tensor: columns of numbers, or one column of lists of ``width`` numbers."""

    columns: tuple[str, ...]
    dtype: str = "float32"
    width: int = 0

    @property
    def size(self) -> int:
        return self.width or len(self.columns)


ROWS = {"A": 2_000_000, "B": 50_000}
PARTS = {
    "A": {"x": Part(tuple(f"f{i}" for i in range(64))), "i": Part(tuple(f"i{i}" for i in range(4)), "int32")},
    "B": {"s": Part(tuple(f"s{i}" for i in range(16))), "spectrum": Part(("spectrum",), width=1024)},
}


@dataclass(frozen=True)
class Data:
    """The first rows of a set, as they lie in its lake."""

    set: str
    lake: Path
    rows: int
    whole: bool = True  # all rows that the lake has

    @property
    def parts(self) -> dict[str, Part]:
        return PARTS[self.set]

    @property
    def arrays(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Type and trailing shape of every array."""
        parts = {name: (part.dtype, (part.size,)) for name, part in self.parts.items()}
        return {KEY: ("int64", ()), **parts, LABEL: ("int32", ())}

    def select(self) -> str:
        columns = [column for part in self.parts.values() for column in part.columns]
        limit = "" if self.whole else f" LIMIT {self.rows}"
        return f"SELECT {', '.join((KEY, *columns, LABEL))} FROM features.{self.set.lower()}{limit}"

    def record_batches(self) -> Iterator[pa.RecordBatch]:
        import lake

        with lake.open(self.lake) as here:
            yield from here.connection.execute(self.select()).to_arrow_reader(BLOCK)

    def blocks(self) -> Iterator[dict[str, np.ndarray]]:
        """The same as arrays by name, a row of each a row."""
        return map(self.packed, self.record_batches())

    def packed(self, batch: pa.RecordBatch) -> dict[str, np.ndarray]:
        found = {KEY: batch[KEY].to_numpy()}
        for name, part in self.parts.items():
            if part.width:
                found[name] = batch[part.columns[0]].flatten().to_numpy().reshape(-1, part.width)
            else:
                found[name] = columns(batch, part.columns, part.dtype)
        return {**found, LABEL: batch[LABEL].to_numpy()}

    def tables(self) -> Iterator[pa.RecordBatch]:
        """The same as Arrow: each array a column of lists of a fixed size."""
        import pyarrow as pa

        for block in self.blocks():
            yield pa.record_batch({name: fixed(values) for name, values in block.items()})


def columns(batch: pa.RecordBatch, names: tuple[str, ...], dtype: str) -> np.ndarray:
    values = np.empty((batch.num_rows, len(names)), dtype)
    for at, name in enumerate(names):
        values[:, at] = batch[name].to_numpy()
    return values


def fixed(values: np.ndarray) -> pa.Array:
    import pyarrow as pa

    flat = pa.array(values.reshape(-1))
    return flat if values.ndim == 1 else pa.FixedSizeListArray.from_arrays(flat, values.shape[1])


# Making a lake


def make(name: str, folder: Path, rows: int) -> Path:
    """Build the set's lake, unless it is there with so many rows."""
    from lake import config
    from lake.build import run as building

    told = folder / "made.json"
    if told.exists() and json.loads(told.read_text()) == rows:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    for path, text in project(name, rows).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    building.run(config.load(folder))
    told.write_text(json.dumps(rows))
    return folder


def project(name: str, rows: int) -> dict[str, str]:
    types, cells = [], []
    for part in PARTS[name].values():
        for column in part.columns:
            # 24 bits of chance each: all that a float32 below 1 can hold evenly, so sums in float64 are exact
            seed = len(cells)
            if part.width:
                cell = f"list_transform(range({part.width}), lambda x: ({_chance(f'{seed} + x')})::FLOAT)"
                types.append(f"{column}: Annotated[list[float], SqlType('FLOAT[]')]")
            elif part.dtype == "float32":
                cell = f"({_chance(str(seed))})::FLOAT"
                types.append(f"{column}: Annotated[float, SqlType('FLOAT')]")
            else:
                cell = f"(hash({KEY}, {seed}) >> 33)::INTEGER"
                types.append(f"{column}: Annotated[int, SqlType('INTEGER')]")
            cells.append(f"{cell} AS {column}")
    cells.append(f"(hash({KEY}, 'label') % 10)::INTEGER AS {LABEL}")
    types.append(f"{LABEL}: Annotated[int, SqlType('INTEGER')]")
    lines = "".join(f"    {line}\n" for line in (f"{KEY}: int", *types))
    contract = "from typing import Annotated\n\nfrom lake.contract import SqlType, Table\n\n\n"
    runs = f"class PlanetRuns(Table, key='{KEY}'):\n    {KEY}: int\n    split: str\n"
    return {
        "lake.toml": '[lake]\nname = "bench"\n[limits]\nmemory = "4 GB"\nthreads = 2\n',
        "models/core.py": contract + runs,
        "models/features.py": f"{contract}class {name}(Table, key='{KEY}'):\n{lines}",
        "sql/core/planet_runs.sql": (
            f"SELECT (hash(n) >> 1)::BIGINT AS {KEY}, 'train' AS split FROM range({rows}) AS t(n)\n"
        ),
        f"sql/features/{name.lower()}.sql": f"SELECT {KEY},\n" + ",\n".join(cells) + "\nFROM core.planet_runs\n",
    }


def _chance(seed: str) -> str:
    return f"(hash({KEY}, {seed}) >> 40) / 16777216.0"


# What was given


Sums = dict[str, int | float]


def sums(arrays: dict[str, np.ndarray], before: Sums | None = None) -> Sums:
    """Rows and sums that do not depend on the order; each is exact."""
    before = before or {}
    found: Sums = {"rows": len(arrays[KEY]) + before.get("rows", 0)}
    for name, values in arrays.items():
        if values.dtype.kind == "f":
            found[name] = float(values.sum(dtype="f8")) + before.get(name, 0.0)
        else:
            found[name] = (int(values.astype("u8").sum()) + before.get(name, 0)) % 2**64
    return found
