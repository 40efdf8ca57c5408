"""Entities and edges."""

import datetime
from typing import Annotated

from lake.contract import Between, OneOf, Pattern, References, Rule, Split, Table, Term, Unit

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


class Planets(Table, key="planet", tags="planets"):
    """Confirmed planets, one a row."""

    planet: Annotated[str, Term("ENVO:01000800")]
    """Name, as the NASA Exoplanet Archive writes it"""
    star: Annotated[str, Term("ENVO:01000801")]
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
    kind: Annotated[str, OneOf("observed", "reanalysis", "simulation")]
    """Whether it was observed, simulated, or both: a reanalysis of the Earth"""
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


class ClimateRuns(Table, key="planet_run_key", empty=True, tags="climate"):
    """What was set in each climate run, as its description says it; null where it says nothing."""

    planet_run_key: Annotated[int, References("core.planet_runs.planet_run_key")]
    """planet_run_key(planet, kind, model, scenario, run)"""
    planet: str
    """The planet"""
    kind: Annotated[str, OneOf("observed", "reanalysis", "simulation")]
    """As in core.planet_runs"""
    model: str
    """The climate model"""
    scenario: str
    """What was simulated"""
    run: str
    """Which member"""
    files: Annotated[int, Between(1, None)]
    """How many files of it are here"""
    title: str | None
    """Its title, or that of its first file"""
    citation: str | None
    """Whom to cite"""
    licence: str | None
    """Under which it may be used"""
    described_in: str | None
    """The TOML file that describes it; null where lake.toml does"""
    model_version: str | None
    """Version of the model"""
    star: str | None
    """The star whose spectrum shines on it"""
    star_temperature: Annotated[float | None, Unit("K"), Between(500, 300000)]
    """Effective temperature of that star"""
    insolation: Annotated[float | None, Unit("W/m^2"), Between(0, 1e8)]
    """Starlight at the planet, on a plane facing it"""
    rotation_period: Annotated[float | None, Unit("d"), Between(0, 1e5)]
    """Sidereal"""
    orbital_period: Annotated[float | None, Unit("d"), Between(0, 1e7)]
    """Sidereal"""
    eccentricity: Annotated[float | None, Unit("1"), Between(0, 1)]
    """Of the orbit"""
    obliquity: Annotated[float | None, Unit("deg"), Between(0, 180)]
    """Of the axis"""
    radius: Annotated[float | None, Unit("km"), Between(100, 2e5)]
    """Mean radius of the planet"""
    gravity: Annotated[float | None, Unit("m/s^2"), Between(0, 1e3), Term("PATO:0001028")]
    """At the surface"""
    surface_pressure: Annotated[float | None, Unit("Pa"), Between(0, 1e9), Term("PATO:0001025")]
    """Mean, of the atmosphere without water"""
    ocean: str | None
    """dynamic, slab, prescribed, none"""
    land: str | None
    """Which continents; aquaplanet where there are none"""
    layers: Annotated[int | None, Between(1, 1000)]
    """Of the atmosphere"""
    grid: str | None
    """Horizontal grid"""
    years: str | None
    """Which years of the run, or of history"""


class ClimateGases(Table, key=("planet_run_key", "gas"), empty=True, tags="climate"):
    """What the air of each climate run is made of."""

    planet_run_key: Annotated[int, References("core.climate_runs.planet_run_key")]
    """The run"""
    gas: str
    """CO2, N2 ..."""
    fraction: Annotated[float, Unit("1"), Between(0, 1)]
    """Moles of it in one mole of dry air"""


