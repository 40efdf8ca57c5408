"""NCBI's taxonomy as an ontology: its dump files, recognised by name, single or in an archive.

Fields are separated by tab, bar, tab.

Source: https://ftp.ncbi.nlm.nih.gov/pub/taxonomy/new_taxdump/taxdump_readme.txt.
"""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from lake.errors import Unreadable
from lake.formats import gzipped, text
from lake.formats.text import Lines
from lake.sources.contract import Answer, Part
from lake.sources.ontologies.tables import TABLES

_FIRST = {"scientific name"}
_SCOPES = {"synonym": "exact", "equivalent name": "exact", "genbank synonym": "exact", "acronym": "exact"}


def read(answer: Answer, where: str) -> Iterator[Part]:
    """Each taxon as a term NCBITaxon:<id>: scientific name, other names, parent (is_a), rank (has_rank). A merged
    or deleted taxon is an obsolete term; a merged one has the taxon that replaces it (replaced_by).

    Of an archive without names.dmp and nodes.dmp, names are read from rankedlineage.dmp, parents from taxidlineage.dmp.

    Raises:
        Unreadable: it has none of these files, or is another file of the taxonomy.
    """
    try:
        with answer.open() as file:
            if tarfile.is_tarfile(file):
                file.seek(0)
                with tarfile.open(fileobj=file) as archive:
                    yield from _archived(archive, where)
                return
    except (tarfile.TarError, EOFError, OSError, ValueError, zlib.error) as error:
        raise Unreadable(f"the archive is truncated or damaged: {error}", where=where) from None
    name = Path(urlsplit(where).path).name.removesuffix(".gz")
    if why := unread(name):
        raise Unreadable(f"{name} is not read", where=where, why=why)
    with gzipped.open_file(answer) as file:
        yield from _file(file, name, where)


def _archived(archive: tarfile.TarFile, where: str) -> Iterator[Part]:
    members = {member.name.rpartition("/")[2]: member for member in archive}
    chosen = [pair for pair in _FILES if members.keys() & set(pair)]
    if not chosen:
        raise Unreadable(f"the archive has none of {', '.join(sum(_FILES, ()))}", where=where)
    for name in (*chosen[0], *_OBSOLETE):
        if name in members:
            yield from _file(_opened(archive, members[name], where), name, where)


def unread(name: str) -> str | None:
    """Why a file of the taxonomy is not read; None if it is."""
    if name in _READERS:
        return None
    reason = _NOT_READ.get(name, "it has neither taxa nor their names")
    return f"{reason}; the files that are read: {', '.join(sorted(_READERS))}"


def _opened(archive: tarfile.TarFile, member: tarfile.TarInfo, where: str) -> BinaryIO:
    if not member.isfile():  # nothing but the archive's own bytes is read
        raise Unreadable(f"{member.name} in the archive is a link or a folder, not a file", where=where)
    return cast(BinaryIO, archive.extractfile(member))


def _file(file: BinaryIO, name: str, where: str) -> Iterator[Part]:
    """The rows of one file."""
    least, reader = _READERS[name]
    count = 0
    for block in text.lines_of(file):
        count += block.seen
        fields = pc.split_pattern(pc.replace_substring_regex(block.text, r"\t?\|$", ""), "\t|\t")
        short = pc.less(pc.list_value_length(fields), least)
        padded = pc.if_else(short, pa.scalar([""] * least), fields)
        cells = [pc.list_element(padded, i) for i in range(least)]
        term = pc.binary_join_element_wise("NCBITaxon", cells[0], ":")
        faults = [(short, f"it has not {least} fields"), _not_a_number(cells[0])]
        yield from reader(block, term, cells, faults)
    if count == 0:
        raise text.no_records("taxon", f"{where} ({name})")


def _not_a_number(ids: pa.Array) -> text.Fault:
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
    as_names = [*cells[:2], cells[1], pa.repeat("scientific name", len(term))]
    yield next(_names(block, term, as_names, faults))


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
    yield _part("ontologies_relations", block, is_a, [*faults, _not_a_number(cells[1])], pc.invert(root), True)
    has_rank = {
        "term": term,
        "predicate": pa.repeat("has_rank", size),
        "target": cells[2],
        "qualifiers": pa.nulls(len(term), pa.string()),
    }
    yield _part("ontologies_relations", block, has_rank, faults, all_rows, False)


def _obsolete(block: Lines, term: pa.Array, faults: list[text.Fault]) -> Part:
    """Merged or deleted taxa, as obsolete terms without a name."""
    size = len(term)
    columns = {
        "term": term,
        "kind": pa.repeat("class", size),
        **dict.fromkeys(("name", "definition", "namespace", "comment", "version"), pa.nulls(size, pa.string())),
        "obsolete": pa.repeat(True, size),
    }
    return _part("ontologies_terms", block, columns, faults, pa.repeat(True, size), True)


def _merged(block: Lines, term: pa.Array, cells: list[pa.Array], faults: list[text.Fault]) -> Iterator[Part]:
    faults = [*faults, _not_a_number(cells[1])]
    replaced = {
        "term": term,
        "predicate": pa.repeat("replaced_by", len(term)),
        "target": pc.binary_join_element_wise("NCBITaxon", cells[1], ":"),
        "qualifiers": pa.nulls(len(term), pa.string()),
    }
    yield _obsolete(block, term, faults)
    yield _part("ontologies_relations", block, replaced, faults, pa.repeat(True, len(term)), False)


def _deleted(block: Lines, term: pa.Array, cells: list[pa.Array], faults: list[text.Fault]) -> Iterator[Part]:
    yield _obsolete(block, term, faults)


_FILES = (("names.dmp", "nodes.dmp"), ("rankedlineage.dmp", "taxidlineage.dmp"))
_OBSOLETE = ("merged.dmp", "delnodes.dmp")
_READERS = {  # with the least number of fields
    "names.dmp": (4, _names),
    "nodes.dmp": (12, _nodes),
    "rankedlineage.dmp": (10, _ranked),
    "taxidlineage.dmp": (2, _lineages),
    "merged.dmp": (2, _merged),
    "delnodes.dmp": (1, _deleted),
}
_NOT_READ = {
    "fullnamelineage.dmp": "its lineages are names, of which several taxa can have one: taxidlineage.dmp has them"
}


def _part(
    table: str,
    block: Lines,
    columns: dict[str, pa.Array],
    faults: Iterable[text.Fault],
    selected: pa.Array,
    undecodable: bool,
) -> Part:
    """The selected lines of a block, as rows of a table."""
    columns = {name: values.filter(selected) for name, values in columns.items()}
    record, lines = block.record.filter(selected), block.text.filter(selected)
    row_faults = [(wrong.filter(selected), reason) for wrong, reason in faults if wrong is not None]
    rows, rejects, _ = text.partition_rejects(TABLES[table], record, columns, row_faults, lines.filter)
    more = [block.undecodable] if undecodable else []
    return text.make_part(table, len(record) + sum(map(len, more)), rows, rejects, *more)
