"""European Nucleotide Archive: records by search and by accession, and the files of runs.

The portal (https://www.ebi.ac.uk/ena/portal/api/) answers searches and filereport as JSON, with every value a string,
or as TSV; the browser (https://www.ebi.ac.uk/ena/browser/api/) gives a record as XML or as an EMBL flat file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from lake.errors import ConfigError, Refused, Unreadable
from lake.sources.contract import Answer, Answers, Facts, Part, Resource
from lake.sources.ena import tables

FACTS = Facts(
    name="ena",
    title="European Nucleotide Archive",
    homepage="https://www.ebi.ac.uk/ena",
    licence="open, as the INSDC's policy has it: https://www.insdc.org/policy/",
    citation="Yuan D et al. (2024) The European Nucleotide Archive in 2023. Nucleic Acids Res 52:D92-D97, "
    "doi:10.1093/nar/gkad1067",
    rate=5,  # ENA allows fifty
    refresh=30,
    domain="genomics",
)
READER = 2
TABLES = tables.TABLES
OPTIONS: Mapping[str, Any] = {
    "searches": [],  # [[sources.ena.searches]] result = "read_run", query = "tax_tree(2157)", fields = [...]
    "files": [],  # accessions (study, sample, experiment or run) whose runs and files filereport is asked for
    "records": [],  # accessions whose XML is asked for: PRJNA514051, SRX3517583, SRR8426358
    "sequences": [],  # accessions whose EMBL flat file is asked for: AE017046
}
PORTAL, BROWSER = "https://www.ebi.ac.uk/ena/portal/api", "https://www.ebi.ac.uk/ena/browser/api"
_ANY = ("tax_id", "scientific_name", "center_name", "first_public", "last_updated")
_READS = (
    *("experiment_accession", "sample_accession", "secondary_sample_accession"),
    *("study_accession", "secondary_study_accession", "description", "base_count", "read_count", "library_strategy"),
    *("library_source", "library_selection", "library_layout", "instrument_platform", "instrument_model", *_ANY),
)
_FILES = [f"{kind}_{what}" for kind in ("fastq", "submitted") for what in ("ftp", "bytes", "md5")]
FIELDS = {  # what a search asks for if lake.toml does not name its fields
    "read_run": ("run_accession", *_READS, *_FILES),
    "read_experiment": ("run_accession", *_READS),
    "read_study": ("study_accession", "secondary_study_accession", "study_title", *_ANY),
    "study": ("study_accession", "secondary_study_accession", "study_title", *_ANY),
    "sample": ("sample_accession", "secondary_sample_accession", "description", *_ANY),
    "assembly": ("accession", "version", "study_accession", "sample_accession", "base_count", *_ANY[:2], _ANY[-1]),
    "sequence": ("accession", "description", "base_count", "mol_type", *_ANY[:2], *_ANY[3:]),
}
_FORM = {  # what identifies each form within its first 64 KiB
    "xml": rf"<(?:{'|'.join(tables.SETS)})[\s>]".encode(),
    "embl": rb"\A\s*ID   ",
    "search": rb"\A\s*\[\s*\{|\A(?:[^\n]*\t)?(?:(?:run|experiment|sample|study)_)?accession(?:\t[^\n]*)?\r?\n.",
    "files": rb"\A\s*\[\s*\{[^}]*_ftp\"|\A(?=[^\n]*\brun_accession\b)(?=[^\n]*_ftp\b)[^\n]*+\n.",
}


def resources(options: Mapping[str, Any], answers: Answers) -> Iterator[Resource]:
    """A request for each search and each accession.

    Raises:
        ConfigError: a search has no result or query, or an unknown result.
    """
    for number, search in enumerate(options["searches"], 1):
        yield _search(number, search)
    for accession in dict.fromkeys(options["files"]):
        url = f"{PORTAL}/filereport?accession={accession}&result=read_run&fields={','.join(FIELDS['read_run'])}"
        yield Resource(f"files/{accession}", f"{url}&format=tsv&limit=0", "files", "text", {"result": "read_run"})
    for accession in dict.fromkeys(options["records"]):
        params = {"accession": accession}
        yield Resource(f"xml/{accession}", f"{BROWSER}/xml/{accession}", "xml", "xml", params)
    for accession in dict.fromkeys(options["sequences"]):
        yield Resource(f"embl/{accession}", f"{BROWSER}/embl/{accession}", "embl", "text", {"accession": accession})


def _search(number: int, search: Mapping[str, Any]) -> Resource:
    missing = sorted({"result", "query"} - search.keys())
    unknown = sorted(search.keys() - {"result", "query", "fields"})
    if missing or unknown or search["result"] not in FIELDS:
        what = f"{missing[0]} is missing" if missing else f"{(unknown or [search['result']])[0]!r} is unknown"
        raise ConfigError(
            f"search {number} of [[sources.ena.searches]] is not valid: {what}",
            where="lake.toml",
            next=f"it takes result (one of {', '.join(FIELDS)}), query and fields",
        )
    result, query = search["result"], search["query"]
    fields = ",".join(search.get("fields") or FIELDS[result])
    url = f"{PORTAL}/search?result={result}&query={quote(query, safe='()=:*')}&fields={fields}&format=json&limit=0"
    return Resource(f"search/{result}/{query}", url, "search", "json", {"result": result})


def check(resource: Resource, head: bytes) -> None:
    """Refuse an error, an HTML page, another form, and an answer without records.

    Raises:
        Refused: it is not what was asked for.
    """
    body = head.removeprefix(b"\xef\xbb\xbf")
    if not re.search(_FORM[resource.kind], body):
        start = body.strip()[:120].decode("utf-8", "replace")
        raise Refused(
            f"the answer is empty, or not {resource.kind}: it begins with {start!r}",
            where=resource.url,
            why="an error page, an accession that ENA does not have, or a search that nothing matches",
        )


def read(resource: Resource, answer: Answer) -> Iterator[Part]:
    """Records, and the files of runs, some megabytes at a time.

    A record without an accession is a reject; so is a file whose run has not as many sizes or checksums as files. A
    cell that is not a number is set aside alone.

    Raises:
        Unreadable: truncated, damaged, of another form, of another accession, or without a record.
    """
    from lake.sources.ena import embl, portal, xml
    from lake.sources.ena import records as ena_records

    form = {"search": portal, "files": portal, "xml": xml, "embl": embl}[resource.kind]
    accession: str = resource.params.get("accession") or ""
    accessions: set[str | None] = set()
    for records in form.read(answer, resource.url, resource.params.get("result", "")):
        if accession and resource.kind in ("xml", "embl"):
            accessions |= {id for name in ena_records.NAMES for id in records.columns[name].to_pylist()}
            accessions |= set(records.accessions.to_pylist() if records.accessions is not None else ())
        yield from ena_records.parts(records)
    if accessions and re.sub(r"\.\d+$", "", accession) not in accessions and "-" not in accession:  # A1-A9 is a range
        first = ", ".join(sorted(filter(None, accessions))[:3])
        raise Unreadable(f"it is of {first}, and {accession} was asked for", where=resource.url)
