"""The raw tables of IGSR's indexes, lists of samples and listings, the same for all their versions.

Sources: https://ftp.1000genomes.ebi.ac.uk/vol1/ftp/README_file_formats_and_descriptions.md, and the `##` lines that
open each index.
"""

from __future__ import annotations

from collections.abc import Mapping

from lake.formats.schema import Tables

_PATHS = "ENA_FILE_PATH|ENA FILE PATH|FASTQ_FILE|DATA_FILE_PATH|FILE_PATH|BAM_FILE|CRAM_FILE"
_ALIGNED = "BAM FILE|BAM|CRAM FILE|CRAM|FILE_NAME|FILE NAME|FILE|name|url"
_NAMES = "Sample name|SampleID|sampleID|Individual ID|IndividualID|Sample|sample|SAMPLE|SAMPLE_NAME"
_SEQUENCES = """
list             text     -   -                      The index: its path below the archive's root, or its URL
path             text     -   {paths}                The file: a URL, or a path below the root
md5              text     -   MD5SUM|MD5|md5         Its MD5
run_id           text     -   RUN_ID|SRA Run ID      Run (SRR, ERR, DRR)
study_id         text     -   STUDY_ID               Study
study_name       text     -   STUDY_NAME             Name of the study
center           text     -   CENTER_NAME            Who submitted it
submission_id    text     -   SUBMISSION_ID          Submission
submission_date  text     -   SUBMISSION_DATE        When it was submitted, as each index writes it
sample_id        text     -   SAMPLE_ID              Sample accession at SRA or ENA
sample_name      text     -   SAMPLE_NAME|Sample     Sample, as the submitter names it
population       text     -   POPULATION|Population  Population
unnamed          text     -   -                      A column for which the index has no name
experiment_id    text     -   EXPERIMENT_ID          Experiment
platform         text     -   INSTRUMENT_PLATFORM    Type of sequencing machine
instrument       text     -   INSTRUMENT_MODEL       Model of sequencing machine
library          text     -   LIBRARY_NAME           Library
run_name         text     -   RUN_NAME               Run, as the machine names it
run_block        text     -   RUN_BLOCK_NAME         Sector of the machine's run; no longer recorded
insert_size      double   bp  INSERT_SIZE            Insert size that the submitter states
paired_length    double   bp  PAIRED_LENGTH          In place of the insert size, in the index of Complete Genomics
library_layout   text     -   LIBRARY_LAYOUT         PAIRED or SINGLE
paired_fastq     text     -   PAIRED_FASTQ           File of the mates
withdrawn        boolean  -   WITHDRAWN              Whether the file was withdrawn
withdrawn_date   text     -   WITHDRAWN_DATE         When
comment          text     -   COMMENT                Why
read_count       bigint   -   READ_COUNT             Reads in the file
base_count       bigint   bp  BASE_COUNT             Bases in the file
analysis_group   text     -   ANALYSIS_GROUP         The set of data it belongs to
directory        text     -   DIRECTORY              Folder of the run, in an index of folders
"""
_FILES = """
list             text  -  -                         The index: its path below the archive's root, or its URL
path             text  -  {paths}                   The file: a URL, or a path below the root
md5              text  -  BAM MD5|BAM_MD5|CRAM MD5|CRAM_MD5|MD5|MD5SUM|md5  Its MD5
index_path       text  -  BAI FILE|BAI_FILE|BAI|CRAI FILE|CRAI_FILE|CRAI  Index of the file
index_md5        text  -  BAI MD5|BAI_MD5|CRAI MD5|CRAI_MD5  MD5 of the index
statistics_path  text  -  BAS FILE|BAS_FILE|BAS     Statistics of each read group of the file
statistics_md5   text  -  BAS MD5|BAS_MD5           MD5 of the statistics
sample_name      text  -  Sample|SAMPLE|SAMPLE_NAME  Sample
population       text  -  Population|POPULATION     Population
collection       text  -  Data collection           Collection, in the portal's lists of files
data_type        text  -  Data type                 Type of data, in the portal's lists of files
analysis_group   text  -  Analysis group|ANALYSIS_GROUP  The set of data it belongs to
"""
_SAMPLES = """
list                  text  -  -                         The list: its path below the archive's root, or its URL
sample                text  -  {names}                   Sample
sex                   text  -  Sex|sex|Gender|gender     male or female; 1 or 2 in a pedigree
biosample             text  -  Biosample ID|BioSample    BioSample accession
family                text  -  FamilyID|familyID|Family ID  Family
father                text  -  FatherID|fatherID|Paternal ID  Father; null if he is not among the samples
mother                text  -  MotherID|motherID|Maternal ID  Mother; null if she is not among the samples
population            text  -  Population code|Population|population|pop  Population; several separated by commas
population_name       text  -  Population name|Population Description  Its name
superpopulation       text  -  Superpopulation code|Superpopulation|superpopulation|super_pop  Superpopulation
superpopulation_name  text  -  Superpopulation name      Its name
population_id         text  -  Population elastic ID     The portal's own id of it
platforms             text  -  Platform|platform         Platforms, in a panel without a header
phenotype             text  -  Phenotype|phenotype       Phenotype, in a pedigree
relationship          text  -  Relationship|relationship  Role in the family
collections           text  -  Data collections          Collections with data of it, separated by commas
"""
_TREE = """
_record   bigint  -     -  Number of the entry in the listing, or of the line in the tree, from 1
list      text    -     -  The tree, or the listing in lake.toml that it belongs to
path      text    -     -  The entry: a URL, or a path that begins with ftp/
kind      text    -     -  file or directory
bytes     bigint  byte  -  Size, if it is given in bytes
size      text    -     -  Size as the listing shows it, rounded: 1.2G
modified  text    -     -  Time of the last change, as each listing writes it
md5       text    -     -  Its MD5, from a tree
"""
TABLES = Tables(
    {
        "igsr_sequences": _SEQUENCES.format(paths=_PATHS),
        "igsr_files": _FILES.format(paths=f"{_PATHS}|{_ALIGNED}"),
        "igsr_samples": _SAMPLES.format(names=_NAMES),
        "igsr_tree": _TREE,
    }
)

