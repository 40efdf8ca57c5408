"""One raw table each, or one step on from it: names, types, units."""

import datetime
from typing import Annotated, Any

from pydantic import Field

from lake.contract import Between, OneOf, Pattern, Table, Unit


def _upper(unit: str) -> Any:
    return Annotated[float | None, Unit(unit), Between(0, None, "warn"), Field(description="Upper uncertainty, >= 0")]


def _lower(unit: str) -> Any:
    return Annotated[float | None, Unit(unit), Between(None, 0, "warn"), Field(description="Lower uncertainty, <= 0")]


_Limit = Annotated[
    int | None, Between(-1, 1), Field(description="Limit flag: 0 a measurement, 1 an upper and -1 a lower limit")
]


class KgmlPairs(Table, empty=True, tags="kegg"):
    """Each substrate x product pair of each reaction element of a KGML file, before duplicates go."""

    pathway_id: str
    """The file's pathway"""
    reaction: int
    """Which reaction element of the file, from 0"""
    entry_id: int | None
    """The entry that carries it; may match none"""
    reaction_id: str
    """KEGG reaction"""
    substrate: str
    """Compound, glycan or drug"""
    product: str
    """Compound, glycan or drug"""
    reversible: bool
    """Whether KGML draws it both ways"""
    shared: bool
    """Whether its element names several reactions: the pair is of one of them at least"""
    known_ids: bool
    """Whether all three are ids of such things; core.edge_rejects counts those that are not"""


class ReactionSides(Table, key=("reaction_id", "side", "name"), empty=True, tags="kegg"):
    """Each term of each reaction's equation, with the compound of that name."""

    reaction_id: Annotated[str, Pattern(r"R\d{5}")]
    """KEGG reaction"""
    side: Annotated[int, Between(0, 1)]
    """0 left, 1 right of the arrow"""
    name: str
    """As the equation writes it, without how many"""
    compound_id: str | None
    """The compound of that name; null where none has it, or several have"""


class PathwayReactions(Table, key=("number", "reaction_id"), empty=True, tags="kegg"):
    """Which reactions stand in a pathway, in whichever of its versions."""

    number: Annotated[str, Pattern(r"\d{5}")]
    """The map's number"""
    reaction_id: Annotated[str, Pattern(r"R\d{5}")]
    """KEGG reaction"""


class _Quantities(Table):
    """What both tables of planets know of planet and star, with error bars, and whether it is only a limit."""

    orbital_period: Annotated[float | None, Unit("day"), Between(0, 1_000_000_000, "warn")]
    """Orbital period"""
    orbital_period_upper: _upper("day")
    orbital_period_lower: _lower("day")
    orbital_period_limit: _Limit
    semi_major_axis: Annotated[float | None, Unit("au"), Between(0, 100_000, "warn")]
    """Semi-major axis, or separation on the sky of planets found by imaging or microlensing"""
    semi_major_axis_upper: _upper("au")
    semi_major_axis_lower: _lower("au")
    semi_major_axis_limit: _Limit
    radius: Annotated[float | None, Unit("earth_radius"), Between(0, 200, "warn")]
    """Radius"""
    radius_upper: _upper("earth_radius")
    radius_lower: _lower("earth_radius")
    radius_limit: _Limit
    mass: Annotated[float | None, Unit("earth_mass"), Between(0, 100_000, "warn")]
    """Mass, of the kind that mass_kind says"""
    mass_upper: _upper("earth_mass")
    mass_lower: _lower("earth_mass")
    mass_limit: _Limit
    eccentricity: Annotated[float | None, Unit("1"), Between(0, 1, "warn")]
    """Eccentricity"""
    eccentricity_upper: _upper("1")
    eccentricity_lower: _lower("1")
    eccentricity_limit: _Limit
    insolation: Annotated[float | None, Unit("earth_insolation"), Between(0, 10_000_000, "warn")]
    """Insolation"""
    insolation_upper: _upper("earth_insolation")
    insolation_lower: _lower("earth_insolation")
    insolation_limit: _Limit
    equilibrium_temperature: Annotated[float | None, Unit("K"), Between(0, 20_000, "warn")]
    """Equilibrium temperature, as published: with the albedo that its authors took"""
    equilibrium_temperature_upper: _upper("K")
    equilibrium_temperature_lower: _lower("K")
    equilibrium_temperature_limit: _Limit
    star_temperature: Annotated[float | None, Unit("K"), Between(100, 300_000, "warn")]
    """Effective temperature of the star"""
    star_temperature_upper: _upper("K")
    star_temperature_lower: _lower("K")
    star_temperature_limit: _Limit
    star_radius: Annotated[float | None, Unit("solar_radius"), Between(0, 2000, "warn")]
    """Radius of the star"""
    star_radius_upper: _upper("solar_radius")
    star_radius_lower: _lower("solar_radius")
    star_radius_limit: _Limit
    star_mass: Annotated[float | None, Unit("solar_mass"), Between(0, 300, "warn")]
    """Mass of the star"""
    star_mass_upper: _upper("solar_mass")
    star_mass_lower: _lower("solar_mass")
    star_mass_limit: _Limit
    star_metallicity: Annotated[float | None, Unit("dex"), Between(-6, 2, "warn")]
    """Metallicity of the star, log10 in that of the Sun"""
    star_metallicity_upper: _upper("dex")
    star_metallicity_lower: _lower("dex")
    star_metallicity_limit: _Limit
    star_gravity: Annotated[float | None, Unit("dex"), Between(-2, 10, "warn")]
    """log10 of the star's surface gravity in cm/s^2"""
    star_gravity_upper: _upper("dex")
    star_gravity_lower: _lower("dex")
    star_gravity_limit: _Limit
    distance: Annotated[float | None, Unit("parsec"), Between(0, 20_000, "warn")]
    """Distance from the Sun"""
    distance_upper: _upper("parsec")
    distance_lower: _lower("parsec")


