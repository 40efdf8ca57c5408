"""Statistics of a variable's values, taken block by block while they are written.

The sums are of fixed blocks, joined without rounding (math.fsum): the result does not depend on the order, nor on how
much memory there was. Several threads may add blocks at once: each appends its
block, and only ``result`` joins them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from lake.store.cf_packing import Packing


class _Block(NamedTuple):
    """The statistics of one block; only its finite values are in the range and the sums."""

    size: int
    missing: int
    infinite: int
    min: float
    max: float
    total: float
    weighted: float
    weight: float


@dataclass(slots=True)
class Measure:
    """Range and means of one variable, in its own unit.

    ``missing`` counts what is missing by the file's own marks, NaN or infinite; ``infinite`` how many of these are +inf
    or -inf. They have no part in ``min``, ``max`` and the means. ``coverage`` is the share of the sphere that has
    values, the mean over times and levels.
    """

    packing: Packing
    sphere: float | None = None  # what the weights of the whole sphere would sum to; None: not known
    _blocks: list[_Block] = field(default_factory=list)

    def add(self, stored: np.ndarray, weights: np.ndarray | None = None) -> None:
        """Take in a block of stored values; ``weights`` are of its shape, finite and >= 0."""
        values = self.packing.decode(stored)
        missing = infinite = 0
        with np.errstate(invalid="ignore", over="ignore"):
            total = float(values.sum())
        if not math.isfinite(total):  # something is missing or infinite
            finite = np.isfinite(values)
            infinite = int(np.isinf(values).sum())
            missing = values.size - int(finite.sum())
            low, high = _range(values[finite])
            values[~finite] = 0.0
            total = float(values.sum())
            weights = None if weights is None else np.where(finite, weights, 0.0)
        else:
            low, high = _range(values)
        weighted = weight = 0.0
        if weights is not None:
            axes = list(range(values.ndim))
            weighted = float(np.einsum(values, axes, weights, axes, []))  # without a copy of the weights
            weight = float(weights.sum())
        self._blocks.append(_Block(values.size, missing, infinite, low, high, total, weighted, weight))

    def result(self) -> dict[str, Any]:
        """``min``, ``max``, ``mean``, ``weighted_mean``, ``coverage`` (None where there is none), ``missing``,
        ``infinite``, ``count``."""
        blocks = self._blocks
        count, missing = sum(block.size for block in blocks), sum(block.missing for block in blocks)
        weight = math.fsum(block.weight for block in blocks)
        low = min((block.min for block in blocks), default=None) if count > missing else None
        high = max((block.max for block in blocks), default=None) if count > missing else None
        return {
            "min": low,
            "max": high,
            "mean": _mean([block.total for block in blocks], float(count - missing), low, high),
            "weighted_mean": _mean([block.weighted for block in blocks], weight, low, high),
            "coverage": min(weight / self.sphere, 1.0) if self.sphere else None,
            "missing": missing,
            "infinite": sum(block.infinite for block in blocks),
            "count": count,
        }


def _range(values: np.ndarray) -> tuple[float, float]:
    return (float(values.min()), float(values.max())) if values.size else (math.inf, -math.inf)


def _mean(sums: list[float], total: float, low: float | None, high: float | None) -> float | None:
    """Rounding puts no mean outside of the values that it is of: that of equal ones is what they are."""
    if not total or low is None or high is None:
        return None
    try:
        return min(max(math.fsum(sums) / total, low), high)
    except (OverflowError, ValueError):  # finite values whose sum is past the largest float64
        return None
