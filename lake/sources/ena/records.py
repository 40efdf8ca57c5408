"""Records of ENA, of any form, as rows of the raw tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.formats import delimited, text
from lake.sources.contract import Part
from lake.sources.ena.tables import FILES, TABLES

NAMES = ("accession", "secondary_accession")
_VERSION = r"^(?P<accession>.*?)\.(?P<version>\d+)$"
_NO_TEXT = pa.scalar(None, pa.string())


class Attributes(NamedTuple):
    """Attributes of records: a name and a value each, in their order."""

    owner: np.ndarray  # the record of each, from 0
    tag: pa.Array
    value: pa.Array
    units: pa.Array


class Records(NamedTuple):
    """A block of records."""

    record: pa.Array
    columns: Mapping[str, pa.Array]  # of ena_records, as text, and the fields of ENA that become files
    source: Callable[[pa.Array], pa.Array | list[str]]  # records that a mask names, as they are in the answer
    faults: tuple[text.Fault, ...] = ()
    broken: tuple[pa.Table, ...] = ()  # REJECTS: what is not a record
    attributes: Attributes | None = None
    accessions: pa.Array | None = None  # further accessions of the block's records


def parts(records: Records) -> Iterator[Part]:
    """The rows and rejects of both tables."""
    schema, n = TABLES["ena_records"], len(records.record)
    texts = _without_version(records.columns, n)
    bad_cells: list[text.BadCells] = []
    columns, faults = {}, [(pc.is_null(texts["accession"]), "it has no accession"), *records.faults]
    for field in schema:
        if field.name != "_record":
            cells = texts.get(field.name)
            cells = pa.nulls(n, pa.string()) if cells is None else cells
            columns[field.name], (wrong, _) = delimited.typed(field, cells)
            bad_cells.append((field.name, wrong, f"not {delimited.KINDS.get(field.type)}", cells))
    rows, bad, good = text.partition_rejects(schema, records.record, columns, faults, records.source)
    total = n + sum(len(table) for table in records.broken)
    part = text.make_part("ena_records", total, rows, *records.broken, bad)
    yield part._replace(cells=text.collect_cell_rejects(records.record, good, bad_cells))
    if records.attributes and len(records.attributes.owner):
        yield _attributes(records.attributes, records.record, columns, good)
    for kind in FILES:
        if f"{kind}_ftp" in records.columns and (files := _files(records, kind)):
            yield files


def _attributes(
    attributes: Attributes, record: pa.Array, columns: Mapping[str, pa.Array], good: pa.Array | None
) -> Part:
    """A row an attribute; those of a rejected record are rejected with it."""
    owner, tag, value, units = attributes
    whose = pa.array(owner)
    rows_of = {
        **{name: columns[name].take(whose) for name in ("accession", "kind")},
        "number": pa.array(_number(owner)),
        **{name: blank_is_null(cells) for name, cells in (("tag", tag), ("value", value), ("units", units))},
    }
    orphaned = None if good is None else pc.invert(good).take(whose)
    faults = [(orphaned, "its record is a reject"), (pc.is_null(rows_of["tag"]), "it has no name")]
    content = pc.binary_join_element_wise(pc.fill_null(tag, ""), pc.fill_null(value, ""), "=")
    rows, bad, _ = text.partition_rejects(TABLES["ena_attributes"], record.take(whose), rows_of, faults, content.filter)
    return text.make_part("ena_attributes", len(owner), rows, bad)


def _without_version(columns: Mapping[str, pa.Array], n: int) -> dict[str, pa.Array]:
    """Accessions of sequences and assemblies without their versions, which get a column of their own."""
    texts = {name: blank_is_null(column) for name, column in columns.items()}
    for name in ("accession", "assembly_accession"):
        if name not in texts:
            continue
        match = pc.extract_regex(texts[name], _VERSION)
        versioned = pc.fill_null(pc.is_valid(match), False)
        if name == "accession":
            version = pc.if_else(versioned, pc.struct_field(match, "version"), _NO_TEXT)
            texts["version"] = pc.coalesce(texts.get("version", pa.nulls(n, pa.string())), version)
        texts[name] = pc.if_else(versioned, pc.struct_field(match, "accession"), texts[name])
    return texts


def blank_is_null(texts: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(pc.utf8_trim_whitespace(texts), ""), _NO_TEXT, texts)


def _files(records: Records, kind: str) -> Part | None:
    """The files of one kind. A run has a cell of URLs, one of sizes and one of checksums, each separated by ";"."""
    urls = blank_is_null(records.columns[f"{kind}_ftp"])
    has_files = pc.is_valid(urls)
    if not pc.any(has_files).as_py():
        return None
    urls, record = urls.filter(has_files), records.record.filter(has_files)
    run = records.columns["run_accession"].filter(has_files)
    urls = pc.split_pattern(pc.replace_substring_regex(urls, ";+$", ""), ";")
    size = pc.list_value_length(urls)
    facts = {name: _facts(records.columns.get(f"{kind}_{name}"), has_files, size) for name in ("bytes", "md5")}
    uneven = pc.or_(*(pc.not_equal(pc.list_value_length(cells), size) for cells in facts.values()))
    whose = pc.list_parent_indices(urls)
    columns = {
        "run_accession": run.take(whose),
        "kind": pa.repeat(pa.scalar(kind), len(whose)),
        "number": pa.array(_number(whose.to_numpy())),
        "url": pc.replace_substring_regex(urls.flatten(), r"^(\w[^:]*)$", r"ftp://\1"),
    }
    faults = [(uneven.take(whose), f"its run has not as many sizes or checksums as {kind} files")]
    for name, cells in facts.items():
        even = pc.if_else(uneven, _blanks(size), cells)  # the uneven ones are rejects: any cells will do
        field = TABLES["ena_files"].field(name)
        columns[name], fault = delimited.typed(field, blank_is_null(even.flatten()))
        faults.append(fault)
    rows, bad, _ = text.partition_rejects(
        TABLES["ena_files"], record.take(whose), columns, faults, lambda mask: columns["url"].filter(mask)
    )
    return text.make_part("ena_files", len(whose), rows, bad)


def _facts(cells: pa.Array | None, has_files: pa.Array, size: pa.Array) -> pa.Array:
    """The sizes or checksums of files as lists; as many blanks as files where a run has none."""
    blanks = _blanks(size)
    if cells is None:
        return blanks
    cells = blank_is_null(cells.filter(has_files))
    split = pc.split_pattern(pc.fill_null(pc.replace_substring_regex(cells, ";+$", ""), ""), ";")
    return pc.if_else(pc.is_null(cells), blanks, split)


def _blanks(size: pa.Array) -> pa.Array:
    return pc.split_pattern(pc.binary_repeat(pa.scalar(";"), pc.subtract(size, 1)), ";")


def _number(whose: np.ndarray) -> np.ndarray:
    first = np.searchsorted(whose, whose)
    return np.arange(len(whose)) - first + 1
