"""Open Exoplanet Catalogue (https://www.openexoplanetcatalogue.com): its table, and its systems as XML.

[sources.open_exoplanets]
table = true                  # one row a planet, without uncertainties and other names
systems = ["TRAPPIST-1"]      # one XML file a system: names, uncertainties, limits, binaries
everything = false            # all systems in one file, systems.xml.gz, instead of single ones
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from lake.errors import ConfigError, Refused
from lake.sources.contract import Answer, Answers, Facts, Part, Resource
from lake.sources.open_exoplanets import tables

FACTS = Facts(
    name="open_exoplanets",
    title="Open Exoplanet Catalogue",
    homepage="https://www.openexoplanetcatalogue.com",
    licence="MIT",
    citation="Rein H (2012) arXiv:1211.7121",
    rate=2,
    refresh=7,
    domain="astronomy",
    sized=True,
)
READER = 3
TABLES = tables.TABLES
OPTIONS: Mapping[str, Any] = {"table": True, "systems": [], "everything": False}
_HOST = "https://raw.githubusercontent.com/OpenExoplanetCatalogue"
_TABLE = f"{_HOST}/oec_tables/master/comma_separated/open_exoplanet_catalogue.txt"
_SYSTEMS = f"{_HOST}/open_exoplanet_catalogue/master/systems"
_ALL = f"{_HOST}/oec_gzip/master/systems.xml.gz"


def resources(options: Mapping[str, Any], answers: Answers) -> Iterator[Resource]:
    """The table, and the systems that lake.toml names or all of them.

    Raises:
        ConfigError: single systems and everything: a planet would be landed twice.
    """
    if options["systems"] and options["everything"]:
        raise ConfigError(
            "[sources.open_exoplanets] asks for single systems and for everything",
            where="lake.toml",
            why="each of those systems would be landed twice",
            next="leave out systems, or everything",
        )
    if options["table"]:
        yield Resource("table", _TABLE, "table", "csv")
    for name in options["systems"]:
        yield Resource(f"systems/{name}", f"{_SYSTEMS}/{quote(name)}.xml", "systems", "xml")
    if options["everything"]:
        yield Resource("systems", _ALL, "systems", "xml")


def check(resource: Resource, head: bytes) -> None:
    """Refuse an HTML page, another table, and XML of another kind.

    Raises:
        Refused: with the beginning of the answer.
    """
    body = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if resource.kind == "table":
        names = body.partition(b"\n")[0].strip().split(b",")
        matches = {b"name", b"mass", b"list"} <= set(names)
    else:
        matches = b"<system" in body and b"<html" not in body[:2000].lower()
    if not matches:
        shown = body[:40].decode(errors="replace")
        raise Refused(
            f"the answer is not the catalogue's {resource.kind}: it begins with {shown!r}", where=resource.url
        )


def read(resource: Resource, answer: Answer) -> Iterator[Part]:
    """The table's planets, or the systems' objects, names and values.

    Raises:
        Unreadable: a column that the models need is gone, the XML is damaged or declares a document type.
    """
    from lake.formats import delimited
    from lake.sources.open_exoplanets import systems

    if resource.kind == "systems":
        yield from systems.read(resource, answer)
        return
    layout = delimited.Layout(
        "open_exoplanets_planets",
        TABLES["open_exoplanets_planets"],
        tables.REQUIRED,
        delimiter=",",
        quoted=True,
        comment="",
        why="the catalogue renamed a column: see REQUIRED in lake/sources/open_exoplanets/tables.py",
    )
    yield from delimited.read(layout, answer, resource.url)
