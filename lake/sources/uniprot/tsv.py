"""Entries of UniProt as TSV: the columns that were asked for, in the requested order."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from lake.errors import Unreadable
from lake.formats import delimited
from lake.formats.answer import Answer
from lake.formats.list_columns import Ragged
from lake.sources.uniprot import tables
from lake.sources.uniprot.entries import NO_XREFS, Entries

_MASS = r"^\d{1,3}(,\d{3})+$"  # the site before 2022 wrote 41,582
_STREAM_ERROR = "Error encountered when streaming data"


def read(answer: Answer, where: str) -> Iterator[Entries]:
    """The entries of a file."""
    layout = _layout(answer)
    for part in delimited.read(layout, answer, where):
        if part.rejects is not None and pc.any(pc.starts_with(part.rejects["content"], _STREAM_ERROR)).as_py():
            raise Unreadable("the stream is truncated", where=where, why="UniProt reports an error in its last line")
        rows = part.rows.combine_chunks()
        cells = {name: _column(rows, name) for name in rows.schema.names}
        yield _of_cells(cells, cells.pop("_record"), () if part.rejects is None else (part.rejects,))


def _column(rows: pa.Table, name: str) -> pa.Array:
    return pa.chunked_array(rows[name]).combine_chunks()


def _layout(answer: Answer) -> delimited.Layout:
    """The columns of this TSV, by their names in the schema; an unknown heading becomes a name in lower case."""
    with answer.open() as file:
        header = file.readline(2**20).decode("utf-8", "replace").removeprefix("\ufeff")
    fields = [pa.field("_record", pa.int64())]
    for number, cell in enumerate((cell.strip().strip('"') for cell in header.rstrip("\r\n").split("\t")), 1):
        plain = re.sub(r"\s+", " ", cell.lower()).replace(" )", ")")
        name = tables.HEADINGS.get(plain) or re.sub(r"[^a-z0-9]+", "_", plain).strip("_") or f"column_{number}"
        fields.append(pa.field(name, pa.string(), metadata={"source": cell}))
    return delimited.Layout(
        "uniprot_entries",
        pa.schema({field.name: field for field in fields}.values()),
        ("accession",),
        comment="",
        why="it is not a TSV of UniProtKB, which has a column Entry",
    )


def _of_cells(cells: dict[str, pa.Array], record: pa.Array, broken: tuple[pa.Table, ...]) -> Entries:
    databases = tuple(name for name in tables.DATABASES if name in cells)
    xrefs = NO_XREFS
    for database in databases:
        ids = Ragged.split(cells.pop(database), ";")
        xrefs = xrefs.plus(database, ids._replace(values=pc.replace_substring_regex(ids.values, r" *\[[^\]]*\]$", "")))
    n = len(record)
    if "ordered_loci" in cells:
        cells["ordered_loci"] = Ragged.split(cells["ordered_loci"], r"[;,]?\s+").distinct().lists(n)
    if "gene" in cells:
        cells["gene"] = Ragged.split(cells["gene"], r";\s+").first(n)
    if "fragment" in cells:
        cells["fragment"] = pc.is_valid(cells["fragment"])
    if "length" not in cells and "sequence" in cells:
        cells["length"] = pc.utf8_length(cells["sequence"]).cast(pa.int64())
    for name in {"mass", "length"} & {name for name, column in cells.items() if column.type == pa.string()}:
        thousands = pc.match_substring_regex(cells[name], _MASS)
        cells[name] = pc.if_else(thousands, pc.replace_substring(cells[name], ",", ""), cells[name])
    if "protein_names" in cells:  # several cannot be split: names contain parentheses too
        several = pc.match_substring_regex(cells["protein_names"], r" [(\[]")
        cells["protein_name"] = pc.if_else(several, pa.scalar(None, pa.string()), cells["protein_names"])
    accession = cells["accession"]
    return Entries(record, cells, xrefs, [], lambda mask: accession.filter(mask), databases, broken)
