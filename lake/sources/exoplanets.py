"""NASA Exoplanet Archive: its tables through TAP (https://exoplanetarchive.ipac.caltech.edu/docs/TAP/usingTAP.html).

An answer is CSV, with `#` lines before the header or none; a record is a line. Columns are read by name: their order
means nothing. An error comes with status 200 and a body that begins with ERROR, or as a VOTable.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lake.errors import Refused, Unreadable
from lake.sources.source import Answer, Facts, Part, Resource

if TYPE_CHECKING:
    import pyarrow as pa

    from lake.sources.text import Lines

FACTS = Facts(
    name="exoplanets",
    title="NASA Exoplanet Archive",
    homepage="https://exoplanetarchive.ipac.caltech.edu",
    licence="public; acknowledge the archive and its tables' DOIs",
    citation="Christiansen JL et al. (2025) PSJ, doi:10.26133/NEA13 (pscomppars), doi:10.26133/NEA12 (ps)",
    rate=1,
    refresh=7,
)
READER = 2
OPTIONS: Mapping[str, Any] = {"tables": ["ps", "pscomppars", "toi", "cumulative"]}
TAP = "https://exoplanetarchive.ipac.caltech.edu/TAP/sync"
_KEY = {"ps": "pl_name", "pscomppars": "pl_name", "toi": "toi", "cumulative": "kepoi_name"}  # no row without it

# RFC 4180, a line at a time: each cell is quoted as a whole, or has no quote at its start.
_CSV = r'^(?:"(?:[^"]|"")*"|[^",][^,]*)?(?:,(?:"(?:[^"]|"")*"|[^",][^,]*)?)*$'


def __getattr__(name: str) -> Any:  # the schemas need pyarrow, which light commands do without
    if name == "TABLES":
        from lake.sources.exoplanet_tables import TABLES

        return TABLES
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def resources(options: Mapping[str, Any], answer: Answer) -> Iterator[Resource]:
    """All columns and rows of each table."""
    for table in options["tables"]:
        yield Resource(table, f"{TAP}?query=select+*+from+{table}&format=csv", table, "csv")


def check(resource: Resource, head: bytes) -> None:
    """Refuse the archive's error pages, what is no CSV of that table, and an answer without rows.

    Raises:
        Refused: with the archive's own message.
    """
    body = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if body[:5].upper() == b"ERROR" or (b"QUERY_STATUS" in body and b'"ERROR"' in body):
        raise Refused(f"the archive answered with an error: {_message(body)}", where=resource.url)
    if body[:1] in (b"<", b"{", b"[", b"\\", b"|"):
        raise Refused(
            f"the answer is no CSV: it begins with {body[:40].decode(errors='replace')!r}", where=resource.url
        )
    lines = [line for line in body.splitlines() if line.strip() and not line.startswith(b"#")]
    key = _KEY[resource.kind]
    if not lines or key not in _names(lines[0].decode(errors="replace")):
        raise Refused(f"the answer has no header with a column {key}", where=resource.url)
    if len(lines) < 2 and len(head) < 2**16:
        raise Refused("the answer has a header, but not one row", where=resource.url)


def _message(body: bytes) -> str:
    text = re.sub(r"<[^>]*>", " ", body.decode(errors="replace"))
    return " ".join(html.unescape(text).split())[:300]


def _names(header: str) -> list[str]:
    return [name.strip().strip('"') for name in header.split(",")]


def read(resource: Resource, path: Path) -> Iterator[Part]:
    """The rows of a table, some megabytes at a time.

    A row has a reject where it has more or fewer cells than the header, is not UTF-8, leaves a quote open, has no key,
    or has a cell that is not the number it should be. Empty is missing. A column that this reader does not know is
    kept as text.

    Raises:
        Unreadable: a column that the models need is gone, there is no row, or not one that fits the header.
    """
    import pyarrow.compute as pc

    from lake.sources import text

    header, seen, landed = None, 0, 0
    for block in text.lines(path):
        if header is None:  # comments stand before the header, and nowhere else
            plain = pc.index(pc.starts_with(block.text, "#"), False).as_py()
            if plain < 0:
                continue
            header = _header(block.text[plain].as_py(), resource)
            block = block._replace(record=block.record[plain + 1 :], text=block.text[plain + 1 :])
        if block.seen:
            part = _part(resource.kind, header, block)
            seen, landed = seen + part.seen, landed + len(part.rows)
            yield part
    if seen == 0:
        raise text.nothing_found("row", resource.url)
    if landed == 0:
        raise Unreadable(
            f"not one of its {seen:,} records fits its header of {len(header)} columns",
            where=resource.url,
            why=f"the form of the answer changed; the first: {part.rejects['reason'][0]}",
        )


def _header(line: str, resource: Resource) -> list[str]:
    from lake.sources.exoplanet_tables import REQUIRED

    names = _names(line)
    gone = [name for name in REQUIRED[resource.kind] if name not in names]
    twice = sorted({name for name in names if names.count(name) > 1})
    if gone or twice:
        raise Unreadable(
            f"the header changed: {', '.join(gone or twice)} {'is gone' if gone else 'stands twice'}",
            where=resource.url,
            why="the archive renamed a column, or the answer is of another table",
            next="compare it with REQUIRED in lake/sources/exoplanet_tables.py",
        )
    return names


def _part(table: str, header: list[str], block: Lines) -> Part:
    import pyarrow as pa
    import pyarrow.compute as pc

    from lake.sources import exoplanet_tables, text

    known = exoplanet_tables.TABLES[f"exoplanets_{table}"]
    cells, lines, misfits = _cells(header, block)
    extra = [exoplanet_tables.field(n) or exoplanet_tables.unknown(n) for n in header if n not in known.names]
    schema = pa.schema([*known, *extra])
    columns, faults = {}, [(pc.is_null(cells[_KEY[table]]), f"{_KEY[table]} is empty")]
    for field in schema:
        if field.name not in header:
            columns[field.name] = pa.nulls(len(lines.record), field.type)
        elif field.type == pa.string():
            columns[field.name] = cells[field.name]
        else:
            columns[field.name], fault = _numbers(field, cells[field.name])
            faults.append(fault)
    rows, wrong, _ = text.sift(schema, lines.record, columns, faults, lines.text.filter)
    return text.together(f"exoplanets_{table}", block.seen, rows, block.undecodable, *misfits, wrong)


def _numbers(field: pa.Field, cells: pa.Array) -> tuple[pa.Array, tuple[pa.Array | None, Any]]:
    """A column as numbers; and which cells are none, with a reason for each that says its value."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from lake.sources import text

    whole = field.type == pa.int64()
    values, wrong = (text.integers if whole else text.reals)(cells)
    if wrong is None:
        return values, (None, "")
    kind = "a whole number" if whole else "a finite number"
    return values, (wrong, pc.binary_join_element_wise(f"{field.name} is not {kind}: ", cells, ""))


