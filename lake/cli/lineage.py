from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lake.cli import _complete, _output

if TYPE_CHECKING:
    from collections.abc import Callable

    from lake.trace.lineage import Lineage, Origins, Place


@click.command(epilog="Example: lake lineage core.edges.substrate --up")
@click.argument("name", metavar="TABLE[.COLUMN]", shell_complete=_complete.models)
@click.option("--up", is_flag=True, help="Only what it is computed from.")
@click.option("--down", is_flag=True, help="Only what is computed from it.")
@_output.common
def command(path: str, name: str, up: bool, down: bool) -> None:
    """What a column is computed from, back to what was landed, and what is computed from it.

    Of a table: each column with what it is computed from itself, where that comes from, and what it goes into. Joins
    and filters, which choose rows, are not told; nor is what a macro makes of its arguments.
    """
    from lake import config
    from lake.trace import lineage

    found = lineage.load(config.load(path))
    places = found.find(name)
    up, down = up or not down, down or not up
    if _output.as_json:
        _output.json_out(_document(found, places, name, up, down))
    elif len(places) == 1 and str(places[0]).lower() == name.lower():
        _tree(found, places[0], up, down)
    else:
        _listed(found, places, up, down)


def _document(found: Lineage, places: list[Place], name: str, up: bool, down: bool) -> dict[str, Any]:
    from lake.trace.lineage import reach

    users = found.users()
    told: dict[str, Any] = {"of": name, "columns": [str(place) for place in places]}
    ends: set[str] = set()
    if up:
        above = reach(places, found.near)
        told["up"] = [
            {"column": str(place), "from": str(origin), "how": how}
            for place in above
            for origin, how in found.near(place).items()
        ]
        ends |= {place.table for place in above if place.table in found.ends}
    if down:
        told["down"] = [
            {"column": str(user), "from": str(place), "how": how}
            for place in reach(places, lambda place: users.get(place, {}))
            for user, how in users.get(place, {}).items()
        ]
    return told | {"ends": {table: found.ends[table] for table in sorted(ends)}}


def _tree(found: Lineage, place: Place, up: bool, down: bool) -> None:
    """One column, with what is above it and below it as trees."""
    users = found.users()
    if up:
        _output.heading(f"{place} comes from")
        _branches(found, place, found.near)
        if not found.near(place):
            _output.say(_end(found, place) or "no column: it is constant, or counts rows")
    if down:
        _output.heading(f"{place} goes into")
        _branches(found, place, lambda place: users.get(place, {}))
        if place not in users:
            _output.say("no column")


def _branches(found: Lineage, start: Place, near: Callable[[Place], Origins]) -> None:
    told: set[Place] = set()
    waiting = _twigs(near(start), "")
    while waiting:
        place, how, sign, before = waiting.pop()
        again = place in told and near(place)
        notes = [how if how != "identity" else "", _end(found, place), "as above" if again else ""]
        note = ", ".join(filter(None, notes))
        _output.say(f"{before}{sign}{place}" + (_output.style(f"  {note}", dim=True) if note else ""))
        if not again:
            told.add(place)
            waiting += _twigs(near(place), before + ("│   " if sign == "├── " else "    "))


def _twigs(origins: Origins, before: str) -> list[tuple[Place, str, str, str]]:
    """What hangs on one branch, the last first: each with how, the sign before it, and what stands before that."""
    found = [(place, how, "├── ", before) for place, how in origins.items()]
    return [(*twig[:2], "└── ", before) if twig is found[-1] else twig for twig in found][::-1]


def _end(found: Lineage, place: Place) -> str:
    """What is known of a column that no model makes: who landed it, or its seed's file."""
    end = found.ends.get(place.table)
    if end is None:
        return ""
    if end["kind"] == "seed":
        return end["file"]
    told = (f"{one['title']} (source {one['name']}, reader {one['reader']})" for one in end["sources"])
    return " or ".join(told) or "landed"


def _listed(found: Lineage, places: list[Place], up: bool, down: bool) -> None:
    """A table's columns, one a line."""
    users = found.users()
    columns = ["column"] + (["from", "in the end"] if up else []) + (["into"] if down else [])
    rows = []
    for place in places:
        row = [place.column]
        if up:
            ends = ", ".join(map(str, found.ends_of(place))) if found.near(place) else _end(found, place)
            row += [", ".join(map(str, found.near(place))), ends]
        if down:
            row.append(", ".join(map(str, users.get(place, {}))))
        rows.append(row)
    _output.table(columns, rows)
