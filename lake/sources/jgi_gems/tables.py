"""The raw table of GEM's genomes. Sources: docs/sources/jgi_gems.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lake.formats.schema import Tables, schema

if TYPE_CHECKING:
    import pyarrow as pa

_GENOMES = """
genome_id           text    -        -          Genome: the metagenome's id, "_" and a number
metagenome_id       text    -        -          Metagenome that it was assembled from: IMG taxon id
genome_length       bigint  bp       -          Total length
num_contigs         bigint  -        -          Contigs
n50                 bigint  bp       -          N50 of the contigs
num_16s             bigint  -        -          Genes of 16S rRNA
num_5s              bigint  -        -          Genes of 5S rRNA
num_23s             bigint  -        -          Genes of 23S rRNA
num_trna            bigint  -        -          Genes of tRNA
completeness        double  percent  -          By CheckM
contamination       double  percent  -          By CheckM
quality_score       double  percent  -          completeness - 5 x contamination
mimag_quality       text    -        -          HQ or MQ: high or medium quality by MIMAG (doi:10.1038/nbt.3893)
otu_id              text    -        -          Cluster of genomes at the level of species
lineage             text    -        {lineage}  d__...;p__...;c__...;o__...;f__...;g__...;s__..., by GTDB-Tk
ecosystem           text    -        -          Of the metagenome; only in the layout that also has a column taxonomy
ecosystem_category  text    -        -          Of the metagenome: Aquatic, Human, ...
ecosystem_type      text    -        -          Of the metagenome: Marine, Soil, ...
habitat             text    -        -          Of the metagenome: Deep ocean, ...
longitude           double  degree   -          Of the sample; the geodetic datum is not stated
latitude            double  degree   -          Of the sample; the geodetic datum is not stated
"""

PATTERNS = {
    "genome_id": r"^\d+_\d+$",  # which excludes NCBI's keys of genomes: nine digits
    "lineage": r"^d__[^;]*;p__[^;]*;c__[^;]*;o__[^;]*;f__[^;]*;g__[^;]*;s__[^;]*$",
}


def genomes(lineage: str) -> pa.Schema:
    """The table's schema, by the name of the column that holds the lineage: taxonomy, or in later files ecosystem."""
    return schema(_GENOMES.format(lineage=lineage))


TABLES = Tables({"jgi_gems_genomes": _GENOMES.format(lineage="taxonomy")})
