from __future__ import annotations

import click

from lake.cli import _output, _report


@click.command(epilog="Example: lake run --json > summary.json")
@click.option("--offline", is_flag=True, help="Ask no archive; go on with what was fetched.")
@_output.waiting
@_output.common
def command(path: str, offline: bool, wait: float) -> None:
    """Fetch, land, build, check and publish. What is up to date is skipped; what failed does not stop the rest."""
    from lake import config
    from lake.store import failures

    settings = config.load(path)
    with failures.kept(settings, "lake run"):
        code, steps = _report.everything(settings, offline=offline, wait=wait)
    if _output.as_json:
        _output.json_out(steps)
    if code:
        raise SystemExit(code)
