"""The raw tables of GTDB. Source: the FILE_DESCRIPTIONS.txt of its releases.

Other columns of the metadata are kept as text, under their own names.
"""

from __future__ import annotations

from lake.formats.schema import Tables

_TAXONOMY = """
release    text  -  -  GTDB release
accession  text  -  -  Genome: RS_ or GB_ and its RefSeq or GenBank accession
lineage    text  -  -  d__...;p__...;c__...;o__...;f__...;g__...;s__...
"""
_METADATA = """
release                          text     -        -              GTDB release
accession                        text     -        -              Genome: RS_ or GB_ and its RefSeq or GenBank accession
lineage                          text     -        gtdb_taxonomy  d__...;p__...;c__...;o__...;f__...;g__...;s__...
gtdb_genome_representative       text     -        -              Representative of its species cluster
gtdb_representative              boolean  -        -              Whether this genome is the representative
checkm_completeness              double   percent  -              By CheckM
checkm_contamination             double   percent  -              By CheckM
checkm_strain_heterogeneity      double   percent  -              By CheckM
checkm_marker_lineage            text     -        -              Marker set of CheckM
checkm2_completeness             double   percent  -              By CheckM2
checkm2_contamination            double   percent  -              By CheckM2
checkm2_model                    text     -        -              Model of CheckM2
genome_size                      bigint   bp       -              Total length
contig_count                     bigint   -        -              Contigs
scaffold_count                   bigint   -        -              Scaffolds
n50_contigs                      bigint   bp       -              N50 of the contigs
n50_scaffolds                    bigint   bp       -              N50 of the scaffolds
l50_contigs                      bigint   -        -              L50 of the contigs
longest_contig                   bigint   bp       -              Longest contig
longest_scaffold                 bigint   bp       -              Longest scaffold
mean_contig_length               double   bp       -              Mean length of the contigs
ambiguous_bases                  bigint   bp       -              Bases that are not A, C, G or T
gc_count                         bigint   bp       -              Guanine and cytosine
gc_percentage                    double   percent  -              Guanine and cytosine among the bases
coding_bases                     bigint   bp       -              Bases in coding sequences
coding_density                   double   percent  -              Bases in coding sequences
protein_count                    bigint   -        -              Predicted proteins
ssu_count                        bigint   -        -              Genes of 16S rRNA
trna_count                       bigint   -        -              Genes of tRNA
total_gap_length                 bigint   bp       -              Gaps
mimag_high_quality               boolean  -        -              High quality by MIMAG (doi:10.1038/nbt.3893)
mimag_medium_quality             boolean  -        -              Medium quality by MIMAG
mimag_low_quality                boolean  -        -              Low quality by MIMAG
ncbi_genbank_assembly_accession  text     -        -              GenBank accession
ncbi_assembly_level              text     -        -              Complete Genome, Chromosome, Scaffold or Contig
ncbi_assembly_name               text     -        -              Name of the assembly
ncbi_genome_category             text     -        -              derived from metagenome, from single cell, ...
ncbi_organism_name               text     -        -              Organism at NCBI
ncbi_strain_identifiers          text     -        -              Strain at NCBI
ncbi_taxid                       bigint   -        -              NCBI taxon
ncbi_species_taxid               bigint   -        -              NCBI taxon of the species
ncbi_isolation_source            text     -        -              What it was isolated from
ncbi_country                     text     -        -              Where
ncbi_lat_lon                     text     -        -              Where, in degrees
"""

PATTERNS = {"lineage": r"^d__[^;]*;p__[^;]*;c__[^;]*;o__[^;]*;f__[^;]*;g__[^;]*;s__[^;]*$"}
TABLES = Tables({"gtdb_taxonomy": _TAXONOMY, "gtdb_metadata": _METADATA})
