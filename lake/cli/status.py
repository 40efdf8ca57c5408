from __future__ import annotations

from collections import Counter

import click

from lake.cli import _output

_LISTED = ("source", "resource", "url", "at", "outcome", "status", "bytes", "sha256", "reason", "optional")


@click.command(epilog="Example: lake status --failed")
@click.option(
    "--failed",
    is_flag=True,
    help="List every resource whose newest outcome is bad, each gap, and what could not be read.",
)
@click.option("--all", "every", is_flag=True, help="List the newest outcome of every resource.")
@_output.common
def command(path: str, failed: bool, every: bool) -> None:
    """What was fetched, what failed, what is published, how much is stored.

    A resource counts by its newest outcome. A gap is one that failed or was refused, and that the lake can do without.
    """
    from lake import config
    from lake.cli import _state
    from lake.store import blobs, door

    settings = config.load(path)
    outcomes = _state.outcomes(settings)
    info = door.latest(settings)
    used, limit = blobs.usage(settings.data), settings.limits.storage
    domains = _state.domains(settings)
    bad = [outcome for outcome in outcomes if not outcome.good]
    unreadable, decided = _state.unreadable(settings), _state.decided(settings)
    failure = _state.failure(settings)
    counts: dict[str, Counter] = {name: Counter() for name in settings.sources}
    for outcome in outcomes:
        counts.setdefault(outcome.source, Counter())[outcome.verdict] += 1
    listed = outcomes if every else bad
    if _output.as_json:
        _output.json_out(
            {
                "lake": settings.lake.name,
                "path": str(settings.root),
                "snapshot": info and info.snapshot,
                "published_at": info and info.published_at,
                "bytes": used,
                "limit": limit,
                "domains": domains,
                "sources": counts,
                "unreadable": unreadable,
                "last_failure": failure and failure.as_dict(),
                "decisions": [one.as_dict() for one in decided],
                "failed": [{key: getattr(o, key) for key in _LISTED} for o in bad],
                **({"resources": [{key: getattr(o, key) for key in _LISTED} for o in outcomes]} if every else {}),
            }
        )
    _output.say(f"{settings.lake.name} in {settings.root}")
    _output.say(
        f"snapshot {info.snapshot}, published {info.published_at}" if info else "nothing is published yet: lake run"
    )
    if failure:
        _output.say(f"{failure.command} failed {failure.failed_at} with exit code {failure.exit_code}: {failure.what}")
        _output.say(f"  next: {failure.advice}" if failure.advice else "  see ops.failed_runs")
    _output.say(f"{_output.size(used)} of {_output.size(limit)} used")
    for name, domain in domains.items():
        room = f" of {_output.size(domain['limit'])}" if domain["limit"] else ""
        _output.say(f"  {name}: {_output.size(domain['bytes'])}{room} in {domain['folder']}")
    _output.say()
    kinds = ("fetched", "resumed", "unchanged", "refused", "failed", "gap", "skipped")
    last = {name: max((o.at for o in outcomes if o.source == name), default=None) for name in counts}
    _output.table(
        ["source", *kinds, "last fetch"], [[name, *(counts[name][k] for k in kinds), last[name]] for name in counts]
    )
    if decided:
        rows = [[one.decision, one.about, one.author, one.decided_at] for one in decided]
        _output.say()
        _output.table(["by hand", "resource", "who", "when"], rows)
    if failed and unreadable:
        _output.say()
        rows = [[f"{one['source']}/{one['resource']}", one["reason"], one["blob"], one["url"]] for one in unreadable]
        _output.table(["unreadable", "reason", "blob", "url"], rows)
        _output.say("where in its reader that was: lake status --json, or ops.landings, column traceback")
    if listed and (failed or every):
        rows = [[o.verdict, o.at, f"{o.source}/{o.resource}", o.status, o.reason, o.url] for o in listed]
        _output.say()
        _output.table(["outcome", "when", "resource", "status", "reason", "url"], rows)
    elif failed and not unreadable:
        _output.say("\nnothing failed" if outcomes else "\nnothing was fetched yet: lake fetch")
    elif not failed and (bad or unreadable):
        gaps = sum(outcome.optional for outcome in bad)
        _output.say(f"\n{len(bad) - gaps} failed, {gaps} gap(s), {len(unreadable)} unreadable: lake status --failed")
