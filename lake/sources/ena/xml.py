"""Records of ENA as XML: https://github.com/enasequence/schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.formats import xml_records
from lake.formats.answer import Answer
from lake.formats.list_columns import Ragged, merged
from lake.sources.ena.records import Attributes, Records
from lake.sources.ena.tables import SETS


def read(answer: Answer, where: str, result: str) -> Iterator[Records]:
    """The records of a document."""
    for block in xml_records.blocks(answer, SETS, where):
        yield _of_xml(block)


def _of_xml(block: xml_records.Block) -> Records:
    n, kind = block.n, {"project": "study"}.get(block.record.lower(), block.record.lower())
    texts = {name: block.texts_of(block.at(*path)).first(n) for name, path in _TEXTS.items()}
    attributes = _pairs(block, ("*", "*", "TAG"), "VALUE")
    links = _pairs(block, ("*", "*", "XREF_LINK", "DB"), "ID")
    refs = {of: block.attributes("accession", block.at(*path)) for of, path in _REFERENCES.items()}
    names = _ids(block)
    studies = merged(refs["study"], links("ENA-STUDY"), *([names] if kind == "study" else []))
    samples = merged(refs["sample"], links("ENA-SAMPLE"), *([names] if kind == "sample" else []))
    columns = {
        "study_accession": _like(studies, r"^PRJ[A-Z]+\d+$", n),
        "secondary_study_accession": _like(studies, r"^[A-Z]RP\d+$", n),
        "sample_accession": _like(samples, r"^SAM[A-Z]+\d+$", n),
        "secondary_sample_accession": _like(samples, r"^[A-Z]RS\d+$", n),
        "experiment_accession": _like(merged(refs["experiment"], links("ENA-EXPERIMENT")), r"^[A-Z]RX\d+$", n),
        "run_accession": _like(links("ENA-RUN"), r"^[A-Z]RR\d+$", n),
        "kind": pa.repeat(pa.scalar(kind), n),
        "description": pc.coalesce(*(texts[name] for name in ("TITLE", "STUDY_TITLE", "DESCRIPTION"))),
        "instrument_platform": block.tags(block.at("PLATFORM", "*")).first(n),
        "library_layout": block.tags(block.at("DESIGN", "LIBRARY_DESCRIPTOR", "LIBRARY_LAYOUT", "*")).first(n),
        "center_name": block.attributes("center_name", block.at()).first(n),
    }
    columns |= {name: texts[name] for name in texts if name.islower()}
    columns |= {column: attributes(tag).first(n) for tag, column in _ATTRIBUTES.items()}
    columns |= _own_names(kind, names, columns, n)
    record = pa.array(np.arange(block.first, block.first + n))
    return Records(record, columns, block.source, attributes=_attributes(block))


_LIBRARY = ("DESIGN", "LIBRARY_DESCRIPTOR")
_TEXTS = {
    "TITLE": ("TITLE",),
    "STUDY_TITLE": ("DESCRIPTOR", "STUDY_TITLE"),
    "DESCRIPTION": ("DESCRIPTION",),
    "taxon_id": ("SAMPLE_NAME", "TAXON_ID"),
    "scientific_name": ("SAMPLE_NAME", "SCIENTIFIC_NAME"),
    "library_strategy": (*_LIBRARY, "LIBRARY_STRATEGY"),
    "library_source": (*_LIBRARY, "LIBRARY_SOURCE"),
    "library_selection": (*_LIBRARY, "LIBRARY_SELECTION"),
    "instrument_model": ("PLATFORM", "*", "INSTRUMENT_MODEL"),
}
_REFERENCES = {
    "study": ("STUDY_REF",),
    "sample": ("DESIGN", "SAMPLE_DESCRIPTOR"),
    "experiment": ("EXPERIMENT_REF",),
}
_ATTRIBUTES = {
    "ENA-BASE-COUNT": "bases",
    "ENA-SPOT-COUNT": "reads",
    "ENA-FIRST-PUBLIC": "first_public",
    "ENA-LAST-UPDATE": "last_updated",
}


def _pairs(block: xml_records.Block, path: tuple[str, ...], value: str) -> Callable[[str], Ragged]:
    """The values beside a name: <TAG>name</TAG> <VALUE>...</VALUE>."""
    names = block.at(*path)
    values = block.at(*path[:-1], value)
    position = np.searchsorted(block.parent(names), block.parent(values))
    label = block.plain_texts(names)

    def of(name: str) -> Ragged:
        at = np.append(np.array(pc.equal(label, name).to_pylist(), bool), False)[position]
        return block.texts_of(values[at])

    return of


def _attributes(block: xml_records.Block) -> Attributes:
    """Every <TAG> of <SAMPLE_ATTRIBUTES> and the like, with the <VALUE> and <UNITS> beside it."""
    tags = block.at("*", "*", "TAG")
    above = block.parent(tags)

    def beside(name: str) -> pa.Array:
        siblings = block.at("*", "*", name)
        siblings = siblings[np.isin(block.parent(siblings), above)]
        at = np.full(len(tags), -1)
        at[np.searchsorted(above, block.parent(siblings))] = np.arange(len(siblings))
        return block.plain_texts(siblings).take(pa.array(at, mask=at < 0))

    return Attributes(block.owner(tags), block.plain_texts(tags), beside("VALUE"), beside("UNITS"))


def _ids(block: xml_records.Block) -> Ragged:
    """All accessions of a record itself."""
    ids = (block.texts_of(block.at("IDENTIFIERS", kind)) for kind in ("PRIMARY_ID", "SECONDARY_ID", "EXTERNAL_ID"))
    return merged(block.attributes("accession", block.at()), *ids)


def _like(ids: Ragged, pattern: str, n: int) -> pa.Array:
    """Each record's id of a form; null where it has none, or several."""
    rows = pc.match_substring_regex(ids.values, pattern)
    matches = Ragged(ids.owner[rows.to_numpy(zero_copy_only=False)], ids.values.filter(rows)).distinct()
    unique = pa.array(np.bincount(matches.owner, minlength=n) == 1)
    return pc.if_else(unique, matches.first(n), pa.scalar(None, pa.string()))


def _own_names(kind: str, names: Ragged, columns: Mapping[str, pa.Array], n: int) -> dict[str, pa.Array]:
    own = names.first(n)
    if kind in ("run", "experiment"):
        return {"accession": own, "secondary_accession": pa.nulls(n, pa.string()), f"{kind}_accession": own}
    first, second = columns[f"{kind}_accession"], columns[f"secondary_{kind}_accession"]
    return {"accession": pc.coalesce(first, second, own), "secondary_accession": second}
