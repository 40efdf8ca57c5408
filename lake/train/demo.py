"""The last step of `lake demo`: one epoch of a tiny model over the planets, and a picture of the lake.

The model tells the equilibrium temperature of a planet from its other parameters, those of its star among them. What
is the same fact in other words is left out of its input: see LEFT_OUT.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from lake.errors import ConfigError
from lake.train.dataset import Batch, PlanetRuns

if TYPE_CHECKING:
    from lake.reader import Lake

TARGET = "equilibrium_temperature"
LEFT_OUT = {
    "equilibrium_temperature": ("equilibrium_temperature", "insolation"),
    "insolation": ("insolation", "equilibrium_temperature"),
    "radius": ("radius", "density", "gravity"),
    "mass": ("mass", "density", "gravity"),
}
"""Target -> the first words of the columns that it could be told from without learning anything."""


def fit(
    data: PlanetRuns, target: str = TARGET, epochs: int = 1, *, modality: str = "planet", seed: int = 0
) -> list[float]:
    """Train a tiny network to tell log10 of one column from the modality's others.

    Inputs are signed logarithms, standardised over the known cells of one pass over the data; a cell that is not known
    is 0, and a second input says so. Rows whose target is not known, or not above 0, do not count.

    Returns:
        The loss of each step: mean squared error in variances of the target; 1 is what telling the mean would give.
        The same for the same snapshot, data and seed on one machine.

    Raises:
        ConfigError: there is no such column, or its values do not differ.
    """
    names = [feature.name for feature in data.schema[modality].features]
    if target not in names:
        raise ConfigError(f"{modality!r} has no column {target!r}", why=f"it has {', '.join(names)}")
    left_out = LEFT_OUT.get(target, (target,))
    columns = [i for i, name in enumerate(names) if not name.startswith(left_out)]
    scale = _Scale(data, modality, columns, names.index(target))
    losses = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = nn.Sequential(
            nn.Linear(2 * len(columns), 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 1)
        )
        optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
        for epoch in range(epochs):
            data.set_epoch(epoch)
            for inputs, wanted in scale.pairs(data):
                loss = nn.functional.mse_loss(model(inputs).squeeze(1), wanted)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                losses.append(loss.item())
    return losses


class _Scale:
    """What a column is measured with: mean and standard deviation of its logarithms, over its known cells."""

    def __init__(self, data: PlanetRuns, modality: str, columns: Sequence[int], target: int):
        self.modality, self.columns, self.target = modality, columns, target
        count, total, squares = torch.zeros(3, len(columns) + 1, dtype=torch.float64)
        for values, known in map(self._logarithms, data):
            values = values.double() * known
            count, total, squares = count + known.sum(0), total + values.sum(0), squares + values.square().sum(0)
        self.mean = total / count.clamp(min=1)
        deviation = (squares / count.clamp(min=1) - self.mean.square()).clamp(min=0).sqrt()
        if count[-1] < 2 or deviation[-1] == 0:
            raise ConfigError(f"there is nothing to learn: {int(count[-1])} known value(s) of the target, all the same")
        self.deviation = torch.where(deviation > 1e-6, deviation, 1)

    def _logarithms(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        values, known = batch[self.modality], batch[f"{self.modality}_known"]
        target = values[:, [self.target]]
        usable = known[:, [self.target]] & (target > 0)
        inputs = values[:, self.columns]
        signed = inputs.sign() * inputs.abs().log1p()
        logarithm = target.clamp(min=torch.finfo(target.dtype).tiny).log10()
        return torch.cat([signed, logarithm], 1), torch.cat([known[:, self.columns], usable], 1)

    def pairs(self, data: PlanetRuns) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Inputs [B, 2F] and targets [B] of each batch, without the rows whose target is not known."""
        for values, known in map(self._logarithms, data):
            rows = known[:, -1]
            if rows.any():
                scaled = ((values - self.mean) / self.deviation).float() * known
                yield torch.cat([scaled[rows, :-1], known[rows, :-1].float()], 1), scaled[rows, -1]


def smooth(losses: Sequence[float]) -> list[float]:
    """Each step's loss as the mean over the fifth of all steps that ends with it."""
    width = max(1, len(losses) // 5)
    windows = (losses[max(0, end - width) : end] for end in range(1, len(losses) + 1))
    return [sum(window) / len(window) for window in windows]


def run(lake: Lake, picture: Path) -> dict[str, Any]:
    """Train for one epoch and draw.

    Returns:
        ``shapes``: each tensor of a batch; ``losses``: one a step, smoothed; ``plot``: the picture's path.
    """
    from lake.train import plot

    data = PlanetRuns(lake)
    batch = next(iter(data))
    data.batch_size = max(1, min(64, len(data.keys) // 64))  # some 64 steps or more, for a sample too
    losses = fit(data)
    plot.draw(lake, picture, losses)
    return {"shapes": shapes(batch), "losses": smooth(losses), "plot": str(picture)}


def shapes(batch: Batch) -> dict[str, str]:
    """Each tensor of a batch in words, with its units' count of known cells."""
    result = {}
    for name, value in batch.items():
        if name == "mask":
            present = (f"{modality} {int(mask.sum())}" for modality, mask in value.items())
            result["mask (rows that have it)"] = ", ".join(present)
        elif not name.endswith("_known"):
            known = batch.get(f"{name}_known")
            part = "" if known is None else f"  {known.float().mean().item():.0%} of its cells known"
            result[name] = f"{str(value.dtype).removeprefix('torch.')} {list(value.shape)}{part}"
    return result
