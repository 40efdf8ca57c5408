"""Rows of the tables of ontologies, added one by one by OWL and OBO graphs; identifiers as ontologies write them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from lake.formats import text
from lake.formats.part import Part
from lake.formats.schema import Table

PREDICATES = {"BFO:0000050": "part_of", "IAO:0100001": "replaced_by", "oboInOwl:consider": "consider"}
"""Properties with a name of their own in the tables, whatever the format."""
SCOPES = {f"has{scope.title()}Synonym": scope for scope in ("exact", "broad", "narrow", "related")}
_OBO = re.compile(r"https?://purl\.obolibrary\.org/obo/([A-Za-z][A-Za-z0-9]*)_(\w+)")
_OWN = re.compile(r"^https?://(?:www\.geneontology\.org/formats/oboInOwl|purl\.obolibrary\.org/obo/\w+)#")


class Rows:
    """Rows of the four tables: terms, synonyms, xrefs, relations."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self.tables = tables
        self.rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in tables}
        self.rejected: dict[str, list[tuple[int, str, str]]] = {table: [] for table in tables}

    def add(self, table: str, *row: Any) -> None:
        missing = len(self.tables[table].schema) - len(row)  # the last columns may be left out
        self.rows[table].append((*row, *[None] * missing))

    def reject(self, table: str, number: int, reason: str, content: Any) -> None:
        self.rejected[table].append((number, reason, _shown(content)))

    def parts(self) -> Iterator[Part]:
        """The rows and rejects since the last call."""
        for role, (name, schema) in self.tables.items():
            rows, rejects = self.rows[role], self.rejected[role]
            columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in schema]
            arrays = [pa.array(values, kind.type) for values, kind in zip(columns, schema, strict=True)]
            table = None
            if rejects:
                record, reason, content = (list(column) for column in zip(*rejects, strict=True))
                table = text.rejects(pa.array(record, pa.int64()), pa.array(reason), pa.array(content))
            yield Part(name, len(rows) + len(rejects), pa.Table.from_arrays(arrays, schema=schema), table)
            rows.clear()
            rejects.clear()


def _shown(content: Any) -> str:
    shown = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    return shown[:2000].encode("utf-8", "replace").decode()


def curie(iri: str | None) -> str | None:
    """An IRI as the identifier that ontologies use.

    >>> curie("http://purl.obolibrary.org/obo/ENVO_00000015"), curie("http://example.org/x")
    ('ENVO:00000015', 'http://example.org/x')
    """
    if not iri:
        return None
    if match := _OBO.fullmatch(iri):
        return f"{match[1]}:{match[2]}"
    return _OWN.sub("", iri)


def predicate(iri: str | None) -> str | None:
    """The name of a property in the tables."""
    short = curie(iri)
    return PREDICATES.get(short, short) if short else None
