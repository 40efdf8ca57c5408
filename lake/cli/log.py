from __future__ import annotations

import click

from lake.cli import _output


@click.command(epilog="Example: lake log -n 5")
@click.option("-n", "limit", default=20, show_default=True, help="How many, newest first.")
@click.option("--all", "every", is_flag=True, help="Landings too, not only what was published.")
@_output.common
def command(path: str, limit: int, every: bool) -> None:
    """The snapshots: when, who, why, what changed."""
    from dataclasses import asdict

    from lake import config
    from lake.store import catalog

    settings = config.load(path)
    found = []
    if catalog.exists(settings):
        with catalog.session(settings) as connection:
            found = catalog.snapshots(connection, None if every else "publish", limit)
    if _output.as_json:
        _output.json_out([asdict(snapshot) for snapshot in found])
    _output.table(
        ["snapshot", "when", "who", "what"] + (["kind"] if every else []),
        [[str(s.id), s.at, s.author, s.message] + ([s.kind] if every else []) for s in found],
    )
    for snapshot in found[:1]:
        for table, reason in snapshot.extra.get("models", {}).items():
            _output.say(f"  {table}: {reason}")
    if not found:
        _output.say("nothing is published yet: lake run")
