"""Shared by the commands: common options, tables on a terminal, JSON for machines."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, TypeVar

import click

from lake import progress
from lake.errors import ConfigError, LakeError, StorageError

F = TypeVar("F", bound=Callable[..., Any])
as_json = False  # whether this call asked for --json; errors are then JSON too


def common(function: F) -> F:
    """The options of every command: which lake, and what to print."""
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


def speaking(function: F) -> F:
    """The options of a command that needs no lake."""
    function = click.option(
        "--json", "_json", is_flag=True, expose_value=False, callback=_set_json, help="JSON output."
    )(function)
    return click.option(
        "-q",
        "--quiet",
        is_flag=True,
        expose_value=False,
        callback=_set_quiet,
        help="No progress and no summary: only failures.",
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


def paragraph(text: str) -> None:
    """A long text, wrapped between words at a terminal's width."""
    say(textwrap.fill(text, shutil.get_terminal_size().columns) if sys.stdout.isatty() else text)


def style(text: str, **how: Any) -> str:
    """Text in colour or bold; plain where NO_COLOR is set."""
    return text if os.environ.get("NO_COLOR") else click.style(text, **how)


def clean(text: str) -> str:
    """Foreign text, such as an archive's answer, without control characters: they would move a terminal's cursor.

    >>> clean("404 \\x1b[2J gone")
    '404 ?[2J gone'
    """
    return _CONTROL.sub("?", text)


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def not_written(error: OSError, path: str = "") -> LakeError:
    """The error for a result that could not be written to its file or to standard output."""
    where = path or str(error.filename or "standard output")
    if error.errno not in FULL:
        return ConfigError(f"the result cannot be written: {error.strerror or error}", where=where)
    return StorageError(
        f"the result is incomplete: {error.strerror or error}",
        where=where,
        why="the disk is full or failing; the file is truncated",
        next="make room, then repeat the command",
    )


def heading(text: str) -> None:
    say(style(text, bold=True))


def warn(text: str) -> None:
    say(style("warning: ", fg="yellow", bold=True) + clean(text), err=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], right: Collection[int] | None = None) -> None:
    """Rows under a header, numbers (or the columns in ``right``) right-aligned; plain and uncut in a pipe."""
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
        from lake.cli import _grid

        _grid.report(columns, cells, right)
        return
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    for line in (columns, *cells):
        placed = (c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(line, widths, strict=True)))
        click.echo("  ".join(placed).rstrip())


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.6g}"
    return clean(str(value))


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
