"""UniProtKB: entries by lists of accessions and by queries (https://www.uniprot.org/help/api_queries).

An answer is TSV, XML, JSON or a flat file, as [sources.uniprot] says; an entry gives the same rows in each. An error
comes as JSON with "messages", or as the last line of a truncated stream.
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
    "accessions": [],  # entries to ask for by accession, 500 a request
    "queries": [],  # "proteome:UP000000625", "(ec:1.1.1.1) AND (reviewed:true)": all entries that match, one stream
    "format": "tsv",  # or "xml", "json", "txt" (the flat file)
    "fields": [  # columns of a TSV, by UniProt's names of fields
        *("accession", "id", "reviewed", "protein_name", "gene_primary", "gene_oln", "organism_name", "organism_id"),
        *("length", "mass", "fragment", "protein_existence", "ec", "go_id", "xref_kegg", "xref_embl", "xref_refseq"),
        *("version", "sequence_version", "date_created", "date_modified", "date_sequence_modified"),
    ],
}
_FORMATS = {  # patterns of each format and of an entry, within the first 64 KiB
    "tsv": (rb"\A(?:[^\n]*\t)?\"?Entry\"?(?:\t|\r?\n|\Z)", rb"\n[^\r\n]"),
    "xml": (rb"<uniprot[\s>]", rb"<entry[\s>]"),
    "json": (rb'\A\s*\{\s*"(?:results"\s*:\s*\[|entryType")', rb'"entryType"|"primaryAccession"'),
    "txt": (rb"\A\s*ID   ", rb"\n"),
}


def resources(options: Mapping[str, Any], answers: Answers) -> Iterator[Resource]:
    """A request for every 500 accessions, without duplicates, and one for each query.

    Raises:
        ConfigError: unknown format.
    """
    format = options["format"]
    if format not in _FORMATS:
        raise ConfigError(
            f"[sources.uniprot] format is {format!r}", where="lake.toml", next=f"use one of {', '.join(_FORMATS)}"
        )
    fields = f"&fields={','.join(options['fields'])}" if format == "tsv" else ""
    expects = format if format in ("xml", "json") else "text"
    accessions = list(dict.fromkeys(options["accessions"]))
    for start in range(0, len(accessions), BATCH):
        batch = accessions[start : start + BATCH]
        url = f"{REST}/accessions?accessions={','.join(batch)}{fields}&size={BATCH}&format={format}"
        yield Resource(f"accessions/{start // BATCH + 1}", url, format, expects, {"accessions": batch})
    for query in dict.fromkeys(options["queries"]):
        url = f"{REST}/stream?query={quote(query, safe=':()')}{fields}&format={format}"
        yield Resource(f"stream/{query}", url, format, expects)


def check(resource: Resource, head: bytes) -> None:
    """Refuse an error, an HTML page, another format, and an answer without entries.

    Raises:
        Refused: with the archive's own message, where it gives one.
    """
    body = head.removeprefix(b"\xef\xbb\xbf")
    pattern, entry = _FORMATS[resource.kind]
    if not re.search(pattern, body):
        messages = re.search(rb'"messages"\s*:\s*\[([^\]]{0,200})', body)
        what = "the archive answered with an error" if messages else f"the answer is not {resource.kind}"
        text = (messages[1] if messages else body)[:200].decode("utf-8", "replace").strip()
        raise Refused(f"{what}: {text!r}", where=resource.url, why="an error page, or an invalid query")
    if len(head) < 2**16 and not re.search(entry, body):
        raise Refused("the answer has no entry", where=resource.url, why="nothing in UniProt matches")


def read(resource: Resource, answer: Answer) -> Iterator[Part]:
    """Entries and their cross-references, some megabytes at a time.

    An entry without an accession or length (UniProt has deleted or merged it) is a reject, and so are its
    cross-references; a value of the wrong type is a rejected cell. A requested accession that is not in the answer is a
    reject too.

    Raises:
        Unreadable: truncated, damaged, of another format, or without an entry.
    """
    from lake.sources.uniprot import entries as uniprot_entries
    from lake.sources.uniprot import flat, json, tsv, xml

    format = {"tsv": tsv, "xml": xml, "json": json, "txt": flat}[resource.kind]
    requested = uniprot_entries.Requested(resource.params.get("accessions", ()))
    for entries in format.read(answer, resource.url):
        requested.remove(entries)
        yield from uniprot_entries.parts(entries)
    if missing := requested.missing():
        yield missing