class Proteins(Table, key="accession", empty=True, tags="uniprot"):
    """Entries of UniProt, the newest version of each."""

    accession: Annotated[str, Pattern(r"[OPQ]\d[A-Z0-9]{3}\d|[A-NR-Z]\d([A-Z][A-Z0-9]{2}\d){1,2}")]
    """Primary accession: P0A7D4"""
    entry_name: str | None
    """PURA_ECOLI; null where the answer was not asked for it, as every column from here on"""
    reviewed: bool | None
    """Whether it is of Swiss-Prot; otherwise of TrEMBL"""
    name: str | None
    """Recommended or submitted name; of TSV all names in one text"""
    gene: str | None
    """Primary name of its first gene"""
    ordered_loci: list[str] | None
    """Ordered locus names of its genes, sorted"""
    organism: str | None
    """Scientific name, common name and synonyms behind it in parentheses"""
    taxon_id: int | None
    """In the NCBI taxonomy"""
    length: Annotated[int | None, Unit("1"), Between(1, None)]
    """Amino acids of the sequence"""
    mass: Annotated[int | None, Unit("dalton"), Between(1, None)]
    """Of the sequence without modifications"""
    fragment: bool | None
    """Whether the sequence is not complete"""
    existence: Annotated[int | None, Between(1, 5)]
    """1 evidence of the protein, 2 of a transcript, 3 homology, 4 predicted, 5 uncertain"""
    ec_numbers: list[str] | None
    """EC numbers, sorted; partial ones as they are"""
    version: int | None
    """Of the entry"""
    sequence_version: int | None
    """Of the sequence"""
    checksum: str | None
    """CRC64 of the sequence; TSV does not have it"""
    modified: str | None
    """Day of its last change"""


class ProteinXrefs(Table, key=("accession", "database", "id"), empty=True, tags="uniprot"):
    """What UniProt's entries refer to in other databases."""

    accession: Annotated[str, References("core.proteins.accession")]
    """The entry"""
    database: str
    """KEGG, EC, GO, EMBL (which ENA, GenBank and DDBJ share), RefSeq, PDB, ..."""
    id: str
    """Id there: eco:b0002, 1.1.1.1, GO:0005829, U00096"""
    protein_ids: list[str] | None
    """Of EMBL: the proteins that the nucleotide entry codes for, with their versions, sorted; null where not told"""


class ProteinGenes(Table, key=("accession", "gene_id"), empty=True, tags=("uniprot", "kegg")):
    """Which genes of core.genes code for a protein, by UniProt's references to KEGG."""

    accession: Annotated[str, References("core.proteins.accession")]
    """The protein"""
    gene_id: Annotated[str, References("core.genes.gene_id")]
    """The gene: eco:b0002"""


class ProteinReactions(Table, key=("accession", "ec_number", "reaction_id"), empty=True, tags=("uniprot", "kegg")):
    """Which reactions of core.reactions a protein's EC numbers stand for."""

    accession: Annotated[str, References("core.proteins.accession")]
    """The protein"""
    ec_number: Annotated[str, Pattern(r"\d+\.\d+\.\d+\.n?\d+")]
    """By which number"""
    reaction_id: Annotated[str, References("core.reactions.reaction_id")]
    """KEGG reaction"""


class RecordAttributes(Table, empty=True, tags="ena"):
    """What records of ENA say of themselves by name: of a sample its depth, temperature or tissue."""

    accession: Annotated[str, References("core.sequence_records.accession")]
    """The record"""
    kind: Annotated[str, OneOf("run", "experiment", "sample", "study", "assembly", "sequence")]
    """What it is"""
    tag: str
    """As the submitter or ENA names it"""
    value: str | None
    """As it stands"""
    units: str | None
    """Its unit, where one is given apart"""


class SequenceRecords(Table, key="accession", empty=True, tags="ena"):
    """Runs, experiments, samples, studies, assemblies and sequences of ENA, each once."""

    accession: str
    """Without version; of studies PRJ..., of samples SAM..., where ENA says it"""
    kind: Annotated[str, OneOf("run", "experiment", "sample", "study", "assembly", "sequence")]
    """What it is"""
    version: int | None
    """Of a sequence or assembly"""
    secondary_accession: str | None
    """Its other accession: of studies SRP..., of samples SRS..."""
    description: str | None
    """Title or description"""
    taxon_id: int | None
    """In the NCBI taxonomy"""
    scientific_name: str | None
    """Of the organism"""
    bases: Annotated[int | None, Unit("1"), Between(0, None)]
    """Bases of its reads, or of the sequence; an experiment's or study's are those of its runs: do not add them up"""
    reads: Annotated[int | None, Unit("1"), Between(0, None)]
    """Reads as ENA counts them: a pair is one"""
    study_accession: str | None
    """PRJNA514051"""
    secondary_study_accession: str | None
    """SRP178136"""
    sample_accession: str | None
    """SAMN10716684"""
    secondary_sample_accession: str | None
    """SRS4237519"""
    experiment_accession: str | None
    """SRX5234128"""
    run_accession: str | None
    """SRR8426358"""
    assembly_accession: str | None
    """GCA_000005845, without version"""
    library_strategy: str | None
    """RNA-Seq, WGS, AMPLICON ..."""
    library_source: str | None
    """GENOMIC, TRANSCRIPTOMIC, METAGENOMIC ..."""
    library_layout: str | None
    """PAIRED or SINGLE"""
    instrument_platform: str | None
    """ILLUMINA, OXFORD_NANOPORE ..."""
    instrument_model: str | None
    """As ENA has it"""
    molecule: str | None
    """Of a sequence: genomic DNA, mRNA ..."""
    first_public: Annotated[str | None, Pattern(r"\d{4}-\d\d-\d\d")]
    """Day"""
    last_updated: Annotated[str | None, Pattern(r"\d{4}-\d\d-\d\d")]
    """Day"""
    same_as: str | None
    """NCBI's accession of the same record, without version; null where only ENA has it, or it is no INSDC accession"""
    issued_by: Annotated[str | None, OneOf("NCBI", "ENA", "DDBJ")]
    """Who gave the accession: where NCBI or DDBJ did, ENA mirrors the record; null where it does not tell"""