class ExoplanetsPscomppars(_Quantities, key="planet", empty=True, tags="planets"):
    """Confirmed planets with composite parameters: from several publications, or calculated by the archive."""

    planet: str
    """Name, as the archive writes it"""
    star: str
    """Host star"""
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
    star_metallicity_kind: str | None
    """[Fe/H] or [M/H]"""
    right_ascension: Annotated[float | None, Unit("degree"), Between(0, 360)]
    """J2000"""
    declination: Annotated[float | None, Unit("degree"), Between(-90, 90)]
    """J2000"""
    mass_kind: str | None
    """Mass, Msini, Msin(i)/sin(i) or M-R relationship"""
    radius_reference: str | None
    """Where the radius is from, "Calculated Value" where from the mass; null where the answer does not tell"""
    mass_reference: str | None
    """Where the mass is from, "Calculated Value" where from the radius; null where the answer does not tell"""


class ExoplanetsPs(_Quantities, key="record", empty=True, tags="planets"):
    """Planetary solutions: one row a planet and publication."""

    record: int
    """The line of the answer"""
    planet: str
    """Name, as the archive writes it"""
    star: str
    """Host star"""
    is_default: bool
    """Whether the archive takes it before the others"""
    solution_type: str | None
    """Published Confirmed, Kepler Project Candidate ..."""
    reference: str | None
    """Who published the planet's parameters"""
    reference_url: Annotated[str | None, Pattern("https?://.*", "warn")]
    """Where"""
    star_reference: str | None
    """Who published the star's"""
    published: str | None
    """Year and month"""
    updated: str | None
    """Day when the archive last changed the row"""
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
    star_metallicity_kind: str | None
    """[Fe/H] or [M/H]"""
    right_ascension: Annotated[float | None, Unit("degree"), Between(0, 360)]
    """J2000"""
    declination: Annotated[float | None, Unit("degree"), Between(-90, 90)]
    """J2000"""
    mass_kind: str | None
    """Mass, Msini, Msin(i)/sin(i) or M-R relationship"""


