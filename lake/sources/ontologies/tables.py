"""What the columns of ontologies are, whichever form they come in."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from lake.formats.schema import schema

_TERMS = """
term        text   -  -  Identifier: ENVO:00000015
kind        text   -  -  class or property
name        text   -  -  Its name
definition  text   -  -  Its definition
namespace   text   -  -  Part of the ontology: biological_process
comment     text   -  -  Remark
obsolete    truth  -  -  Whether it should not be used any more
version     text   -  -  Of the ontology, as the file says it
"""
_SYNONYMS = """
term     text  -  -  Identifier
synonym  text  -  -  Another name
scope    text  -  -  exact, broad, narrow or related
"""
_XREFS = """
term  text  -  -  Identifier
xref  text  -  -  What another database or ontology calls it
"""
_RELATIONS = """
term       text  -  -  Identifier
predicate  text  -  -  is_a, part_of, replaced_by, consider, alternative_id, has_rank, or a property's identifier
target     text  -  -  Identifier; a rank's name
qualifiers text  -  -  What OBO says of the statement, as it stands: all_only="true", source="..."
"""

TABLES: Mapping[str, pa.Schema] = {
    "ontologies_terms": schema(_TERMS, "The line or the place of the term in the answer, from 1"),
    "ontologies_synonyms": schema(_SYNONYMS, "The line of the answer, or the term's place, from 1"),
    "ontologies_xrefs": schema(_XREFS, "The line of the answer, or the term's place, from 1"),
    "ontologies_relations": schema(_RELATIONS, "The line of the answer, or the term's place, from 1"),
}
PREDICATES = {"BFO:0000050": "part_of", "IAO:0100001": "replaced_by", "oboInOwl:consider": "consider"}
"""Properties that go by a name here, whichever form of an ontology names them."""
