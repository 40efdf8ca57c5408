"""Columns of records that have several values or none: `owner` is the record of each value, from 0, ascending."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


class Ragged(NamedTuple):
    """Values, and the record that owns each; no value is null."""

    owner: np.ndarray
    values: pa.Array

    @classmethod
    def of(cls, owner: np.ndarray, values: pa.Array) -> Ragged:
        """Values and their owners, without the null and empty ones."""
        full = pc.fill_null(pc.not_equal(values, ""), False)
        return cls(owner[full.to_numpy(zero_copy_only=False)], values.filter(full))

    @classmethod
    def split(cls, texts: pa.Array, pattern: str, owner: np.ndarray | None = None) -> Ragged:
        """Texts split at a regular expression, the pieces stripped of blanks."""
        lists = pc.split_pattern_regex(texts, pattern)
        parent = pc.list_parent_indices(lists).to_numpy()
        return cls.of(parent if owner is None else owner[parent], pc.utf8_trim_whitespace(lists.flatten()))

    def first(self, n: int) -> pa.Array:
        """Each record's first value; null where it has none."""
        index = np.searchsorted(self.owner, np.arange(n))
        exists = np.append(self.owner, -1)[index] == np.arange(n)
        return self.values.take(pa.array(np.where(exists, index, 0), pa.int64(), mask=~exists))

    def lists(self, n: int) -> pa.Array:
        """Each record's values as a list, in their order."""
        offsets = np.searchsorted(self.owner, np.arange(n + 1))
        return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), self.values)

    def joined(self, n: int, between: str = " ") -> pa.Array:
        """Each record's values as one text; null where it has none."""
        lists = self.lists(n)
        empty = pc.equal(pc.list_value_length(lists), 0)
        return pc.if_else(empty, pa.scalar(None, pa.string()), pc.binary_join(lists, between))

    def distinct(self) -> Ragged:
        """Each record's distinct values, sorted."""
        coded = self.values.dictionary_encode()
        order = pc.sort_indices(coded.dictionary)
        rank = np.empty(len(order), np.int64)
        rank[order.to_numpy()] = np.arange(len(order))
        base = max(len(order), 1)
        keys = np.sort(self.owner * base + rank[coded.indices.to_numpy(zero_copy_only=False)])
        keys = keys[np.diff(keys, prepend=-1) > 0]  # numpy's unique hashes, which takes ten times as long
        return Ragged(keys // base, coded.dictionary.take(order).take(pa.array(keys % base)))


def merged(*columns: Ragged) -> Ragged:
    """Several columns as one; within a record, values of earlier columns come first."""
    owner = np.concatenate([column.owner for column in columns])
    order = np.argsort(owner, kind="stable")
    values = pa.chunked_array([column.values for column in columns], pa.string()).combine_chunks()
    return Ragged(owner[order], values.take(pa.array(order)))
