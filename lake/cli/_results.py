"""Write a query's rows to a terminal, to standard output or to a file, in one of several formats."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lake.cli import _output

if TYPE_CHECKING:
    import duckdb

    from lake.reader import Lake

FORMS = {  # form -> how DuckDB writes it
    "csv": "FORMAT csv, HEADER true",
    "tsv": "FORMAT csv, HEADER true, DELIMITER '\t'",
    "json": "FORMAT json, ARRAY true",
    "jsonl": "FORMAT json",
    "parquet": "FORMAT parquet, WRITE_BLOOM_FILTER false",
    "xlsx": "FORMAT xlsx, HEADER true",
    "arrow": "",  # by pyarrow
}
_ROWS = 200  # of a table on a terminal; the other forms give all
_WIDE = ("BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT")  # more digits than the 53 bits of a double hold
_REAL = ("DOUBLE", "FLOAT")
_NUMBERS = ("INT", "UINT", "BIGINT", "UBIGINT", "SMALLINT", "TINYINT", "HUGEINT", "DECIMAL", "DOUBLE", "FLOAT")


def form_of(form: str | None, output: str | None) -> str:
    """The format of --format, of the file's extension, or the usual one of standard output.

    Raises:
        UsageError: the extension is not a known format.
    """
    if _output.as_json:
        if form not in (None, "json") or output:
            raise click.UsageError("--json writes JSON to standard output: give --format or -o without it.")
        return "json"
    if form == "table" and output:
        raise click.UsageError("A table is for the terminal: give -o another --format.")
    if form or not output:
        return form or ("table" if sys.stdout.isatty() else "csv")
    ending = Path(output).suffix[1:]
    if ending not in FORMS:
        offered = ", ".join(f".{form}" for form in FORMS)
        raise click.UsageError(f"{Path(output).name!r} has no known extension ({offered}): give --format.")
    return ending


def write(lake: Lake, query: str, relation: duckdb.DuckDBPyRelation, form: str, output: str | None) -> None:
    """Write all of a query's rows.

    Raises:
        StorageError: the disk is full.
    """
    if form == "table":
        table(relation)
    elif form == "arrow":
        _arrow(relation, output)
    elif output:
        try:
            _copy(lake, query, relation, form, output)
        except OSError as error:
            raise _output.not_written(error, output) from None
    else:
        with _standard_output() as path:
            _copy(lake, query, relation, form, path)


def as_text(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """The same rows with numbers of 64 bits and more as text: JavaScript and spreadsheets keep 53 bits or 15 digits."""
    from lake.store.sql import name

    types = {c: str(type) for c, type in zip(relation.columns, relation.types, strict=True)}
    wide = {c: type for c, type in types.items() if type.rstrip("[]") in _WIDE}
    cells = ", ".join(f"CAST({name(c)} AS {_texts(type)}) AS {name(c)}" for c, type in wide.items())
    return relation.project(f"* REPLACE ({cells})") if wide else relation


def _texts(type: str) -> str:
    return "VARCHAR" + type[len(type.rstrip("[]")) :]


def table(relation: duckdb.DuckDBPyRelation, *, expand: bool = False) -> None:
    """Values as DuckDB writes them: Python cannot represent some, such as times before the year 1."""
    columns, types = relation.columns, [str(type) for type in relation.types]
    rows = relation.limit(_ROWS + 1).project("CAST(COLUMNS(*) AS VARCHAR)").fetchall()
    numbers = [i for i, type in enumerate(types) if type.startswith(_NUMBERS) and "[" not in type]
    cells = [["NULL" if value is None else _output.clean(value) for value in row] for row in rows[:_ROWS]]
    if not (sys.stdout.isatty() or expand):
        _output.table(columns, cells, numbers)
    else:
        from lake.cli import _grid

        shown = len(columns)
        if expand:
            _grid.expanded(columns, cells)
        else:
            shown = _grid.result(columns, cells, numbers)
        if shown < len(columns):
            _output.say(f"{len(columns)} columns, {shown} shown: --expand")
    if len(rows) > _ROWS:
        _output.say(f"... the first {_ROWS} rows; --format csv gives all")


def _copy(lake: Lake, query: str, relation: duckdb.DuckDBPyRelation, form: str, path: str) -> None:
    from lake.store import catalog
    from lake.store.sql import connect, quote

    connection, options = lake.connection, FORMS[form]
    if lake.confined:  # a confined lake cannot write: another connection does
        connection = connect()
        relation = connection.from_arrow(relation.to_arrow_reader(100_000))
    if form in ("json", "jsonl"):
        relation = _json_safe(relation)
    if form == "xlsx":
        connection.execute(f"LOAD {quote(str(catalog.extension('excel')))}")
        relation = as_text(relation)
    if form == "parquet":
        listed = ", ".join(f"{key}: {quote(value)}" for key, value in _metadata(lake, query, relation).items())
        options += f", KV_METADATA {{{listed}}}"
    connection.execute(f"COPY (FROM relation) TO {quote(path)} ({options})")


def _json_safe(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """NaN and infinities as text: JSON has no numbers for them."""
    from lake.store.sql import name

    types = dict(zip(relation.columns, relation.types, strict=True))
    real = [name(column) for column, type in types.items() if type in _REAL]
    cell = "CASE WHEN isfinite({0}) THEN to_json({0}) ELSE to_json(CAST({0} AS VARCHAR)) END AS {0}"
    return relation.project(f"* REPLACE ({', '.join(map(cell.format, real))})") if real else relation


def _metadata(lake: Lake, query: str, relation: duckdb.DuckDBPyRelation) -> dict[str, str]:
    """A Parquet file's metadata: lake, snapshot, query, and the units of the lake's columns in it."""
    comments = lake.connection.execute(
        "SELECT column_name, min(comment) FROM duckdb_columns() "
        "WHERE database_name = 'lake' AND comment LIKE '%]' GROUP BY 1 HAVING count(DISTINCT comment) = 1"
    ).fetchall()
    units = {column: text.rpartition("[")[2][:-1] for column, text in comments if column in relation.columns}
    facts = {"lake": lake.config.lake.name, "snapshot": str(lake.snapshot), "query": query}
    return facts | {"units": json.dumps(units)}


@contextmanager
def _standard_output() -> Iterator[str]:
    """A path through which DuckDB writes to standard output: opening /dev/stdout would truncate a file.

    Raises:
        StorageError: not all of it could be written.
    """
    reading, writing = os.pipe()
    problems: list[OSError] = []

    def pass_on() -> None:  # drain the pipe, so that the query can finish when nobody reads on
        with os.fdopen(reading, "rb") as source:
            while block := source.read1(1 << 16):
                try:
                    problems or sys.stdout.buffer.write(block)
                except OSError as error:
                    problems.append(error)

    thread = threading.Thread(target=pass_on)
    thread.start()
    try:
        yield f"/dev/fd/{writing}"
    finally:
        os.close(writing)
        thread.join()
    try:
        problems or sys.stdout.flush()
    except OSError as error:
        problems.append(error)
    if problems and not isinstance(problems[0], BrokenPipeError):
        raise _output.not_written(problems[0])
    if problems:  # `lake sql ... | head`
        raise problems[0]


def _arrow(relation: duckdb.DuckDBPyRelation, output: str | None) -> None:
    import pyarrow as pa

    reader = relation.to_arrow_reader(100_000)
    try:
        # Its own descriptor: pyarrow closes what it wrote to.
        sink = pa.OSFile(output, "wb") if output else pa.PythonFile(os.fdopen(os.dup(sys.stdout.fileno()), "wb"), "w")
        with sink, pa.ipc.new_stream(sink, reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _output.not_written(error, output or "") from None
