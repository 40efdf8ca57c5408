"""Values of records that have several or none: `owner` says whose each is, from 0, ascending. As columns, no loops."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


class Ragged(NamedTuple):
    """Some values, and whose each of them is; no value is null."""

    owner: np.ndarray
    values: pa.Array

    @classmethod
    def of(cls, owner: np.ndarray, values: pa.Array) -> Ragged:
        """Without what is null or empty."""
        kept = pc.fill_null(pc.not_equal(values, ""), False)
        return cls(owner[kept.to_numpy(zero_copy_only=False)], values.filter(kept))

    @classmethod
    def split(cls, texts: pa.Array, pattern: str, owner: np.ndarray | None = None) -> Ragged:
        """Texts cut at a regular expression, blanks around the pieces taken off."""
        lists = pc.split_pattern_regex(texts, pattern)
        whose = pc.list_parent_indices(lists).to_numpy()
        return cls.of(whose if owner is None else owner[whose], pc.utf8_trim_whitespace(lists.flatten()))

    def first(self, n: int) -> pa.Array:
        """Each record's first value; null where it has none."""
        place = np.searchsorted(self.owner, np.arange(n))
        there = np.append(self.owner, -1)[place] == np.arange(n)
        return self.values.take(pa.array(np.where(there, place, 0), pa.int64(), mask=~there))

    def lists(self, n: int) -> pa.Array:
        """Each record's values, in their order."""
        places = np.searchsorted(self.owner, np.arange(n + 1))
        return pa.ListArray.from_arrays(pa.array(places, pa.int32()), self.values)

    def joined(self, n: int, between: str = " ") -> pa.Array:
        """Each record's values as one text; null where it has none."""
        lists = self.lists(n)
        empty = pc.equal(pc.list_value_length(lists), 0)
        return pc.if_else(empty, pa.scalar(None, pa.string()), pc.binary_join(lists, between))

    def distinct(self) -> Ragged:
        """Each record's values once, sorted."""
        coded = self.values.dictionary_encode()
        order = pc.sort_indices(coded.dictionary)
        rank = np.empty(len(order), np.int64)
        rank[order.to_numpy()] = np.arange(len(order))
        whole = max(len(order), 1)
        keys = np.sort(self.owner * whole + rank[coded.indices.to_numpy(zero_copy_only=False)])
        keys = keys[np.diff(keys, prepend=-1) > 0]  # numpy's unique goes by hashes, which takes ten times as long
        return Ragged(keys // whole, coded.dictionary.take(order).take(pa.array(keys % whole)))


def merged(*several: Ragged) -> Ragged:
    """All of them as one; of one record, those of the earlier come first."""
    owner = np.concatenate([one.owner for one in several])
    order = np.argsort(owner, kind="stable")
    values = pa.chunked_array([one.values for one in several], pa.string()).combine_chunks()
    return Ragged(owner[order], values.take(pa.array(order)))
