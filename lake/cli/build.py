from __future__ import annotations

import click

from lake.cli import _output, _report


@click.command(epilog="Example: lake build core.edges 'features.*'")
@click.argument("select", nargs=-1)
@click.option("--force", is_flag=True, help="Build the selected models even where nothing changed.")
@_output.waiting
@_output.common
def command(path: str, select: tuple[str, ...], force: bool, wait: float) -> None:
    """Build the models that are stale, check them, and publish one snapshot.

    SELECT are names of models, with * for any part; what they read is built before them. Without it: all.
    """
    from lake import config
    from lake.build import run

    summary = run.run(config.load(path), select, force=force, wait=wait)
    if _output.as_json:
        _output.json_out(summary.as_dict())
    _report.build(summary)
