"""Ontologies in OWL (RDF/XML, https://www.w3.org/TR/rdf-syntax-grammar/), as the same tables as OBO flat files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urldefrag, urljoin

from lxml import etree

from lake.errors import Unreadable
from lake.formats import gzipped, text
from lake.formats.answer import Answer
from lake.formats.ontology.rows import SCOPES, Rows, curie, predicate
from lake.formats.part import Part
from lake.formats.schema import Table

_OWL, _RDF = "{http://www.w3.org/2002/07/owl#}", "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_RDFS, _OBO = "{http://www.w3.org/2000/01/rdf-schema#}", "{http://purl.obolibrary.org/obo/}"
_IN_OWL, _XML = "{http://www.geneontology.org/formats/oboInOwl#}", "{http://www.w3.org/XML/1998/namespace}"
_AT_ONCE = 20_000  # terms
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_KINDS = {f"{_OWL}Class": "class", f"{_RDFS}Class": "class"} | dict.fromkeys(
    [f"{_OWL}ObjectProperty", f"{_OWL}AnnotationProperty", f"{_OWL}DatatypeProperty", f"{_RDF}Property"], "property"
)
_EDGES = (f"{_RDFS}subClassOf", f"{_RDFS}subPropertyOf")
_CARDINALITIES = {  # in OWL: in OBO
    f"{_OWL}minQualifiedCardinality": "minCardinality",
    f"{_OWL}maxQualifiedCardinality": "maxCardinality",
    f"{_OWL}qualifiedCardinality": "cardinality",
}


def read(answer: Answer, where: str, tables: Mapping[str, Table]) -> Iterator[Part]:
    """The classes and properties of an OWL file, wherever they are in it, in bounded memory. One without a name of its
    own (a class expression) is not a term.

    Args:
        tables: terms, synonyms, xrefs and relations.

    Raises:
        Unreadable: it is truncated, not RDF/XML, or has no class.
    """
    reader = _Reader(where, tables)
    options: dict[str, Any] = {
        "resolve_entities": "internal",
        "no_network": True,
        "load_dtd": False,
        "huge_tree": False,
        "remove_comments": True,
        "remove_pis": True,
    }
    try:
        with gzipped.open_file(answer) as file:
            for event, element in etree.iterparse(file, events=("start", "end"), **options):
                if event == "start":
                    if element.getparent() is None and element.tag != f"{_RDF}RDF":
                        raise Unreadable(f"its root is <{element.tag.rpartition('}')[2]}>, not rdf:RDF", where=where)
                    continue
                if element.getparent() is None or element.getparent().getparent() is not None:
                    continue
                reader.take(element)
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
                if len(reader.rows.rows["terms"]) >= _AT_ONCE:
                    yield from reader.rows.parts()
    except etree.XMLSyntaxError as error:
        raise Unreadable(
            f"the XML is truncated or damaged: {error.msg}", where=f"{where} line {error.lineno}"
        ) from None
    if reader.number == 0:
        raise text.no_records("term", where)
    yield from reader.rows.parts()


class _Reader:
    """Reads the children of rdf:RDF one by one, with the version and namespace that hold for all terms."""

    def __init__(self, where: str, tables: Mapping[str, Table]):
        self.where, self.rows, self.number = where, Rows(tables), 0
        self.version: str | None = None
        self.namespace: str | None = None

    def take(self, element: Any) -> None:
        """Read a node of the graph, and the nodes in it."""
        if element.tag == f"{_OWL}Ontology":
            version = element.find(f"{_OWL}versionIRI")
            self.version = _best(element, f"{_OWL}versionInfo") or (
                version.get(f"{_RDF}resource") if version is not None else None
            )
            self.namespace = _best(element, f"{_IN_OWL}default-namespace")
            return
        for node in _nodes(element):
            kind, name = _kind(node), self.name_of(node)
            top = node is element
            if kind and (name or top) and (top or len(node) or len(node.attrib) > 1):  # else it is a reference
                self.number += 1
                self.term(node, kind, name)
            elif name and not kind and node.tag == f"{_RDF}Description" and self.has_statements(node):
                self.number += 1
                reason = "it does not say what it is: it has no rdf:type"
                self.rows.reject(
                    "terms", self.number, reason, etree.tostring(node, encoding="unicode", with_tail=False)
                )

    def term(self, node: Any, kind: str, name: str | None) -> None:
        """Add a term with its synonyms, cross-references and relations."""
        rows, number = self.rows, self.number
        if name is None:
            shown = etree.tostring(node, encoding="unicode", with_tail=False)
            rows.reject("terms", number, "its term has no id", shown)
            return
        rows.add(
            "terms",
            number,
            name,
            kind,
            _best(node, f"{_RDFS}label"),
            _best(node, f"{_OBO}IAO_0000115"),
            _best(node, f"{_IN_OWL}hasOBONamespace") or self.namespace,
            "\n".join(_texts(node, f"{_RDFS}comment")) or None,
            _best(node, f"{_OWL}deprecated") in ("true", "1"),
            self.version,
        )
        for child in node:
            local = child.tag.rpartition("}")[2]
            value = (child.text or "").strip()
            if child.tag in _EDGES:
                self.edges(name, child)
            elif local in SCOPES:
                self.add("synonyms", name, child, (value, SCOPES[local]), "the synonym has no text")
            elif local == "hasDbXref":
                self.add("xrefs", name, child, (value or self.target(child),), "it has no xref")
            elif local == "hasAlternativeId":
                self.add("relations", name, child, (curie(value), "alternative_id"), "it has no target")
            elif local in ("IAO_0100001", "consider"):
                relation = "consider" if local == "consider" else "replaced_by"
                self.add("relations", name, child, (self.target(child) or curie(value), relation), "it has no target")

    def add(self, table: str, name: str, child: Any, row: tuple[str | None, ...], fault: str) -> None:
        """Add a row if it has its first value, else a reject."""
        if not row[0]:
            shown = etree.tostring(child, encoding="unicode", with_tail=False)
            self.rows.reject(table, self.number, fault, shown)
        elif table == "relations":
            self.rows.add(table, self.number, name, *reversed(row))
        else:
            self.rows.add(table, self.number, name, *row)

    def edges(self, name: str, child: Any) -> None:
        """Add what a class is below: a class, or the classes of a restriction. Any other expression is a reject."""
        if target := self.target(child):
            self.rows.add("relations", self.number, name, "is_a", target)
            return
        for expression in child:
            on = expression.find(f"{_OWL}onProperty")
            relation = predicate(self.iri_of(on)) if on is not None else None
            targets = list(self.restricted(expression)) if relation else []
            for target, qualifiers in targets:
                self.rows.add("relations", self.number, name, relation, target, qualifiers)
            if not targets:
                shown = etree.tostring(expression, encoding="unicode", with_tail=False)
                self.rows.reject("relations", self.number, "a class expression that is not read", shown)
        if not len(child):
            self.rows.reject("relations", self.number, "it has no target", etree.tostring(child, encoding="unicode"))

    def restricted(self, expression: Any) -> Iterator[tuple[str, str | None]]:
        """The classes of a restriction, with their quantifiers in OBO."""
        on_class = expression.find(f"{_OWL}onClass")
        for part in expression:
            if part.tag == f"{_OWL}someValuesFrom" and (target := self.target(part)):
                yield target, None
            elif part.tag == f"{_OWL}allValuesFrom" and (target := self.target(part)):
                yield target, 'all_only="true"'
            elif part.tag in _CARDINALITIES and on_class is not None and (target := self.target(on_class)):
                yield target, f'{_CARDINALITIES[part.tag]}="{(part.text or "").strip()}"'

    def target(self, child: Any) -> str | None:
        """The target of a property, if it has a name."""
        return curie(self.iri_of(child))

    def iri_of(self, child: Any) -> str | None:
        resource = child.get(f"{_RDF}resource")
        if resource is not None:
            return self.resolved(child, resource)
        return self.own_iri(child[0]) if len(child) == 1 and not child.get(f"{_RDF}parseType") else None

    def name_of(self, node: Any) -> str | None:
        return curie(self.own_iri(node))

    def own_iri(self, node: Any) -> str | None:
        if (about := node.get(f"{_RDF}about")) is not None:
            return self.resolved(node, about)
        id = node.get(f"{_RDF}ID")
        return self.resolved(node, f"#{id}") if id else None

    def resolved(self, element: Any, iri: str) -> str:
        """An IRI, resolved against xml:base or the URL of the file."""
        if _ABSOLUTE.match(iri):
            return iri
        return urljoin(urldefrag(element.base or self.where).url, iri)

    def has_statements(self, node: Any) -> bool:
        """Whether a node has a statement that a term would be read with."""
        tags = {f"{_RDFS}label", f"{_OBO}IAO_0000115", *_EDGES, f"{_IN_OWL}hasDbXref"}
        return any(child.tag in tags or child.tag.rpartition("}")[2] in SCOPES for child in node)


def _nodes(element: Any) -> Iterator[Any]:
    """A node and all nodes in it: in RDF/XML a node's children are properties, and their children are nodes."""
    yield element
    for child in element:
        if child.get(f"{_RDF}parseType") in (None, "Collection"):
            for node in child:
                yield from _nodes(node)


def _kind(node: Any) -> str | None:
    """ "class" or "property", by the node's tag or its types."""
    if kind := _KINDS.get(node.tag):
        return kind
    types = [child.get(f"{_RDF}resource") or "" for child in node.iterfind(f"{_RDF}type")]
    for iri in [*types, node.get(f"{_RDF}type") or ""]:
        space, mark, local = iri.rpartition("#")
        if kind := _KINDS.get(f"{{{space}{mark}}}{local}"):
            return kind
    return None


def _texts(element: Any, tag: str) -> list[str]:
    """The texts of a property in its best language: English or none, else the first."""
    texts = [(_language(child), text) for child in element.iterfind(tag) if (text := (child.text or "").strip())]
    if value := (element.get(tag) or "").strip():
        texts.append((_language(element), value))
    english = [value for language, value in texts if not language or language == "en" or language.startswith("en-")]
    return english or [value for language, value in texts if language == texts[0][0]]


def _best(element: Any, tag: str) -> str | None:
    return next(iter(_texts(element, tag)), None)


def _language(element: Any) -> str:
    while element is not None:
        if (language := element.get(f"{_XML}lang")) is not None:
            return str(language).lower()
        element = element.getparent()
    return ""
