"""Genomes, their accessions and sequences, and strains."""

import datetime
from typing import Annotated

from lake.contract import Between, OneOf, Pattern, References, Table, Unit

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
