"""KEGG: pathways, genes, compounds, reactions, the links between them, the pathway hierarchy, KGML and overview maps.

Its REST interface (https://www.kegg.jp/kegg/rest/keggapi.html) may be asked three times a second, for academic use.
An empty answer means that it has no entry of that name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lake.errors import LakeError, Refused, Unreadable
from lake.sources.contract import Answer, Answers, Facts, Part, Resource
from lake.sources.kegg import tables

FACTS = Facts(
    name="kegg",
    title="KEGG: Kyoto Encyclopedia of Genes and Genomes",
    homepage="https://www.kegg.jp",
    licence="free for academic use, otherwise by contract: https://www.kegg.jp/kegg/legal.html",
    citation="Kanehisa M, Goto S (2000) KEGG: Kyoto Encyclopedia of Genes and Genomes. Nucleic Acids Res 28:27-30, "
    "doi:10.1093/nar/28.1.27",
    rate=3,
    refresh=30,
    domain="genomics",
)
READER = 2
TABLES = tables.TABLES
REST, SITE = "https://rest.kegg.jp", "https://www.kegg.jp"
OPTIONS: Mapping[str, Any] = {
    "organisms": ["eco", "hsa"],  # whose genes, pathways and KGML are fetched
    "kgml": ["ko", "ec", "rn"],  # reference pathways whose KGML is fetched besides the organisms'
    "pathways": [],  # only these: "00010" of each organism and reference, or "hsa00010"; empty: all in the lists
    "overview": ["map01220"],  # overview maps whose image map is read
    "links": ["compound/pathway", "module/pathway", "reaction/pathway", "enzyme/reaction"],  # target/source
    "conversions": [],  # ids of other databases: "pubchem/compound", "chebi/compound", "ncbi-geneid/eco"
    "entries": [],  # lists of "ko", "module", "enzyme", "glycan", "drug", "disease", ...
    "hierarchy": ["br08901"],  # any BRITE hierarchy
    "environments": ["br08606"],  # BRITE tables of an unknown form: stored, not read, and reported as a gap
}


def resources(options: Mapping[str, Any], answers: Answers) -> Iterator[Resource]:
    """Lists, links, hierarchies and pages; then the KGML of every pathway that the lists name."""
    for name in ("pathway", "compound", "reaction"):
        yield _rest(f"list/{name}", f"{name}s")
    for organism in options["organisms"]:
        yield _rest(f"list/{organism}", "genes", organism=organism)
        # when lake.toml names the pathways, the organism's list is not required
        optional = bool(options["pathways"])
        yield _rest(f"list/pathway/{organism}", "organism_pathways", optional=optional, organism=organism)
    for link in options["links"]:
        yield _rest(f"link/{link}", "links")
    for conversion in options["conversions"]:
        yield _rest(f"conv/{conversion}", "links")
    for database in options["entries"]:
        yield _rest(f"list/{database}", "terms", database=database)
    for brite in options["hierarchy"]:
        url = f"{REST}/get/br:{brite}/json"
        yield Resource(f"brite/{brite}", url, "hierarchy", "json", {"brite": brite})
    for brite in options["environments"]:
        url = f"{REST}/get/br:{brite}"
        yield Resource(f"brite/{brite}", url, "environments", "text", {"brite": brite}, optional=True)
    for pathway in options["overview"]:
        url = f"{SITE}/pathway/{pathway}"
        yield Resource(f"overview/{pathway}", url, "map_areas", "html", {"pathway_id": pathway})
    for pathway, optional in _pathways(options, answers).items():
        url = f"{REST}/get/{pathway}/kgml"
        yield Resource(f"kgml/{pathway}", url, "kgml", "xml", {"pathway_id": pathway}, optional=optional)


def _rest(path: str, kind: str, *, optional: bool = False, **params: str) -> Resource:
    return Resource(path, f"{REST}/{path}", kind, "text", params, optional=optional)


def _pathways(options: Mapping[str, Any], answers: Answers) -> dict[str, bool]:
    """Each pathway whose KGML is fetched, and whether it may be missing (404): a gap, not a failure."""
    pathways: dict[str, bool] = {}
    for organism in options["organisms"]:
        pathways |= dict.fromkeys(_listed(answers(f"list/pathway/{organism}")), False)
    numbers = [pathway[-5:] for pathway in _listed(answers("list/pathway"))]
    pathways |= {f"{prefix}{number}": True for prefix in options["kgml"] for number in numbers}
    selected = options["pathways"]
    if not selected:
        return pathways
    full_ids = {pathway: False for pathway in selected if not pathway.isdigit()}
    return {pathway: gap for pathway, gap in pathways.items() if pathway[-5:] in selected} | full_ids


def _listed(answer: Answer | None) -> list[str]:
    ids = re.findall(rb"^(?:path:)?([a-z]+[0-9]{5})\t", answer.read_bytes(), re.MULTILINE) if answer else []
    return [id.decode() for id in ids]


_LINE = {
    "pathways": rb"(?:path:)?map\d{5}\t",
    "organism_pathways": rb"(?:path:)?[a-z]+\d{5}\t",
    "genes": rb"[a-z]+:[^\t\n]+\t",
    "compounds": rb"(?:[a-z]+:)?[A-Z]\d{5}\t",
    "reactions": rb"(?:rn:)?R\d{5}\t",
    "terms": rb"(?:[a-z]+:)?[A-Za-z0-9_.-]+\t",
    "links": rb"[A-Za-z_-]+:[^\t\n]+\t[A-Za-z_-]+:",
}
_FORM = {  # what identifies each kind within its first 64 KiB, and its name in an error
    **{kind: (rb"^" + line, "a list") for kind, line in _LINE.items()},
    "kgml": (rb"<pathway[\s>]|<!DOCTYPE\s+pathway[\s>]", "KGML"),
    "hierarchy": (rb"\A(?:\xef\xbb\xbf)?\s*(?:\{|[+A])", "a hierarchy"),
    "map_areas": (rb"(?i)<title[^<>]*>[^<]*KEGG|<area\s", "a KEGG pathway page"),
}


def check(resource: Resource, head: bytes) -> None:
    """Refuse an empty body, an error page, and anything that does not begin like this kind of answer.

    Raises:
        Refused: it is not what was asked for.
    """
    plain = head.replace(b"\0", b"")  # UTF-16, which XML may be in, as the ASCII that KEGG writes
    if not plain.strip():
        raise Refused("the answer is empty", where=resource.url, why="KEGG has no entry of that name")
    form, name = _FORM.get(resource.kind, (b"", "anything"))
    if not re.search(form, plain, re.MULTILINE) or (resource.expects == "text" and plain.lstrip()[:1] == b"<"):
        start = plain.strip()[:60].decode("utf-8", "replace")
        raise Refused(
            f"the answer is not {name}: it begins with {start!r}", where=resource.url, why="an error or login page"
        )
    pathway = resource.params.get("pathway_id", "").encode()
    if resource.kind == "map_areas" and pathway not in plain:
        raise Refused(f"the page is not of {pathway.decode()}", where=resource.url, why="KEGG sent another page")


def read(resource: Resource, answer: Answer) -> Iterator[Part]:
    """One answer as rows and rejects.

    Raises:
        Unreadable: it is truncated, of an unknown form, or empty.
    """
    if resource.kind == "kgml":
        from lake.sources.kegg import kgml

        yield from kgml.read(resource, answer)
    elif resource.kind in ("hierarchy", "map_areas"):
        from lake.sources.kegg import pages

        reader = pages.read_hierarchy if resource.kind == "hierarchy" else pages.read_map_areas
        yield from reader(resource, answer)
    elif resource.kind in _LINE:
        from lake.sources.kegg import lists

        yield from lists.read(resource, answer)
    else:
        raise Unreadable(
            "its form is unknown, so it is stored but not read",
            where=resource.url,
            why="the reader was written without a copy of this page, and a guess would look like data",
        )


def read_many(pairs: Iterable[tuple[Resource, Answer]]) -> Iterator[tuple[Resource, Part | LakeError]]:
    """`read` for many answers: KGML documents are read in batches, which is faster.

    An answer that cannot be read yields its error instead of parts.
    """
    from lake.sources.kegg import kgml

    pairs = list(pairs)
    yield from kgml.read_many((resource, answer) for resource, answer in pairs if resource.kind == "kgml")
    for resource, answer in pairs:
        if resource.kind == "kgml":
            continue
        try:
            yield from [(resource, part) for part in read(resource, answer)]
        except LakeError as error:
            yield resource, error
