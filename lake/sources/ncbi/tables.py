"""The raw tables of NCBI's assemblies. Columns are read by name.

Sources: https://ftp.ncbi.nlm.nih.gov/genomes/README_assembly_summary.txt, .../genomes/all/README.txt (reports and
statistics), .../genomes/ASSEMBLY_REPORTS/README_ANI_report_prokaryotes.txt.
"""

from __future__ import annotations

from lake.formats.schema import Tables

_ASSEMBLIES = """
accession             text    -        assembly_accession         GenBank (GCA) or RefSeq (GCF) accession and version
bioproject            text    -        -                          BioProject
biosample             text    -        -                          BioSample
wgs_master            text    -        -                          Accession of the whole-genome shotgun project
refseq_category       text    -        -                          "reference genome", "representative genome" or nothing
taxid                 bigint  -        -                          NCBI taxon
species_taxid         bigint  -        -                          NCBI taxon of the species
organism              text    -        organism_name              Scientific name
infraspecific         text    -        infraspecific_name         "strain=..." and the like
isolate               text    -        -                          Isolate
status                text    -        version_status             latest, replaced or suppressed
level                 text    -        assembly_level             Complete Genome, Chromosome, Scaffold or Contig
release_type          text    -        -                          Major, Minor or Patch
representation        text    -        genome_rep                 Full or Partial
released              text    -        seq_rel_date               When the sequences were released, YYYY/MM/DD
name                  text    -        asm_name                   Name of the assembly
submitter             text    -        asm_submitter|submitter    Who submitted it
paired                text    -        gbrs_paired_asm            Accession of the same assembly in the other database
paired_as             text    -        paired_asm_comp            identical or different
path                  text    -        ftp_path                   Its folder
excluded              text    -        excluded_from_refseq       Why it is not in RefSeq
type_material         text    -        relation_to_type_material  Whether the sample is of the type strain
withdrawn             text    -        asm_not_live_date          Day on which it was replaced or suppressed
type                  text    -        assembly_type              haploid, diploid, alternate-pseudohaplotype, ...
organism_group        text    -        group                      bacteria, archaea, fungi, viral, ...
genome_size           bigint  bp       -                          Total length
genome_size_ungapped  bigint  bp       -                          Total length without gaps
gc                    double  percent  gc_percent                 Guanine and cytosine among the bases
replicons             bigint  -        replicon_count             Chromosomes, plasmids and organelles
scaffolds             bigint  -        scaffold_count             Scaffolds
contigs               bigint  -        contig_count               Contigs
annotated_by          text    -        annotation_provider        Who annotated it
annotation            text    -        annotation_name            Name of the annotation
annotated             text    -        annotation_date            When
genes                 bigint  -        total_gene_count           Genes
coding_genes          bigint  -        protein_coding_gene_count  Genes of proteins
noncoding_genes       bigint  -        non_coding_gene_count      Genes of RNA
pubmed                text    -        pubmed_id                  PubMed ids
"""
_REPORTS = """
accession  text  -  -  Accession of the assembly: RefSeq's, if it has one
property   text  -  -  Name of the property, such as "Organism name"
value      text  -  -  Its value, as text
"""
_SEQUENCES = """
accession  text    -   -                                Accession of the assembly: RefSeq's, if it has one
name       text    -   Sequence-Name                    Name of the sequence
role       text    -   Sequence-Role                    assembled-molecule, unplaced-scaffold, ...
molecule   text    -   Assigned-Molecule                Chromosome or plasmid
location   text    -   Assigned-Molecule-Location/Type  Chromosome, Plasmid, Mitochondrion, ...
genbank    text    -   GenBank-Accn                     Accession in GenBank
relation   text    -   Relationship                     = if GenBank's and RefSeq's are identical
refseq     text    -   RefSeq-Accn                      Accession in RefSeq
unit       text    -   Assembly-Unit                    Assembly unit
length     bigint  bp  Sequence-Length                  Length
ucsc       text    -   UCSC-style-name                  Name at UCSC
"""
_STATISTICS = """
accession  text    -  -                  Accession of the assembly: RefSeq's, if it has one
unit       text    -  unit-name          Assembly unit, or all
molecule   text    -  molecule-name      Molecule, or all
location   text    -  molecule-type/loc  Chromosome, Plasmid, ..., or all
sequences  text    -  sequence-type      all, assembled-molecule, unplaced-scaffold, ...
statistic  text    -  statistic          total-length, contig-N50, ...; lengths in bp, gc-perc in percent
value      double  -  value              Its value
"""
_ANI = """
accession           text    -        genbank-accession            GenBank accession
refseq              text    -        refseq-accession             RefSeq accession
taxid               bigint  -        -                            NCBI taxon
species_taxid       bigint  -        species-taxid                NCBI taxon of the species
organism            text    -        organism-name                Declared name
species             text    -        species-name                 Declared species
assembly_name       text    -        assembly-name                Name of the assembly
type_category       text    -        assembly-type-category       Whether it is of type material
excluded            text    -        excluded-from-refseq         Why it is not in RefSeq
declared_assembly   text    -        declared-type-assembly       Type assembly of the declared species
declared_organism   text    -        declared-type-organism-name  Its organism
declared_category   text    -        declared-type-category       Its kind
declared_ani        double  percent  declared-type-ANI            Average nucleotide identity with it
declared_coverage   double  percent  declared-type-qcoverage      Of this assembly, aligned with it
best_assembly       text    -        best-match-type-assembly     Type assembly that it matches best
best_species_taxid  bigint  -        best-match-species-taxid     NCBI taxon of its species
best_species        text    -        best-match-species-name      Its species
best_category       text    -        best-match-type-category     Its kind
best_ani            double  percent  best-match-type-ANI          Average nucleotide identity with it
best_coverage       double  percent  best-match-type-qcoverage    Of this assembly, aligned with it
status              text    -        best-match-status            species-match, mismatch, ...
comment             text    -        -                            Remarks
taxonomy_check      text    -        taxonomy-check-status        OK, Inconclusive or Failed
"""
_FASTA = """
_record    bigint  -   -  The line of its header, from 1
accession  text    -   -  Accession of the assembly
sequence   text    -   -  Accession of the sequence: the header up to the first blank
title      text    -   -  The rest of the header
length     bigint  bp  -  Bases
gc         bigint  bp  -  Of these guanine, cytosine, or S (either of them)
unknown    bigint  bp  -  Of these N
"""
_BASES = """
_record    bigint  -   -  The line of the sequence's header, from 1
accession  text    -   -  Accession of the assembly
sequence   text    -   -  Accession of the sequence
start      bigint  bp  -  Position of the first base, from 1
bases      text    -   -  Up to 65,536 bases as in the file; soft-masked ones are lower case
"""

TABLES = Tables(
    {
        "ncbi_assemblies": _ASSEMBLIES,
        "ncbi_assembly_reports": _REPORTS,
        "ncbi_assembly_sequences": _SEQUENCES,
        "ncbi_assembly_statistics": _STATISTICS,
        "ncbi_ani": _ANI,
        "ncbi_sequences": _FASTA,
        "ncbi_bases": _BASES,
    }
)
