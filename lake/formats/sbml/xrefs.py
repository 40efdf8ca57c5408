"""Cross-references of an element of an SBML model: identifiers.org in its annotation, or lines of its notes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_QUALIFIERS = ("http://biomodels.net/biology-qualifiers/", "http://biomodels.net/model-qualifiers/")
_URL = re.compile(r"https?://(?:www\.)?(?:identifiers\.org|bioregistry\.io)/(?P<rest>.+)", re.IGNORECASE)
_URN = re.compile(r"urn:miriam:(?P<rest>.+)", re.IGNORECASE)
_COMPACT = re.compile(r"(?P<prefix>[A-Za-z][\w.-]*):(?P<id>.+)", re.DOTALL)
_SLASHED = re.compile(r"(?P<prefix>[^/:]+)/(?P<id>.+)", re.DOTALL)
_FORMS = {  # identifiers of a database, within a note
    "kegg.compound": r"\b[CDG]\d{5}\b",
    "kegg.reaction": r"\bR\d{5}\b",
    "ec-code": r"\b\d+(?:\.(?:\d+|-|n\d+)){1,3}",
    "chebi": r"(?:CHEBI:)?\d+",
    "hmdb": r"\bHMDB\d+\b",
    "pubchem.compound": r"\b\d+\b",
    "biocyc": r"[^\s,;]+",
    "rhea": r"\b\d+\b",
    "seed.compound": r"\bcpd\d+\b",
    "seed.reaction": r"\brxn\d+\b",
    "metanetx.chemical": r"\bMNXM\d+\b",
    "metanetx.reaction": r"\bMNXR\d+\b",
}
_LABELS = {  # of notes, in lower case and without "id" at the end, that are not the database's name
    "kegg": "kegg.compound",
    "pubchem": "pubchem.compound",
    "ec number": "ec-code",
    "ec_number": "ec-code",
    "metanetx (mnx) chemical": "metanetx.chemical",
    "metanetx (mnx) equation": "metanetx.reaction",
    "metanetx equation": "metanetx.reaction",
}


class Xref(NamedTuple):
    """An identifier in another database; database and id are None if it is not understood."""

    source: Any  # the XML element that has it
    database: str | None
    id: str | None
    qualifier: str | None  # of the annotation: is, isDescribedBy, ...; None for a note


def cross_references(element: Any, space: str) -> Iterator[Xref]:
    """The cross-references in an element's own annotation and notes; ``space`` is the namespace of SBML, in braces."""
    for child in element:
        if child.tag == f"{space}annotation":
            yield from _annotated(child)
        elif child.tag == f"{space}notes":
            yield from _noted(child)


def parse_uri(uri: str) -> tuple[str, str] | tuple[None, None]:
    """Database and identifier of a URI, in any form that identifiers.org has had.

    >>> parse_uri("https://identifiers.org/CHEBI:17234"), parse_uri("http://identifiers.org/chebi/CHEBI:17234")
    (('chebi', 'CHEBI:17234'), ('chebi', 'CHEBI:17234'))
    >>> parse_uri("https://identifiers.org/kegg.compound:C00031"), parse_uri("urn:miriam:kegg.compound:C00031")
    (('kegg.compound', 'C00031'), ('kegg.compound', 'C00031'))
    """
    uri = uri.strip()
    if url := _URL.fullmatch(uri):
        rest = unquote(url["rest"])
        if parts := _SLASHED.fullmatch(rest):
            database, id = parts["prefix"], parts["id"]
            inner = _COMPACT.fullmatch(id) if ":" in id else None
            own = inner is not None and inner["prefix"].lower() == database.lower() and not inner["prefix"].isupper()
            return (database.lower(), inner["id"]) if own and inner else (database.lower(), id)
    elif urn := _URN.fullmatch(uri):
        rest = urn["rest"]
    else:
        return None, None
    parts = _COMPACT.fullmatch(rest)
    if parts is None:
        return None, None
    prefix, id = parts["prefix"], unquote(parts["id"])
    prefixed = prefix.isupper() and not id.upper().startswith(f"{prefix}:")  # the prefix is part of such identifiers
    return prefix.lower(), f"{prefix}:{id}" if prefixed else id


def _annotated(annotation: Any) -> Iterator[Xref]:
    for item in annotation.iter(f"{_RDF}li"):
        qualifier = item.getparent().getparent()
        space, _, name = qualifier.tag[1:].rpartition("}")
        if space in _QUALIFIERS:  # others are authors and dates
            database, id = parse_uri(item.get(f"{_RDF}resource") or "")
            yield Xref(item, database, id, name)


def _noted(notes: Any) -> Iterator[Xref]:
    for line in notes.iter("{*}p"):
        label, _, value = "".join(line.itertext()).partition(":")
        label = " ".join(label.lower().removesuffix("id").split())
        database = _LABELS.get(label, label.replace(" ", "."))
        if database not in _FORMS or not value.strip():
            continue
        ids = dict.fromkeys(re.findall(_FORMS[database], value)) or {None: None}
        for id in ids:
            yield Xref(line, database, f"CHEBI:{id}" if database == "chebi" and id and id.isdigit() else id, None)
