"""Which planet-run comes when, and in whose batch: a function of the keys, the seed and the epoch alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_STEPS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


def shuffled(keys: NDArray[np.int64], seed: int, epoch: int) -> NDArray[np.int64]:
    """The keys in the pseudo-random order of one epoch.

    Each key is sorted by SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195) of itself, the seed and
    the epoch: the same order on every machine and with every version of numpy, however the keys came, and two keys
    keep their order when others join them.
    """
    stream = _mix(_mix(_word(seed) + _GOLDEN) + _word(epoch) * _GOLDEN + _GOLDEN)
    return keys[np.argsort(_mix(keys.astype(np.uint64) + stream))]  # a bijection: no two are the same


def _word(number: int) -> NDArray[np.uint64]:
    return np.array([number % 2**64], dtype=np.uint64)


def _mix(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finaliser: a bijection of 64 bits in which each bit of the input moves half of the output's."""
    for shift, factor in _STEPS:
        words = (words ^ (words >> np.uint64(shift))) * np.uint64(factor)
    return words ^ (words >> np.uint64(31))


def batches(rows: int, size: int, rank: int = 0, world_size: int = 1, *, drop_last: bool = False) -> list[slice]:
    """The slices of the epoch's order that are one rank's batches, in order.

    A step takes the next ``size`` rows for rank 0, the next for rank 1, and so on; so rows come in the same order for
    any number of ranks. The last step's rows are parted evenly, so that every rank has as many batches (one less for
    some, where there are fewer rows left than ranks); ``drop_last`` leaves that step out where it is not full.
    """
    step = size * world_size
    full, left = divmod(rows, step)
    slices = [slice(n * step + rank * size, n * step + (rank + 1) * size) for n in range(full)]
    if left and not drop_last:
        low, high = (full * step + left * r // world_size for r in (rank, rank + 1))
        slices += [slice(low, high)] * (high > low)
    return slices


def blocks(slices: list[slice], rows: int) -> Iterator[list[slice]]:
    """Consecutive batches together, up to so many rows: what is read from disk at once."""
    block: list[slice] = []
    held = 0
    for piece in slices:
        length = piece.stop - piece.start
        if block and held + length > rows:
            yield block
            block, held = [], 0
        block.append(piece)
        held += length
    if block:
        yield block
