"""Ontologies in OWL (RDF/XML) and as OBO graphs (JSON), as the same tables as OBO flat files give."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from lxml import etree

from lake.errors import Unreadable
from lake.sources import gzipped, text
from lake.sources.ontologies_tables import PREDICATES, TABLES
from lake.sources.source import Part

_OWL, _RDF = "{http://www.w3.org/2002/07/owl#}", "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_RDFS, _OBO = "{http://www.w3.org/2000/01/rdf-schema#}", "{http://purl.obolibrary.org/obo/}"
_IN_OWL = "{http://www.geneontology.org/formats/oboInOwl#}"
_SCOPES = {f"has{scope.title()}Synonym": scope for scope in ("exact", "broad", "narrow", "related")}
_AT_ONCE = 20_000  # terms
_EDGES = {"subClassOf": "is_a", "subPropertyOf": "is_a"}
Row = tuple[Any, ...]


class _Rows:
    """Rows of the four tables; `parts` gives what came since, and forgets it."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {table: [] for table in TABLES}
        self.rejected: dict[str, list[Row]] = {table: [] for table in TABLES}

    def add(self, table: str, *row: Any) -> None:
        lacking = len(TABLES[f"ontologies_{table}"]) - len(row)  # the last columns may be left out
        self.rows[f"ontologies_{table}"].append((*row, *[None] * lacking))

    def reject(self, table: str, number: int, reason: str, content: Any) -> None:
        shown = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        self.rejected[f"ontologies_{table}"].append((number, reason, shown[:2000]))

    def parts(self) -> Iterator[Part]:
        for table, rows in self.rows.items():
            rejects = self.rejected[table]
            columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in TABLES[table]]
            arrays = [pa.array(values, kind.type) for values, kind in zip(columns, TABLES[table], strict=True)]
            set_aside = None
            if rejects:
                record, reason, content = (list(column) for column in zip(*rejects, strict=True))
                set_aside = text.rejects(pa.array(record, pa.int64()), pa.array(reason), pa.array(content))
            landed = pa.Table.from_arrays(arrays, schema=TABLES[table])
            yield Part(table, len(rows) + len(rejects), landed, set_aside)
        self.__init__()


def curie(iri: str | None) -> str | None:
    """An identifier of the web as ontologies write it.

    >>> curie("http://purl.obolibrary.org/obo/ENVO_00000015"), curie("http://example.org/x")
    ('ENVO:00000015', 'http://example.org/x')
    """
    if not iri:
        return None
    if match := re.fullmatch(r"http://purl\.obolibrary\.org/obo/([A-Za-z]+)_(\w+)", iri):
        return f"{match[1]}:{match[2]}"
    return re.sub(r"^http://(?:www\.geneontology\.org/formats/oboInOwl|purl\.obolibrary\.org/obo/\w+)#", "", iri)


def _predicate(iri: str | None) -> str | None:
    short = curie(iri)
    return PREDICATES.get(short, short) if short else None


# OWL


def read(path: Path, where: str) -> Iterator[Part]:
    """The classes and properties of an OWL file, in bounded memory. One without a name of its own (a class expression)
    is no term.

    Raises:
        Unreadable: cut short, not RDF/XML, or without a class.
    """
    rows, number, version = _Rows(), 0, None
    tags = {f"{_OWL}Class": "class", f"{_OWL}ObjectProperty": "property", f"{_OWL}AnnotationProperty": "property"}
    options: dict[str, Any] = {
        "resolve_entities": "internal",
        "no_network": True,
        "load_dtd": False,
        "huge_tree": False,
    }
    try:
        with gzipped.open_file(path) as file:
            for event, element in etree.iterparse(file, events=("start", "end"), **options):
                if event == "start":
                    if element.getparent() is None and element.tag != f"{_RDF}RDF":
                        raise Unreadable(f"its root is <{etree.QName(element).localname}>, not rdf:RDF", where=where)
                    continue
                if element.getparent() is None or element.getparent().getparent() is not None:
                    continue
                if element.tag == f"{_OWL}Ontology":
                    version = _version(element)
                elif element.tag in tags:
                    number += 1
                    _class(rows, number, element, tags[element.tag], version)
                    if number % _AT_ONCE == 0:
                        yield from rows.parts()
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        raise Unreadable(
            f"the XML breaks off or is damaged: {error.msg}", where=f"{where} line {error.lineno}"
        ) from None
    if number == 0:
        raise text.nothing_found("term", where)
    yield from rows.parts()


def _version(ontology: Any) -> str | None:
    said = ontology.findtext(f"{_OWL}versionInfo")
    iri = ontology.find(f"{_OWL}versionIRI")
    return said or (iri.get(f"{_RDF}resource") if iri is not None else None)


