"""SBML: versions of fbc, booleans, ids that stay distinct, identifiers.org in its forms, notes, objectives, groups."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.errors import Unreadable
from lake.formats.answer import Answer
from lake.formats.sbml import model as sbml
from lake.sources import agora

LEVEL3 = "http://www.sbml.org/sbml/level3/version1"
PARAMETERS = "".join(
    f'<parameter id="{id}" value="{value}" constant="true"/>'
    for id, value in {"lb": "-1000", "ub": "1000", "zero": "0", "inf": "INF", "ninf": "-INF", "odd": "many"}.items()
)


def model(species: str = "", reactions: str = "", more: str = "", fbc: int = 2, compartments: str = "c") -> str:
    where = "".join(f'<compartment id="{id}" constant="true"/>' for id in compartments.split())
    return (
        f'<sbml xmlns="{LEVEL3}/core" xmlns:fbc="{LEVEL3}/fbc/version{fbc}" xmlns:groups="{LEVEL3}/groups/version1" '
        f'level="3" version="1"><model id="m"><listOfCompartments>{where}</listOfCompartments>'
        f"<listOfSpecies>{species}</listOfSpecies><listOfParameters>{PARAMETERS}</listOfParameters>"
        f"<listOfReactions>{reactions}</listOfReactions>{more}</model></sbml>"
    )


def species(id: str, rest: str = "", inner: str = "") -> str:
    return f'<species id="{escape(id)}" compartment="c" {rest}>{inner}</species>'


def reaction(id: str, rest: str = "", takes=(), makes=(), inner: str = "") -> str:
    def side(name: str, given) -> str:
        each = "".join(f'<speciesReference species="{escape(of)}" stoichiometry="{amount}"/>' for of, amount in given)
        return f"<listOf{name}>{each}</listOf{name}>"

    return f'<reaction id="{escape(id)}" {rest}>{side("Reactants", takes)}{side("Products", makes)}{inner}</reaction>'


def read(path: Path, content: str) -> tuple[dict, list]:
    """table -> rows; and the rejects."""
    path.write_text(content, "utf-8")
    rows: dict = {}
    rejects = []
    for part in sbml.read(Answer(path), "https://example.org/m.xml", "m", agora.TABLES.with_prefix("agora_")):
        bad = part.rejects.to_pylist() if part.rejects is not None else []
        assert part.seen == len(part.rows) + len(bad)
        rows[part.table.removeprefix("agora_")] = part.rows.to_pylist()
        rejects += bad
    return rows, rejects


@pytest.mark.parametrize(("charge", "whole"), [("-3", -3), ("-0.5", None), ("1e300", None)])
def test_a_charge_is_never_rounded(tmp_path, charge, whole):
    rows, rejects = read(tmp_path / "m.xml", model(species("M_a", f'fbc:charge="{charge}"'), reaction("R_x"), fbc=3))
    assert [(row["charge"], row["charge_real"]) for row in rows["metabolites"]] == [(whole, float(charge))]
    assert rejects == []


V1 = """<fbc:listOfFluxBounds><fbc:fluxBound fbc:reaction="R_x" fbc:operation="greaterEqual" fbc:value="-10"/>
<fbc:fluxBound fbc:reaction="R_x" fbc:operation="lessEqual" fbc:value="20"/>
<fbc:fluxBound fbc:reaction="R_y" fbc:operation="equal" fbc:value="3"/></fbc:listOfFluxBounds>"""


@pytest.mark.parametrize("fbc", [1, 2, 3])
def test_every_version_of_fbc(tmp_path, fbc):
    bounds = 'fbc:lowerFluxBound="lb" fbc:upperFluxBound="inf"' if fbc > 1 else ""
    charge = "-0.5" if fbc == 3 else "-3"
    content = model(
        species("M_a", f'fbc:charge="{charge}" fbc:chemicalFormula="C6H5O7"'),
        reaction("R_x", bounds) + reaction("R_y", bounds) + reaction("R_z"),
        V1 if fbc == 1 else "",
        fbc,
    )
    rows, rejects = read(tmp_path / "m.xml", content)
    assert rejects == []
    assert [(row["formula"], row["charge_real"]) for row in rows["metabolites"]] == [("C6H5O7", float(charge))]
    expected = [(-10.0, 20.0), (3.0, 3.0)] if fbc == 1 else [(-1000.0, float("inf"))] * 2
    assert [(row["lower"], row["upper"]) for row in rows["reactions"]] == [*expected, (None, None)]


@pytest.mark.parametrize("other", [model(reactions=reaction("R"), fbc=4), model(reactions=reaction("R"), fbc=9)])
def test_another_version_of_fbc_is_refused(tmp_path, other):
    with pytest.raises(Unreadable, match="fbc/version"):
        read(tmp_path / "m.xml", other)


@pytest.mark.parametrize(
    ("written", "meant"), [("1", True), ("0", False), ("true", True), ("false", False), (" 1 ", True)]
)
def test_booleans_as_xml_schema_has_them(tmp_path, written, meant):
    content = model(species("a", f'boundaryCondition="{written}"'), reaction("r", f'reversible="{written}"'))
    rows, rejects = read(tmp_path / "m.xml", content)
    assert ([row["boundary"] for row in rows["metabolites"]], rejects) == ([meant], [])
    assert [row["reversible"] for row in rows["reactions"]] == [meant]


BOUND = "a bound of it is no number, or names no parameter of the model"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (model(species("a", 'boundaryCondition="yes"'), reaction("r")), "boundaryCondition is neither true nor false"),
        (model("", reaction("r", 'reversible="TRUE"')), "reversible is neither true nor false"),
        (model(species("a", 'fbc:charge="inf"'), reaction("r")), "charge is no number"),
        (model(species("a", 'fbc:charge="1e999"'), reaction("r")), "charge is no number"),
        (model(species("a") * 2, reaction("r")), "its id is that of one before it"),
        (model("", reaction("r") + reaction("r")), "its id is that of one before it"),
        (model("", reaction("r", 'fbc:lowerFluxBound="gone"')), BOUND),
        (model("", reaction("r", 'fbc:upperFluxBound="odd"')), BOUND),
        (model("", reaction("r", takes=[("a", "INF")])), "stoichiometry is no number"),
        (
            model("", reaction("r", inner="<fbc:geneProductAssociation><fbc:not/></fbc:geneProductAssociation>")),
            "its gene association is none of fbc",
        ),
        (
            model("", reaction("r"), '<fbc:listOfObjectives><fbc:objective fbc:id="o" fbc:type="maximize">'
            '<fbc:fluxObjective fbc:reaction="gone" fbc:coefficient="1"/></fbc:objective></fbc:listOfObjectives>'),
            "its reaction is not in the model",
        ),
    ],
)  # fmt: skip
def test_what_is_no_value_is_a_reject_with_its_reason(tmp_path, content, reason):
    _, rejects = read(tmp_path / "m.xml", content)
    assert [row["reason"] for row in rejects] == [reason]


IDS = st.from_regex(r"\A(?:[MRG]_)?(?:[A-Za-z0-9_]|__\d{2,3}__){1,8}\Z")


@pytest.mark.long
@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_ids_stay_distinct_and_a_metabolites_coefficients_sum(tmp_path_factory, data):
    metabolites = data.draw(st.lists(IDS, min_size=1, max_size=6, unique=True))
    reactions = data.draw(st.lists(IDS, min_size=1, max_size=4, unique=True))
    amounts = st.lists(st.tuples(st.sampled_from(metabolites), st.integers(1, 9)), max_size=4)
    sides = {id: (data.draw(amounts), data.draw(amounts)) for id in reactions}
    content = model(
        "".join(map(species, metabolites)),
        "".join(reaction(id, takes=takes, makes=makes) for id, (takes, makes) in sides.items()),
    )
    rows, rejects = read(tmp_path_factory.getbasetemp() / "m.xml", content)
    assert rejects == []
    named = dict(zip(metabolites, (row["metabolite"] for row in rows["metabolites"]), strict=True))
    called = dict(zip(reactions, (row["reaction"] for row in rows["reactions"]), strict=True))
    assert len(set(named.values())) == len(metabolites)
    assert len(set(called.values())) == len(reactions)
    expected: Counter = Counter()
    for id, (takes, makes) in sides.items():
        expected.update({(called[id], named[of]): 0 for of, _ in takes + makes})
        for sign, side in ((-1, takes), (1, makes)):
            for of, amount in side:
                expected[called[id], named[of]] += sign * amount
    summed: Counter = Counter()
    for row in rows["stoichiometry"]:
        summed[row["reaction"], row["metabolite"]] += row["coefficient"]
    assert summed == expected


@pytest.mark.parametrize(
    ("ids", "names"),
    [
        (["M_atp__91__c__93__", "M_h__91__c__93__"], ["atp[c]", "h[c]"]),
        (["G_6_P", "R_lac", "lac", "M_R_lac"], ["G_6_P", "R_lac", "lac", "M_R_lac"]),
        (["M_a_b", "M_a__95__b"], ["a_b", "a__95__b"]),
        (["M_", "M_a"], ["M_", "M_a"]),
        (["R_a", "R_b"], ["R_a", "R_b"]),
    ],
)
def test_a_prefix_goes_where_all_of_the_kind_have_it(tmp_path, ids, names):
    rows, _ = read(tmp_path / "m.xml", model("".join(map(species, ids)), reaction("R_x")))
    assert [row["metabolite"] for row in rows["metabolites"]] == names


def test_compartments_lose_a_prefix_that_all_have(tmp_path):
    content = model(species("M_atp__91__C_c__93__").replace('"c"', '"C_c"'), reaction("R_x"), compartments="C_c C_e")
    rows, _ = read(tmp_path / "m.xml", content)
    assert [(row["metabolite"], row["compartment"]) for row in rows["metabolites"]] == [("atp[c]", "c")]


def annotated(*items: str, qualifier: str = "is") -> str:
    rdf = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    bag = "".join(f'<rdf:li rdf:resource="{item}"/>' for item in items)
    return (
        f'<annotation><rdf:RDF {rdf} xmlns:b="http://biomodels.net/biology-qualifiers/" xmlns:d="http://purl.org/dc/terms/">'
        f'<rdf:Description><d:creator><rdf:Bag><rdf:li rdf:parseType="Resource"/></rdf:Bag></d:creator>'
        f"<b:{qualifier}><rdf:Bag>{bag}</rdf:Bag></b:{qualifier}></rdf:Description></rdf:RDF></annotation>"
    )


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("http://identifiers.org/chebi/CHEBI:17234", ("chebi", "CHEBI:17234")),
        ("https://identifiers.org/chebi/CHEBI:17234", ("chebi", "CHEBI:17234")),
        ("https://identifiers.org/CHEBI:17234", ("chebi", "CHEBI:17234")),
        ("urn:miriam:chebi:CHEBI%3A17234", ("chebi", "CHEBI:17234")),
        ("https://identifiers.org/kegg.compound:C00031", ("kegg.compound", "C00031")),
        ("http://www.identifiers.org/kegg.compound/C00031", ("kegg.compound", "C00031")),
        ("https://identifiers.org/kegg.compound/kegg.compound:C00031", ("kegg.compound", "C00031")),
        ("urn:miriam:kegg.compound:C00031", ("kegg.compound", "C00031")),
        ("https://identifiers.org/ec-code:1.1.1.1", ("ec-code", "1.1.1.1")),
        ("http://identifiers.org/inchi/InChI=1S/C3H8O10P2/c4-2", ("inchi", "InChI=1S/C3H8O10P2/c4-2")),
        ("http://identifiers.org/biocyc/META:DPG", ("biocyc", "META:DPG")),
        ("https://identifiers.org/biocyc:META:DPG", ("biocyc", "META:DPG")),
        ("https://example.org/x", None),
        ("", None),
    ],
)
def test_identifiers_in_every_form(tmp_path, uri, expected):
    content = model(species("M_a", inner=annotated(uri, qualifier="isDescribedBy")), reaction("R_x"))
    rows, rejects = read(tmp_path / "m.xml", content)
    found = [(row["database"], row["xref"], row["qualifier"], row["id"]) for row in rows["xrefs"]]
    assert found == ([(*expected, "isDescribedBy", "a")] if expected else [])
    assert len(rejects) == (expected is None)


def test_what_notes_name_is_a_cross_reference(tmp_path):
    lines = [
        "KEGG Compound: C00002",
        "KEGG ID: C00001; C00009",
        "ChEBI: 15422",
        "Confidence Level: 2",
        "HMDB:",
        "KEGG Compound: none",
    ]
    notes = (
        '<notes><body xmlns="http://www.w3.org/1999/xhtml">'
        + "".join(f"<p>{line}</p>" for line in lines)
        + "</body></notes>"
    )
    more = notes.replace("KEGG Compound: C00002", "KEGG Reaction: R00001")
    rows, rejects = read(tmp_path / "m.xml", model(species("M_a", inner=notes), reaction("R_x", inner=more)))
    found = {(row["kind"], row["id"], row["database"], row["xref"]) for row in rows["xrefs"]}
    assert {("metabolite", "a", "kegg.compound", id) for id in ("C00001", "C00002", "C00009")} <= found
    assert {("reaction", "x", "kegg.reaction", "R00001"), ("metabolite", "a", "chebi", "CHEBI:15422")} <= found
    assert {row["qualifier"] for row in rows["xrefs"]} == {None}
    assert len(rejects) == 2


def test_objectives_and_groups(tmp_path):
    objective = (
        '<fbc:listOfObjectives fbc:activeObjective="o2">'
        '<fbc:objective fbc:id="o1" fbc:type="minimize"><fbc:listOfFluxObjectives>'
        '<fbc:fluxObjective fbc:reaction="R_x" fbc:coefficient="2.5"/></fbc:listOfFluxObjectives></fbc:objective>'
        '<fbc:objective fbc:id="o2" fbc:type="maximize"><fbc:listOfFluxObjectives>'
        '<fbc:fluxObjective fbc:reaction="R_x" fbc:coefficient="1"/>'
        '<fbc:fluxObjective fbc:reaction="R_y" fbc:coefficient="-1"/>'
        "</fbc:listOfFluxObjectives></fbc:objective></fbc:listOfObjectives>"
    )
    groups = (
        "<groups:listOfGroups>"
        + "".join(
            f'<groups:group groups:id="g{name}" groups:name="{name}"><groups:listOfMembers>'
            f"<groups:member groups:{ref}/>"
            "</groups:listOfMembers></groups:group>"
            for name, ref in (("A", 'idRef="R_x"'), ("B", 'metaIdRef="meta_x"'), ("A", 'idRef="R_x"'))
        )
        + "</groups:listOfGroups>"
    )
    content = model("", reaction("R_x", 'metaid="meta_x"') + reaction("R_y"), objective + groups)
    rows, rejects = read(tmp_path / "m.xml", content)
    found = [
        (row["objective"], row["active"], row["direction"], row["reaction"], row["coefficient"])
        for row in rows["objectives"]
    ]
    assert found == [
        ("o1", False, "minimize", "x", 2.5),
        ("o2", True, "maximize", "x", 1.0),
        ("o2", True, "maximize", "y", -1.0),
    ]
    assert [row["subsystem"] for row in rows["reactions"]] == ["A; B", None]
    assert rejects == []


GENES = (
    "<fbc:geneProductAssociation><!-- c --><?p i?><fbc:or><!-- c --><fbc:geneProductRef fbc:geneProduct='G_a'/><?p i?>"
    "</fbc:or></fbc:geneProductAssociation>"
)


def test_comments_and_instructions_are_anywhere(tmp_path):
    content = model(species("M_a"), "<!-- c --><?p i?>" + reaction("R_x", takes=[("M_a", 1)], inner=GENES))
    rows, rejects = read(tmp_path / "m.xml", content)
    assert ([row["genes"] for row in rows["reactions"]], rejects) == (["a"], [])


ENTITIES = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 20}">' for n in range(8))
BOMB = f'<!DOCTYPE sbml [<!ENTITY e0 "{"x" * 1000}">{ENTITIES}]>'


@pytest.mark.parametrize(
    "content",
    [
        f'<sbml xmlns="{LEVEL3}/core" level="3"/>',
        model(reactions="<fbc:and>" * 100_000),
        BOMB + model('<species id="&e8;"/>', reaction("R_x")),
        "",
        "\x00",
    ],
)
def test_what_is_no_model_is_unreadable(tmp_path, content):
    with pytest.raises(Unreadable):
        read(tmp_path / "m.xml", content)
