from __future__ import annotations

from typing import Any

import click

from lake.cli import _complete, _output, _summaries


def selecting(function: _output.F) -> _output.F:
    """The arguments of the commands that choose models."""
    function = click.argument("select", nargs=-1, shell_complete=_complete.models)(function)
    return click.option("--exclude", multiple=True, metavar="SELECTOR", help="Do not build these models.")(function)


@click.command(epilog="Example: lake build +core.edges 'features.*' --exclude features.climate")
@selecting
@click.option("--force", is_flag=True, help="Selected models that are fresh, too.")
@click.option("--full", is_flag=True, help="Rebuild incremental models completely.")
@click.option("--keep-good", is_flag=True, help="Publish good tables even if a model or check failed.")
@click.option("--timeout", type=float, metavar="SECONDS", help="Stop a model that takes longer.")
@_output.waiting
@_output.common
def command(path: str, select: tuple[str, ...], exclude: tuple[str, ...], wait: float, **options: Any) -> None:
    """Build the models that are stale, check them, and publish one snapshot.

    \b
    SELECT, as in dbt; without it, all models:
      core.edges            one model; * and ? stand for anything: features.*
      +core.edges           and everything that it reads; 2+core.edges: two steps up
      core.edges+           and everything that reads it; core.edges+1: one step down
      @core.edges           it, all that reads it, and all that those read
      tag:kegg              the models whose contract has that tag
      changed               those that are stale by themselves
      @12, @v1              those that differ from a snapshot's, by number or tag
      tag:kegg,features.*   both at once
    """
    from lake import config, pipeline
    from lake.build import run
    from lake.store import failures

    settings = config.load(path)
    with failures.kept(settings, "lake build"), pipeline.watching(settings, _summaries.warned) as watch:
        summary = run.run(settings, select, exclude=exclude, wait=wait, watch=watch, **options)
    if _output.as_json:
        _output.json_out(summary.as_dict())
    _summaries.build(summary)
    if summary.failed:
        raise SystemExit(_summaries.NOT_ALL)
