"""The raw tables of KEGG. Ids are without the database's prefix (C00022, not cpd:C00022) unless a column says so."""

from __future__ import annotations

from lake.formats.schema import Tables

_RECORD = (
    "_record  bigint  -  -  The line of a list, the n-th such element of a document, the n-th leaf or id; from 1\n"
)
_COLUMNS = {
    "kegg_pathways": """
pathway_id  text  -  -  map and five digits: map00010
name        text  -  -  The pathway's name
""",
    "kegg_organism_pathways": """
organism    text  -  -  KEGG's code of the organism: hsa, eco
pathway_id  text  -  -  The organism's version of a pathway: hsa00010
name        text  -  -  The pathway's name; the organism's behind it where the archive gives it
""",
    "kegg_genes": """
organism     text    -  -  KEGG's code of the organism
gene_id      text    -  -  The gene with its organism: hsa:79501
type         text    -  -  CDS, tRNA, rRNA, ncRNA, miRNA ...; null in lists of the older form
position     text    -  -  Where it lies on the genome: 1:complement(365134..382235); null in the older form
symbols      text[]  -  -  Its symbols, the preferred one first; empty where it has none
description  text    -  -  What it codes for
""",
    "kegg_compounds": """
compound_id  text    -  -  C00022
names        text[]  -  -  Its names, the preferred one first
""",
    "kegg_reactions": """
reaction_id  text    -  -  R00705
names        text[]  -  -  Its names; empty where the list gives the equation alone
equation     text    -  -  The equation in compounds' names; null where the list gives none
""",
    "kegg_terms": """
database     text    -  -  ko, module, enzyme, ...
id           text    -  -  K00001, M00001, 1.1.1.1
names        text[]  -  -  Symbols or names, the preferred one first
description  text    -  -  What it is; null where the list gives names alone
ec           text[]  -  -  EC numbers that stand in brackets behind it
""",
    "kegg_links": """
from_db  text  -  -  Database of the first column: path, rn, hsa
from_id  text  -  -  Id in it
to_db    text  -  -  Database of the second column: cpd, ec, md
to_id    text  -  -  Id in it
""",
    "kegg_hierarchy": """
brite  text    -  -  The hierarchy: br08901
path   text[]  -  -  Names of the levels above, the outermost first
id     text    -  -  The leaf's id; in br08901 a pathway's five digits: 00010
name   text    -  -  The leaf's name
""",
    "kegg_map_areas": """
pathway_id  text    -      -  The overview map: map01220
area        bigint  -      -  Which area of the image map, from 0
shape       text    -      -  circle, rect or poly
coords      text    pixel  -  Where it lies on the image, as the page gives it
href        text    -      -  Where it leads
id          text    -      -  One of the ids that it leads to (a row each); null where it leads to none
title       text    -      -  The text that the page shows over it
""",
    "kgml_pathways": """
pathway_id  text  -  -  The pathway, from the document's own name: hsa00010, ko00010, map01220
organism    text  -  -  ko, ec, rn, map or an organism's code
number      text  -  -  The pathway's five digits
title       text  -  -  Its name
image       text  -  -  URL of its picture
link        text  -  -  URL of its page
dtd         text  -  -  URL of the document type: it names the KGML version
created     text  -  -  When the archive wrote the document, in its own words
""",
    "kgml_entries": """
pathway_id  text    -  -  The pathway, from the document's own name: hsa00010, ko00010, map01220
entry_id    bigint  -  -  The entry's number in its document
type        text    -  -  gene, ortholog, enzyme, compound, map, group, other ...
names       text[]  -  -  What it stands for, with prefixes: hsa:226, cpd:C00022; undefined for a group
reactions   text[]  -  -  The reactions that it takes part in: R00705
link        text    -  -  URL of its page
""",
    "kgml_graphics": """
pathway_id  text    -      -  The pathway, from the document's own name: hsa00010, ko00010, map01220
entry_id    bigint  -      -  The entry's number in its document
name        text    -      -  The label
type        text    -      -  rectangle, circle, roundrectangle or line
x           double  pixel  -  Centre, from the left; null for a line
y           double  pixel  -  Centre, from the top; null for a line
width       double  pixel  -  Width; null for a line
height      double  pixel  -  Height; null for a line
coords      text    pixel  -  A line's points, x,y,x,y...
fgcolor     text    -      -  #rrggbb
bgcolor     text    -      -  #rrggbb
""",
    "kgml_components": """
pathway_id    text    -  -  The pathway, from the document's own name: hsa00010, ko00010, map01220
entry_id      bigint  -  -  The entry's number in its document
component_id  bigint  -  -  An entry that the group holds
""",
    "kgml_reactions": """
pathway_id  text    -  -  The pathway, from the document's own name: hsa00010, ko00010, map01220
reaction    bigint  -  -  Which reaction of its document, from 0
entry_id    bigint  -  -  The entry that it belongs to; null in older documents, and some match no entry
reactions   text[]  -  -  Its ids, often several: R00705
type        text    -  -  reversible or irreversible
""",
    "kgml_participants": """
pathway_id    text    -  -  The pathway, from the document's own name: hsa00010, ko00010, map01220
reaction      bigint  -  -  Which reaction of its document, from 0
role          text    -  -  substrate or product
entry_id      bigint  -  -  The compound's entry; null in older documents
compounds     text[]  -  -  Its ids, sometimes several: C00022, G00001
alternatives  text[]  -  -  Other names that the document gives for it: C00022
""",
    "kgml_relations": """
pathway_id  text    -  -  The pathway, from the document's own name: hsa00010, ko00010, map01220
relation    bigint  -  -  Which relation of its document, from 0
entry1      bigint  -  -  Entry that the relation starts from
entry2      bigint  -  -  Entry that it leads to
type        text    -  -  ECrel, PPrel, GErel, PCrel or maplink
""",
    "kgml_relation_subtypes": """
pathway_id  text    -  -  The pathway, from the document's own name: hsa00010, ko00010, map01220
relation    bigint  -  -  Which relation of its document, from 0
name        text    -  -  compound, activation, inhibition ...
value       text    -  -  Its sign, or the entry of the compound in between
""",
}

TABLES = Tables({table: _RECORD + columns.strip() for table, columns in _COLUMNS.items()})
