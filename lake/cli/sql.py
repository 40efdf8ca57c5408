from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lake.cli import _output, _stop

if TYPE_CHECKING:
    import duckdb

    from lake.errors import LakeError
    from lake.reader import Lake

_ROWS = 200  # of a table on a terminal; the other formats give all
_FORMATS = ("table", "csv", "json", "parquet", "arrow")
_NUMBERS = ("INT", "UINT", "BIGINT", "UBIGINT", "SMALLINT", "TINYINT", "HUGEINT", "DECIMAL", "DOUBLE", "FLOAT")


@click.command(epilog='Example: lake sql "SELECT planet, radius FROM features.planet_params LIMIT 5"')
@click.argument("query")
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    help="Default: what -o ends in, or else table on a terminal, csv in a pipe.",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write to this file: result.parquet, say.")
@click.option("--at", metavar="SNAPSHOT", help="Ask an older snapshot.")
@_output.common
def command(path: str, query: str, form: str | None, output: str | None, at: str | None) -> None:
    """Ask the lake a question in SQL, at its newest snapshot. QUERY may be - for standard input.

    Times with a zone are told in UTC. In JSON, numbers that it cannot hold are texts: "nan", "inf", "-inf".
    """
    form = _form(form, output)
    query = sys.stdin.read() if query == "-" else query
    if not query.strip():
        raise click.UsageError("The query is empty.")
    with _opened(path, at) as here:
        _stop.stoppable(here.connection, lambda: _answer(here, query, form, output))


def _opened(path: str, at: str | None) -> Lake:
    """The snapshot that is asked; before the first is published, what is landed, which is said."""
    import lake
    from lake.errors import ConfigError

    try:
        return lake.open(path, at)
    except ConfigError as error:
        if at is not None:
            raise
        try:
            here = lake.open(path, "landed")
        except ConfigError:
            raise error from None
    _output.warn("nothing is published yet: these are the raw tables as they were landed, unchecked, and no model")
    return here


def _answer(here: Lake, query: str, form: str, output: str | None) -> None:
    import duckdb

    from lake.errors import LakeError

    try:
        relation = here.sql(query)
        if relation is not None:
            _write(here.connection, relation, form, output)
        elif _output.as_json:  # a statement that gives no rows, such as SET
            _output.json_out([])
    except duckdb.Error as error:
        raise _refused(error) from None
    except OSError as error:
        if not output:
            raise
        raise LakeError(f"the result cannot be written: {error.strerror or error}", where=output) from None


def _form(form: str | None, output: str | None) -> str:
    if _output.as_json:
        if form not in (None, "json") or output:
            raise click.UsageError("--json writes JSON to standard output: give --format or -o without it.")
        return "json"
    if form == "table" and output:
        raise click.UsageError("A table is for the terminal: give -o another --format.")
    ending = Path(output or "").suffix[1:]
    return form or (ending if ending in _FORMATS else "table" if sys.stdout.isatty() and not output else "csv")


def _refused(error: duckdb.Error) -> LakeError:
    """DuckDB's error as ours, with its caret or its suggestion."""
    import duckdb

    from lake.errors import LakeError
    from lake.store.catalog import first_line

    text = first_line(error)
    if "read-only" in text or "is not an table" in text:
        return LakeError(
            "the lake is read-only here",
            where=text,
            why="what is published is never changed; a table is what its SELECT in sql/ gives",
            next="lake shell --write, to change the record by hand",
        )
    lines = [line for line in str(error).splitlines()[1:] if line.strip()]
    if lines and "COPY (FROM relation)" in lines[0]:  # a line of ours, and not of the query
        lines = []
    unknown = isinstance(error, (duckdb.CatalogException, duckdb.BinderException))
    return LakeError(
        text,
        why="\n         ".join(lines),
        next='lake sql "SELECT schema, name, column_names FROM (SHOW ALL TABLES)"' if unknown else "",
    )


def _write(
    connection: duckdb.DuckDBPyConnection, relation: duckdb.DuckDBPyRelation, form: str, output: str | None
) -> None:
    if form == "table":
        _table(relation)
    elif form == "arrow":
        _arrow(relation, output)
    elif output:
        _copy(connection, relation, form, output)
    else:
        with _standard_output() as place:
            _copy(connection, relation, form, place)


def _table(relation: duckdb.DuckDBPyRelation) -> None:
    """Every value in DuckDB's own words: Python has none for some, such as times before the year 1."""
    rows = relation.limit(_ROWS + 1).project("CAST(COLUMNS(*) AS VARCHAR)").fetchall()
    numbers = [i for i, type in enumerate(relation.types) if str(type).startswith(_NUMBERS) and "[" not in str(type)]
    shown = (["NULL" if value is None else value for value in row] for row in rows[:_ROWS])
    _output.table(relation.columns, shown, numbers)
    if len(rows) > _ROWS:
        _output.say(f"... the first {_ROWS} rows; --format csv gives all")


def _copy(connection: duckdb.DuckDBPyConnection, relation: duckdb.DuckDBPyRelation, form: str, place: str) -> None:
    from lake.store.catalog import name, quote

    options = {"csv": "FORMAT csv, HEADER true", "json": "FORMAT json, ARRAY true", "parquet": "FORMAT parquet"}
    if form == "json":
        types = dict(zip(relation.columns, relation.types, strict=True))
        real = [name(column) for column, type in types.items() if type in _REAL]
        told = ", ".join(f"{_TOLD.format(column)} AS {column}" for column in real)
        relation = relation.project(f"* REPLACE ({told})") if real else relation
    connection.execute(f"COPY (FROM relation) TO {quote(place)} ({options[form]})")


_REAL = ("DOUBLE", "FLOAT")
_TOLD = "CASE WHEN isfinite({0}) THEN to_json({0}) ELSE to_json(CAST({0} AS VARCHAR)) END"


@contextmanager
def _standard_output() -> Iterator[str]:
    """A path that DuckDB can write to and that ends on standard output: to open /dev/stdout would cut a file short."""
    import os
    import threading

    reading, writing = os.pipe()

    def pass_on() -> None:
        broken = False
        with os.fdopen(reading, "rb") as source:
            while block := source.read1(1 << 16):
                try:
                    broken or sys.stdout.buffer.write(block)
                except BrokenPipeError:  # `lake sql ... | head`: nobody reads on, and the query may still end in peace
                    broken = True

    thread = threading.Thread(target=pass_on)
    thread.start()
    try:
        yield f"/dev/fd/{writing}"
    finally:
        os.close(writing)
        thread.join()
    sys.stdout.flush()


def _arrow(relation, output: str | None) -> None:
    import pyarrow as pa

    reader = relation.fetch_arrow_reader(100_000)
    sink = pa.OSFile(output, "wb") if output else pa.PythonFile(sys.stdout.buffer, "w")
    with sink, pa.ipc.new_stream(sink, reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch)
