from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lake.cli import _complete, _output, _summaries

if TYPE_CHECKING:
    from lake.fetch import Plan


@click.command(epilog="Example: lake fetch kegg exoplanets")
@click.argument("source", nargs=-1, shell_complete=_complete.sources)
@click.option("--plan", "only_plan", is_flag=True, help="Show requests, sizes and what fits; fetch nothing.")
@click.option("--force", is_flag=True, help="Request again (conditionally) what is still fresh.")
@_output.common
def command(path: str, source: tuple[str, ...], only_plan: bool, force: bool) -> None:
    """Fetch what is missing or stale from the archives, and keep the exact bytes.

    Without SOURCE: all that lake.toml names. What does not fit into its domain's budget is skipped, and fetched when
    there is room.
    """
    from lake import config
    from lake.fetch import run

    plans: list[Plan] = []

    def show(plan: Plan) -> None:
        plans.append(plan)
        _summaries.plan(plan)

    summary = run(config.load(path), source or None, force=force, on_plan=show, only_plan=only_plan)
    if _output.as_json:
        _output.json_out({"plan": plans[0].as_dict(), **summary.as_dict()})
    if not only_plan:
        _summaries.fetch(summary)
    elif plans[0].planned or summary.failures:
        _summaries.failures(summary)  # a source that failed to list its resources, known gaps
    else:
        _output.say("nothing to fetch: everything is fresh")
    if summary.failed:
        raise SystemExit(_summaries.FAILED)
