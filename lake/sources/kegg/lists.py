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
        Unreadable: it has not one line.
    """
    table = f"kegg_{resource.kind}"
    columns_of, widths = _READERS[resource.kind]
    seen = 0
    for lines in text.lines(answer):
        found = text.split_tabs(lines, widths)
        kept = found.lines
        columns, faults = columns_of(found, resource.params)
        rows, rejected, _ = text.partition_rejects(TABLES[table], kept.record, columns, faults, kept.text.filter)
        seen += lines.seen
        yield text.make_part(table, lines.seen, rows, lines.undecodable, found.misfits, rejected)
    if not seen:
        raise text.no_records("line", resource.url)


def _pathways(found: text.Cells, params: Mapping[str, Any]) -> Columns:
    ids, names = text.strip_prefix(found.columns[0]), found.columns[1]
    return {"pathway_id": ids, "name": names}, [_unlike(ids, "^map[0-9]{5}$", "not a pathway's id"), _empty(names)]


def _organism_pathways(found: text.Cells, params: Mapping[str, Any]) -> Columns:
    organism = params["organism"]
    ids, names = text.strip_prefix(found.columns[0]), found.columns[1]
    columns = {"organism": pa.repeat(organism, len(ids)), "pathway_id": ids, "name": names}
    return columns, [_unlike(ids, f"^{organism}[0-9]{{5}}$", f"not a pathway of {organism}"), _empty(names)]


def _genes(found: text.Cells, params: Mapping[str, Any]) -> Columns:
    organism = params["organism"]
    ids, second, third, fourth = found.columns
    older = pc.equal(found.width, 2)  # until 2022: id and description
    parted = pc.extract_regex(pc.if_else(older, second, fourth), _GENE)
    columns = {
        "organism": pa.repeat(organism, len(ids)),
        "gene_id": ids,
        "type": pc.if_else(older, None, second),
        "position": pc.if_else(older, None, third),
        # ",~" stands behind the last of the symbols where the archive cut a long list
        "symbols": _split(pc.replace_substring_regex(pc.struct_field(parted, "symbols"), ",~$", ""), ", "),
        "description": _or_null(pc.struct_field(parted, "description")),
    }
    return columns, [_unlike(ids, f"^{organism}:.", f"not a gene of {organism}")]


def _compounds(found: text.Cells, params: Mapping[str, Any]) -> Columns:
    ids, names = text.strip_prefix(found.columns[0]), found.columns[1]
    return {"compound_id": ids, "names": _split(names, "; ")}, [
        _unlike(ids, "^[A-Z][0-9]{5}$", "not a compound's id"),
        _empty(names),
    ]


def _reactions(found: text.Cells, params: Mapping[str, Any]) -> Columns:
    ids = text.strip_prefix(found.columns[0])
    parted = pc.extract_regex(found.columns[1], _EQUATION)
    names = pc.if_else(pc.is_null(parted), found.columns[1], pc.struct_field(parted, "names"))
    equation = pc.struct_field(parted, "equation")
    columns = {"reaction_id": ids, "names": _split(names, "; "), "equation": equation}
    return columns, [_unlike(ids, "^R[0-9]{5}$", "not a reaction's id"), _empty(found.columns[1])]


def _terms(found: text.Cells, params: Mapping[str, Any]) -> Columns:
    """Entries of a database: of ko "SYMBOLS; description [EC:...]", of others "name; other name"."""
    ids, said = text.strip_prefix(found.columns[0]), found.columns[1]
    ec = pc.struct_field(pc.extract_regex(said, r"\[EC:(?P<ec>[^\]]+)\]$"), "ec")
    plain = pc.replace_substring_regex(said, r"\s*\[EC:[^\]]+\]$", "")
    parted = pc.extract_regex(plain, r"^(?P<symbols>[^;]+); (?P<description>.*)$")
    of_ko = pa.repeat(params["database"] == "ko", len(ids))
    symbols = pc.replace_substring_regex(pc.struct_field(parted, "symbols"), ", ", "; ")
    columns = {
        "database": pa.repeat(params["database"], len(ids)),
        "id": ids,
        "names": _split(pc.if_else(of_ko, symbols, plain), "; "),
        "description": pc.if_else(of_ko, pc.coalesce(pc.struct_field(parted, "description"), plain), None),
        "ec": _split(ec, " "),
    }
    return columns, [_empty(said)]


def _links(found: text.Cells, params: Mapping[str, Any]) -> Columns:
    source, target = (pc.extract_regex(column, _LINK) for column in found.columns)
    columns = {
        "from_db": pc.struct_field(source, "db"),
        "from_id": pc.struct_field(source, "id"),
        "to_db": pc.struct_field(target, "db"),
        "to_id": pc.struct_field(target, "id"),
    }
    no = "an id without its database's prefix"
    return columns, [(pc.is_null(source), no), (pc.is_null(target), no)]


_READERS: Mapping[str, tuple[Callable[[text.Cells, Mapping[str, Any]], Columns], tuple[int, ...]]] = {
    "pathways": (_pathways, (2,)),
    "organism_pathways": (_organism_pathways, (2,)),
    "genes": (_genes, (4, 2)),
    "compounds": (_compounds, (2,)),
    "reactions": (_reactions, (2,)),
    "terms": (_terms, (2,)),
    "links": (_links, (2,)),
}


def _unlike(ids: pa.Array, form: str, reason: str) -> text.Fault:
    return pc.invert(pc.match_substring_regex(ids, form)), reason


def _empty(names: pa.Array) -> text.Fault:
    return pc.equal(pc.utf8_trim_whitespace(names), ""), "no name"


def _or_null(texts: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(texts, ""), None, texts)


def _split(texts: pa.Array, separator: str) -> pa.Array:
    """Texts as lists; an empty text or null as an empty list."""
    lists = pc.split_pattern(_or_null(texts), separator)
    return pa.ListArray.from_arrays(lists.offsets, lists.values)