_RUN = "run_id study_id study_name center submission_id submission_date sample_id sample_name population"
_MACHINE = "experiment_id platform instrument library run_name"
_END = "read_count base_count analysis_group"
WITHOUT_HEADER: Mapping[str, Mapping[int, tuple[str, ...]]] = {  # the columns of each table, by how many there are
    "igsr_sequences": {
        21: (*f"path md5 {_RUN} {_MACHINE} library_layout paired_fastq {_END}".split(),),
        22: (*f"path md5 {_RUN} {_MACHINE} insert_size library_layout paired_fastq {_END}".split(),),
        23: (*f"path md5 {_RUN} unnamed {_MACHINE} insert_size library_layout paired_fastq {_END}".split(),),
        26: (
            *f"path md5 {_RUN} {_MACHINE} run_block insert_size library_layout paired_fastq".split(),
            *f"withdrawn withdrawn_date comment {_END}".split(),
        ),
    },
    "igsr_files": {
        2: ("path", "md5"),
        4: ("path", "md5", "index_path", "index_md5"),
        6: ("path", "md5", "index_path", "index_md5", "statistics_path", "statistics_md5"),
    },
    "igsr_samples": {
        3: ("sample", "population", "superpopulation"),
        4: ("sample", "population", "superpopulation", "platforms"),
        6: ("family", "sample", "father", "mother", "sex", "phenotype"),
        7: ("family", "sample", "father", "mother", "sex", "population", "superpopulation"),
    },
    "igsr_tree": {5: ("path", "kind", "bytes", "modified", "md5")},
}
PATTERNS: Mapping[str, Mapping[str, str]] = {  # that the columns of a file without a header must match
    "igsr_sequences": {
        "md5": "^[0-9a-f]{32}$",
        "run_id": r"^[DES]RR\d+$",
        "experiment_id": r"^[DES]RX\d+$",
        "library_layout": "^(PAIRED|SINGLE)$",
    },
    "igsr_files": {"md5": "^[0-9a-f]{32}$", "index_md5": "^[0-9a-f]{32}$", "statistics_md5": "^[0-9a-f]{32}$"},
    "igsr_samples": {"superpopulation": "^[A-Z]{3}$"},
    "igsr_tree": {"kind": "^(file|directory|link)$"},
}
