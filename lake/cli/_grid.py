"""Rows on a terminal of any width: a result leaves columns out, a report puts its records below each other."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

Cells = Sequence[Sequence[str]]
_GAP = 2  # blanks between columns
_LONG = 40  # cells of a result are cut there where space is short


def console() -> Console:
    """The terminal; without colours or bold where NO_COLOR is set (https://no-color.org)."""
    return Console(color_system=None if os.environ.get("NO_COLOR") else "auto", highlight=False)


def report(columns: Sequence[str], rows: Cells, right: Collection[int]) -> None:
    """A table with cells wrapped between words; one record below the other where even single words do not fit."""
    terminal = console()
    words = [max(map(_longest_word, column)) for column in zip(columns, *rows, strict=True)]
    if sum(words) + _GAP * (len(columns) - 1) > terminal.width:
        expanded(columns, rows)
        return
    grid = _table()
    for i, column in enumerate(columns):
        grid.add_column(Text(column), justify="right" if i in right else "left", min_width=words[i], overflow="fold")
    _print(terminal, grid, rows)


def result(columns: Sequence[str], rows: Cells, right: Collection[int]) -> int:
    """A query's rows, one per line. Columns in the middle are left out where the terminal is too narrow.

    Returns:
        How many columns are shown.
    """
    terminal = console()
    rows = [[cell.replace("\r", "").replace("\n", "↵") for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(columns, *rows, strict=True)]
    if sum(widths) + _GAP * (len(columns) - 1) > terminal.width:
        widths = [min(width, _LONG, terminal.width) for width in widths]
    shown = _fitting(widths, terminal.width)
    grid = _table()
    for before, i in zip([-1, *shown], shown, strict=False):
        if i - before > 1:
            grid.add_column("…", width=1)
        grid.add_column(
            Text(columns[i]),
            justify="right" if i in right else "left",
            width=min(widths[i], terminal.width),
            no_wrap=True,
            overflow="ellipsis",
        )
    _print(terminal, grid, [_elided(row, shown) for row in rows])
    return len(shown)


def expanded(columns: Sequence[str], rows: Cells) -> None:
    """Each row as a record: one line per column, the cell wrapped beside the name."""
    terminal = console()
    names = min(max(map(cell_len, columns), default=0), terminal.width // 2)
    for number, row in enumerate(rows, 1):
        grid = _table(header=False)
        grid.add_column(width=names, overflow="fold")
        grid.add_column(overflow="fold")
        for column, cell in zip(columns, row, strict=True):
            grid.add_row(Text(column, "bold"), Text(cell))
        terminal.print(Text(f"-- {number} of {len(rows)}", "dim"))
        terminal.print(grid)


def _fitting(widths: Sequence[int], room: int) -> list[int]:
    """The columns to show: all, or as many as fit beside a "…", from both ends inwards."""
    if sum(widths) + _GAP * (len(widths) - 1) <= room:
        return list(range(len(widths)))
    first, last, chosen = 0, len(widths) - 1, list[int]()
    used = 1  # the "…"
    while first <= last:
        i = first if len(chosen) % 2 == 0 else last
        used += widths[i] + _GAP
        if chosen and used > room:
            break
        chosen.append(i)
        first, last = (first + 1, last) if i == first else (first, last - 1)
    return sorted(chosen)


def _elided(row: Sequence[str], shown: Sequence[int]) -> list[str]:
    cells = []
    for before, i in zip([-1, *shown], shown, strict=False):
        cells += ["…", row[i]] if i - before > 1 else [row[i]]
    return cells


def _longest_word(text: str) -> int:
    return max((cell_len(word) for word in text.split()), default=0)


def _table(*, header: bool = True) -> Table:
    return Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold", show_header=header)


def _print(terminal: Console, grid: Table, rows: Cells) -> None:
    for row in rows:
        grid.add_row(*map(Text, row))
    terminal.print(grid)