def _cells(header: list[str], block: Lines) -> tuple[Mapping[str, pa.Array], Lines, list[pa.Table]]:
    """The cells of each column as text, null where empty; the lines that they are of; and the rejected ones."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from lake.sources import text

    fits = pc.match_substring_regex(block.text, _CSV)
    odd = pc.invert(fits)
    open_quote = text.rejects(block.record.filter(odd), "a quote is not closed in its cell", block.text.filter(odd))
    record, lines = block.record.filter(fits), block.text.filter(fits)
    cells, bad = _split(header, lines)
    number = np.array([n for n, _ in bad], np.int64)
    reasons = pa.array([f"{n} cells where the header has {len(header)}" for _, n in bad], pa.string())
    misfits = text.rejects(record.take(number), reasons, lines.take(number))
    kept = np.ones(len(lines), bool)
    kept[number] = False
    return cells, block._replace(record=record.filter(kept), text=lines.filter(kept)), [open_quote, misfits]


def _split(header: list[str], lines: pa.Array) -> tuple[dict[str, pa.Array], list[tuple[int, int]]]:
    """Lines of CSV cut into columns of text; and (index, number of cells) of those that have not the header's."""
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv

    bad: list[tuple[int, int]] = []

    def skip(row: csv.InvalidRow) -> str:
        bad.append((row.number - 1, row.actual_columns))
        return "skip"

    if len(lines) == 0:
        return {name: pa.array([], pa.string()) for name in header}, bad
    data = pc.binary_join(pa.ListArray.from_arrays(pa.array([0, len(lines)], pa.int32()), lines), "\n")[0].as_buffer()
    types = dict.fromkeys(header, pa.string())
    cells = csv.read_csv(
        pa.BufferReader(data),
        read_options=csv.ReadOptions(column_names=header, use_threads=False, block_size=max(data.size + 1, 2**20)),
        parse_options=csv.ParseOptions(invalid_row_handler=skip),
        convert_options=csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True),
    )
    return {name: cells[name].combine_chunks() for name in header}, bad
