from __future__ import annotations

import click

from lake.cli import _output, _report


@click.command(epilog="Example: lake land kegg")
@click.argument("source", nargs=-1)
@_output.waiting
@_output.common
def command(path: str, source: tuple[str, ...], wait: float) -> None:
    """Read what was fetched into raw tables and cubes. Without SOURCE: all that lake.toml names."""
    from lake import config, land

    summary = land.run(config.load(path), source or None, wait=wait)
    if _output.as_json:
        _output.json_out(summary.as_dict())
    _report.land(summary)
    if summary.unreadable:
        raise SystemExit(_report.UNREADABLE)
