"""What the reports on assemblies say, in one form for all tools: names, units, and how each tool writes them."""

from __future__ import annotations

from lake.formats.schema import schema

_REPORTS = """
assembly          text   -        -  The assembly or bin, as the report names it
tool              text   -        -  BUSCO, CheckM, CheckM2, QUAST or GTDB-Tk
version           text   -        -  Of the tool, where the report says it
dataset           text   -        -  Lineage, marker set or model that it was held against
accession         text   -        -  GenBank or RefSeq accession, where lake.toml says it
completeness      real   percent  -  Complete markers; for BUSCO complete single-copy and duplicated ones
contamination     real   percent  -  Contamination as CheckM and CheckM2 estimate it
duplicated        real   percent  -  BUSCO: complete and duplicated markers
fragmented        real   percent  -  BUSCO: fragmented markers
missing           real   percent  -  BUSCO: missing markers
heterogeneity     real   percent  -  CheckM: strain heterogeneity
markers           whole  -        -  Markers that were searched
genome_size       whole  bp       -  Total length
contigs           whole  -        -  Contigs (QUAST: of 500 bp or more)
largest_contig    whole  bp       -  Longest contig
n50               whole  bp       -  N50 of the contigs
gc                real   percent  -  Guanine and cytosine among the bases
coding_density    real   percent  -  Bases in coding sequences
genes             whole  -        -  Predicted genes
misassemblies     whole  -        -  QUAST: against the reference
unknown_bases     real   -        -  QUAST: N's per 100,000 bp
taxonomy          text   -        -  GTDB-Tk: domain to species
closest           text   -        -  GTDB-Tk: accession of the closest reference genome
ani               real   percent  -  GTDB-Tk: average nucleotide identity with it
aligned           real   1        -  GTDB-Tk: alignment fraction with it
note              text   -        -  What the tool remarks
"""
_CONTAMINANTS = """
sequence          text   -        -  The sequence
start             whole  bp       -  First base, from 1
stop              whole  bp       -  Last base
length            whole  bp       -  Of the whole sequence
action            text   -        -  EXCLUDE, TRIM, FIX, REVIEW, ...
division          text   -        -  Taxonomic division that it is taken to come from
coverage          real   percent  -  Of the sequence by alignments to contaminants
taxon             text   -        -  Best taxon
tool              text   -        -  FCS-GX or FCS-adaptor
version           text   -        -  Of the tool, where the report says it
accession         text   -        -  GenBank or RefSeq accession, where lake.toml says it
"""

TABLES = {
    "assembly_reports": schema(_REPORTS, "Line or column of the report"),
    "assembly_contaminants": schema(_CONTAMINANTS),
}

NAMES = {
    "checkm": {
        "Bin Id": "assembly", "Marker lineage": "dataset", "# markers": "markers", "Completeness": "completeness",
        "Contamination": "contamination", "Strain heterogeneity": "heterogeneity", "Genome size (bp)": "genome_size",
        "# contigs": "contigs", "N50 (contigs)": "n50", "Longest contig (bp)": "largest_contig", "GC": "gc",
        "Coding density": "coding_density", "# predicted genes": "genes",
    },
    "checkm2": {
        "Name": "assembly", "Completeness": "completeness", "Contamination": "contamination",
        "Completeness_Model_Used": "dataset", "Genome_Size": "genome_size", "Contig_N50": "n50", "GC_Content": "gc",
        "Coding_Density": "coding_density", "Total_Coding_Sequences": "genes", "Total_Contigs": "contigs",
        "Max_Contig_Length": "largest_contig", "Additional_Notes": "note",
    },
    "gtdbtk": {
        "user_genome": "assembly", "classification": "taxonomy", "closest_genome_reference": "closest",
        "fastani_reference": "closest", "closest_genome_ani": "ani", "fastani_ani": "ani",
        "closest_genome_af": "aligned", "fastani_af": "aligned", "warnings": "note",
    },
    "quast": {
        "Assembly": "assembly", "# contigs": "contigs", "Largest contig": "largest_contig",
        "Total length": "genome_size", "GC (%)": "gc", "N50": "n50",
        "# misassemblies": "misassemblies", "# N's per 100 kbp": "unknown_bases",
    },
    "fcs_gx": {
        "seq_id": "sequence", "start_pos": "start", "end_pos": "stop", "seq_len": "length", "div": "division",
        "agg_cont_cov": "coverage", "top_tax_name": "taxon",
    },
    "fcs_adaptor": {"accession": "sequence", "name": "taxon"},
}  # fmt: skip
"""How each tool names these columns; others are left out."""
FRACTIONS = {"checkm2": ("gc", "coding_density")}
"""Columns that a tool gives as fractions of 1, and not in percent."""
