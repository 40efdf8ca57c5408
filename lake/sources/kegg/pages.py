"""KEGG's pathway hierarchy (BRITE, as JSON or .keg text) and the image maps of its overview pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from lake.errors import Unreadable
from lake.formats import text
from lake.sources.contract import Answer, Part, Resource
from lake.sources.kegg.tables import TABLES

# an id has a digit in it, or is an organism's code before two blanks; otherwise the first word belongs to the name
_LEAF = r"^(?:(?P<id>\S*[0-9]\S*)\s+|(?P<code>[a-z]+)\s{2,})(?P<name>\S.*)$"
DEEPEST = 64  # levels of a hierarchy; KEGG's have at most nine
_ALONE = r"^(?P<id>[A-Z]{0,2}[0-9]{5})$"  # an entry without a name
_TAG = re.compile(r"</?[A-Za-z][^>]*>")
_KEY = re.compile(r"(?:[A-Za-z]+:)?[A-Za-z0-9._-]+")

_HALF = re.compile("[\ud800-\udfff]")  # lone surrogates: JSON may escape them, UTF-8 cannot hold them
Leaf = tuple[tuple[str, ...], str]  # names of the levels above, and the leaf's text


def read_hierarchy(resource: Resource, answer: Answer) -> Iterator[Part]:
    """A row for each leaf, from JSON or the older text format.

    Raises:
        Unreadable: it is neither, truncated, or has no leaf.
    """
    raw = answer.read_bytes().removeprefix(b"\xef\xbb\xbf")
    leaves = list(_json_leaves(raw, resource) if raw.lstrip().startswith(b"{") else _keg_leaves(raw, resource))
    if not leaves:
        raise text.no_records("leaf", resource.url)
    halves = pa.array([any(map(_HALF.search, (*above, leaf))) for above, leaf in leaves])
    above = pa.array([[_encodable(name) for name in names] for names, _ in leaves], pa.list_(pa.string()))
    leaf = pa.array([_encodable(name) for _, name in leaves], pa.string())
    match = pc.extract_regex(leaf, _LEAF)
    id, code = pc.struct_field(match, "id"), pc.struct_field(match, "code")
    nameless = pc.struct_field(pc.extract_regex(leaf, _ALONE), "id")
    columns = {
        "brite": pa.repeat(resource.params["brite"], len(leaves)),
        "path": above,
        "id": pc.coalesce(nameless, pc.if_else(pc.equal(id, ""), code, id)),
        "name": pc.struct_field(match, "name"),
    }
    record = pa.array(range(1, len(leaves) + 1))
    faults = [
        (halves, "half a character stands in it: a lone surrogate"),
        (pc.and_(pc.is_null(match), pc.is_null(nameless)), "not an id with a name"),
    ]
    rows, rejected, _ = text.partition_rejects(TABLES["kegg_hierarchy"], record, columns, faults, leaf.filter)
    yield text.make_part("kegg_hierarchy", len(leaves), rows, rejected)


def _json_leaves(raw: bytes, resource: Resource) -> Iterator[Leaf]:
    try:
        tree = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"the JSON is truncated or damaged: {error}", where=resource.url) from None
    stack: list[tuple[tuple[str, ...], Any]] = [((), child) for child in reversed(_children(tree, resource))]
    while stack:
        above, node = stack.pop()
        if len(above) > DEEPEST:
            raise Unreadable(f"the hierarchy is nested more than {DEEPEST} deep", where=resource.url)
        if isinstance(node, dict) and "children" in node:
            children = _children(node, resource)
            inner = (*above, _plain(node["name"]))
            stack += [(inner, child) for child in reversed(children)]
        elif isinstance(node, dict) and isinstance(node.get("name"), str):
            yield above, _plain(node["name"])
        else:
            raise Unreadable("a node of the hierarchy has no name", where=resource.url)


def _children(node: Any, resource: Resource) -> list[Any]:
    children = node.get("children") if isinstance(node, dict) and isinstance(node.get("name"), str) else None
    if isinstance(children, list):
        return children
    raise Unreadable("the JSON is not a hierarchy of names and children", where=resource.url)


def _keg_leaves(raw: bytes, resource: Resource) -> Iterator[Leaf]:
    """A leaf is a line that no deeper line follows. The first letter of a line, A to I, is its depth."""
    lines = raw.decode("utf-8", "replace").splitlines()
    marks = sum(line.startswith("!") for line in lines)
    nodes = [(ord(line[0]) - ord("A"), name) for line in lines if "A" <= line[:1] <= "I" and (name := _plain(line[1:]))]
    if marks == 1:
        raise Unreadable("the hierarchy is truncated: its closing '!' line is missing", where=resource.url)
    if unknown := next((line for line in lines if line.strip() and line[0] not in "ABCDEFGHI+!#%"), ""):
        raise Unreadable(f"this is not a hierarchy: a line begins with {unknown[:40]!r}", where=resource.url)
    above: list[str] = []
    for (depth, name), (next_depth, _) in pairwise([*nodes, (0, "")]):
        above = [*above[:depth], name]
        if next_depth <= depth:
            yield tuple(above[:-1]), name


def _encodable(name: str) -> str:
    return name.encode("utf-8", "replace").decode() if _HALF.search(name) else name


def _plain(name: str) -> str:
    return _TAG.sub("", name).strip()


def read_map_areas(resource: Resource, answer: Answer) -> Iterator[Part]:
    """One row for each id of each area of the page's image map, and one for an area without an id.

    Raises:
        Unreadable: it has no image map, or ends within one.
    """
    from lxml import etree

    raw = answer.read_bytes()
    parser = etree.HTMLParser(no_network=True, remove_comments=True)
    try:
        root = etree.fromstring(raw, parser) if raw.strip() else None
    except (etree.LxmlError, ValueError) as error:
        raise Unreadable(f"the page cannot be read: {error}", where=resource.url) from None
    areas = [] if root is None else [area.attrib for area in root.iter("area")]
    if not areas:
        raise Unreadable(
            "the page has no image map", where=resource.url, why="it is an error or login page, or has a new layout"
        )
    lower = raw.lower()
    if lower.count(b"</map") < lower.count(b"<map"):
        raise Unreadable("the page ends within its image map", where=resource.url, next="lake fetch kegg")
    yield _map_areas(areas, resource)


def _map_areas(areas: Iterable[Any], resource: Resource) -> Part:
    targets = [(n, area, id) for n, area in enumerate(areas) for id in _targets(area.get("href"))]
    columns = {
        "pathway_id": pa.repeat(resource.params["pathway_id"], len(targets)),
        "area": pa.array([n for n, _, _ in targets], pa.int64()),
        "id": pa.array([id for _, _, id in targets], pa.string()),
        **{
            key: pa.array([a.get(key) for _, a, _ in targets], pa.string())
            for key in ("shape", "coords", "href", "title")
        },
    }
    href = columns["href"]
    unknown = pc.and_(pc.is_null(columns["id"]), pc.invert(pc.match_substring_regex(href, r"^(javascript:.*|#.*|)$")))
    record = pa.array(range(1, len(targets) + 1))
    faults = [(unknown, "it leads to nothing that can be told to be an id")]
    rows, rejected, _ = text.partition_rejects(TABLES["kegg_map_areas"], record, columns, faults, href.filter)
    return text.make_part("kegg_map_areas", len(targets), rows, rejected)


def _targets(href: str | None) -> list[str | None]:
    """The ids that a link names: "/entry/K00055+R01763", "/dbget-bin/www_bget?hsa:226+hsa:229", "/pathway/map00010"."""
    parts = urlsplit(href or "")
    if parts.scheme not in ("", "http", "https"):
        return [None]
    target = unquote(parts.query) if parts.query else unquote(parts.path).rsplit("/", 1)[-1]
    ids = [id for id in target.split("+") if id]
    return [*ids] if ids and all(_KEY.fullmatch(id) for id in ids) else [None]
