"""The hash of an array's values is of their bytes as they are kept: it depends on no machine and no layout."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from lake.store import arrays

TEXTS = np.dtypes.StringDType()


def hashed(values):
    sha = hashlib.sha256()
    arrays.hash_into(sha, values)
    return sha.hexdigest()


def of(content):
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("values", "content"),
    [
        (np.array([1, 2], "<i2"), b"\x01\x00\x02\x00"),
        (np.array([1, 2], ">i2"), b"\x01\x00\x02\x00"),
        (np.array([[1, 3], [2, 4]], "<i2").T, b"\x01\x00\x02\x00\x03\x00\x04\x00"),
        (np.array(1.0, "<f4"), b"\x00\x00\x80\x3f"),
        (np.array([True, False]), b"\x01\x00"),
        (np.array([], "<f8"), b""),
        (np.array(["a", "µ"], TEXTS), b"\x01" + bytes(7) + b"a\x02" + bytes(7) + "µ".encode()),
        (np.array(["", "a"], TEXTS), bytes(8) + b"\x01" + bytes(7) + b"a"),
    ],
    ids=["little", "big", "transposed", "scalar", "bool", "empty", "texts", "empty text"],
)
def test_values_are_hashed_as_they_are_kept(values, content):
    assert hashed(values) == of(content)


def test_where_one_text_ends_matters():
    assert hashed(np.array(["ab", "c"], TEXTS)) != hashed(np.array(["a", "bc"], TEXTS))
