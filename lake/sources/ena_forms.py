"""The forms in which ENA gives records, each read into the same columns: JSON and TSV of the portal, XML, EMBL.

XML: https://github.com/enasequence/schema; EMBL: https://raw.githubusercontent.com/enasequence/read_docs (user manual).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.errors import Unreadable
from lake.sources import delimited, ena, flat_records, json_records, xml_records
from lake.sources.ena_records import Records, blank_is_null
from lake.sources.ena_tables import FILES, KEYS, TABLES
from lake.sources.ragged import Ragged, merged
from lake.sources.uniprot_forms import day, found

# JSON and TSV of the portal

_TITLES = ("description", "experiment_title", "study_title", "sample_title", "assembly_title", "title")
_OWN = {field.metadata[b"source"].decode(): field.name for field in TABLES["ena_records"] if b"source" in field.metadata}
_KNOWN = (
    *(field.metadata.get(b"source", field.name.encode()).decode() for field in TABLES["ena_records"]),
    *(f"{kind}_{what}" for kind in FILES for what in ("ftp", "bytes", "md5")),
    *_TITLES,
)
_WIRE = pa.schema([(name, pa.string()) for name in dict.fromkeys(_KNOWN) if name not in ("_record", "kind")])


def _portal(path: Path, where: str, result: str) -> Iterator[Records]:
    with open(path, "rb") as file:
        is_json = file.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"["
    yield from (_json if is_json else _tsv)(path, where, result)


def _json(path: Path, where: str, result: str) -> Iterator[Records]:
    for block in json_records.blocks(path, _WIRE, where):
        rows = block.rows
        columns = {name: pa.chunked_array(rows[name]).combine_chunks() for name in rows.schema.names}
        broken = (block.broken,) if len(block.broken) else ()
        yield Records(block.record, _named(columns, result, where, len(block.record)), block.source, broken=broken)


def _tsv(path: Path, where: str, result: str) -> Iterator[Records]:
    layout = delimited.Layout(
        "ena_records",
        pa.schema([pa.field("_record", pa.int64()), *_WIRE]),
        (_first_key(path, where, result),),
        comment="",
        extra=lambda name: None,
        why="the portal was asked for other fields, or it is no table of it",
    )
    for part in delimited.read(layout, path, where):
        columns = {name: pa.chunked_array(part.rows[name]).combine_chunks() for name in part.rows.schema.names}
        record = columns.pop("_record")
        named = _named(columns, result, where, len(record))
        broken = () if part.rejects is None else (part.rejects,)
        yield Records(record, named, lambda mask, of=named["accession"]: of.filter(mask), broken=broken)


def _first_key(path: Path, where: str, result: str) -> str:
    """The column that names a record in this file."""
    with open(path, "rb") as file:
        header = file.readline(2**20).decode("utf-8", "replace").removeprefix("\ufeff").rstrip("\r\n").split("\t")
    keys = KEYS[result][1]
    key = next((name for name in keys if name in header), None)
    if key is None:
        raise Unreadable(
            f"there is no header with a column {' or '.join(keys)}", where=where, why="the form of the answer changed"
        )
    return key


def _named(columns: dict[str, pa.Array], result: str, where: str, n: int) -> dict[str, pa.Array]:
    """The portal's fields in our names. A row of an experiment that names a run is that run."""
    columns = {name: blank_is_null(column) for name, column in columns.items()}
    kind, keys = KEYS[result]
    kinds = pa.repeat(pa.scalar(kind), n)
    accession = pc.coalesce(*(columns[name] for name in keys))
    if result == "read_experiment":
        runs = columns["run_accession"]
        kinds = pc.if_else(pc.is_valid(runs), "run", kinds)
        accession = pc.coalesce(runs, accession)
    other = columns[keys[1]] if kind in ("study", "sample") else pa.nulls(n, pa.string())
    found = {_OWN.get(name, name): column for name, column in columns.items()}
    return found | {
        "accession": accession,
        "kind": kinds,
        "secondary_accession": other,
        "description": pc.coalesce(*(columns[name] for name in _TITLES)),
    }


# XML


def _xml(path: Path, where: str, result: str) -> Iterator[Records]:
    for block in xml_records.blocks(path, ena.SETS, where):
        yield _of_xml(block)


