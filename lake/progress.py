"""Progress on standard error: n/N, rate and time left on a terminal; nothing in a pipe, in CI or with --json."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

quiet = False  # set by the command line for --json and --quiet

Advance = Callable[..., None]  # advance(n=1, total=None, note="")


def _shown() -> bool:
    return not quiet and sys.stderr.isatty()


@contextmanager
def bar(title: str, total: float | None = None, *, bytes: bool = False) -> Iterator[Advance]:
    """A progress bar for the body of a ``with``.

    Yields a function ``advance(n=1, total=None, note="")``, safe to call from several threads.
    """
    if not _shown():
        yield lambda n=1, total=None, note="": None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    count = DownloadColumn() if bytes else MofNCompleteColumn()
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description:<18}"),
        BarColumn(bar_width=28),
        count,
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("[dim]{task.fields[note]}"),
        console=Console(stderr=True),
        transient=True,
    ) as progress:
        task = progress.add_task(title, total=total, rate="", note="")

        def advance(n: float = 1, total: float | None = None, note: str = "") -> None:
            now = progress.tasks[0]
            speed = now.finished_speed or now.speed or 0
            rate = "" if not speed else (f"{speed / 1e6:,.1f} MB/s" if bytes else f"{speed:,.1f}/s")
            changes: dict[str, Any] = {"rate": rate, **({"note": note} if note else {})}
            progress.update(task, advance=n, total=now.total if total is None else total, **changes)

        yield advance
