"""KEGG: pathways, compounds, reactions, genes, and the edges between compounds."""

from typing import Annotated

from lake.contract import Between, OneOf, Pattern, References, Rule, Table

_PATHWAY = Pattern(r"[a-z]{2,4}\d{5}")
_REASONS = (
    "no reaction id",
    "no substrate",
    "no product",
    "no substrate and no product",
    "an id that is no reaction or compound",
)
_REACTIONS = Rule("reactions = with edges + aside", "reactions = reactions_with_edges + reactions_aside")
_PAIRS = Rule("pairs = edges + duplicates + aside", "pairs = edges + duplicates + pairs_aside")
_NUMBER = Rule("number of its id", "pathway_id LIKE '%' || number AND is_reference = (organism IS NULL)")


class Pathways(Table, key="pathway_id", rules=(_NUMBER,), tags="kegg"):
    """KEGG pathways: reference maps and those of organisms."""

    pathway_id: Annotated[str, _PATHWAY]
    """map00010, ko00010, hsa00010"""
    number: Annotated[str, Pattern(r"\d{5}")]
    """The map's number, the same for all of its versions"""
    name: str
    """As KEGG lists it"""
    class_: str | None
    """Class in the hierarchy br08901; null where it does not have the map"""
    subclass: str | None
    """From the hierarchy br08901; null where it does not have the map"""
    organism: Annotated[str | None, Pattern(r"[a-z]{2,4}")]
    """KEGG organism code; null for a reference pathway"""
    is_reference: bool
    """Whether it belongs to no organism"""


class Compounds(Table, key="compound_id", tags="kegg"):
    """KEGG compounds."""

    compound_id: Annotated[str, Pattern(r"C\d{5}")]
    """C00022"""
    name: str
    """The usual name"""
    names: list[str]
    """Every name"""


class Reactions(Table, key="reaction_id", tags="kegg"):
    """KEGG reactions."""

    reaction_id: Annotated[str, Pattern(r"R\d{5}")]
    """R00705"""
    name: str | None
    """The usual name"""
    names: list[str] | None
    """Every name"""
    equation: str | None
    """In names of compounds"""


class Genes(Table, key="gene_id", tags="kegg"):
    """Genes of the organisms asked for."""

    gene_id: Annotated[str, Pattern(r"[a-z]{3,4}:\S+")]
    """hsa:79501"""
    organism: Annotated[str, Pattern(r"[a-z]{2,4}")]
    """KEGG organism code"""
    type: str | None
    """CDS, miRNA, ..."""
    symbols: list[str] | None
    """Gene symbols"""
    description: str | None
    """What it is"""
    position: str | None
    """Chromosome and range, as KEGG writes it"""


class Edges(Table, key=("pathway_id", "reaction_id", "substrate", "product"), tags="kegg"):
    """One row per substrate x product pair of a reaction in a pathway."""

    pathway_id: Annotated[str, References("core.pathways.pathway_id")]
    """The KGML file's pathway"""
    reaction_id: Annotated[str, Pattern(r"R\d{5}")]
    """KEGG reaction"""
    substrate: Annotated[str, Pattern(r"[CGD]\d{5}")]
    """Compound, glycan or drug"""
    product: Annotated[str, Pattern(r"[CGD]\d{5}")]
    """Compound, glycan or drug"""
    reversible: bool
    """Whether KGML draws it both ways"""
    shared: bool
    """Whether KGML gives the pair to several reactions at once, wherever it has it: it is of one of them at least"""
    in_equation: bool | None
    """Whether the reaction's own equation has the two on its two sides; null where its names cannot all be resolved"""
    enzymes: list[str]
    """Genes, orthologs or EC numbers of the entries that carry the reaction, sorted"""


class EdgeRejects(Table, key=("pathway_id", "reaction"), empty=True, tags="kegg"):
    """Reaction elements of a KGML document of which something, or all, became no edge."""

    pathway_id: Annotated[str, References("core.pathways.pathway_id")]
    """The document's pathway"""
    reaction: Annotated[int, Between(0, None)]
    """Which reaction element of the document, from 0"""
    reactions: list[str]
    """Its ids"""
    reason: Annotated[str, OneOf(*_REASONS)]
    """Why"""
    pairs: Annotated[int, Between(0, None)]
    """Substrate x product pairs that are no edges; 0 where it has none at all"""
    whole: bool
    """Whether nothing of it is an edge"""


class EdgeReconciliation(Table, key="pathway_id", rules=(_REACTIONS, _PAIRS), empty=True, tags="kegg"):
    """Each KGML document against what became of it: nothing is lost, and nothing counted twice."""

    pathway_id: Annotated[str, References("core.pathways.pathway_id")]
    """The document's pathway"""
    reactions: int
    """Reaction elements of the document"""
    reactions_with_edges: int
    """Those of which some pair is an edge"""
    reactions_aside: int
    """Those in core.edge_rejects as a whole"""
    pairs: int
    """Ids x substrates x products of its reaction elements, by the lengths of its lists"""
    edges: int
    """Rows of core.edges"""
    duplicates: int
    """Pairs that an earlier element of the document has already"""
    pairs_aside: int
    """Pairs that core.edge_rejects counts"""


class KeggTerms(Table, key=("database", "id"), empty=True, tags="kegg"):
    """Entries of KEGG's databases beside compounds, reactions and genes."""

    database: str
    """ko, module, enzyme, ..."""
    id: str
    """K00001, M00001, 1.1.1.1"""
    name: str | None
    """The preferred name or symbol"""
    names: list[str]
    """All of them"""
    description: str | None
    """What it is"""
    ec: list[str]
    """EC numbers behind it"""


class CrossReferences(Table, key=("from_db", "from_id", "to_db", "to_id"), empty=True, tags="kegg"):
    """What KEGG links to what, in its own databases and others."""

    from_db: str
    """KEGG's prefix: path, rn, ec, pubchem, chebi"""
    from_id: str
    """Identifier"""
    to_db: str
    """KEGG's prefix"""
    to_id: str
    """Identifier"""
