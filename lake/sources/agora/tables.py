"""What the columns of AGORA's strain tables and models are."""

from __future__ import annotations

from lake.formats.schema import Tables

_STRAINS = """
strain_id        text    -        MicrobeID|ModelAGORA|id   Strain and its model, as AGORA names them
collection       text    -        -                         AGORA or AGORA2: which table it is of
strain           text    -        Strain|organism           Strain
species          text    -        Species                   Species, as AGORA names it
genus            text    -        Genus                     Genus
family           text    -        Family                    Family
taxonomic_order  text    -        Order                     Order
class            text    -        Class                     Class
phylum           text    -        Phylum                    Phylum
kingdom          text    -        Kingdom                   Kingdom
host             text    -        Host                      Host
version          text    -        Version                   Version that the reconstruction first came with
taxid            text    -        NCBI Taxonomy ID          NCBI taxon
seed_id          text    -        PubSeedID                 Genome at PubSEED
refseq           text    -        RefSeq ID                 Assembly, where this column has it
gcf              text    -        GCF ID                    Assembly, where this column has it
img              text    -        IMG Genome ID             Genome at JGI IMG
reference        text    -        Strain/species reference  PubMed ids
gram_staining    text    -        Gram Staining             Gram+, Gram- or indeterminate
oxygen           text    -        Oxygen Requirement        Aerobe, Anaerobe, Facultative anaerobe, ...
metabolism       text    -        Metabolism                Metabolism
motility         text    -        Motility                  Motile or nonmotile
habitat          text    -        Habitat                   Habitat
body_site        text    -        Sample Body Site          Where on the body it was sampled
genome_size      double  bp       Genome Size * assembled   Total length, by IMG
gene_count       double  -        Gene Count * assembled    Genes, by IMG
gc               double  percent  GC * assembled            Guanine and cytosine among the bases, by IMG
genome_link      text    -        Genome link               Folder of the assembly
"""
_METABOLITES = """
model        text     -  -  Model: its id in the file
metabolite   text     -  -  Metabolite and its compartment, such as atp[c]
name         text     -  -  Name
compartment  text     -  -  Compartment
formula      text     -  -  Sum formula
charge       bigint   -  -  Charge, in elementary charges; missing where it is a fraction
boundary     boolean  -  -  Whether its amount is held fixed
charge_real  double   -  -  Charge, also a fraction, as version 3 of fbc may have it
"""
_REACTIONS = """
model       text     -            -  Model
reaction    text     -            -  Reaction
name        text     -            -  Name
reversible  boolean  -            -  Whether it may go both ways
lower       double   mmol/g/hour  -  Least flux, per gram of dry weight
upper       double   mmol/g/hour  -  Greatest flux, per gram of dry weight
subsystem   text     -            -  Groups of reactions that it is in, separated by "; "
genes       text     -            -  Which genes it needs: names, and, or, brackets
"""
_STOICHIOMETRY = """
model        text    -  -  Model
reaction     text    -  -  Reaction
metabolite   text    -  -  Metabolite
coefficient  double  1  -  Below 0 where it is consumed
"""
_GENES = """
model  text  -  -  Model
gene   text  -  -  Gene
name   text  -  -  Label or name
"""
_XREFS = """
model      text  -  -  Model
kind       text  -  -  model, metabolite, reaction or gene
id         text  -  -  What of the model
database   text  -  -  Database, as identifiers.org names it: kegg.compound, ec-code, ...
xref       text  -  -  Identifier there
qualifier  text  -  -  How it is meant, by the annotation: is, isDescribedBy, isEncodedBy, ...; missing for a note
"""
_OBJECTIVES = """
model        text     -  -  Model
objective    text     -  -  Objective: what is to be as great or as small as can be
active       boolean  -  -  Whether it is the one that the model is used with
direction    text     -  -  maximize or minimize
reaction     text     -  -  Reaction whose flux counts
coefficient  double   1  -  How much it counts
"""
_RECORD = "_record  bigint  -  -  The element's place among those of its kind in the model, from 1"

TABLES = Tables(
    {
        "agora_strains": "_record  bigint  -  -  The line of the table, from 1" + _STRAINS,
        "agora_metabolites": _RECORD + _METABOLITES,
        "agora_reactions": _RECORD + _REACTIONS,
        "agora_stoichiometry": _RECORD + _STOICHIOMETRY,
        "agora_genes": _RECORD + _GENES,
        "agora_objectives": _RECORD + _OBJECTIVES,
        "agora_xrefs": _RECORD + _XREFS,
    }
)
