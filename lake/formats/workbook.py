"""Workbooks (.xlsx) as rows of cells, of bounded size.

A reader of workbooks allocates the full grid up to the last row and column, and a single cell may name the last of all:
the size is checked first.
"""

from __future__ import annotations

import re
from typing import Any

from lake.errors import Unreadable
from lake.formats import zipped
from lake.formats.answer import Answer

LARGEST = 128 * 2**20  # bytes of a sheet
CELLS = 10_000_000  # cells of a sheet's grid
_SHEET = re.compile(r"(?i)worksheets/[^/]+\.xml$")
_CELL = re.compile(rb"""\br\s*=\s*["']\$?([A-Za-z]*)\$?([0-9]+)["']""")  # <c r="B7">, <row r="7">


def rows(answer: Answer, where: str) -> list[list[Any]]:
    """The rows of a workbook's first sheet; each cell is a text, a number, a boolean, a date or "".

    Raises:
        Unreadable: it is not a workbook, or damaged, or its grid has more than CELLS cells.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    with zipped.open_archive(answer, where) as archive:
        for member in archive.infolist():
            raw = zipped.read_member(archive, member, LARGEST, where)
            if _SHEET.search(member.filename):
                _bound(raw, member.filename, where)
    try:
        return CalamineWorkbook.from_path(str(answer.path())).get_sheet_by_index(0).to_python()
    except (CalamineError, OSError, ValueError) as error:
        raise Unreadable(f"the workbook cannot be read: {error}", where=where) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # a panic of Rust, which is not an Exception
            raise
        raise Unreadable(f"the workbook is damaged: {error}", where=where) from None


def _bound(raw: bytes, sheet: str, where: str) -> None:
    """Refuse a sheet whose grid, from A1 to its last row and last column, is too large."""
    if b"\0" in raw:
        raise Unreadable(f"{sheet} is not UTF-8", where=where)
    cells = _CELL.findall(raw)
    width = max(map(_column, {letters for letters, _ in cells}), default=0)
    height = max((int(digits) if len(digits) < 9 else 10**9 for _, digits in cells), default=0)
    height = max(height, len(re.findall(rb"<(?:\w+:)?row\b", raw)))
    if max(width, 1) * height > CELLS:
        raise Unreadable(
            f"the grid of {sheet} has {height:,} rows and {width:,} columns",
            where=where,
            why=f"one cell is far from the others; at most {CELLS:,} cells are read",
        )


def _column(letters: bytes) -> int:
    """The number of a column, from 1; 0 without letters.

    >>> _column(b"A"), _column(b"XFD"), _column(b"")
    (1, 16384, 0)
    """
    number = 0
    for letter in letters.upper()[:7]:
        number = number * 26 + letter - 64
    return number