class ExoplanetsToi(Table, key="candidate", empty=True, tags="planets"):
    """TESS Objects of Interest."""

    candidate: Annotated[str, Pattern(r"TOI-\d+\.\d\d?")]
    """TOI-700.02"""
    star_id: Annotated[str | None, Pattern(r"TIC \d+")]
    """TESS Input Catalog"""
    disposition: Annotated[str | None, OneOf("APC", "CP", "FA", "FP", "KP", "PC", severity="warn")]
    """TFOPWG: ambiguous, confirmed, false alarm, false positive, known, candidate"""
    orbital_period: Annotated[float | None, Unit("day"), Between(0, 1_000_000_000, "warn")]
    """Orbital period"""
    orbital_period_upper: _upper("day")
    orbital_period_lower: _lower("day")
    orbital_period_limit: _Limit
    radius: Annotated[float | None, Unit("earth_radius"), Between(0, 200, "warn")]
    """Radius"""
    radius_upper: _upper("earth_radius")
    radius_lower: _lower("earth_radius")
    radius_limit: _Limit
    insolation: Annotated[float | None, Unit("earth_insolation"), Between(0, 10_000_000, "warn")]
    """Insolation"""
    insolation_upper: _upper("earth_insolation")
    insolation_lower: _lower("earth_insolation")
    insolation_limit: _Limit
    equilibrium_temperature: Annotated[float | None, Unit("K"), Between(0, 20_000, "warn")]
    """Equilibrium temperature, as published: with the albedo that its authors took"""
    equilibrium_temperature_upper: _upper("K")
    equilibrium_temperature_lower: _lower("K")
    equilibrium_temperature_limit: _Limit
    star_temperature: Annotated[float | None, Unit("K"), Between(100, 300_000, "warn")]
    """Effective temperature of the star"""
    star_temperature_upper: _upper("K")
    star_temperature_lower: _lower("K")
    star_temperature_limit: _Limit
    star_radius: Annotated[float | None, Unit("solar_radius"), Between(0, 2000, "warn")]
    """Radius of the star"""
    star_radius_upper: _upper("solar_radius")
    star_radius_lower: _lower("solar_radius")
    star_radius_limit: _Limit
    star_gravity: Annotated[float | None, Unit("dex"), Between(-2, 10, "warn")]
    """log10 of the star's surface gravity in cm/s^2"""
    star_gravity_upper: _upper("dex")
    star_gravity_lower: _lower("dex")
    star_gravity_limit: _Limit
    distance: Annotated[float | None, Unit("parsec"), Between(0, 20_000, "warn")]
    """Distance from the Sun"""
    distance_upper: _upper("parsec")
    distance_lower: _lower("parsec")
    distance_limit: _Limit
    right_ascension: Annotated[float | None, Unit("degree"), Between(0, 360)]
    """J2000"""
    declination: Annotated[float | None, Unit("degree"), Between(-90, 90)]
    """J2000"""
    updated: str | None
    """When the archive last changed the row"""


class ExoplanetsCumulative(Table, key="candidate", empty=True, tags="planets"):
    """Kepler Objects of Interest, each with its newest disposition."""

    candidate: Annotated[str, Pattern(r"K\d{5}\.\d\d")]
    """K00752.01"""
    star_id: Annotated[str | None, Pattern(r"KIC \d+")]
    """Kepler Input Catalog"""
    planet: str | None
    """Kepler-227 b, where it got a name; the catalogue of planets may call it otherwise"""
    disposition: Annotated[str | None, OneOf("CANDIDATE", "CONFIRMED", "FALSE POSITIVE", "NOT DISPOSITIONED")]
    """From the literature"""
    kepler_disposition: Annotated[str | None, OneOf("CANDIDATE", "FALSE POSITIVE", "NOT DISPOSITIONED")]
    """From Kepler's data alone"""
    score: Annotated[float | None, Unit("1"), Between(0, 1)]
    """Confidence in the disposition"""
    orbital_period: Annotated[float | None, Unit("day"), Between(0, 1_000_000_000, "warn")]
    """Orbital period"""
    orbital_period_upper: _upper("day")
    orbital_period_lower: _lower("day")
    radius: Annotated[float | None, Unit("earth_radius"), Between(0, 200, "warn")]
    """Radius"""
    radius_upper: _upper("earth_radius")
    radius_lower: _lower("earth_radius")
    insolation: Annotated[float | None, Unit("earth_insolation"), Between(0, 10_000_000, "warn")]
    """Insolation"""
    insolation_upper: _upper("earth_insolation")
    insolation_lower: _lower("earth_insolation")
    equilibrium_temperature: Annotated[float | None, Unit("K"), Between(0, 20_000, "warn")]
    """Equilibrium temperature, as published: with the albedo that its authors took"""
    equilibrium_temperature_upper: _upper("K")
    equilibrium_temperature_lower: _lower("K")
    star_temperature: Annotated[float | None, Unit("K"), Between(100, 300_000, "warn")]
    """Effective temperature of the star"""
    star_temperature_upper: _upper("K")
    star_temperature_lower: _lower("K")
    star_radius: Annotated[float | None, Unit("solar_radius"), Between(0, 2000, "warn")]
    """Radius of the star"""
    star_radius_upper: _upper("solar_radius")
    star_radius_lower: _lower("solar_radius")
    star_gravity: Annotated[float | None, Unit("dex"), Between(-2, 10, "warn")]
    """log10 of the star's surface gravity in cm/s^2"""
    star_gravity_upper: _upper("dex")
    star_gravity_lower: _lower("dex")
    right_ascension: Annotated[float | None, Unit("degree"), Between(0, 360)]
    """J2000"""
    declination: Annotated[float | None, Unit("degree"), Between(-90, 90)]
    """J2000"""


