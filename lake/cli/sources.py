from __future__ import annotations

import click

from lake.cli import _output


@click.command(epilog="Example: lake sources --json")
@_output.common
def command(path: str) -> None:
    """The archives that this lake asks: licence, rate, last fetch, rows."""
    from lake import config, sources
    from lake.cli import _state

    settings = config.load(path)
    outcomes, rows = _state.outcomes(settings), _state.landed(settings)
    listed = []
    for name in settings.sources:
        facts = sources.get(name).FACTS
        sources.options(name, settings.sources[name])
        mine = [outcome for outcome in outcomes if outcome.source == name]
        listed.append(
            {
                "source": name,
                "title": facts.title,
                "licence": facts.licence,
                "rate": facts.rate,
                "refresh_days": facts.refresh,
                "homepage": facts.homepage,
                "citation": facts.citation,
                "last_fetch": max((outcome.at for outcome in mine), default=None),
                "resources": len(mine),
                "rows": rows.get(name, 0),
            }
        )
    if _output.as_json:
        _output.json_out({"sources": listed, "installed": sources.names()})
    shown = ("source", "title", "rate", "last_fetch", "resources", "rows", "licence")
    _output.table(
        [key.replace("rate", "requests/s").replace("_", " ") for key in shown],
        [[entry[key] for key in shown] for entry in listed],
    )
    unused = sorted(set(sources.names()) - settings.sources.keys())
    if unused:
        _output.say(f"\ninstalled, but not in lake.toml: {', '.join(unused)}")
