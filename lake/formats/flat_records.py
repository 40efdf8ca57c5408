"""Flat files in EMBL format, in columns and in bounded memory: lines with a two-letter code, records end with //.

Only the lines that the caller needs are held in memory, so that a record may be a whole chromosome.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.errors import Unreadable
from lake.formats import text
from lake.formats.answer import Answer
from lake.formats.list_columns import Ragged

_DAY = r"^(?P<day>\d\d)-(?P<month>[A-Z]{3})-(?P<year>\d{4})"
_MONTHS = pa.array("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split())


class Block:
    """Some complete records.

    Attributes:
        n: number of records; `first` is the number of the first in the file, from 1.
        undecodable: which records have a line that is not UTF-8.
    """

    def __init__(self, lines: pa.Array, first: int, undecodable: np.ndarray):
        ends = pc.equal(lines, "//").to_numpy(zero_copy_only=False)
        self.n, self.first, self.undecodable = int(ends.sum()), first, undecodable
        self._lines, self._owner = lines, np.cumsum(ends) - ends
        self._code = pc.utf8_slice_codeunits(lines, 0, 2)

    def lines(self, code: str) -> Ragged:
        """The text of the lines with a code, from the sixth character on."""
        rows = pc.equal(self._code, code).to_numpy(zero_copy_only=False)
        texts = pc.utf8_slice_codeunits(self._lines.filter(pa.array(rows)), 5)
        return Ragged.of(self._owner[rows], pc.utf8_trim_whitespace(texts))

    def source(self, mask: pa.Array) -> list[str]:
        """The first lines of the records that a mask selects."""
        heads: list[str] = self.lines("ID").first(self.n).filter(mask).fill_null("").to_pylist()
        return heads


def blocks(answer: Answer, pattern: str, where: str) -> Iterator[Block]:
    """The records of a file.

    Args:
        pattern: a regular expression for the lines to read, beside ID.

    Raises:
        Unreadable: it ends within a record, or has none.
    """
    rest, first, open_lines, undecodable = pa.array([], pa.string()), 1, 0, []
    for chunk in text.lines(answer):
        lines = pc.utf8_rtrim(chunk.text, " \t\r")
        ends = np.flatnonzero(pc.equal(lines, "//"))
        numbers = chunk.record.to_numpy()
        undecodable += chunk.undecodable["_record"].to_pylist()
        last = numbers[ends[-1]] if len(ends) else -1
        open_lines = int((numbers > last).sum()) + (open_lines if last < 0 else 0)
        lines = lines.filter(pc.match_substring_regex(lines, f"^(?://$|ID |{pattern})"))
        lines = pa.concat_arrays([rest, lines])
        closed = np.flatnonzero(pc.equal(lines, "//"))
        if len(closed):
            damaged = np.isin(np.arange(len(ends)), np.searchsorted(numbers[ends], undecodable))
            yield (block := Block(lines.slice(0, int(closed[-1]) + 1), first, damaged))
            first, undecodable = first + block.n, [number for number in undecodable if number > last]
        rest = lines.slice(int(closed[-1]) + 1) if len(closed) else lines
    if open_lines or undecodable:
        raise Unreadable(
            "it is truncated: its last record has no // at its end", where=where, why="the answer was truncated"
        )
    if first == 1:
        raise text.no_records("record", where)


def extract(texts: pa.Array, pattern: str, group: str) -> pa.Array:
    """One group of a regular expression; null where it does not match or the group is empty."""
    values = pc.struct_field(pc.extract_regex(texts, pattern), group)
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)


def iso_date(texts: pa.Array) -> pa.Array:
    """12-MAR-2004 as 2004-03-12."""
    month = pc.add(pc.index_in(extract(texts, _DAY, "month"), _MONTHS), 1).cast(pa.string())
    return pc.binary_join_element_wise(
        extract(texts, _DAY, "year"), pc.utf8_lpad(month, 2, "0"), extract(texts, _DAY, "day"), "-"
    )
