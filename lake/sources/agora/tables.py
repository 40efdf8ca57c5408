"""The raw tables of AGORA's strains and models."""

from __future__ import annotations

from lake.formats.schema import Tables

_STRAINS = """
strain_id        text    -        MicrobeID|ModelAGORA|id   Strain and its model, as AGORA names them
collection       text    -        -                         The table it is from: AGORA or AGORA2
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
refseq           text    -        RefSeq ID                 Assembly; null if another column has it
gcf              text    -        GCF ID                    Assembly; null if another column has it
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
charge       bigint   -  -  Charge, in elementary charges; null if it is a fraction
boundary     boolean  -  -  Whether its amount is fixed
charge_real  double   -  -  Charge, including fractions, which version 3 of fbc allows
"""
_REACTIONS = """
model       text     -            -  Model
reaction    text     -            -  Reaction
name        text     -            -  Name
reversible  boolean  -            -  Whether it is reversible
lower       double   mmol/g/hour  -  Lower flux bound, per gram of dry weight
upper       double   mmol/g/hour  -  Upper flux bound, per gram of dry weight
subsystem   text     -            -  Groups of reactions that it is in, separated by "; "
genes       text     -            -  Gene association: names, and, or, brackets
"""
_STOICHIOMETRY = """
model        text    -  -  Model
reaction     text    -  -  Reaction
metabolite   text    -  -  Metabolite
coefficient  double  1  -  Negative if it is consumed
"""
_GENES = """
model  text  -  -  Model
gene   text  -  -  Gene
name   text  -  -  Label or name
"""
_XREFS = """
model      text  -  -  Model
kind       text  -  -  model, metabolite, reaction or gene
id         text  -  -  Identifier in the model
database   text  -  -  Database, as identifiers.org names it: kegg.compound, ec-code, ...
xref       text  -  -  Identifier there
qualifier  text  -  -  Qualifier of the annotation: is, isDescribedBy, isEncodedBy, ...; null for a note
"""
_OBJECTIVES = """
model        text     -  -  Model
objective    text     -  -  Objective function, to maximize or minimize
active       boolean  -  -  Whether it is the model's active objective
direction    text     -  -  maximize or minimize
reaction     text     -  -  Reaction whose flux is in the objective
coefficient  double   1  -  Its coefficient in the objective
"""
_RECORD = "_record  bigint  -  -  Position of the element among those of its kind in the model, from 1"

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
