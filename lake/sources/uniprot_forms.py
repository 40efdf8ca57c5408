"""The forms in which UniProt gives an entry, each read into the same columns: TSV, XML, JSON and flat file.

XML: https://www.uniprot.org/docs/uniprot.xsd; flat file: https://web.expasy.org/docs/userman.html.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.errors import Unreadable
from lake.sources import delimited, flat_records, json_records, uniprot_tables, xml_records
from lake.sources.ragged import Ragged, merged
from lake.sources.uniprot_entries import NONE, Entries, Xrefs

# TSV

_MASS = r"^\d{1,3}(,\d{3})+$"  # the site before 2022 wrote 41,582
_BROKE_OFF = "Error encountered when streaming data"


def _tsv(path: Path, where: str) -> Iterator[Entries]:
    layout = _layout(path)
    for part in delimited.read(layout, path, where):
        if part.rejects is not None and pc.any(pc.starts_with(part.rejects["content"], _BROKE_OFF)).as_py():
            raise Unreadable("the stream broke off", where=where, why="UniProt says so in its last line")
        rows = part.rows.combine_chunks()
        cells = {name: _column(rows, name) for name in rows.schema.names}
        yield _of_cells(cells, cells.pop("_record"), () if part.rejects is None else (part.rejects,))


def _column(rows: pa.Table, name: str) -> pa.Array:
    return pa.chunked_array(rows[name]).combine_chunks()


def _layout(path: Path) -> delimited.Layout:
    """The columns that this TSV has, in our names; those that we have no name for stay in a name made of their own."""
    with open(path, "rb") as file:
        header = file.readline(2**20).decode("utf-8", "replace").removeprefix("\ufeff")
    fields = [pa.field("_record", pa.int64())]
    for cell in (cell.strip().strip('"') for cell in header.rstrip("\r\n").split("\t")):
        plain = re.sub(r"\s+", " ", cell.lower()).replace(" )", ")")
        name = uniprot_tables.HEADINGS.get(plain) or re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
        fields.append(pa.field(name, pa.string(), metadata={"source": cell}))
    return delimited.Layout(
        "uniprot_entries",
        pa.schema({field.name: field for field in fields}.values()),
        ("accession",),
        comment="",
        why="it is no TSV of UniProtKB: that has a column Entry",
    )


def _of_cells(cells: dict[str, pa.Array], record: pa.Array, broken: tuple[pa.Table, ...]) -> Entries:
    there = tuple(name for name in uniprot_tables.DATABASES if name in cells)
    xrefs = NONE
    for database in there:
        ids = Ragged.split(cells.pop(database), ";")
        xrefs = xrefs.plus(database, ids._replace(values=pc.replace_substring_regex(ids.values, r" *\[[^\]]*\]$", "")))
    n = len(record)
    if "ordered_loci" in cells:
        cells["ordered_loci"] = Ragged.split(cells["ordered_loci"], r"[;,\s]+").distinct().lists(n)
    if "gene" in cells:
        cells["gene"] = Ragged.split(cells["gene"], ";").first(n)
    if "fragment" in cells:
        cells["fragment"] = pc.is_valid(cells["fragment"])
    if "length" not in cells and "sequence" in cells:
        cells["length"] = pc.utf8_length(cells["sequence"]).cast(pa.int64())
    for name in {"mass", "length"} & {name for name, column in cells.items() if column.type == pa.string()}:
        thousands = pc.match_substring_regex(cells[name], _MASS)
        cells[name] = pc.if_else(thousands, pc.replace_substring(cells[name], ",", ""), cells[name])
    if "protein_names" in cells:  # where there is more than one, they cannot be told apart: names have parentheses too
        several = pc.match_substring_regex(cells["protein_names"], r" [(\[]")
        cells["protein_name"] = pc.if_else(several, pa.scalar(None, pa.string()), cells["protein_names"])
    accession = cells["accession"]
    return Entries(record, cells, xrefs, [], lambda mask: accession.filter(mask), there, broken)


# XML

_NAMES = ("recommendedName", "submittedName")


def _xml(path: Path, where: str) -> Iterator[Entries]:
    for block in xml_records.blocks(path, ("uniprot",), where):
        yield _of_xml(block)


def _of_xml(block: xml_records.Block) -> Entries:
    n = block.n

    def texts(*path: str) -> Ragged:
        return block.texts_of(block.at(*path))

    def named(kind: str, *path: str) -> Ragged:
        rows = block.at(*path)
        return block.texts_of(rows[np.flatnonzero(pc.equal(block.attribute("type", rows), kind))])

    organism = [named(kind, "organism", "name") for kind in ("scientific", "common", "synonym")]
    sequence, accessions = block.at("sequence"), texts("accession")
    taxa = block.at("organism", "dbReference")
    columns = {
        "accession": accessions.first(n),
        "secondary_accessions": _rest(accessions, n),
        "entry_name": texts("name").first(n),
        "reviewed": block.attributes("dataset", block.at()).first(n),
        "protein_name": merged(*(texts("protein", kind, "fullName") for kind in _NAMES)).first(n),
        "gene": named("primary", "gene", "name").first(n),
        "ordered_loci": named("ordered locus", "gene", "name").distinct().lists(n),
        "organism": _organism(*organism, n),
        "taxon_id": block.attributes("id", taxa).first(n),
        "existence": block.attributes("type", block.at("proteinExistence")).first(n),
        "fragment": pc.is_valid(block.attributes("fragment", sequence).first(n)),
    }
    of_entry = {"version": "version", "created": "created", "modified": "modified"}
    of_sequence = {"length": "length", "mass": "mass", "checksum": "checksum"}
    of_sequence |= {"sequence_version": "version", "sequence_modified": "modified"}
    for rows, names in ((block.at(), of_entry), (sequence, of_sequence)):
        columns |= {ours: block.attributes(theirs, rows).first(n) for ours, theirs in names.items()}
    numbers = block.texts_of(block.below("ecNumber", "protein"))
    record = pa.array(np.arange(block.first, block.first + n))
    return Entries(record, columns, _xml_xrefs(block, numbers), [], block.source)


def _xml_xrefs(block: xml_records.Block, numbers: Ragged) -> Xrefs:
    """Those of the entry itself; EC numbers stood among them until 2011, and then in its names."""
    rows = block.at("dbReference")
    types = block.attribute("type", rows)
    own = block.at("dbReference", "property")
    own = own[np.flatnonzero(pc.equal(block.attribute("type", own), "protein sequence ID"))]
    place = np.searchsorted(rows, block.parent(own))
    protein = np.full(len(rows), -1)
    protein[place] = np.arange(len(own))
    ids = block.attribute("value", own).take(pa.array(protein, mask=protein < 0))
    xrefs = Xrefs(block.owner(rows), types, block.attribute("id", rows), _known(ids, types))
    return _with_numbers(xrefs, numbers)


def _with_numbers(xrefs: Xrefs, numbers: Ragged) -> Xrefs:
    """With EC numbers as cross-references, each once."""
    numbers = merged(xrefs.of("EC"), numbers).distinct()
    others = pc.not_equal(xrefs.database, "EC")
    rest = (column.filter(others) for column in xrefs[1:])
    return Xrefs(xrefs.owner[others.to_numpy(zero_copy_only=False)], *rest).plus("EC", numbers)


def _known(ids: pa.Array, database: pa.Array) -> pa.Array:
    """The proteins of nucleotide entries; "-" is none."""
    there = pc.and_(pc.equal(database, "EMBL"), pc.fill_null(pc.invert(pc.is_in(ids, pa.array(["-", ""]))), False))
    return pc.if_else(there, ids, pa.scalar(None, pa.string()))


def _rest(accessions: Ragged, n: int) -> pa.Array:
    """All but each entry's first."""
    more = np.diff(accessions.owner, prepend=-1) == 0
    return Ragged(accessions.owner[more], accessions.values.filter(pa.array(more))).lists(n)


