"""NCBI Genomes: assembly summaries, reports and statistics, the ANI report, and genomes by accession.

lake.toml names them:

    [sources.ncbi]
    summaries = ["refseq", "genbank", "genbank/archaea", "genbank_historical"]
    genomes = ["GCF_000005845.2", "GCA_000008085.1_ASM808v1"]
    parts = ["report", "stats", "fasta"]       # of each genome
    ani = true

An accession's folder is looked up in these summaries, then in NCBI's listing.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lake.errors import ConfigError, Refused
from lake.sources.contract import Answer, Answers, Facts, Part, Resource
from lake.sources.ncbi import tables

if TYPE_CHECKING:
    from lake.formats.delimited import Layout

FACTS = Facts(
    name="ncbi",
    title="NCBI Genomes",
    homepage="https://www.ncbi.nlm.nih.gov/datasets/genome/",
    licence="public domain; some submitters claim rights to their sequences: https://www.ncbi.nlm.nih.gov/home/about/policies/",
    citation="O'Leary NA et al. (2024) Sci Data, doi:10.1038/s41597-024-03571-y",
    rate=3,
    refresh=30,
    domain="genomics",
    sized=True,
)
READER = 2
TABLES = tables.TABLES
OPTIONS: Mapping[str, Any] = {"summaries": [], "genomes": [], "parts": ["report", "fasta"], "ani": False}
ROOT = "https://ftp.ncbi.nlm.nih.gov/genomes"
_GENOME = re.compile(r"GC[AF]_\d{9}\.\d+(_\S+)?")
_FILES = {"report": "_assembly_report.txt", "stats": "_assembly_stats.txt", "fasta": "_genomic.fna.gz"}
_BEGINS = {  # what the first 64 KiB of each kind contain
    "summary": b"assembly_accession",
    "report": b"# Sequence-Name",
    "stats": b"statistic",
    "ani": b"best-match-type-ANI",
    "fasta": b">",
    "sums": b"  ./",
    "listing": b"<a href=",
}
_NAMES = {
    "summary": "an assembly summary",
    "report": "an assembly report",
    "stats": "assembly statistics",
    "ani": "the ANI report",
    "fasta": "FASTA",
    "sums": "a list of checksums",
    "listing": "a listing of a folder",
}


# What to ask for


def resources(options: Mapping[str, Any], answers: Answers) -> Iterator[Resource]:
    """The summaries, the ANI report, and the `parts` of each genome.

    Raises:
        ConfigError: a genome is not an accession, or a part is unknown.
    """
    for summary in options["summaries"]:
        yield Resource(f"summary/{summary}", f"{ROOT}/{_summary(summary)}", "summary", "text")
    if options["ani"]:
        yield Resource("ani", f"{ROOT}/ASSEMBLY_REPORTS/ANI_report_prokaryotes.txt", "ani", "text")
    if unknown := sorted(set(options["parts"]) - _FILES.keys()):
        raise ConfigError(f"[sources.ncbi] parts names {unknown[0]!r}", next=f"it takes {', '.join(_FILES)}")
    folders = yield from _folders(options, answers)
    for name in folders:
        yield from _genome(name, options["parts"], answers)


def _summary(name: str) -> str:
    """
    >>> _summary("refseq_historical"), _summary("genbank/fungi")
    ('refseq/assembly_summary_refseq_historical.txt', 'genbank/fungi/assembly_summary.txt')
    """
    if name.endswith(".txt"):
        return name
    return f"{name}/assembly_summary.txt" if "/" in name else f"{name.partition('_')[0]}/assembly_summary_{name}.txt"


def _folders(options: Mapping[str, Any], answers: Answers) -> Generator[Resource, None, list[str]]:
    """The folders of the genomes, such as GCA_000008085.1_ASM808v1; asks for listings where no summary has them."""
    folders: list[str] = []
    accessions: list[str] = []
    for genome in options["genomes"]:
        match = _GENOME.fullmatch(genome)
        if match is None:
            raise ConfigError(
                f"[sources.ncbi] genomes names {genome!r}, which is not an accession with its version",
                why="an accession is like GCF_000005845.2",
            )
        (folders if match[1] else accessions).append(genome)
    summaries = [f"summary/{name}" for name in options["summaries"]]
    if accessions and all(answers(id) or answers.missing(id) for id in summaries):
        by_accession = _from_summaries([answer for id in summaries if (answer := answers(id))], accessions)
        for accession in accessions:
            if accession in by_accession:
                folders.append(by_accession[accession])
            else:
                folders += yield from _from_listing(accession, answers)
    return folders


def _from_summaries(summaries: Iterable[Answer], accessions: list[str]) -> dict[str, str]:
    """accession -> folder, from the summaries."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from lake.formats import text

    folders = {}
    for answer in summaries:
        for block in text.lines(answer):
            rows = block.text.filter(
                pc.is_in(pc.replace_substring_regex(block.text, "\t.*", ""), pa.array(accessions, pa.string()))
            )
            for line in rows.to_pylist():
                accession = line.partition("\t")[0]
                if path := re.search(rf"/({re.escape(accession)}_[^/\t]+)/?\t", line):
                    folders[accession] = path[1]
    return folders


