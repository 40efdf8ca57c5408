"""How an array is cut: into pieces that are contiguous in C order, so that their bytes in turn are the array's."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product


def tile(shape: Sequence[int], itemsize: int, target: int) -> tuple[int, ...]:
    """The shape (1, ..., 1, k, whole, ...) of the largest even piece of at most ``target`` bytes (or of one item).

    >>> tile((12, 90, 144), 8, 1 << 20)
    (6, 90, 144)
    """
    piece = [max(1, length) for length in shape]
    size = math.prod(piece) * itemsize
    for axis, length in enumerate(piece):
        if size <= target:
            break
        row = size // length
        most = max(1, target // row)
        piece[axis] = math.ceil(length / math.ceil(length / most))
        size = row * piece[axis]
        if most > 1:
            break
    return tuple(piece)


def aligned(
    shape: Sequence[int], chunks: Sequence[int], itemsize: int, target: int, source: Sequence[int] | None, most: int
) -> tuple[int, ...]:
    """The shape of what is read at once: whole ``chunks`` of the store and, up to ``most`` bytes, of the ``source``.

    A file whose own chunks are long along the first dimension would be inflated once for each slab that cuts them.
    """
    step = list(chunks)
    for axis in reversed(range(len(step))):  # grow from the inside: what lies behind `axis` is whole by then
        if any(step[inner] < shape[inner] for inner in range(axis + 1, len(step))):
            break
        row = math.prod(step[axis + 1 :]) * itemsize * math.prod(step[:axis])
        length = max(target // row, 1)
        if source and source[axis] > length and source[axis] * row <= most:
            length = source[axis]
        unit = math.lcm(step[axis], source[axis]) if source and length >= source[axis] else step[axis]
        unit = unit if unit <= length else step[axis]
        step[axis] = min(max(1, shape[axis]), max(step[axis], length // unit * unit))
    return tuple(step)


def regions(shape: Sequence[int], step: Sequence[int]) -> Iterator[tuple[slice, ...]]:
    """The pieces in C order.

    >>> list(regions((3,), (2,)))
    [(slice(0, 2, None),), (slice(2, 3, None),)]
    """
    cuts = (
        [slice(start, min(start + width, length)) for start in range(0, length, width)]
        for length, width in zip(shape, step, strict=True)
    )
    return product(*cuts)
