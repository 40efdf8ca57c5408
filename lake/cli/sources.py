from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lake.cli import _output

if TYPE_CHECKING:
    from lake.config import Config


@click.command(epilog="Example: lake sources --catalogue --domain climate")
@click.option("--catalogue", is_flag=True, help="All databases of the catalogue, used by this lake or not.")
@click.option("--domain", help="With --catalogue: of this domain.")
@click.option("--topic", help="With --catalogue: on this topic, such as exoplanets or extremophiles.")
@click.option("--status", help="With --catalogue: active, proposed or disabled.")
@click.option("--access", help="With --catalogue: TAP, REST, files or portal.")
@click.option("--search", default="", help="With --catalogue: a text in the name or the homepage.")
@click.option("--probe", multiple=True, metavar="NAME", help="Check whether this database of the catalogue answers.")
@click.option("--limit", type=click.IntRange(1), help="Probe this many databases, those probed longest ago first.")
@_output.common
def command(
    path: str,
    catalogue: bool,
    domain: str | None,
    topic: str | None,
    status: str | None,
    access: str | None,
    search: str,
    probe: tuple[str, ...],
    limit: int | None,
) -> None:
    """The archives of this lake: licence, rate, last fetch, rows. With --catalogue, all known databases."""
    from lake import config

    settings = config.load(path)
    if not (catalogue or probe or limit):
        _show_sources(settings)
        return
    asked_for = {"domain": domain, "topics": topic, "status": status, "access": access}
    rows = _chosen(settings, {key: value for key, value in asked_for.items() if value}, search)
    if probe or limit:
        _probe(settings, rows, probe, limit)
    else:
        _show(rows)


def _chosen(settings: Config, conditions: dict[str, str], search: str) -> list[dict[str, Any]]:
    """The catalogue's rows with their newest probe; a proposed database that answered is active."""
    from lake import databases
    from lake.fetch import probe as probing

    probes = probing.last(settings.data)
    rows = []
    for one in databases.load(settings.root):
        last = probes.get(one.name, {})
        row = {**one.as_dict(), "last_probe": last.get("at"), "answer": last.get("outcome")}
        if row["status"] == "proposed" and row["answer"] == "answers":
            row["status"] = "active"
        rows.append(row)

    def fits(row: dict[str, Any]) -> bool:
        by = all(
            value in row[key] if isinstance(row[key], tuple) else value == row[key] for key, value in conditions.items()
        )
        return by and search.lower() in f"{row['name']} {row['homepage']}".lower()

    return [row for row in rows if fits(row)]


def _show(rows: list[dict[str, Any]]) -> None:
    from collections import Counter

    counts = {key: dict(Counter(row[key] for row in rows)) for key in ("domain", "status")}
    if _output.as_json:
        _output.json_out({"databases": rows, "counts": {**counts, "all": len(rows)}})
    shown = ("domain", "name", "access", "formats", "licence", "topics", "status", "last_probe", "homepage")
    _output.table(
        [key.replace("_", " ") for key in shown],
        [[", ".join(cell) if isinstance(cell := row[key], tuple) else cell for key in shown] for row in rows],
    )
    counted = ", ".join(f"{count} {name}" for name, count in {**counts["domain"], **counts["status"]}.items())
    _output.say(f"\n{len(rows)} databases" + (f": {counted}" if rows else ""))


def _probe(settings: Config, rows: list[dict[str, Any]], names: tuple[str, ...], limit: int | None) -> None:
    import difflib

    from lake.errors import ConfigError, FetchError
    from lake.fetch import probe as probing

    by_name = {row["name"]: row for row in rows}
    for name in names:
        if name not in by_name:
            similar = difflib.get_close_matches(name, by_name, 1)
            raise ConfigError(
                f"the catalogue has no {name!r}",
                why=f"did you mean {similar[0]!r}?" if similar else "",
                next="lake sources --catalogue --search ...",
            )
    chosen = [by_name[name] for name in names]
    if limit:
        others = [row for row in rows if row["name"] not in names and row["status"] != "disabled"]
        chosen += sorted(others, key=lambda row: row["last_probe"] or "")[:limit]
    done = probing.probe(settings, [(row["name"], row["homepage"]) for row in chosen])
    if _output.as_json:
        _output.json_out({"probes": done})
    _output.table(
        ("name", "outcome", "status", "reason"), [[r["name"], r["outcome"], r["status"], r["reason"]] for r in done]
    )
    answer = sum(row["outcome"] == "answers" for row in done)
    _output.say(f"\n{answer} of {len(done)} answer")
    if answer < len(done):
        raise SystemExit(FetchError.exit_code)


def _show_sources(settings: Config) -> None:
    from lake import sources
    from lake.cli import _lake_state

    sources.check_options(settings)
    outcomes, rows = _lake_state.outcomes(settings), _lake_state.landed(settings)
    listed = []
    for name in settings.sources:
        facts = sources.get(name).FACTS
        mine = [outcome for outcome in outcomes if outcome.source == name]
        listed.append(
            {
                "source": name,
                "domain": facts.domain,
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
    shown = ("source", "domain", "title", "rate", "last_fetch", "resources", "rows", "licence")
    _output.table(
        [key.replace("rate", "requests/s").replace("_", " ") for key in shown],
        [[entry[key] for key in shown] for entry in listed],
    )
    unused = sorted(set(sources.names()) - settings.sources.keys())
    if unused:
        _output.say()
        _output.paragraph(f"installed, but not in lake.toml: {', '.join(unused)}")