class Assemblies(Table, key="accession", empty=True, tags="genomes"):
    """NCBI's assembly summaries, one row an accession."""

    accession: Annotated[str, Pattern(r"GC[AF]_\d{9}\.\d+")]
    """With its version"""
    genome: Annotated[str, Pattern(r"\d{9}")]
    """The digits that GenBank and RefSeq share"""
    version: int
    """The accession's"""
    database: Annotated[str, OneOf("GenBank", "RefSeq")]
    """Whose accession"""
    status: str
    """latest, replaced or suppressed"""
    organism: str | None
    """Scientific name"""
    taxid: int | None
    """NCBI taxon"""
    species_taxid: int | None
    """NCBI taxon of the species"""
    strain: str | None
    """Strain or isolate"""
    isolate: str | None
    """Isolate"""
    name: str | None
    """Of the assembly"""
    level: str | None
    """Complete Genome, Chromosome, Scaffold or Contig"""
    category: str | None
    """reference genome or representative genome"""
    released: datetime.date | None
    """When the sequences were"""
    submitter: str | None
    """Who"""
    paired: str | None
    """The same assembly in the other database"""
    paired_identical: bool | None
    """Whether it is the same to the base"""
    excluded: str | None
    """Why it is not in RefSeq"""
    type_material: str | None
    """Whether it is of the type strain"""
    path: str | None
    """Its folder"""
    genome_size: Annotated[int | None, Unit("bp"), Between(0, None)]
    """Total length"""
    gc: Annotated[float | None, Unit("percent"), Between(0, 100)]
    """Guanine and cytosine among the bases"""
    scaffolds: int | None
    """Scaffolds"""
    contigs: int | None
    """Contigs"""
    genes: int | None
    """Genes"""
    coding_genes: int | None
    """Genes of proteins"""


class _Ranks(Table):
    """A lineage of GTDB's taxonomy, taken apart."""

    domain: str | None
    """Bacteria or Archaea"""
    phylum: str | None
    """Name"""
    class_: str | None
    """Name"""
    taxon_order: str | None
    """Name"""
    family: str | None
    """Name"""
    genus: str | None
    """Name"""
    species: str | None
    """Name"""


class AgoraModels(Table, key="model", empty=True, tags="genomes"):
    """Metabolic models, the strains they are of, and the names they go by."""

    resource: str
    """Its file's resource"""
    model: str
    """Its name in core: its strain's, or the id in its file; with the file behind it where several have one name"""
    sbml_id: str
    """The id in its file"""
    strain_id: str | None
    """The strain of AGORA's tables that the id, or the file's name, is of"""


class AssemblyReportFacts(Table, key="accession", empty=True, tags="genomes"):
    """What NCBI's assembly reports say of assemblies."""

    accession: str
    """Of the assembly"""
    genome: Annotated[str, Pattern(r"\d{9}")]
    """The digits that GenBank and RefSeq share"""
    organism: str | None
    """Scientific name, without the common one"""
    strain: str | None
    """Strain"""
    taxid: int | None
    """NCBI taxon"""
    level: str | None
    """Complete Genome, Chromosome, Scaffold or Contig"""
    released: datetime.date | None
    """Day"""
    genome_size: Annotated[int | None, Unit("bp"), Between(0, None)]
    """Length of its primary assembly"""


