from __future__ import annotations

import click

from lake.cli import _complete, _output, _summaries


@click.command(epilog="Example: lake land kegg")
@click.argument("source", nargs=-1, shell_complete=_complete.sources)
@click.option("--force", is_flag=True, help="Rebuild their raw tables from the stored blobs.")
@_output.waiting
@_output.common
def command(path: str, source: tuple[str, ...], force: bool, wait: float) -> None:
    """Read what was fetched into raw tables and cubes. Without SOURCE: all that lake.toml names."""
    from lake import config
    from lake.land import landing
    from lake.store import failures

    settings = config.load(path)
    with failures.kept(settings, "lake land"):
        summary = landing.run(settings, source or None, force=force, wait=wait)
    if _output.as_json:
        _output.json_out(summary.as_dict())
    _summaries.land(summary)
    if summary.unreadable:
        raise SystemExit(_summaries.UNREADABLE)