def _organism(scientific: Ragged, common: Ragged, synonyms: Ragged, n: int) -> pa.Array:
    """As the flat file and TSV have it: Escherichia coli (strain K12), Homo sapiens (Human)."""
    names = merged(common, synonyms)
    aside = names._replace(values=pc.binary_join_element_wise("(", names.values, ")", ""))
    return merged(scientific, aside).joined(n)


# JSON

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
    """Some values within the objects of a block, and whose they are."""

    def __init__(self, owner: np.ndarray, values: pa.Array):
        self.owner, self.values = owner, values

    def __truediv__(self, member: str) -> _Node:
        """A member of each; where it is a list, all its elements."""
        values = pc.struct_field(self.values, member)
        if not pa.types.is_list(values.type):
            return _Node(self.owner, values)
        return _Node(self.owner[pc.list_parent_indices(values).to_numpy()], values.flatten())

    def texts(self) -> Ragged:
        return Ragged.of(self.owner, self.values)


def _json(path: Path, where: str) -> Iterator[Entries]:
    for block in json_records.blocks(path, _JSON, where):
        yield _of_json(block)


def _of_json(block: json_records.Block) -> Entries:
    n = len(block.record)
    root = _Node(np.arange(n), block.rows.to_struct_array().combine_chunks() if n else pa.array([], pa.struct(_JSON)))
    audit, organism, protein = root / "entryAudit", root / "organism", root / "proteinDescription"
    kind, sequence, genes = root / "entryType", root / "sequence", root / "genes"
    names = (protein / "recommendedName" / "fullName" / "value", protein / "submissionNames" / "fullName" / "value")
    animal = [(organism / name).texts() for name in ("scientificName", "commonName", "synonyms")]
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
        "organism": _organism(*animal, n),
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
    own = _Node(np.arange(len(xrefs.owner)), xrefs.values) / "properties"
    protein = own.owner[rows := np.flatnonzero(pc.equal((own / "key").values, "ProteinId"))]
    ids = Ragged(protein, (own / "value").values.take(pa.array(rows))).first(len(xrefs.owner))
    database = (xrefs / "database").values
    found = Xrefs(xrefs.owner, database, (xrefs / "id").values, _known(ids, database))
    protein = root / "proteinDescription"
    wholes = (protein, protein / "includes", protein / "contains")
    numbers = [(whole / name / "ecNumbers" / "value").texts() for whole in wholes for name in _PROTEIN]
    return _with_numbers(found, merged(*numbers))


