"""Delimited text with a header: split into columns by name, typed by a schema, in bounded memory.

A Layout says what differs between archives. No Python loop over rows: Arrow's CSV parser splits, megabytes at a time.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from lake.errors import Unreadable
from lake.formats import text
from lake.formats.answer import Answer
from lake.formats.text import Lines

if TYPE_CHECKING:
    from lake.formats.part import Part

# RFC 4180, one line: each cell is quoted as a whole, or does not begin with a quote.
_QUOTED = r'^(?:"(?:[^"]|"")*"|[^"{d}][^{d}]*)?(?:{d}(?:"(?:[^"]|"")*"|[^"{d}][^{d}]*)?)*$'
SHIFTED = 3  # bad cells from which a row is rejected as shifted, if most of its cells are bad
WIDEST = 1000  # columns: the widest table that a source reads has 356
_ORIGIN = {"_record", "_resource", "_blob"}  # columns of every raw table: no archive's column may have these names
KINDS = {pa.int64(): "a whole number", pa.float64(): "a finite number", pa.bool_(): "true or false"}
_TRUTH = {"t": True, "f": False, "true": True, "false": False, "1": True, "0": False}


@dataclass(frozen=True, slots=True)
class Layout:
    """How an archive writes one table, and what to read of it."""

    table: str  # the raw table
    schema: pa.Schema  # `_record` first; a field's metadata may give "source": the name in the header, or a|b
    required: tuple[str, ...]  # columns that the header must have; a row without the first is a reject
    delimiter: str = "\t"
    quoted: bool = False  # cells may be in double quotes
    comment: str = "#"  # how lines before the rows begin; the header may be the last of them
    nulls: tuple[str, ...] = ("",)
    names: Callable[[int], Sequence[str] | None] = lambda width: None
    """The columns of a file without a header, by the number of cells in its first row; None: a header is required."""
    extra: Callable[[str], pa.Field | None] = lambda name: pa.field(name, pa.string())
    """The field of a column that is not in the schema; None: leave the column out."""
    strict: bool = False
    """Whether a bad cell makes its row a reject: without a header, a bad cell may mean that columns shifted."""
    patterns: Mapping[str, str] = field(default_factory=dict)
    """Regular expressions for columns of text: a cell that is not missing must match."""
    why: str = "the archive renamed a column, or the answer is of another table"


def read(layout: Layout, answer: Answer, where: str, **fixed: str | None) -> Iterator[Part]:
    """The rows of a file; see :func:`rows`."""
    return rows(layout, text.lines(answer), where, **fixed)


def rows(layout: Layout, blocks: Iterable[Lines], where: str, **fixed: str | None) -> Iterator[Part]:
    """The rows of some blocks of lines.

    A row is a reject if it has more or fewer cells than the header, is not UTF-8, leaves a quote open, has no key, or
    contains a carriage return. In a row with a key, a cell that is not the number it should be becomes null, and is
    kept among the rejected cells; if most are so, the row is shifted, and a reject. A column that is not in the schema
    is read as text.

    Args:
        where: the URL, for errors.
        fixed: values of columns that are the same in every row, such as the release.

    Raises:
        Unreadable: a required column is missing, there are more than WIDEST, there is no row, or no row fits the
            header.
    """
    header, seen, landed, before = None, 0, 0, []
    for block in blocks:
        if header is None:
            plain = _first_row(layout, block.text)
            before += block.text[: len(block.text) if plain is None else plain].to_pylist()
            if plain is None:
                continue
            header, skip = _header(layout, before, block.text[plain].as_py(), where)
            rest = slice(plain + skip, None) if plain + skip < len(block.text) else slice(0)
            block = block._replace(record=block.record[rest], text=block.text[rest])
        if block.seen:
            part = _part(layout, header, block, fixed)
            seen, landed = seen + part.seen, landed + len(part.rows)
            yield part
    if seen == 0:
        raise text.no_records("row", where)
    if landed == 0:
        raise Unreadable(
            f"none of its {seen:,} records fits its header of {len(header or ())} columns",
            where=where,
            why=f"the format of the answer changed: {part.rejects['reason'][0] if part.rejects else ''}",
        )


def _first_row(layout: Layout, lines: pa.Array) -> int | None:
    if not layout.comment:
        return 0 if len(lines) else None
    index = pc.index(pc.starts_with(lines, layout.comment), False).as_py()
    return None if index < 0 else index


def _header(layout: Layout, before: Sequence[str], first: str, where: str) -> tuple[list[str], int]:
    """The columns, by their names in the schema; and how many lines to skip: 1 if the first row is the header."""
    for line, skip in (*((comment.lstrip("#").strip(" "), 0) for comment in reversed(before)), (first, 1)):
        names = header_names(layout, line)
        if layout.required[0] in names:
            return _checked(layout, names, where), skip
    columns = layout.names(len(header_names(layout, first)))
    if columns is None:
        raise Unreadable(f"there is no header with a column {layout.required[0]}", where=where, why=layout.why)
    return _checked(layout, list(columns), where), 0


def header_names(layout: Layout, line: str) -> list[str]:
    """A header's cells, by their names in the schema; a name that the schema has for another column gets a "_".

    Names are compared as in SQL: case-insensitively.
    """
    sources = {field.name: (field.metadata or {}).get(b"source", b"").decode() for field in layout.schema}
    renamed = {source: name for name, several in sources.items() if several for source in several.split("|")}
    own = {field.name for field in layout.schema if field.name not in renamed.values()} - _ORIGIN | renamed.keys()
    reserved = {name.lower() for name in {*layout.schema.names, *_ORIGIN}}
    cells = [
        _printable(cell).strip().strip('"').strip() for cell in line.rstrip(layout.delimiter).split(layout.delimiter)
    ]
    return [renamed.get(cell, cell if cell in own or cell.lower() not in reserved else f"{cell}_") for cell in cells]


def _printable(name: str) -> str:
    return name if name.isprintable() else "".join(letter if letter.isprintable() else " " for letter in name)


def _checked(layout: Layout, names: list[str], where: str) -> list[str]:
    if len(names) > WIDEST:
        raise Unreadable(
            f"its header has {len(names):,} columns; at most {WIDEST:,} are read",
            where=where,
            why="the answer is damaged, or a transposed table",
        )
    missing = [name for name in layout.required if name not in names]
    counts = Counter(name.lower() for name in names)
    duplicates = sorted({name for name in names if counts[name.lower()] > 1})
    if missing or duplicates:
        raise Unreadable(
            f"the header changed: {', '.join(missing or duplicates)} {'is missing' if missing else 'appears twice'}",
            where=where,
            why=layout.why,
        )
    return names


def _part(layout: Layout, header: list[str], block: Lines, fixed: Mapping[str, str | None]) -> Part:
    cells, lines, misfits = split_columns(header, block, layout.delimiter, layout.quoted, layout.nulls)
    names = set(layout.schema.names)
    more = [field for name in header if name not in names and name and (field := layout.extra(name)) is not None]
    schema = pa.schema([*layout.schema, *more])
    key = layout.required[0]
    columns: dict[str, pa.Array] = {}
    faults: list[Any] = [(pc.is_null(cells[key]), f"{key} is empty")]
    bad_cells: list[text.BadCells] = []
    numbers: list[pa.Array] = []  # columns of another type than text
    for field in schema:
        if field.name == "_record":
            continue
        if field.name in fixed:
            columns[field.name] = pa.repeat(pa.scalar(fixed[field.name], field.type), len(lines.record))
        elif field.name not in header:
            columns[field.name] = pa.nulls(len(lines.record), field.type)
        else:
            columns[field.name], fault = typed(field, cells[field.name])
            if field.name == key or layout.strict:
                faults.append(fault)
            elif field.type != pa.string():
                numbers.append(cells[field.name])
                bad_cells.append((field.name, fault[0], f"not {KINDS[field.type]}", cells[field.name]))
            if pattern := layout.patterns.get(field.name):
                faults.append(_mismatch(field.name, pattern, cells[field.name]))
    faults += _shifted(bad_cells, numbers)
    rows, wrong, good = text.partition_rejects(schema, lines.record, columns, faults, lines.text.filter)
    part = text.make_part(layout.table, block.seen, rows, block.undecodable, *misfits, wrong)
    return part._replace(cells=text.collect_cell_rejects(lines.record, good, bad_cells))


def _shifted(bad_cells: Sequence[text.BadCells], columns: Sequence[pa.Array]) -> list[text.Fault]:
    """Which rows have so many bad cells that they must be shifted: SHIFTED or more, and most of those they have."""
    wrong = [mask for _, mask, _, _ in bad_cells if mask is not None]
    if len(wrong) < SHIFTED:
        return []
    count = sum(pc.fill_null(mask, False).to_numpy(zero_copy_only=False).astype(np.int64) for mask in wrong)
    valid = sum(pc.is_valid(cells).to_numpy(zero_copy_only=False).astype(np.int64) for cells in columns)
    shifted = pa.array((count >= SHIFTED) & (2 * count > valid))
    return [(shifted, "most of its numbers are none: its cells are shifted, or of another table")]


def typed(field: pa.Field, cells: pa.Array) -> tuple[pa.Array, tuple[pa.Array | None, Any]]:
    """A column of text cast to its field's type; and which cells could not be cast, with a reason for each."""
    if field.type == pa.string():
        return cells, (None, "")
    readers = {pa.int64(): text.integers, pa.float64(): text.reals, pa.bool_(): _truths}
    values, wrong = readers[field.type](cells)
    if wrong is None:
        return values, (None, "")
    return values, (wrong, pc.binary_join_element_wise(f"{field.name} is not {KINDS[field.type]}: ", cells, ""))