class SequenceFiles(Table, key=("run_accession", "kind", "url"), empty=True, tags="ena"):
    """Files of runs, as ENA's filereport and searches name them."""

    run_accession: Annotated[str, References("core.sequence_records.accession", "warn")]
    """The run"""
    kind: Annotated[str, OneOf("fastq", "submitted")]
    """fastq: ENA's own; submitted: as they came"""
    url: str
    """ftp://ftp.sra.ebi.ac.uk/..."""
    number: Annotated[int, Between(1, None)]
    """Which of the run's files of this kind"""
    bytes: Annotated[int | None, Unit("byte"), Between(0, None)]
    """Its size"""
    md5: Annotated[str | None, Pattern(r"[0-9a-f]{32}")]
    """Its checksum"""


_GENOME = Pattern(r"\d{9}")
_ACCESSION = Pattern(r"GC[AF]_\d{9}\.\d+")
_PERCENT = Between(0, 100)


class Genomes(Table, key="genome", empty=True, tags="genomes"):
    """One row a genome, over NCBI, GTDB and GEM: GenBank's assembly and RefSeq's copy are one, and so are versions."""

    genome: Annotated[str, Pattern(r"\d{9}|\d+_\d+|[A-Z]\w*")]
    """The nine digits that its GenBank and its RefSeq accession share; its id in GEM; in GTDB, where NCBI has none"""
    accession: Annotated[str | None, _ACCESSION]
    """The latest there is: RefSeq's before GenBank's; GEM's, and those that only GTDB has, have none"""
    genbank: Annotated[str | None, _ACCESSION]
    """In GenBank"""
    refseq: Annotated[str | None, _ACCESSION]
    """In RefSeq"""
    accessions: int
    """How many accessions NCBI's summaries list for it, versions among them"""
    organism: str | None
    """Scientific name, by NCBI"""
    strain: str | None
    """Strain or isolate, by NCBI"""
    taxid: int | None
    """NCBI taxon"""
    species_taxid: int | None
    """NCBI taxon of the species"""
    level: str | None
    """Complete Genome, Chromosome, Scaffold or Contig, by NCBI"""
    status: str | None
    """latest, replaced or suppressed, by NCBI"""
    released: datetime.date | None
    """By NCBI"""
    path: str | None
    """Its folder at NCBI"""
    gtdb_accession: Annotated[str | None, _ACCESSION]
    """Of which version GTDB has it"""
    gtdb_release: str | None
    """The newest release here that has it"""
    gtdb_same_version: bool | None
    """Whether GTDB's version is NCBI's"""
    domain: str | None
    """In GTDB's taxonomy"""
    phylum: str | None
    """In GTDB's taxonomy"""
    class_: str | None
    """In GTDB's taxonomy"""
    taxon_order: str | None
    """In GTDB's taxonomy"""
    family: str | None
    """In GTDB's taxonomy"""
    genus: str | None
    """In GTDB's taxonomy"""
    species: str | None
    """In GTDB's taxonomy"""
    lineage_from: Annotated[str | None, OneOf("GTDB", "GEM")]
    """Whose these seven are: GTDB's of gtdb_release, or GTDB-Tk's in GEM of 2020"""
    representative: str | None
    """The genome that stands for its species, by GTDB"""
    is_representative: bool | None
    """Whether it is that itself"""
    completeness: Annotated[float | None, Unit("percent"), _PERCENT]
    """Of its marker genes"""
    contamination: Annotated[float | None, Unit("percent"), Between(0, None)]
    """Marker genes that come more than once; above 100 where several genomes are mixed"""
    completeness_from: str | None
    """Whose these two are"""
    genome_size: Annotated[int | None, Unit("bp"), Between(0, None)]
    """Total length"""
    genome_size_from: Annotated[str | None, OneOf("NCBI", "NCBI report", "GTDB", "FASTA", "GEM")]
    """Whose it is"""
    gc: Annotated[float | None, Unit("percent"), _PERCENT]
    """Guanine and cytosine among the bases"""
    gc_from: Annotated[str | None, OneOf("NCBI", "GTDB", "FASTA")]
    """Whose it is"""
    contigs: int | None
    """Contigs"""
    contigs_from: Annotated[str | None, OneOf("NCBI", "GTDB", "GEM")]
    """Whose it is"""
    n50: Annotated[int | None, Unit("bp"), Between(0, None)]
    """N50 of the contigs; of the sequences, where it is from the FASTA"""
    n50_from: Annotated[str | None, OneOf("GTDB", "FASTA", "GEM")]
    """Whose it is"""
    coding_genes: int | None
    """Genes of proteins"""
    coding_genes_from: Annotated[str | None, OneOf("NCBI", "GTDB")]
    """Whose it is"""


