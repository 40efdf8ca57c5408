from __future__ import annotations

import click

from lake.cli import _output


@click.command(epilog="Example: lake tag v1 -m 'as in the paper'")
@click.argument("name", required=False)
@click.argument("snapshot", default="latest")
@click.option("-m", "--message", default="", help="Why it is tagged.")
@click.option("--delete", is_flag=True, help="Delete the tag; its snapshot stays until lake gc.")
@_output.waiting
@_output.common
def command(path: str, name: str | None, snapshot: str, message: str, delete: bool, wait: float) -> None:
    """Give SNAPSHOT (the newest, if none is given) a NAME; without one, list the tags.

    lake gc never frees a tagged snapshot. Every command that takes a snapshot takes a tag.
    """
    from lake import config
    from lake.store import catalog, tags

    settings = config.load(path)
    if name is None:
        listed = []
        if catalog.exists(settings):
            with catalog.session(settings) as connection:
                listed = tags.known(connection)
    elif delete:
        listed = [tags.delete(settings, name, wait=wait)]
        _output.say(f"snapshot {listed[0].snapshot} is no longer {name}")
    else:
        listed = [tags.add(settings, name, snapshot, message=message, wait=wait)]
        _output.say(f"snapshot {listed[0].snapshot} is {name}")
    if _output.as_json:
        _output.json_out([tag.as_dict() for tag in listed])
    if name is None:
        rows = [[tag.name, str(tag.snapshot), tag.tagged_at, tag.author, tag.message] for tag in listed]
        _output.table(["tag", "snapshot", "when", "who", "why"], rows)
