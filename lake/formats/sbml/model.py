"""SBML level 3 with flux balance constraints, versions 1 to 3 of the fbc package (doi:10.1515/jib-2017-0082,
doi:10.1515/jib-2017-0081): a metabolic model as tables of metabolites, reactions, stoichiometry, genes, objectives and
cross-references."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
from lxml import etree

from lake.errors import Unreadable
from lake.formats import gzipped, text
from lake.formats.answer import Answer
from lake.formats.part import Part
from lake.formats.sbml import xrefs
from lake.formats.schema import Table

LARGEST = 2**30  # bytes of a model: the largest have about 100 MB
_FBC = "http://www.sbml.org/sbml/level3/version1/fbc/version"
_GROUPS = "{http://www.sbml.org/sbml/level3/version1/groups/version1}"
_ENCODED = re.compile(r"__(\d{2,3})__")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}  # XML Schema, part 2, section 3.3.2
_LOWER, _UPPER = ("greaterEqual", "greater", "equal"), ("lessEqual", "less", "equal")  # operations of fbc version 1


_Faults = Sequence[str | None]  # what is wrong with each element; None: nothing


class _Model(NamedTuple):
    """A model's elements, and the names of its ids."""

    name: str
    tables: Mapping[str, Table]
    root: Any
    core: str  # namespaces, in braces
    fbc: str
    species: list[Any]
    reactions: list[Any]
    genes: list[Any]
    species_ids: Mapping[str, str]
    reaction_ids: Mapping[str, str]
    gene_ids: Mapping[str, str]
    compartments: Mapping[str, str]


def read(answer: Answer, where: str, name: str, tables: Mapping[str, Table]) -> Iterator[Part]:
    """The tables of a model.

    An element without its id, with a duplicate id, or with an invalid value, is a reject.

    Args:
        name: the model's name, if it has no id.
        tables: metabolites, reactions, stoichiometry, genes, objectives and xrefs.

    Raises:
        Unreadable: it is truncated, not SBML of level 3, or has no reaction.
    """
    model = _model(_root(answer, where), where, name, tables)
    yield _metabolites(model)
    yield _reactions(model)
    yield _stoichiometry(model)
    yield _genes(model)
    yield _objectives(model)
    yield _xrefs(model)


