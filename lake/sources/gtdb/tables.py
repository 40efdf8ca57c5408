"""What the columns of GTDB's tables are. Source: the FILE_DESCRIPTIONS.txt of its releases.

Other columns of the metadata are kept as text, by their own names.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from lake.formats.schema import schema

_TAXONOMY = """
release    text  -  -  GTDB release
accession  text  -  -  Genome: RS_ or GB_ and its RefSeq or GenBank accession
lineage    text  -  -  d__...;p__...;c__...;o__...;f__...;g__...;s__...
"""
_METADATA = """
release                     text   -        -               GTDB release
accession                   text   -        -               Genome: RS_ or GB_ and its RefSeq or GenBank accession
lineage                     text   -        gtdb_taxonomy   d__...;p__...;c__...;o__...;f__...;g__...;s__...
gtdb_genome_representative  text   -        -               Representative of its species cluster
gtdb_representative         truth  -        -               Whether it is that itself
checkm_completeness         real   percent  -               By CheckM
checkm_contamination        real   percent  -               By CheckM
checkm_strain_heterogeneity real   percent  -               By CheckM
checkm_marker_lineage       text   -        -               Marker set of CheckM
checkm2_completeness        real   percent  -               By CheckM2
checkm2_contamination       real   percent  -               By CheckM2
checkm2_model               text   -        -               Model of CheckM2
genome_size                 whole  bp       -               Total length
contig_count                whole  -        -               Contigs
scaffold_count              whole  -        -               Scaffolds
n50_contigs                 whole  bp       -               N50 of the contigs
n50_scaffolds               whole  bp       -               N50 of the scaffolds
l50_contigs                 whole  -        -               L50 of the contigs
longest_contig              whole  bp       -               Longest contig
longest_scaffold            whole  bp       -               Longest scaffold
mean_contig_length          real   bp       -               Mean length of the contigs
ambiguous_bases             whole  bp       -               Bases that are not A, C, G or T
gc_count                    whole  bp       -               Guanine and cytosine
gc_percentage               real   percent  -               Guanine and cytosine among the bases
coding_bases                whole  bp       -               Bases in coding sequences
coding_density              real   percent  -               Bases in coding sequences
protein_count               whole  -        -               Predicted proteins
ssu_count                   whole  -        -               Genes of 16S rRNA
trna_count                  whole  -        -               Genes of tRNA
total_gap_length            whole  bp       -               Gaps
mimag_high_quality          truth  -        -               High quality by MIMAG (doi:10.1038/nbt.3893)
mimag_medium_quality        truth  -        -               Medium quality by MIMAG
mimag_low_quality           truth  -        -               Low quality by MIMAG
ncbi_genbank_assembly_accession  text  -    -               GenBank accession
ncbi_assembly_level         text   -        -               Complete Genome, Chromosome, Scaffold or Contig
ncbi_assembly_name          text   -        -               Name of the assembly
ncbi_genome_category        text   -        -               derived from metagenome, from single cell, ...
ncbi_organism_name          text   -        -               Organism at NCBI
ncbi_strain_identifiers     text   -        -               Strain at NCBI
ncbi_taxid                  whole  -        -               NCBI taxon
ncbi_species_taxid          whole  -        -               NCBI taxon of the species
ncbi_isolation_source       text   -        -               What it was isolated from
ncbi_country                text   -        -               Where
ncbi_lat_lon                text   -        -               Where, in degrees
"""

PATTERNS = {"lineage": r"^d__[^;]*;p__[^;]*;c__[^;]*;o__[^;]*;f__[^;]*;g__[^;]*;s__[^;]*$"}
TABLES: Mapping[str, pa.Schema] = {"gtdb_taxonomy": schema(_TAXONOMY), "gtdb_metadata": schema(_METADATA)}
