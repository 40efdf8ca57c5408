from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

import click

from lake.cli import _output

if TYPE_CHECKING:
    from lake.store.leases import Holder


@click.command(epilog="Example: lake gc --keep 3 --apply")
@click.option("--keep", default=10, show_default=True, help="How many of the newest published snapshots to keep.")
@click.option("--apply", is_flag=True, help="Delete; without it, nothing is touched.")
@_output.waiting
@_output.common
def command(path: str, keep: int, apply: bool, wait: float) -> None:
    """Show what can be freed: old snapshots without a tag, and leftovers of killed processes. --apply frees it.

    Tagged snapshots are kept, those that somebody has open, and every blob: from them everything else can be made
    again. Answers that were refused are freed after 30 days.
    """
    from lake import config
    from lake.store import gc

    freed = gc.run(config.load(path), keep=keep, apply=apply, wait=wait)
    if _output.as_json:
        _output.json_out(freed.as_dict())
    for line in _in_use(freed.in_use):
        _output.say(line)
    if freed.nothing:
        _output.say("nothing to free")
        return
    words = {
        "snapshots": "snapshot(s)",
        "files": "file(s) of theirs",
        "orphans": "file(s) of no snapshot",
        "left": "abandoned folder(s) and published file(s)",
        "cubes": "cube(s)",
        "refused": "refused answer(s)",
    }
    counts = ", ".join(f"{n:,} {words[what]}" for what, n in gc.summary(freed).items() if n)
    _output.say(f"{'freed' if freed.applied else 'would free'} {counts}: {_output.size(freed.bytes)}")
    _output.say(f"kept: snapshot(s) {', '.join(map(str, freed.kept)) or 'none'}")
    if not freed.applied:
        _output.say("next: repeat the command with --apply")


def _in_use(holders: Iterable[Holder]) -> Iterator[str]:
    """One line per snapshot: who has had it open longest, and how many more."""
    for snapshot, group in groupby(holders, key=lambda holder: holder.snapshot):
        first, *more = group
        who = f"pid {first.pid} since {first.since} on {first.host}" if first.pid else "somebody"
        yield f"snapshot {snapshot} is in use by {who}{f', and by {len(more)} more' if more else ''}"
