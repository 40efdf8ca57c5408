"""Entries of UniProt, whatever form they came in, as rows of the raw tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.formats import delimited, text
from lake.formats.list_columns import Ragged, merged
from lake.sources.contract import Part
from lake.sources.uniprot.tables import LISTED, TABLES

_REVIEWED = {"reviewed": True, "swiss-prot": True, "standard": True}
_REVIEWED |= {"unreviewed": False, "trembl": False, "preliminary": False}
_EXISTENCE = (
    "evidence at protein level",
    "evidence at transcript level",
    "inferred from homology",
    "predicted",
    "uncertain",
)


class Xrefs(NamedTuple):
    """Cross-references of a block's entries, in the order of these."""

    owner: np.ndarray  # the entry of each, from 0
    database: pa.Array
    id: pa.Array
    protein_id: pa.Array

    def of(self, database: str) -> Ragged:
        """The ids of one database."""
        rows = pc.fill_null(pc.equal(self.database, database), False)
        return Ragged.of(self.owner[rows.to_numpy(zero_copy_only=False)], self.id.filter(rows))

    def plus(self, database: str, ids: Ragged) -> Xrefs:
        """With those of one more database."""
        owner = np.concatenate([self.owner, ids.owner])
        order = pa.array(np.argsort(owner, kind="stable"))
        database, size = pa.scalar(database, pa.string()), len(ids.owner)
        columns = (
            pa.concat_arrays([self.database, pa.repeat(database, size)]),
            pa.concat_arrays([self.id, ids.values]),
            pa.concat_arrays([self.protein_id, pa.nulls(size, pa.string())]),
        )
        return Xrefs(owner[order.to_numpy()], *(column.take(order) for column in columns))


NONE = Xrefs(np.array([], np.int64), *(pa.array([], pa.string()) for _ in range(3)))


class Entries(NamedTuple):
    """A block of entries."""

    record: pa.Array
    columns: Mapping[str, pa.Array]  # of uniprot_entries: text, or of its type; a column that is not here is null
    xrefs: Xrefs  # to EC too
    faults: list[text.Fault]
    source: Callable[[pa.Array], pa.Array | list[str]]  # entries that a mask names, as they stand in the answer
    lists: tuple[str, ...] = tuple(LISTED.values())  # databases that the answer tells all cross-references to
    broken: tuple[pa.Table, ...] = ()  # REJECTS: what is no entry


def parts(entries: Entries) -> Iterator[Part]:
    """The rows and rejects of both tables."""
    n, schema = len(entries.record), TABLES["uniprot_entries"]
    found = dict(entries.columns)
    for name, database in LISTED.items():
        if database in entries.lists:
            found[name] = entries.xrefs.of(database).distinct().lists(n)
    faults = [(_empty(found["accession"]), "it has no accession"), *entries.faults]
    said, odd = dict(found), []
    for name, read in (("reviewed", _reviewed), ("existence", _existence)):
        found[name], (wrong, reason) = read(found.get(name), n)
        odd.append((name, wrong, reason, said.get(name)))
    columns, more = {}, [name for name in found if name not in schema.names]
    for field in schema:
        if field.name != "_record":
            columns[field.name], (wrong, _) = _typed(field, found.get(field.name), n)
            odd.append((field.name, wrong, f"not {delimited.KINDS.get(field.type)}", said.get(field.name)))
    if "length" in found:
        faults.append((pc.is_null(columns["length"]), "it has no length: damaged, or deleted or merged by UniProt"))
    schema = pa.schema([*schema, *(pa.field(name, pa.string()) for name in more)])
    columns |= {name: found[name] for name in more}
    rows, bad, good = text.partition_rejects(schema, entries.record, columns, faults, entries.source)
    seen = n + sum(len(table) for table in entries.broken)
    part = text.make_part("uniprot_entries", seen, rows, *entries.broken, bad)
    yield part._replace(cells=text.collect_cell_rejects(entries.record, good, odd))
    if len(entries.xrefs.owner):
        yield _xrefs(entries, columns, good)


def _xrefs(entries: Entries, columns: Mapping[str, pa.Array], good: pa.Array | None) -> Part:
    whose = pa.array(entries.xrefs.owner)
    owner = {name: columns[name].take(whose) for name in ("accession", "version")}
    own = {name: getattr(entries.xrefs, name) for name in ("database", "id", "protein_id")}
    lost = None if good is None else pc.invert(good).take(whose)
    faults = [(lost, "its entry is a reject"), (_empty(own["id"]), "it has no id")]
    content = pc.binary_join_element_wise(own["database"], pc.fill_null(own["id"], ""), "; ")
    rows, bad, _ = text.partition_rejects(
        TABLES["uniprot_xrefs"], entries.record.take(whose), owner | own, faults, lambda mask: content.filter(mask)
    )
    return text.make_part("uniprot_xrefs", len(whose), rows, bad)


