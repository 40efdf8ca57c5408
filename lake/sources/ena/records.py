"""Records of ENA, whatever form they came in, as rows of the raw tables."""

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
    """What records say of themselves by name, in their order."""

    owner: np.ndarray  # the record of each, from 0
    tag: pa.Array
    value: pa.Array
    units: pa.Array


class Records(NamedTuple):
    """A block of records."""

    record: pa.Array
    columns: Mapping[str, pa.Array]  # of ena_records, as text, beside fields of ENA that become files
    source: Callable[[pa.Array], pa.Array | list[str]]  # records that a mask names, as they stand in the answer
    faults: tuple[text.Fault, ...] = ()
    broken: tuple[pa.Table, ...] = ()  # REJECTS: what is no record
    attributes: Attributes | None = None
    others: pa.Array | None = None  # more accessions that the records have, of all of them together


def parts(records: Records) -> Iterator[Part]:
    """The rows and rejects of both tables."""
    schema, n = TABLES["ena_records"], len(records.record)
    found = _without_version(records.columns, n)
    odd: list[text.BadCells] = []
    columns, faults = {}, [(pc.is_null(found["accession"]), "it has no accession"), *records.faults]
    for field in schema:
        if field.name != "_record":
            cells = found.get(field.name)
            cells = pa.nulls(n, pa.string()) if cells is None else cells
            columns[field.name], (wrong, _) = delimited.typed(field, cells)
            odd.append((field.name, wrong, f"not {delimited.KINDS.get(field.type)}", cells))
    rows, bad, good = text.partition_rejects(schema, records.record, columns, faults, records.source)
    seen = n + sum(len(table) for table in records.broken)
    part = text.make_part("ena_records", seen, rows, *records.broken, bad)
    yield part._replace(cells=text.collect_cell_rejects(records.record, good, odd))
    if records.attributes and len(records.attributes.owner):
        yield _attributes(records.attributes, records.record, columns, good)
    for kind in FILES:
        if f"{kind}_ftp" in records.columns and (files := _files(records, kind)):
            yield files


def _attributes(
    attributes: Attributes, record: pa.Array, columns: Mapping[str, pa.Array], good: pa.Array | None
) -> Part:
    """A row an attribute; those of a record that is a reject are rejects with it."""
    owner, tag, value, units = attributes
    whose = pa.array(owner)
    found = {
        **{name: columns[name].take(whose) for name in ("accession", "kind")},
        "number": pa.array(_number(owner)),
        **{name: blank_is_null(cells) for name, cells in (("tag", tag), ("value", value), ("units", units))},
    }
    lost = None if good is None else pc.invert(good).take(whose)
    faults = [(lost, "its record is a reject"), (pc.is_null(found["tag"]), "it has no name")]
    content = pc.binary_join_element_wise(pc.fill_null(tag, ""), pc.fill_null(value, ""), "=")
    rows, bad, _ = text.partition_rejects(TABLES["ena_attributes"], record.take(whose), found, faults, content.filter)
    return text.make_part("ena_attributes", len(owner), rows, bad)


def _without_version(columns: Mapping[str, pa.Array], n: int) -> dict[str, pa.Array]:
    """Accessions of sequences and assemblies without their versions, and these apart."""
    found = {name: blank_is_null(column) for name, column in columns.items()}
    for name in ("accession", "assembly_accession"):
        if name not in found:
            continue
        cut = pc.extract_regex(found[name], _VERSION)
        there = pc.fill_null(pc.is_valid(cut), False)
        if name == "accession":
            version = pc.if_else(there, pc.struct_field(cut, "version"), _NO_TEXT)
            found["version"] = pc.coalesce(found.get("version", pa.nulls(n, pa.string())), version)
        found[name] = pc.if_else(there, pc.struct_field(cut, "accession"), found[name])
    return found


def blank_is_null(texts: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(pc.utf8_trim_whitespace(texts), ""), _NO_TEXT, texts)


def _files(records: Records, kind: str) -> Part | None:
    """The files of one kind: URLs, sizes and checksums of a run stand in cells of their own, a ";" between two."""
    urls = blank_is_null(records.columns[f"{kind}_ftp"])
    there = pc.is_valid(urls)
    if not pc.any(there).as_py():
        return None
    urls, record = urls.filter(there), records.record.filter(there)
    run = records.columns["run_accession"].filter(there)
    urls = pc.split_pattern(pc.replace_substring_regex(urls, ";+$", ""), ";")
    size = pc.list_value_length(urls)
    others = {what: _beside(records.columns.get(f"{kind}_{what}"), there, size) for what in ("bytes", "md5")}
    odd = [pc.not_equal(pc.list_value_length(cells), size) for cells in others.values()]
    wrong = pc.or_(*odd)
    whose = pc.list_parent_indices(urls)
    columns = {
        "run_accession": run.take(whose),
        "kind": pa.repeat(pa.scalar(kind), len(whose)),
        "number": pa.array(_number(whose.to_numpy())),
        "url": pc.replace_substring_regex(urls.flatten(), r"^(\w[^:]*)$", r"ftp://\1"),
    }
    faults = [(wrong.take(whose), f"its run has not as many sizes or checksums as {kind} files")]
    for what, cells in others.items():
        even = pc.if_else(wrong, _blanks(size), cells)  # the wrong ones are rejects: any cells will do
        field = TABLES["ena_files"].field(what)
        columns[what], fault = delimited.typed(field, blank_is_null(even.flatten()))
        faults.append(fault)
    rows, bad, _ = text.partition_rejects(
        TABLES["ena_files"], record.take(whose), columns, faults, lambda mask: columns["url"].filter(mask)
    )
    return text.make_part("ena_files", len(whose), rows, bad)


def _beside(cells: pa.Array | None, there: pa.Array, size: pa.Array) -> pa.Array:
    """The cells beside those of the URLs, cut too; as many blanks where there is nothing."""
    blanks = _blanks(size)
    if cells is None:
        return blanks
    cells = blank_is_null(cells.filter(there))
    cut = pc.split_pattern(pc.fill_null(pc.replace_substring_regex(cells, ";+$", ""), ""), ";")
    return pc.if_else(pc.is_null(cells), blanks, cut)


def _blanks(size: pa.Array) -> pa.Array:
    return pc.split_pattern(pc.binary_repeat(pa.scalar(";"), pc.subtract(size, 1)), ";")


def _number(whose: np.ndarray) -> np.ndarray:
    first = np.searchsorted(whose, whose)
    return np.arange(len(whose)) - first + 1
