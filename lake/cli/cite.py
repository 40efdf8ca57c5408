from __future__ import annotations

import click

from lake.cli import _complete, _output


@click.command(epilog="Example: lake cite core.edges --bibtex")
@click.argument("what", metavar="TABLE[.COLUMN]|QUERY", shell_complete=_complete.tables)
@click.option("--where", default="", metavar="SQL", help="Only of these rows of the table.")
@click.option("--at", metavar="SNAPSHOT", help="Of an older snapshot, by number or tag.")
@click.option("--bibtex", is_flag=True, help="BibTeX, an entry for each archive.")
@click.option("--csl", is_flag=True, help="CSL-JSON, an item for each archive.")
@_output.common
def command(path: str, what: str, where: str, at: str | None, bibtex: bool, csl: bool) -> None:
    """Whom to cite for rows, and under which licences they are: the archives that these rows really come from.

    The rows of a table, of a query, or of one column alone are traced back to the archives' records. What may be used
    freely is only what all of their licences allow.
    """
    from lake import config
    from lake.trace import citation, summary

    table, column = _table(what)
    sources = summary.of(config.load(path), table, column, where=where, at=at)
    if csl:
        _output.json_out(citation.csl(sources))
    elif _output.as_json:
        _output.json_out({**sources.as_dict(), "use": citation.use(sources)})
    else:
        _output.say(citation.bibtex(sources) if bibtex else citation.text(sources))


def _table(what: str) -> tuple[str, str]:
    """Table and column; of a query, the query and no column."""
    parts = what.split(".", 2)
    if any(mark in what for mark in " \n(") or len(parts) < 3:
        return what, ""
    return ".".join(parts[:2]), parts[2]