class GenomeSameAs(Table, key=("genome", "same_as"), empty=True, tags="genomes"):
    """Genomes of core.genomes that are one under two keys: GEM's, and NCBI's assembly that bears GEM's id."""

    genome: Annotated[str, Pattern(r"\d+_\d+"), References("core.genomes.genome")]
    """GEM's id"""
    same_as: Annotated[str, _GENOME, References("core.genomes.genome")]
    """NCBI's nine digits"""
    said_by: str
    """Columns of NCBI's summary that hold the id: asm_name, infraspecific_name, isolate"""


class GenomeAccessions(Table, empty=True, tags="genomes"):
    """Under which accessions which archives have a genome."""

    accession: Annotated[str, _ACCESSION]
    """With its version"""
    genome: Annotated[str, _GENOME, References("core.genomes.genome")]
    """Of core.genomes"""
    version: int
    """The accession's"""
    archive: Annotated[str, OneOf("GenBank", "RefSeq", "GTDB")]
    """Who has it"""
    release: str | None
    """GTDB's"""
    current: bool | None
    """Whether it is the latest, by NCBI"""


class AssemblySequences(Table, key=("accession", "name"), empty=True, tags="genomes"):
    """Sequences of the assemblies whose reports were read; core.genome_sequences has those that were fetched whole."""

    accession: str
    """Of the assembly"""
    genome: Annotated[str, _GENOME, References("core.genomes.genome")]
    """Of core.genomes"""
    name: str
    """In the report"""
    role: str | None
    """assembled-molecule, unplaced-scaffold, ..."""
    molecule: str | None
    """Chromosome or plasmid that it is, or is a part of"""
    location: str | None
    """Chromosome, Plasmid, Mitochondrion, ..."""
    genbank: str | None
    """Accession in GenBank"""
    refseq: str | None
    """Accession in RefSeq"""
    identical: bool | None
    """Whether these two are the same sequence"""
    unit: str | None
    """Part of the assembly: Primary Assembly, non-nuclear, an alternate locus"""
    length: Annotated[int | None, Unit("bp"), Between(1, None)]
    """Bases"""
    ucsc: str | None
    """Name at UCSC"""


class GenomeSequences(Table, key=("accession", "sequence"), empty=True, tags="genomes"):
    """Sequences of the genomes that were fetched whole; core.genome_bases has their bases."""

    accession: str
    """Of the assembly"""
    genome: str | None
    """Of core.genomes"""
    sequence: str
    """Accession of the sequence"""
    title: str | None
    """What its header says"""
    length: Annotated[int, Unit("bp"), Between(1, None)]
    """Bases"""
    gc: Annotated[float | None, Unit("percent"), _PERCENT]
    """Guanine and cytosine among the bases that are not N"""
    unknown: Annotated[int, Unit("bp"), Between(0, None)]
    """N's"""


