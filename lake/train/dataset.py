"""Planet-runs as a torch dataset: columnar from disk to tensor, sharded, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import distributed
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from lake import config as settings
from lake.errors import ConfigError
from lake.reader import Lake
from lake.store.catalog import first_line
from lake.store.sql import quote
from lake.train import modality, order, slabs
from lake.train.modality import KEY, Block, Modality
from lake.train.slabs import Slabs

TABLES = {
    "planet": "features.planet_params",
    "environment": """
        SELECT planet_run_key, max(temperature) AS temperature, bool_or(temperature_kind = 'surface') AS at_surface
        FROM features.feasible_pathways GROUP BY planet_run_key""",
    "pathways": """
        SELECT planet_run_key, count(*) FILTER (feasible) AS feasible, count(*) FILTER (NOT feasible) AS infeasible,
               count(*) FILTER (feasible IS NULL) AS not_known
        FROM features.feasible_pathways GROUP BY planet_run_key""",
    "climate": "features.climate",
}
"""What a batch holds by default: parameters of the planet and its star; the temperature in K that its environment is
judged by, and whether it is one of the surface; how many pathways that allows, forbids or leaves open; its climate."""
Batch = dict[str, Any]


class PlanetRuns(IterableDataset):
    """Batches of planet-runs at one snapshot.

    A batch is a dict of tensors with B rows:

    - ``planet_run_key``: int64 [B].
    - for each modality of ``tables``, such as ``planet``: float32 [B, F], the raw values in the contract's units.
      ``data.schema["planet"]`` names the F columns and their units. Text, dates and lists are left out.
    - for each modality of ``cubes``: float32 [B, V, *shape], a run's arrays exactly as its cube holds them. Runs of
      another size are padded at the end to the largest one of the snapshot.
    - ``<modality>_known``: bool of the same shape. Where it is False the value is 0 and means nothing: the cell is
      null, NaN or infinite, beyond float32, or padding.
    - ``mask``: for each modality, bool [B]: whether the lake has a row (or a cube) of that planet-run at all.

    Every planet-run of the split comes once an epoch, over all workers and ranks; the order is a function of the
    snapshot, the seed and the epoch alone. All planets of a star are in one split. The dataset may be sent to workers
    by fork or spawn: it opens the lake where it is iterated. Give it to a DataLoader with ``batch_size=None``, or use
    :meth:`loader`.

    Args:
        lake: a lake, whose snapshot is then read whatever is built since; or its folder, at its newest snapshot.
        split: "train", "validation" or "test"; None for all.
        tables: modality -> a table such as "features.climate", or a SELECT that gives ``planet_run_key`` once a run.
            By default TABLES of this module.
        cubes: modality -> variables of the cubes, by name or CF standard name, of the same dimensions.
        batch_size: rows of a batch.
        seed: of the order.
        shuffle: False gives the order of the keys.
        drop_last: leave out the last step where it is not full, so that all batches have the same size.
        where: a condition on core.planet_runs in SQL, such as "kind = 'simulation'".
        rank, world_size: which share of each step; by default those of torch.distributed, where it is initialised.
        block: how many planet-runs are read at once. A block is one pass over each table, so memory buys speed.

    Attributes:
        snapshot: the snapshot's number.
        keys: int64, the planet-runs' keys in ascending order.
        schema: what each modality's columns are: :class:`Modality` or :class:`Slabs`, with ``features``.

    Raises:
        ConfigError: there is no such table, column, variable or split at this snapshot.
    """

    def __init__(
        self,
        lake: Lake | str | Path,
        split: str | None = "train",
        tables: Mapping[str, str] | None = None,
        cubes: Mapping[str, Sequence[str]] | None = None,
        *,
        batch_size: int = 256,
        seed: int = 0,
        shuffle: bool = True,
        drop_last: bool = False,
        where: str = "",
        rank: int | None = None,
        world_size: int | None = None,
        block: int = 65_536,
    ):
        self.path = lake.config.root if isinstance(lake, Lake) else settings.find(lake)
        self.snapshot: int | None = lake.snapshot if isinstance(lake, Lake) else None
        self.split, self.where = split, where
        self.batch_size, self.block = _positive("batch_size", batch_size), _positive("block", block)
        self.seed, self.shuffle, self.drop_last = seed, shuffle, drop_last
        self._place = _place(rank, world_size)
        self._epoch = torch.zeros((), dtype=torch.int64).share_memory_()  # seen by workers that outlive an epoch
        self._describe(TABLES if tables is None else tables, cubes or {})

    def _describe(self, tables: Mapping[str, str], cubes: Mapping[str, Sequence[str]]) -> None:
        taken = {KEY, "mask"}
        for name in (*tables, *cubes):
            if taken & {name, f"{name}_known"}:
                raise ConfigError(f"two parts of a batch would be called {name!r}", next="give each modality its name")
            taken |= {name, f"{name}_known"}
        with self._open() as here:
            self.snapshot = here.snapshot
            self.keys = _keys(here, self.split, self.where)
            self.schema: dict[str, Modality | Slabs] = {
                **{name: modality.describe(here.connection, name, table) for name, table in tables.items()},
                **{name: slabs.describe(here.connection, name, asked) for name, asked in cubes.items()},
            }

    def __len__(self) -> int:
        """How many batches this rank has in an epoch."""
        return len(self._batches())

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()
        number, workers = (worker.id, worker.num_workers) if worker else (0, 1)
        keys = order.shuffled(self.keys, self.seed, int(self._epoch)) if self.shuffle else self.keys
        # A DataLoader takes from its workers in turn: so the order is the same for any number of them.
        mine = self._batches()[number::workers]
        with self._open(workers) as here:
            for slices in order.blocks(mine, self.block):
                yield from self._read(here, np.concatenate([keys[piece] for piece in slices]), slices)

    def _batches(self) -> list[slice]:
        rank, world_size = self.place
        return order.batches(len(self.keys), self.batch_size, rank, world_size, drop_last=self.drop_last)

    def _read(self, here: Lake, keys: np.ndarray, slices: list[slice]) -> Iterator[Batch]:
        tables = {n: modality.read(here.connection, m, keys) for n, m in self.schema.items() if isinstance(m, Modality)}
        ends = np.cumsum([piece.stop - piece.start for piece in slices])
        for start, stop in zip([0, *ends[:-1]], ends, strict=True):
            rows = slice(start, stop)
            blocks = {name: Block(b.values[rows], b.known[rows], b.present[rows]) for name, b in tables.items()}
            for name, known in self.schema.items():
                if isinstance(known, Slabs):
                    blocks[name] = slabs.read(here.config.data, known, keys[rows])
            yield _batch(keys[rows], blocks)

    def _open(self, workers: int = 1) -> Lake:
        """The lake at the snapshot; its newest door where that is the one, so that a read-only disk will do."""
        config = settings.load(self.path)
        here = Lake(config, None)
        if self.snapshot not in (None, here.snapshot):
            here.close()
            here = Lake(config, self.snapshot)
        if workers > 1:  # they share the machine
            here.connection.execute(f"SET memory_limit = '{config.limits.memory // workers}B'; SET threads = 1")
        return here

    @property
    def place(self) -> tuple[int, int]:
        """Rank and world size."""
        if self._place:
            return self._place
        if distributed.is_available() and distributed.is_initialized():
            return distributed.get_rank(), distributed.get_world_size()
        return 0, 1

    def __getstate__(self) -> dict[str, Any]:  # a spawned worker is in no process group: tell it its rank
        fixed = self.place if self._place or self.place != (0, 1) else None
        return {**self.__dict__, "_place": fixed}

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the next iteration; workers that are kept from one epoch to the next learn of it."""
        self._epoch.fill_(epoch)

    def loader(self, **options: Any) -> DataLoader:
        """A DataLoader over the batches; ``options`` are its own, such as ``num_workers``."""
        return DataLoader(self, batch_size=None, **options)

    def statistics(self) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
        """For each modality of tables: mean and standard deviation of each feature's known cells, float32 [F].

        Over the planet-runs of the split "train", whichever this dataset's own is: nothing of the others leaks into a
        normalisation. NaN where no cell is known.
        """
        runs = f"SELECT {KEY} FROM core.planet_runs WHERE split = 'train'"
        with self._open() as here:
            here.connection.execute("SET threads = 1")  # sums in one order: the same bits each time
            return {
                name: tuple(map(torch.from_numpy, modality.statistics(here.connection, known, runs)))
                for name, known in self.schema.items()
                if isinstance(known, Modality)
            }

    def __repr__(self) -> str:
        parts = ", ".join(f"{name}[{len(known.features)}]" for name, known in self.schema.items())
        return (
            f"<PlanetRuns {self.split or 'all'} at snapshot {self.snapshot}: {len(self.keys):,} planet-runs; {parts}>"
        )


