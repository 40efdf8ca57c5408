"""Seeds: small CSV files (RFC 4180, UTF-8) as tables. A cell goes to the column that its header names, and is what is
written there or is refused: `1.5` is not a whole number, `03/04/2024` not a date, a time with an offset no TIMESTAMP.

An empty cell is null; `""` is an empty text. Dates and times are ISO 8601, or of the format that DateFormat states.
"""

from __future__ import annotations

import csv
import datetime
import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lake.contract import Column, DateFormat
from lake.errors import ConfigError, ModelError
from lake.store.sql import name, quote

if TYPE_CHECKING:
    from lake.build.model import Model

_WHOLE = r"[+-]?\d+(\.0*)?"
_REAL = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|(?i:[+-]?(nan|inf|infinity))"
_DAY = r"\d{4}-\d{2}-\d{2}"
_CLOCK = r"\d{2}:\d{2}(:\d{2}(\.\d{1,%d})?)?"
_OFFSET = r"(Z|[+-]\d{2}(:?\d{2})?)"
_TEXTS = {  # what a cell of a SQL type may look like; blanks around it do not count
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT"), _WHOLE),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"), _WHOLE),
    **dict.fromkeys(("FLOAT", "DOUBLE"), _REAL),
    "BOOLEAN": r"(?i:true|false|t|f|yes|no|y|n|1|0)",
    "DATE": _DAY,
    "TIME": _CLOCK % 6,
    "TIMESTAMP": f"{_DAY}([ T]{_CLOCK % 6})?",
    "TIMESTAMP_NS": f"{_DAY}([ T]{_CLOCK % 9})?",
    "TIMESTAMP WITH TIME ZONE": rf"{_DAY}[ T]\d{{2}}:\d{{2}}:\d{{2}}(\.\d{{1,6}})? ?{_OFFSET}",
}
_WHY = {
    "DATE": "dates are ISO 8601, 2024-03-24, or of the format that the contract states: DateFormat('%d/%m/%Y')",
    "TIMESTAMP": 'times are ISO 8601 without an offset; one with an offset wants SqlType("TIMESTAMPTZ")',
    "TIMESTAMP WITH TIME ZONE": "it needs its offset, as in 2024-03-10T02:30:00+05:30 or 2024-03-10T02:30:00Z",
}


def files(folder: Path) -> list[Path]:
    """The CSV files of seeds/, in the order of their names.

    Raises:
        ConfigError: there is a file that is neither CSV nor a note (README, *.md, hidden).
    """
    paths = sorted(path for path in folder.glob("*") if path.is_file())
    for path in paths:
        note = path.name.startswith((".", "README")) or path.suffix == ".md"
        if path.suffix != ".csv" and not note:
            raise ConfigError(
                f"{path.name} is not read: a seed is a CSV file named <table>.csv",
                where=str(path),
                why="seeds are small tables that are kept, and compared, as text",
                next=f"write it as {path.name.partition('.')[0]}.csv, or move it out of seeds/",
            )
    return [path for path in paths if path.suffix == ".csv"]


def select(model: Model) -> str:
    """The SELECT that reads a seed's file by its contract; the columns are the contract's, in its order.

    Raises:
        ModelError: the header is not what the contract promises.
    """
    columns = {column.name: column for column in model.contract.columns}
    header = _header(model, columns)
    types = ", ".join(f"{quote(column)}: 'VARCHAR'" for column in header)
    listed = ", ".join(f"{_value(column)} AS {name(column.name)}" for column in columns.values())
    return (
        f"SELECT {listed} FROM read_csv({quote(str(model.path))}, auto_detect = false, header = true, "
        f"columns = {{{types}}}, delim = ',', quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false, "
        "strict_mode = true)"
    )


def _header(model: Model, columns: dict[str, Column]) -> list[str]:
    line, header = next(_lines(model.path), (1, []))
    missing = [column for column in columns if column not in header]
    problems = [f"{column} is there twice" for column in sorted({c for c in header if header.count(c) > 1})]
    for column in header:
        if column not in columns:
            similar = difflib.get_close_matches(column.lower(), missing, 1)
            problems.append(f"{column} is not promised" + (f"; did you mean {similar[0]}?" if similar else ""))
    problems += [f"{column} is promised, but not in the header" for column in missing]
    if not header:
        problems = ["it has no header"]
    if problems:
        raise ModelError(
            f"{model.table} and its contract disagree: {'; '.join(problems[:6])}",
            where=f"{model.path}:{line}",
            why=f"cells are read by the names of the first line; see {model.contract.where}",
            next="correct the header, or the contract",
        )
    return header


