"""The raw tables of ENA: a record a row, and the files of runs."""

from __future__ import annotations

from lake.formats.schema import Tables

_RECORDS = """
accession                   text    -   -           Its accession without version; of studies PRJ..., of samples SAM...
kind                        text    -   -           run, experiment, sample, study, assembly or sequence
version                     bigint  -   -           Of a sequence or assembly
secondary_accession         text    -   -           Its other accession: of studies SRP..., of samples SRS...
description                 text    -   -           Title or description
taxon_id                    bigint  -   tax_id      In the NCBI taxonomy
scientific_name             text    -   -           Of the organism
bases                       bigint  bp  base_count  Bases of a run's or experiment's reads, or of a sequence
reads                       bigint  -   read_count  Reads as ENA counts them: a pair is one (ENA-SPOT-COUNT)
study_accession             text    -   -           PRJNA514051
secondary_study_accession   text    -   -           SRP178136
sample_accession            text    -   -           SAMN10716684
secondary_sample_accession  text    -   -           SRS4237519
experiment_accession        text    -   -           SRX5234128
run_accession               text    -   -           SRR8426358
assembly_accession          text    -   -           GCA_000005845, without version
library_strategy            text    -   -           RNA-Seq, WGS, AMPLICON ...
library_source              text    -   -           GENOMIC, TRANSCRIPTOMIC, METAGENOMIC ...
library_selection           text    -   -           PCR, cDNA, RANDOM ...
library_layout              text    -   -           PAIRED or SINGLE
instrument_platform         text    -   -           ILLUMINA, OXFORD_NANOPORE ...
instrument_model            text    -   -           As ENA has it
molecule                    text    -   mol_type    Of a sequence: genomic DNA, mRNA ...
center_name                 text    -   -           Who submitted it
first_public                text    -   -           Day, yyyy-mm-dd
last_updated                text    -   -           Day, yyyy-mm-dd
"""
_FILES = """
run_accession  text    -     -  The run
kind           text    -     -  fastq: ENA's own; submitted: as they came
number         bigint  -     -  Which of the run's files of this kind, from 1
url            text    -     -  ftp://ftp.sra.ebi.ac.uk/...
bytes          bigint  byte  -  Its size
md5            text    -     -  Its checksum
"""
_ATTRIBUTES = """
accession  text    -  -  The record's: of samples SAM..., of studies PRJ...
kind       text    -  -  run, experiment, sample, study ...
number     bigint  -  -  Which of the record's attributes, from 1
tag        text    -  -  What is said, as the submitter or ENA names it: depth, tissue, ENA-SPOT-COUNT
value      text    -  -  As it stands
units      text    -  -  Its unit, where one is given apart
"""
_RECORD = "_record  bigint  -  -  Which record of the answer, from 1; of TSV the line"

TABLES = Tables(
    {"ena_records": _RECORD + _RECORDS, "ena_files": _RECORD + _FILES, "ena_attributes": _RECORD + _ATTRIBUTES}
)

SETS = ("RUN_SET", "EXPERIMENT_SET", "SAMPLE_SET", "STUDY_SET", "PROJECT_SET")
"""What documents of XML begin with."""
KEYS = {
    "read_run": ("run", ("run_accession",)),
    "read_experiment": ("experiment", ("experiment_accession",)),
    "read_study": ("study", ("study_accession", "secondary_study_accession")),
    "study": ("study", ("study_accession", "secondary_study_accession")),
    "sample": ("sample", ("sample_accession", "secondary_sample_accession")),
    "assembly": ("assembly", ("accession", "assembly_accession")),
    "sequence": ("sequence", ("accession",)),
}
"""Of each result of a search: what its records are, and the fields that name one; the second is its other accession."""
FILES = ("fastq", "submitted")
