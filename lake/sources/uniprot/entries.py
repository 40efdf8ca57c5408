"""Entries of UniProt, of any format, as rows of the raw tables."""

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
    """Cross-references of a block's entries, ordered by entry."""

    owner: np.ndarray  # the entry of each, from 0
    database: pa.Array
    id: pa.Array
    protein_id: pa.Array

    def of(self, database: str) -> Ragged:
        """The ids of one database."""
        rows = pc.fill_null(pc.equal(self.database, database), False)
        return Ragged.of(self.owner[rows.to_numpy(zero_copy_only=False)], self.id.filter(rows))

    def plus(self, database: str, ids: Ragged) -> Xrefs:
        """These and the ids of another database."""
        owner = np.concatenate([self.owner, ids.owner])
        order = pa.array(np.argsort(owner, kind="stable"))
        database, size = pa.scalar(database, pa.string()), len(ids.owner)
        columns = (
            pa.concat_arrays([self.database, pa.repeat(database, size)]),
            pa.concat_arrays([self.id, ids.values]),
            pa.concat_arrays([self.protein_id, pa.nulls(size, pa.string())]),
        )
        return Xrefs(owner[order.to_numpy()], *(column.take(order) for column in columns))


NO_XREFS = Xrefs(np.array([], np.int64), *(pa.array([], pa.string()) for _ in range(3)))


class Entries(NamedTuple):
    """A block of entries."""

    record: pa.Array
    columns: Mapping[str, pa.Array]  # of uniprot_entries: text, or of the column's type; a missing column is null
    xrefs: Xrefs  # to EC too
    faults: list[text.Fault]
    source: Callable[[pa.Array], pa.Array | list[str]]  # entries that a mask names, as they are in the answer
    lists: tuple[str, ...] = tuple(LISTED.values())  # databases whose cross-references are all in the answer
    broken: tuple[pa.Table, ...] = ()  # REJECTS: what is not an entry


def parts(entries: Entries) -> Iterator[Part]:
    """The rows and rejects of both tables."""
    n, schema = len(entries.record), TABLES["uniprot_entries"]
    values = dict(entries.columns)
    for name, database in LISTED.items():
        if database in entries.lists:
            values[name] = entries.xrefs.of(database).distinct().lists(n)
    faults = [(_empty(values["accession"]), "it has no accession"), *entries.faults]
    texts, bad_cells = dict(values), []
    for name, read in (("reviewed", _reviewed), ("existence", _existence)):
        values[name], (wrong, reason) = read(values.get(name), n)
        bad_cells.append((name, wrong, reason, texts.get(name)))
    columns, more = {}, [name for name in values if name not in schema.names]
    for field in schema:
        if field.name != "_record":
            columns[field.name], (wrong, _) = _typed(field, values.get(field.name), n)
            bad_cells.append((field.name, wrong, f"not {delimited.KINDS.get(field.type)}", texts.get(field.name)))
    if "length" in values:
        faults.append((pc.is_null(columns["length"]), "it has no length: damaged, or deleted or merged by UniProt"))
    schema = pa.schema([*schema, *(pa.field(name, pa.string()) for name in more)])
    columns |= {name: values[name] for name in more}
    rows, bad, good = text.partition_rejects(schema, entries.record, columns, faults, entries.source)
    total = n + sum(len(table) for table in entries.broken)
    part = text.make_part("uniprot_entries", total, rows, *entries.broken, bad)
    yield part._replace(cells=text.collect_cell_rejects(entries.record, good, bad_cells))
    if len(entries.xrefs.owner):
        yield _xrefs(entries, columns, good)


def _xrefs(entries: Entries, columns: Mapping[str, pa.Array], good: pa.Array | None) -> Part:
    whose = pa.array(entries.xrefs.owner)
    owner = {name: columns[name].take(whose) for name in ("accession", "version")}
    own = {name: getattr(entries.xrefs, name) for name in ("database", "id", "protein_id")}
    orphaned = None if good is None else pc.invert(good).take(whose)
    faults = [(orphaned, "its entry is a reject"), (_empty(own["id"]), "it has no id")]
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
    """ "Reviewed", "Swiss-Prot", "UniProtKB reviewed (Swiss-Prot)": each format has its own words."""
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
    """The cross-references with the EC numbers among them, without duplicates."""
    numbers = merged(xrefs.of("EC"), numbers).distinct()
    others = pc.fill_null(pc.not_equal(xrefs.database, "EC"), True)
    rest = (column.filter(others) for column in xrefs[1:])
    return Xrefs(xrefs.owner[others.to_numpy(zero_copy_only=False)], *rest).plus("EC", numbers)


def protein_ids(ids: pa.Array, database: pa.Array) -> pa.Array:
    """The ids of the proteins of nucleotide entries; null for "-", and for other databases."""
    valid = pc.and_(pc.equal(database, "EMBL"), pc.fill_null(pc.invert(pc.is_in(ids, pa.array(["-", ""]))), False))
    return pc.if_else(valid, ids, pa.scalar(None, pa.string()))


def all_but_first(accessions: Ragged, n: int) -> pa.Array:
    """A list for each entry: its accessions without the first."""
    more = np.diff(accessions.owner, prepend=-1) == 0
    return Ragged(accessions.owner[more], accessions.values.filter(pa.array(more))).lists(n)


def full_organism(scientific: Ragged, common: Ragged, synonyms: Ragged, n: int) -> pa.Array:
    """The organism as in the flat file and TSV: Escherichia coli (strain K12), Homo sapiens (Human)."""
    names = merged(common, synonyms)
    in_parentheses = names._replace(values=pc.binary_join_element_wise("(", names.values, ")", ""))
    return merged(scientific, in_parentheses).joined(n)


class Requested:
    """The accessions that were asked for and are not in the answer so far."""

    def __init__(self, accessions: Iterable[str]):
        self._accessions = pa.array(list(accessions), pa.string())

    def remove(self, entries: Entries) -> None:
        """Remove the accessions of these entries, former ones too."""
        if not len(self._accessions):
            return
        secondary = entries.columns.get("secondary_accessions")
        answered = [entries.columns["accession"], *([secondary.flatten()] if secondary is not None else [])]
        self._accessions = self._accessions.filter(pc.invert(pc.is_in(self._accessions, pa.concat_arrays(answered))))

    def missing(self) -> Part | None:
        """The remaining accessions, as rejects."""
        if not len(self._accessions):
            return None
        reason = "asked for, and not in the answer: deleted, merged into another entry, or no accession"
        bad = text.rejects(pa.nulls(len(self._accessions), pa.int64()), reason, self._accessions)
        return Part("uniprot_entries", len(bad), TABLES["uniprot_entries"].empty_table(), bad)
