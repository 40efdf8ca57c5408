"""UniProtKB: entries by lists of accessions and by queries (https://www.uniprot.org/help/api_queries).

An answer is TSV, XML, JSON or flat file, as [sources.uniprot] says; the same entry gives the same rows in each. An
error comes as JSON with "messages", or as a last line of a stream that breaks off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from lake.errors import ConfigError, Refused
from lake.sources.contract import Answer, Answers, Facts, Part, Resource
from lake.sources.uniprot import tables

FACTS = Facts(
    name="uniprot",
    title="UniProt Knowledgebase",
    homepage="https://www.uniprot.org",
    licence="CC BY 4.0: https://www.uniprot.org/help/license",
    citation="The UniProt Consortium (2025) UniProt: the Universal Protein Knowledgebase in 2025. "
    "Nucleic Acids Res 53:D609-D617, doi:10.1093/nar/gkae1010",
    rate=3,
    refresh=56,  # a release comes every eight weeks
    domain="genomics",
)
READER = 2
TABLES = tables.TABLES
REST = "https://rest.uniprot.org/uniprotkb"
BATCH = 500  # accessions a request
OPTIONS: Mapping[str, Any] = {
    "accessions": [],  # entries that are asked for by name, 500 a request
    "queries": [],  # "proteome:UP000000625", "(ec:1.1.1.1) AND (reviewed:true)": all entries that match, one stream
    "format": "tsv",  # or "xml", "json", "txt" (the flat file)
    "fields": [  # columns of a TSV, in UniProt's names of them
        *("accession", "id", "reviewed", "protein_name", "gene_primary", "gene_oln", "organism_name", "organism_id"),
        *("length", "mass", "fragment", "protein_existence", "ec", "go_id", "xref_kegg", "xref_embl", "xref_refseq"),
        *("version", "sequence_version", "date_created", "date_modified", "date_sequence_modified"),
    ],
}
_FORM = {  # what tells each form within its first 64 KiB, and how its first entry begins
    "tsv": (rb"\A(?:[^\n]*\t)?\"?Entry\"?(?:\t|\r?\n|\Z)", rb"\n[^\r\n]"),
    "xml": (rb"<uniprot[\s>]", rb"<entry[\s>]"),
    "json": (rb'\A\s*\{\s*"(?:results"\s*:\s*\[|entryType")', rb'"entryType"|"primaryAccession"'),
    "txt": (rb"\A\s*ID   ", rb"\n"),
}


def resources(options: Mapping[str, Any], answers: Answers) -> Iterator[Resource]:
    """A request for each 500 accessions, in their order and each once, and one for each query.

    Raises:
        ConfigError: the format is not known.
    """
    form = options["format"]
    if form not in _FORM:
        raise ConfigError(
            f"[sources.uniprot] format is {form!r}", where="lake.toml", next=f"it is one of {', '.join(_FORM)}"
        )
    fields = f"&fields={','.join(options['fields'])}" if form == "tsv" else ""
    expects = form if form in ("xml", "json") else "text"
    accessions = list(dict.fromkeys(options["accessions"]))
    for start in range(0, len(accessions), BATCH):
        some = accessions[start : start + BATCH]
        url = f"{REST}/accessions?accessions={','.join(some)}{fields}&size={BATCH}&format={form}"
        yield Resource(f"accessions/{start // BATCH + 1}", url, form, expects, {"accessions": some})
    for query in dict.fromkeys(options["queries"]):
        url = f"{REST}/stream?query={quote(query, safe=':()')}{fields}&format={form}"
        yield Resource(f"stream/{query}", url, form, expects)


def check(resource: Resource, head: bytes) -> None:
    """Refuse an error, a page, another form, and an answer without an entry.

    Raises:
        Refused: with the archive's own message, where it gives one.
    """
    body = head.removeprefix(b"\xef\xbb\xbf")
    form, entry = _FORM[resource.kind]
    if not re.search(form, body):
        said = re.search(rb'"messages"\s*:\s*\[([^\]]{0,200})', body)
        what = "the archive answered with an error" if said else f"the answer is not {resource.kind}"
        text = (said[1] if said else body)[:200].decode("utf-8", "replace").strip()
        raise Refused(f"{what}: {text!r}", where=resource.url, why="an error page, or a query that it does not take")
    if len(head) < 2**16 and not re.search(entry, body):
        raise Refused("the answer has not one entry", where=resource.url, why="nothing in UniProt matches")


def read(resource: Resource, answer: Answer) -> Iterator[Part]:
    """Entries and their cross-references, some megabytes at a time.

    An entry is a reject where it has no accession, no length (UniProt has deleted or merged it), or a value that is
    not of its kind; its cross-references are rejects with it. An accession that was asked for and is not in the answer
    is one too.

    Raises:
        Unreadable: cut short, damaged, of another form, or without an entry.
    """
    from lake.sources.uniprot import entries as uniprot_entries
    from lake.sources.uniprot import flat, json, tsv, xml

    form = {"tsv": tsv, "xml": xml, "json": json, "txt": flat}[resource.kind]
    wanted = uniprot_entries.Wanted(resource.params.get("accessions", ()))
    for entries in form.read(answer, resource.url):
        wanted.found(entries)
        yield from uniprot_entries.parts(entries)
    if gone := wanted.missing():
        yield gone
