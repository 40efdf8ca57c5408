"""How good what others made is: reports on assemblies."""

from typing import Annotated

from lake.contract import Between, OneOf, Pattern, Table, Unit

_PERCENT = Between(0, 100)


class Assemblies(Table, empty=True, tags="genomes"):
    """What each tool says of an assembly: one row a tool, its dataset and an assembly."""

    accession: Annotated[str | None, Pattern(r"GC[AF]_\d{9}\.\d+")]
    """GenBank or RefSeq accession, where the report or lake.toml says it"""
    assembly: str
    """As the report names it"""
    tool: Annotated[str, OneOf("BUSCO", "CheckM", "CheckM2", "QUAST", "GTDB-Tk")]
    """Who says so"""
    version: str | None
    """Of the tool"""
    dataset: str | None
    """What it was held against: a lineage, a set of markers, a model, a release of GTDB"""
    completeness: Annotated[float | None, Unit("percent"), _PERCENT]
    """Complete markers; for BUSCO single-copy and duplicated ones"""
    contamination: Annotated[float | None, Unit("percent"), Between(0, None)]
    """Above 100 where several genomes are mixed"""
    duplicated: Annotated[float | None, Unit("percent"), _PERCENT]
    """BUSCO: complete and duplicated markers"""
    fragmented: Annotated[float | None, Unit("percent"), _PERCENT]
    """BUSCO: fragmented markers"""
    missing: Annotated[float | None, Unit("percent"), _PERCENT]
    """BUSCO: missing markers"""
    heterogeneity: Annotated[float | None, Unit("percent"), _PERCENT]
    """CheckM: strain heterogeneity"""
    genome_size: Annotated[int | None, Unit("bp"), Between(0, None)]
    """Total length"""
    contigs: int | None
    """QUAST: of 500 bp or more"""
    n50: Annotated[int | None, Unit("bp"), Between(0, None)]
    """N50 of the contigs"""
    gc: Annotated[float | None, Unit("percent"), _PERCENT]
    """Guanine and cytosine among the bases"""
    coding_density: Annotated[float | None, Unit("percent"), _PERCENT]
    """Bases in coding sequences"""
    genes: int | None
    """Predicted genes"""
    misassemblies: int | None
    """QUAST: against the reference"""
    taxonomy: str | None
    """GTDB-Tk's, or GTDB's: domain to species"""
    closest: str | None
    """GTDB-Tk: closest reference genome"""
    ani: Annotated[float | None, Unit("percent"), _PERCENT]
    """GTDB-Tk: average nucleotide identity with it"""
    note: str | None
    """What the tool remarks"""
    report: str
    """The source's name of the report; gtdb for GTDB's tables"""


class NoteCoverage(Table, key="kind", tags="notes"):
    """How well the notes on how data was made cover the eight kinds."""

    kind: str
    """As in seeds.process_notes"""
    target: int
    """How many there should be"""
    notes: int
    """How many there are"""
    with_source: int
    """Of these with a DOI or URL"""
    subjects: int
    """How many tables, columns and sources they are about"""
    coverage: Annotated[float, Unit("1"), Between(0, 1)]
    """notes / target, at most 1"""
