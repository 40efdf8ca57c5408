"""Records and files of sequences, as ENA has them."""

from typing import Annotated

from lake.contract import Between, OneOf, Pattern, References, Table, Unit


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
