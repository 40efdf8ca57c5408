"""How often each run comes in an epoch, and in which stage: weights, balance, curriculum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from lake.errors import ConfigError
from lake.train import column, order
from lake.train.modality import Modality
from lake.train.pack import Pack, gathered

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

    from lake.reader import Lake


@dataclass(frozen=True, slots=True)
class Sampling:
    """Columns that an epoch's order depends on, and then their values."""

    columns: Mapping[str, Modality] = field(default_factory=dict)  # by "weight", "balance", "curriculum"
    weights: NDArray[np.float64] | None = None
    values: NDArray[np.float64] | None = None  # of the curriculum

    @property
    def identity(self) -> Any:
        """All that decides the order, beside the keys, the seed and the epoch."""
        return {name: part.identity for name, part in self.columns.items()}

    def read(
        self, lake: Lake, keys: NDArray[np.int64], packs: Mapping[str, Pack], at: Mapping[str, NDArray[np.int64]]
    ) -> Sampling:
        """The same with the values of these runs.

        Raises:
            ConfigError: a run has no value, or a weight is below 0.
        """
        values = {name: _values(lake, name, part, keys, packs, at) for name, part in self.columns.items()}
        weights = values.get("weight")
        if weights is not None and ((weights < 0).any() or not weights.any()):
            raise ConfigError(
                f"{int((weights < 0).sum())} weights are below 0" if weights.any() else "all weights are 0"
            )
        if "balance" in values:
            _, group, count = np.unique(values["balance"], return_inverse=True, return_counts=True)
            share = 1 / count[group]
            weights = share if weights is None else share * weights
        return replace(self, weights=weights, values=values.get("curriculum"))

    def order(
        self, keys: NDArray[np.int64], seed: int, epoch: int, *, shuffle: bool | str, block: int, stages: int
    ) -> NDArray[np.int64]:
        """Positions in ``keys`` in the order of an epoch."""
        counts = None if self.weights is None else order.draws(self.weights, seed, epoch)
        if self.values is not None:
            rank = np.argsort(np.argsort(self.values, kind="stable"))
            first = np.searchsorted(np.sort(self.values), self.values)  # equal values are in one stage
            return order.shuffled(
                keys, seed, epoch, counts=counts, stages=np.minimum(first, rank) * stages // len(keys)
            )
        if shuffle == "blocks":
            parts = order.neighbours(len(keys), seed, epoch, block)
            return order.shuffled(keys, seed, epoch, counts=counts, stages=parts)
        if shuffle:
            return order.shuffled(keys, seed, epoch, counts=counts)
        rows = np.arange(len(keys))
        return rows if counts is None else np.repeat(rows, counts)


def describe(connection: duckdb.DuckDBPyConnection, *, key: str, **columns: str | None) -> Sampling:
    """The columns of a sampling, by their role: weight, balance, curriculum.

    Raises:
        ConfigError: there is no such column, or a weight or an order that is not a number.
    """
    modalities = {name: column.describe(connection, name, text, key=key) for name, text in columns.items() if text}
    for name in ("weight", "curriculum"):
        if name in modalities and modalities[name].classes:
            raise ConfigError(f"{columns[name]!r} cannot be the {name}", why="it is not a number")
    return Sampling(modalities)


def _values(
    lake: Lake,
    name: str,
    modality: Modality,
    keys: NDArray[np.int64],
    packs: Mapping[str, Pack],
    at: Mapping[str, NDArray[np.int64]],
) -> NDArray[np.float64]:
    pack = packs.get(name)
    if pack is None:
        write = partial(modality.write, lake)
        pack = modality.opened(gathered(write, f"the {name}", modality.key))
    rows = at[name] if name in at else pack.find(keys)
    if missing := np.flatnonzero(rows < 0).size:
        some = ", ".join(map(str, keys[rows < 0][:3]))
        raise ConfigError(
            f"{missing:,} of {len(keys):,} runs have no {name}",
            where=f"{modality.key} {some}",
            next=f"select others with where=..., or give {name} as a SELECT with a value for each",
        )
    return pack.arrays["values"][rows].astype(np.float64)
