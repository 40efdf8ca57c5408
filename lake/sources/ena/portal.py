"""Records of ENA as the portal sends them: JSON in which every value is a string, or TSV."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from lake.errors import Unreadable
from lake.formats import delimited, json_records
from lake.formats.answer import Answer
from lake.sources.ena.records import Records, blank_is_null
from lake.sources.ena.tables import FILES, KEYS, TABLES

_TITLES = ("description", "experiment_title", "study_title", "sample_title", "assembly_title", "title")
_OWN = {
    field.metadata[b"source"].decode(): field.name for field in TABLES["ena_records"] if b"source" in field.metadata
}
_FIELDS = (
    *(field.metadata.get(b"source", field.name.encode()).decode() for field in TABLES["ena_records"]),
    *(f"{kind}_{what}" for kind in FILES for what in ("ftp", "bytes", "md5")),
    *_TITLES,
)
_WIRE = pa.schema([(name, pa.string()) for name in dict.fromkeys(_FIELDS) if name not in ("_record", "kind")])


def read(answer: Answer, where: str, result: str) -> Iterator[Records]:
    """The records of an answer."""
    with answer.open() as file:
        is_json = file.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"["
    yield from (_json if is_json else _tsv)(answer, where, result)


def _json(answer: Answer, where: str, result: str) -> Iterator[Records]:
    for block in json_records.blocks(answer, _WIRE, where):
        rows = block.rows
        columns = {name: pa.chunked_array(rows[name]).combine_chunks() for name in rows.schema.names}
        broken = (block.broken,) if len(block.broken) else ()
        yield Records(block.record, _renamed(columns, result, where, len(block.record)), block.source, broken=broken)


def _tsv(answer: Answer, where: str, result: str) -> Iterator[Records]:
    layout = delimited.Layout(
        "ena_records",
        pa.schema([pa.field("_record", pa.int64()), *_WIRE]),
        (_first_key(answer, where, result),),
        comment="",
        extra=lambda name: None,
        why="the portal was asked for other fields, or this is not one of its tables",
    )
    for part in delimited.read(layout, answer, where):
        columns = {name: pa.chunked_array(part.rows[name]).combine_chunks() for name in part.rows.schema.names}
        record = columns.pop("_record")
        renamed = _renamed(columns, result, where, len(record))
        broken = () if part.rejects is None else (part.rejects,)
        yield Records(record, renamed, renamed["accession"].filter, broken=broken)


def _first_key(answer: Answer, where: str, result: str) -> str:
    """The column that names a record in this file."""
    with answer.open() as file:
        header = file.readline(2**20).decode("utf-8", "replace").removeprefix("\ufeff").rstrip("\r\n").split("\t")
    keys = KEYS[result][1]
    key = next((name for name in keys if name in header), None)
    if key is None:
        raise Unreadable(
            f"there is no header with a column {' or '.join(keys)}", where=where, why="the format of the answer changed"
        )
    return key


def _renamed(columns: dict[str, pa.Array], result: str, where: str, n: int) -> dict[str, pa.Array]:
    """The portal's fields under the names of our columns. A row of an experiment that names a run is that run."""
    columns = {name: blank_is_null(column) for name, column in columns.items()}
    kind, keys = KEYS[result]
    kinds = pa.repeat(pa.scalar(kind), n)
    accession = pc.coalesce(*(columns[name] for name in keys))
    if result == "read_experiment":
        runs = columns["run_accession"]
        kinds = pc.if_else(pc.is_valid(runs), "run", kinds)
        accession = pc.coalesce(runs, accession)
    secondary = columns[keys[1]] if kind in ("study", "sample") else pa.nulls(n, pa.string())
    renamed = {_OWN.get(name, name): column for name, column in columns.items()}
    return renamed | {
        "accession": accession,
        "kind": kinds,
        "secondary_accession": secondary,
        "description": pc.coalesce(*(columns[name] for name in _TITLES)),
    }
