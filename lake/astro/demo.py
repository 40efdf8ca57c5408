"""The last step of `lake demo`: one epoch of a tiny model over the planets, and a picture of the lake.

The model predicts the equilibrium temperature of a planet from its other parameters, those of its star among them. What
is the same fact in other words is left out of its input: see LEFT_OUT.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from lake.astro.plot import TARGET
from lake.errors import ConfigError
from lake.train import Batch, PlanetRuns

if TYPE_CHECKING:
    from lake.reader import Lake

LEFT_OUT = {
    "equilibrium_temperature": ("equilibrium_temperature", "insolation"),
    "insolation": ("insolation", "equilibrium_temperature"),
    "radius": ("radius", "density", "gravity"),
    "mass": ("mass", "density", "gravity"),
}
"""Target -> the first words of the columns that give it without learning anything."""
WATCHED = 512  # rows that the loss is measured on
_BESIDE = ("_upper", "_lower", "_limit", "_limit_value", "_si")


def fit(
    data: PlanetRuns, target: str = TARGET, epochs: int = 1, *, modality: str = "planet", seed: int = 0
) -> list[float]:
    """Train a tiny network to predict log10 of one column from the modality's others.

    Inputs are signed logarithms, standardised over the known cells of one pass over the data; a cell that is not known
    is 0, and a second input says so. Error bars, limits and repeats in SI units are left out. Rows whose target is not
    known, or not above 0, do not count.

    Returns:
        The loss before the first step and after each, on the same rows of the data (up to WATCHED): mean squared error
        in variances of the target; 1 is what predicting the mean gives. The same for the same snapshot, data and
        seed on one machine.

    Raises:
        ConfigError: there is no such column, or its values do not differ.
    """
    names = [feature.name for feature in data.schema[modality].features]
    if target not in names:
        raise ConfigError(f"{modality!r} has no column {target!r}", why=f"it has {', '.join(names)}")
    left_out = LEFT_OUT.get(target, (target,))
    columns = [i for i, name in enumerate(names) if not name.startswith(left_out) and not name.endswith(_BESIDE)]
    data.set_epoch(0)
    scale = _Scale(data, modality, columns, names.index(target))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        width = 2 * len(columns)
        model = nn.Sequential(nn.Linear(width, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 1))
        return list(_train(model, data, scale, epochs))


def _train(model: nn.Module, data: PlanetRuns, scale: _Scale, epochs: int) -> Iterator[float]:
    def loss_of(inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return nn.functional.mse_loss(model(inputs).squeeze(1), targets)

    fixed = scale.first(data, WATCHED)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2)
    slower = torch.optim.lr_scheduler.LinearLR(optimiser, 1, 0.1, total_iters=epochs * len(data))
    yield loss_of(*fixed).item()
    for epoch in range(epochs):
        data.set_epoch(epoch)
        for inputs, targets in scale.pairs(data):
            optimiser.zero_grad()
            torch.autograd.backward(loss_of(inputs, targets))
            optimiser.step()
            slower.step()
            yield loss_of(*fixed).item()


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

    def first(self, data: PlanetRuns, rows: int) -> tuple[torch.Tensor, torch.Tensor]:
        """The first pairs of an epoch, so many rows or somewhat more."""
        pairs: list[tuple[torch.Tensor, torch.Tensor]] = []
        for pair in self.pairs(data):
            pairs.append(pair)
            rows -= len(pair[1])
            if rows <= 0:
                break
        inputs, targets = zip(*pairs, strict=True)
        return torch.cat(inputs), torch.cat(targets)


def run(lake: Lake, picture: Path) -> dict[str, Any]:
    """Train for one epoch and draw.

    Returns:
        ``shapes``: each tensor of a batch; ``losses``: see :func:`fit`; ``plot``: the picture's path.
    """
    from lake.astro import plot

    data = PlanetRuns(lake)
    batch = next(iter(data))
    data.batch_size = max(4, min(64, len(data.keys) // 32))  # enough steps for a sample, too
    losses = fit(data)
    plot.draw(lake, picture, losses)
    return {"shapes": shapes(batch), "losses": losses, "plot": str(picture)}


def shapes(batch: Batch) -> dict[str, str]:
    """Each tensor of a batch in words, with how many of its cells are known."""
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
