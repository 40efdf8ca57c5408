from __future__ import annotations

import click

from lake.cli import _output


@click.command(epilog="Example: lake gc --keep 3 --apply")
@click.option("--keep", default=10, show_default=True, help="Published snapshots to keep, the newest.")
@click.option("--apply", is_flag=True, help="Free it; without this, nothing is touched.")
@_output.waiting
@_output.common
def command(path: str, keep: int, apply: bool, wait: float) -> None:
    """Tell what could be freed: old snapshots without a tag, and what killed processes left. --apply frees it.

    Tagged snapshots are kept, and so is every blob: from them everything else can be made again.
    """
    from lake import config
    from lake.store import gc

    found = gc.run(config.load(path), keep=keep, apply=apply, wait=wait)
    if _output.as_json:
        _output.json_out(found.as_dict())
    if found.nothing:
        _output.say("nothing to free")
        return
    words = {
        "snapshots": "snapshot(s)",
        "files": "file(s) of theirs",
        "orphans": "file(s) of no snapshot",
        "left": "left folder(s) and door(s)",
        "cubes": "cube(s)",
    }
    told = ", ".join(f"{n:,} {words[what]}" for what, n in gc.summary(found).items() if n)
    _output.say(f"{'freed' if found.applied else 'would free'} {told}: {_output.size(found.bytes)}")
    _output.say(f"kept: snapshot(s) {', '.join(map(str, found.kept)) or 'none'}")
    if not found.applied:
        _output.say("next: the same command with --apply")
