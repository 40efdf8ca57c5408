from __future__ import annotations

from pathlib import Path

import click

from lake.cli import _output


@click.command(epilog="Example: lake whence found.parquet")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_output.common
def command(path: str, file: Path) -> None:
    """Which lake, table and snapshot a Parquet FILE belongs to.

    Its footer says the lake's name, the table, a digest of its SQL and the archives with their licences. The
    current lake is searched for the file's bytes: their path, and the snapshots that have them.
    """
    from lake import config
    from lake.errors import NotALake
    from lake.trace import whence

    try:
        settings = config.load(path)
    except NotALake:
        settings = None
    origin = whence.of(file, settings)
    if _output.as_json:
        _output.json_out(origin.as_dict())
        return
    if origin.table:
        _output.say(
            f"{file.name} is of {origin.table} of the lake {origin.lake!r}, written by version {origin.version}"
        )
        _output.say(f"  model  {origin.model}")
        for source, licence in origin.sources.items():
            _output.say(f"  from   {source}: {licence}")
    else:
        _output.say(f"{file.name} names no lake: none wrote it, or an old version did")
    _output.say(f"  sha256 {origin.sha256}")
    if settings and origin.path:
        listed = ", ".join(map(str, origin.snapshots)) or "none that is published"
        state = "where these bytes are" if origin.intact else "where these bytes are NOT: copy the file there"
        _output.say(f"  of     snapshot {listed}: {settings.data / origin.path}, {state}")
    elif settings:
        _output.say(f"  the current lake, {settings.lake.name!r}, does not have these bytes")