class GenomeBases(Table, key=("sequence", "start"), empty=True, materialized="view", tags="genomes"):
    """The bases of genomes that were fetched whole, in pieces of 65,536."""

    accession: str
    """Of the assembly"""
    sequence: str
    """Accession of the sequence"""
    start: Annotated[int, Unit("bp"), Between(1, None)]
    """Place of the first base, from 1"""
    bases: str
    """As they stand; soft-masked ones are small letters"""


class GenomeStatistics(Table, key="accession", empty=True, tags="genomes"):
    """What the FASTA of a genome says by itself."""

    accession: str
    """Of the assembly"""
    genome: str | None
    """Of core.genomes"""
    sequences: int
    """How many"""
    length: Annotated[int, Unit("bp")]
    """All together"""
    longest: Annotated[int, Unit("bp")]
    """The longest"""
    n50: Annotated[int, Unit("bp")]
    """Half of the bases are in sequences of this length or more"""
    l50: int
    """How many those are"""
    gc: Annotated[float | None, Unit("percent"), _PERCENT]
    """Guanine and cytosine among the bases that are not N"""
    unknown: Annotated[int, Unit("bp")]
    """N's"""
    listed_length: Annotated[int | None, Unit("bp")]
    """Total length by NCBI's summary"""
    as_listed: bool | None
    """Whether that is the same"""


class Strains(Table, key=("collection", "strain_id"), empty=True, tags="genomes"):
    """Strains that AGORA has metabolic models of, and the genomes they were built from."""

    collection: Annotated[str, OneOf("AGORA", "AGORA2")]
    """Whose table"""
    strain_id: str
    """And its model"""
    strain: str
    """Its name"""
    species: str | None
    """By AGORA"""
    genus: str | None
    """By AGORA"""
    phylum: str | None
    """By AGORA"""
    kingdom: str | None
    """By AGORA"""
    host: str | None
    """By AGORA"""
    version: str | None
    """Version of AGORA that first had it"""
    taxid: int | None
    """NCBI taxon; null where AGORA's cell is no number"""
    oxygen: str | None
    """Aerobe, Anaerobe, ..."""
    gram_staining: str | None
    """Gram+, Gram-, ..."""
    accession: Annotated[str | None, _ACCESSION]
    """Assembly that it was built from"""
    accession_from: str | None
    """Column of AGORA's table that says so"""
    genome: Annotated[str | None, _GENOME]
    """The same, in any version and in GenBank or RefSeq"""
    has_genome: bool
    """Whether core.genomes has it"""
    gtdb_phylum: str | None
    """By GTDB"""
    gtdb_species: str | None
    """By GTDB"""
    gtdb_release: str | None
    """Of GTDB"""
    completeness: Annotated[float | None, Unit("percent"), _PERCENT]
    """Of the genome"""
    unmatched_because: str | None
    """Why it has no genome here"""


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


_CATALOGUE = OneOf("nasa.pscomppars", "nasa.nssdca", "exoplanet.eu", "open_exoplanets")
_QUANTITY = OneOf(
    *("orbital_period", "semi_major_axis", "radius", "mass", "minimum_mass", "eccentricity", "inclination"),
    *("insolation", "equilibrium_temperature", "star_temperature", "star_radius", "star_mass", "star_metallicity"),
    *("star_gravity", "star_age", "distance"),
)
_ONE_UNIT = Rule("one unit a quantity", "unit = planet_unit(quantity)")


class PlanetEntries(Table, key=("catalogue", "entry"), empty=True, tags="planets"):
    """Each planet of each catalogue, and which planet of the lake it is."""

    catalogue: Annotated[str, _CATALOGUE]
    """The catalogue"""
    entry: str
    """The planet's first name there"""
    planet: Annotated[str, References("core.planet_catalogues.planet")]
    """The planet: the NASA archive's name of it where it has one"""
    matched_by: Annotated[str | None, OneOf("name", "alternate", "star", "component")]
    """Which sort of the entry's names told so: staging.planet_names.basis; null where it is a planet of its own"""
    alias: str | None
    """The alias that told so"""
    ambiguous: bool
    """Whether its names stand for several planets, or other entries' as well: it is then a planet of its own"""
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


