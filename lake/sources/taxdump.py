"""NCBI's taxonomy dump (https://ftp.ncbi.nlm.nih.gov/pub/taxonomy/taxdump_readme.txt), in columns.

names.dmp gives a term for each scientific name and a synonym for each other name, nodes.dmp each taxon's parent and
rank, merged.dmp the taxa that became another: out of taxdump.tar.gz, or each file by itself.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from lake.errors import Unreadable
from lake.sources import gzipped, text
from lake.sources.ontology_tables import TABLES
from lake.sources.source import Part
from lake.sources.text import Lines

_WIDTHS = {"names.dmp": (4,), "nodes.dmp": (13, 18), "merged.dmp": (2,)}  # cells of a line
_ONLY = "of names.dmp, nodes.dmp (13, or 18 in the new one) and merged.dmp"


def read(path: Path, where: str, ontology: str) -> Iterator[Part]:
    """The tables of one of the files, or of an archive that holds them.

    Raises:
        Unreadable: it is none of them, or empty.
    """
    found = False
    for name, blocks in _files(path, where):
        for block in blocks:
            found = found or block.seen > 0
            yield from filter(lambda part: part.seen, _READERS[name](block, ontology))
    if not found:
        raise text.nothing_found("taxon", where)


def _files(path: Path, where: str) -> Iterator[tuple[str, Iterator[Lines]]]:
    if tarfile.is_tarfile(path):
        with tarfile.open(path, "r|*") as archive:
            for member in archive:
                if member.name in _WIDTHS:
                    yield member.name, text.lines_of(archive.extractfile(member))
    else:
        yield _kind(path, where), text.lines(path)


def _kind(path: Path, where: str) -> str:
    """Which file it is, by the cells of its first line."""
    with gzipped.open_file(path) as file:
        cells = file.readline().count(b"\t|")
    for name, widths in _WIDTHS.items():
        if cells in widths:
            return name
    raise Unreadable(f"its lines have {cells} cells", where=where, why=f"4, 13 and 2 are those {_ONLY}")


def _cells(block: Lines, name: str) -> text.Cells:
    """`1<tab>|<tab>root<tab>|`: every second of the cells between tabs."""
    found = text.cells(block, tuple(2 * width for width in _WIDTHS[name]))
    return found._replace(columns=found.columns[::2])


def _names(block: Lines, ontology: str) -> Iterator[Part]:
    found = _cells(block, "names.dmp")
    taxid, name, _, kind = found.columns
    scientific = pc.equal(kind, "scientific name")
    for table, mask in (("ontologies_terms", scientific), ("ontologies_synonyms", pc.invert(scientific))):
        columns = {"id": _id(taxid.filter(mask)), "kind": "term", "obsolete": False}
        columns |= {"name": name.filter(mask), "synonym": name.filter(mask), "type": kind.filter(mask)}
        lost = [block.undecodable, found.misfits] if table == "ontologies_terms" else []
        yield _part(table, found.lines, mask, ontology, columns, lost)


def _nodes(block: Lines, ontology: str) -> Iterator[Part]:
    found = _cells(block, "nodes.dmp")
    taxid, parent, rank = found.columns[:3]
    lost = [block.undecodable, found.misfits]
    below = pc.not_equal(taxid, parent)  # the root is its own parent
    columns = {"id": _id(taxid.filter(below)), "target": _id(parent.filter(below)), "relation": "is_a"}
    yield _part("ontologies_relations", found.lines, below, ontology, columns | {"logical": False}, lost)
    columns = {"id": _id(taxid), "property": "rank", "value": rank}
    yield _part("ontologies_properties", found.lines, pc.is_valid(taxid), ontology, columns, [])


def _merged(block: Lines, ontology: str) -> Iterator[Part]:
    found = _cells(block, "merged.dmp")
    old, new = found.columns
    columns = {"id": _id(new), "target": _id(old), "relation": "alt_id", "logical": False}
    lost = [block.undecodable, found.misfits]
    yield _part("ontologies_relations", found.lines, pc.is_valid(old), ontology, columns, lost)


_READERS = {"names.dmp": _names, "nodes.dmp": _nodes, "merged.dmp": _merged}


def _id(taxid: pa.Array) -> pa.Array:
    """NCBITaxon:9606; null for what is no number."""
    number = pc.if_else(pc.match_substring_regex(taxid, r"^\d+$"), taxid, None)
    return pc.binary_join_element_wise("NCBITaxon:", number, "")


def _part(
    table: str, lines: Lines, mask: pa.Array, ontology: str, given: dict[str, object], lost: list[pa.Table]
) -> Part:
    record, content = lines.record.filter(mask), lines.text.filter(mask)
    columns = {}
    for field in TABLES[table]:
        value = {"ontology": ontology, **given}.get(field.name)
        columns[field.name] = (
            value if isinstance(value, pa.Array) else pa.repeat(pa.scalar(value, field.type), len(record))
        )
    ids = [columns[name] for name in ("id", "target") if name in columns]
    faults = [(pc.is_null(id), "it is no taxon's number") for id in ids]
    rows, wrong, _ = text.sift(TABLES[table], record, columns, faults, content.filter)
    return text.together(table, len(record) + sum(map(len, lost)), rows, wrong, *lost)