def _positive(name: str, value: int) -> int:
    if value < 1:
        raise ConfigError(f"{name} is {value}: it has to be 1 or more")
    return value


def _place(rank: int | None, world_size: int | None) -> tuple[int, int] | None:
    if rank is None and world_size is None:
        return None
    if rank is None or world_size is None or not 0 <= rank < world_size:
        raise ConfigError(f"rank {rank} of {world_size} ranks", next="give both, with 0 <= rank < world_size")
    return rank, world_size


def _keys(here: Lake, split: str | None, where: str) -> np.ndarray:
    import duckdb

    conditions = [] if split is None else [f"split = {quote(split)}"]
    if where.strip():
        conditions.append(f"({where}\n)")  # on a line of its own: it may end in a comment
    condition = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    try:
        query = f"SELECT {KEY} FROM core.planet_runs {condition} ORDER BY {KEY}"
        keys = np.asarray(here.connection.execute(query).fetchnumpy()[KEY], dtype=np.int64)
        if len(keys):
            return keys
        known = here.connection.execute("SELECT split, count(*) FROM core.planet_runs GROUP BY 1 ORDER BY 1").fetchall()
    except duckdb.Error as error:
        raise ConfigError(
            f"the planet-runs cannot be chosen: {first_line(error)}", where=f"core.planet_runs {condition}"
        ) from None
    raise ConfigError(
        f"no planet-run is in split {split!r}" + (f" where {where}" if where else ""),
        where=f"core.planet_runs at snapshot {here.snapshot}",
        why="; ".join(f"{name} has {count}" for name, count in known) or "the table is empty",
    )


def _batch(keys: np.ndarray, blocks: dict[str, Block]) -> Batch:
    batch: Batch = {KEY: torch.from_numpy(keys)}
    for name, block in blocks.items():
        batch[name] = torch.from_numpy(block.values)
        batch[f"{name}_known"] = torch.from_numpy(block.known)
    batch["mask"] = {name: torch.from_numpy(block.present) for name, block in blocks.items()}
    return batch