def _class(rows: _Rows, number: int, element: Any, kind: str, version: str | None) -> None:
    term = curie(element.get(f"{_RDF}about"))
    if term is None:
        rows.reject("terms", number, "its term has no id", etree.tostring(element, encoding="unicode"))
        return
    rows.add(
        "terms",
        number,
        term,
        kind,
        _said(element, f"{_RDFS}label"),
        _said(element, f"{_OBO}IAO_0000115"),
        _said(element, f"{_IN_OWL}hasOBONamespace"),
        _said(element, f"{_RDFS}comment"),
        _said(element, f"{_OWL}deprecated") == "true",
        version,
    )
    for child in element:
        name = etree.QName(child).localname
        if name in _SCOPES and child.text:
            rows.add("synonyms", number, term, child.text, _SCOPES[name])
        elif name == "hasDbXref" and child.text:
            rows.add("xrefs", number, term, child.text)
        elif name == "hasAlternativeId" and child.text:
            rows.add("relations", number, term, "alternative_id", curie(child.text))
        elif name in ("IAO_0100001", "consider"):
            target = curie(child.get(f"{_RDF}resource") or child.text)
            rows.add("relations", number, term, "replaced_by" if name[0] == "I" else "consider", target)
        elif name in _EDGES:
            for predicate, target in _edges(child, _EDGES[name]):
                rows.add("relations", number, term, predicate, target)


def _said(element: Any, tag: str) -> str | None:
    found = element.findtext(tag)
    return found.strip() or None if found else None


def _edges(child: Any, name: str) -> Iterator[tuple[str, str]]:
    """What a class is part of: another class, or those that a restriction names. Other expressions are left out."""
    if target := curie(child.get(f"{_RDF}resource")):
        yield name, target
    for restriction in child.iterfind(f"{_OWL}Restriction"):
        on, some = restriction.find(f"{_OWL}onProperty"), restriction.find(f"{_OWL}someValuesFrom")
        if on is None or some is None:
            continue
        predicate, target = _predicate(on.get(f"{_RDF}resource")), curie(some.get(f"{_RDF}resource"))
        if predicate and target:
            yield predicate, target


# OBO graphs


def read_graphs(path: Path, where: str) -> Iterator[Part]:
    """The nodes and edges of OBO graphs (https://github.com/geneontology/obographs). A node without an id is a reject.

    Raises:
        Unreadable: it is no JSON, or has no graph with nodes.
    """
    try:
        with gzipped.open_file(path) as file:
            graphs = json.load(file)["graphs"]
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"it holds no OBO graphs: {error}", where=where) from None
    rows, number = _Rows(), 0
    for graph in graphs:
        version = _meta(graph).get("version")
        for node in graph.get("nodes", []):
            number += 1
            _node(rows, number, node, version)
        for edge in graph.get("edges", []):
            predicate = "is_a" if edge.get("pred") in ("is_a", "subPropertyOf") else _predicate(edge.get("pred"))
            said = curie(edge.get("sub")), predicate, curie(edge.get("obj"))
            if all(said):
                rows.add("relations", number, *said)
            else:
                rows.reject("relations", number, "it lacks an end or a kind", edge)
    if number == 0:
        raise text.nothing_found("node", where)
    yield from rows.parts()


def _meta(of: Mapping[str, Any]) -> Mapping[str, Any]:
    return of.get("meta") or {}


def _node(rows: _Rows, number: int, node: Mapping[str, Any], version: str | None) -> None:
    term, meta = curie(node.get("id")), _meta(node)
    if term is None:
        rows.reject("terms", number, "its term has no id", node)
        return
    values = [(curie(each.get("pred")), each.get("val")) for each in meta.get("basicPropertyValues", [])]
    comments = meta.get("comments") or [None]
    rows.add(
        "terms",
        number,
        term,
        "property" if node.get("type") == "PROPERTY" else "class",
        node.get("lbl"),
        (meta.get("definition") or {}).get("val"),
        _value(values, "hasOBONamespace"),
        comments[0],
        bool(meta.get("deprecated")),
        version,
    )
    for each in meta.get("synonyms", []):
        if each.get("val"):
            rows.add("synonyms", number, term, each["val"], _SCOPES.get(each.get("pred", ""), "related"))
        else:
            rows.reject("synonyms", number, "the synonym has no text", each)
    for each in meta.get("xrefs", []):
        if each.get("val"):
            rows.add("xrefs", number, term, each["val"])
        else:
            rows.reject("xrefs", number, "it has no xref", each)
    for predicate, name in (("hasAlternativeId", "alternative_id"), ("IAO:0100001", "replaced_by"), ("consider",) * 2):
        for value in (value for known, value in values if known == predicate and value):
            rows.add("relations", number, term, name, curie(value))


def _value(values: Iterable[tuple[str | None, Any]], wanted: str) -> Any:
    return next((value for predicate, value in values if predicate == wanted), None)
