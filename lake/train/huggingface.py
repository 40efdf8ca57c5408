"""Runs as a Hugging Face IterableDataset: one example a run, in the order of an epoch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import torch

from lake.errors import LakeError

try:
    from datasets import IterableDataset
except ImportError:
    raise LakeError("datasets is not installed", next="pip install datasets") from None

if TYPE_CHECKING:
    from lake.train.batch import Batch
    from lake.train.dataset import PlanetRuns


def view(data: PlanetRuns, epoch: int = 0) -> IterableDataset:
    """The examples of an epoch; ``mask`` becomes ``<modality>_present``. Graphs and flat lists have no rows: left out.

    Examples come one by one, as that library wants them: tens of times slower than the batches of ``data``.
    """
    return IterableDataset.from_generator(_examples, gen_kwargs={"data": data, "epoch": epoch})


def _examples(data: PlanetRuns, epoch: int) -> Iterator[dict[str, Any]]:
    data.set_epoch(epoch)
    for batch in data.read():
        columns = _columns(batch)
        for values in zip(*columns.values(), strict=True):
            yield dict(zip(columns, values, strict=True))


def _columns(batch: Batch) -> dict[str, Any]:
    flat = {name.removesuffix("_offsets") for name in batch if name.endswith("_offsets")}
    left_out = {"mask", *flat, *(f"{name}{end}" for name in flat for end in ("_known", "_offsets"))}
    columns = {n: value for n, value in batch.items() if isinstance(value, torch.Tensor) and n not in left_out}
    columns |= {f"{name}_present": present for name, present in batch["mask"].items()}
    return {name: value.numpy() for name, value in columns.items()}
