"""Runs as a LightningDataModule: one split a stage, the trainer's epochs, its checkpoints and its ranks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lake.errors import LakeError
from lake.train.dataset import PlanetRuns
from lake.train.loader import Loader

try:
    from lightning import LightningDataModule
except ImportError:
    raise LakeError("lightning is not installed", next="pip install lightning") from None

if TYPE_CHECKING:
    from pathlib import Path

    from lake.reader import Lake


class PlanetRunsModule(LightningDataModule):  # type: ignore[misc]  # lightning ships no types here
    """The splits train, validation and test of a lake.

    ``module.data["train"]`` is the dataset, once the trainer has asked for it. The trainer sets each epoch's order,
    moves the batches, and keeps where the epoch stands in its checkpoints.

    Args:
        lake: as for :class:`lake.train.PlanetRuns`, like all ``options``.
        loader: options of :class:`lake.train.Loader`, such as ``{"num_workers": 2}``.
    """

    def __init__(self, lake: Lake | str | Path, *, loader: dict[str, Any] | None = None, **options: Any):
        super().__init__()
        self._lake, self._options, self._loader = lake, options, loader or {}
        self.data: dict[str, PlanetRuns] = {}

    def train_dataloader(self) -> Loader:
        return self._split("train")

    def val_dataloader(self) -> Loader:
        return self._split("validation", shuffle=False)

    def test_dataloader(self) -> Loader:
        return self._split("test", shuffle=False)

    predict_dataloader = test_dataloader

    def _split(self, split: str, **order: Any) -> Loader:
        self.data[split] = PlanetRuns(self._lake, split, **{**self._options, **order})
        return self.data[split].loader(**self._loader)
