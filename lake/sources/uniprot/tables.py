"""The raw tables of UniProt: an entry a row, and its cross-references."""

from __future__ import annotations

from lake.formats.schema import Tables

_ENTRIES = """
accession             text     -   -  Primary accession: P0A7D4
entry_name            text     -   -  PURA_ECOLI
reviewed              boolean  -   -  Whether it is in Swiss-Prot; otherwise it is in TrEMBL
protein_name          text     -   -  Recommended name, or the first submitted one; \
in TSV only if it is the only name
protein_names         text     -   -  All its names in one text, in TSV; null in other formats
gene                  text     -   -  Primary name of its first gene
organism              text     -   -  Scientific name, followed by common name and synonyms in parentheses
taxon_id              bigint   -   -  In the NCBI taxonomy
length                bigint   1   -  Amino acids of the sequence
mass                  bigint   Da  -  Of the sequence without modifications
fragment              boolean  -   -  Whether the sequence is incomplete; null in TSV without this column
existence             bigint   -   -  1 evidence of the protein, 2 of a transcript, 3 homology, 4 predicted, 5 uncertain
version               bigint   -   -  Of the entry
sequence_version      bigint   -   -  Of the sequence
checksum              text     -   -  CRC64 of the sequence; TSV does not have it
created               text     -   -  Day of its integration, yyyy-mm-dd
modified              text     -   -  Day of its last change
sequence_modified     text     -   -  Day of the sequence's last change
secondary_accessions  text[]   -   -  Former accessions; TSV does not have them
ordered_loci          text[]   -   -  Ordered locus names of its genes, sorted: b0002
ec_numbers            text[]   -   -  EC numbers of its names, sorted, including partial ones: 3.2.2.-; \
null if TSV lacks the column
kegg_ids              text[]   -   -  KEGG genes, sorted: eco:b0002; null if TSV lacks the column
go_ids                text[]   -   -  Terms of the Gene Ontology, sorted: GO:0005829; null if TSV lacks the column
"""
_XREFS = """
accession   text    -  -  The entry's primary accession
version     bigint  -  -  The entry's version
database    text    -  -  KEGG, EC, GO, EMBL (which ENA, GenBank and DDBJ share), RefSeq, PDB, ...
id          text    -  -  Identifier in that database, as UniProt writes it
protein_id  text    -  -  For EMBL: the protein that the nucleotide entry encodes, with its version
"""
_RECORD = "_record  bigint  -  -  Number of the entry in the answer, from 1; in TSV its line"

TABLES = Tables({"uniprot_entries": _RECORD + _ENTRIES, "uniprot_xrefs": _RECORD + _XREFS})

HEADINGS = {
    "entry": "accession",
    "entry name": "entry_name",
    "reviewed": "reviewed",
    "status": "reviewed",
    "protein names": "protein_names",
    "gene names (primary)": "gene",
    "gene names (ordered locus)": "ordered_loci",
    "organism": "organism",
    "organism (id)": "taxon_id",
    "organism id": "taxon_id",
    "length": "length",
    "mass": "mass",
    "fragment": "fragment",
    "protein existence": "existence",
    "entry version": "version",
    "version (entry)": "version",
    "sequence version": "sequence_version",
    "version (sequence)": "sequence_version",
    "date of creation": "created",
    "date created": "created",
    "date of last modification": "modified",
    "date modified": "modified",
    "date of last sequence modification": "sequence_modified",
    "date sequence modified": "sequence_modified",
    "ec number": "EC",
    "kegg": "KEGG",
    "cross-reference (kegg)": "KEGG",
    "gene ontology ids": "GO",
    "embl": "EMBL",
    "cross-reference (embl)": "EMBL",
    "refseq": "RefSeq",
    "cross-reference (refseq)": "RefSeq",
}
"""Headings of TSV in lower case, of today and of the site before 2022: the column of ours, or the database."""
DATABASES = ("EC", "KEGG", "GO", "EMBL", "RefSeq")
LISTED = {"ec_numbers": "EC", "kegg_ids": "KEGG", "go_ids": "GO"}
"""Lists of uniprot_entries that are the cross-references to a database."""
