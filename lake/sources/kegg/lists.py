"""KEGG's lists and link tables: one record a line, cells separated by tabs, no header and no quoting."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lake.formats import text
from lake.sources.contract import Answer, Part, Resource
from lake.sources.kegg.tables import TABLES

Columns = tuple[dict[str, pa.Array], list[text.Fault]]
_GENE = r"^(?:(?P<symbols>[^;\s]+(?:, [^;\s]+)*); )?(?P<description>.*)$"  # a symbol holds no blank
_EQUATION = r"^(?:(?P<names>.*); )?(?P<equation>(?:[^;]|;[^ ])* (?:<=>|=>|<=) .*)$"
_LINK = r"^(?P<db>[^:\s]+):(?P<id>\S+)$"


def read(resource: Resource, answer: Answer) -> Iterator[Part]:
    """A list's rows, some megabytes at a time.

    Raises:
        Unreadable: it has no line.
    """
    table = f"kegg_{resource.kind}"
    columns_of, widths = _READERS[resource.kind]
    total = 0
    for lines in text.lines(answer):
        cells = text.split_tabs(lines, widths)
        columns, faults = columns_of(cells, resource.params)
        rows, rejected, _ = text.partition_rejects(
            TABLES[table], cells.lines.record, columns, faults, cells.lines.text.filter
        )
        total += lines.seen
        yield text.make_part(table, lines.seen, rows, lines.undecodable, cells.misfits, rejected)
    if not total:
        raise text.no_records("line", resource.url)


def _pathways(cells: text.Cells, params: Mapping[str, Any]) -> Columns:
    ids, names = text.strip_prefix(cells.columns[0]), cells.columns[1]
    return {"pathway_id": ids, "name": names}, [_mismatch(ids, "^map[0-9]{5}$", "not a pathway's id"), _empty(names)]


def _organism_pathways(cells: text.Cells, params: Mapping[str, Any]) -> Columns:
    organism = params["organism"]
    ids, names = text.strip_prefix(cells.columns[0]), cells.columns[1]
    columns = {"organism": pa.repeat(organism, len(ids)), "pathway_id": ids, "name": names}
    return columns, [_mismatch(ids, f"^{organism}[0-9]{{5}}$", f"not a pathway of {organism}"), _empty(names)]


def _genes(cells: text.Cells, params: Mapping[str, Any]) -> Columns:
    organism = params["organism"]
    ids, second, third, fourth = cells.columns
    older = pc.equal(cells.width, 2)  # until 2022: id and description
    match = pc.extract_regex(pc.if_else(older, second, fourth), _GENE)
    columns = {
        "organism": pa.repeat(organism, len(ids)),
        "gene_id": ids,
        "type": pc.if_else(older, None, second),
        "position": pc.if_else(older, None, third),
        # ",~" after the last symbol means that the archive cut a long list
        "symbols": _split(pc.replace_substring_regex(pc.struct_field(match, "symbols"), ",~$", ""), ", "),
        "description": _or_null(pc.struct_field(match, "description")),
    }
    return columns, [_mismatch(ids, f"^{organism}:.", f"not a gene of {organism}")]


def _compounds(cells: text.Cells, params: Mapping[str, Any]) -> Columns:
    ids, names = text.strip_prefix(cells.columns[0]), cells.columns[1]
    return {"compound_id": ids, "names": _split(names, "; ")}, [
        _mismatch(ids, "^[A-Z][0-9]{5}$", "not a compound's id"),
        _empty(names),
    ]


def _reactions(cells: text.Cells, params: Mapping[str, Any]) -> Columns:
    ids = text.strip_prefix(cells.columns[0])
    match = pc.extract_regex(cells.columns[1], _EQUATION)
    names = pc.if_else(pc.is_null(match), cells.columns[1], pc.struct_field(match, "names"))
    equation = pc.struct_field(match, "equation")
    columns = {"reaction_id": ids, "names": _split(names, "; "), "equation": equation}
    return columns, [_mismatch(ids, "^R[0-9]{5}$", "not a reaction's id"), _empty(cells.columns[1])]


def _terms(cells: text.Cells, params: Mapping[str, Any]) -> Columns:
    """Entries of a database: of ko "SYMBOLS; description [EC:...]", of others "name; second name"."""
    ids, names = text.strip_prefix(cells.columns[0]), cells.columns[1]
    ec = pc.struct_field(pc.extract_regex(names, r"\[EC:(?P<ec>[^\]]+)\]$"), "ec")
    without_ec = pc.replace_substring_regex(names, r"\s*\[EC:[^\]]+\]$", "")
    match = pc.extract_regex(without_ec, r"^(?P<symbols>[^;]+); (?P<description>.*)$")
    of_ko = pa.repeat(params["database"] == "ko", len(ids))
    symbols = pc.replace_substring_regex(pc.struct_field(match, "symbols"), ", ", "; ")
    columns = {
        "database": pa.repeat(params["database"], len(ids)),
        "id": ids,
        "names": _split(pc.if_else(of_ko, symbols, without_ec), "; "),
        "description": pc.if_else(of_ko, pc.coalesce(pc.struct_field(match, "description"), without_ec), None),
        "ec": _split(ec, " "),
    }
    return columns, [_empty(names)]


def _links(cells: text.Cells, params: Mapping[str, Any]) -> Columns:
    source, target = (pc.extract_regex(column, _LINK) for column in cells.columns)
    columns = {
        "from_db": pc.struct_field(source, "db"),
        "from_id": pc.struct_field(source, "id"),
        "to_db": pc.struct_field(target, "db"),
        "to_id": pc.struct_field(target, "id"),
    }
    reason = "an id without its database's prefix"
    return columns, [(pc.is_null(source), reason), (pc.is_null(target), reason)]


_READERS: Mapping[str, tuple[Callable[[text.Cells, Mapping[str, Any]], Columns], tuple[int, ...]]] = {
    "pathways": (_pathways, (2,)),
    "organism_pathways": (_organism_pathways, (2,)),
    "genes": (_genes, (4, 2)),
    "compounds": (_compounds, (2,)),
    "reactions": (_reactions, (2,)),
    "terms": (_terms, (2,)),
    "links": (_links, (2,)),
}


def _mismatch(ids: pa.Array, form: str, reason: str) -> text.Fault:
    return pc.invert(pc.match_substring_regex(ids, form)), reason


def _empty(names: pa.Array) -> text.Fault:
    return pc.equal(pc.utf8_trim_whitespace(names), ""), "no name"


def _or_null(texts: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(texts, ""), None, texts)


def _split(texts: pa.Array, separator: str) -> pa.Array:
    """Texts as lists; an empty text or null as an empty list."""
    lists = pc.split_pattern(_or_null(texts), separator)
    return pa.ListArray.from_arrays(lists.offsets, lists.values)
