"""Entries of UniProt as JSON: one entry, or an array of results."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.formats import json_records
from lake.formats.answer import Answer
from lake.formats.list_columns import Ragged, merged
from lake.sources.uniprot.entries import Entries, Xrefs, full_organism, protein_ids, with_numbers

_VALUE = pa.struct([("value", pa.string())])
_NAME = pa.struct([("fullName", _VALUE), ("ecNumbers", pa.list_(_VALUE))])
_PROTEIN = {"recommendedName": _NAME, "alternativeNames": pa.list_(_NAME), "submissionNames": pa.list_(_NAME)}
_JSON = pa.schema(
    {
        "entryType": pa.string(),
        "primaryAccession": pa.string(),
        "secondaryAccessions": pa.list_(pa.string()),
        "uniProtkbId": pa.string(),
        "entryAudit": pa.struct(
            {
                "firstPublicDate": pa.string(),
                "lastAnnotationUpdateDate": pa.string(),
                "lastSequenceUpdateDate": pa.string(),
                "entryVersion": pa.int64(),
                "sequenceVersion": pa.int64(),
            }
        ),
        "organism": pa.struct(
            {
                "scientificName": pa.string(),
                "commonName": pa.string(),
                "synonyms": pa.list_(pa.string()),
                "taxonId": pa.int64(),
            }
        ),
        "proteinExistence": pa.string(),
        "proteinDescription": pa.struct(
            {
                **_PROTEIN,
                "includes": pa.list_(pa.struct(_PROTEIN)),
                "contains": pa.list_(pa.struct(_PROTEIN)),
                "flag": pa.string(),
            }
        ),
        "genes": pa.list_(pa.struct({"geneName": _VALUE, "orderedLocusNames": pa.list_(_VALUE)})),
        "uniProtKBCrossReferences": pa.list_(
            pa.struct(
                {
                    "database": pa.string(),
                    "id": pa.string(),
                    "properties": pa.list_(pa.struct({"key": pa.string(), "value": pa.string()})),
                }
            )
        ),
        "sequence": pa.struct({"length": pa.int64(), "molWeight": pa.int64(), "crc64": pa.string()}),
    }
)


class _Node:
    """Values in the entries of a block, each with the index of its entry."""

    def __init__(self, owner: np.ndarray, values: pa.Array):
        self.owner, self.values = owner, values

    def __truediv__(self, member: str) -> _Node:
        """A member of each value; the elements of lists one by one."""
        values = pc.struct_field(self.values, member)
        if not pa.types.is_list(values.type):
            return _Node(self.owner, values)
        return _Node(self.owner[pc.list_parent_indices(values).to_numpy()], values.flatten())

    def texts(self) -> Ragged:
        return Ragged.of(self.owner, self.values)


def read(answer: Answer, where: str) -> Iterator[Entries]:
    """The entries of a file."""
    for block in json_records.blocks(answer, _JSON, where):
        yield _of_json(block)


def _of_json(block: json_records.Block) -> Entries:
    n = len(block.record)
    root = _Node(np.arange(n), block.rows.to_struct_array().combine_chunks() if n else pa.array([], pa.struct(_JSON)))
    audit, organism, protein = root / "entryAudit", root / "organism", root / "proteinDescription"
    kind, sequence, genes = root / "entryType", root / "sequence", root / "genes"
    names = (protein / "recommendedName" / "fullName" / "value", protein / "submissionNames" / "fullName" / "value")
    scientific, common, synonyms = ((organism / name).texts() for name in ("scientificName", "commonName", "synonyms"))
    inactive = pc.equal(pc.utf8_lower(kind.values), "inactive")
    flag = pc.match_substring((protein / "flag").values, "Fragment")
    columns = {
        "accession": (root / "primaryAccession").values,
        "secondary_accessions": (root / "secondaryAccessions").texts().lists(n),
        "entry_name": (root / "uniProtkbId").values,
        "reviewed": pc.if_else(inactive, pa.scalar(None, pa.string()), kind.values),
        "protein_name": merged(*(name.texts() for name in names)).first(n),
        "gene": (genes / "geneName" / "value").texts().first(n),
        "ordered_loci": (genes / "orderedLocusNames" / "value").texts().distinct().lists(n),
        "organism": full_organism(scientific, common, synonyms, n),
        "taxon_id": (organism / "taxonId").values,
        "length": (sequence / "length").values,
        "mass": (sequence / "molWeight").values,
        "fragment": pc.fill_null(flag, False),
        "existence": (root / "proteinExistence").values,
        "version": (audit / "entryVersion").values,
        "sequence_version": (audit / "sequenceVersion").values,
        "checksum": (sequence / "crc64").values,
        "created": (audit / "firstPublicDate").values,
        "modified": (audit / "lastAnnotationUpdateDate").values,
        "sequence_modified": (audit / "lastSequenceUpdateDate").values,
    }
    broken = (block.broken,) if len(block.broken) else ()
    return Entries(block.record, columns, _json_xrefs(root), [], block.source, broken=broken)


def _json_xrefs(root: _Node) -> Xrefs:
    xrefs = root / "uniProtKBCrossReferences"
    properties = _Node(np.arange(len(xrefs.owner)), xrefs.values) / "properties"
    xref = properties.owner[rows := np.flatnonzero(pc.equal((properties / "key").values, "ProteinId"))]
    ids = Ragged(xref, (properties / "value").values.take(pa.array(rows))).first(len(xrefs.owner))
    database = (xrefs / "database").values
    listed = Xrefs(xrefs.owner, database, (xrefs / "id").values, protein_ids(ids, database))
    protein = root / "proteinDescription"
    proteins = (protein, protein / "includes", protein / "contains")
    numbers = [(node / name / "ecNumbers" / "value").texts() for node in proteins for name in _PROTEIN]
    return with_numbers(listed, merged(*numbers))
