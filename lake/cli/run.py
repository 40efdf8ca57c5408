from __future__ import annotations

import click

from lake.cli import _output, _summaries


@click.command(epilog="Example: lake run --json > summary.json")
@click.option("--offline", is_flag=True, help="No requests; continue with what was fetched.")
@click.option("--keep-good", is_flag=True, help="Publish good tables even if a model or check failed.")
@click.option("--timeout", type=float, metavar="SECONDS", help="Stop a model that takes longer.")
@_output.waiting
@_output.common
def command(path: str, offline: bool, keep_good: bool, timeout: float | None, wait: float) -> None:
    """Fetch, land, build, check and publish what is not up to date. A failed request does not stop the rest."""
    from lake import config
    from lake.store import failures

    settings = config.load(path)
    with failures.kept(settings, "lake run"):
        code, steps = _summaries.run(settings, offline=offline, wait=wait, keep_good=keep_good, timeout=timeout)
    if _output.as_json:
        _output.json_out(steps)
    if code:
        raise SystemExit(code)
