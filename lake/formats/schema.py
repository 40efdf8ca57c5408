"""Schemas of raw tables, written as tables."""

from __future__ import annotations

import re

import pyarrow as pa

_TYPES = {
    "text": pa.string(),
    "real": pa.float64(),
    "whole": pa.int64(),
    "truth": pa.bool_(),
    "reals": pa.list_(pa.float64()),
}


def schema(columns: str, record: str = "The line of the answer, from 1") -> pa.Schema:
    """A raw table's schema from lines of `name type unit source  doc`, "-" for none, two spaces after the source.

    ``source`` is the column's name in the archive's own header, where it is another; a|b where it is either.

    >>> schema("gc  real  percent  GC (%)  Guanine and cytosine").field("gc").metadata
    {b'unit': b'percent', b'source': b'GC (%)', b'doc': b'Guanine and cytosine'}
    """
    own = pa.field("_record", pa.int64(), metadata={"unit": "", "doc": record})
    return pa.schema([own, *(_field(line.strip()) for line in columns.strip().splitlines())])


def _field(line: str) -> pa.Field:
    name, type, unit, rest = line.split(maxsplit=3)
    source, doc = re.split(r" {2,}", rest, maxsplit=1)
    facts = {"unit": "" if unit == "-" else unit, **({} if source == "-" else {"source": source}), "doc": doc}
    return pa.field(name, _TYPES[type], metadata=facts)
