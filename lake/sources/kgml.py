"""KGML, KEGG's pathway XML (https://www.kegg.jp/kegg/xml/docs/), DTD 0.6 to 0.7.2, into columns.

A document that declares an entity is refused: KGML has none, and no file or host is ever asked on a document's behalf.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from lake.errors import Unreadable
from lake.sources.source import Part, Resource

_T, _L, _I, _R = pa.string(), pa.list_(pa.string()), pa.int64(), pa.float64()
_COLUMNS: Mapping[str, dict[str, tuple[pa.DataType, str]]] = {
    "pathways": {
        "organism": (_T, "ko, ec, rn, map or an organism code"),
        "number": (_T, "00640"),
        "title": (_T, "Name of the pathway"),
        "image": (_T, "Its picture"),
        "link": (_T, "Its page"),
        "dtd": (_T, "Document type that the file names"),
        "created": (_T, "The file's comment on its creation"),
    },
    "entries": {
        "entry_id": (_I, "Number in the file; may repeat"),
        "type": (_T, "gene, ortholog, enzyme, compound, map, group, ..."),
        "names": (_L, "Ids, with their database's prefix"),
        "reactions": (_L, "Reactions that it takes part in, R00705"),
        "link": (_T, "Its page"),
    },
    "graphics": {
        "entry_id": (_I, "The entry that it draws"),
        "name": (_T, "Label"),
        "type": (_T, "rectangle, circle, roundrectangle, line"),
        "x": (_R, "Centre; null for a line [px]"),
        "y": (_R, "Centre; null for a line [px]"),
        "width": (_R, "[px]"),
        "height": (_R, "[px]"),
        "coords": (_T, "Points of a line [px]"),
        "fgcolor": (_T, "Colour"),
        "bgcolor": (_T, "Colour"),
    },
    "components": {"entry_id": (_I, "The group"), "component_id": (_I, "An entry within it")},
    "reactions": {
        "reaction": (_I, "Which reaction element of the file, from 0"),
        "entry_id": (_I, "The entry that carries it; may match none"),
        "reactions": (_L, "Ids, R00705"),
        "type": (_T, "reversible or irreversible"),
    },
    "participants": {
        "reaction": (_I, "The reaction element"),
        "role": (_T, "substrate or product"),
        "entry_id": (_I, "The entry that stands for it"),
        "compounds": (_L, "Ids, C00022"),
        "alternatives": (_L, "Ids of <alt>"),
    },
    "relations": {
        "relation": (_I, "Which relation element of the file, from 0"),
        "entry1": (_I, "From"),
        "entry2": (_I, "To"),
        "type": (_T, "ECrel, PPrel, GErel, PCrel, maplink"),
    },
    "relation_subtypes": {
        "relation": (_I, "The relation"),
        "name": (_T, "activation, ..."),
        "value": (_T, "Arrow or id"),
    },
}


def _schema(columns: Mapping[str, tuple[pa.DataType, str]]) -> pa.Schema:
    fields = [pa.field(name, type, metadata={"doc": doc}) for name, (type, doc) in columns.items()]
    pathway = pa.field("pathway_id", _T, metadata={"doc": "The file's own name, hsa00640"})
    return pa.schema([pathway, *fields, pa.field("_record", _I)])


TABLES = {f"kgml_{name}": _schema(columns) for name, columns in _COLUMNS.items()}


def read(data: bytes, resource: Resource) -> Iterator[Part]:
    """One document as rows of the kgml_ tables.

    Raises:
        Unreadable: it is not well-formed, declares an entity, is no KGML, or names another pathway.
    """
    root, dtd, created = _parse(data, resource)
    pathway = root.get("name", "").removeprefix("path:")
    wanted = resource.params.get("pathway_id")
    if wanted and pathway != wanted:
        raise Unreadable(f"the file is of pathway {pathway!r}, not {wanted!r}", where=resource.url)
    facts = [root.get(key) for key in ("org", "number", "title", "image", "link")]
    rows = {"pathways": [(*facts, dtd, created)], **_entries(root), **_reactions(root), **_relations(root)}
    seen = {"pathways": 1, **{table: _count(root, path) for table, path in _ELEMENTS.items()}}
    for table, found in rows.items():
        yield _part(f"kgml_{table}", pathway, found, seen[table], resource)


_ELEMENTS = {
    "entries": "entry",
    "graphics": "entry/graphics",
    "components": "entry/component",
    "reactions": "reaction",
    "participants": "reaction/*[self::substrate or self::product]",
    "relations": "relation",
    "relation_subtypes": "relation/subtype",
}


def _count(root: Any, path: str) -> int:
    return int(root.xpath(f"count({path})"))


def _parse(data: bytes, resource: Resource) -> tuple[Any, str, str]:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise Unreadable(
            f"the XML breaks off or is not well-formed: {error.msg}",
            where=f"{resource.url}:{line}:{column}",
            why="a download that was cut short, or an error page",
            next=f"lake fetch --force {resource.id.partition('/')[0]}",
        ) from None
    info = root.getroottree().docinfo
    if info.internalDTD is not None and any(True for _ in info.internalDTD.iterentities()):
        raise Unreadable("the document declares entities", where=resource.url, why="KGML has none: an attack?")
    if root.tag != "pathway":
        raise Unreadable(f"the root element is <{root.tag}>, not <pathway>: this is no KGML", where=resource.url)
    comment = root.getprevious()
    created = (comment.text or "").strip() if comment is not None and isinstance(comment, etree._Comment) else ""
    return root, info.system_url or "", created


def _part(table: str, pathway: str, rows: list[tuple], seen: int, resource: Resource) -> Part:
    schema = TABLES[table]
    columns = list(zip(*rows, strict=True)) or [[]] * (len(schema) - 2)
    try:
        arrays = [pa.array(values, field.type) for values, field in zip(columns, list(schema)[1:-1], strict=True)]
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise Unreadable(f"a value of {table} is not what it should be: {error}", where=resource.url) from None
    n = len(rows)
    arrays = [pa.repeat(pathway, n), *arrays, pa.array(range(n), _I)]
    return Part(table, seen, pa.Table.from_arrays(arrays, schema=schema))


def _int(value: str | None) -> int | None:
    return int(value) if value and value.lstrip("-").isdigit() else None


def _real(value: str | None) -> float | None:
    return float(value) if value and value.lstrip("-").replace(".", "", 1).isdigit() else None


def _ids(value: str | None, prefixes: tuple[str, ...] = ()) -> list[str]:
    """The ids of an attribute, each once, without the prefixes named."""
    found = (value or "").split()
    for prefix in prefixes:
        found = [item.removeprefix(prefix) for item in found]
    return list(dict.fromkeys(found))


_CHEMICAL = ("cpd:", "gl:", "dr:")


def _entries(root: Any) -> dict[str, list[tuple]]:
    entries, graphics, components = [], [], []
    for entry in root.iterchildren("entry"):
        get = entry.get
        id = _int(get("id"))
        entries.append((id, get("type"), _ids(get("name")), _ids(get("reaction"), ("rn:",)), get("link")))
        for child in entry:
            get = child.get
            if child.tag == "graphics":
                size = (_real(get("x")), _real(get("y")), _real(get("width")), _real(get("height")))
                graphics.append((id, get("name"), get("type"), *size, get("coords"), get("fgcolor"), get("bgcolor")))
            elif child.tag == "component":
                components.append((id, _int(get("id"))))
    return {"entries": entries, "graphics": graphics, "components": components}


def _reactions(root: Any) -> dict[str, list[tuple]]:
    reactions, participants = [], []
    for i, reaction in enumerate(root.iterchildren("reaction")):
        get = reaction.get
        reactions.append((i, _int(get("id")), _ids(get("name"), ("rn:",)), get("type")))
        for child in reaction.iterchildren("substrate", "product"):
            others = [id for alt in child.iterchildren("alt") for id in _ids(alt.get("name"), _CHEMICAL)]
            ids = _ids(child.get("name"), _CHEMICAL)
            participants.append((i, child.tag, _int(child.get("id")), ids, others))
    return {"reactions": reactions, "participants": participants}


def _relations(root: Any) -> dict[str, list[tuple]]:
    relations, subtypes = [], []
    for i, relation in enumerate(root.iterchildren("relation")):
        get = relation.get
        relations.append((i, _int(get("entry1")), _int(get("entry2")), get("type")))
        subtypes += [(i, child.get("name"), child.get("value")) for child in relation.iterchildren("subtype")]
    return {"relations": relations, "relation_subtypes": subtypes}
