"""What a variable's values come to, measured block by block while they pass.

The sums are of fixed blocks, joined without rounding (math.fsum): the result does not depend on the order, nor on how
much memory there was.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lake.store.packing import Packing


@dataclass(slots=True)
class Measure:
    """Range and means of one variable, in its own unit.

    ``missing`` counts what is missing by the file's own marks, NaN or infinite; ``infinite`` how many of these are +inf
    or -inf. They have no part in ``min``, ``max`` and the means.
    """

    packing: Packing
    count: int = 0
    missing: int = 0
    infinite: int = 0
    min: float = math.inf
    max: float = -math.inf
    _sums: list[float] = field(default_factory=list)
    _weighted: list[float] = field(default_factory=list)
    _weights: list[float] = field(default_factory=list)

    def add(self, stored: np.ndarray, weights: np.ndarray | None = None) -> None:
        """Take in a block of stored values; ``weights`` are of its shape, finite and >= 0."""
        values = self.packing.decode(stored)
        self.count += values.size
        with np.errstate(invalid="ignore", over="ignore"):
            total = float(values.sum())
        if not math.isfinite(total):  # something is missing or infinite
            finite = np.isfinite(values)
            self.infinite += int(np.isinf(values).sum())
            self.missing += values.size - int(finite.sum())
            if not finite.any():
                return
            self._range(values[finite])
            values[~finite] = 0.0
            total = float(values.sum())
            weights = None if weights is None else np.where(finite, weights, 0.0)
        elif values.size:
            self._range(values)
        self._sums.append(total)
        if weights is not None:
            axes = list(range(values.ndim))
            self._weighted.append(float(np.einsum(values, axes, weights, axes, [])))  # without a copy of the weights
            self._weights.append(float(weights.sum()))

    def _range(self, values: np.ndarray) -> None:
        self.min = min(self.min, float(values.min()))
        self.max = max(self.max, float(values.max()))

    def result(self) -> dict[str, Any]:
        """``min``, ``max``, ``mean``, ``weighted_mean`` (None where there is none), ``missing``, ``infinite``,
        ``count``."""
        finite = self.count - self.missing
        return {
            "min": self.min if finite else None,
            "max": self.max if finite else None,
            "mean": _ratio(self._sums, float(finite)),
            "weighted_mean": _ratio(self._weighted, math.fsum(self._weights)),
            "missing": self.missing,
            "infinite": self.infinite,
            "count": self.count,
        }


def _ratio(sums: list[float], total: float) -> float | None:
    if not sums or not total:
        return None
    try:
        return math.fsum(sums) / total
    except (OverflowError, ValueError):  # finite values whose sum is past the largest float64
        return None