# Flat file

_LINES = "(?:AC|DT|DE|GN|OS|OX|DR|PE|SQ) "
_ID = r"^(?P<name>\S+)\s+(?P<status>[A-Za-z]+);.*?(?P<length>\d+) AA\.$"
_SQ = r"^SEQUENCE\s+\d+ AA;\s+(?P<mass>\d+) MW;\s+(?P<checksum>[0-9A-F]+) CRC64;"
_DR = r"^(?P<database>[^;]+);\s*(?P<id>[^;]+);\s*(?P<third>[^;]*)"
_DAY = r"^(?P<day>\d\d)-(?P<month>[A-Z]{3})-(?P<year>\d{4})"
_MONTHS = pa.array("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split())
_EVIDENCE = r"\s*\{ECO:[^}]*\}"


def _txt(path: Path, where: str) -> Iterator[Entries]:
    for block in flat_records.blocks(path, _LINES, where):
        yield _of_txt(block)


def _of_txt(block: flat_records.Block) -> Entries:
    n = block.n
    head, sequence = block.lines("ID").first(n), block.lines("SQ").first(n)
    names, genes, accessions = block.lines("DE"), _genes(block), Ragged.split(block.lines("AC").joined(n), ";")
    loci = _after(genes, "OrderedLocusNames=")
    columns = {
        "accession": accessions.first(n),
        "secondary_accessions": _rest(accessions, n),
        "entry_name": found(head, _ID, "name"),
        "reviewed": found(head, _ID, "status"),
        "protein_name": _after(names, "(?:RecName|SubName): Full=").first(n),
        "gene": _after(genes, "Name=").first(n),
        "ordered_loci": Ragged.split(loci.values, ",", loci.owner).distinct().lists(n),
        "organism": pc.replace_substring_regex(block.lines("OS").joined(n), r"\.$", ""),
        "taxon_id": found(block.lines("OX").first(n), r"NCBI_TaxID=(?P<id>\d+)", "id"),
        "length": found(head, _ID, "length"),
        "mass": found(sequence, _SQ, "mass"),
        "checksum": found(sequence, _SQ, "checksum"),
        "fragment": pc.is_valid(_after(names, "Flags: .*(?:Fragment)").first(n)),
        "existence": pc.replace_substring_regex(block.lines("PE").first(n), ";$", ""),
    } | _dates(block)
    broken = (pa.array(block.undecodable), "one of its lines is not UTF-8")
    record = pa.array(np.arange(block.first, block.first + n))
    return Entries(record, columns, _txt_xrefs(block, names), [broken], block.source)


def _genes(block: flat_records.Block) -> Ragged:
    """What the GN lines say, a "Name=..." each; "and" stands between two genes."""
    whole = pc.replace_substring_regex(block.lines("GN").joined(block.n), _EVIDENCE, "")
    return Ragged.split(whole, r";(?: and )?")


def _after(texts: Ragged, start: str) -> Ragged:
    """What stands behind a beginning, less evidence and semicolon, in the texts that begin so."""
    rows = pc.match_substring_regex(texts.values, f"^{start}")
    values = pc.replace_substring_regex(texts.values.filter(rows), rf"^{start}|(?: \{{ECO:.*)?;?$", "")
    return Ragged(texts.owner[rows.to_numpy(zero_copy_only=False)], values)


def found(texts: pa.Array, pattern: str, group: str) -> pa.Array:
    """A group of a regular expression; null where it does not match or the group is empty."""
    values = pc.struct_field(pc.extract_regex(texts, pattern), group)
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)


