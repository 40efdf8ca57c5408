from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from lake.cli import _output

if TYPE_CHECKING:
    from lake.config import Config
    from lake.store.decisions import Decision
    from lake.store.failures import Failure
    from lake.store.fetch_log import Outcome
    from lake.store.published_file import Info

_LISTED = ("source", "resource", "url", "at", "outcome", "status", "bytes", "sha256", "reason", "optional")
_VERDICTS = ("fetched", "resumed", "unchanged", "refused", "failed", "gap", "skipped")


@dataclass(frozen=True, slots=True)
class _Status:
    """The state of a lake, from its catalog, fetch log and disk."""

    settings: Config
    outcomes: list[Outcome]  # the newest of each resource
    info: Info | None
    used: int  # bytes
    domains: dict[str, dict[str, Any]]
    unreadable: list[dict[str, Any]]
    decided: list[Decision]
    failure: Failure | None

    @property
    def bad(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if not outcome.good]

    @property
    def counts(self) -> dict[str, Counter[str]]:
        """Number of resources by source and verdict."""
        verdicts: dict[str, Counter[str]] = {name: Counter() for name in self.settings.sources}
        for outcome in self.outcomes:
            verdicts.setdefault(outcome.source, Counter())[outcome.verdict] += 1
        return verdicts


@click.command(epilog="Example: lake status --failed")
@click.option(
    "--failed",
    is_flag=True,
    help="List every failed resource, gap and unreadable answer.",
)
@click.option("--all", "every", is_flag=True, help="List the newest outcome of every resource.")
@_output.common
def command(path: str, failed: bool, every: bool) -> None:
    """What was fetched, failed and published, and how much is stored.

    A resource counts by its newest outcome. A gap is an optional resource that failed or was refused.
    """
    from lake import config

    status = _read(config.load(path))
    if _output.as_json:
        _output.json_out(_as_dict(status, every))
    _lake(status)
    _sources(status)
    _decisions(status)
    if failed:
        _unreadable(status)
    _resources(status, failed, every)


def _read(settings: Config) -> _Status:
    from lake import sources
    from lake.cli import _lake_state
    from lake.store import blobs, published_file

    sources.check_options(settings)
    return _Status(
        settings=settings,
        outcomes=_lake_state.outcomes(settings),
        info=published_file.latest(settings),
        used=blobs.usage(settings.data),
        domains=_lake_state.domains(settings),
        unreadable=_lake_state.unreadable(settings),
        decided=_lake_state.decided(settings),
        failure=_lake_state.failure(settings),
    )


def _as_dict(status: _Status, every: bool) -> dict[str, Any]:
    def listed(outcomes: list[Outcome]) -> list[dict[str, Any]]:
        return [{key: getattr(outcome, key) for key in _LISTED} for outcome in outcomes]

    document = {
        "lake": status.settings.lake.name,
        "path": str(status.settings.root),
        "snapshot": status.info and status.info.snapshot,
        "published_at": status.info and status.info.published_at,
        "bytes": status.used,
        "limit": status.settings.limits.storage,
        "domains": status.domains,
        "sources": status.counts,
        "unreadable": status.unreadable,
        "last_failure": status.failure and status.failure.as_dict(),
        "decisions": [one.as_dict() for one in status.decided],
        "failed": listed(status.bad),
    }
    return document | ({"resources": listed(status.outcomes)} if every else {})


def _lake(status: _Status) -> None:
    """Its folder, what is published, the last failed command, storage used."""
    info, failure = status.info, status.failure
    _output.say(f"{status.settings.lake.name} in {status.settings.root}")
    _output.say(
        f"snapshot {info.snapshot}, published {info.published_at}" if info else "nothing is published yet: lake run"
    )
    if failure:
        _output.say(f"{failure.command} failed {failure.failed_at} with exit code {failure.exit_code}: {failure.what}")
        _output.say(f"  next: {failure.advice}" if failure.advice else "  see ops.failed_runs")
    _output.say(f"{_output.size(status.used)} of {_output.size(status.settings.limits.storage)} used")
    for name, domain in status.domains.items():
        room = f" of {_output.size(domain['limit'])}" if domain["limit"] else ""
        _output.say(f"  {name}: {_output.size(domain['bytes'])}{room} in {domain['folder']}")


def _sources(status: _Status) -> None:
    counts = status.counts
    last = {name: max((o.at for o in status.outcomes if o.source == name), default=None) for name in counts}
    rows = [[name, *(counts[name][verdict] for verdict in _VERDICTS), last[name]] for name in counts]
    _output.say()
    _output.table(["source", *_VERDICTS, "last fetch"], rows)


def _decisions(status: _Status) -> None:
    if status.decided:
        rows = [[one.decision, one.about, one.author, one.decided_at] for one in status.decided]
        _output.say()
        _output.table(["by hand", "resource", "who", "when"], rows)


def _unreadable(status: _Status) -> None:
    if status.unreadable:
        rows = [[f"{o['source']}/{o['resource']}", o["reason"], o["blob"], o["url"]] for o in status.unreadable]
        _output.say()
        _output.table(["unreadable", "reason", "blob", "url"], rows)
        _output.say("for the traceback: lake status --json, or ops.landings, column traceback")


def _resources(status: _Status, failed: bool, every: bool) -> None:
    """The resources of --failed or --all, or how many failed and how to list them."""
    listed = status.outcomes if every else status.bad
    if listed and (failed or every):
        rows = [[o.verdict, o.at, f"{o.source}/{o.resource}", o.status, o.reason, o.url] for o in listed]
        _output.say()
        _output.table(["outcome", "when", "resource", "status", "reason", "url"], rows)
    elif failed and not status.unreadable:
        _output.say("\nnothing failed" if status.outcomes else "\nnothing was fetched yet: lake fetch")
    elif not failed and (status.bad or status.unreadable):
        gaps = sum(outcome.optional for outcome in status.bad)
        counted = f"{len(status.bad) - gaps} failed, {gaps} gap(s), {len(status.unreadable)} unreadable"
        _output.say(f"\n{counted}: lake status --failed")