def _of_xml(block: xml_records.Block) -> Records:
    n, kind = block.n, {"project": "study"}.get(block.record.lower(), block.record.lower())
    texts = {name: block.texts_of(block.at(*path)).first(n) for name, path in _TEXTS.items()}
    said = _pairs(block, ("*", "*", "TAG"), "VALUE")
    links = _pairs(block, ("*", "*", "XREF_LINK", "DB"), "ID")
    refs = {of: block.attributes("accession", block.at(*path)) for of, path in _REFERENCES.items()}
    names = _ids(block)
    studies = merged(refs["study"], links("ENA-STUDY"), *([names] if kind == "study" else []))
    samples = merged(refs["sample"], links("ENA-SAMPLE"), *([names] if kind == "sample" else []))
    columns = {
        "study_accession": _like(studies, r"^PRJ[A-Z]+\d+$", n),
        "secondary_study_accession": _like(studies, r"^[A-Z]RP\d+$", n),
        "sample_accession": _like(samples, r"^SAM[A-Z]+\d+$", n),
        "secondary_sample_accession": _like(samples, r"^[A-Z]RS\d+$", n),
        "experiment_accession": _like(merged(refs["experiment"], links("ENA-EXPERIMENT")), r"^[A-Z]RX\d+$", n),
        "run_accession": _like(links("ENA-RUN"), r"^[A-Z]RR\d+$", n),
        "kind": pa.repeat(pa.scalar(kind), n),
        "description": pc.coalesce(*(texts[name] for name in ("TITLE", "STUDY_TITLE", "DESCRIPTION"))),
        "instrument_platform": block.tags(block.at("PLATFORM", "*")).first(n),
        "library_layout": block.tags(block.at("DESIGN", "LIBRARY_DESCRIPTOR", "LIBRARY_LAYOUT", "*")).first(n),
        "center_name": block.attributes("center_name", block.at()).first(n),
    }
    columns |= {name: texts[name] for name in texts if name.islower()}
    columns |= {ours: said(tag).first(n) for tag, ours in _SAID.items()}
    columns |= _own_names(kind, names, columns, n)
    record = pa.array(np.arange(block.first, block.first + n))
    return Records(record, columns, block.source)


_LIBRARY = ("DESIGN", "LIBRARY_DESCRIPTOR")
_TEXTS = {
    "TITLE": ("TITLE",),
    "STUDY_TITLE": ("DESCRIPTOR", "STUDY_TITLE"),
    "DESCRIPTION": ("DESCRIPTION",),
    "taxon_id": ("SAMPLE_NAME", "TAXON_ID"),
    "scientific_name": ("SAMPLE_NAME", "SCIENTIFIC_NAME"),
    "library_strategy": (*_LIBRARY, "LIBRARY_STRATEGY"),
    "library_source": (*_LIBRARY, "LIBRARY_SOURCE"),
    "library_selection": (*_LIBRARY, "LIBRARY_SELECTION"),
    "instrument_model": ("PLATFORM", "*", "INSTRUMENT_MODEL"),
}
_REFERENCES = {
    "study": ("STUDY_REF",),
    "sample": ("DESIGN", "SAMPLE_DESCRIPTOR"),
    "experiment": ("EXPERIMENT_REF",),
}
_SAID = {
    "ENA-BASE-COUNT": "bases",
    "ENA-SPOT-COUNT": "reads",
    "ENA-FIRST-PUBLIC": "first_public",
    "ENA-LAST-UPDATE": "last_updated",
}


def _pairs(block: xml_records.Block, path: tuple[str, ...], value: str) -> Callable[[str], Ragged]:
    """What stands beside a name: <TAG>name</TAG> <VALUE>...</VALUE>. A range of accessions is many, and none of them."""
    names = block.at(*path)
    values = block.at(*path[:-1], value)
    place = np.searchsorted(block.parent(names), block.parent(values))
    label = block.plain_texts(names)

    def of(name: str) -> Ragged:
        at = np.append(np.array(pc.equal(label, name).to_pylist(), bool), False)[place]
        return block.texts_of(values[at])

    return of


def _ids(block: xml_records.Block) -> Ragged:
    """All accessions that a record calls its own."""
    ids = (block.texts_of(block.at("IDENTIFIERS", kind)) for kind in ("PRIMARY_ID", "SECONDARY_ID", "EXTERNAL_ID"))
    return merged(block.attributes("accession", block.at()), *ids)