def day(texts: pa.Array) -> pa.Array:
    """12-MAR-2004 as 2004-03-12."""
    month = pc.add(pc.index_in(found(texts, _DAY, "month"), _MONTHS), 1).cast(pa.string())
    return pc.binary_join_element_wise(
        found(texts, _DAY, "year"), pc.utf8_lpad(month, 2, "0"), found(texts, _DAY, "day"), "-"
    )


def _dates(block: flat_records.Block) -> dict[str, pa.Array]:
    lines, columns = block.lines("DT"), {}
    said = {
        "created": ("integrated", None),
        "sequence_modified": ("sequence version", "sequence_version"),
        "modified": ("entry version", "version"),
    }
    for date, (words, version) in said.items():
        rows = pc.match_substring(lines.values, words)
        line = Ragged(lines.owner[rows.to_numpy(zero_copy_only=False)], lines.values.filter(rows)).first(block.n)
        columns[date] = day(line)
        if version:
            columns[version] = found(line, r"version (?P<number>\d+)\.$", "number")
    return columns


def _txt_xrefs(block: flat_records.Block, names: Ragged) -> Xrefs:
    lines = block.lines("DR")
    database = found(lines.values, _DR, "database")
    protein = _known(pc.replace_substring_regex(found(lines.values, _DR, "third"), r"\.$", ""), database)
    xrefs = Xrefs(lines.owner, database, found(lines.values, _DR, "id"), protein)
    return _with_numbers(xrefs, _after(names, "(?:(?:RecName|AltName|SubName): )?EC="))


READERS: Mapping[str, Callable[[Path, str], Iterator[Entries]]] = {
    "tsv": _tsv,
    "xml": _xml,
    "json": _json,
    "txt": _txt,
}
