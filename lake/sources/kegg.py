"""KEGG: pathways, genes, compounds, reactions, their links, the pathway hierarchy, KGML and overview maps.

The REST interface is described at https://www.kegg.jp/kegg/rest/keggapi.html: at most three requests a second, for
academic use. A body that is empty means that nothing has that name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lake.errors import Refused, Unreadable
from lake.sources import kgml, text
from lake.sources.source import Answer, Facts, Part, Resource

FACTS = Facts(
    name="kegg",
    title="KEGG: Kyoto Encyclopedia of Genes and Genomes",
    homepage="https://www.kegg.jp",
    licence="academic use only; https://www.kegg.jp/kegg/legal.html",
    citation="Kanehisa M, Goto S (2000) Nucleic Acids Res 28:27-30, doi:10.1093/nar/28.1.27",
    rate=3,
    refresh=30,
)
READER = 1
REST = "https://rest.kegg.jp"
OPTIONS: Mapping[str, Any] = {
    "organisms": ["eco", "hsa"],
    "kgml": ["ko"],  # reference prefixes whose KGML is asked for beside the organisms'
    "pathways": [],  # these ids and no others; empty: every one that the lists name
    "overview": ["map01220"],
    "links": ["compound/pathway", "module/pathway"],
    "lists": ["pathway", "compound", "reaction"],
    "genes": True,  # list/<organism>
    "hierarchy": ["br08901"],
    "environments": True,  # the BRITE table br08606, of which nobody could tell the form
}

_TEXT, _TEXTS, _INT = pa.string(), pa.list_(pa.string()), pa.int64()


def _schema(*columns: tuple[str, pa.DataType, str]) -> pa.Schema:
    fields = [pa.field(name, type, metadata={"doc": doc}) for name, type, doc in columns]
    return pa.schema([*fields, pa.field("_record", _INT)])


TABLES: Mapping[str, pa.Schema] = {
    "kegg_pathways": _schema(("pathway_id", _TEXT, "map00010"), ("name", _TEXT, "As KEGG lists it")),
    "kegg_organism_pathways": _schema(
        ("organism", _TEXT, "KEGG organism code"),
        ("pathway_id", _TEXT, "hsa00010"),
        ("name", _TEXT, "With the organism"),
    ),
    "kegg_genes": _schema(
        ("organism", _TEXT, "KEGG organism code"),
        ("gene_id", _TEXT, "hsa:79501"),
        ("type", _TEXT, "CDS, miRNA, ..."),
        ("position", _TEXT, "Chromosome and range, as KEGG writes it"),
        ("symbols", _TEXTS, "Gene symbols"),
        ("description", _TEXT, "What it is"),
    ),
    "kegg_compounds": _schema(("compound_id", _TEXT, "C00022"), ("names", _TEXTS, "The first is the usual one")),
    "kegg_reactions": _schema(
        ("reaction_id", _TEXT, "R00705"), ("names", _TEXTS, "Names"), ("equation", _TEXT, "A + B <=> C, in names")
    ),
    "kegg_links": _schema(
        ("from_db", _TEXT, "path"), ("from_id", _TEXT, "map00010"), ("to_db", _TEXT, "cpd"), ("to_id", _TEXT, "C00022")
    ),
    "kegg_hierarchy": _schema(
        ("brite", _TEXT, "br08901"),
        ("path", _TEXTS, "The levels above"),
        ("id", _TEXT, "00010"),
        ("name", _TEXT, "As the hierarchy writes it"),
    ),
    "kegg_map_areas": _schema(
        ("pathway_id", _TEXT, "map01220"),
        ("area", _INT, "Which area of the image map, from 0"),
        ("shape", _TEXT, "circle, poly, rect"),
        ("coords", _TEXT, "In pixels"),
        ("href", _TEXT, "Where it leads"),
        ("id", _TEXT, "One id of those it leads to; null where it has none"),
        ("title", _TEXT, "Tooltip"),
    ),
    **kgml.TABLES,
}


def resources(options: Mapping[str, Any], answer: Answer) -> Iterator[Resource]:
    """Lists first; then the KGML of each pathway that they name."""
    organisms, wanted = options["organisms"], options["pathways"]
    for name in options["lists"]:
        yield Resource(f"list/{name}", f"{REST}/list/{name}", f"list {name}s", "text")
    for organism in organisms:
        facts = {"organism": organism}
        if options["genes"]:
            yield Resource(f"list/{organism}", f"{REST}/list/{organism}", "list genes", "text", facts)
        yield Resource(
            f"list/pathway/{organism}",
            f"{REST}/list/pathway/{organism}",
            "list organism_pathways",
            "text",
            facts,
            optional=bool(wanted),
        )
    for link in options["links"]:
        yield Resource(f"link/{link}", f"{REST}/link/{link}", "link", "text")
    for brite in options["hierarchy"]:
        yield Resource(f"brite/{brite}", f"{REST}/get/br:{brite}/json", "hierarchy", "json", {"brite": brite})
    if options["environments"]:
        yield Resource("brite/br08606", f"{REST}/get/br:br08606", "environments", "text", optional=True)
    for pathway in options["overview"]:
        url = f"https://www.kegg.jp/pathway/{pathway}"
        yield Resource(f"overview/{pathway}", url, "overview", "html", {"pathway_id": pathway})
    for pathway, reference in _pathways(options, answer).items():
        url = f"{REST}/get/{pathway}/kgml"
        yield Resource(f"kgml/{pathway}", url, "kgml", "xml", {"pathway_id": pathway}, optional=reference)


def _pathways(options: Mapping[str, Any], answer: Answer) -> dict[str, bool]:
    """Each pathway whose KGML is wanted, and whether it may rightly be missing: not every map has a reference KGML."""
    if options["pathways"]:
        return dict.fromkeys(options["pathways"], False)
    found: dict[str, bool] = {}
    for organism in options["organisms"]:
        found |= dict.fromkeys(_first_cells(answer(f"list/pathway/{organism}")), False)
    numbers = [pathway[-5:] for pathway in _first_cells(answer("list/pathway"))]
    return found | {f"{prefix}{number}": True for prefix in options["kgml"] for number in numbers}


def _first_cells(path: Path | None) -> list[str]:
    if path is None:
        return []
    return [id for part in text.lines(path) for id in text.strip_prefix(text.cells(part, (2,)).columns[0]).to_pylist()]


def check(resource: Resource, head: bytes) -> None:
    """Refuse KEGG's own ways of saying no.

    Raises:
        Refused: the body is empty, or is not of the form that this resource has.
    """
    if not head.strip():
        raise Refused("the answer is empty", where=resource.url, why="KEGG has nothing of that name")
    if resource.kind.startswith(("list", "link")) and b"\t" not in head.split(b"\n", 1)[0]:
        raise Refused("the first line has no tab: this is no list", where=resource.url)
    if resource.kind == "kgml" and b"<pathway" not in head:
        raise Refused("there is no <pathway> element: this is no KGML", where=resource.url)
    if resource.kind == "environments":
        raise Refused(
            "the form of the environment table br08606 is not known, so it is not read",
            where=resource.url,
            why="no copy of the old page was ever seen; the bytes are kept",
        )


def read(resource: Resource, path: Path) -> Iterator[Part]:
    """One answer as rows.

    Raises:
        Unreadable: it is cut short, or not what its kind says.
    """
    if resource.kind == "kgml":
        yield from kgml.read(path.read_bytes(), resource)
    elif resource.kind == "hierarchy":
        yield _hierarchy(path.read_bytes(), resource)
    elif resource.kind == "overview":
        yield _overview(path.read_bytes(), resource)
    else:
        table = "kegg_links" if resource.kind == "link" else f"kegg_{resource.kind.removeprefix('list ')}"
        yield from _list(table, resource, path)


def _list(table: str, resource: Resource, path: Path) -> Iterator[Part]:
    seen = 0
    for part in text.lines(path):
        found = text.cells(part, _WIDTHS.get(table, (2,)))
        columns = _READERS[table](found.columns, resource, len(found.width))
        rows = pa.table([*columns, found.lines.record], schema=TABLES[table])
        seen += part.seen
        yield text.together(table, part.seen, rows, part.undecodable, found.misfits)
    if seen == 0:
        raise text.nothing_found("list", resource.url)


def _genes(columns: list[pa.Array], resource: Resource, n: int) -> list[pa.Array]:
    id, second, third, fourth = columns
    old = pc.is_null(fourth)  # before 2022 a line was id and description
    described = pc.struct_field(pc.extract_regex(pc.if_else(old, second, fourth), _SYMBOLS), [0])
    rest = pc.struct_field(pc.extract_regex(pc.if_else(old, second, fourth), _SYMBOLS), [1])
    null = pa.nulls(n, _TEXT)
    type, position = pc.if_else(old, null, second), pc.if_else(old, null, third)
    symbols = pc.split_pattern(pc.if_else(pc.equal(described, ""), null, described), ", ")
    return [_organism(resource, n), id, type, position, symbols.cast(_TEXTS), rest]


_SYMBOLS = r"^(?:(?P<symbols>[^;]*); )?(?P<rest>.*)$"
_EQUATION = r"^(?P<names>.*?)(?:(?:^|; )(?P<equation>[^;]*<=>.*))?$"


def _reactions(columns: list[pa.Array], resource: Resource, n: int) -> list[pa.Array]:
    parts = pc.extract_regex(columns[1], _EQUATION)
    names, equation = pc.struct_field(parts, [0]), pc.struct_field(parts, [1])
    nothing = pa.nulls(n, _TEXT)
    names = pc.split_pattern(pc.if_else(pc.equal(names, ""), nothing, names), "; ").cast(_TEXTS)
    return [text.strip_prefix(columns[0]), names, pc.if_else(pc.equal(equation, ""), nothing, equation)]


def _links(columns: list[pa.Array], resource: Resource, n: int) -> list[pa.Array]:
    parted = [pc.extract_regex(column, r"^(?:(?P<db>[^:]*):)?(?P<id>.*)$") for column in columns]
    return [pc.struct_field(part, [i]) for part in parted for i in (0, 1)]


def _organism(resource: Resource, n: int) -> pa.Array:
    return pa.repeat(resource.params["organism"], n)


_WIDTHS = {"kegg_genes": (2, 4)}
_READERS = {
    "kegg_pathways": lambda c, r, n: [text.strip_prefix(c[0]), c[1]],
    "kegg_organism_pathways": lambda c, r, n: [_organism(r, n), text.strip_prefix(c[0]), c[1]],
    "kegg_compounds": lambda c, r, n: [text.strip_prefix(c[0]), pc.split_pattern(c[1], "; ").cast(_TEXTS)],
    "kegg_genes": _genes,
    "kegg_reactions": _reactions,
    "kegg_links": _links,
}


def _hierarchy(data: bytes, resource: Resource) -> Part:
    leaves = list(_json_leaves(data, resource) if data.lstrip()[:1] == b"{" else _keg_leaves(data))
    if not leaves:
        raise Unreadable("the hierarchy has no leaf", where=resource.url, why="it is cut short, or of another form")
    paths, texts = zip(*leaves, strict=True)
    parts = pc.extract_regex(pa.array(texts), r"^(?P<id>\S+)(?:\s+(?P<name>.*))?$")
    n = len(leaves)
    columns = [
        pa.repeat(resource.params.get("brite", "br08901"), n),
        pa.array(paths, _TEXTS),
        pc.struct_field(parts, [0]),
        pc.struct_field(parts, [1]),
        pa.array(range(1, n + 1), _INT),
    ]
    return Part("kegg_hierarchy", n, pa.table(columns, schema=TABLES["kegg_hierarchy"]))


def _json_leaves(data: bytes, resource: Resource) -> Iterator[tuple[list[str], str]]:
    try:
        queue = [([], node) for node in reversed(json.loads(data)["children"])]
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"the hierarchy is not BRITE JSON: {error}", where=resource.url, why="cut short?") from None
    while queue:
        above, node = queue.pop()
        if "children" in node:
            queue += [([*above, node["name"]], child) for child in reversed(node["children"])]
        else:
            yield above, node["name"]


def _keg_leaves(data: bytes) -> Iterator[tuple[list[str], str]]:
    """The text form: the first letter is the depth, the header ``+C`` names the deepest."""
    lines = data.decode(errors="replace").splitlines()
    deepest = next((line[1] for line in lines if line.startswith("+") and len(line) > 1), "C")
    above: list[str] = []
    for line in lines:
        if not "A" <= line[:1] <= deepest:
            continue
        depth, name = ord(line[0]) - ord("A"), re.sub(r"</?b>", "", line[1:]).strip()
        if name and line[0] == deepest:
            yield above[:depth], name
        elif name:
            above = [*above[:depth], name]


def _overview(data: bytes, resource: Resource) -> Part:
    """Every area of the image map; one row for each id that an area leads to, and one for an area without."""
    from lxml import html

    areas = html.document_fromstring(data).findall(".//area")
    if not areas:
        raise Unreadable("the page has no image map", where=resource.url, why="a login or error page, or a new layout")
    rows = []
    for i, area in enumerate(areas):
        href = area.get("href", "")
        entry = re.search(r"(?:/entry/|www_bget\?|/pathway/|show_pathway\?)([^&#]+)", href)
        for id in entry[1].split("+") if entry else [None]:
            rows.append((i, area.get("shape"), area.get("coords"), href, id, area.get("title"), i))
    columns = [pa.array(column) for column in zip(*rows, strict=True)]
    pathway = pa.repeat(resource.params["pathway_id"], len(rows))
    table = pa.table([pathway, *columns], names=TABLES["kegg_map_areas"].names).cast(TABLES["kegg_map_areas"])
    return Part("kegg_map_areas", len(rows), table)
