"""NASA Exoplanet Archive: its tables through TAP (https://exoplanetarchive.ipac.caltech.edu/docs/TAP/usingTAP.html).

An answer is CSV, with or without `#` lines before the header. An error comes with status 200 and a body that begins
with ERROR, or as a VOTable. Columns are read by name: their order means nothing. Units are in the archive's column
definitions (https://exoplanetarchive.ipac.caltech.edu/docs/API_PS_columns.html and its siblings).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lake.errors import Refused, Unreadable
from lake.sources import text
from lake.sources.source import Answer, Facts, Part, Resource

FACTS = Facts(
    name="exoplanets",
    title="NASA Exoplanet Archive",
    homepage="https://exoplanetarchive.ipac.caltech.edu",
    licence="public; acknowledge the archive and its tables' DOIs",
    citation="Christiansen JL et al. (2025) PSJ, doi:10.26133/NEA13 (pscomppars), doi:10.26133/NEA12 (ps)",
    rate=1,
    refresh=7,
)
READER = 1
OPTIONS: Mapping[str, Any] = {"tables": ["ps", "pscomppars", "toi", "cumulative"]}
TAP = "https://exoplanetarchive.ipac.caltech.edu/TAP/sync"

# What the archive's names say of the type: ...err1 and ...err2 are uncertainties, ...lim is -1, 0 or 1.
_INTEGER = re.compile(
    r"(lim|_flag|snum|pnum|mnum|disc_year|kepid|tid|koi_fpflag_\w\w|koi_tce_plnt_num)$|^default_flag$"
)
_REAL = re.compile(
    r"(err[12]$)|(mag$)|^(ra|dec|glat|glon|elat|elon)$"
    r"|^pl_(orbper|orbsmax|orbeccen|orbincl|orblper|orbtper|rade|radj|bmass[ej]|mass[ej]|msini[ej]|cmass[ej]|dens|insol"
    r"|eqt|tranmid|trandep|trandur|trandurh|imppar|ratdor|ratror|rvamp|occdep|projobliq|trueobliq)$"
    r"|^st_(teff|rad|mass|met|logg|age|lum|dens|vsin|rotp|radv|dist|pmra|pmdec)$|^sy_(dist|plx|pm|pmra|pmdec)$"
    r"|^koi_(score|period|time0bk|time0|impact|duration|depth|prad|teq|insol|model_snr|steff|slogg|srad|smass|sma)$"
)
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "ps": ("pl_name", "hostname", "default_flag", "pl_orbper", "pl_rade", "pl_bmasse"),
    "pscomppars": (
        "pl_name hostname discoverymethod disc_year pl_orbper pl_orbsmax pl_rade pl_bmasse pl_orbeccen pl_insol pl_eqt "
        "st_teff st_rad st_mass st_met st_logg sy_dist"
    ).split(),
    "toi": ("toi", "tid", "tfopwg_disp", "pl_orbper", "pl_rade"),
    "cumulative": ("kepid", "kepoi_name", "koi_disposition", "koi_period", "koi_prad"),
}
_MEASURED = "pl_orbper pl_orbsmax pl_rade pl_bmasse pl_orbeccen pl_insol pl_eqt st_teff st_rad st_mass st_met st_logg"
_NAMES = {
    "ps": "pl_name hostname default_flag disc_year discoverymethod soltype pl_refname st_refname "
    "pl_orbper pl_rade pl_bmasse",
    "pscomppars": "pl_name hostname sy_snum sy_pnum discoverymethod disc_year disc_facility pl_controv_flag "
    "pl_bmassprov "
    "sy_dist sy_disterr1 sy_disterr2 st_spectype st_metratio ra dec "
    + " ".join(f"{name} {name}err1 {name}err2 {name}lim" for name in _MEASURED.split()),
    "toi": "toi tid tfopwg_disp pl_orbper pl_rade pl_insol pl_eqt st_teff st_rad st_logg st_dist ra dec",
    "cumulative": "kepid kepoi_name kepler_name koi_disposition koi_pdisposition koi_score koi_period koi_prad koi_teq "
    "koi_insol koi_steff koi_slogg koi_srad ra dec",
}


def type_of(column: str) -> pa.DataType:
    """The type that the archive's naming gives a column; text for a name that nobody knows."""
    if _INTEGER.search(column):
        return pa.int64()
    return pa.float64() if _REAL.search(column) else pa.string()


def _schema(table: str) -> pa.Schema:
    return pa.schema([(name, type_of(name)) for name in _NAMES[table].split()] + [("_record", pa.int64())])


TABLES: Mapping[str, pa.Schema] = {f"exoplanets_{table}": _schema(table) for table in _NAMES}


def resources(options: Mapping[str, Any], answer: Answer) -> Iterator[Resource]:
    """All columns and rows of each table."""
    for table in options["tables"]:
        yield Resource(table, f"{TAP}?query=select+*+from+{table}&format=csv", table, "csv")


