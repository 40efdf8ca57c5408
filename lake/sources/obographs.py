"""OBO graphs, the JSON of ontologies (https://github.com/geneontology/obographs), an item at a time.

ijson reads the stream. fastobo and pronto, which know the format, refuse the real envoPolar.json for one property
without a value, and hold the whole document in memory.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from lake.errors import LakeError, Unreadable
from lake.sources import gzipped
from lake.sources.ontology_rows import OWN, RELATIONS, SUBSET, SYNONYMS, Rows, curie
from lake.sources.source import Part

_KINDS = {"CLASS": "term", "PROPERTY": "typedef", "INDIVIDUAL": "instance"}
_PREDICATES = {"subPropertyOf": "is_a", "inverseOf": "inverse_of", "type": "instance_of"}
Item = dict[str, Any]


def read(path: Path, where: str, ontology: str) -> Iterator[Part]:
    """The tables of one file.

    Raises:
        Unreadable: it is cut short, or holds no node.
        LakeError: ijson is not installed.
    """
    rows = Rows(ontology)
    with gzipped.open_file(path) as file:
        version = next(_items(file, "graphs.item.meta.version", where), None)
    takers: dict[str, Callable[[Rows, int, Item], None]] = {
        "nodes": lambda rows, number, item: _node(rows, number, item, version),
        "edges": _edge,
        "logicalDefinitionAxioms": _definition,
        "equivalentNodesSets": _equivalent,
        "domainRangeAxioms": _domain_range,
        "propertyChainAxioms": _chain,
    }
    for kind, take in takers.items():  # a pass for each: their order in the file is not defined
        with gzipped.open_file(path) as file:
            for number, item in enumerate(_items(file, f"graphs.item.{kind}.item", where), 1):
                _take(take, rows, number, item, "terms" if kind == "nodes" else "relations")
                yield from rows.full()
    if not rows.terms:
        raise Unreadable("there is no node with an id in it", where=where, why="it is no OBO graph")
    yield from rows.rest()


def _items(file: BinaryIO, prefix: str, where: str) -> Iterator[Any]:
    try:
        import ijson
    except ImportError:
        raise LakeError(
            "ijson, which reads ontologies in JSON, is not installed", next="pip install 'astrolake[ontologies]'"
        ) from None
    try:
        yield from ijson.items(file, prefix, use_float=True)
    except ijson.JSONError as error:
        raise Unreadable(f"it is no whole JSON: {error}", where=where, why="cut short, or damaged") from None


def _take(take: Callable, rows: Rows, number: int, item: Any, table: str) -> None:
    try:
        take(rows, number, item)
    except (KeyError, TypeError, AttributeError) as error:
        reason = f"it has no {error}" if isinstance(error, KeyError) else "it is not of the form of its kind"
        rows.reject(table, number, reason, json.dumps(item, ensure_ascii=False, default=str))


def _node(rows: Rows, number: int, node: Item, version: str | None) -> None:
    id, meta = curie(node["id"]), node.get("meta") or {}
    definition = meta.get("definition") or {}
    comments = meta.get("comments") or [None]
    values = [(curie(item["pred"]), item.get("val"), item) for item in meta.get("basicPropertyValues") or ()]
    namespace = next((value for name, value, _ in values if OWN.get(name) == "namespace"), None)
    rows.put(
        "terms", number, version=version, id=id, kind=_KINDS.get(node.get("type")), name=node.get("lbl"),
        namespace=namespace, definition=definition.get("val"), definition_xrefs=_cited(definition),
        comment=comments[0], obsolete=bool(meta.get("deprecated")),
    )  # fmt: skip
    for extra in comments[1:]:
        rows.put("properties", number, id=id, property="rdfs:comment", value=extra)
    for subset in meta.get("subsets") or ():
        rows.put("properties", number, id=id, property=SUBSET, value=curie(subset))
    _details(rows, number, id, meta)
    for name, value, item in values:
        _property(rows, number, id, name, value, item)


def _details(rows: Rows, number: int, id: str, meta: Item) -> None:
    for item in meta.get("synonyms") or ():
        if item.get("val"):
            scope, type = SYNONYMS.get(item.get("pred")), item.get("synonymType")
            cells = {"scope": scope, "type": type and curie(type), "xrefs": _cited(item)}
            rows.put("synonyms", number, id=id, synonym=item["val"], **cells)
        else:
            rows.reject("synonyms", number, "the synonym has no text", json.dumps(item))
    for item in meta.get("xrefs") or ():
        if item.get("val"):
            rows.put("xrefs", number, id=id, xref=item["val"], description=item.get("lbl"))
        else:
            rows.reject("xrefs", number, "the cross-reference has no value", json.dumps(item))


def _property(rows: Rows, number: int, id: str, name: str, value: Any, item: Item) -> None:
    if OWN.get(name) == "namespace":
        return
    if not isinstance(value, str):
        rows.reject("properties", number, "the property has no value", json.dumps(item, default=str))
    elif name in RELATIONS:
        rows.relate(number, id, RELATIONS[name], curie(value))
    else:
        rows.put("properties", number, id=id, property=name, value=value)


def _cited(item: Item) -> str | None:
    return ", ".join(item.get("xrefs") or ()) or None


def _edge(rows: Rows, number: int, edge: Item) -> None:
    relation = _PREDICATES.get(edge["pred"], curie(edge["pred"]))
    rows.relate(number, curie(edge["sub"]), relation, curie(edge["obj"]))


def _definition(rows: Rows, number: int, axiom: Item) -> None:
    id = curie(axiom["definedClassId"])
    found = [("is_a", genus) for genus in axiom.get("genusIds") or ()]
    found += [(curie(one["propertyId"]), one["fillerId"]) for one in axiom.get("restrictions") or () if one]
    for relation, target in found:
        rows.relate(number, id, relation, curie(target), logical=True)


def _equivalent(rows: Rows, number: int, group: Item) -> None:
    first, *others = map(curie, group["nodeIds"])
    for other in others:
        rows.relate(number, first, "equivalent_to", other)


def _domain_range(rows: Rows, number: int, axiom: Item) -> None:
    id = curie(axiom["predicateId"])
    for key, relation in (("domainClassIds", "domain"), ("rangeClassIds", "range")):
        for target in axiom.get(key) or ():
            rows.relate(number, id, relation, curie(target))
    for edge in axiom.get("allValuesFromEdges") or ():
        target = curie(edge["obj"])
        rows.relate(number, curie(edge["sub"]), curie(edge["pred"]), target, qualifiers='all_only="true"')


def _chain(rows: Rows, number: int, axiom: Item) -> None:
    chain = " ".join(map(curie, axiom["chainPredicateIds"]))
    rows.put("properties", number, id=curie(axiom["predicateId"]), property="holds_over_chain", value=chain)
