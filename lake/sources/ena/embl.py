"""Sequences of ENA as EMBL flat files, in today's form and in that before 2006 (standard; DNA; ...)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.formats import flat_records
from lake.formats.answer import Answer
from lake.formats.flat_records import extract, iso_date
from lake.formats.list_columns import Ragged
from lake.sources.ena.records import Records

_LINES = '(?:AC|SV|PR|DT|DE|OS|DR|SQ) |FT {3,}/db_xref="taxon:'
_ID = (
    r"^(?P<name>[^\s;]+)"
    r"(?:; SV (?P<version>\d+); \w+; (?P<molecule>[^;]+); [^;]+;| .*?standard; (?:circular )?(?P<old>[^;]+);)"
    r".* (?P<bases>\d+) BP\.?$"
)


def read(answer: Answer, where: str, result: str) -> Iterator[Records]:
    """The records of a file."""
    for block in flat_records.blocks(answer, _LINES, where):
        yield _of_embl(block)


def _of_embl(block: flat_records.Block) -> Records:
    n = block.n
    head, dates, links = block.lines("ID").first(n), block.lines("DT"), block.lines("DR")
    accessions = Ragged.split(block.lines("AC").joined(n), ";")
    projects, samples = block.lines("PR"), _after(links, r"BioSample; ")
    columns = {
        "accession": pc.coalesce(accessions.first(n), extract(head, _ID, "name")),
        "kind": pa.repeat(pa.scalar("sequence"), n),
        "version": pc.coalesce(
            extract(head, _ID, "version"), extract(block.lines("SV").first(n), r"\.(?P<version>\d+)$", "version")
        ),
        "secondary_accession": _second(accessions, n),
        "description": block.lines("DE").joined(n),
        "taxon_id": extract(block.lines("FT").first(n), r"taxon:(?P<id>\d+)", "id"),
        "scientific_name": block.lines("OS").joined(n),
        "bases": extract(head, _ID, "bases"),
        "study_accession": extract(projects.first(n), r"(?P<id>PRJ[A-Z]+\d+)", "id"),
        "sample_accession": extract(samples.first(n), r"^(?P<id>SAM[A-Z]+\d+)", "id"),
        "molecule": pc.coalesce(extract(head, _ID, "molecule"), extract(head, _ID, "old")),
        "first_public": iso_date(_with(dates, "Created").first(n)),
        "last_updated": iso_date(_with(dates, "Last updated").first(n)),
    }
    record = pa.array(np.arange(block.first, block.first + n))
    faults = (
        (pa.array(block.undecodable), "one of its lines is not UTF-8"),
        (pc.is_null(columns["bases"]), "its ID line has no length in BP"),
    )
    return Records(record, columns, block.source, faults, accessions=accessions.values)


def _with(lines: Ragged, words: str) -> Ragged:
    rows = pc.match_substring(lines.values, words)
    return Ragged(lines.owner[rows.to_numpy(zero_copy_only=False)], lines.values.filter(rows))


def _after(lines: Ragged, start: str) -> Ragged:
    matches = _with(lines, start)
    return matches._replace(values=pc.replace_substring(matches.values, start, ""))


def _second(accessions: Ragged, n: int) -> pa.Array:
    more = np.diff(accessions.owner, prepend=-1) == 0
    return Ragged(accessions.owner[more], accessions.values.filter(pa.array(more))).first(n)