def check(resource: Resource, head: bytes) -> None:
    """Refuse the archive's error pages, and an answer without rows.

    Raises:
        Refused: with the archive's own message.
    """
    body = head.lstrip()
    if body[:5].upper() == b"ERROR" or b"Error Type:" in head[:2000]:
        message = " ".join(re.sub(r"<[^>]*>", " ", body.decode(errors="replace")).split())[:300]
        raise Refused(f"the archive answered with an error page: {message}", where=resource.url)
    if body[:1] == b"<":
        raise Refused("the answer is XML or HTML, not CSV", where=resource.url, why="TAP tells errors as a VOTable")
    lines = [line for line in body.splitlines() if line.strip() and not line.startswith((b"#", b"\\", b"|"))]
    if not lines or REQUIRED[resource.kind][0].encode() not in lines[0]:
        raise Refused(f"there is no header with {REQUIRED[resource.kind][0]}", where=resource.url)
    if len(lines) < 2:
        raise Refused("there is a header, but not one row", where=resource.url)


def read(resource: Resource, path: Path) -> Iterator[Part]:
    """The rows of a table, some megabytes at a time.

    Raises:
        Unreadable: a column that the models need is gone, or there is no row.
    """
    header, seen = None, 0
    for block in text.lines(path):
        plain = pc.invert(pc.starts_with(block.text, "#"))
        block = block._replace(record=block.record.filter(plain), text=block.text.filter(plain))
        if header is None:
            if len(block.text) == 0:
                continue
            header = _header(block.text[0].as_py(), resource)
            block = block._replace(record=block.record[1:], text=block.text[1:])
        if block.seen:
            seen += block.seen
            yield _part(resource, header, block)
    if seen == 0:
        raise text.nothing_found("row", resource.url)


def _header(line: str, resource: Resource) -> list[str]:
    names = [name.strip().strip('"') for name in line.split(",")]
    gone = [name for name in REQUIRED[resource.kind] if name not in names]
    if gone or len(set(names)) < len(names):
        raise Unreadable(
            f"the header changed: {', '.join(gone)} is gone" if gone else "a column stands twice in the header",
            where=resource.url,
            why="the archive renamed a column, or the answer is of another table",
            next="compare the header with REQUIRED in lake/sources/exoplanets.py",
        )
    return names


def _part(resource: Resource, header: list[str], block: text.Lines) -> Part:
    table = f"exoplanets_{resource.kind}"
    cells, record, misfits = _cells(header, block)
    columns: dict[str, pa.Array] = {"_record": record}
    faults = []
    for name in header:
        column = cells[name]
        column = pc.if_else(pc.equal(column, ""), None, column)
        type = type_of(name)
        if type != pa.string():
            columns[name], wrong = (text.integers if type == pa.int64() else text.reals)(column)
            faults.append((wrong, f"{name} is not a finite number"))
        else:
            columns[name] = column
    schema = TABLES[table]
    missing = {name: pa.nulls(len(record), schema.field(name).type) for name in schema.names if name not in columns}
    columns |= missing
    extra = [pa.field(name, type_of(name)) for name in header if name not in schema.names]
    whole = pa.schema([pa.field("_record", pa.int64()), *[f for f in schema if f.name != "_record"], *extra])

    def content(mask: pa.Array) -> pa.Array:
        return block.text.filter(pc.is_in(block.record, record.filter(mask)))

    rows, wrong, _ = text.sift(whole, record, columns, faults, content)
    return text.together(table, block.seen, rows, block.undecodable, misfits, wrong)


def _cells(header: list[str], block: text.Lines) -> tuple[pa.Table, pa.Array, pa.Table]:
    """The CSV's cells as text, the records that they are of, and the lines that have more or fewer cells."""
    from pyarrow import csv

    bad: list[int] = []

    def skip(row: csv.InvalidRow) -> str:
        bad.append(row.number)
        return "skip"

    data = "\n".join(block.text.to_pylist()).encode()
    cells = csv.read_csv(
        pa.BufferReader(data),
        read_options=csv.ReadOptions(column_names=header, use_threads=False, block_size=max(len(data) + 1, 1 << 20)),
        parse_options=csv.ParseOptions(invalid_row_handler=skip, newlines_in_values=False),
        convert_options=csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False),
    ).combine_chunks()
    keep = [True] * len(block.record)
    for number in bad:
        keep[number - 1] = False
    kept = pa.array(keep)
    lost = pc.invert(kept)
    reason = f"more or fewer cells than the header's {len(header)}"
    misfits = text.rejects(block.record.filter(lost), reason, block.text.filter(lost))
    columns = {name: cells[name].combine_chunks() for name in header}
    return columns, block.record.filter(kept), misfits
