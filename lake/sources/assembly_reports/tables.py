"""The raw tables of reports on assemblies, the same for all tools, and the names that each tool uses."""

from __future__ import annotations

from lake.formats.schema import Tables

_REPORTS = """
_record         bigint  -        -  Line or column of the report
assembly        text    -        -  The assembly or bin, as the report names it
tool            text    -        -  BUSCO, CheckM, CheckM2, QUAST or GTDB-Tk
version         text    -        -  Of the tool, where the report states it
dataset         text    -        -  Lineage, marker set or model that it was compared with
accession       text    -        -  GenBank or RefSeq accession, where lake.toml gives it
completeness    double  percent  -  Complete markers; for BUSCO complete single-copy and duplicated ones
contamination   double  percent  -  Contamination as CheckM and CheckM2 estimate it
duplicated      double  percent  -  BUSCO: complete and duplicated markers
fragmented      double  percent  -  BUSCO: fragmented markers
missing         double  percent  -  BUSCO: missing markers
heterogeneity   double  percent  -  CheckM: strain heterogeneity
markers         bigint  -        -  Markers that were searched
genome_size     bigint  bp       -  Total length
contigs         bigint  -        -  Contigs (QUAST: of 500 bp or more)
largest_contig  bigint  bp       -  Longest contig
n50             bigint  bp       -  N50 of the contigs
gc              double  percent  -  Guanine and cytosine among the bases
coding_density  double  percent  -  Bases in coding sequences
genes           bigint  -        -  Predicted genes
misassemblies   bigint  -        -  QUAST: against the reference
unknown_bases   double  -        -  QUAST: N's per 100,000 bp
taxonomy        text    -        -  GTDB-Tk: domain to species
closest         text    -        -  GTDB-Tk: accession of the closest reference genome
ani             double  percent  -  GTDB-Tk: average nucleotide identity with it
aligned         double  1        -  GTDB-Tk: alignment fraction with it
note            text    -        -  Remarks of the tool
"""
_CONTAMINANTS = """
sequence   text    -        -  The sequence
start      bigint  bp       -  First base, from 1
stop       bigint  bp       -  Last base
length     bigint  bp       -  Of the whole sequence
action     text    -        -  EXCLUDE, TRIM, FIX, REVIEW, ...
division   text    -        -  Taxonomic division of the likely contaminant
coverage   double  percent  -  Of the sequence by alignments to contaminants
taxon      text    -        -  Best taxon
tool       text    -        -  FCS-GX or FCS-adaptor
version    text    -        -  Of the tool, where the report states it
accession  text    -        -  GenBank or RefSeq accession, where lake.toml gives it
"""

TABLES = Tables({"assembly_reports": _REPORTS, "assembly_contaminants": _CONTAMINANTS})

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
"""The names that each tool gives these columns; further columns are not read."""
FRACTIONS = {"checkm2": ("gc", "coding_density")}
"""Columns that a tool gives as fractions of 1, not in percent."""
