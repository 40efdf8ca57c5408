"""What the columns of GEM's table of genomes are. Sources: docs/sources/jgi_gems.md."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from lake.formats.schema import schema

_GENOMES = """
genome_id           text   -        -          Genome: the metagenome's id, "_" and a number
metagenome_id       text   -        -          Metagenome that it was assembled from: IMG taxon id
genome_length       whole  bp       -          Total length
num_contigs         whole  -        -          Contigs
n50                 whole  bp       -          N50 of the contigs
num_16s             whole  -        -          Genes of 16S rRNA
num_5s              whole  -        -          Genes of 5S rRNA
num_23s             whole  -        -          Genes of 23S rRNA
num_trna            whole  -        -          Genes of tRNA
completeness        real   percent  -          By CheckM
contamination       real   percent  -          By CheckM
quality_score       real   percent  -          completeness - 5 x contamination
mimag_quality       text   -        -          HQ or MQ: high or medium quality by MIMAG (doi:10.1038/nbt.3893)
otu_id              text   -        -          Cluster of genomes at the level of species
lineage             text   -        {lineage}  d__...;p__...;c__...;o__...;f__...;g__...;s__..., by GTDB-Tk
ecosystem           text   -        -          Of the metagenome; only in the layout that has a column taxonomy too
ecosystem_category  text   -        -          Of the metagenome: Aquatic, Human, ...
ecosystem_type      text   -        -          Of the metagenome: Marine, Soil, ...
habitat             text   -        -          Of the metagenome: Deep ocean, ...
longitude           real   degree   -          Of the sample; the datum is not said
latitude            real   degree   -          Of the sample; the datum is not said
"""

PATTERNS = {
    "genome_id": r"^\d+_\d+$",  # so that it is no key of a genome at NCBI, nine digits
    "lineage": r"^d__[^;]*;p__[^;]*;c__[^;]*;o__[^;]*;f__[^;]*;g__[^;]*;s__[^;]*$",
}


def genomes(lineage: str) -> pa.Schema:
    """The table's schema, by the name of the column that holds the lineage: taxonomy, or in later files ecosystem."""
    return schema(_GENOMES.format(lineage=lineage))


TABLES: Mapping[str, pa.Schema] = {"jgi_gems_genomes": genomes("taxonomy")}