class PlanetNames(Table, key=("alias", "planet", "catalogue"), empty=True, tags="planets"):
    """From a name to the planet: `where alias = alias_of('TRAPPIST-1e')`."""

    alias: str
    """alias_of(name): without what catalogues write differently"""
    planet: Annotated[str, References("core.planet_catalogues.planet")]
    """The planet"""
    catalogue: Annotated[str, _CATALOGUE]
    """Who calls it so"""
    name: str
    """As it is written there, or made: see basis"""
    basis: Annotated[str, OneOf("name", "alternate", "star", "component")]
    """First name, another one, made of another name of its star, or with a star's letter left out"""
    planets: Annotated[int, Between(1, None)]
    """How many planets have the alias: more than 1 resolves nothing alone"""


class PlanetCatalogues(Table, key="planet", empty=True, tags="planets"):
    """Planets of any catalogue, one a row: core.planets and those that it does not have."""

    planet: str
    """The planet: the NASA archive's name where it has one, then exoplanet.eu's"""
    nasa: str | None
    """Its entry in the NASA archive (core.planets)"""
    exoplanet_eu: str | None
    """Its entry in exoplanet.eu"""
    open_exoplanets: str | None
    """Its entry in the Open Exoplanet Catalogue"""
    catalogues: Annotated[int, Between(1, 3)]
    """How many have it"""
    alone: Annotated[str | None, _CATALOGUE]
    """The catalogue that alone has it; null where several have it, or only one catalogue was landed"""
    status: str | None
    """Confirmed, Candidate, Retracted ...: the NASA archive's word, else exoplanet.eu's, else Open Exoplanet's"""
    ambiguous: bool
    """Whether an entry of it might be another planet: see core.planet_entries"""


class PlanetValues(Table, key=("planet", "catalogue", "quantity"), rules=(_ONE_UNIT,), empty=True, tags="planets"):
    """What each catalogue says of each planet and its star, in one unit a quantity."""

    planet: Annotated[str, References("core.planet_catalogues.planet")]
    """The planet"""
    catalogue: Annotated[str, _CATALOGUE]
    """Who says it"""
    quantity: Annotated[str, _QUANTITY]
    """What is told"""
    value: float
    """In `unit`; a limit where limit_flag is not 0"""
    upper: Annotated[float | None, Between(0, None)]
    """Upper uncertainty, in `unit`"""
    lower: Annotated[float | None, Between(None, 0)]
    """Lower uncertainty, in `unit`"""
    limit_flag: Annotated[int, Between(-1, 1)]
    """0 a measurement, 1 an upper and -1 a lower limit"""
    lower_limit: float | None
    """The other end of a range whose upper end is `value`, in `unit`; null where it is no range"""
    unit: str
    """planet_unit(quantity)"""
    kind: str | None
    """What sort of value it is, where the catalogue tells: calculated from the mass, surface or equilibrium ..."""
    given_value: float
    """As the catalogue gives it, in `given_unit`"""
    given_unit: str
    """The catalogue's own unit"""
    entry: str
    """The planet's first name there"""
    origin: str
    """The table that it stands in"""


class PlanetDisagreements(
    Table,
    key=("planet", "quantity", "catalogue_a", "catalogue_b"),
    rules=(_ONE_UNIT, Rule("they differ", "difference <> 0"), Rule("each pair once", "catalogue_a < catalogue_b")),
    empty=True,
    tags="planets",
):
    """Where two catalogues do not give the same number: both values, side by side."""

    planet: Annotated[str, References("core.planet_catalogues.planet")]
    """The planet"""
    quantity: Annotated[str, _QUANTITY]
    """What is told"""
    catalogue_a: Annotated[str, _CATALOGUE]
    """One catalogue"""
    catalogue_b: Annotated[str, _CATALOGUE]
    """The other"""
    value_a: float
    """What the one says, in `unit`"""
    value_b: float
    """What the other says, in `unit`"""
    unit: str
    """planet_unit(quantity)"""
    ratio: Annotated[float | None, Unit("1")]
    """value_a / value_b; null where value_b is 0, and of logarithms"""
    difference: float
    """value_a - value_b, in `unit`"""
    uncertainty: Annotated[float | None, Between(0, None)]
    """The one's uncertainty towards the other and the other's towards it, added, in `unit`"""
    beyond: bool | None
    """Whether they differ by more; null where one of them has no uncertainty on that side"""
    kind_a: str | None
    """What sort of value the one is: m sin(i) may stand beside a mass"""
    kind_b: str | None
    """The same of the other"""


