from __future__ import annotations

from collections import Counter

import click

from lake.cli import _output


@click.command(epilog="Example: lake status --failed")
@click.option("--failed", is_flag=True, help="List every resource whose newest outcome is bad, and every gap.")
@_output.common
def command(path: str, failed: bool) -> None:
    """What was fetched, what failed, what is published, how much is stored."""
    from lake import config
    from lake.cli import _state
    from lake.store import blobs, door

    settings = config.load(path)
    outcomes = _state.outcomes(settings)
    info = door.read_info(door.path(settings))
    used, limit = blobs.usage(settings.data), settings.limits.storage
    bad = [outcome for outcome in outcomes if not outcome.good]
    counts: dict[str, Counter] = {name: Counter() for name in settings.sources}
    for outcome in outcomes:
        counts.setdefault(outcome.source, Counter())[outcome.outcome] += 1
    if _output.as_json:
        _output.json_out(
            {
                "lake": settings.lake.name,
                "path": str(settings.root),
                "snapshot": info and info.snapshot,
                "published_at": info and info.published_at,
                "bytes": used,
                "limit": limit,
                "sources": counts,
                "failed": [
                    {
                        key: getattr(o, key)
                        for key in ("source", "resource", "url", "at", "outcome", "status", "reason", "optional")
                    }
                    for o in bad
                ],
            }
        )
    _output.say(f"{settings.lake.name} in {settings.root}")
    _output.say(
        f"snapshot {info.snapshot}, published {info.published_at}" if info else "nothing is published yet: lake run"
    )
    _output.say(f"{_output.size(used)} of {_output.size(limit)} used\n")
    kinds = ("fetched", "resumed", "unchanged", "refused", "failed")
    last = {name: max((o.at for o in outcomes if o.source == name), default=None) for name in counts}
    _output.table(
        ["source", *kinds, "last fetch"], [[name, *(counts[name][k] for k in kinds), last[name]] for name in counts]
    )
    if failed:
        rows = [
            ["gap" if o.optional else o.outcome, f"{o.source}/{o.resource}", o.status, o.reason, o.url] for o in bad
        ]
        _output.say()
        _output.table(["outcome", "resource", "status", "reason", "url"], rows)
    elif bad:
        gaps = sum(outcome.optional for outcome in bad)
        _output.say(f"\n{len(bad) - gaps} failed, {gaps} gap(s): lake status --failed")
