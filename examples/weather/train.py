"""Tomorrow's mean temperature from today's weather, the season, the place and the week before: a small network.

lake -C examples/weather build
python examples/weather/train.py examples/weather
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch import nn

import lake
from lake.train import Batch, PlanetRuns

TARGET = "features.tomorrow.temperature"


def inputs(batch: Batch) -> torch.Tensor:
    """[B, F]: each modality and what is known of it; of the week before, the mean and the newest day, in 10 K."""
    week, known = (batch["past_week"] - 280) / 10, batch["past_week_known"].float()
    days = known.sum(1, keepdim=True)
    past = torch.cat([(week * known).sum(1, keepdim=True) / days.clamp(min=1), week[:, :1] * known[:, :1], days / 7], 1)
    plain = [batch[name] for name in ("weather", "season", "place")]
    return torch.cat([*plain, batch["weather_known"].float(), past], 1)


def error(model: nn.Module, data: PlanetRuns) -> tuple[float, float]:
    """Root mean square error in K of the model, and of saying that tomorrow is as today."""
    squares = torch.zeros(2)
    with torch.no_grad():
        for batch in data.loader():
            truth = data.undo(batch["target"])
            today = data.undo(batch["weather"], "weather")[:, 0]
            for number, told in enumerate((data.undo(model(inputs(batch)).squeeze(1)), today)):
                squares[number] += (told - truth).square().sum()
    model_error, persistence = (squares / len(data.keys)).sqrt().tolist()
    return model_error, persistence


def main(folder: Path, epochs: int = 30) -> None:
    torch.manual_seed(0)
    with lake.open(folder) as here:
        options = {"target": TARGET, "normalise": True, "batch_size": 32}
        train, validation = (PlanetRuns(here, split, **options) for split in ("train", "validation"))
    model = nn.Sequential(nn.LazyLinear(32), nn.SiLU(), nn.Linear(32, 1))
    model(inputs(next(iter(train))))  # how wide its input is
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for epoch in range(epochs):
        train.set_epoch(epoch)
        for batch in train.loader():
            loss = nn.functional.mse_loss(model(inputs(batch)).squeeze(1), batch["target"])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    learnt, persistence = error(model, validation)
    print(f"{train!r}\n{len(validation.keys):,} days of other stations to validate on")
    print(f"tomorrow as today  {persistence:.2f} K\nthe network        {learnt:.2f} K")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
