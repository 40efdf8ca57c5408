from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lake.cli import _output

if TYPE_CHECKING:
    from lake.config import Config


@click.command(epilog='Example: lake note add "cells are weighted by area" --kind decision --about features.climate')
@click.argument("action", type=click.Choice(["add", "import", "lookup", "list"]))
@click.argument("what", required=False, default="")
@click.option("--kind", default="", help="experimental_provenance, decision, ...: docs/notes.md defines each.")
@click.option("--about", default="", help="The table, column or source that it is about.")
@click.option("--doi", default="", help="DOI of what it is based on.")
@click.option("--url", default="", help="URL of what it is based on, where there is no DOI.")
@_output.common
def command(path: str, action: str, what: str, kind: str, about: str, doi: str, url: str) -> None:
    """Notes on how data was made: add one, import a CSV file, look up their DOIs at Crossref, list them.

    A repeated note is stored once. A lookup never replaces what a person wrote.
    """
    from lake import config
    from lake.store import copies, notes

    settings = config.load(path)
    copy = copies.kept_notes(settings)
    if action == "add":
        row = {"statement": what, "kind": kind, "about": about, "doi": doi, "url": url}
        _show_counts(notes.add(settings.root, _about(settings, [row]), copy))
    elif action == "import":
        _show_counts(notes.add(settings.root, _about(settings, _rows(what)), copy))
    elif action == "lookup":
        _lookup(settings)
    else:
        _list([row for row in notes.read(settings.root) if kind in ("", row["kind"]) and about in ("", row["about"])])


def _rows(name: str) -> list[dict[str, str]]:
    import csv

    from lake.errors import ConfigError

    if not name or not Path(name).is_file():
        raise ConfigError(f"file to import not found: {name!r}", next="lake note import notes.csv")
    with open(name, encoding="utf-8-sig", newline="") as file:
        return [
            {key or "?": value or "" for key, value in row.items() if isinstance(value, str)}
            for row in csv.DictReader(file)
        ]


def _about(settings: Config, rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows, once each is about an existing source, a table of the project, or a column.

    Raises:
        ConfigError: one is about something else.
    """
    from difflib import get_close_matches

    from lake import contract, sources
    from lake.errors import ConfigError

    sources.use(settings.root)
    contracts = contract.load(settings.root / "models")
    raw = {
        f"raw.{table}": schema.names for name in sources.names() for table, schema in sources.get(name).TABLES.items()
    }
    columns = raw | {table: [column.name for column in one.columns] for table, one in contracts.items()}
    names = {*sources.names(), *columns, *(f"{table}.{column}" for table in columns for column in columns[table])}
    for row in rows:
        about = row.get("about") or ""
        if about and about not in names and not about.startswith(("ops.", "quality.")):
            similar = get_close_matches(about, sorted(names), 1)
            raise ConfigError(
                f"there is no table, column or source {about!r} to write a note about",
                why=f"did you mean {similar[0]}?" if similar else "",
                next="lake tables",
            )
    return rows


def _show_counts(counts: dict[str, int]) -> None:
    if _output.as_json:
        _output.json_out(counts)
    _output.say(", ".join(f"{count} {name}" for name, count in counts.items()))


def _lookup(settings: Config) -> None:
    from lake.fetch import crossref
    from lake.store import copies, notes

    lacking = [row for row in notes.read(settings.root) if row["doi"] and not (row["title"] and row["year"])]
    records, failed = crossref.lookup(settings, [row["doi"] for row in lacking])
    fresh = {row["note"]: records[row["doi"]] for row in lacking if row["doi"] in records}
    changed = notes.fill(settings.root, fresh, copies.kept_notes(settings))
    if _output.as_json:
        _output.json_out({"asked": len({row["doi"] for row in lacking}), "filled": changed, "failed": failed})
    for doi, reason in failed.items():
        _output.warn(f"{doi}: {reason}")
    _output.say(f"{changed} filled, {len(failed)} could not be found")


def _list(rows: list[dict[str, str]]) -> None:
    from lake.store import notes

    counts = Counter(row["kind"] for row in rows)
    if _output.as_json:
        _output.json_out({"notes": rows, "kinds": {kind: counts[kind] for kind in notes.KINDS}})
    shown = ("kind", "about", "statement", "doi", "year")
    _output.table(shown, [[row[key] for key in shown] for row in rows])
    _output.say("\n" + ", ".join(f"{counts[kind]} {kind}" for kind in notes.KINDS))