def _value(column: Column) -> str:
    """A cell as a value of the column's type, or DuckDB's error."""
    text = name(column.name)
    if column.type == "VARCHAR":
        return text
    if form := _format(column):
        return f"CAST(strptime(trim({text}), {quote(form)}) AS {column.type})"
    return _cast(text, column.type, 0)


def _cast(text: str, type: str, depth: int) -> str:
    if type.endswith("[]"):
        item = f"x{depth}"
        return f"list_transform(CAST({text} AS VARCHAR[]), lambda {item}: {_cast(item, type[:-2], depth + 1)})"
    pattern = _pattern(type)
    if pattern is None:
        return f"CAST({text} AS {type})"
    refusal = f"error('no {type}: ' || {text})"
    return (
        f"CASE WHEN {text} IS NULL THEN NULL WHEN regexp_full_match(trim({text}), {quote(pattern)}) "
        f"THEN CAST(trim({text}) AS {type}) ELSE {refusal} END"
    )


def _pattern(type: str) -> str | None:
    if decimal := re.fullmatch(r"DECIMAL\(\d+, *(\d+)\)", type):  # no digit is rounded away
        return rf"[+-]?\d+(\.\d{{0,{decimal[1]}}}0*)?" if decimal[1] != "0" else _WHOLE
    return _TEXTS.get(type)


def _format(column: Column) -> str | None:
    return next((mark.format for mark in column.marks if isinstance(mark, DateFormat)), None)


# What is wrong with a file that DuckDB has refused: only then is it read in Python.


def explain(model: Model, message: str) -> ModelError:
    """Why DuckDB refused a seed, ``said`` in its words: the first line that does not fit, and its cell."""
    header: list[str] = []
    for line, cells in _lines(model.path):
        if not header:
            header = cells
            continue
        problem, why = _fault(model, header, cells)
        if problem:
            return ModelError(
                f"{model.table} cannot be read: {problem}",
                where=f"{model.path}:{line}",
                why=why,
                next=f"correct the line, then lake build {model.table}",
            )
    return ModelError(
        f"{model.table} cannot be read: {message}",
        where=str(model.path),
        why="it is not the CSV of RFC 4180: one kind of line end, cells with quotes or commas in quotes, UTF-8",
        next=f"correct the file, then lake build {model.table}",
    )


def _fault(model: Model, header: list[str], cells: list[str]) -> tuple[str, str]:
    if len(cells) != len(header):
        return f"{len(cells)} cells where the header has {len(header)}", "a cell that holds a comma must be in quotes"
    for column, cell in zip(header, cells, strict=True):
        promised = model.contract.column(column)
        form = _format(promised)
        if cell and not (_of_format(cell, form) if form else _fits(cell, promised.type)):
            fault = f"{column} is {cell!r}, which is no {promised.type}" + (f" of the format {form}" if form else "")
            return fault, _WHY.get(promised.type, f"see {model.contract.where}")
    return "", ""


def _fits(cell: str, type: str) -> bool:
    import duckdb

    pattern = _pattern(type)
    if pattern and not re.fullmatch(pattern, cell.strip()):
        return False
    try:
        duckdb.execute(f"SELECT count(CAST(trim(?) AS {type}))", [cell]).fetchone()
    except duckdb.Error:
        return False
    return True


def _of_format(cell: str, form: str) -> bool:
    try:
        datetime.datetime.strptime(cell.strip(), form)
    except ValueError:
        return False
    return True


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Each record of a CSV file that is not a blank line, with the number of its first line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader, first = csv.reader(file, strict=True), 1
            for cells in reader:
                if cells:
                    yield first, cells
                first = reader.line_num + 1
    except (csv.Error, UnicodeDecodeError) as error:
        raise ModelError(f"{path.name} cannot be read: {error}", where=f"{path}:{first}") from None
