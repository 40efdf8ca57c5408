from __future__ import annotations

import click

from lake.cli import _output


@click.command(epilog="Example: lake restore v1")
@click.argument("snapshot")
@_output.waiting
@_output.common
def command(path: str, snapshot: str, wait: float) -> None:
    """Make SNAPSHOT, by number or tag, the newest: all tables as they were then, in one commit.

    Later snapshots stay in the log and can be restored too. The project's files are not touched: the next lake build
    reports where they differ from that snapshot's.
    """
    from lake import config
    from lake.store import restore

    number, changed = restore.run(config.load(path), snapshot, wait=wait)
    if _output.as_json:
        _output.json_out({"snapshot": number, "restored": snapshot, "tables": changed})
    if changed:
        _output.say(f"snapshot {number} has the tables of {snapshot}: {len(changed)} changed")
    else:
        _output.say(f"the newest snapshot, {number}, already has the tables of {snapshot}")
