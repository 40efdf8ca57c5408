from __future__ import annotations

from typing import Any

import click

from lake.cli import _output


@click.command(epilog="Example: lake check --all")
@click.option("--all", "every", is_flag=True, help="Passed checks, too.")
@click.option("--show", metavar="CHECK", help="The rows that failed this check, with the blobs they come from.")
@_output.common
def command(path: str, every: bool, show: str | None) -> None:
    """Run every contract's checks on the published tables; show what kept a newer build from being published."""
    from lake import config, sources
    from lake.build import status

    if show:
        _show(status.failures(config.load(path), show))
        return
    settings = config.load(path)
    sources.check_options(settings)
    state = status.run(settings)
    if _output.as_json:
        _output.json_out(state.as_dict())
    shown = [r for r in state.results if every or r["failing"]]
    if shown:
        _output.table(
            ["check", "severity", "failing", "for instance"],
            [[r["check"], r["severity"], r["failing"], _example(r["examples"])] for r in shown],
        )
    for result in state.unpublished:
        failing = f"{result['check']}: {result['failing']:,}; for instance {_example(result['examples'])}"
        _output.warn(f"kept a build from being published: {failing}")
    bad = [r for r in state.results if r["failing"] and r["severity"] == "error"]
    warned = sum(r["failing"] > 0 and r["severity"] == "warn" for r in state.results)
    passed = len(state.results) - len(bad) - warned
    _output.say(f"{len(state.results)} checks: {passed} passed, {warned} warned, {len(bad)} failed")
    if bad or state.unpublished:
        from lake.errors import CheckFailed

        raise SystemExit(CheckFailed.exit_code)


def _show(rows: list[dict[str, Any]]) -> None:
    if _output.as_json:
        _output.json_out(rows)
    blobs = [", ".join(blob[:12] for blob in row["blobs"] or []) for row in rows]
    _output.table(["row", "blobs"], [[_example([row["row"]]), blob] for row, blob in zip(rows, blobs, strict=True)])
    _output.say(f"{len(rows)} row(s) kept")


def _example(rows: list[dict[str, Any]]) -> str:
    return ", ".join(f"{name} {value}" for name, value in rows[0].items()) if rows else ""
