from __future__ import annotations

import click

from lake.cli import _output, _summaries
from lake.cli.build import selecting


@click.command(epilog="Example: lake plan core.edges+")
@selecting
@click.option("--force", is_flag=True, help="As for lake build --force.")
@click.option("--data", is_flag=True, help="Build it, show the difference in rows, and publish nothing.")
@_output.waiting
@_output.common
def command(path: str, select: tuple[str, ...], exclude: tuple[str, ...], force: bool, data: bool, wait: float) -> None:
    """What lake build would build, and why.

    "perhaps" is what is built only if something that it reads comes out different. SELECT is as in lake build.
    """
    from lake import config, sources
    from lake.build import preview

    settings = config.load(path)
    sources.check_options(settings)
    if data:
        plan = preview.data(settings, select, exclude=exclude, force=force, wait=wait)
    else:
        plan = preview.steps(settings, select, exclude=exclude, force=force)
    if _output.as_json:
        _output.json_out(plan.as_dict())
    todo = [step for step in plan.steps if step["verdict"] in ("build", "perhaps")]
    if todo:
        _output.table(["table", "", "why"], [[step["table"], step["verdict"], step["reason"]] for step in todo])
    for table in plan.dropped:
        _output.say(f"{table} would be dropped: it no longer has a model")
    if plan.macros:
        _output.say("the changed macros would be published")
    counts = {verdict: sum(step["verdict"] == verdict for step in plan.steps) for verdict in ("build", "perhaps")}
    rest = len(plan.steps) - len(todo)
    skipped = _summaries.skipped(plan.skipped).removesuffix(", ")
    counted = f"{counts['build']} to build, {counts['perhaps']} perhaps, {rest} as they are"
    _output.say(", ".join(filter(None, (counted, skipped))))
    for difference in plan.differences:
        _output.say(f"\n{difference}")
    if plan.problems:
        from lake.build.preflight import together

        raise together(plan.problems)
