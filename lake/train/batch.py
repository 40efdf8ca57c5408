"""A batch: a dict of tensors that can say where it came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tensordict import TensorDict


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a batch came from: with it and the dataset's arguments, the same batch is made again."""

    snapshot: int
    epoch: int
    rows: tuple[int, int]
    """The batch is these rows, from and up to, of the epoch's order."""
    after: int
    """How many rows of the order all ranks have had after this step: where a resumed epoch goes on."""
    keys: torch.Tensor
    """int64 [B], as in the batch."""


Place = tuple[int, int, int, int, int]
"""Snapshot, epoch, first row, row after the last, row after the step."""


class Batch(dict[str, Any]):
    """Tensors by name; see :class:`lake.train.PlanetRuns`."""

    def __init__(self, values: Mapping[str, Any], place: Place, key: str):
        super().__init__(values)
        self.place = place
        self.key = key  # the name of the tensor of keys, such as "planet_run_key"

    def __reduce__(self) -> tuple[Any, ...]:
        return Batch, (_sent(dict(self)), self.place, self.key)

    def __copy__(self) -> Batch:
        return Batch(self, self.place, self.key)

    @property
    def origin(self) -> Origin:
        """The snapshot, the rows of the epoch's order and the keys."""
        snapshot, epoch, start, stop, after = self.place
        return Origin(snapshot, epoch, (start, stop), after, self[self.key])

    def map(self, function: Callable[[torch.Tensor], torch.Tensor]) -> Batch:
        """A batch of the same origin with ``function`` applied to each tensor, also of a graph or the mask."""

        def applied(value: Any) -> Any:
            return {name: applied(v) for name, v in value.items()} if isinstance(value, Mapping) else function(value)

        return Batch(applied(self), self.place, self.key)

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> Batch:
        """The batch on a device."""
        return self.map(lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def pin_memory(self) -> Batch:
        """The batch in page-locked memory, from which a GPU copies without waiting."""
        return self.map(torch.Tensor.pin_memory)

    def tensordict(self) -> TensorDict:
        """The same as a TensorDict of batch size [B]; what has not B rows (graphs, flat lists) is non-tensor data.

        Raises:
            ImportError: the package tensordict is not installed.
        """
        from tensordict import NonTensorData, TensorDict

        rows = len(self[self.key])
        parts: dict[str, Any] = {}
        for name, value in self.items():
            if isinstance(value, torch.Tensor) and value.ndim and len(value) == rows and f"{name}_offsets" not in self:
                parts[name] = value
            else:
                by_row = name == "mask"
                parts[name] = TensorDict(value, [rows]) if by_row else NonTensorData(value, batch_size=[rows])
        return TensorDict(parts, [rows])


_SHARED = 2**19  # bytes from which sharing memory costs a worker less than copying it through a pipe


class _Inline:
    """A tensor that pickles with its bytes, not as a handle of shared memory."""

    def __init__(self, array: NDArray[Any]):
        self.array = array

    def __reduce__(self) -> tuple[Any, ...]:
        return torch.from_numpy, (self.array,)


def _sent(value: Any) -> Any:
    """A batch's values as they go to another process: torch shares each tensor, which for small ones takes longer than
    all the rest."""
    if type(value) is dict:
        return {name: _sent(each) for name, each in value.items()}
    if isinstance(value, torch.Tensor) and value.nbytes < _SHARED:
        with suppress(TypeError, RuntimeError):  # on a GPU, of a type that numpy lacks, with a gradient
            return _Inline(value.numpy())
    return value
