"""Which run comes when, and in whose batch: a function of the keys, the seed and the epoch alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Last = Literal["share", "drop", "repeat"]
RUN = 8192  # neighbouring keys that stay together where the shuffle goes by blocks

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_STEPS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


def shuffled(
    keys: NDArray[np.int64],
    seed: int,
    epoch: int,
    *,
    counts: NDArray[np.int64] | None = None,
    stages: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Positions in ``keys`` in the pseudo-random order of one epoch.

    Each key is sorted by the upper 32 bits of SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195) of
    itself, the seed and the epoch, and then by itself: the same order on every machine and with every version of
    numpy, and two keys keep their order when others join them.

    Args:
        keys: [n], ascending, each once.
        counts: [n], how often each comes; once where None. See :func:`draws`.
        stages: [n], smaller ones come first; the order is random within a stage.
    """
    words = _mix(keys.astype(np.uint64) + _stream(seed, epoch))
    rows = np.arange(len(keys))
    if counts is not None:
        rows = np.repeat(rows, counts)
        copies = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        words = _mix(words[rows] + copies.astype(np.uint64) * _GOLDEN)
    positions = by_upper_half(words)
    if stages is not None:
        positions = positions[np.argsort(stages[rows[positions]], kind="stable")]
    return rows[positions]


def by_upper_half(words: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Where each word is in the order of their upper 32 bits, stable.

    numpy sorts 16 bits by radix: twice that takes a third of the time of a sort by 64.
    """
    positions = np.argsort((words >> np.uint64(32)).astype(np.uint16), kind="stable")
    return positions[np.argsort((words >> np.uint64(48)).astype(np.uint16)[positions], kind="stable")]


def draws(weights: NDArray[np.float64], seed: int, epoch: int) -> NDArray[np.int64]:
    """How often each of n rows comes in an epoch of n draws: n w / sum(w), rounded down or up by chance.

    Systematic sampling (Madow and Madow 1944, doi:10.1214/aoms/1177731312): the expected number is the exact share,
    and no row ever differs from it by one or more.
    """
    share = np.cumsum(weights, dtype=np.float64)
    share *= len(weights) / share[-1]
    share[-1] = len(weights)  # however the sum is rounded
    start = float(_mix(_stream(seed, epoch))[0] >> np.uint64(11)) / 2**53
    return np.diff(np.floor(share + start), prepend=np.floor(start)).astype(np.int64)


def neighbours(rows: int, seed: int, epoch: int, block: int) -> NDArray[np.int64]:
    """Stages [rows] for a shuffle by blocks: runs of RUN neighbouring rows, dealt at random to blocks of ``block``."""
    run = min(RUN, block)
    numbers = np.arange(-(-rows // run))
    position = np.empty(len(numbers), np.int64)
    position[np.argsort(_mix(numbers.astype(np.uint64) + _stream(~seed, epoch)))] = numbers
    return np.repeat(position // max(1, block // run), run)[:rows]


def _stream(seed: int, epoch: int) -> NDArray[np.uint64]:
    return _mix(_mix(_word(seed) + _GOLDEN) + _word(epoch) * _GOLDEN + _GOLDEN)


def _word(number: int) -> NDArray[np.uint64]:
    return np.array([number % 2**64], dtype=np.uint64)


def _mix(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finaliser: a bijection of 64 bits in which each bit of the input moves half of the output's."""
    for shift, factor in _STEPS:
        words = (words ^ (words >> np.uint64(shift))) * np.uint64(factor)
    return words ^ (words >> np.uint64(31))


@dataclass(frozen=True, slots=True)
class Steps:
    """An epoch's batches. In step s, rank r has the rows ``bounds[s, r]`` to ``bounds[s, r + 1]`` of the order.

    Rows beyond the end of the order are those of its beginning, once more.
    """

    bounds: NDArray[np.int64]  # [steps, ranks + 1]
    repeated: int
    """How many rows come twice, for all ranks to have as many batches."""
    dropped: int
    """How many rows do not come."""

    def __len__(self) -> int:
        return len(self.bounds)


def steps(rows: int, size: int, *, start: int = 0, ranks: int = 1, last: Last = "share") -> Steps:
    """Batches of ``size`` rows: a step takes the next ``size`` for rank 0, the next for rank 1, and so on.

    So rows come in the same order for any number of ranks, and every rank has as many batches. What the last step
    lacks is settled by ``last``: "share" divides the remaining rows evenly (and repeats some only where there are
    fewer of them than ranks), "drop" leaves them out, "repeat" fills the step from the beginning of the order.
    """
    full, remaining = divmod(rows - start, size * ranks)
    bounds = start + np.arange(full)[:, None] * (size * ranks) + np.arange(ranks + 1) * size
    if not remaining or last == "drop":
        return Steps(bounds, 0, remaining)
    begin, length = start + full * size * ranks, size * ranks if last == "repeat" else max(remaining, ranks)
    return Steps(np.vstack([bounds, begin + length * np.arange(ranks + 1) // ranks]), length - remaining, 0)


def steps_by_bytes(
    bytes: NDArray[np.int64], budget: int, *, start: int = 0, ranks: int = 1, last: Last = "share"
) -> Steps:
    """Batches of as many rows as fit ``budget``, at least one; ``bytes`` [rows] in the epoch's order."""
    ends = np.cumsum(bytes)
    cuts = [start]
    while cuts[-1] < len(ends):
        before = ends[cuts[-1] - 1] if cuts[-1] else 0
        cuts.append(max(cuts[-1] + 1, int(np.searchsorted(ends, before + budget, "right"))))
    full = (len(cuts) - 1) // ranks
    bounds = np.array(cuts, np.int64)[np.arange(full)[:, None] * ranks + np.arange(ranks + 1)]
    rest = cuts[full * ranks :]
    remaining = rest[-1] - rest[0]
    if not remaining or last == "drop":
        return Steps(bounds, 0, remaining)
    while len(rest) <= ranks:  # one batch for each rank: none grows beyond the budget
        sizes = np.diff(rest)
        widest = int(np.argmax(sizes))
        if last == "repeat" or sizes[widest] == 1:
            rest.append(rest[-1] + 1)
        else:
            rest.insert(widest + 1, rest[widest] + sizes[widest] // 2)
    return Steps(np.vstack([bounds, rest]), max(0, rest[-1] - len(ends)), 0)


def blocks(bounds: NDArray[np.int64], rows: int) -> Iterator[NDArray[np.int64]]:
    """Consecutive batches ([n, 2]: start, stop) together, up to so many rows: what is read from disk at once."""
    rows_before = np.cumsum(bounds[:, 1] - bounds[:, 0])
    first = 0
    while first < len(bounds):
        before = rows_before[first - 1] if first else 0
        stop = max(first + 1, int(np.searchsorted(rows_before, before + rows, "right")))
        yield bounds[first:stop]
        first = stop


def neighbour_share(rows: int, block: int | None = None) -> float:
    """The quality of a shuffle: the share of pairs in a batch whose keys are of one run of RUN neighbours.

    Of a global shuffle (``block`` None) it is RUN / rows, by blocks RUN / block: see docs/training.md.
    """
    return min(1.0, RUN / max(1, min(rows, rows if block is None else block)))