def _like(ids: Ragged, pattern: str, n: int) -> pa.Array:
    """Each record's id of a form; null where it has none, or several."""
    rows = pc.match_substring_regex(ids.values, pattern)
    found = Ragged(ids.owner[rows.to_numpy(zero_copy_only=False)], ids.values.filter(rows)).distinct()
    one = pa.array(np.bincount(found.owner, minlength=n) == 1)
    return pc.if_else(one, found.first(n), pa.scalar(None, pa.string()))


def _own_names(kind: str, names: Ragged, columns: Mapping[str, pa.Array], n: int) -> dict[str, pa.Array]:
    own = names.first(n)
    if kind in ("run", "experiment"):
        return {"accession": own, "secondary_accession": pa.nulls(n, pa.string()), f"{kind}_accession": own}
    first, second = columns[f"{kind}_accession"], columns[f"secondary_{kind}_accession"]
    return {"accession": pc.coalesce(first, second, own), "secondary_accession": second}


# EMBL

_LINES = '(?:AC|SV|PR|DT|DE|OS|DR|SQ) |FT {3,}/db_xref="taxon:'
_ID = (
    r"^(?P<name>[^\s;]+)(?:; SV (?P<version>\d+); \w+; (?P<molecule>[^;]+); [^;]+;| .*?standard; (?:circular )?(?P<old>[^;]+);)"
    r".* (?P<bases>\d+) (?:BP|SQ)\.?$"
)


def _embl(path: Path, where: str, result: str) -> Iterator[Records]:
    for block in flat_records.blocks(path, _LINES, where):
        yield _of_embl(block)


def _of_embl(block: flat_records.Block) -> Records:
    n = block.n
    head, dates, links = block.lines("ID").first(n), block.lines("DT"), block.lines("DR")
    accessions = Ragged.split(block.lines("AC").joined(n), ";")
    projects, samples = block.lines("PR"), _after(links, r"BioSample; ")
    columns = {
        "accession": pc.coalesce(accessions.first(n), found(head, _ID, "name")),
        "kind": pa.repeat(pa.scalar("sequence"), n),
        "version": pc.coalesce(
            found(head, _ID, "version"), found(block.lines("SV").first(n), r"\.(?P<version>\d+)$", "version")
        ),
        "secondary_accession": _second(accessions, n),
        "description": block.lines("DE").joined(n),
        "taxon_id": found(block.lines("FT").first(n), r"taxon:(?P<id>\d+)", "id"),
        "scientific_name": block.lines("OS").joined(n),
        "bases": found(head, _ID, "bases"),
        "study_accession": found(projects.first(n), r"(?P<id>PRJ[A-Z]+\d+)", "id"),
        "sample_accession": found(samples.first(n), r"^(?P<id>SAM[A-Z]+\d+)", "id"),
        "molecule": pc.coalesce(found(head, _ID, "molecule"), found(head, _ID, "old")),
        "first_public": day(_with(dates, "Created").first(n)),
        "last_updated": day(_with(dates, "Last updated").first(n)),
    }
    record = pa.array(np.arange(block.first, block.first + n))
    faults = (
        (pa.array(block.undecodable), "one of its lines is not UTF-8"),
        (pc.is_null(columns["bases"]), "its ID line has no length in BP"),
    )
    return Records(record, columns, block.source, faults)


def _with(lines: Ragged, words: str) -> Ragged:
    rows = pc.match_substring(lines.values, words)
    return Ragged(lines.owner[rows.to_numpy(zero_copy_only=False)], lines.values.filter(rows))


def _after(lines: Ragged, start: str) -> Ragged:
    found = _with(lines, start)
    return found._replace(values=pc.replace_substring(found.values, start, ""))


def _second(accessions: Ragged, n: int) -> pa.Array:
    more = np.diff(accessions.owner, prepend=-1) == 0
    return Ragged(accessions.owner[more], accessions.values.filter(pa.array(more))).first(n)


READERS: Mapping[str, Callable[[Path, str, str], Iterator[Records]]] = {
    "search": _portal,
    "files": _portal,
    "xml": _xml,
    "embl": _embl,
}
