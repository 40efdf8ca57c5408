"""Ontologies in OWL, as RDF/XML, an element at a time with lxml.

pronto 2.7 knows the format too, but builds the whole ontology in memory and passes over annotations of statements.

Of class expressions a named class and "some values from" a named class are relations, alone or in an intersection that
defines the term; others (unions, complements, cardinalities) are rejects with their XML.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lake.errors import Unreadable
from lake.sources import gzipped
from lake.sources.ontology_rows import OWN, RELATIONS, SYNONYMS, Rows, curie
from lake.sources.source import Part

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_OWL = "{http://www.w3.org/2002/07/owl#}"
_ABOUT, _RESOURCE, _DATATYPE = (_RDF + name for name in ("about", "resource", "datatype"))
_KINDS = {
    "Class": "term",
    "ObjectProperty": "typedef",
    "AnnotationProperty": "typedef",
    "DatatypeProperty": "typedef",
    "NamedIndividual": "instance",
}
_EXPRESSIONS = ("rdfs:subClassOf", "owl:equivalentClass")
_SCOPES = {f"oboInOwl:{name}": scope for name, scope in SYNONYMS.items()}


def read(path: Path, where: str, ontology: str) -> Iterator[Part]:
    """The tables of one file.

    Raises:
        Unreadable: it is no well-formed RDF/XML, or holds no class.
    """
    from lxml import etree

    rows, version = Rows(ontology), None
    with gzipped.open_file(path) as file:
        try:
            for number, element in enumerate(_elements(file), 1):
                version = version or _version(element)
                _take(rows, number, element, version)
                yield from rows.full()
        except etree.XMLSyntaxError as error:
            raise Unreadable(f"it is no whole XML: {error}", where=where, why="cut short, or damaged") from None
    if not rows.terms:
        raise Unreadable("there is no class in it", where=where, why="it is no RDF/XML of an ontology")
    yield from rows.rest()


def _elements(file: Any) -> Iterator[Any]:
    """The children of the root, each forgotten after it was taken. Entities of the document itself only."""
    from lxml import etree

    root = None
    steps = etree.iterparse(
        file, events=("start", "end"), remove_comments=True, resolve_entities="internal", no_network=True
    )
    for event, element in steps:
        if root is None:
            root = element
        elif event == "end" and element.getparent() is root:
            yield element
            element.clear(keep_tail=False)
            while element.getprevious() is not None:  # what is read ahead already stands behind it
                del root[0]


def _version(element: Any) -> str | None:
    if element.tag != _OWL + "Ontology":
        return None
    said = element.findtext(_OWL + "versionInfo")
    iri = element.find(_OWL + "versionIRI")
    return said or (iri.get(_RESOURCE) if iri is not None else None)


def _take(rows: Rows, number: int, element: Any, version: str | None) -> None:
    name = _name(element)
    about = element.get(_ABOUT)
    if name == "owl:Axiom":
        _annotation(rows, number, element)
    elif name == "owl:Ontology":
        for child in element:
            _property(rows, number, rows.ontology, child)
    elif (kind := _KINDS.get(name.removeprefix("owl:"))) and about:
        _term(rows, number, element, curie(about), kind, version)
    elif kind:
        rows.reject("terms", number, f"the {name} has no IRI", _xml(element))
    elif about:
        for child in element:
            _child(rows, number, curie(about), child)
    else:
        rows.reject("properties", number, f"{name} is neither a term nor of one", _xml(element))


def _term(rows: Rows, number: int, element: Any, id: str, kind: str, version: str | None) -> None:
    own: dict[str, str] = {}
    obsolete = False
    for child in element:
        name = _name(child)
        if name == "owl:deprecated":
            obsolete = _text(child) in ("true", "1")
        elif name in OWN and OWN[name] not in own and _text(child):
            own[OWN[name]] = _text(child)
        else:
            _child(rows, number, id, child)
    rows.put("terms", number, version=version, id=id, kind=kind, obsolete=obsolete, **own)


def _child(rows: Rows, number: int, id: str, child: Any) -> None:
    """What a term's element holds, but for the term's own columns."""
    name, value = _name(child), _text(child)
    if name in _EXPRESSIONS and len(child):
        _expression(rows, number, id, child)
    elif name in _SCOPES and value:
        rows.put("synonyms", number, id=id, synonym=value, scope=_SCOPES[name])
    elif name == "owl:propertyChainAxiom" and len(child):
        chain = " ".join(curie(part.get(_ABOUT) or "?") for part in child)
        rows.put("properties", number, id=id, property="holds_over_chain", value=chain)
    elif name == "oboInOwl:hasDbXref" and value:
        rows.put("xrefs", number, id=id, xref=value)
    elif name in RELATIONS and (target := child.get(_RESOURCE) or value) and not target.startswith(_OWL.strip("{}")):
        rows.relate(number, id, RELATIONS[name], curie(target))
    else:
        _property(rows, number, id, child)


def _expression(rows: Rows, number: int, id: str, child: Any) -> None:
    """A class expression: a restriction, or the intersection that defines the term."""
    logical = _name(child) == "owl:equivalentClass"
    parts = child.find(f"{_OWL}Class/{_OWL}intersectionOf")
    for part in child if parts is None else parts:
        if part.get(_ABOUT):
            rows.relate(number, id, "is_a", curie(part.get(_ABOUT)), logical=logical)
        elif part.tag == _OWL + "Restriction" and (some := _some(part)):
            rows.relate(number, id, *some, logical=logical)
        else:
            rows.reject("relations", number, "it is no restriction to some of a named class", _xml(part))


def _some(restriction: Any) -> tuple[str, str] | None:
    """The relation and the class of "some values from"."""
    relation, target = restriction.find(_OWL + "onProperty"), restriction.find(_OWL + "someValuesFrom")
    if relation is None or target is None or not (relation.get(_RESOURCE) and target.get(_RESOURCE)):
        return None
    return curie(relation.get(_RESOURCE)), curie(target.get(_RESOURCE))


def _annotation(rows: Rows, number: int, axiom: Any) -> None:
    """What is said of a statement: of a synonym, whom it cites; of a definition, its source."""
    said = {_name(child): child for child in axiom}
    source, target = said.pop("owl:annotatedSource", None), said.pop("owl:annotatedTarget", None)
    relation = said.pop("owl:annotatedProperty", None)
    if source is None or relation is None or not source.get(_RESOURCE):
        rows.reject("properties", number, "it does not say which statement it is about", _xml(axiom))
        return
    about = curie(relation.get(_RESOURCE, ""))
    if target is not None:
        about = f"{about} {curie(target.get(_RESOURCE) or _text(target) or '')}".strip()
    for child in axiom:
        if not _name(child).startswith("owl:annotated"):
            _property(rows, number, curie(source.get(_RESOURCE)), child, about)


def _property(rows: Rows, number: int, id: str, child: Any, about: str | None = None) -> None:
    name, resource = _name(child), child.get(_RESOURCE)
    value = curie(resource) if resource else _text(child)
    if value is None and len(child):
        rows.reject("properties", number, f"{name} holds elements", _xml(child))
        return
    datatype = child.get(_DATATYPE)
    rows.put(
        "properties", number, id=id, property=name, value=value, datatype=datatype and curie(datatype), about=about
    )


def _name(element: Any) -> str:
    return curie(element.tag.replace("{", "", 1).replace("}", "", 1))


def _text(element: Any) -> str | None:
    return (element.text or "").strip() or None


def _xml(element: Any) -> str:
    from lxml import etree

    return etree.tostring(element, encoding="unicode", with_tail=False)
