"""What the columns of the 1000 Genomes' and IGSR's lists are, all by name: lists differ in which they have."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from lake.sources.schemas import schema

_RUNS = """
run            text   -   RUN_ID                     Sequencing run at ENA
file           text   -   ENA_FILE_PATH|FASTQ_FILE   Its file
md5            text   -   MD5SUM|MD5                 Of the file
study          text   -   STUDY_ID                   Study at ENA
study_name     text   -   STUDY_NAME                 Its title
center         text   -   CENTER_NAME                Who sequenced
submission     text   -   SUBMISSION_ID              Submission at ENA
submitted      text   -   SUBMISSION_DATE            When, as the list writes it
sample_id      text   -   SAMPLE_ID                  Sample at ENA
sample         text   -   SAMPLE_NAME                Sample
population     text   -   POPULATION                 Code of its population
experiment     text   -   EXPERIMENT_ID              Experiment at ENA
platform       text   -   INSTRUMENT_PLATFORM        ILLUMINA, ...
instrument     text   -   INSTRUMENT_MODEL           Illumina NovaSeq 6000, ...
library        text   -   LIBRARY_NAME               Library
run_name       text   -   RUN_NAME                   Run, as its centre names it
insert_size    real   bp  INSERT_SIZE                Length of the fragments
layout         text   -   LIBRARY_LAYOUT             SINGLE or PAIRED
paired_file    text   -   PAIRED_FASTQ               File of the other ends
withdrawn      truth  -   WITHDRAWN                  Whether the project took it back
reads          whole  -   READ_COUNT                 Reads
bases          whole  bp  BASE_COUNT                 Bases
analysis_group text   -   ANALYSIS_GROUP             high_cov, low coverage, exome, ...
directory      text   -   DIRECTORY                  Folder, where the list names no file
"""
_ALIGNMENTS = """
file            text  -  BAM FILE|CRAM|FILE_NAME  Alignment, BAM or CRAM
md5             text  -  BAM MD5|CRAM_MD5|MD5     Of it
index_file      text  -  BAI FILE|CRAI            Its index
index_md5       text  -  BAI MD5|CRAI_MD5         Of it
statistics_file text  -  BAS FILE|BAS             Its statistics
statistics_md5  text  -  BAS MD5|BAS_MD5          Of it
"""
_SAMPLES = """
sample               text  -  Sample name|sample|SampleID|Individual ID       Sample
list                 text  -  -                                               samples, panel or pedigree
sex                  text  -  Sex|gender|Gender                               As the list writes it: 1 is male, 2 female
biosample            text  -  Biosample ID                                    At BioSamples
population           text  -  Population code|pop|Population                  Code
population_name      text  -  Population name                                 Name
superpopulation      text  -  Superpopulation code|super_pop|Superpopulation  Code
superpopulation_name text  -  Superpopulation name                            Name
collections          text  -  Data collections                                Parted by commas
family               text  -  FamilyID|Family ID                              Family
father               text  -  FatherID|Paternal ID                            Sample; 0: none
mother               text  -  MotherID|Maternal ID                            Sample; 0: none
relationship         text  -  Relationship                                    Within the family
"""
_FILES = """
path      text   -   -  Path
kind      text   -   -  file or directory
bytes     whole  B   -  Size, where the list says it exactly
size      text   -   -  Size, as the list writes it
modified  text   -   -  When, as the list writes it
md5       text   -   -  Of the file
"""

TABLES: Mapping[str, pa.Schema] = {
    "igsr_runs": schema(_RUNS),
    "igsr_alignments": schema(_ALIGNMENTS),
    "igsr_samples": schema(_SAMPLES),
    "igsr_files": schema(_FILES),
}
RELATED = (  # the columns of an index without a header, which has 23: one more than others have, after POPULATION
    *("file", "md5", "run", "study", "study_name", "center", "submission", "submitted", "sample_id", "sample"),
    *("population", "after_population", "experiment", "platform", "instrument", "library", "run_name", "insert_size"),
    *("layout", "paired_file", "reads", "bases", "analysis_group"),
)
