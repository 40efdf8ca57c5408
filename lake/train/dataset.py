"""Runs as a torch dataset: packed once, gathered in an order that the seed alone decides."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import distributed
from torch.utils.data import IterableDataset, get_worker_info

from lake import config as settings
from lake.errors import ConfigError
from lake.reader import Lake
from lake.store import leases
from lake.store.sql import scalar
from lake.train import arguments, modality, order, sampling, schema, selection
from lake.train.arguments import choice, positive
from lake.train.batch import Batch, Place
from lake.train.cache import Cache, stream
from lake.train.loader import Loader
from lake.train.modality import Modality
from lake.train.pack import Pack
from lake.train.schema import Request

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lake.config import Config
    from lake.train.arguments import Rows, Source
    from lake.train.order import Last, Steps
    from lake.train.schema import Part


class PlanetRuns(IterableDataset[Batch]):
    """Batches of runs at one snapshot: of planet-runs, or of what ``[roles]`` in lake.toml names.

    A batch is a :class:`lake.train.Batch`, a dict of tensors with B rows:

    - ``planet_run_key``: int64 [B]; or by the name that ``[roles]`` gives the key.
    - for each modality of ``tables``: float32 [B, F] of its F numeric columns, in the contract's units (int32 or int64
      where all of them are whole numbers); or, where it has columns of lists, [B, L], padded at the end to the longest
      list of the batch ([B, L, C] for C such columns). ``data.schema["planet"]`` names the columns and their units.
      Text and dates are left out.
    - for each modality of ``cubes``: float32 [B, V, *shape], a run's arrays exactly as its cube holds them. Runs of
      another size are padded at the end to the largest one of the snapshot.
    - ``<modality>_known``: bool of the same shape. Where it is False the value is 0 (or what the column's contract
      imputes) and means nothing: the cell is null, NaN or infinite, beyond float32, or padding.
    - for each modality of ``graphs``: a dict that PyTorch Geometric takes as it is; see
      :meth:`lake.train.graphs.Graph.gather`.
    - ``target`` [B], where one is asked for, and ``target_known``.
    - ``mask``: for each modality, bool [B]: whether the lake has a row (or a cube, a graph) of that run at all.

    ``batch.origin`` says where it came from. The modalities are packed once into memory-mapped arrays under
    ``data/cache`` (see :mod:`lake.train.pack`); what does not fit there is read from the lake, block by block: the
    batches are the same, only slower, and a CacheWarning says so.

    Every run of the split comes once an epoch, over all workers and ranks; the order is a function of the
    snapshot, the arguments and the epoch alone. All runs of a group, such as the planets of a star, are in one split.
    The dataset may be sent to workers by fork or spawn. Give it to a DataLoader with ``batch_size=None``, or use
    :meth:`loader`.

    Args:
        lake: a lake, whose snapshot is then read whatever is built since; or its folder, at its newest snapshot.
        split: "train", "validation" or "test"; None for all.
        tables: modality -> a table such as "features.climate", or a pair of it and its columns; a SELECT that gives
            the key once a run; or an ibis expression of such rows. One of these alone is the
            modality "x". By default those of ``[train.modalities]`` in lake.toml.
        cubes: modality -> variables of the cubes, by name or CF standard name, of the same dimensions. A list of them
            is the modality of its name.
        graphs: modality -> a table, SELECT or expression of edges: the key, ``source``, ``target``, numbers.
        target: "schema.table.column", or a SELECT of the key and a column. Text and truth values become
            codes, int64; ``data.schema["target"].classes`` names them. The column leaves its table's modality.
        require: modalities without which a run is skipped (``data.skipped`` counts them); it is kept, zeros and
            masked, where it lacks others. By default the target, and the one expression that stands for ``tables``.
        batch_size: rows of a batch.
        batch_bytes: a batch has as many rows as fit, such as "8 MB", instead: for runs of different sizes.
        seed: of the order.
        shuffle: True: every order is as likely; "blocks": nearly as good, and quick where the data does not fit the
            cache and its tables are sorted by the key (see docs/training.md); False: the order of the keys.
        last: what becomes of the last step where it is not full: see :func:`lake.train.order.steps`. "share" and
            "repeat" leave nothing out; "drop" and "repeat" give batches of one size.
        where: a condition on the table of runs in SQL, such as "kind = 'simulation'".
        weight: a column, as for ``target``: a run comes as often as its share of the weights, to within one.
        balance: a column whose values come equally often.
        curriculum: a column whose smallest values come first, in ``stages`` of about equal numbers, each shuffled.
        stages: see ``curriculum``.
        normalise: give the values as their contracts normalise them (see docs/training.md); :meth:`undo` goes back.
        jagged: modalities of lists that are not padded: their elements flat, and ``<modality>_offsets`` int64 [B + 1].
        cache: False reads from the lake each time.
        rank, world_size: which share of each step; by default those of torch.distributed, where it is initialised.
        block: how many runs are read at once where they are not cached.

    Attributes:
        snapshot: the snapshot's number.
        keys: int64, the runs' keys in ascending order.
        sources: the tables and SELECTs of ``tables``; target: as it was asked for.
        schema: what each modality's columns are: :class:`Modality`, :class:`Slabs` or :class:`Graph`.
        skipped: how many runs each required modality lacked.
        unknown: modality -> column -> how many cells of the whole modality are not known.

    Raises:
        ConfigError: there is no such table, column, variable or split at this snapshot, or a modality has two rows of
            one run.
    """

    def __init__(
        self,
        lake: Lake | str | Path,
        split: str | None = "train",
        tables: Mapping[str, Source] | Source | None = None,
        cubes: Mapping[str, Sequence[str]] | Sequence[str] | None = None,
        graphs: Mapping[str, Source] | None = None,
        *,
        target: str | None = None,
        require: Sequence[str] | None = None,
        batch_size: int = 256,
        batch_bytes: int | str | None = None,
        seed: int = 0,
        shuffle: bool | Literal["blocks"] = True,
        last: Last = "share",
        where: str = "",
        weight: str | None = None,
        balance: str | None = None,
        curriculum: str | None = None,
        stages: int = 10,
        normalise: bool = False,
        jagged: Sequence[str] = (),
        cache: bool = True,
        rank: int | None = None,
        world_size: int | None = None,
        block: int = 65_536,
    ):
        config = lake.config if isinstance(lake, Lake) else settings.load(lake)
        self.path, self.roles = config.root, config.roles
        self.split, self.where = split, where
        self.batch_size, self.block = positive("batch_size", batch_size), positive("block", block)
        self.batch_bytes = None if batch_bytes is None else arguments.size("batch_bytes", batch_bytes)
        self.seed, self.stages = arguments.whole("seed", seed), positive("stages", stages)
        self.shuffle, self.last, self.cache = choice("shuffle", shuffle), choice("last", last), cache
        self._ranks = arguments.ranks(rank, world_size)
        # Where the next iteration begins, seen by workers that outlive an epoch: epoch, row.
        self._start = _shared(torch.zeros(2, dtype=torch.int64))
        self._yielded, self._progress = 0, {"epoch": 0, "row": 0}
        request = Request(
            _tables(config, tables, others=bool(cubes or graphs)),
            cubes if isinstance(cubes, Mapping) else {name: [name] for name in cubes or ()},
            {name: str(arguments.rows_of(source)) for name, source in (graphs or {}).items()},
            target,
            jagged,
            normalise,
        )
        arguments.distinct(self.roles.key, request.names)
        if require is None:
            alone = not (tables is None or isinstance(tables, Mapping))
            require = [*(["target"] if target else []), *(["x"] if alone else [])]
        self.sources, self.target = dict(request.tables), target
        with nullcontext(lake) if isinstance(lake, Lake) else Lake(config, None) as opened:
            self.snapshot = opened.snapshot
            selection.check(opened)
            self._lease = leases.hold(config, self.snapshot)  # lake gc keeps it
            self.published = scalar(opened.connection, "SELECT published_at FROM lake.lake_info")
            self.schema: Mapping[str, Part] = schema.describe(opened, request)
            columns = {"weight": weight, "balance": balance, "curriculum": curriculum}
            self._sampling = sampling.describe(opened.connection, key=self.roles.key, **columns)
            self._packed = Cache(self.snapshot, self.published, self.roles, enabled=cache)
            self._packs = self._packed.open(opened, {**self.schema, **self._sampling.columns}, hint=self._hint)
            self._choose(opened, require)
        self._identity = self._identify()

    def _choose(self, lake: Lake, require: Sequence[str]) -> None:
        keys = self._packed.keys(lake, self.split, self.where)
        self.skipped: dict[str, int] = {}
        for name in require:
            if name not in self.schema:
                raise ConfigError(f"require names {name!r}", why=f"the modalities are {', '.join(self.schema)}")
            has = self._has(lake, name, keys)
            self.skipped[name] = int((~has).sum())
            keys = keys[has]
        if not len(keys):
            raise ConfigError(
                f"no run of split {self.split!r} has all of {', '.join(require)}",
                why=", ".join(f"{count:,} lack {name}" for name, count in self.skipped.items()),
                next="leave a modality out of require",
            )
        self.keys: NDArray[np.int64] = keys
        self._find()
        self._sampling = self._sampling.read(lake, keys, self._packs, self._at)

    def _find(self) -> None:
        """Where each key's row is in each pack; one array for all packs that have exactly these keys in this order."""
        self._all = np.arange(len(self.keys))
        rows = {name: pack.find(self.keys) for name, pack in self._packs.items()}
        self._at = {name: self._all if np.array_equal(at, self._all) else at for name, at in rows.items()}

    @property
    def _hint(self) -> str:
        return "" if self.shuffle == "blocks" else '; shuffle="blocks" reads less for each batch'

    def _has(self, lake: Lake, name: str, keys: NDArray[np.int64]) -> NDArray[np.bool_]:
        if name in self._packs:
            return self._packs[name].find(keys) >= 0
        return np.isin(keys, self.schema[name].keys(lake))

    def _identify(self) -> str:
        """What the order of an epoch depends on, beside its number."""
        fixed = [self.snapshot, self.published, self.seed, self.shuffle, self.stages, self._sampling.identity]
        content = hashlib.sha256(np.ascontiguousarray(self.keys).data).hexdigest()
        return hashlib.sha256(json.dumps([*fixed, content]).encode()).hexdigest()[:16]

    @property
    def unknown(self) -> dict[str, dict[str, int]]:
        """Modality -> column -> how many of its cells are not known, in the whole snapshot; of what is cached."""
        return {name: dict(pack.notes["unknown"]) for name, pack in self._packs.items() if name in self.schema}

    def only(self, *names: str) -> PlanetRuns:
        """The same runs in the same order with these modalities alone (and the target): an ablation."""
        self._refuse_missing(names)
        data = object.__new__(type(self))  # not copy.copy: it would open the packs again
        data.__dict__.update(self.__dict__)
        data._start = _shared(self._start.clone())
        data._progress = dict(self._progress)
        data.schema = {name: part for name, part in self.schema.items() if name in (*names, "target")}
        return data

    def without(self, *names: str) -> PlanetRuns:
        """The same runs in the same order without these modalities."""
        self._refuse_missing(names)
        return self.only(*(name for name in self.schema if name not in names))

    def _refuse_missing(self, names: Sequence[str]) -> None:
        if missing := [name for name in names if name not in self.schema]:
            raise ConfigError(f"there is no modality {missing[0]!r}", why=f"there are {', '.join(self.schema)}")

    def __len__(self) -> int:
        """How many batches this rank has in an epoch; :meth:`steps` has those that remain of a resumed one."""
        return len(self.steps(int(self._start[0])))

    def steps(self, epoch: int = 0, row: int = 0) -> Steps:
        """The batches of an epoch from a row on, for all ranks, with how many rows are repeated or dropped."""
        world_size = self.place[1]
        options: dict[str, Any] = {"start": row, "ranks": world_size, "last": self.last}
        if self.batch_bytes is None:
            return order.steps(len(self.keys), self.batch_size, **options)
        return order.steps_by_bytes(self._bytes()[self.order(epoch)], self.batch_bytes, **options)

    def order(self, epoch: int) -> NDArray[np.int64]:
        """The epoch's order: positions in ``keys``."""
        return self._sampling.order(
            self.keys, self.seed, epoch, shuffle=self.shuffle, block=self.block, stages=self.stages
        )

    def _bytes(self) -> NDArray[np.int64]:
        """Bytes of each run in a batch."""
        total = np.full(len(self.keys), 8, np.int64)
        for name, part in self.schema.items():
            if name not in self._packs:
                raise ConfigError(f"batch_bytes needs {name!r} in the cache", next="batch_size=...")
            total += part.bytes(self._packs[name], self._at[name])
        return total

    def __iter__(self) -> Iterator[Batch]:
        if get_worker_info():
            yield from self.read()
            return
        for batch in self.read():
            self.passed(batch)
            yield batch
        self.finished()

    def passed(self, batch: Batch) -> None:
        """Note that a batch was given to whoever trains; :meth:`__iter__` and :meth:`loader` do."""
        self._progress = {"epoch": batch.origin.epoch, "row": batch.origin.after}

    def finished(self) -> None:
        """Note that an epoch came to its end: the next iteration is of a whole one."""
        self._start[1] = 0

    def read(self) -> Iterator[Batch]:
        """The batches of this process, as a thread or a worker reads them ahead: the state stays as it is."""
        worker = get_worker_info()
        number, workers = (worker.id, worker.num_workers) if worker else (0, 1)
        epoch, row = self._start.tolist()
        yielded, self._yielded = self._yielded, 0
        steps, sequence = self.steps(epoch, row), self.order(epoch)
        # A DataLoader takes from its workers in turn: so the order is the same for any number of them.
        bounds = steps.bounds[number::workers][yielded:]
        for batch in self._batches(sequence, bounds, epoch, workers):
            yielded += 1
            if worker:
                self._progress = {"epoch": epoch, "row": row, "taken": yielded, "workers": workers}
            yield batch

    def _batches(
        self, sequence: NDArray[np.int64], bounds: NDArray[np.int64], epoch: int, workers: int
    ) -> Iterator[Batch]:
        rank = self.place[0]
        streamed = {name: part for name, part in self.schema.items() if name not in self._packs}
        mine = bounds[:, rank : rank + 2]
        with ExitStack() as stack:
            lake = stack.enter_context(self._open(workers)) if streamed else None
            step = 0
            for block in order.blocks(mine, self._block(streamed, lake)) if lake else [mine]:
                packs = self._packs
                if lake:
                    rows = np.unique(sequence[np.concatenate([np.arange(*b) for b in block]) % len(sequence)])
                    packs = packs | stream(lake, streamed, self.roles.key, self.keys, rows)
                for start, stop in block.tolist():
                    place = (self.snapshot, epoch, start, stop, min(int(bounds[step, -1]), len(sequence)))
                    yield self._batch(_rows(sequence, start, stop), packs, place)
                    step += 1

    def _batch(self, rows: NDArray[np.int64], packs: Mapping[str, Pack], place: Place) -> Batch:
        keys = self.keys[rows]
        batch: dict[str, Any] = {self.roles.key: torch.from_numpy(keys)}
        mask: dict[str, torch.Tensor] = {}
        for name, part in self.schema.items():
            at = self._at.get(name)
            if at is None:
                at = packs[name].find(keys)
            elif at is self._all:
                at = rows
            else:
                at = at[rows]
            tensors, mask[name] = part.gather(packs[name], at)
            batch |= tensors
        batch["mask"] = mask
        return Batch(batch, place, self.roles.key)

    def _block(self, parts: Mapping[str, Part], lake: Lake | None) -> int:
        """How many runs are read at once, within a quarter of the memory limit."""
        if lake is None:
            return self.block
        bytes = sum(part.row_bytes for part in parts.values())
        return max(1, min(self.block, lake.config.limits.memory // 4 // max(1, bytes)))

    def _open(self, workers: int = 1) -> Lake:
        """The lake at the snapshot; its newest published file where that is of it, so that a read-only disk will do."""
        config = settings.load(self.path)
        lake = Lake(config, None)
        if self.snapshot != lake.snapshot:
            lake.close()
            lake = Lake(config, self.snapshot)
        if workers > 1:  # they share the machine
            lake.connection.execute(f"SET memory_limit = '{config.limits.memory // workers}B'; SET threads = 1")
        return lake

    @property
    def place(self) -> tuple[int, int]:
        """Rank and world size."""
        if self._ranks:
            return self._ranks
        if distributed.is_available() and distributed.is_initialized():
            return distributed.get_rank(), distributed.get_world_size()
        return 0, 1

    def __getstate__(self) -> dict[str, Any]:
        # A spawned worker is in no process group, and opens the packs itself: tell it its rank, send it no pages.
        fixed = self.place if self._ranks or self.place != (0, 1) else None
        return {**self.__dict__, "_ranks": fixed, "_packs": None, "_at": None, "_all": None, "_lease": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        with self._open() as lake:
            self._lease = leases.hold(lake.config, self.snapshot)
            self._packs = self._packed.open(lake, self.schema, hint=self._hint)
        self._find()

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the next iteration, from its beginning unless a loaded state is of that epoch.

        Workers that are kept from one epoch to the next learn of it.
        """
        if int(self._start[0]) != epoch:
            self._start[1], self._yielded = 0, 0
        self._start[0] = epoch
        self._progress = {"epoch": epoch, "row": int(self._start[1])}

    def state_dict(self, after: Batch | None = None) -> dict[str, Any]:
        """Where an epoch stands, for :meth:`load_state_dict`: plain numbers and text.

        Args:
            after: the last batch that was used, where a DataLoader with workers reads ahead: this process cannot know.
        """
        progress = self._progress if after is None else {"epoch": after.origin.epoch, "row": after.origin.after}
        return {**progress, "identity": self._identity, "snapshot": self.snapshot}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Let the next iteration go on at the row that the state says, with any workers, ranks and batch size.

        Raises:
            ConfigError: the state is of another snapshot, split, seed or sampling.
        """
        if state["identity"] != self._identity:
            raise ConfigError(
                "the state does not match this dataset",
                why=f"it is of snapshot {state['snapshot']}; this is {self.snapshot}; or split, seed, where, shuffle, "
                "require or sampling differ",
                next="make the dataset with the arguments that the state was saved with: PlanetRuns(lake.open(at=...))",
            )
        worker = get_worker_info()
        if state.get("taken") and (worker is None or worker.num_workers != state["workers"]):
            raise ConfigError(
                f"this state is one worker's of {state['workers']}",
                why="a StatefulDataLoader keeps a state for each of its workers",
                next="to go on with another number of them, save data.state_dict(after=batch)",
            )
        self._start[0], self._start[1], self._yielded = state["epoch"], state["row"], state.get("taken", 0)
        self._progress = {name: state[name] for name in ("epoch", "row", "taken", "workers") if name in state}

    def loader(self, **options: Any) -> Loader:
        """The batches, read ahead by a thread, or by ``num_workers`` processes; see :class:`lake.train.Loader`."""
        return Loader(self, **options)

    def undo(self, values: Batch | torch.Tensor, modality: str = "target") -> Batch | torch.Tensor:
        """A batch, or a modality's values (such as predictions of the target), in the columns' own units again.

        Of a batch, cells that are not known are 0 again. Nothing changes where ``normalise`` was not asked for.
        """
        if isinstance(values, torch.Tensor):
            part = self.schema[modality]
            return part.undo(values) if isinstance(part, Modality) else values
        parts = {name: part for name, part in self.schema.items() if isinstance(part, Modality) and part.scale}
        undone = {name: part.undo(values[name]) * values[f"{name}_known"] for name, part in parts.items()}
        return Batch({**values, **undone}, values.place, values.key)

    def statistics(self) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
        """For each modality of scalars: mean and standard deviation of each feature's known cells, float32 [F].

        Over the runs of the split "train", whichever this dataset's own is: nothing of the others leaks into a
        normalisation. NaN where no cell is known.
        """
        runs = f"SELECT {self.roles.key} FROM {self.roles.runs} WHERE {self.roles.split} = 'train'"
        with self._open() as lake:
            lake.connection.execute("SET threads = 1")  # sums in one order: the same bits each time
            scalars = {name: part for name, part in self.schema.items() if isinstance(part, Modality) and part.scalar}
            return {name: modality.statistics(lake.connection, part, runs) for name, part in scalars.items()}

    def __repr__(self) -> str:
        parts = ", ".join(f"{name}[{len(part.features)}]" for name, part in self.schema.items())
        lacking = "".join(f", {count:,} without {name} skipped" for name, count in self.skipped.items() if count)
        return (
            f"<PlanetRuns {self.split or 'all'} at snapshot {self.snapshot}: {len(self.keys):,} runs{lacking}; {parts}>"
        )


def _rows(sequence: NDArray[np.int64], start: int, stop: int) -> NDArray[np.int64]:
    """Rows of the order; those beyond its end are of its beginning."""
    return sequence[start:stop] if stop <= len(sequence) else sequence[np.arange(start, stop) % len(sequence)]


def _tables(config: Config, tables: Mapping[str, Source] | Source | None, *, others: bool) -> dict[str, Rows]:
    """The tables of each modality: as they are asked for, or those of lake.toml."""
    if tables is None:
        if not (config.modalities or others):
            raise ConfigError(
                "nothing says what a batch holds",
                where=config.where("train", "modalities"),
                next="PlanetRuns(..., tables={...}), or name tables in [train.modalities] of lake.toml",
            )
        return dict(config.modalities)
    by_name = tables if isinstance(tables, Mapping) else {"x": tables}
    return {name: arguments.rows_of(source) for name, source in by_name.items()}


def _shared(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor that forked and spawned workers see."""
    tensor.share_memory_()  # type: ignore[no-untyped-call]  # torch gives it no types
    return tensor
