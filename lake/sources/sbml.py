"""SBML level 3 with flux balance constraints (doi:10.1515/jib-2017-0082, doi:10.1515/jib-2017-0081): a metabolic model
as tables of metabolites, reactions, stoichiometry, genes and cross-references."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from lxml import etree

from lake.errors import Unreadable
from lake.sources import gzipped, text
from lake.sources.agora_tables import TABLES
from lake.sources.source import Part

_FBC = "{http://www.sbml.org/sbml/level3/version1/fbc/version2}"
_GROUPS = "{http://www.sbml.org/sbml/level3/version1/groups/version1}"
_RESOURCE = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}resource"
_IDENTIFIER = re.compile(r"https?://(?:www\.)?identifiers\.org/([^/]+)/(.+)|urn:miriam:([^:]+):(.+)")
_ENCODED = re.compile(r"__(\d{2,3})__")


def read(path: Path, where: str, name: str) -> Iterator[Part]:
    """A model's tables, under its own id; ``name`` is for one without.

    An element without its id, or with a number that is none, is a reject.

    Raises:
        Unreadable: cut short, not SBML of level 3, or without a reaction.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        with gzipped.open_file(path) as file:
            root = etree.parse(file, parser).getroot()
    except etree.XMLSyntaxError as error:
        raise Unreadable(
            f"the XML breaks off or is damaged: {error.msg}", where=f"{where} line {error.lineno}"
        ) from None
    tag = etree.QName(root)
    if tag.localname != "sbml" or root.get("level") != "3":
        raise Unreadable(
            f"it is <{tag.localname}> of level {root.get('level')}, not SBML of level 3",
            where=where,
            why="older models keep bounds and genes in notes; this reader takes those of the fbc package",
        )
    space = f"{{{tag.namespace}}}"
    reactions = list(root.iter(f"{space}reaction"))
    if not reactions:
        raise text.nothing_found("reaction", where)
    whole = list(root.iter(f"{space}model"))
    model = whole[0].get("id") or name
    species, genes = list(root.iter(f"{space}species")), list(root.iter(f"{_FBC}geneProduct"))
    yield _metabolites(model, species)
    yield _reactions(model, reactions, _bounds(root, space), _subsystems(root), space)
    yield _stoichiometry(model, reactions, space)
    yield _genes(model, genes)
    kinds = (("model", whole), ("metabolite", species), ("reaction", reactions), ("gene", genes))
    yield _xrefs(model, kinds, space)


def _id(coded: str | None) -> str | None:
    """An id as the model's makers write it: `M_atp__91__c__93__` is atp[c], `R_EX_ac__40__e__41__` EX_ac(e)."""
    if not coded:
        return None
    return _ENCODED.sub(lambda match: chr(int(match[1])), re.sub(r"^[MRG]_", "", coded))


def _part(table: str, model: str, columns: dict[str, Sequence[Any]], elements: Sequence[Any], **faults: Any) -> Part:
    """Rows of one kind of element; the first fault of each makes it a reject."""
    schema = TABLES[table]
    arrays = {
        "model": pa.repeat(model, len(elements)),
        **{name: pa.array(values, schema.field(name).type) for name, values in columns.items()},
    }
    key = next(iter(columns))
    found = [(arrays[key].is_null(), f"it has no {key}")]
    found += [(pa.array(wrong, pa.bool_()), f"{name} is no number") for name, wrong in faults.items()]

    def content(mask: pa.Array) -> list[str]:
        return [_shown(element) for element, wrong in zip(elements, mask.to_pylist(), strict=True) if wrong]

    rows, rejects, _ = text.sift(schema, pa.array(range(1, len(elements) + 1), pa.int64()), arrays, found, content)
    return text.together(table, len(elements), rows, rejects)


def _shown(element: Any) -> str:
    return etree.tostring(element, encoding="unicode", with_tail=False)[:500]


def _number(given: str | None) -> float | None:
    try:
        return float(given) if given else None
    except ValueError:
        return None


def _numbers(given: Sequence[str | None]) -> tuple[list[float | None], list[bool]]:
    """Numbers, and which of what was given are none; NaN is not known."""
    values = [_number(each) for each in given]
    return [None if value != value else value for value in values], [
        bool(each) and value is None for each, value in zip(given, values, strict=True)
    ]


def _truth(given: str | None) -> bool | None:
    return None if given is None else given == "true"