class GtdbGenomes(_Ranks, key=("release", "gtdb_id"), empty=True, tags="genomes"):
    """Genomes of GTDB, one row each release."""

    release: str
    """GTDB's"""
    release_number: int | None
    """The same as a number; null for the latest, whose number the archive did not say"""
    gtdb_id: str
    """RS_ or GB_ and its accession; another id for what is not at NCBI"""
    accession: str | None
    """RefSeq's or GenBank's"""
    genome: Annotated[str, Pattern(r"\d{9}|[A-Z]\w*")]
    """The digits that GenBank and RefSeq share; GTDB's id where NCBI has no such genome"""
    lineage: str
    """As GTDB writes it"""
    lineages: Annotated[int, Between(1, 1, "warn")]
    """How many lineages taxonomy and metadata give: one"""
    representative: str | None
    """The genome that stands for its species"""
    is_representative: bool | None
    """Whether it is that itself"""
    checkm2_completeness: Annotated[float | None, Unit("percent"), Between(0, 100)]
    """By CheckM2"""
    checkm2_contamination: Annotated[float | None, Unit("percent"), Between(0, None)]
    """By CheckM2"""
    checkm_completeness: Annotated[float | None, Unit("percent"), Between(0, 100)]
    """By CheckM"""
    checkm_contamination: Annotated[float | None, Unit("percent"), Between(0, None)]
    """By CheckM"""
    genome_size: Annotated[int | None, Unit("bp"), Between(0, None)]
    """Total length"""
    gc: Annotated[float | None, Unit("percent"), Between(0, 100)]
    """Guanine and cytosine among the bases"""
    contigs: int | None
    """Contigs"""
    n50: Annotated[int | None, Unit("bp"), Between(0, None)]
    """N50 of the contigs"""
    proteins: int | None
    """Predicted proteins"""
    category: str | None
    """derived from metagenome, from single cell, ..."""
    isolation_source: str | None
    """What it was isolated from"""


_CATALOGUE = OneOf("nasa.pscomppars", "nasa.nssdca", "exoplanet.eu", "open_exoplanets")


class GemGenomes(_Ranks, key="genome_id", empty=True, tags="genomes"):
    """Genomes of JGI's catalogue GEM, assembled from metagenomes."""

    genome_id: Annotated[str, Pattern(r"\d+_\d+")]
    """The metagenome's id, "_" and a number"""
    metagenome_id: str | None
    """IMG taxon id of the metagenome"""
    genome_size: Annotated[int | None, Unit("bp"), Between(0, None)]
    """Total length"""
    contigs: Annotated[int | None, Between(0, None)]
    """Contigs"""
    n50: Annotated[int | None, Unit("bp"), Between(0, None)]
    """N50 of the contigs"""
    rrna_16s: Annotated[int | None, Between(0, None)]
    """Genes of 16S rRNA"""
    rrna_23s: Annotated[int | None, Between(0, None)]
    """Genes of 23S rRNA"""
    rrna_5s: Annotated[int | None, Between(0, None)]
    """Genes of 5S rRNA"""
    trna: Annotated[int | None, Between(0, None)]
    """Genes of tRNA"""
    completeness: Annotated[float | None, Unit("percent"), Between(0, 100)]
    """By CheckM"""
    contamination: Annotated[float | None, Unit("percent"), Between(0, None)]
    """By CheckM"""
    quality_score: Annotated[float | None, Unit("percent"), Between(50, 100, "warn")]
    """completeness - 5 x contamination; the catalogue takes more than 50"""
    mimag_quality: Annotated[str | None, OneOf("HQ", "MQ", severity="warn")]
    """High or medium quality by MIMAG (doi:10.1038/nbt.3893)"""
    otu: str | None
    """Cluster at the level of species"""
    lineage: str | None
    """By GTDB-Tk, as GTDB writes it; the release is not said"""
    ecosystem: str | None
    """Of the metagenome; null in files without that column"""
    ecosystem_category: str | None
    """Aquatic, Human, ..."""
    ecosystem_type: str | None
    """Marine, Soil, ..."""
    habitat: str | None
    """Deep ocean, ..."""
    longitude: Annotated[float | None, Unit("degree"), Between(-180, 180, "warn")]
    """Of the sample; null where the file says two"""
    latitude: Annotated[float | None, Unit("degree"), Between(-90, 90, "warn")]
    """Of the sample; null where the file says two"""
    listed: Annotated[int, Between(1, 1, "warn")]
    """Rows of the file: one"""


class PlanetEntries(Table, key=("catalogue", "entry"), empty=True, tags="planets"):
    """Planets as each catalogue has them."""

    catalogue: Annotated[str, _CATALOGUE]
    """The catalogue"""
    entry: str
    """The planet's first name there"""
    star: str | None
    """Its star or binary there"""
    status: str | None
    """Confirmed, Controversial, Retracted ... in the catalogue's own words"""
    discovery_method: str | None
    """In the catalogue's own words"""
    discovery_year: int | None
    """When"""
    updated: datetime.date | None
    """When the catalogue last changed it, where it tells"""
    in_systems: bool
    """Whether its system was read, and not the Open Exoplanet Catalogue's table alone"""


