"""The summaries that end fetch, land, build and run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from lake import progress
from lake.cli import _output
from lake.cli._output import size, warn
from lake.config import Config
from lake.errors import FetchError, ModelError, Unreadable
from lake.redact import redact

if TYPE_CHECKING:
    from lake.build.summary import Summary as Built
    from lake.fetch import Plan
    from lake.fetch import Summary as Fetched
    from lake.land import Summary as Landed

FAILED, UNREADABLE, NOT_ALL = FetchError.exit_code, Unreadable.exit_code, ModelError.exit_code
_SHOWN = 12  # failures that are listed; `lake status` has the rest


def say(text: str = "") -> None:
    """A line of a summary; nothing with --quiet."""
    if not progress.quiet:
        _output.say(text)


def heading(text: str) -> None:
    if not progress.quiet:
        _output.heading(text)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    if not progress.quiet:
        _output.table(columns, rows)


def run(config: Config, *, offline: bool = False, wait: float = 0, **options: Any) -> tuple[int, dict[str, Any]]:
    """Fetch, land and build, each step's summary shown as it ends: the exit code, and the summaries as JSON."""
    from lake import pipeline

    shown: pipeline.Shown = {"plan": plan, "fetch": fetch, "land": land, "build": build}
    done = pipeline.steps(config, offline=offline, wait=wait, shown=shown, warn=warned, **options)
    if done.idle:
        say("nothing to do: everything is up to date")
    return done.exit_code, done.as_dict()


def warned(text: str) -> None:
    """A warning; on standard error with --json, too."""
    click.echo(f"warning: {text}", err=True)


def plan(fetch_plan: Plan) -> None:
    if not fetch_plan.planned:
        return
    heading("plan")
    keys = ("domain", "priority", "resources", "bytes", "size_unknown", "no_room", "free")
    heads = ("domain", "priority", "requests", "bytes", "size unknown", "no room", "free")
    rows = [
        [size(row[key]) if key in ("bytes", "free") else row[key] for key in keys] for row in fetch_plan.by_domain()
    ]
    table(heads, rows)
    say("more requests may follow once lists are fetched")
    for one in fetch_plan.refused[:_SHOWN]:
        warn(f"no room: {one.source}/{one.resource}: {one.no_room} ({redact(one.url)})")
    if len(fetch_plan.refused) > _SHOWN:
        warn(f"and {len(fetch_plan.refused) - _SHOWN} more: lake fetch --plan --json")


def fetch(summary: Fetched) -> None:
    heading("fetch")
    kinds = ("fetched", "resumed", "unchanged", "refused", "failed", "gap", "skipped")
    rows = [[source, *(counts.get(key, 0) for key in (*kinds, "fresh"))] for source, counts in summary.counts.items()]
    table(["source", *kinds, "still fresh"], rows)
    if domains := summary.by_domain():
        say()
        table(list(domains[0]), [[size(v) if key == "bytes" else v for key, v in row.items()] for row in domains])
    say(f"{size(summary.bytes)} in {summary.seconds:.1f} s")
    failures(summary)


def failures(summary: Fetched) -> None:
    groups: dict[str, list[dict[str, Any]]] = {"failed": [], "gap": [], "skipped": []}
    for failure in summary.failures:
        groups.get(failure["verdict"], groups["failed"]).append(failure)
    for what, problems in groups.items():
        if what == "failed" or not progress.quiet:  # a nightly run would repeat its gaps each night
            _problems(problems, what)
    if groups["skipped"]:
        say("skipped resources are requested once there is room: raise the budget in lake.toml, then lake fetch")


def _problems(problems: list[dict[str, Any]], what: str) -> None:
    for problem in problems[:_SHOWN]:
        resource = "/".join(filter(None, (problem["source"], problem["resource"])))
        warn(f"{what}: {resource}: {problem['reason']}" + (f" ({problem['url']})" if problem["url"] else ""))
    if len(problems) > _SHOWN:
        warn(f"and {len(problems) - _SHOWN} more: lake status --failed")


def land(summary: Landed) -> None:
    heading("land")
    _withdrawn(summary)
    if not summary.tallies:
        say("nothing was fetched yet: lake fetch")
        return
    table(
        ["source", "blobs", "up to date", "records in", "= landed", "+ rejected", "cubes"],
        [[t.source, t.blobs, t.skipped, t.seen, t.landed, t.rejected, t.cubes] for t in summary.tallies.values()],
    )
    say(f"in {summary.seconds:.1f} s")
    _problems(summary.unreadable, "unreadable")
    if cells := sum(tally.cells for tally in summary.tallies.values()):
        say(f"{cells:,} cell(s) of landed rows were rejected and are null")
    if cells or any(tally.rejected for tally in summary.tallies.values()):
        query = "SELECT source, table_name, record, column_name, reason FROM raw.rejects"
        say(f'see what was rejected: lake sql "{query}"')


def _withdrawn(summary: Landed) -> None:
    for source, pairs in groupby(summary.withdrawn, key=lambda one: one[0]):
        names = [resource for _, resource in pairs]
        shown = ", ".join(names[:_SHOWN]) + (" ..." if len(names) > _SHOWN else "")
        say(f"withdrawn: {len(names)} resource(s) of {source}: {shown}")


def skipped(models: Mapping[str, tuple[str, ...]]) -> str:
    """How many models are skipped, where some are."""
    return f"{len(models)} skipped (lake.toml does not name their archives), " if models else ""


def build(summary: Built) -> None:
    heading("build")
    if summary.built:
        table(
            ["table", "rows", "seconds", "why"],
            [[b.table, b.rows, round(b.seconds, 2), b.reason] for b in summary.built],
        )
    for failed, why in summary.failed.items():
        warn(f"{failed} is unchanged: {why}")
    for dropped in summary.dropped:
        say(f"dropped {dropped}: it no longer has a model")
    if summary.macros:
        say("published the changed macros")
    for warning in summary.warnings:
        warn(f"{warning.check.name}: {warning.failing:,} row(s)")
    warned = len(summary.warnings)
    passed = f"{summary.checks - warned} checks passed" + (f", {warned} warned" if warned else "")
    say(
        f"{len(summary.built)} built, {summary.fresh} up to date, {skipped(summary.skipped)}{passed}; "
        f"snapshot {summary.snapshot} in {summary.seconds:.1f} s"
    )
