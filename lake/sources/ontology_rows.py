"""Rows of ontologies' tables, gathered from formats that are trees, and given away some thousands at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from lake.sources.ontology_tables import TABLES
from lake.sources.source import Part
from lake.sources.text import REJECTS

_ROWS = 50_000  # of all tables together
_KNOWN = (
    ("http://www.geneontology.org/formats/oboInOwl#", "oboInOwl:"),
    ("http://www.w3.org/2000/01/rdf-schema#", "rdfs:"),
    ("http://www.w3.org/1999/02/22-rdf-syntax-ns#", "rdf:"),
    ("http://www.w3.org/2002/07/owl#", "owl:"),
    ("http://www.w3.org/2001/XMLSchema#", "xsd:"),
    ("http://www.w3.org/2004/02/skos/core#", "skos:"),
    ("http://purl.org/dc/terms/", "dcterms:"),
    ("http://purl.org/dc/elements/1.1/", "dc:"),
    ("http://xmlns.com/foaf/0.1/", "foaf:"),
)
_PURL = re.compile(r"https?://purl\.obolibrary\.org/obo/(?:([A-Za-z][\w.-]*)_(\w+)|[\w./-]+#(.+))")

SYNONYMS = {f"has{scope.title()}Synonym": scope for scope in ("EXACT", "BROAD", "NARROW", "RELATED")}
OWN = {  # what OBO has clauses for: the property, and its column of a term
    "rdfs:label": "name",
    "IAO:0000115": "definition",
    "rdfs:comment": "comment",
    "oboInOwl:hasOBONamespace": "namespace",
}
RELATIONS = {
    "rdfs:subClassOf": "is_a",
    "rdfs:subPropertyOf": "is_a",
    "rdf:type": "instance_of",
    "rdfs:domain": "domain",
    "rdfs:range": "range",
    "owl:disjointWith": "disjoint_from",
    "owl:equivalentClass": "equivalent_to",
    "owl:inverseOf": "inverse_of",
    "IAO:0100001": "replaced_by",
    "oboInOwl:hasAlternativeId": "alt_id",
    "oboInOwl:consider": "consider",
}
SUBSET = "oboInOwl:inSubset"


def curie(iri: str) -> str:
    """An IRI as OBO writes it; as it stands, where OBO has no shorter form.

    >>> curie("http://purl.obolibrary.org/obo/ENVO_00000016"), curie("http://purl.obolibrary.org/obo/go#part_of")
    ('ENVO:00000016', 'part_of')
    >>> curie("http://www.w3.org/2000/01/rdf-schema#label")
    'rdfs:label'
    """
    if match := _PURL.fullmatch(iri):
        return match[3] or f"{match[1]}:{match[2]}"
    return next((prefix + iri.removeprefix(long) for long, prefix in _KNOWN if iri.startswith(long)), iri)


class Rows:
    """Rows and rejects of each table, of one file."""

    def __init__(self, ontology: str):
        self.ontology = ontology
        self._rows: dict[str, list[tuple]] = {table: [] for table in TABLES}
        self._rejects: dict[str, list[tuple]] = {table: [] for table in TABLES}
        self._held = self.terms = 0

    def put(self, table: str, record: int, **cells: Any) -> None:
        """A row of ontologies_<table>; what is not said is null."""
        names = TABLES[f"ontologies_{table}"].names[2:]
        self._rows[f"ontologies_{table}"].append((record, self.ontology, *map(cells.get, names)))
        self._held += 1
        self.terms += table == "terms"

    def relate(self, record: int, id: str, relation: str, target: str, **more: Any) -> None:
        self.put("relations", record, id=id, relation=relation, target=target, **{"logical": False, **more})

    def reject(self, table: str, record: int, reason: str, content: str) -> None:
        self._rejects[f"ontologies_{table}"].append((record, reason, content))
        self._held += 1

    def full(self) -> Iterator[Part]:
        """What was gathered, where that is much."""
        if self._held >= _ROWS:
            yield from self.rest()

    def rest(self) -> Iterator[Part]:
        """What was gathered since."""
        for table, schema in TABLES.items():
            rows, rejects = self._rows[table], self._rejects[table]
            if rows or rejects:
                bad = _table(rejects, REJECTS) if rejects else None
                yield Part(table, len(rows) + len(rejects), _table(rows, schema), bad)
                self._rows[table], self._rejects[table] = [], []
        self._held = 0


def _table(rows: list[tuple], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )
