"""Entities and edges."""

from typing import Annotated

from lake.contract import Between, OneOf, Pattern, References, Rule, Split, Table, Unit

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


class Planets(Table, key="planet", tags="planets"):
    """Confirmed planets, one a row."""

    planet: str
    """Name, as the NASA Exoplanet Archive writes it"""
    star: str
    """Host star"""
    catalogue: Annotated[str, OneOf("nasa.pscomppars", "nasa.nssdca")]
    """Where the planet stands: the archive's table of composite parameters, or seeds.solar_system"""
    stars: int | None
    """How many stars the system has"""
    planets: int | None
    """How many planets are known in it"""
    discovery_method: str | None
    """How it was found"""
    discovery_year: Annotated[int | None, Between(1900, 2100)]
    """When"""
    discovery_facility: str | None
    """Where"""
    controversial: bool | None
    """Whether its existence is doubted in the literature"""
    spectral_type: str | None
    """Of the star"""
    right_ascension: Annotated[float | None, Unit("degree"), Between(0, 360)]
    """J2000"""
    declination: Annotated[float | None, Unit("degree"), Between(-90, 90)]
    """J2000"""
    distance: Annotated[float | None, Unit("parsec"), Between(0, 20000, "warn")]
    """From the Sun"""
    solutions: int
    """How many publications of its parameters the archive's table ps has"""
    default_reference: str | None
    """The publication among them that the archive takes first"""
    default_reference_url: str | None
    """Where it is"""


class PlanetCandidates(Table, key=("catalogue", "candidate"), empty=True, tags="planets"):
    """Objects of interest of Kepler and TESS."""

    catalogue: Annotated[str, OneOf("cumulative", "toi")]
    """The archive's table"""
    candidate: str
    """K00752.01, TOI-700.02"""
    planet: str | None
    """Kepler's name of it; the catalogue of planets may call it otherwise"""
    star_id: str | None
    """In the Kepler (KIC) or TESS (TIC) Input Catalog"""
    disposition: str | None
    """As the archive has it"""
    status: Annotated[str | None, OneOf("confirmed", "candidate", "false positive")]
    """The same in one word for both catalogues; known planets count as confirmed, false alarms as false positives"""
    score: Annotated[float | None, Unit("1"), Between(0, 1)]
    """Confidence in the disposition; Kepler only"""
    orbital_period: Annotated[float | None, Unit("day")]
    """Orbital period"""
    radius: Annotated[float | None, Unit("earth_radius")]
    """Radius"""
    equilibrium_temperature: Annotated[float | None, Unit("K")]
    """Equilibrium temperature"""
    insolation: Annotated[float | None, Unit("earth_insolation")]
    """Insolation, in that of Earth"""


class PlanetRuns(Table, key="planet_run_key"):
    """One planet in one scenario and run: what every modality is joined by."""

    planet_run_key: Annotated[int, Between(0, None)]
    """planet_run_key(planet, kind, model, scenario, run)"""
    planet: Annotated[str, References("core.planets.planet", "warn")]
    """The planet"""
    kind: Annotated[str, OneOf("observed", "simulation")]
    """Whether it was observed or simulated"""
    model: str
    """The climate model, or the catalogue"""
    scenario: str
    """What was simulated"""
    run: str
    """Which member"""
    star: str
    """Host star: what the split goes by; star_of(planet) where no catalogue has the planet"""
    split: Annotated[str, Split("star", train=80, validation=10, test=10)]
    """split_of(star)"""
    synthetic: bool
    """Whether the numbers were made up to show the software"""
    cube: str | None
    """Digest of its cube"""


class OntologyTerms(Table, key="id", sort=("id",), empty=True, tags="ontologies"):
    """Terms of ontologies. Each id once, as its home says it, or else another file that names it."""

    id: str
    """Such as ENVO:00000016"""
    prefix: str
    """Its ontology: ENVO of ENVO:00000016"""
    kind: Annotated[str | None, OneOf("term", "typedef", "instance")]
    """term, typedef (a relation) or instance; null where the file does not say"""
    name: str | None
    """Preferred name"""
    namespace: str | None
    """Such as biological_process"""
    definition: str | None
    """In words"""
    obsolete: bool
    """Whether it is not to be used any more; an alternative id of another term is not either"""
    replaced_by: str | None
    """Of an obsolete term, what to use in its place; the first where there are several"""
    ontology: str
    """The file, as lake.toml names it"""
    version: str | None
    """Of the file"""
    home: bool
    """Whether that file is the prefix's own, and no other that names the term too"""


class OntologySynonyms(Table, empty=True, tags="ontologies"):
    """Other names of terms."""

    id: Annotated[str, References("core.ontology_terms.id")]
    """The term"""
    synonym: str
    """The name"""
    scope: Annotated[str | None, OneOf("EXACT", "BROAD", "NARROW", "RELATED")]
    """How near it is; null where the file does not say"""
    type: str | None
    """What kind of name, where the file says it"""
    ontologies: list[str]
    """The files that have it"""


class OntologyXrefs(Table, key=("id", "xref"), empty=True, tags="ontologies"):
    """The same or a near thing in other databases."""

    id: Annotated[str, References("core.ontology_terms.id")]
    """The term"""
    xref: str
    """An id of another database, or a URL"""
    description: str | None
    """Of the cross-reference"""
    ontologies: list[str]
    """The files that have it"""


class OntologyRelations(Table, key=("id", "relation", "target"), empty=True, tags="ontologies"):
    """What terms have to do with each other, as the files state it."""

    id: str
    """The term"""
    relation: str
    """is_a, part_of, has_part, replaced_by, ...; another relation by its id"""
    target: str
    """The other term"""
    logical: bool
    """Whether it stands in the term's logical definition alone"""
    limited: bool
    """Whether a qualifier makes it weaker than "each one has some": all_only, a cardinality, a condition (gci)"""
    ontologies: list[str]
    """The files that state it"""


class OntologyClosure(Table, key=("id", "ancestor", "relation"), sort=("id", "ancestor"), empty=True, tags="ontologies"):
    """Every term with everything above it, and with itself; obsolete terms are left out."""

    id: str
    """The term"""
    ancestor: str
    """What it is, or is a part of"""
    relation: Annotated[str, OneOf("is_a", "part_of")]
    """is_a: by is_a alone; part_of: by at least one part_of on the way"""
    distance: Annotated[int | None, Unit("1"), Between(0, None)]
    """Fewest steps, 0 to itself; null where each way leads along a cycle"""