def _typed(field: pa.Field, values: pa.Array | None, n: int) -> tuple[pa.Array, text.Fault]:
    if values is None:
        return pa.nulls(n, field.type), (None, "")
    return (values, (None, "")) if values.type == field.type else delimited.typed(field, values)


def _empty(texts: pa.Array) -> pa.Array:
    return pc.fill_null(pc.equal(texts, ""), True)


def _reviewed(texts: pa.Array | None, n: int) -> tuple[pa.Array, text.Fault]:
    """ "Reviewed", "Swiss-Prot", "UniProtKB reviewed (Swiss-Prot)": each form has its own words."""
    if texts is None:
        return pa.nulls(n, pa.bool_()), (None, "")
    words = pc.replace_substring_regex(pc.utf8_lower(texts), r"^uniprotkb (\w+) \(.*\)$", r"\1")
    values = pa.array(list(_REVIEWED.values())).take(pc.index_in(words, pa.array(list(_REVIEWED))))
    wrong = pc.and_(pc.is_null(values), pc.is_valid(texts))
    return values, (wrong, "neither reviewed nor unreviewed")


def _existence(texts: pa.Array | None, n: int) -> tuple[pa.Array, text.Fault]:
    """ "1: Evidence at protein level", with or without the number."""
    if texts is None:
        return pa.nulls(n, pa.int64()), (None, "")
    words = pc.replace_substring_regex(pc.utf8_lower(texts), r"^\d: *", "")
    values = pc.add(pc.index_in(words, pa.array(_EXISTENCE)).cast(pa.int64()), 1)
    wrong = pc.and_(pc.is_null(values), pc.is_valid(texts))
    return values, (wrong, "a protein existence that is not known")


def with_numbers(xrefs: Xrefs, numbers: Ragged) -> Xrefs:
    """With EC numbers as cross-references, each once."""
    numbers = merged(xrefs.of("EC"), numbers).distinct()
    others = pc.fill_null(pc.not_equal(xrefs.database, "EC"), True)
    rest = (column.filter(others) for column in xrefs[1:])
    return Xrefs(xrefs.owner[others.to_numpy(zero_copy_only=False)], *rest).plus("EC", numbers)


def known(ids: pa.Array, database: pa.Array) -> pa.Array:
    """The proteins of nucleotide entries; "-" is none."""
    there = pc.and_(pc.equal(database, "EMBL"), pc.fill_null(pc.invert(pc.is_in(ids, pa.array(["-", ""]))), False))
    return pc.if_else(there, ids, pa.scalar(None, pa.string()))


def all_but_first(accessions: Ragged, n: int) -> pa.Array:
    """All but each entry's first."""
    more = np.diff(accessions.owner, prepend=-1) == 0
    return Ragged(accessions.owner[more], accessions.values.filter(pa.array(more))).lists(n)


def full_organism(scientific: Ragged, common: Ragged, synonyms: Ragged, n: int) -> pa.Array:
    """As the flat file and TSV have it: Escherichia coli (strain K12), Homo sapiens (Human)."""
    names = merged(common, synonyms)
    aside = names._replace(values=pc.binary_join_element_wise("(", names.values, ")", ""))
    return merged(scientific, aside).joined(n)


class Wanted:
    """The accessions that were asked for, less those that came."""

    def __init__(self, accessions: Iterable[str]):
        self._left = pa.array(list(accessions), pa.string())

    def found(self, entries: Entries) -> None:
        if not len(self._left):
            return
        secondary = entries.columns.get("secondary_accessions")
        came = [entries.columns["accession"], *([secondary.flatten()] if secondary is not None else [])]
        self._left = self._left.filter(pc.invert(pc.is_in(self._left, pa.concat_arrays(came))))

    def missing(self) -> Part | None:
        """Those that are left, as rejects."""
        if not len(self._left):
            return None
        reason = "asked for, and not in the answer: deleted, merged into another entry, or no accession"
        bad = text.rejects(pa.nulls(len(self._left), pa.int64()), reason, self._left)
        return Part("uniprot_entries", len(bad), TABLES["uniprot_entries"].empty_table(), bad)
