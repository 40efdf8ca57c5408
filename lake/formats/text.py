"""Lines of text, rejects and numbers, in columns: what every reader of lines needs, whatever the archive.

No Python loop over rows: Arrow splits bytes into lines, cells and columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.errors import Unreadable
from lake.formats import gzipped
from lake.formats.answer import Answer
from lake.formats.part import Part

REJECTS = pa.schema([("_record", pa.int64()), ("reason", pa.string()), ("content", pa.string())])
CELLS = REJECTS.insert(1, pa.field("column", pa.string()))  # cells of records that land without them
BLOCK = 16 * 2**20  # bytes of text in memory at once
LONGEST = 16 * 2**20  # bytes of a line: a record of a table has a few thousand

_UTF8 = (  # RFC 3629, section 4: well-formed UTF-8, byte by byte
    r"^(?:[\x00-\x7F]|[\xC2-\xDF][\x80-\xBF]|\xE0[\xA0-\xBF][\x80-\xBF]|[\xE1-\xEC\xEE\xEF][\x80-\xBF]{2}"
    r"|\xED[\x80-\x9F][\x80-\xBF]|\xF0[\x90-\xBF][\x80-\xBF]{2}|[\xF1-\xF3][\x80-\xBF]{3}|\xF4[\x80-\x8F][\x80-\xBF]{2})*$"
)


class Lines(NamedTuple):
    """Lines of a text, without the blank ones."""

    record: pa.Array  # number of the line in the file, from 1
    text: pa.Array  # string
    undecodable: pa.Table  # REJECTS: the lines that are not UTF-8

    @property
    def seen(self) -> int:
        return len(self.record) + len(self.undecodable)


def lines(answer: Answer) -> Iterator[Lines]:
    """A file's lines, some megabytes at a time; \\n or \\r\\n ends one; no byte order mark; decompressed.

    Raises:
        Unreadable: the gzip is damaged, or a line is longer than LONGEST.
    """
    with gzipped.open_file(answer) as file:
        yield from lines_of(file)


def lines_of(file: BinaryIO) -> Iterator[Lines]:
    """The lines of an open file."""
    first = 1
    while block := file.read(BLOCK):
        block += rest_of_line(file, LONGEST)
        if first == 1:
            block = block.removeprefix(b"\xef\xbb\xbf")
        if b"\r" in block:
            block = block.replace(b"\r\n", b"\n")
        pieces = pc.split_pattern(pa.array([block], pa.large_binary()), b"\n").values
        record = pa.array(np.arange(first, first + len(pieces)))
        first += len(pieces) - 1  # a block ends with a line end, unless it is the last
        if pieces[-1].as_py() == b"":
            record, pieces = record[:-1], pieces[:-1]
        full = pc.not_equal(pc.binary_length(pieces), 0)
        if not pc.all(full).as_py():
            record, pieces = record.filter(full), pieces.filter(full)
        yield _decoded(record, pieces.cast(pa.binary()))


def rest_of_line(file: BinaryIO, longest: int) -> bytes:
    """The rest of the line that a block ends in.

    Raises:
        Unreadable: it has more than ``longest`` bytes.
    """
    rest = file.readline(longest + 1)
    if len(rest) > longest:
        raise Unreadable(
            f"a line has more than {longest:,} bytes", why="it is not a text of records, or its line ends are lost"
        )
    return rest


def _decoded(record: pa.Array, raw: pa.Array) -> Lines:
    try:
        return Lines(record, raw.cast(pa.string()), REJECTS.empty_table())
    except pa.ArrowInvalid:
        valid = pc.match_substring_regex(raw, _UTF8)
    bad = pc.invert(valid)
    content = [line.decode("utf-8", "replace") for line in raw.filter(bad).to_pylist()]
    return Lines(
        record.filter(valid), raw.filter(valid).cast(pa.string()), rejects(record.filter(bad), "not UTF-8", content)
    )


def rejects(record: pa.Array, reason: str | pa.Array, content: Iterable[str] | pa.Array) -> pa.Table:
    """Records that are not rows, as REJECTS; one reason for all of them, or one for each."""
    if isinstance(reason, str):
        reason = pa.repeat(reason, len(record))
    if not isinstance(content, pa.Array):
        content = pa.array(content, pa.string())
    return pa.Table.from_arrays([record, reason, content], schema=REJECTS)


def cell_rejects(record: pa.Array, column: str, reason: str | pa.Array, content: Iterable[str] | pa.Array) -> pa.Table:
    """Bad cells of one column, whose records are rows all the same: as CELLS, for `Part.cells`."""
    table = rejects(record, reason, content)
    return table.add_column(1, "column", pa.repeat(pa.scalar(column, pa.string()), len(table)))


class Cells(NamedTuple):
    """Lines split at each tab."""

    lines: Lines  # those with one of the expected numbers of cells
    width: pa.Array  # each line's number of cells
    columns: list[pa.Array]  # as many as the widest line has; null where a line has fewer
    misfits: pa.Table  # REJECTS: the other lines


def split_tabs(block: Lines, widths: tuple[int, ...]) -> Cells:
    """Lines split into cells; quotes and semicolons are ordinary characters."""
    width = pc.add(pc.count_substring(block.text, "\t"), 1)
    fits = pc.is_in(width, pa.array(widths, width.type))
    misfits = REJECTS.empty_table()
    if not pc.all(fits).as_py():
        bad = pc.invert(fits)
        expected = " or ".join(map(str, sorted(widths)))
        reason = pc.binary_join_element_wise(
            width.filter(bad).cast(pa.string()), f"cells where {expected} are expected", " "
        )
        misfits = rejects(block.record.filter(bad), reason, block.text.filter(bad))
        block = Lines(block.record.filter(fits), block.text.filter(fits), block.undecodable)
        width = width.filter(fits)
    most = max(widths)
    padded = pc.list_slice(pc.split_pattern(block.text, "\t"), 0, most, return_fixed_size_list=True)
    flat = padded.flatten()
    return Cells(block, width, [flat.take(np.arange(i, len(flat), most)) for i in range(most)], misfits)


Fault = tuple[pa.Array | None, str]
"""Which rows are wrong (None: none of them), and the reason."""


def partition_rejects(
    schema: pa.Schema,
    record: pa.Array,
    columns: Mapping[str, pa.Array],
    faults: Iterable[Fault],
    content: Callable[[pa.Array], Any],
) -> tuple[pa.Table, pa.Table | None, pa.Array | None]:
    """Good rows; rejects, with their first fault as the reason; and which rows are good, None if all are.

    Args:
        content: takes a mask, gives the text of these records in the answer.
    """
    rows = pa.Table.from_arrays([record, *(columns[name] for name in schema.names[1:])], schema=schema)
    reason = None
    for wrong, text in faults:
        if wrong is None:
            continue
        wrong = wrong.fill_null(False)
        if not pc.any(wrong).as_py():
            continue
        first = wrong if reason is None else pc.and_(wrong, pc.is_null(reason))
        reason = pc.if_else(first, text, pa.nulls(len(wrong), pa.string()) if reason is None else reason)
    if reason is None:
        return rows, None, None
    good = pc.is_null(reason)
    bad = pc.invert(good)
    return rows.filter(good), rejects(record.filter(bad), reason.filter(bad), content(bad)), good


BadCells = tuple[str, pa.Array | None, str, pa.Array]
"""A column, which of its cells are wrong (None: none of them), the reason, and all cells of the column."""


def collect_cell_rejects(record: pa.Array, good: pa.Array | None, columns: Iterable[BadCells]) -> pa.Table | None:
    """The bad cells of the good rows, as CELLS; None if there are none.

    Args:
        good: which rows are good; None if all are.
    """
    tables = []
    for column, wrong, reason, cells in columns:
        if wrong is None:
            continue
        mask = pc.fill_null(wrong if good is None else pc.and_(wrong, good), False)
        if pc.any(mask).as_py():
            tables.append(cell_rejects(record.filter(mask), column, reason, cells.filter(mask)))
    return pa.concat_tables(tables) if tables else None


def make_part(table: str, seen: int, rows: pa.Table, *rejected: pa.Table | None) -> Part:
    """A Part of rows, and of rejects from several steps."""
    tables = [rejects for rejects in rejected if rejects is not None and len(rejects)]
    return Part(table, seen, rows, pa.concat_tables(tables) if tables else None)


def strip_prefix(ids: pa.Array) -> pa.Array:
    """``cpd:C00022`` as ``C00022``; ids without a prefix stay as they are."""
    return pc.replace_substring_regex(ids, "^[A-Za-z][A-Za-z0-9_.-]*:", "")


def integers(texts: pa.Array) -> tuple[pa.Array, pa.Array | None]:
    """Texts as 64-bit integers; and a mask of those that are not, None if all are (null stays null). 2.0 is 2."""
    try:
        values = texts.cast(pa.int64())
        if not contains_byte(texts, b"xX"):  # Arrow also takes 0x1F
            return values, None
    except pa.ArrowInvalid:
        pass
    valid = pc.match_substring_regex(texts, r"^[-+]?[0-9]{1,18}(\.0*)?$")
    plain = pc.replace_substring_regex(pc.if_else(valid, texts, None), r"^\+|\.0*$", "")
    return plain.cast(pa.int64()), _invalid(valid)


def contains_byte(texts: pa.Array, letters: bytes) -> bool:
    """Whether one of the letters is in the bytes of these texts (or beside them in memory)."""
    data = texts.buffers()[2]
    if data is None:
        return False
    content = np.frombuffer(data, np.uint8)
    return any((content == letter).any() for letter in letters)


def reals(texts: pa.Array) -> tuple[pa.Array, pa.Array | None]:
    """Texts as finite doubles; and a mask of those that are not, None if all are (null stays null)."""
    try:
        values = texts.cast(pa.float64())
    except pa.ArrowInvalid:
        valid = pc.match_substring_regex(texts, r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,4})?$")
        values = pc.if_else(valid, texts, None).cast(pa.float64())
    values = pc.if_else(pc.is_finite(values), values, None)  # Arrow also takes nan, inf and 1e999
    if values.null_count == texts.null_count:
        return values, None
    return values, pc.and_(pc.is_null(values), pc.is_valid(texts))


def _invalid(valid: pa.Array) -> pa.Array | None:
    invalid = pc.invert(valid)
    return invalid if pc.any(invalid).as_py() else None


def no_records(what: str, where: str) -> Unreadable:
    """The error for an answer without a record: an empty table would look as if the archive had none."""
    return Unreadable(f"there is no {what} in it", where=where, why="some archives answer so when they have no data")
