"""The catalogue of exoplanet.eu (https://exoplanet.eu/catalog/), complete, as CSV: one row a planet.

Cells may be quoted (alternate_names, detection_type); an empty cell is missing. Columns are read by name; the names of
older files, whose header begins with "#", are read too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lake.errors import Refused
from lake.sources.contract import Answer, Answers, Facts, Part, Resource
from lake.sources.exoplanet_eu import tables

FACTS = Facts(
    name="exoplanet_eu",
    title="Encyclopaedia of exoplanetary systems (exoplanet.eu)",
    homepage="https://exoplanet.eu",
    licence="free for research; cite the catalogue",
    citation="Schneider J et al. (2011) A&A 532 A79, doi:10.1051/0004-6361/201116713",
    rate=0.2,
    refresh=7,
    domain="astronomy",
)
READER = 2
TABLES = tables.TABLES
OPTIONS: Mapping[str, Any] = {"url": "https://exoplanet.eu/catalog/csv/"}


def resources(options: Mapping[str, Any], answers: Answers) -> Iterator[Resource]:
    """The whole catalogue, in one answer."""
    yield Resource("catalogue", options["url"], "catalogue", "csv")


def check(resource: Resource, head: bytes) -> None:
    """Refuse an HTML page, another table, and a catalogue without planets.

    Raises:
        Refused: with the beginning of the answer.
    """
    body = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if body[:1] in (b"<", b"{", b"["):
        raise Refused(
            f"the answer is not CSV: it begins with {body[:40].decode(errors='replace')!r}", where=resource.url
        )
    header, *rows = body.removeprefix(b"#").splitlines() or [b""]
    names = [name.strip(b' "') for name in header.split(b",")]
    if not {b"name", b"planet_status", b"star_name"} <= set(names):
        raise Refused("the answer has no header with name, planet_status and star_name", where=resource.url)
    if not any(row.strip() for row in rows) and len(head) < 2**16:
        raise Refused("the answer has a header, but no planet", where=resource.url)


def read(resource: Resource, answer: Answer) -> Iterator[Part]:
    """The planets, some megabytes at a time; see :func:`lake.formats.delimited.rows` for what is a reject.

    Raises:
        Unreadable: a column that the models need is missing, or no row fits the header.
    """
    from lake.formats import delimited

    layout = delimited.Layout(
        "exoplanet_eu_planets",
        TABLES["exoplanet_eu_planets"],
        tables.REQUIRED,
        delimiter=",",
        quoted=True,
        why="the catalogue renamed a column: see REQUIRED in lake/sources/exoplanet_eu/tables.py",
    )
    yield from delimited.read(layout, answer, resource.url)