class OntologyTerms(Table, key="term", empty=True, tags="ontologies"):
    """Terms of ontologies, and NCBI's taxa; ontology_name(term) gives a name."""

    term: str
    """Identifier: ENVO:00000015"""
    ontology: str
    """What stands before the colon"""
    kind: Annotated[str, OneOf("class", "property")]
    """Whether it is a thing or a relation"""
    name: str | None
    """Its name"""
    definition: str | None
    """Its definition"""
    namespace: str | None
    """Part of the ontology"""
    comment: str | None
    """Remark"""
    obsolete: bool
    """Whether it should not be used any more; core.ontology_relations may say what replaces it"""
    version: str | None
    """Of the file"""
    home: bool
    """Whether its own ontology's file has it: pato.obo for PATO"""
    """Whether the ontology's own file says it (envo.obo of ENVO), and not one that imports the term"""


class OntologySynonyms(Table, key=("term", "synonym", "scope"), empty=True, tags="ontologies"):
    """Other names of terms."""

    term: str
    """Identifier"""
    synonym: str
    """The other name"""
    scope: Annotated[str, OneOf("exact", "broad", "narrow", "related")]
    """How near it comes"""


class OntologyXrefs(Table, key=("term", "xref"), empty=True, tags="ontologies"):
    """What others call terms."""

    term: str
    """Identifier"""
    xref: str
    """What another database or ontology calls it"""
    database: str
    """What stands before the colon"""


class OntologyRelations(Table, key=("term", "predicate", "target"), empty=True, tags="ontologies"):
    """How terms are related."""

    term: str
    """Identifier"""
    predicate: str
    """is_a, part_of, replaced_by, consider, alternative_id, has_rank, or a property's identifier"""
    target: str
    """Identifier; a rank's name"""


class OntologyClosure(Table, key=("term", "ancestor", "through"), empty=True, tags="ontologies"):
    """Every ancestor of every term, without obsolete ones; is_a(term, ancestor) asks it."""

    term: str
    """Identifier"""
    ancestor: str
    """Identifier"""
    through: Annotated[str, OneOf("is_a", "part_of")]
    """is_a: by is_a alone; part_of: with part_of among the steps"""
    distance: Annotated[int | None, Between(1, None)]
    """Steps of the shortest way; null where each way goes on along a circle"""


class Spectra(Table, key="spectrum", empty=True, tags="spectra"):
    """Spectra of planets and stars, sorted by wavelength."""

    spectrum: str
    """The resource, and which column or row of it"""
    planet: str | None
    """As lake.toml says; core.planets.planet"""
    star: str | None
    """As lake.toml says"""
    kind: str
    """transmission, emission, reflection, transmittance, stellar or model"""
    instrument: str | None
    """Instrument or model"""
    reference: str | None
    """Where it was published"""
    label: str | None
    """Column of the file; row of a FITS image"""
    wavelength: Annotated[list[float], Unit("um")]
    """In vacuum, ascending"""
    value: list[float]
    """In value_unit"""
    lower: list[float] | None
    """Uncertainty to below, in value_unit, >= 0; null where a point has none"""
    upper: list[float] | None
    """Uncertainty to above, in value_unit, >= 0; null where a point has none"""
    value_unit: str
    """1 for shares, such as transit depths; W/m^2/um for fluxes by wavelength; the file's own for others"""
    given_value_unit: str
    """Of the file"""
    given_wavelength_unit: str
    """Of the file"""
    points: int
    """How many"""
    points_without_value: int
    """Of the file, left out"""
    shortest: Annotated[float, Unit("um"), Between(0, None)]
    """First wavelength"""
    longest: Annotated[float, Unit("um"), Between(0, None)]
    """Last wavelength"""


