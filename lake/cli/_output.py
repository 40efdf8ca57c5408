"""What the commands share: their common options, tables on a terminal, JSON for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import click

from lake import progress

as_json = False  # whether this call asked for --json; errors are then JSON too


def common(function: Callable) -> Callable:
    """The options of every command: which lake, and how to speak."""
    function = click.option(
        "-C",
        "--lake",
        "path",
        default=".",
        metavar="DIR",
        type=click.Path(file_okay=False),
        help="The lake's folder, or one below it.",
    )(function)
    return speaking(function)


def speaking(function: Callable) -> Callable:
    """The options of a command that needs no lake."""
    function = click.option(
        "--json", "_json", is_flag=True, expose_value=False, callback=_set_json, help="JSON output."
    )(function)
    return click.option(
        "-q", "--quiet", is_flag=True, expose_value=False, callback=_set_quiet, help="No progress on the terminal."
    )(function)


waiting = click.option(
    "--wait", default=0.0, metavar="SECONDS", show_default=True, help="How long to wait for another writer."
)


def _set_json(ctx: click.Context, option: click.Parameter, value: bool) -> None:
    global as_json
    if value:
        as_json = progress.quiet = True


def _set_quiet(ctx: click.Context, option: click.Parameter, value: bool) -> None:
    if value:
        progress.quiet = True


def json_out(value: Any) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(value, indent=2 if sys.stdout.isatty() else None, default=str))


def say(text: str = "", *, err: bool = False) -> None:
    """A line for a person; nothing with --json."""
    if not as_json:
        click.echo(text, err=err)


def heading(text: str) -> None:
    say(click.style(text, bold=True))


def warn(text: str) -> None:
    say(click.style("warning: ", fg="yellow", bold=True) + text, err=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], right: Collection[int] | None = None) -> None:
    """Rows under a header, numbers to the right (or the columns whose places are given); plain and whole in a pipe."""
    if as_json:
        return
    rows = [list(row) for row in rows]
    if right is None:
        right = {
            i
            for i in range(len(columns))
            if rows and all(isinstance(row[i], (int, float)) or row[i] in (None, "") for row in rows)
        }
    cells = [[_cell(value) for value in row] for row in rows]
    if sys.stdout.isatty():
        _drawn(columns, cells, right)
        return
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    for line in (columns, *cells):
        placed = (c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(line, widths, strict=True)))
        click.echo("  ".join(placed).rstrip())


def _drawn(columns: Sequence[str], cells: Iterable[Sequence[str]], right: Collection[int]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, header_style="bold")
    for i, column in enumerate(columns):
        grid.add_column(Text(column), justify="right" if i in right else "left", overflow="fold")
    for line in cells:
        grid.add_row(*map(Text, line))
    Console().print(grid)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.6g}"
    return str(value)


def size(n: float | None) -> str:
    """
    >>> size(1_500_000)
    '1.5 MB'
    """
    if n is None:
        return "-"
    for unit in ("B", "kB", "MB", "GB"):
        if n < 1000:
            return f"{n:.0f} {unit}" if unit == "B" else f"{n:.1f} {unit}"
        n /= 1000
    return f"{n:.1f} TB"
