"""NCBI's taxonomy as an ontology: names.dmp and nodes.dmp, alone or in an archive. Fields are parted by tab, bar, tab.

Source: https://ftp.ncbi.nlm.nih.gov/pub/taxonomy/new_taxdump/taxdump_readme.txt.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa
import pyarrow.compute as pc

from lake.errors import Unreadable
from lake.sources import text
from lake.sources.ontologies_tables import TABLES
from lake.sources.source import Part
from lake.sources.text import Lines

_FIRST = {"scientific name"}
_SCOPES = {"synonym": "exact", "equivalent name": "exact", "genbank synonym": "exact", "acronym": "exact"}


def read(path: Path, where: str) -> Iterator[Part]:
    """Each taxon as a term NCBITaxon:<id>: scientific name, other names, parent (is_a) and rank (has_rank).

    An archive without these two files gives names by rankedlineage.dmp and parents by taxidlineage.dmp.

    Raises:
        Unreadable: it holds none of these files.
    """
    if not tarfile.is_tarfile(path):
        with open(path, "rb") as file:
            yield from _file(file, where)
        return
    try:
        with tarfile.open(path) as archive:
            there = {name.rpartition("/")[2]: name for name in archive.getnames()}
            chosen = [pair for pair in _FILES if there.keys() & set(pair)]
            if not chosen:
                raise Unreadable(f"the archive has none of {', '.join(sum(_FILES, ()))}", where=where)
            for name in chosen[0]:
                if name in there:
                    yield from _file(cast(BinaryIO, archive.extractfile(there[name])), where)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise Unreadable(f"the archive is cut short or damaged: {error}", where=where) from None


def _file(file: BinaryIO, where: str) -> Iterator[Part]:
    """A file's rows; what it is, the number of its fields says."""
    kind = None
    for block in text.lines_of(file):
        fields = pc.split_pattern(pc.replace_substring_regex(block.text, r"\t?\|$", ""), "\t|\t")
        width = pc.list_value_length(fields)
        if kind is None and len(width):
            kind = next((least for least in sorted(_READERS, reverse=True) if width[0].as_py() >= least), None)
            if kind is None:
                raise Unreadable("it has not the fields of a file of the taxonomy", where=where)
        if kind is not None:
            short = pc.less(width, kind)
            whole = pc.if_else(short, pa.scalar([""] * kind), fields)
            cells = [pc.list_element(whole, place) for place in range(kind)]
            term = pc.binary_join_element_wise("NCBITaxon", cells[0], ":")
            faults = [(short, f"it has not {kind} fields"), _no_number(cells[0])]
            yield from _READERS[kind](block, term, cells, faults)


def _no_number(ids: pa.Array) -> text.Fault:
    return pc.invert(pc.match_substring_regex(ids, r"^\d+$")), "its taxon is no number"


def _names(block: Lines, term: pa.Array, cells: list[pa.Array], faults: list[text.Fault]) -> Iterator[Part]:
    scientific = pc.is_in(cells[3], pa.array(list(_FIRST)))
    size = len(term)
    unknown = pa.nulls(size, pa.string())
    terms = {
        "term": term,
        "kind": pa.repeat("class", size),
        "name": cells[1],
        **dict.fromkeys(("definition", "namespace", "comment", "version"), unknown),
        "obsolete": pa.repeat(False, size),
    }
    scope = pc.coalesce(
        pa.array(list(_SCOPES.values())).take(pc.index_in(cells[3], pa.array(list(_SCOPES)))), pa.scalar("related")
    )
    synonyms = {"term": term, "synonym": cells[1], "scope": scope}
    yield _part("ontologies_terms", block, terms, faults, scientific, True)
    yield _part("ontologies_synonyms", block, synonyms, faults, pc.invert(scientific), False)


def _ranked(block: Lines, term: pa.Array, cells: list[pa.Array], faults: list[text.Fault]) -> Iterator[Part]:
    """rankedlineage.dmp: a taxon's scientific name."""
    named = [*cells[:2], cells[1], pa.repeat("scientific name", len(term))]
    yield next(_names(block, term, named, faults))


def _lineages(block: Lines, term: pa.Array, cells: list[pa.Array], faults: list[text.Fault]) -> Iterator[Part]:
    """taxidlineage.dmp: a taxon's ancestors from the root down; the last is its parent."""
    last = pc.struct_field(pc.extract_regex(cells[1], r"(?P<parent>\d+)\s*$"), "parent")
    above = pc.coalesce(last, cells[0])
    parent = pc.binary_join_element_wise("NCBITaxon", above, ":")
    is_a = {
        "term": term,
        "predicate": pa.repeat("is_a", len(term)),
        "target": parent,
        "qualifiers": pa.nulls(len(term), pa.string()),
    }
    yield _part("ontologies_relations", block, is_a, faults, pc.invert(pc.equal(above, cells[0])), True)


def _nodes(block: Lines, term: pa.Array, cells: list[pa.Array], faults: list[text.Fault]) -> Iterator[Part]:
    size, all_rows = len(term), pa.repeat(True, len(term))
    parent = pc.binary_join_element_wise("NCBITaxon", cells[1], ":")
    root = pc.equal(cells[0], cells[1])  # it is its own parent
    is_a = {
        "term": term,
        "predicate": pa.repeat("is_a", size),
        "target": parent,
        "qualifiers": pa.nulls(len(term), pa.string()),
    }
    yield _part("ontologies_relations", block, is_a, [*faults, _no_number(cells[1])], pc.invert(root), True)
    has_rank = {
        "term": term,
        "predicate": pa.repeat("has_rank", size),
        "target": cells[2],
        "qualifiers": pa.nulls(len(term), pa.string()),
    }
    yield _part("ontologies_relations", block, has_rank, faults, all_rows, False)


_FILES = (("names.dmp", "nodes.dmp"), ("rankedlineage.dmp", "taxidlineage.dmp"))
_READERS = {12: _nodes, 10: _ranked, 4: _names, 2: _lineages}  # by the least number of fields


def _part(
    table: str,
    block: Lines,
    columns: dict[str, pa.Array],
    faults: Iterable[text.Fault],
    wanted: pa.Array,
    undecodable: bool,
) -> Part:
    """Of a block's lines those that are wanted for a table."""
    mine = {name: values.filter(wanted) for name, values in columns.items()}
    record, lines = block.record.filter(wanted), block.text.filter(wanted)
    judged = [(wrong.filter(wanted), reason) for wrong, reason in faults if wrong is not None]
    rows, rejects, _ = text.sift(TABLES[table], record, mine, judged, lines.filter)
    aside = [block.undecodable] if undecodable else []
    return text.together(table, len(record) + sum(map(len, aside)), rows, rejects, *aside)