def _mismatch(name: str, pattern: str, cells: pa.Array) -> tuple[pa.Array, Any]:
    wrong = pc.invert(pc.match_substring_regex(cells, pattern))
    return wrong, pc.binary_join_element_wise(f"{name} is not as it should be: ", cells, "")


def _truths(cells: pa.Array) -> tuple[pa.Array, pa.Array | None]:
    index = pc.index_in(pc.utf8_lower(cells), pa.array(list(_TRUTH)))
    values = pa.array(list(_TRUTH.values())).take(index)
    wrong = pc.and_(pc.is_null(values), pc.is_valid(cells))
    return values, wrong if pc.any(wrong).as_py() else None


def split_columns(
    header: Sequence[str], block: Lines, delimiter: str, quoted: bool, nulls: Sequence[str]
) -> tuple[Mapping[str, pa.Array], Lines, list[pa.Table]]:
    """The cells of each column as text, null where missing; their lines; and the rejected lines."""
    record, lines, rejected = block.record, block.text, []
    if text.contains_byte(lines, b"\r"):  # where a CSV parser ends a row
        plain = pc.invert(pc.match_substring(lines, "\r"))
        odd = pc.invert(plain)
        rejected.append(text.rejects(record.filter(odd), "a carriage return stands in it", lines.filter(odd)))
        record, lines = record.filter(plain), lines.filter(plain)
    if quoted:
        fits = pc.match_substring_regex(lines, _QUOTED.format(d=delimiter))
        odd = pc.invert(fits)
        rejected.append(text.rejects(record.filter(odd), "a quote is not closed in its cell", lines.filter(odd)))
        record, lines = record.filter(fits), lines.filter(fits)
    cells, bad = _split(header, lines, delimiter, quoted, nulls)
    if not quoted and any(width > len(header) for _, width in bad):
        lines = _trimmed(lines, delimiter, len(header))
        cells, bad = _split(header, lines, delimiter, quoted, nulls)
    if not bad:
        return cells, block._replace(record=record, text=lines), rejected
    number = np.array([n for n, _ in bad], np.int64)
    reasons = pa.array([f"{n} cells where the header has {len(header)}" for _, n in bad], pa.string())
    rejected.append(text.rejects(record.take(number), reasons, lines.take(number)))
    fits = np.ones(len(lines), bool)
    fits[number] = False
    return cells, block._replace(record=record.filter(fits), text=lines.filter(fits)), rejected