def _from_listing(accession: str, answers: Answers) -> Generator[Resource, None, list[str]]:
    """The folder of an accession, from NCBI's listing; empty if it has no such genome."""
    listing = f"listing/{accession}"
    yield Resource(listing, f"{_parent(accession)}/", "listing", "html", optional=True)
    answer = answers(listing)
    page = answer.read_text() if answer else ""
    return list(dict.fromkeys(re.findall(rf'href="({re.escape(accession)}_[^"/]+)/?"', page)))[:1]


def _parent(genome: str) -> str:
    """
    >>> _parent("GCF_000005845.2")
    'https://ftp.ncbi.nlm.nih.gov/genomes/all/GCF/000/005/845'
    """
    return "/".join([ROOT, "all", genome[:3], genome[4:7], genome[7:10], genome[10:13]])


def _genome(name: str, parts: list[str], answers: Answers) -> Iterator[Resource]:
    """Files of a genome; its FASTA once the checksums are fetched, or turned out to be missing."""
    url = f"{_parent(name)}/{name}"
    params = {"accession": "_".join(name.split("_")[:2])}
    sums = f"genome/{name}/md5checksums.txt"
    if "fasta" in parts:
        yield Resource(sums, f"{url}/md5checksums.txt", "sums", "text", optional=True)
    for kind in parts:
        file = f"{name}{_FILES[kind]}"
        if kind != "fasta":
            yield Resource(f"genome/{file}", f"{url}/{file}", kind, "text", params, optional=kind == "stats")
        elif answers(sums) or answers.missing(sums):
            md5 = _sums(answers(sums)).get(file)
            yield Resource(f"genome/{file}", f"{url}/{file}", kind, "text", params, md5=md5)


def _sums(answer: Answer | None) -> dict[str, str]:
    """file -> md5."""
    lines = answer.read_text().splitlines() if answer else []
    return {name.removeprefix("./"): md5 for md5, _, name in (line.partition("  ") for line in lines)}


def check(resource: Resource, head: bytes) -> None:
    """Refuse what lacks the header of what was asked for.

    Raises:
        Refused: with how it begins.
    """
    if _BEGINS[resource.kind] not in head:
        raise Refused(
            f"the answer is not {_NAMES[resource.kind]}: it begins with {head[:60].decode('utf-8', 'replace')!r}",
            where=resource.url,
        )


# How answers are read


def read(resource: Resource, answer: Answer) -> Iterator[Part]:
    """The rows of one file. "na" and an empty cell mean missing."""
    from lake.formats import delimited, fasta, text

    accession = resource.params.get("accession")
    if resource.kind == "fasta":
        yield from fasta.read(
            answer, resource.url, TABLES.table("ncbi_sequences"), TABLES.table("ncbi_bases"), accession
        )
    if resource.kind == "report":
        yield _properties(answer, accession)
    if resource.kind in _LAYOUTS:
        fixed = {"accession": accession} if accession else {}
        yield from delimited.rows(_layout(*_LAYOUTS[resource.kind]), text.lines(answer), resource.url, **fixed)


_LAYOUTS = {  # table, and the columns that it must have
    "summary": ("ncbi_assemblies", "accession", "organism", "taxid", "name"),
    "report": ("ncbi_assembly_sequences", "name", "length"),
    "stats": ("ncbi_assembly_statistics", "unit", "statistic", "value"),
    "ani": ("ncbi_ani", "accession", "best_ani"),
}


def _layout(table: str, *required: str) -> Layout:
    from lake.formats import delimited

    return delimited.Layout(table, TABLES[table], required, nulls=("", "na"))


def _properties(answer: Answer, accession: str | None) -> Part:
    """The lines `# Name:  value` before the table."""
    import pyarrow as pa

    from lake.formats import gzipped

    table, rows = "ncbi_assembly_reports", []
    with gzipped.open_file(answer) as file:
        for number, raw in enumerate(file, 1):
            if not raw.startswith(b"#"):
                break
            if match := re.match(r"# ([^:\t]+):\s+(\S.*?)\s*$", raw.decode("utf-8", "replace")):
                rows.append((number, accession, *match.groups()))
    columns = [list(column) for column in zip(*rows, strict=True)] or [[]] * 4
    return Part(table, len(rows), pa.table(columns, schema=TABLES[table]))