def _root(answer: Answer, where: str) -> Any:
    parser = etree.XMLParser(
        resolve_entities="internal", no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(gzipped.read_all(answer, LARGEST, where), parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable(
            f"the XML is truncated or damaged: {error.msg}", where=f"{where} line {error.lineno}"
        ) from None


def _model(root: Any, where: str, name: str, tables: Mapping[str, Table]) -> _Model:
    space, _, tag = root.tag.rpartition("}")
    if tag != "sbml" or root.get("level") != "3":
        raise Unreadable(
            f"it is <{tag}> of level {root.get('level')}, not SBML of level 3",
            where=where,
            why="older models have bounds and genes in notes; this reader needs those of the fbc package",
        )
    core = f"{space}}}" if space else ""
    model = root.find(f"{core}model")
    if model is None:
        raise Unreadable("there is no model in it", where=where)
    fbc = _fbc(root, where)
    species, reactions = list(model.iter(f"{core}species")), list(model.iter(f"{core}reaction"))
    if not reactions:
        raise text.no_records("reaction", where)
    genes = list(model.iter(f"{fbc}geneProduct"))
    compartments = _names((each.get("id") for each in model.iter(f"{core}compartment")), "C_")
    species_refs = (each.get("species") for each in model.iter(f"{core}speciesReference"))
    gene_refs = (each.get(f"{fbc}geneProduct") for each in model.iter(f"{fbc}geneProductRef"))
    return _Model(
        model.get("id") or name,
        tables,
        model,
        core,
        fbc,
        species,
        reactions,
        genes,
        _short(_names([*(each.get("id") for each in species), *species_refs], "M_"), compartments),
        _names((each.get("id") for each in reactions), "R_"),
        _names([*(each.get(f"{fbc}id") for each in genes), *gene_refs], "G_"),
        compartments,
    )


def _fbc(root: Any, where: str) -> str:
    """The namespace of the fbc package, in braces; its names are the same in all versions."""
    declared = (item for _, item in etree.iterwalk(root, events=("start-ns",)))
    spaces = {item[1] for item in declared if isinstance(item, tuple) and item[1].startswith(_FBC)}
    if spaces - {f"{_FBC}{version}" for version in (1, 2, 3)} or len(spaces) > 1:
        raise Unreadable(
            f"it uses {' and '.join(sorted(spaces))}",
            where=where,
            why="fbc is read in version 1, 2 or 3, one per file",
        )
    return f"{{{min(spaces, default=_FBC)}}}"


def _names(ids: Iterable[str | None], prefix: str) -> dict[str, str]:
    """Ids as the model's authors write them: `M_atp__91__c__93__` is atp[c], `R_EX_ac__40__e__41__` EX_ac(e).

    The prefix is removed only if all ids of the kind have it, and characters are decoded only if ids stay distinct.
    """
    distinct = [id for id in dict.fromkeys(ids) if id]
    skip = len(prefix) if all(id.startswith(prefix) and len(id) > len(prefix) for id in distinct) else 0
    plain = [id[skip:] for id in distinct]
    decoded = [_ENCODED.sub(lambda match: chr(int(match[1])), id) for id in plain]
    return dict(zip(distinct, decoded if len(set(decoded)) == len(distinct) else plain, strict=True))


def _short(species: dict[str, str], compartments: Mapping[str, str]) -> dict[str, str]:
    """Names of species, with compartments by their names: atp[C_c] is atp[c]."""
    short = {f"[{id}]": f"[{name}]" for id, name in compartments.items() if id != name}
    if not short:
        return species
    names = {
        id: next((name.removesuffix(long) + end for long, end in short.items() if name.endswith(long)), name)
        for id, name in species.items()
    }
    return names if len(set(names.values())) == len(names) else species


def _part(
    table: str, model: _Model, columns: Mapping[str, Sequence[Any]], elements: Sequence[Any], **faults: _Faults
) -> Part:
    """Rows of one kind of element; an element with a fault is a reject, by its first fault."""
    schema = model.tables[table].schema
    arrays = {
        "model": pa.repeat(model.name, len(elements)),
        **{name: pa.array(values, schema.field(name).type) for name, values in columns.items()},
    }
    key = next(iter(columns))
    masks = [(arrays[key].is_null(), f"it has no {key}")]
    for texts in faults.values():
        masks += [(pa.array([text == fault for text in texts]), fault) for fault in sorted({*filter(None, texts)})]

    def content(mask: pa.Array) -> list[str]:
        return [_shown(element) for element, wrong in zip(elements, mask.to_pylist(), strict=True) if wrong]

    rows, rejects, _ = text.partition_rejects(
        schema, pa.array(range(1, len(elements) + 1), pa.int64()), arrays, masks, content
    )
    return text.make_part(model.tables[table].name, len(elements), rows, rejects)


def _shown(element: Any) -> str:
    return etree.tostring(element, encoding="unicode", with_tail=False)[:500]


def _duplicates(ids: Sequence[str | None]) -> list[str | None]:
    """A fault for each id that an earlier element has."""
    first = {id: number for number, id in reversed(list(enumerate(ids)))}
    return ["its id is that of one before it" if id and first[id] < number else None for number, id in enumerate(ids)]


def _number(text: str | None) -> float | None:
    """A number, which may be infinite (INF); None if it is not a number, or NaN."""
    try:
        value = float(text) if text else None
    except ValueError:
        return None
    return None if value is None or math.isnan(value) else value


def _numbers(texts: Sequence[str | None], name: str) -> tuple[list[float | None], list[str | None]]:
    """Finite numbers, and a fault for each text that is not a number; NaN is None without a fault."""
    values = [_number(text) for text in texts]
    wrong = [
        bool(text and text.strip().lower() != "nan" and (value is None or math.isinf(value)))
        for text, value in zip(texts, values, strict=True)
    ]
    return values, [f"{name} is no number" if odd else None for odd in wrong]


def _booleans(texts: Sequence[str | None], name: str) -> tuple[list[bool | None], list[str | None]]:
    values = [None if text is None else _BOOLEANS.get(text.strip()) for text in texts]
    odd = [text is not None and value is None for text, value in zip(texts, values, strict=True)]
    return values, [f"{name} is neither true nor false" if wrong else None for wrong in odd]


def _metabolites(model: _Model) -> Part:
    ids = [each.get("id") for each in model.species]
    charge, charges = _numbers([each.get(f"{model.fbc}charge") for each in model.species], "charge")
    boundary, boundaries = _booleans([each.get("boundaryCondition") for each in model.species], "boundaryCondition")
    columns = {
        "metabolite": [model.species_ids.get(id) for id in ids],
        "name": [each.get("name") for each in model.species],
        "compartment": [_name_of(model.compartments, each.get("compartment")) for each in model.species],
        "formula": [each.get(f"{model.fbc}chemicalFormula") or None for each in model.species],
        "charge": [
            int(each) if each is not None and abs(each) < 2**53 and each.is_integer() else None for each in charge
        ],
        "boundary": boundary,
        "charge_real": [None if each is None or math.isinf(each) else each for each in charge],
    }
    return _part("metabolites", model, columns, model.species, ids=_duplicates(ids), charge=charges, truth=boundaries)


def _name_of(names: Mapping[str, str], id: str | None) -> str | None:
    return names.get(id, id) if id else None


def _subsystems(model: _Model) -> dict[str, str]:
    """The groups of each reaction, by its id."""
    by_meta = {each.get("metaid"): each.get("id") for each in model.reactions}
    groups: dict[str, dict[str, None]] = {}
    for group in model.root.iter(f"{_GROUPS}group"):
        name = group.get(f"{_GROUPS}name") or group.get(f"{_GROUPS}id")
        for member in group.iter(f"{_GROUPS}member"):
            id = member.get(f"{_GROUPS}idRef") or by_meta.get(member.get(f"{_GROUPS}metaIdRef"))
            if name and id:
                groups.setdefault(id, {})[name] = None
    return {id: "; ".join(names) for id, names in groups.items()}


def _bounds(model: _Model) -> tuple[list[float | None], list[float | None], list[str | None]]:
    """Each reaction's lower and upper bound of flux, and the fault of either."""
    parameters = {each.get("id"): each.get("value") for each in model.root.iter(f"{model.core}parameter")}
    stated: dict[str, list[tuple[str, str | None]]] = {}
    for bound in model.root.iter(f"{model.fbc}fluxBound"):  # version 1
        stated.setdefault(bound.get(f"{model.fbc}reaction"), []).append(
            (bound.get(f"{model.fbc}operation") or "", bound.get(f"{model.fbc}value"))
        )
    lower, upper, faults = [], [], []
    for reaction in model.reactions:
        own = stated.get(reaction.get("id"), [])
        texts = [
            [parameters.get(id) for id in (reaction.get(f"{model.fbc}{side}FluxBound"),) if id is not None]
            + [value for operation, value in own if operation in operations]
            for side, operations in (("lower", _LOWER), ("upper", _UPPER))
        ]
        low, high = ([_number(each) for each in side] for side in texts)
        odd = [operation for operation, _ in own if operation not in (*_LOWER, *_UPPER)]
        wrong = None in low or None in high or odd
        faults.append("a bound of it is no number, or names no parameter of the model" if wrong else None)
        lower.append(None if wrong else max((each for each in low if each is not None), default=None))
        upper.append(None if wrong else min((each for each in high if each is not None), default=None))
    return lower, upper, faults


def _reactions(model: _Model) -> Part:
    ids = [each.get("id") for each in model.reactions]
    lower, upper, bounds = _bounds(model)
    reversible, truths = _booleans([each.get("reversible") for each in model.reactions], "reversible")
    subsystems = _subsystems(model)
    rules = [_rule(model, each.find(f"{model.fbc}geneProductAssociation")) for each in model.reactions]
    columns = {
        "reaction": [model.reaction_ids.get(id) for id in ids],
        "name": [each.get("name") for each in model.reactions],
        "reversible": reversible,
        "lower": lower,
        "upper": upper,
        "subsystem": [subsystems.get(id) for id in ids],
        "genes": [rule or None for rule in rules],
    }
    genes = ["its gene association is none of fbc" if rule is None else None for rule in rules]
    return _part("reactions", model, columns, model.reactions, ids=_duplicates(ids), a=bounds, b=truths, c=genes)


def _rule(model: _Model, association: Any) -> str | None:
    """The genes that a reaction needs: (a and b) or c. Empty without an association, None if it is not understood."""
    if association is None or not len(association):
        return ""

    def expression(element: Any, within: str) -> str:
        kind = element.tag.removeprefix(model.fbc)
        if kind == "geneProductRef":
            return model.gene_ids[element.get(f"{model.fbc}geneProduct")]
        if kind not in ("and", "or") or not len(element):
            raise KeyError(kind)
        inner = f" {kind} ".join(expression(each, kind) for each in element)
        return f"({inner})" if within and len(element) > 1 else inner

    try:
        return expression(association[0], "") if len(association) == 1 else None
    except KeyError:
        return None


def _stoichiometry(model: _Model) -> Part:
    references = [
        (reaction, each, sign)
        for reaction in model.reactions
        for side, sign in (("listOfReactants", -1.0), ("listOfProducts", 1.0))
        for each in reaction.iterfind(f"{model.core}{side}/{model.core}speciesReference")
    ]
    amounts, wrong = _numbers([each.get("stoichiometry") for _, each, _ in references], "stoichiometry")
    columns: dict[str, Sequence[Any]] = {
        "metabolite": [model.species_ids.get(each.get("species")) for _, each, _ in references],
        "reaction": [model.reaction_ids.get(reaction.get("id")) for reaction, _, _ in references],
        "coefficient": [
            None if amount is None else sign * amount for amount, (_, _, sign) in zip(amounts, references, strict=True)
        ],
    }
    wrong = [
        "stoichiometry is no number" if amount is None else fault for amount, fault in zip(amounts, wrong, strict=True)
    ]
    nameless = [None if each else "its reaction has no id" for each in columns["reaction"]]
    elements = [each for _, each, _ in references]
    return _part("stoichiometry", model, columns, elements, reaction=nameless, stoichiometry=wrong)


def _genes(model: _Model) -> Part:
    ids = [each.get(f"{model.fbc}id") for each in model.genes]
    columns = {
        "gene": [model.gene_ids.get(id) for id in ids],
        "name": [each.get(f"{model.fbc}name") or each.get(f"{model.fbc}label") for each in model.genes],
    }
    return _part("genes", model, columns, model.genes, ids=_duplicates(ids))


def _objectives(model: _Model) -> Part:
    """What the model maximizes or minimizes, a row per flux."""
    fbc = model.fbc
    active = next((each.get(f"{fbc}activeObjective") for each in model.root.iter(f"{fbc}listOfObjectives")), None)
    terms = [
        (objective, each)
        for objective in model.root.iter(f"{fbc}objective")
        for each in objective.iter(f"{fbc}fluxObjective")
    ]
    coefficients, wrong = _numbers([each.get(f"{fbc}coefficient") for _, each in terms], "coefficient")
    columns = {
        "objective": [objective.get(f"{fbc}id") for objective, _ in terms],
        "active": [objective.get(f"{fbc}id") == active for objective, _ in terms],
        "direction": [objective.get(f"{fbc}type") for objective, _ in terms],
        "reaction": [model.reaction_ids.get(each.get(f"{fbc}reaction")) for _, each in terms],
        "coefficient": coefficients,
    }
    odd = [
        None
        if objective.get(f"{fbc}type") in ("maximize", "minimize")
        and each.get(f"{fbc}variableType", "linear") == "linear"
        else "it is neither maximized nor minimized, or not linear"
        for objective, each in terms
    ]
    missing = [None if each else "its reaction is not in the model" for each in columns["reaction"]]
    numbers = [
        fault or (None if value is not None else "coefficient is no number")
        for value, fault in zip(coefficients, wrong, strict=True)
    ]
    return _part("objectives", model, columns, [each for _, each in terms], a=missing, b=numbers, c=odd)


def _xrefs(model: _Model) -> Part:
    kinds = (
        ("model", [model.root], {model.root.get("id"): model.name}),
        ("metabolite", model.species, model.species_ids),
        ("reaction", model.reactions, model.reaction_ids),
        ("gene", model.genes, model.gene_ids),
    )
    references = [
        (kind, names.get(element.get("id") or element.get(f"{model.fbc}id")), xref)
        for kind, elements, names in kinds
        for element in elements
        for xref in xrefs.cross_references(element, model.core)
    ]
    columns: dict[str, Sequence[Any]] = {
        "xref": [xref.id for _, _, xref in references],
        "kind": [kind for kind, _, _ in references],
        "id": [id for _, id, _ in references],
        "database": [xref.database for _, _, xref in references],
        "qualifier": [xref.qualifier for _, _, xref in references],
    }
    return _part("xrefs", model, columns, [xref.source for _, _, xref in references])
