"""Ontologies of the OBO Foundry, as OBO, OWL or JSON, and NCBI's taxonomy dump: terms, synonyms, relations.

Which of them is for the project to say, in lake.toml, each by the name under which its rows stand:

    [sources.ontologies.files]
    envo = "envo.obo"                          # under http://purl.obolibrary.org/obo/
    go = "go/go-basic.obo"
    taxa = "https://ftp.ncbi.nlm.nih.gov/pub/taxonomy/taxdump.tar.gz"

A file whose name is a prefix of ids, in small letters, is the home of that prefix: what it says of ENVO:00000016 stands
before what another file says, and an id that it does not have is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lake.errors import ConfigError, Refused
from lake.sources.source import Answer, Facts, Part, Resource

FACTS = Facts(
    name="ontologies",
    title="OBO Foundry",
    homepage="https://obofoundry.org",
    licence="each ontology's own: ENVO, PATO CC0 or CC BY; GO, ChEBI, UO CC BY 4.0; NCBI's taxonomy public domain",
    citation="Jackson R et al. (2021) Database baab069, doi:10.1093/database/baab069; and each ontology's own paper",
    rate=1,
    refresh=30,
)
READER = 1
OPTIONS: Mapping[str, Any] = {"files": {}}
ROOT = "http://purl.obolibrary.org/obo"
_FORMATS = {".obo": ("obo", "text"), ".owl": ("owl", "xml"), ".json": ("json", "json"), ".dmp": ("taxdump", "text")}
_BEGINS = {  # what the first 64 KiB of each kind hold
    "obo": rb"(?m)^(format-version\s*:|\[Term\])",
    "owl": rb"<rdf:RDF\b",
    "json": rb'"graphs"\s*:',
    "taxdump": rb"\t\|",
}


def __getattr__(name: str) -> Any:  # the schemas need pyarrow, which light commands do without
    if name == "TABLES":
        from lake.sources.ontology_tables import TABLES

        return TABLES
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def resources(options: Mapping[str, Any], answer: Answer) -> Iterator[Resource]:
    """The files that lake.toml names.

    Raises:
        ConfigError: a name is none, or an address is of no known format.
    """
    for name, address in options["files"].items():
        kind, expects = _format(name, address)
        url = address if "://" in address else f"{ROOT}/{address}"
        yield Resource(name, url, kind, expects, {"ontology": name.partition("/")[0]})


def _format(name: str, address: Any) -> tuple[str, str]:
    if not re.fullmatch(r"[a-z][a-z0-9_-]*(/[a-z0-9_-]+)?", name) or not isinstance(address, str):
        raise ConfigError(
            f"[sources.ontologies.files] has {name} = {address!r}",
            why='a file is like envo = "envo.obo", in small letters',
        )
    ending = re.sub(r"\.gz$", "", address.rpartition("/")[2])
    if ending.endswith("taxdump.tar"):
        return _FORMATS[".dmp"]
    if (found := _FORMATS.get(Path(ending).suffix)) is None:
        raise ConfigError(
            f"[sources.ontologies.files] {name} is {address!r}, of a format that is not known",
            why=f"its name ends in {', '.join(_FORMATS)} or taxdump.tar.gz, with or without .gz",
        )
    return found


def check(resource: Resource, head: bytes) -> None:
    """Refuse what is not of that format.

    Raises:
        Refused: with how it begins.
    """
    if not re.search(_BEGINS[resource.kind], head):
        raise Refused(
            f"it is no ontology as {resource.kind}: it begins with {head[:60].decode('utf-8', 'replace')!r}",
            where=resource.url,
        )


def read(resource: Resource, path: Path) -> Iterator[Part]:
    """The tables of one file, whatever its format. What is not well-formed is a reject, and the rest is taken."""
    from importlib import import_module

    module = {"json": "obographs"}.get(resource.kind, resource.kind)
    reader = import_module(f"lake.sources.{module}")
    yield from reader.read(path, resource.url, resource.params["ontology"])
