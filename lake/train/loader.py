"""Batches read ahead, by a thread of this process, or by worker processes; and onto a GPU."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Protocol

import torch
from torch.utils.data import DataLoader, Dataset

from lake.train.batch import Batch


class Data(Protocol):
    """What can be read ahead: batches with the state after each; :class:`lake.train.PlanetRuns` is such."""

    def __len__(self) -> int: ...
    def read(self) -> Iterator[Batch]: ...
    def passed(self, batch: Batch) -> None: ...
    def finished(self) -> None: ...
    def set_epoch(self, epoch: int) -> None: ...
    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state: Mapping[str, Any]) -> None: ...


class Loader:
    """An epoch's batches, each time it is iterated, and its state.

    Args:
        data: the runs.
        ahead: how many batches a thread of this process gathers before they are asked for; 0: none.
        device: of the batches. To a GPU they are copied by the thread, from page-locked memory and on a
            stream of their own, while it computes on the batch before.
        num_workers: processes that read instead of the thread. The packs are shared between them, not copied; but
            batches are, so that a thread is the quicker way unless rows are not cached.
        options: others of torch's DataLoader, for ``num_workers`` above 0.
    """

    def __init__(
        self,
        data: Data,
        *,
        ahead: int = 2,
        device: torch.device | str | None = None,
        num_workers: int = 0,
        **options: Any,
    ):
        self.data, self.ahead, self.device = data, ahead, torch.device(device or "cpu")
        self._pool = _processes(data, num_workers, options) if num_workers else None

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Batch]:
        source = self.data.read() if self._pool is None else iter(self._pool)
        move = _mover(self.device)
        batches = _ahead(source, move, self.ahead) if self.ahead else map(move, source)
        for batch, ready in batches:
            ready()
            self.data.passed(batch)
            yield batch
        self.data.finished()

    batch_sampler = None  # asked for by trainers: the order is the dataset's

    @property
    def sampler(self) -> Data:
        """Whose ``set_epoch`` a trainer calls."""
        return self.data

    def state_dict(self) -> dict[str, Any]:
        """The state after the batch that was yielded last, whatever was read ahead."""
        return self.data.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Resume there, with any number of workers and ranks; see :meth:`lake.train.PlanetRuns.load_state_dict`."""
        self.data.load_state_dict(state)


def _processes(data: Data, number: int, options: Mapping[str, Any]) -> DataLoader[Batch]:
    if not isinstance(data, Dataset):
        raise TypeError(f"worker processes read a torch Dataset, not a {type(data).__name__}")
    return DataLoader(data, batch_size=None, num_workers=number, **options)


Moved = tuple[Batch, Callable[[], None]]
"""A batch, and what makes the caller's stream wait until it is there."""


def _ahead(source: Iterator[Batch], move: Callable[[Batch], Moved], number: int) -> Iterator[Moved]:
    """The same batches, up to ``number`` of them made by a thread before they are asked for."""

    # Over after an error: a DataLoader asked for more waits for its dead worker for ever.
    once = (batch for batch in source)

    def make() -> Moved | None:
        batch = next(once, None)
        return None if batch is None else move(batch)

    with ThreadPoolExecutor(1, "read-ahead") as thread:
        waiting = deque(thread.submit(make) for _ in range(number))
        try:
            while (moved := waiting.popleft().result()) is not None:
                waiting.append(thread.submit(make))
                yield moved
        finally:
            thread.shutdown(wait=False, cancel_futures=True)  # the others are not needed any more


def _mover(device: torch.device) -> Callable[[Batch], Moved]:
    if device.type != "cuda":
        return lambda batch: (batch if device.type == "cpu" else batch.to(device), _ready)
    stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]  # torch gives it no types

    def move(batch: Batch) -> Moved:
        with torch.cuda.stream(stream):
            moved = batch.pin_memory().to(device, non_blocking=True)
            done = stream.record_event()

        def ready() -> None:
            current = torch.cuda.current_stream(device)
            current.wait_event(done)
            moved.map(partial(_recorded, current))

        return moved, ready

    return move


def _recorded(stream: torch.cuda.Stream, tensor: torch.Tensor) -> torch.Tensor:
    """The tensor, whose memory is then not reused before this stream has read it."""
    tensor.record_stream(stream)
    return tensor


def _ready() -> None:
    """The batch is ready."""
