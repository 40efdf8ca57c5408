"""The packs of a dataset: kept under data/cache/train by all that decides their rows, or not kept at all."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from lake.train import content, pack, selection
from lake.train.graphs import Graph
from lake.train.modality import Modality
from lake.train.pack import CacheWarning, NoRoom, Pack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lake.config import Roles
    from lake.reader import Lake
    from lake.train.schema import Part

_RUNS = 64  # of neighbouring keys: more of them do not help DuckDB


@dataclass(frozen=True, slots=True)
class Cache:
    """The packs of one snapshot's runs."""

    snapshot: int
    published: str
    """When: snapshots of two lakes may have one number."""
    roles: Roles
    enabled: bool

    def open(self, lake: Lake, parts: Mapping[str, Part], *, hint: str = "") -> dict[str, Pack]:
        """Open each part's pack, or make it. One that cannot be kept is missing, with a CacheWarning.

        Args:
            hint: what the warning ends with.
        """
        packs = {}
        for name, part in parts.items():
            try:
                rows = content.identity(lake, part.source) if isinstance(part, Modality | Graph) else {}
                make = partial(part.write, lake)
                packs[name] = part.opened(self._pack(lake, {**part.identity, **rows}, make, f"the modality {name!r}"))
            except NoRoom as reason:
                if self.enabled:
                    text = f"the modality {name!r} is not cached, because {reason}: its rows are read from the lake"
                    warnings.warn(text + hint, CacheWarning, stacklevel=3)
        return packs

    def keys(self, lake: Lake, split: str | None, where: str) -> NDArray[np.int64]:
        """The keys of the runs of a split that meet a condition, ascending; sorted once."""

        def make(writer: pack.Writer) -> dict[str, Any]:
            writer.append("keys", selection.keys(lake, split, where))
            return {}

        try:
            select = f"(SELECT {self.roles.key} FROM {self.roles.runs} WHERE {where}\n)"
            rows = content.identity(lake, select) if where else {}
            return np.asarray(self._pack(lake, {"split": split, "where": where, **rows}, make, "runs").keys)
        except NoRoom:
            return selection.keys(lake, split, where)

    def _pack(self, lake: Lake, identity: Mapping[str, Any], make: pack.Make, what: str) -> Pack:
        if not self.enabled:
            raise NoRoom("cache=False")
        identity = {"snapshot": self.snapshot, "published": self.published, **self.roles.identity, **identity}
        folder, limit = lake.config.cache / "train", lake.config.train.cache
        return pack.ensure(folder, identity, make, what=what, key=self.roles.key, limit=limit)


def stream(
    lake: Lake, parts: Mapping[str, Part], key: str, keys: NDArray[np.int64], rows: NDArray[np.int64]
) -> dict[str, Pack]:
    """Packs in memory of the runs of these rows of ``keys`` alone."""
    within = _within(key, keys, rows)
    packs = {}
    for name, part in parts.items():
        make = partial(part.write, lake, keys=keys[rows], within=within)
        packs[name] = part.opened(pack.gathered(make, f"the modality {name!r}", key))
    return packs


def _within(key: str, keys: NDArray[np.int64], rows: NDArray[np.int64]) -> str:
    """A condition on the key that holds for these rows of ``keys``, and for few others if they are few runs of it."""
    breaks = np.flatnonzero(np.diff(rows) > 1)
    if len(breaks) >= _RUNS:
        return "true"
    firsts, lasts = keys[rows[np.r_[0, breaks + 1]]].tolist(), keys[rows[np.r_[breaks, len(rows) - 1]]].tolist()
    return " OR ".join(f"{key} BETWEEN {low} AND {high}" for low, high in zip(firsts, lasts, strict=True))
