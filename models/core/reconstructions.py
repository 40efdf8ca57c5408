"""Metabolic reconstructions of strains."""

from typing import Annotated

from lake.contract import Between, OneOf, References, Rule, Table, Unit

_STRAIN = Rule(
    "a model of AGORA is of a strain",
    "strain_id is not null or resource not like 'agora/model/www.vmh.life/%'",
    "warn",
)


class Reconstructions(Table, key="model", rules=(_STRAIN,), empty=True, tags="genomes"):
    """Metabolic models, and the strains they are of."""

    model: str
    """Its name here: strain_id of its strain; else the id in its file. Several of a name have their file behind it"""
    strain_id: str | None
    """The strain: strain_id of core.strains"""
    sbml_id: str
    """The id in its file"""
    resource: str
    """Its file's resource"""
    reactions: Annotated[int, Between(1, None)]
    """How many it has"""
    metabolites: Annotated[int, Between(0, None)]
    """How many it has"""
    genes: Annotated[int, Between(0, None)]
    """How many it has"""
    unmatched_because: str | None
    """Why it has no strain here"""


class ReconstructionObjectives(Table, key=("model", "objective", "reaction"), empty=True, tags="genomes"):
    """What metabolic models are meant to make the most or the least of: objectives of a flux balance analysis."""

    model: Annotated[str, References("core.reconstructions.model")]
    """core.reconstructions.model"""
    objective: str
    """As the model names it"""
    reaction: str
    """Reaction whose flux counts"""
    active: bool
    """Whether the model is used with this objective"""
    direction: Annotated[str, OneOf("maximize", "minimize")]
    """Whether it is to be great or small"""
    coefficient: Annotated[float, Unit("1")]
    """How much the flux counts"""


class ReconstructionReactions(Table, key=("model", "reaction"), empty=True, tags="genomes"):
    """Reactions of metabolic models."""

    model: Annotated[str, References("core.reconstructions.model")]
    """core.reconstructions.model: strain_id of core.strains, where it is of a strain"""
    reaction: str
    """As the model names it"""
    name: str | None
    """Its name"""
    subsystem: str | None
    """Groups of reactions that it is in, with a semicolon between them"""
    reversible: bool | None
    """Whether it may go both ways"""
    lower_bound: Annotated[float | None, Unit("mmol/g/hour")]
    """Least flux, per gram of dry weight"""
    upper_bound: Annotated[float | None, Unit("mmol/g/hour")]
    """Greatest flux, per gram of dry weight"""
    genes: str | None
    """Which genes it needs"""
    ec: list[str]
    """EC numbers"""
    kegg: list[str]
    """KEGG reactions"""
    consumed: list[str]
    """Metabolites"""
    produced: list[str]
    """Metabolites"""


class ReconstructionMetabolites(Table, key=("model", "metabolite"), empty=True, tags="genomes"):
    """Metabolites of metabolic models."""

    model: Annotated[str, References("core.reconstructions.model")]
    """core.reconstructions.model: strain_id of core.strains, where it is of a strain"""
    metabolite: str
    """With its compartment"""
    name: str | None
    """Its name"""
    compartment: str | None
    """Of the model"""
    formula: str | None
    """Sum formula"""
    charge: Annotated[float | None, Unit("elementary_charge")]
    """In elementary charges"""
    kegg: list[str]
    """KEGG compounds"""
