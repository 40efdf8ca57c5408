from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import click

from lake import signals
from lake.cli import _output, _results

if TYPE_CHECKING:
    import duckdb

    from lake.errors import LakeError
    from lake.reader import Lake

_TABLES = re.compile(r"\s*SHOW\s+TABLES\s*;?\s*", re.IGNORECASE)
_ALL_TABLES = """SELECT schema_name || '.' || view_name AS "table", column_count AS columns, comment AS about
                 FROM duckdb_views() WHERE database_name = 'lake' AND NOT internal AND schema_name <> 'main'
                 ORDER BY 1"""


@click.command(epilog='Example: lake sql "SELECT planet, radius FROM features.planet_params LIMIT 5"')
@click.argument("query")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", *_results.FORMS]),
    help="Default: the extension of -o; without -o, table on a terminal, csv in a pipe.",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write to a file, such as result.parquet.")
@click.option("--expand", is_flag=True, help="Each row as a record, one line per column: for wide tables.")
@click.option("--keys-as-text", is_flag=True, help="64-bit numbers as text, for programs with 53 bits or 15 digits.")
@click.option("--confined", is_flag=True, help="For untrusted queries: no file but the lake's is read or written.")
@click.option("--at", metavar="SNAPSHOT", help="Query an older snapshot.")
@_output.common
def command(
    path: str,
    query: str,
    form: str | None,
    output: str | None,
    expand: bool,
    keys_as_text: bool,
    confined: bool,
    at: str | None,
) -> None:
    """Query the lake in SQL, at its newest snapshot. QUERY may be - for standard input.

    Times with a zone are shown in UTC. JSON has "nan", "inf" and "-inf" as text. The lake
    itself is read-only; a query may read and write other files, as in any duckdb shell, unless it is --confined.
    """
    form = "table" if expand and not (form or output) else _results.form_of(form, output)
    query = sys.stdin.read() if query == "-" else query
    if not query.strip():
        raise click.UsageError("The query is empty.")
    if confined and output:
        raise click.UsageError("--confined writes no file: leave -o out.")
    with _open_lake(path, at) as opened:
        if confined:
            opened.confine()
        signals.stoppable(opened.interrupt, lambda: _answer(opened, query, form, output, expand, keys_as_text))


def _open_lake(path: str, at: str | None) -> Lake:
    """The snapshot to query; before the first publication the raw tables, with a warning."""
    import lake
    from lake.errors import ConfigError

    try:
        return lake.open(path, at)
    except ConfigError as error:
        if at is not None:
            raise
        try:
            opened = lake.open(path, "landed")
        except ConfigError:
            raise error from None
    _output.warn("nothing is published yet: only the raw tables are there, unchecked")
    return opened


def _answer(opened: Lake, query: str, form: str, output: str | None, expand: bool, keys_as_text: bool) -> None:
    import duckdb

    try:
        relation = opened.sql(_ALL_TABLES if _TABLES.fullmatch(query) else query)
        if relation is not None and keys_as_text:
            relation = _results.as_text(relation)
        if relation is not None and expand and form == "table":
            _results.table(relation, expand=True)
        elif relation is not None:
            _results.write(opened, query, relation, form, output)
        elif _output.as_json:  # a statement that gives no rows, such as SET
            _output.json_out([])
    except duckdb.Error as error:
        raise _query_error(opened, query, error) from None


def _query_error(opened: Lake, query: str, error: duckdb.Error) -> LakeError:
    """DuckDB's error as a LakeError, with its caret or a similar table name."""
    import duckdb

    from lake.errors import LakeError, StorageError
    from lake.store.catalog import first_line

    text = first_line(error)
    if "No space left on device" in text:
        return StorageError(f"the result is incomplete: {text}", next="make room, then repeat the command")
    if "read-only" in text or "is not an table" in text:
        return LakeError(
            "the lake is read-only here",
            where=text,
            why="published tables never change; a table is the result of its SELECT in sql/",
            next="lake shell --write, to change the catalog by hand",
        )
    lines = [line for line in str(error).splitlines()[1:] if line.strip()]
    if lines and "COPY (FROM relation)" in lines[0]:  # a line of this module, not of the query
        lines = []
    meant = _quoted_table(opened, query) if isinstance(error, (duckdb.CatalogException, duckdb.ParserException)) else ""
    if not meant and isinstance(error, duckdb.CatalogException):
        meant = _similar_table(opened, text)
    if meant or "Table with name" in text:  # DuckDB would suggest one of its own tables
        lines = [line for line in lines if "Did you mean" not in line]
    return LakeError(
        text,
        why="\n         ".join([*lines, *([f"did you mean {meant}?"] if meant else [])]),
        next="lake tables" if isinstance(error, (duckdb.CatalogException, duckdb.BinderException)) else "",
    )


def _quoted_table(opened: Lake, query: str) -> str:
    """A table of the lake that the query names without its necessary quotes, quoted."""
    from lake.store.sql import place

    lowered = query.lower()
    return next((place(t) for t in opened.tables() if place(t) != t and t.lower() in lowered), "")


def _similar_table(opened: Lake, text: str) -> str:
    """The lake's table whose name is most similar to the missing one."""
    from difflib import get_close_matches

    missing = re.search(r"Table with name (\S+) does not exist", text)
    if not missing:
        return ""
    stems = {table.rpartition(".")[2]: table for table in opened.tables()}
    similar = get_close_matches(missing[1].rpartition(".")[2], stems, 1, cutoff=0.7)
    return stems[similar[0]] if similar else ""
