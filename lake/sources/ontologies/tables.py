"""The raw tables of ontologies, for every format."""

from __future__ import annotations

from lake.formats.schema import Tables

_TERMS = """
_record     bigint   -  -  Line or position of the term in the answer, from 1
term        text     -  -  Identifier: ENVO:00000015
kind        text     -  -  class or property
name        text     -  -  Its name
definition  text     -  -  Its definition
namespace   text     -  -  Part of the ontology: biological_process
comment     text     -  -  Remark
obsolete    boolean  -  -  Whether it should not be used any more
version     text     -  -  Of the ontology, as the file states it
"""
_SYNONYMS = """
_record  bigint  -  -  Line of the answer, or the term's position, from 1
term     text    -  -  Identifier
synonym  text    -  -  Another name
scope    text    -  -  exact, broad, narrow or related
"""
_XREFS = """
_record  bigint  -  -  Line of the answer, or the term's position, from 1
term     text    -  -  Identifier
xref     text    -  -  Its identifier in another database or ontology
"""
_RELATIONS = """
_record     bigint  -  -  Line of the answer, or the term's position, from 1
term        text    -  -  Identifier
predicate   text    -  -  is_a, part_of, replaced_by, consider, alternative_id, has_rank, or a property's identifier
target      text    -  -  Identifier; a rank's name
qualifiers  text    -  -  OBO's qualifiers of the relation, as in the file: all_only="true", source="..."
"""

TABLES = Tables(
    {
        "ontologies_terms": _TERMS,
        "ontologies_synonyms": _SYNONYMS,
        "ontologies_xrefs": _XREFS,
        "ontologies_relations": _RELATIONS,
    }
)
