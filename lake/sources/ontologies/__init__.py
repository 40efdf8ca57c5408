"""Ontologies: ENVO, GO, ChEBI, UO, PATO and others, in OBO, OWL or as OBO graphs; and NCBI's taxonomy.

    [sources.ontologies]
    names = ["envo", "go", "uo", "pato"]             # http://purl.obolibrary.org/obo/<name>.obo
    urls = ["http://purl.obolibrary.org/obo/envo/subsets/envoPolar.owl"]
    taxonomy = true                                  # NCBI's, as terms NCBITaxon:<id>

A file's format is recognised by its content.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lake.errors import Refused, Unreadable
from lake.sources.contract import Answer, Answers, Facts, Part, Resource
from lake.sources.ontologies import tables

FACTS = Facts(
    name="ontologies",
    title="OBO Foundry ontologies and NCBI Taxonomy",
    homepage="https://obofoundry.org",
    licence="each ontology's own; ENVO CC0, GO and ChEBI CC BY 4.0; NCBI Taxonomy public domain",
    citation="Jackson R et al. (2021) Database, doi:10.1093/database/baab069; "
    "Schoch CL et al. (2020) Database, doi:10.1093/database/baaa062",
    rate=1,
    refresh=90,
    domain="genomics",
    sized=True,
)
READER = 4
TABLES = tables.TABLES
OPTIONS: Mapping[str, Any] = {"names": [], "urls": [], "taxonomy": False}
TAXONOMY = "https://ftp.ncbi.nlm.nih.gov/pub/taxonomy/new_taxdump/new_taxdump.tar.gz"


def resources(options: Mapping[str, Any], answers: Answers) -> Iterator[Resource]:
    """The ontologies by name, those by URL, and the taxonomy."""
    by_name = [f"http://purl.obolibrary.org/obo/{name}.obo" for name in options["names"]]
    for url in dict.fromkeys([*by_name, *options["urls"]]):
        parts = urlsplit(url)
        plain = parts.path.removesuffix(".gz")
        expects = "xml" if plain.endswith((".owl", ".xml")) else "json" if plain.endswith(".json") else "text"
        kind = "taxonomy" if plain.endswith((".dmp", "taxdump.tar")) else "ontology"
        yield Resource(f"{parts.netloc}{parts.path}", url, kind, expects)
    if options["taxonomy"]:
        yield Resource("taxonomy", TAXONOMY, "taxonomy", "text")


def check(resource: Resource, head: bytes) -> None:
    """Refuse any other format.

    Raises:
        Refused: with how it begins.
    """
    if resource.kind == "taxonomy":
        from lake.sources.ontologies import taxdump

        name = Path(urlsplit(resource.url).path).name.removesuffix(".gz")
        if name.endswith(".dmp") and (why := taxdump.unread(name)):
            raise Refused(f"{name} is not read", where=resource.url, why=why)
        if b"\t|" not in head:
            raise Refused("the answer is not a file of NCBI's taxonomy", where=resource.url)
    if resource.kind == "ontology" and _form(head) is None:
        raise Refused(
            f"the answer is neither OBO, OWL nor OBO graphs: it begins with {head[:60].decode('utf-8', 'replace')!r}",
            where=resource.url,
        )


def _form(head: bytes) -> str | None:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] == b"<":
        return "owl" if b"rdf:RDF" in head else None
    if start[:1] == b"{":
        return "graphs"
    return "obo" if b"format-version:" in head or b"[Term]" in head or b"[Typedef]" in head else None


def read(resource: Resource, answer: Answer) -> Iterator[Part]:
    """Terms, synonyms, cross-references and relations."""
    from lake.formats import gzipped
    from lake.formats.ontology import obo, obographs, owl
    from lake.sources.ontologies import taxdump

    if resource.kind == "taxonomy":
        yield from taxdump.read(answer, resource.url)
        return
    with gzipped.open_file(answer) as file:
        form = _form(file.read(2**16))
    readers = {"obo": obo.read, "owl": owl.read, "graphs": obographs.read}
    if form is None:
        raise Unreadable("it is neither OBO, OWL nor OBO graphs", where=resource.url)
    yield from readers[form](answer, resource.url, TABLES.with_prefix("ontologies_"))
