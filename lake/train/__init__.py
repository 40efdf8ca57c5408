"""Planet-runs as torch batches, at one snapshot of a lake.

import lake
from lake.train import PlanetRuns

data = PlanetRuns(lake.open("my-lake"), split="train", batch_size=256, seed=0)
for epoch in range(3):
    data.set_epoch(epoch)
    for batch in data.loader():
        batch["planet"], batch["planet_known"], batch["mask"]["planet"]
"""

from lake.errors import LakeError

try:
    import torch as torch
except ImportError:
    raise LakeError(
        "torch is not installed", why="the lake itself does not need it", next="pip install torch matplotlib"
    ) from None

from lake.train.batch import Batch, Origin
from lake.train.dataset import PlanetRuns
from lake.train.loader import Loader
from lake.train.pack import CacheWarning

__all__ = ["Batch", "CacheWarning", "Loader", "Origin", "PlanetRuns"]
