from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from lake.cli import _output

_ROWS = 200  # of a table on a terminal; the other formats give all


@click.command(epilog='Example: lake sql "SELECT planet, radius FROM features.planet_params LIMIT 5"')
@click.argument("query")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "parquet", "arrow"]),
    help="Default: table on a terminal, csv in a pipe.",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write to this file.")
@click.option("--at", type=int, metavar="SNAPSHOT", help="Ask an older snapshot.")
@_output.common
def command(path: str, query: str, form: str | None, output: str | None, at: int | None) -> None:
    """Ask the lake a question in SQL, at its newest snapshot. QUERY may be - for standard input."""
    import duckdb

    import lake
    from lake.errors import LakeError
    from lake.store.catalog import first_line

    form = "json" if _output.as_json else form or ("table" if sys.stdout.isatty() and not output else "csv")
    if query == "-":
        query = sys.stdin.read()
    with lake.open(path, at) as here:
        try:
            relation = here.sql(query)
            if relation is not None:
                _write(here, relation, form, output)
        except duckdb.Error as error:
            lines = [line for line in str(error).splitlines()[1:] if line.strip()]
            raise LakeError(
                first_line(error), why="\n         ".join(lines), next='lake sql "SHOW ALL TABLES"'
            ) from None


def _write(here, relation, form: str, output: str | None) -> None:
    if form == "table":
        rows = relation.limit(_ROWS + 1).fetchall()
        _output.table(relation.columns, rows[:_ROWS])
        if len(rows) > _ROWS:
            _output.say(f"... the first {_ROWS} rows; --format csv gives all")
    elif form == "arrow":
        _arrow(relation, output)
    elif output:
        _copy(here, relation, form, output)
    else:
        with _standard_output() as place:
            _copy(here, relation, form, place)


def _copy(here, relation, form: str, place: str) -> None:
    from lake.store.catalog import quote

    options = {"csv": "FORMAT csv, HEADER true", "json": "FORMAT json, ARRAY true", "parquet": "FORMAT parquet"}
    here.connection.execute(f"COPY (FROM relation) TO {quote(place)} ({options[form]})")


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