def _metabolites(model: str, species: Sequence[Any]) -> Part:
    charges, wrong = _numbers([each.get(f"{_FBC}charge") for each in species])
    columns = {
        "metabolite": [_id(each.get("id")) for each in species],
        "name": [each.get("name") for each in species],
        "compartment": [each.get("compartment") for each in species],
        "formula": [each.get(f"{_FBC}chemicalFormula") or None for each in species],
        "charge": [None if charge is None else int(charge) for charge in charges],
        "boundary": [_truth(each.get("boundaryCondition")) for each in species],
    }
    return _part("agora_metabolites", model, columns, species, charge=wrong)


def _bounds(root: Any, space: str) -> dict[str, float | None]:
    return {each.get("id"): _number(each.get("value")) for each in root.iter(f"{space}parameter")}


def _subsystems(root: Any) -> dict[str, str]:
    """reaction -> the group that it is in."""
    return {
        member.get(f"{_GROUPS}idRef"): group.get(f"{_GROUPS}name") or group.get(f"{_GROUPS}id")
        for group in root.iter(f"{_GROUPS}group")
        for member in group.iter(f"{_GROUPS}member")
    }


def _reactions(
    model: str, reactions: Sequence[Any], bounds: dict[str, float | None], subsystems: dict[str, str], space: str
) -> Part:
    columns = {
        "reaction": [_id(each.get("id")) for each in reactions],
        "name": [each.get("name") for each in reactions],
        "reversible": [_truth(each.get("reversible")) for each in reactions],
        "lower": [bounds.get(each.get(f"{_FBC}lowerFluxBound")) for each in reactions],
        "upper": [bounds.get(each.get(f"{_FBC}upperFluxBound")) for each in reactions],
        "subsystem": [subsystems.get(each.get("id")) for each in reactions],
        "genes": [_rule(each.find(f"{_FBC}geneProductAssociation")) for each in reactions],
    }
    return _part("agora_reactions", model, columns, reactions)


def _rule(association: Any) -> str | None:
    """Which genes a reaction needs: (a and b) or c."""
    if association is None or not len(association):
        return None

    def said(element: Any, within: str) -> str:
        kind = etree.QName(element).localname
        if kind == "geneProductRef":
            return _id(element.get(f"{_FBC}geneProduct")) or "?"
        inner = f" {kind} ".join(said(each, kind) for each in element)
        return f"({inner})" if within and len(element) > 1 else inner

    return said(association[0], "")


def _stoichiometry(model: str, reactions: Sequence[Any], space: str) -> Part:
    found = [
        (reaction, each, sign)
        for reaction in reactions
        for side, sign in (("listOfReactants", -1.0), ("listOfProducts", 1.0))
        for each in reaction.iterfind(f"{space}{side}/{space}speciesReference")
    ]
    amounts, wrong = _numbers([each.get("stoichiometry") for _, each, _ in found])
    wrong = [odd or amount is None for odd, amount in zip(wrong, amounts, strict=True)]
    columns = {
        "metabolite": [_id(each.get("species")) for _, each, _ in found],
        "reaction": [_id(reaction.get("id")) for reaction, _, _ in found],
        "coefficient": [
            None if amount is None else sign * amount for amount, (_, _, sign) in zip(amounts, found, strict=True)
        ],
    }
    return _part("agora_stoichiometry", model, columns, [each for _, each, _ in found], stoichiometry=wrong)


def _genes(model: str, genes: Sequence[Any]) -> Part:
    columns = {
        "gene": [_id(each.get(f"{_FBC}id")) for each in genes],
        "name": [each.get(f"{_FBC}name") or each.get(f"{_FBC}label") for each in genes],
    }
    return _part("agora_genes", model, columns, genes)


def _xrefs(model: str, kinds: Sequence[tuple[str, Sequence[Any]]], space: str) -> Part:
    """What identifiers.org can resolve, of each element's own annotation."""
    found = [
        (kind, element, resource)
        for kind, elements in kinds
        for element in elements
        if (annotation := element.find(f"{space}annotation")) is not None
        for resource in annotation.iter("{*}li")
    ]
    parts = [_IDENTIFIER.fullmatch(resource.get(_RESOURCE) or "") for _, _, resource in found]
    columns = {
        "xref": [match and (match[2] or match[4]) for match in parts],
        "kind": [kind for kind, _, _ in found],
        "id": [_id(element.get("id") or element.get(f"{_FBC}id")) for _, element, _ in found],
        "database": [match and (match[1] or match[3]) for match in parts],
    }
    return _part("agora_xrefs", model, columns, [resource for _, _, resource in found])
