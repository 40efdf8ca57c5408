"""Rows out of a pack as tensors, and rows into one: whole columns at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lake.train.pack import Pack, Writer


def append(
    writer: Writer, keys: NDArray[np.int64], values: NDArray[Any], known: NDArray[np.bool_] | None
) -> NDArray[np.int64]:
    """Append rows whose unknown cells (``known`` False; None: there are none) are 0; returns their number by column.

    The array "known" begins with the first of them: most packs have none.
    """
    rows = writer.rows("values")
    writer.append("keys", keys)
    writer.append("values", values)
    if known is None and not writer.rows("known"):
        return np.zeros(values.shape[1], np.int64)
    if not writer.rows("known"):
        for start in range(0, rows, 65_536):
            writer.append("known", np.ones((min(65_536, rows - start), *values.shape[1:]), bool))
    if known is None:
        known = np.ones(values.shape, bool)
    writer.append("known", known)
    unknown: NDArray[np.int64] = (~known).sum(axis=tuple(axis for axis in range(known.ndim) if axis != 1))
    return unknown


Gathered = tuple[dict[str, torch.Tensor], torch.Tensor]
"""A modality's tensors by name, and bool [B]: which of the rows it has at all."""


def _take(array: NDArray[Any], rows: NDArray[np.int64]) -> torch.Tensor:
    """Rows of an array, copied; -1 gives any row."""
    if not len(array):
        return torch.from_numpy(np.zeros((len(rows), *array.shape[1:]), array.dtype))
    return torch.from_numpy(np.take(array, rows, axis=0, mode="clip"))


def _known(pack: Pack, rows: NDArray[np.int64], values: torch.Tensor) -> torch.Tensor:
    return _take(pack.arrays["known"], rows) if "known" in pack.arrays else torch.ones_like(values, dtype=torch.bool)


def dense(name: str, pack: Pack, rows: NDArray[np.int64]) -> Gathered:
    """Rows of one shape: ``name`` [B, ...] and ``name_known`` of the same shape."""
    values = _take(pack.arrays["values"], rows)
    known = _known(pack, rows, values)
    present = torch.from_numpy(rows >= 0)
    if not present.all():
        values[~present] = 0
        known[~present] = False
    return {name: values, f"{name}_known": known}, present


def lengths(ends: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many elements each of these rows has, where ``ends`` [n] says at which the rows end; a row of -1 has none."""
    if not len(ends):
        return np.zeros(len(rows), np.int64)
    return np.where(rows >= 0, ends[rows] - np.where(rows > 0, ends[rows - 1], 0), 0)


def spread(ends: NDArray[np.int64], rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the elements of these rows lie in a flat array, and how many each row has.

    >>> spread(np.array([2, 5, 6]), np.array([1, -1, 0]))
    (array([2, 3, 4, 0, 1]), array([3, 0, 2]))
    """
    counts = lengths(ends, rows)
    after = np.cumsum(counts)
    starts = ends[rows] - counts if len(ends) else counts
    return np.arange(after[-1] if len(after) else 0) + np.repeat(starts - after + counts, counts), counts


def lists(name: str, pack: Pack, rows: NDArray[np.int64], *, flat: bool) -> Gathered:
    """Rows of several lengths: padded to the longest of them, or flat with offsets."""
    elements, counts = spread(pack.arrays["ends"], rows)
    values = _take(pack.arrays["values"], elements)
    known = _known(pack, elements, values)
    present = torch.from_numpy(rows >= 0)
    if flat:
        offsets = torch.from_numpy(np.concatenate([[0], np.cumsum(counts)]))
        return {name: values, f"{name}_known": known, f"{name}_offsets": offsets}, present
    inside = torch.from_numpy(np.arange(counts.max(initial=0)) < counts[:, None])
    shape = (*inside.shape, *values.shape[1:])
    padded, mask = torch.zeros(shape, dtype=values.dtype), torch.zeros(shape, dtype=torch.bool)
    padded[inside], mask[inside] = values, known
    return {name: padded, f"{name}_known": mask}, present