class PlanetNames(Table, key=("catalogue", "entry", "alias"), empty=True, tags="planets"):
    """What each catalogue calls its planets."""

    catalogue: Annotated[str, _CATALOGUE]
    """The catalogue"""
    entry: str
    """The planet's first name there"""
    alias: str
    """alias_of(name)"""
    name: str
    """As it is written"""
    rank: int
    """0 first name, 1 another name, 2 by another name of the star; 3 more where a star's letter was left out"""
    basis: Annotated[str, OneOf("name", "alternate", "star", "component")]
    """The same in a word"""


_Above = Annotated[float | None, Between(0, None), Field(description="Upper uncertainty, in `unit`")]
_Below = Annotated[float | None, Between(None, 0), Field(description="Lower uncertainty, in `unit`")]


class _Values(Table):
    """What a catalogue says of its planets."""

    catalogue: Annotated[str, _CATALOGUE]
    """The catalogue"""
    entry: str
    """The planet's first name there"""
    origin: str
    """The table that the value stands in"""
    quantity: str
    """What is told"""
    unit: str
    """Of value, upper and lower"""
    value: float
    """In `unit`; a limit where limit_flag is not 0"""
    upper: _Above
    lower: _Below
    limit_flag: Annotated[int, Between(-1, 1)]
    """0 a measurement, 1 an upper and -1 a lower limit"""
    lower_limit: float | None
    """The other end of a range whose upper end is `value`, in `unit`; null where it is no range"""
    kind: str | None
    """What sort of value it is, where the catalogue tells"""


class ExoplanetsValues(_Values, key=("entry", "quantity"), empty=True, tags="planets"):
    """What the NASA archive's composite parameters say of planets, a quantity a row, in its own units."""


class ExoplanetEuValues(_Values, key=("entry", "quantity"), empty=True, tags="planets"):
    """What exoplanet.eu says of planets, a quantity a row, in its own units."""


class OpenExoplanetsValues(_Values, key=("entry", "quantity"), empty=True, tags="planets"):
    """What the Open Exoplanet Catalogue says of planets, a quantity a row, in its own units."""


class IgsrFiles(Table, empty=True, tags="samples"):
    """Files that IGSR's indexes, trees and listings name, a row for each time."""

    list: str
    """The index, tree or listing"""
    url: str
    """The file, in one spelling"""
    sample: str | None
    """As the index says, or the file's path"""
    population: str | None
    """As the index says"""
    data_type: Annotated[
        str, OneOf("reads", "alignment", "index", "statistics", "variants", "folder", "other", severity="error")
    ]
    """By the file's name"""
    format: str | None
    """What the file's name ends in, without its compression"""
    bytes: Annotated[int | None, Unit("byte"), Between(0, None)]
    """Size, where a tree or listing says it to the byte"""
    md5: Annotated[str | None, Pattern("[0-9a-f]{32}")]
    """MD5"""
    run_id: str | None
    """Run (SRR, ERR, DRR)"""
    platform: str | None
    """Type of sequencing machine"""
    instrument: str | None
    """Model of sequencing machine"""
    read_count: Annotated[int | None, Between(0, None)]
    """Reads in the file"""
    base_count: Annotated[int | None, Unit("bp"), Between(0, None)]
    """Bases in the file"""
    analysis_group: str | None
    """Which set of data it belongs to, as the index says"""
    withdrawn: bool
    """Whether the index says that it was withdrawn"""


class IgsrSamples(Table, empty=True, tags="samples"):
    """Rows of IGSR's lists of samples, panels and pedigrees, in one spelling."""

    list: str
    """The list"""
    sample: str
    """Sample"""
    biosample: str | None
    """BioSample accession"""
    sex: Annotated[str | None, OneOf("female", "male")]
    """Sex"""
    family: str | None
    """Family"""
    father: str | None
    """Father, where he is a sample"""
    mother: str | None
    """Mother, where she is a sample"""
    population: str | None
    """Code of the population"""
    population_name: str | None
    """Name of the population"""
    superpopulation: str | None
    """Code of the superpopulation"""
    superpopulation_name: str | None
    """Name of the superpopulation"""
    collections: "list[str] | None"
    """Collections that have data of it"""
    platforms: str | None
    """Platforms, in a panel that has them"""