def _trimmed(lines: pa.Array, delimiter: str, width: int) -> pa.Array:
    """Lines without the empty cells at their end that the header does not have."""
    for more in pc.unique(pc.count_substring(lines, delimiter)).to_pylist():
        if width <= more < width + 1000:  # RE2 counts no further
            end = re.escape(delimiter) + f"{{{more - width + 1}}}$"
            exact = pc.equal(pc.count_substring(lines, delimiter), more)
            lines = pc.if_else(exact, pc.replace_substring_regex(lines, end, ""), lines)
    return lines


def _split(
    header: Sequence[str], lines: pa.Array, delimiter: str, quoted: bool, nulls: Sequence[str]
) -> tuple[dict[str, pa.Array], list[tuple[int, int]]]:
    """Lines split into columns of text; and (index, number of cells) of lines that do not fit the header."""
    bad: list[tuple[int, int]] = []

    def skip(row: csv.InvalidRow) -> str:
        bad.append((row.number - 1, row.actual_columns))
        return "skip"

    if len(lines) == 0:
        return {name: pa.array([], pa.string()) for name in header}, bad
    if not lines[-1].as_py():  # a CSV parser takes it for the end of the line before
        lines = pa.concat_arrays([lines, pa.array([""])])
    data = pc.binary_join(pa.ListArray.from_arrays(pa.array([0, len(lines)], pa.int32()), lines), "\n")[0].as_buffer()
    names = [str(number) for number in range(len(header))]
    cells = csv.read_csv(
        pa.BufferReader(data),
        read_options=csv.ReadOptions(column_names=names, use_threads=False, block_size=max(data.size + 1, 2**20)),
        parse_options=csv.ParseOptions(
            delimiter=delimiter,
            quote_char='"' if quoted else False,
            invalid_row_handler=skip,
            ignore_empty_lines=False,
        ),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), null_values=list(nulls), strings_can_be_null=True
        ),
    )
    return {name: cells[column].combine_chunks() for name, column in zip(header, names, strict=True)}, bad
