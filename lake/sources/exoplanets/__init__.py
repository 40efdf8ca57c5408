"""NASA Exoplanet Archive: its tables through TAP (https://exoplanetarchive.ipac.caltech.edu/docs/TAP/usingTAP.html).

An answer is CSV, perhaps with `#` lines before the header; a record is a line. Columns are read by name, in any
order. An error comes with status 200 and a body that begins with ERROR, or as a VOTable.
"""

from __future__ import annotations

import difflib
import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from lake.errors import ConfigError, Refused
from lake.sources.contract import Answer, Answers, Facts, Part, Resource
from lake.sources.exoplanets import tables

FACTS = Facts(
    name="exoplanets",
    title="NASA Exoplanet Archive",
    homepage="https://exoplanetarchive.ipac.caltech.edu",
    licence="public; acknowledge the archive and its tables' DOIs",
    citation="Christiansen JL et al. (2025) PSJ, doi:10.26133/NEA13 (pscomppars), doi:10.26133/NEA12 (ps)",
    rate=1,
    refresh=7,
    domain="astronomy",
)
READER = 3
TABLES = tables.TABLES
OPTIONS: Mapping[str, Any] = {"tables": ["ps", "pscomppars", "toi", "cumulative"]}
TAP = "https://exoplanetarchive.ipac.caltech.edu/TAP/sync"
_KEY = {
    "ps": "pl_name",
    "pscomppars": "pl_name",
    "toi": "toi",
    "cumulative": "kepoi_name",
}  # a row without it is a reject


def resources(options: Mapping[str, Any], answers: Answers) -> Iterator[Resource]:
    """All columns and rows of each table.

    Raises:
        ConfigError: lake.toml names a table that this reader does not know.
    """
    for table in options["tables"]:
        if table not in _KEY:
            close = difflib.get_close_matches(str(table), _KEY, 1)
            raise ConfigError(
                f"[sources.exoplanets] tables names {table!r}",
                where="lake.toml",
                why=f"did you mean {close[0]!r}?" if close else "this reader does not know that table",
                next=f"it takes {', '.join(_KEY)}",
            )
        yield Resource(table, f"{TAP}?query=select+*+from+{table}&format=csv", table, "csv")


def check(resource: Resource, head: bytes) -> None:
    """Refuse the archive's error pages, what is not CSV of that table, and an answer without rows.

    Raises:
        Refused: with the archive's own message.
    """
    body = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if body[:5].upper() == b"ERROR" or (b"QUERY_STATUS" in body and b'"ERROR"' in body):
        raise Refused(f"the archive answered with an error: {_message(body)}", where=resource.url)
    if body[:1] in (b"<", b"{", b"[", b"\\", b"|"):
        raise Refused(
            f"the answer is not CSV: it begins with {body[:40].decode(errors='replace')!r}", where=resource.url
        )
    lines = [line for line in body.splitlines() if line.strip() and not line.startswith(b"#")]
    key = _KEY[resource.kind]
    if not lines or key not in _names(lines[0].decode(errors="replace")):
        raise Refused(f"the answer has no header with a column {key}", where=resource.url)
    if len(lines) < 2 and len(head) < 2**16:
        raise Refused("the answer has a header, but no row", where=resource.url)


def _message(body: bytes) -> str:
    text = re.sub(r"<[^>]*>", " ", body.decode(errors="replace"))
    return " ".join(html.unescape(text).split())[:300]


def _names(header: str) -> list[str]:
    return [name.strip().strip('"') for name in header.split(",")]


def read(resource: Resource, answer: Answer) -> Iterator[Part]:
    """The rows of a table, some megabytes at a time.

    See :func:`lake.formats.delimited.rows` for what is a reject, and which cells are set aside. An empty cell is
    missing. A column that this reader does not know is kept as text.

    Raises:
        Unreadable: a column that the models need is missing, or no row fits the header.
    """
    from lake.formats import delimited

    table = resource.kind
    layout = delimited.Layout(
        f"exoplanets_{table}",
        TABLES[f"exoplanets_{table}"],
        (_KEY[table], *(name for name in tables.REQUIRED[table] if name != _KEY[table])),
        delimiter=",",
        quoted=True,
        extra=tables.field,
        why="the archive renamed a column, or the answer is of another table: see REQUIRED in "
        "lake/sources/exoplanets/tables.py",
    )
    yield from delimited.read(layout, answer, resource.url)
