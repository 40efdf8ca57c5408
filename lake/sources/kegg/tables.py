"""The raw tables of KEGG. Ids stand without the database's prefix (C00022, not cpd:C00022) unless a column says so."""

from __future__ import annotations

import pyarrow as pa

_TEXT, _INT, _REAL, _LIST = pa.string(), pa.int64(), pa.float64(), pa.list_(pa.string())
_PATHWAY = ("pathway_id", _TEXT, "The pathway, from the document's own name: hsa00010, ko00010, map01220")
_ENTRY = ("entry_id", _INT, "The entry's number in its document")
_REACTION = ("reaction", _INT, "Which reaction of its document, from 0")
_RELATION = ("relation", _INT, "Which relation of its document, from 0")


def _schema(*columns: tuple[str, pa.DataType, str] | tuple[str, pa.DataType, str, str]) -> pa.Schema:
    record = ("_record", _INT, "The line of a list, the n-th such element of a document, the n-th leaf or id; from 1")
    return pa.schema(
        [pa.field(c[0], c[1], metadata={"doc": c[2], "unit": c[3] if len(c) > 3 else ""}) for c in (record, *columns)]
    )


_LISTS = {
    "kegg_pathways": _schema(
        ("pathway_id", _TEXT, "map and five digits: map00010"),
        ("name", _TEXT, "The pathway's name"),
    ),
    "kegg_organism_pathways": _schema(
        ("organism", _TEXT, "KEGG's code of the organism: hsa, eco"),
        ("pathway_id", _TEXT, "The organism's version of a pathway: hsa00010"),
        ("name", _TEXT, "The pathway's name; the organism's behind it where the archive gives it"),
    ),
    "kegg_genes": _schema(
        ("organism", _TEXT, "KEGG's code of the organism"),
        ("gene_id", _TEXT, "The gene with its organism: hsa:79501"),
        ("type", _TEXT, "CDS, tRNA, rRNA, ncRNA, miRNA ...; null in lists of the older form"),
        ("position", _TEXT, "Where it lies on the genome: 1:complement(365134..382235); null in the older form"),
        ("symbols", _LIST, "Its symbols, the preferred one first; empty where it has none"),
        ("description", _TEXT, "What it codes for"),
    ),
    "kegg_compounds": _schema(
        ("compound_id", _TEXT, "C00022"),
        ("names", _LIST, "Its names, the preferred one first"),
    ),
    "kegg_reactions": _schema(
        ("reaction_id", _TEXT, "R00705"),
        ("names", _LIST, "Its names; empty where the list gives the equation alone"),
        ("equation", _TEXT, "The equation in compounds' names; null where the list gives none"),
    ),
    "kegg_terms": _schema(
        ("database", _TEXT, "ko, module, enzyme, ..."),
        ("id", _TEXT, "K00001, M00001, 1.1.1.1"),
        ("names", _LIST, "Symbols or names, the preferred one first"),
        ("description", _TEXT, "What it is; null where the list gives names alone"),
        ("ec", _LIST, "EC numbers that stand in brackets behind it"),
    ),
    "kegg_links": _schema(
        ("from_db", _TEXT, "Database of the first column: path, rn, hsa"),
        ("from_id", _TEXT, "Id in it"),
        ("to_db", _TEXT, "Database of the second column: cpd, ec, md"),
        ("to_id", _TEXT, "Id in it"),
    ),
}

_PAGES = {
    "kegg_hierarchy": _schema(
        ("brite", _TEXT, "The hierarchy: br08901"),
        ("path", _LIST, "Names of the levels above, the outermost first"),
        ("id", _TEXT, "The leaf's id; in br08901 a pathway's five digits: 00010"),
        ("name", _TEXT, "The leaf's name"),
    ),
    "kegg_map_areas": _schema(
        ("pathway_id", _TEXT, "The overview map: map01220"),
        ("area", _INT, "Which area of the image map, from 0"),
        ("shape", _TEXT, "circle, rect or poly"),
        ("coords", _TEXT, "Where it lies on the image, as the page gives it", "pixel"),
        ("href", _TEXT, "Where it leads"),
        ("id", _TEXT, "One of the ids that it leads to (a row each); null where it leads to none"),
        ("title", _TEXT, "The text that the page shows over it"),
    ),
}

_KGML = {
    "kgml_pathways": _schema(
        _PATHWAY,
        ("organism", _TEXT, "ko, ec, rn, map or an organism's code"),
        ("number", _TEXT, "The pathway's five digits"),
        ("title", _TEXT, "Its name"),
        ("image", _TEXT, "URL of its picture"),
        ("link", _TEXT, "URL of its page"),
        ("dtd", _TEXT, "URL of the document type: it names the KGML version"),
        ("created", _TEXT, "When the archive wrote the document, in its own words"),
    ),
    "kgml_entries": _schema(
        _PATHWAY,
        _ENTRY,
        ("type", _TEXT, "gene, ortholog, enzyme, compound, map, group, other ..."),
        ("names", _LIST, "What it stands for, with prefixes: hsa:226, cpd:C00022; undefined for a group"),
        ("reactions", _LIST, "The reactions that it takes part in: R00705"),
        ("link", _TEXT, "URL of its page"),
    ),
    "kgml_graphics": _schema(
        _PATHWAY,
        _ENTRY,
        ("name", _TEXT, "The label"),
        ("type", _TEXT, "rectangle, circle, roundrectangle or line"),
        ("x", _REAL, "Centre, from the left; null for a line", "pixel"),
        ("y", _REAL, "Centre, from the top; null for a line", "pixel"),
        ("width", _REAL, "Width; null for a line", "pixel"),
        ("height", _REAL, "Height; null for a line", "pixel"),
        ("coords", _TEXT, "A line's points, x,y,x,y...", "pixel"),
        ("fgcolor", _TEXT, "#rrggbb"),
        ("bgcolor", _TEXT, "#rrggbb"),
    ),
    "kgml_components": _schema(
        _PATHWAY,
        _ENTRY,
        ("component_id", _INT, "An entry that the group holds"),
    ),
    "kgml_reactions": _schema(
        _PATHWAY,
        _REACTION,
        ("entry_id", _INT, "The entry that it belongs to; null in older documents, and some match no entry"),
        ("reactions", _LIST, "Its ids, often several: R00705"),
        ("type", _TEXT, "reversible or irreversible"),
    ),
    "kgml_participants": _schema(
        _PATHWAY,
        _REACTION,
        ("role", _TEXT, "substrate or product"),
        ("entry_id", _INT, "The compound's entry; null in older documents"),
        ("compounds", _LIST, "Its ids, sometimes several: C00022, G00001"),
        ("alternatives", _LIST, "Other names that the document gives for it: C00022"),
    ),
    "kgml_relations": _schema(
        _PATHWAY,
        _RELATION,
        ("entry1", _INT, "Entry that the relation starts from"),
        ("entry2", _INT, "Entry that it leads to"),
        ("type", _TEXT, "ECrel, PPrel, GErel, PCrel or maplink"),
    ),
    "kgml_relation_subtypes": _schema(
        _PATHWAY,
        _RELATION,
        ("name", _TEXT, "compound, activation, inhibition ..."),
        ("value", _TEXT, "Its sign, or the entry of the compound in between"),
    ),
}

TABLES = {**_LISTS, **_PAGES, **_KGML}
