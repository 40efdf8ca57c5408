"""Entries of UniProt as flat files: https://web.expasy.org/docs/userman.html."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.formats import flat_records
from lake.formats.answer import Answer
from lake.formats.flat_records import extract, iso_date
from lake.formats.list_columns import Ragged
from lake.sources.uniprot.entries import Entries, Xrefs, all_but_first, protein_ids, with_numbers

_LINES = "(?:AC|DT|DE|GN|OS|OX|DR|PE|SQ) "
_ID = r"^(?P<name>\S+)\s+(?P<status>[A-Za-z]+);.*?(?P<length>\d+) AA\.$"
_SQ = r"^SEQUENCE\s+\d+ AA;\s+(?P<mass>\d+) MW;\s+(?P<checksum>[0-9A-F]+) CRC64;"
_DR = r"^(?P<database>[^;]+);\s*(?P<id>[^;]+);\s*(?P<third>[^;]*)"
_EVIDENCE = r"\s*\{ECO:[^}]*\}"
_GENE = r";\s*(?:and\s+)?(Name|Synonyms|OrderedLocusNames|ORFNames)="  # where the next item begins


def read(answer: Answer, where: str) -> Iterator[Entries]:
    """The entries of a file."""
    for block in flat_records.blocks(answer, _LINES, where):
        yield _of_txt(block)


def _of_txt(block: flat_records.Block) -> Entries:
    n = block.n
    head, sequence = block.lines("ID").first(n), block.lines("SQ").first(n)
    names, genes, accessions = block.lines("DE"), _genes(block), Ragged.split(block.lines("AC").joined(n), ";")
    loci = _after(genes, "OrderedLocusNames=")
    columns = {
        "accession": accessions.first(n),
        "secondary_accessions": all_but_first(accessions, n),
        "entry_name": extract(head, _ID, "name"),
        "reviewed": extract(head, _ID, "status"),
        "protein_name": _after(names, "(?:RecName|SubName): Full=").first(n),
        "gene": _after(genes, "Name=").first(n),
        "ordered_loci": Ragged.split(loci.values, r",\s", loci.owner).distinct().lists(n),
        "organism": pc.replace_substring_regex(block.lines("OS").joined(n), r"\.$", ""),
        "taxon_id": extract(block.lines("OX").first(n), r"NCBI_TaxID=(?P<id>\d+)", "id"),
        "length": extract(head, _ID, "length"),
        "mass": extract(sequence, _SQ, "mass"),
        "checksum": extract(sequence, _SQ, "checksum"),
        "fragment": pc.is_valid(_after(names, "Flags: .*(?:Fragment)").first(n)),
        "existence": pc.replace_substring_regex(block.lines("PE").first(n), ";$", ""),
    } | _dates(block)
    broken = (pa.array(block.undecodable), "one of its lines is not UTF-8")
    record = pa.array(np.arange(block.first, block.first + n))
    return Entries(record, columns, _txt_xrefs(block, names), [broken], block.source)


def _genes(block: flat_records.Block) -> Ragged:
    """The items of the GN lines, "Name=..." and the like; "and" separates two genes. A name may contain a ";"."""
    lines = pc.replace_substring_regex(block.lines("GN").joined(block.n), _EVIDENCE, "")
    return Ragged.split(pc.replace_substring_regex(lines, _GENE, "\x1f\\1="), "\x1f|;$")


def _after(texts: Ragged, start: str) -> Ragged:
    """The texts that begin with ``start``, without it, their evidence and their last semicolon."""
    rows = pc.match_substring_regex(texts.values, f"^{start}")
    values = pc.replace_substring_regex(texts.values.filter(rows), rf"^{start}|(?: \{{ECO:.*)?;?$", "")
    return Ragged(texts.owner[rows.to_numpy(zero_copy_only=False)], values)


def _dates(block: flat_records.Block) -> dict[str, pa.Array]:
    lines, columns = block.lines("DT"), {}
    events = {
        "created": ("integrated", None),
        "sequence_modified": ("sequence version", "sequence_version"),
        "modified": ("entry version", "version"),
    }
    for date, (words, version) in events.items():
        rows = pc.match_substring(lines.values, words)
        line = Ragged(lines.owner[rows.to_numpy(zero_copy_only=False)], lines.values.filter(rows)).first(block.n)
        columns[date] = iso_date(line)
        if version:
            columns[version] = extract(line, r"version (?P<number>\d+)\.$", "number")
    return columns


def _txt_xrefs(block: flat_records.Block, names: Ragged) -> Xrefs:
    lines = block.lines("DR")
    database = extract(lines.values, _DR, "database")
    protein = protein_ids(pc.replace_substring_regex(extract(lines.values, _DR, "third"), r"\.$", ""), database)
    xrefs = Xrefs(lines.owner, database, extract(lines.values, _DR, "id"), protein)
    return with_numbers(xrefs, _after(names, "(?:(?:RecName|AltName|SubName): )?EC="))
