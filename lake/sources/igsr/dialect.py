"""What a file of IGSR is: which table, how its cells are separated, and what its columns are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from lake.errors import Unreadable
from lake.formats import delimited, gzipped
from lake.formats.answer import Answer
from lake.formats.text import Lines
from lake.sources.igsr.tables import PATTERNS, TABLES, WITHOUT_HEADER

_HEAD = 1 << 16
_MISSING = ("", "NULL", "not available")
_REQUIRED = {"igsr_sequences": ("run_id",), "igsr_files": ("path", "md5"), "igsr_samples": ("sample",)}
_ABOUT = {"sex", "population", "family", "father"}  # one of which a list of samples has
_PATH, _MD5 = r"(?=[^\t]*[/.])[^\t]*+", r"[0-9a-f]{32}"
_FIRST = {  # the first row of a file without a header
    "igsr_sequences": rf"{_PATH}\t{_MD5}\t[DES]RR\d+\t",
    "igsr_files": rf"{_PATH}\t{_MD5}(?:\t|$)",
    "igsr_tree": r"[^\t]+\t(?:file|directory|link)\t\d*\t",
    "igsr_samples": r"\S+\s[A-Z]{3}\s[A-Z]{3}(?:\s|$)|\S+\s+\S+\s+\S+\s+\S+\s+[0-2]\s+\S+(?:\s+[A-Z]{3})?$",
}


class Shape(NamedTuple):
    """How one file is written."""

    table: str
    delimiter: str
    columns: tuple[str, ...]  # in the table's names
    header: int = 0  # its line; 0 if it has none
    sure: bool = False  # whether the header names every column


def of(answer: Answer, where: str) -> Shape:
    """The shape of a file.

    Raises:
        Unreadable: it is of an unknown kind.
    """
    with gzipped.open_file(answer) as file:
        recognised = shape(file.read(_HEAD).decode("utf-8", "replace"))
    if recognised is None:
        raise Unreadable(
            "neither its header nor its first row is that of an index, a list of samples or a tree of files",
            where=where,
            why="the archive has other tables too, which this reader does not know",
        )
    return recognised


def shape(head: str) -> Shape | None:
    """The shape of a file, by its beginning; None if it is unknown.

    >>> shape("sample\\tpop\\tsuper_pop\\tgender\\t\\t\\nHG00096\\tGBR\\tEUR\\tmale\\n")
    Shape(table='igsr_samples', delimiter='\\t', columns=('sample', 'population', 'superpopulation', 'sex'), \
header=1, sure=True)
    """
    all_lines = head.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    lines = [(number, line) for number, line in enumerate(all_lines, 1) if line.strip()]
    first = next((position for position, (_, line) in enumerate(lines) if line[0] != "#"), len(lines))
    rows = [line for _, line in lines[first:]]
    if len(rows) > 2 and not head.endswith("\n"):
        rows = rows[:-1]  # it may be cut off
    for number, line in reversed(lines[:first]):
        if recognised := _by_header(number, line.lstrip("#").strip(" "), rows):
            return recognised
    if first == len(lines):
        return None
    return _by_header(*lines[first], rows[1:]) or _by_row(lines[first][1])


def _by_header(number: int, line: str, rows: Sequence[str]) -> Shape | None:
    delimiter = "\t" if "\t" in line else " "
    cells = _cells(line.rstrip("\t"), delimiter)
    widths = {_width(row, delimiter, len(cells)) for row in rows}
    several = line.split()
    if delimiter == "\t" and widths == {len(several)}:
        cells = several  # some headers have blanks where their rows have tabs
    for table, required in _REQUIRED.items():
        names = delimited.header_names(delimited.Layout(table, TABLES[table], required), "\t".join(cells))
        if set(required) <= set(names) and (table != "igsr_samples" or _ABOUT & set(names)):
            more = () if widths != {len(names) + 1} or "unnamed" in names else ("unnamed",)
            return Shape(table, delimiter, (*names, *more), number, sure=not more)
    return None


def _by_row(line: str) -> Shape | None:
    delimiter = "\t" if "\t" in line else " "
    for table, pattern in _FIRST.items():
        if re.match(pattern, line):
            width = 5 if table == "igsr_tree" else len(_cells(line, delimiter))
            names = WITHOUT_HEADER[table].get(width)
            return Shape(table, delimiter, names) if names else None
    return None


def _cells(line: str, delimiter: str) -> list[str]:
    return line.split("\t") if delimiter == "\t" else line.split()


def _width(row: str, delimiter: str, header_width: int) -> int:
    """The number of a row's cells, without empty ones at its end that the header does not name."""
    return max(len(_cells(row.rstrip("\t"), delimiter)), min(header_width, len(_cells(row, delimiter))))


def layout(shape: Shape) -> delimited.Layout:
    """How to read a file. Unless a header names every column, each row must match the patterns of its columns."""
    samples = shape.table == "igsr_samples"
    patterns = {} if shape.sure else {k: v for k, v in PATTERNS[shape.table].items() if k in shape.columns}
    key = _REQUIRED.get(shape.table, ("path",))
    return delimited.Layout(
        shape.table,
        TABLES[shape.table],
        key,
        delimiter=shape.delimiter,
        quoted=shape.table in ("igsr_samples", "igsr_files") and shape.delimiter == "\t",  # as the portal writes them
        nulls=(*_MISSING, "0") if samples else _MISSING,  # a pedigree's 0 is nobody
        names=lambda width: shape.columns,
        patterns=patterns,
        strict=not shape.sure,
    )


def even(shape: Shape, block: Lines) -> Lines:
    """The rows, with as many cells as the file has columns: some end in tabs of unnamed, empty columns."""
    below = pc.greater(block.record, pa.scalar(shape.header, pa.int64()))
    lines, record = block.text.filter(below), block.record.filter(below)
    if shape.delimiter == " ":
        lines = pc.replace_substring_regex(pc.utf8_trim(lines, " "), " +", " ")
    elif shape.table == "igsr_tree":  # a directory may lack its MD5, with its tab
        lines = pc.replace_substring_regex(lines, r"^([^\t]*\t[^\t]*\t[^\t]*\t[^\t]*)$", r"\1" + "\t")
    else:
        wide = rf"^((?:[^\t]*\t){{{len(shape.columns) - 1}}}[^\t]*)\t+$"
        lines = pc.replace_substring_regex(lines, wide, r"\1")
    return block._replace(text=lines, record=record)
