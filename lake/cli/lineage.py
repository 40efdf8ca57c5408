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
    """The lineage of a column: what it is computed from, back to raw tables, and what is computed from it.

    Of a table: each column with what it is computed from itself, where that comes from, and what it goes into. Joins
    and filters, which choose rows, are not told; nor is what a macro makes of its arguments.
    """
    from lake import config
    from lake.trace import lineage

    columns = lineage.load(config.load(path))
    places = columns.find(name)
    up, down = up or not down, down or not up
    if _output.as_json:
        _output.json_out(_document(columns, places, name, up, down))
    elif len(places) == 1 and str(places[0]).lower() == name.lower():
        _tree(columns, places[0], up, down)
    else:
        _column_table(columns, places, up, down)


def _document(lines: Lineage, places: list[Place], name: str, up: bool, down: bool) -> dict[str, Any]:
    from lake.trace.lineage import reach

    users = lines.users()
    document: dict[str, Any] = {"of": name, "columns": [str(column) for column in places]}
    ends: set[str] = set()
    if up:
        above = reach(places, lines.direct_origins)
        document["up"] = [
            {"column": str(column), "from": str(origin), "how": how}
            for column in above
            for origin, how in lines.direct_origins(column).items()
        ]
        ends |= {column.table for column in above if column.table in lines.ends}
    if down:
        document["down"] = [
            {"column": str(user), "from": str(column), "how": how}
            for column in reach(places, lambda column: users.get(column, {}))
            for user, how in users.get(column, {}).items()
        ]
    return document | {"ends": {table: lines.ends[table] for table in sorted(ends)}}


def _tree(lines: Lineage, column: Place, up: bool, down: bool) -> None:
    """One column, with trees of its origins and its users."""
    users = lines.users()
    if up:
        _output.heading(f"{column} comes from")
        _branches(lines, column, lines.direct_origins)
        if not lines.direct_origins(column):
            _output.say(_end(lines, column) or "no column: it is constant, or counts rows")
    if down:
        _output.heading(f"{column} goes into")
        _branches(lines, column, lambda column: users.get(column, {}))
        if column not in users:
            _output.say("no column")


def _branches(lines: Lineage, start: Place, neighbours: Callable[[Place], Origins]) -> None:
    shown: set[Place] = set()
    waiting = _twigs(neighbours(start), "")
    while waiting:
        column, how, sign, before = waiting.pop()
        again = column in shown and neighbours(column)
        notes = [how if how != "identity" else "", _end(lines, column), "as above" if again else ""]
        note = ", ".join(filter(None, notes))
        _output.say(f"{before}{sign}{column}" + (_output.style(f"  {note}", dim=True) if note else ""))
        if not again:
            shown.add(column)
            waiting += _twigs(neighbours(column), before + ("│   " if sign == "├── " else "    "))


def _twigs(origins: Origins, before: str) -> list[tuple[Place, str, str, str]]:
    """The children of one branch, last first: column, how, the branch sign, and the text before it."""
    twigs = [(column, how, "├── ", before) for column, how in origins.items()]
    return [(*twig[:2], "└── ", before) if twig is twigs[-1] else twig for twig in twigs][::-1]


def _end(lines: Lineage, column: Place) -> str:
    """Where a column without a model comes from: the sources that land it, or its seed's file."""
    end = lines.ends.get(column.table)
    if end is None:
        return ""
    if end["kind"] == "seed":
        return str(end["file"])
    sources = (f"{one['title']} (source {one['name']}, reader {one['reader']})" for one in end["sources"])
    return " or ".join(sources) or "landed"


def _column_table(lines: Lineage, places: list[Place], up: bool, down: bool) -> None:
    """A table's columns, one per line."""
    users = lines.users()
    columns = ["column"] + (["from", "in the end"] if up else []) + (["into"] if down else [])
    rows = []
    for column in places:
        row = [column.column]
        if up:
            ends = ", ".join(map(str, lines.ends_of(column))) if lines.direct_origins(column) else _end(lines, column)
            row += [", ".join(map(str, lines.direct_origins(column))), ends]
        if down:
            row.append(", ".join(map(str, users.get(column, {}))))
        rows.append(row)
    _output.table(columns, rows)
