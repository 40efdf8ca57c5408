"""What the raw tables of ontologies hold, whatever the format that they were read from."""

from __future__ import annotations

from lake.sources.schemas import schema

_RECORD = "The line of an OBO file or a dump; which element of an OWL file; which item of its list in a JSON file"
_TERMS = """
ontology          text   -  -  The file's name: envo of envo.obo
version           text   -  -  Of the ontology, as the file says it
id                text   -  -  As OBO writes it: ENVO:00000016; a relation may have a plain name: part_of
kind              text   -  -  term, typedef (a relation) or instance; null where the file does not say
name              text   -  -  Preferred name
namespace         text   -  -  Such as biological_process; the file's default where the term has none
definition        text   -  -  In words
definition_xrefs  text   -  -  What the definition cites, as it stands
comment           text   -  -  As it stands
obsolete          truth  -  -  Whether the term is not to be used any more
"""
_SYNONYMS = """
ontology          text   -  -  The file's name
id                text   -  -  The term
synonym           text   -  -  Another name
scope             text   -  -  EXACT, BROAD, NARROW or RELATED; null where the file does not say
type              text   -  -  Its kind, where the file says one: an abbreviation, a plural, NCBI's class of name
xrefs             text   -  -  What the synonym cites, as it stands
"""
_XREFS = """
ontology          text   -  -  The file's name
id                text   -  -  The term
xref              text   -  -  The same or a near thing elsewhere: an id of another database, or a URL
description       text   -  -  Of the cross-reference
"""
_RELATIONS = """
ontology          text   -  -  The file's name
id                text   -  -  The term
relation          text   -  -  is_a, part_of, BFO:0000050, replaced_by, alt_id, ... as the file names it
target            text   -  -  The other term
logical           truth  -  -  Whether it is a part of the term's logical definition (intersection_of)
qualifiers        text   -  -  What limits it, as OBO writes it: all_only="true"
"""
_PROPERTIES = """
ontology          text   -  -  The file's name
id                text   -  -  The term; the ontology's name where the ontology itself is meant
property          text   -  -  subset, created_by, ... or the property of a property_value
value             text   -  -  As it stands
datatype          text   -  -  Of the value, where the file says it
about             text   -  -  OWL: the statement that is annotated, where it is not the term itself
"""

TABLES = {
    "ontologies_terms": schema(_TERMS, _RECORD),
    "ontologies_synonyms": schema(_SYNONYMS, _RECORD),
    "ontologies_xrefs": schema(_XREFS, _RECORD),
    "ontologies_relations": schema(_RELATIONS, _RECORD),
    "ontologies_properties": schema(_PROPERTIES, _RECORD),
}
