from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lake.cli import _complete, _output

if TYPE_CHECKING:
    from lake.config import Config
    from lake.trace.summary import Summary


@click.command(epilog='Example: lake trace features.planet_params.radius --where "radius > 20"')
@click.argument("name", metavar="TABLE[.COLUMN]", shell_complete=_complete.tables)
@click.option("--where", default="", metavar="SQL", help="The row: a condition that only it meets.")
@click.option("--key", default="", metavar="VALUE[,VALUE...]", help="The row: the values of the table's key.")
@click.option("--at", metavar="SNAPSHOT", help="Of an older snapshot, by number or tag.")
@click.option("--verify", is_flag=True, help="Hash each blob, and read each record again by its source's reader.")
@click.option("--depth", type=click.IntRange(min=0), metavar="N", help="Follow at most N tables.")
@click.option("--dot", is_flag=True, help="A graph for Graphviz.")
@click.option("--summary", is_flag=True, help="Archives, records and licences; of any number of rows.")
@_output.common
def command(
    path: str,
    name: str,
    where: str,
    key: str,
    at: str | None,
    verify: bool,
    depth: int | None,
    dot: bool,
    summary: bool,
) -> None:
    """Where a cell comes from: row by row, back to the bytes that the archives sent.

    Under each row the rows that it depends on, and under a raw row the record of the answer that it was read from. Each
    model's SQL is run over these rows alone: what does not give the same value, bit for bit, is said, and the exit code
    is 1. --json is W3C PROV-O as JSON-LD. docs/trace.md explains it.
    """
    from lake import config

    settings = config.load(path)
    table, column = _split(name)
    if summary:
        _summary(settings, table, column, where, key, at)
        return
    from lake.trace import show, tree

    traced = tree.trace(settings, table, column, where=where, key=key, at=at, verify=verify, depth=depth)
    if dot:
        click.echo(show.dot(traced))
    elif _output.as_json:
        _output.json_out(show.prov(traced))
    else:
        _output.say(_output.clean(str(traced)))
    if not traced.proved:
        raise SystemExit(1)


def _split(name: str) -> tuple[str, str]:
    parts = name.split(".", 2)
    if len(parts) < 2:
        raise click.UsageError(f"{name!r} is not a table: layer.table, or layer.table.column")
    return ".".join(parts[:2]), parts[2] if len(parts) > 2 else ""


def _summary(settings: Config, table: str, column: str, where: str, key: str, at: str | None) -> None:
    from lake.trace import summary, tree

    condition = where or (tree.condition(settings, table, key, at) if key else "")
    summarised = summary.of(settings, table, column, where=condition, at=at)
    if _output.as_json:
        _output.json_out(summarised.as_dict())
        return
    show(summarised)


def show(summary: Summary) -> None:
    """A summary as tables."""
    tables = ", ".join(f"{count:,} of {table}" for table, count in summary.tables.items() if table != summary.of)
    _output.paragraph(
        f"{summary.rows:,} row(s) of {summary.of} at snapshot {summary.snapshot} come from {tables or 'no table'}"
    )
    rows = [[a.title, a.records, a.answers, a.first[:10], a.last[:10], a.licence] for a in summary.archives]
    if rows:
        _output.table(["archive", "records", "answers", "first fetched", "last fetched", "licence"], rows)
    for seed in summary.seeds:
        _output.say(f"seed: {seed}")
    for table, why in summary.larger.items():
        _output.say(f"{table}: more rows than it needs: {why}")
    if not summary.proved:
        _output.warn("of a table, its SQL over these rows alone does not give them again")
