from __future__ import annotations

import click

from lake.cli import _output, _report


@click.command(epilog="Example: lake fetch kegg exoplanets")
@click.argument("source", nargs=-1)
@click.option("--force", is_flag=True, help="Ask again (conditionally) for what is still fresh.")
@_output.common
def command(path: str, source: tuple[str, ...], force: bool) -> None:
    """Ask the archives for what is missing or old, and keep the exact bytes.

    Without SOURCE: all that lake.toml names.
    """
    from lake import config, fetch

    summary = fetch.run(config.load(path), source or None, force=force)
    if _output.as_json:
        _output.json_out(summary.as_dict())
    _report.fetch(summary)
    if summary.failed:
        raise SystemExit(_report.FAILED)
