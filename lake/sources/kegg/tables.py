"""The raw tables of KEGG. Ids are without the database's prefix (C00022, not cpd:C00022) unless a column says so."""

from __future__ import annotations

from lake.formats.schema import Tables

_RECORD = "_record  bigint  -  -  Number of the line, leaf or id, or of the element among those of its kind, from 1\n"
_COLUMNS = {
    "kegg_pathways": """
pathway_id  text  -  -  map and five digits: map00010
name        text  -  -  The pathway's name
""",
    "kegg_organism_pathways": """
organism    text  -  -  KEGG's code of the organism: hsa, eco
pathway_id  text  -  -  The organism's version of a pathway: hsa00010
name        text  -  -  The pathway's name, followed by the organism's if the archive gives it
""",
    "kegg_genes": """
organism     text    -  -  KEGG's code of the organism
gene_id      text    -  -  The gene with its organism: hsa:79501
type         text    -  -  CDS, tRNA, rRNA, ncRNA, miRNA ...; null in lists of the older format
position     text    -  -  Position on the genome: 1:complement(365134..382235); null in the older format
symbols      text[]  -  -  Its symbols, the preferred one first; empty if it has none
description  text    -  -  Its product
""",
    "kegg_compounds": """
compound_id  text    -  -  C00022
names        text[]  -  -  Its names, the preferred one first
""",
    "kegg_reactions": """
reaction_id  text    -  -  R00705
names        text[]  -  -  Its names; empty if the list gives only the equation
equation     text    -  -  The equation in compounds' names; null if the list gives none
""",
    "kegg_terms": """
database     text    -  -  ko, module, enzyme, ...
id           text    -  -  K00001, M00001, 1.1.1.1
names        text[]  -  -  Symbols or names, the preferred one first
description  text    -  -  Description; null if the list gives only names
ec           text[]  -  -  EC numbers in brackets after the description
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
area        bigint  -      -  Number of the area in the image map, from 0
shape       text    -      -  circle, rect or poly
coords      text    pixel  -  Coordinates on the image, as in the page
href        text    -      -  Target of its link
id          text    -      -  An id that the link names (a row for each); null if it names none
title       text    -      -  Title that the page shows for it
""",
    "kgml_pathways": """
pathway_id  text  -  -  The pathway, from the document's own name: hsa00010, ko00010, map01220
organism    text  -  -  ko, ec, rn, map or an organism's code
number      text  -  -  The pathway's five digits
title       text  -  -  Its name
image       text  -  -  URL of its picture
link        text  -  -  URL of its page
dtd         text  -  -  URL of the document type: it names the KGML version
created     text  -  -  Date on which the archive created the document, as written
""",
    "kgml_entries": """
pathway_id  text    -  -  The pathway, from the document's own name: hsa00010, ko00010, map01220
entry_id    bigint  -  -  The entry's number in its document
type        text    -  -  gene, ortholog, enzyme, compound, map, group, other ...
names       text[]  -  -  Ids of what it represents, with prefixes: hsa:226, cpd:C00022; undefined for a group
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
component_id  bigint  -  -  An entry of the group
""",
    "kgml_reactions": """
pathway_id  text    -  -  The pathway, from the document's own name: hsa00010, ko00010, map01220
reaction    bigint  -  -  Number of the reaction in its document, from 0
entry_id    bigint  -  -  The entry that it belongs to; null in older documents, and some match no entry
reactions   text[]  -  -  Its ids, often several: R00705
type        text    -  -  reversible or irreversible
""",
    "kgml_participants": """
pathway_id    text    -  -  The pathway, from the document's own name: hsa00010, ko00010, map01220
reaction      bigint  -  -  Number of the reaction in its document, from 0
role          text    -  -  substrate or product
entry_id      bigint  -  -  The compound's entry; null in older documents
compounds     text[]  -  -  Its ids, sometimes several: C00022, G00001
alternatives  text[]  -  -  Other names that the document gives for it: C00022
""",
    "kgml_relations": """
pathway_id  text    -  -  The pathway, from the document's own name: hsa00010, ko00010, map01220
relation    bigint  -  -  Number of the relation in its document, from 0
entry1      bigint  -  -  Entry that the relation starts from
entry2      bigint  -  -  Entry that it leads to
type        text    -  -  ECrel, PPrel, GErel, PCrel or maplink
""",
    "kgml_relation_subtypes": """
pathway_id  text    -  -  The pathway, from the document's own name: hsa00010, ko00010, map01220
relation    bigint  -  -  Number of the relation in its document, from 0
name        text    -  -  compound, activation, inhibition ...
value       text    -  -  Its sign, or the entry of the intermediate compound
""",
}

TABLES = Tables({table: _RECORD + columns.strip() for table, columns in _COLUMNS.items()})
