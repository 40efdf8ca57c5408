"""Ontologies in OBO graphs (JSON, https://github.com/geneontology/obographs), as the same tables as the other formats.

The type of every value is checked: an invalid node, synonym or edge is a reject of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from lake.errors import Unreadable
from lake.formats import gzipped, text
from lake.formats.answer import Answer
from lake.formats.ontology.rows import SCOPES, Rows, curie, predicate
from lake.formats.part import Part
from lake.formats.schema import Table

LARGEST = 2**30  # bytes: GO has 2**26
_RELATIONS = (("hasAlternativeId", "alternative_id"), ("IAO:0100001", "replaced_by"), ("consider", "consider"))


class _Invalid(Exception):
    """Why an item is rejected."""


def read(answer: Answer, where: str, tables: Mapping[str, Table]) -> Iterator[Part]:
    """The classes and properties of OBO graphs, and their edges. Individuals and their edges are left out.

    Args:
        tables: terms, synonyms, xrefs and relations.

    Raises:
        Unreadable: it is not JSON, nested too deep, larger than LARGEST, or has no graph with nodes.
    """
    try:
        content = gzipped.read_all(answer, LARGEST, where)
        graphs = [_object(graph, "a graph") for graph in _list(_object(json.loads(content), "it"), "graphs")]
    except RecursionError:
        raise Unreadable("the JSON is nested too deep", where=where) from None
    except (ValueError, _Invalid) as error:
        raise Unreadable(f"it is not an OBO graphs file: {error}", where=where) from None
    rows, number = Rows(tables), 0
    for graph in graphs:
        try:
            meta, nodes, edges = _meta(graph), _list(graph, "nodes"), _list(graph, "edges")
            version, namespace = _text(meta, "version"), _property(meta, "default-namespace")
        except _Invalid as error:
            raise Unreadable(f"a graph of it is invalid: {error}", where=where) from None
        left_out = set(filter(None, map(_individual, nodes)))
        for node in nodes:
            number += 1
            _add(rows, "terms", number, node, partial(_node, rows, number, version, namespace))
        for edge in edges:
            _add(rows, "relations", number, edge, partial(_edge, rows, number, left_out))
    if number == 0:
        raise text.no_records("node", where)
    yield from rows.parts()


def _individual(node: Any) -> str | None:
    """The id of a node that is an individual."""
    id = node.get("id") if isinstance(node, dict) and node.get("type") == "INDIVIDUAL" else None
    return id if isinstance(id, str) else None


def _add(rows: Rows, table: str, number: int, item: Any, add: Callable[[Mapping[str, Any]], None]) -> None:
    """Add the rows of an item, or reject it with the reason."""
    try:
        add(_object(item, "it"))
    except _Invalid as error:
        rows.reject(table, number, str(error), item)


def _object(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _Invalid(f"{what} is no object")
    return value


def _list(item: Mapping[str, Any], name: str) -> list[Any]:
    value = item.get(name)
    if value is not None and not isinstance(value, list):
        raise _Invalid(f"{name} is no list")
    return value or []


def _text(item: Mapping[str, Any], name: str) -> str | None:
    value = item.get(name)
    if value is not None and not isinstance(value, str):
        raise _Invalid(f"{name} is no text")
    if value and not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise _Invalid(f"{name} has half a character in it")
    return value or None


def _meta(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return _object(item.get("meta") or {}, "meta")


def _properties(meta: Mapping[str, Any]) -> list[tuple[str | None, str | None]]:
    values = [_object(each, "a property value") for each in _list(meta, "basicPropertyValues")]
    return [(curie(_text(each, "pred")), _text(each, "val")) for each in values]


def _property(meta: Mapping[str, Any], name: str) -> str | None:
    return next((value for each, value in _properties(meta) if each == name and value), None)


def _node(rows: Rows, number: int, version: str | None, namespace: str | None, node: Mapping[str, Any]) -> None:
    if _text(node, "type") == "INDIVIDUAL":
        return
    term, meta = curie(_text(node, "id")), _meta(node)
    if term is None:
        raise _Invalid("its term has no id")
    deprecated = meta.get("deprecated")
    if deprecated not in (None, True, False, "true", "false"):
        raise _Invalid("deprecated is neither true nor false")
    values = _properties(meta)
    comments = [_text({"a comment": each}, "a comment") for each in _list(meta, "comments")]
    row = (
        "property" if node.get("type") == "PROPERTY" else "class",
        _text(node, "lbl"),
        _text(_object(meta.get("definition") or {}, "definition"), "val"),
        next((value for name, value in values if name == "hasOBONamespace" and value), namespace),
        "\n".join(each for each in comments if each) or None,
        deprecated in (True, "true"),
        version,
    )
    synonyms, xrefs = _list(meta, "synonyms"), _list(meta, "xrefs")
    rows.add("terms", number, term, *row)
    for each in synonyms:
        _add(rows, "synonyms", number, each, lambda each: _synonym(rows, number, term, each))
    for each in xrefs:
        _add(rows, "xrefs", number, each, lambda each: rows.add("xrefs", number, term, _needed(each, "val", "xref")))
    for property, name in _RELATIONS:
        for value in (value for each, value in values if each == property and value):
            rows.add("relations", number, term, name, curie(value))


def _needed(item: Mapping[str, Any], name: str, what: str) -> str:
    value = _text(item, name)
    if not value:
        raise _Invalid(f"it has no {what}")
    return value


def _synonym(rows: Rows, number: int, term: str, each: Mapping[str, Any]) -> None:
    scope = SCOPES.get(_text(each, "pred") or "", "related")
    rows.add("synonyms", number, term, _needed(each, "val", "text"), scope)


def _edge(rows: Rows, number: int, left_out: set[str], edge: Mapping[str, Any]) -> None:
    sub, pred, obj = (_text(edge, name) for name in ("sub", "pred", "obj"))
    if sub in left_out or obj in left_out:
        return
    if not (sub and pred and obj):
        raise _Invalid("it lacks an end or a kind")
    name = "is_a" if pred in ("is_a", "subPropertyOf") else predicate(pred)
    rows.add("relations", number, curie(sub), name, curie(obj))
