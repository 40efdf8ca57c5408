"""Entries of UniProt as XML: https://www.uniprot.org/docs/uniprot.xsd."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.formats import xml_records
from lake.formats.answer import Answer
from lake.formats.list_columns import Ragged, merged
from lake.sources.uniprot.entries import Entries, Xrefs, all_but_first, full_organism, protein_ids, with_numbers

_NAMES = ("recommendedName", "submittedName")


def read(answer: Answer, where: str) -> Iterator[Entries]:
    """The entries of a document."""
    for block in xml_records.blocks(answer, ("uniprot",), where):
        yield _of_xml(block)


def _of_xml(block: xml_records.Block) -> Entries:
    n = block.n

    def texts(*path: str) -> Ragged:
        return block.texts_of(block.at(*path))

    def texts_of_type(kind: str, *path: str) -> Ragged:
        rows = block.at(*path)
        return block.texts_of(rows[np.flatnonzero(pc.equal(block.attribute("type", rows), kind))])

    scientific, common, synonyms = (
        texts_of_type(kind, "organism", "name") for kind in ("scientific", "common", "synonym")
    )
    sequence, accessions = block.at("sequence"), texts("accession")
    taxa = block.at("organism", "dbReference")
    columns = {
        "accession": accessions.first(n),
        "secondary_accessions": all_but_first(accessions, n),
        "entry_name": texts("name").first(n),
        "reviewed": block.attributes("dataset", block.at()).first(n),
        "protein_name": merged(*(texts("protein", kind, "fullName") for kind in _NAMES)).first(n),
        "gene": texts_of_type("primary", "gene", "name").first(n),
        "ordered_loci": texts_of_type("ordered locus", "gene", "name").distinct().lists(n),
        "organism": full_organism(scientific, common, synonyms, n),
        "taxon_id": block.attributes("id", taxa).first(n),
        "existence": block.attributes("type", block.at("proteinExistence")).first(n),
        "fragment": pc.is_valid(block.attributes("fragment", sequence).first(n)),
    }
    of_entry = {"version": "version", "created": "created", "modified": "modified"}
    of_sequence = {"length": "length", "mass": "mass", "checksum": "checksum"}
    of_sequence |= {"sequence_version": "version", "sequence_modified": "modified"}
    for rows, names in ((block.at(), of_entry), (sequence, of_sequence)):
        columns |= {column: block.attributes(attribute, rows).first(n) for column, attribute in names.items()}
    numbers = block.texts_of(block.below("ecNumber", "protein"))
    record = pa.array(np.arange(block.first, block.first + n))
    return Entries(record, columns, _xml_xrefs(block, numbers), [], block.source)


def _xml_xrefs(block: xml_records.Block, numbers: Ragged) -> Xrefs:
    """The cross-references of the entry itself; EC numbers were among them until 2011, and are in its names since."""
    rows = block.at("dbReference")
    types = block.attribute("type", rows)
    properties = block.at("dbReference", "property")
    properties = properties[np.flatnonzero(pc.equal(block.attribute("type", properties), "protein sequence ID"))]
    protein = np.full(len(rows), -1)
    protein[np.searchsorted(rows, block.parent(properties))] = np.arange(len(properties))
    ids = block.attribute("value", properties).take(pa.array(protein, mask=protein < 0))
    xrefs = Xrefs(block.owner(rows), types, block.attribute("id", rows), protein_ids(ids, types))
    return with_numbers(xrefs, numbers)