class GenomeFiles(Table, key="url", empty=True, tags="samples"):
    """Files of people's genomes that IGSR's indexes, trees and listings name."""

    url: str
    """Where it is, in one spelling"""
    sample: str | None
    """Whose; null where no list or several samples are said"""
    samples: int
    """How many samples its lists say"""
    data_type: Annotated[str, OneOf("reads", "alignment", "index", "statistics", "variants", "folder", "other")]
    """By the file's name"""
    format: str | None
    """What the file's name ends in, without its compression"""
    bytes: Annotated[int | None, Unit("byte"), Between(0, None)]
    """Size; null where no list says it to the byte, or lists disagree"""
    md5: Annotated[str | None, Pattern("[0-9a-f]{32}")]
    """MD5; null where no list says it, or lists disagree"""
    md5s: Annotated[int, Between(0, 1, "warn")]
    """How many different MD5s its lists say"""
    runs: list[str] | None
    """Runs (SRR, ERR, DRR)"""
    platform: str | None
    """Type of sequencing machine"""
    instrument: str | None
    """Model of sequencing machine"""
    read_count: Annotated[int | None, Between(0, None)]
    """Reads in it"""
    base_count: Annotated[int | None, Unit("bp"), Between(0, None)]
    """Bases in it"""
    analysis_group: str | None
    """Which set of data it belongs to, as the index says"""
    withdrawn: bool
    """Whether an index says that it was withdrawn"""
    lists: list[str]
    """Indexes, trees and listings that name it"""


class Samples(Table, key="sample", empty=True, tags="samples"):
    """People whose genomes IGSR has, of all lists that name them."""

    sample: str
    """HG00096, NA12878 ..."""
    biosample: str | None
    """BioSample accession"""
    sex: Annotated[str | None, OneOf("female", "male")]
    """Sex"""
    population: str | None
    """Code of the population; from an index where no list of samples says it"""
    population_name: str | None
    """Name of the population"""
    superpopulation: str | None
    """Code of the superpopulation"""
    superpopulation_name: str | None
    """Name of the superpopulation"""
    family: str | None
    """Family"""
    father: str | None
    """Father, where he is a sample"""
    mother: str | None
    """Mother, where she is a sample"""
    collections: list[str]
    """Collections that have data of it, as the portal says"""
    platforms: list[str]
    """Types of machine that sequenced it, as the indexes say"""
    files: Annotated[int, Between(0, None)]
    """Its files in core.genome_files"""
    sample_lists: list[str]
    """Lists of samples that know it"""
    file_lists: list[str]
    """Indexes, trees and listings that know it"""
    disagreements: list[str]
    """What the lists of samples say differently"""


class SampleGaps(
    Table,
    key=("list", "other"),
    rules=(Rule("samples = shared + missing", "samples = shared + missing"),),
    empty=True,
    tags="samples",
):
    """Each list of samples or files held against each other, both ways."""

    list: str
    """A list"""
    other: str
    """The one it is held against"""
    samples: int
    """Samples of the list"""
    shared: int
    """Of these, how many the other has"""
    missing: Annotated[int, Between(0, None)]
    """And how many it has not"""
    missing_samples: "list[str]"
    """Which"""


class SampleBalance(Table, key=("list", "superpopulation", "population"), empty=True, tags="samples"):
    """Samples of each population in each list."""

    list: str
    """A list of samples or files, or all of them"""
    superpopulation: str
    """Its code, or its name where it has none; "not said" where no list does"""
    population: str
    """Its code, or its name where it has none; "not said" where no list does"""
    samples: Annotated[int, Between(1, None)]
    """Samples"""
    females: int
    """Of these female"""
    males: int
    """Of these male"""
    sex_not_said: int
    """Of these without a sex in any list"""
    families: int
    """Families that pedigrees say"""
    with_files: int
    """Of these in an index, tree or listing"""
    share: Annotated[float, Unit("1"), Between(0, 1)]
    """Of the list's samples"""


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


class SpaceStudies(Table, key="study", empty=True, tags="astrobiology"):
    """Studies of NASA's Open Science Data Repository: life in space and under its conditions."""

    study: str
    """OSD-1"""
    released_year: Annotated[int | None, Between(1990, 2100, "warn")]
    """When it was released"""
    platform: str | None
    """Affymetrix, Illumina, ..."""
    technology: str | None
    """DNA microarray, RNA sequencing, ..."""
    measurement: str | None
    """transcription profiling, ..."""
    organisms: list[str]
    """As the repository names them"""
    factors: list[str]
    """What was varied"""
    samples: int
    """How many samples the sheets of it name that were asked for"""


class SpaceSamples(Table, empty=True, tags="astrobiology"):
    """What sheets say of samples, a cell a row."""

    study: str
    """GLDS-120 or OSD-120, as the sheet is called"""
    sample: str
    """Sample Name"""
    kind: str
    """Factor Value, Parameter Value, Characteristics, ...; other for plain columns"""
    attribute: str
    """Which"""
    value: str
    """As it stands"""
