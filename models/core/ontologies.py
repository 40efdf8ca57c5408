"""Ontologies: terms, their synonyms, relations and what follows from these."""

from typing import Annotated

from lake.contract import Between, OneOf, Table


class OntologyTerms(Table, key="term", empty=True, tags="ontologies"):
    """Terms of ontologies, and NCBI's taxa; ontology_name(term) gives a name."""

    term: str
    """Identifier: ENVO:00000015"""
    ontology: str
    """What stands before the colon"""
    kind: Annotated[str, OneOf("class", "property")]
    """Whether it is a thing or a relation"""
    name: str | None
    """Its name"""
    definition: str | None
    """Its definition"""
    namespace: str | None
    """Part of the ontology"""
    comment: str | None
    """Remark"""
    obsolete: bool
    """Whether it should not be used any more; core.ontology_relations may say what replaces it"""
    version: str | None
    """Of the file"""
    home: bool
    """Whether its own ontology's file has it: pato.obo for PATO"""
    """Whether the ontology's own file says it (envo.obo of ENVO), and not one that imports the term"""


class OntologySynonyms(Table, key=("term", "synonym", "scope"), empty=True, tags="ontologies"):
    """Other names of terms."""

    term: str
    """Identifier"""
    synonym: str
    """The other name"""
    scope: Annotated[str, OneOf("exact", "broad", "narrow", "related")]
    """How near it comes"""


class OntologyXrefs(Table, key=("term", "xref"), empty=True, tags="ontologies"):
    """What others call terms."""

    term: str
    """Identifier"""
    xref: str
    """What another database or ontology calls it"""
    database: str
    """What stands before the colon"""


class OntologyRelations(Table, key=("term", "predicate", "target"), empty=True, tags="ontologies"):
    """How terms are related."""

    term: str
    """Identifier"""
    predicate: str
    """is_a, part_of, replaced_by, consider, alternative_id, has_rank, or a property's identifier"""
    target: str
    """Identifier; a rank's name"""


class OntologyClosure(Table, key=("term", "ancestor", "through"), empty=True, tags="ontologies"):
    """Every ancestor of every term, without obsolete ones; is_a(term, ancestor) asks it."""

    term: str
    """Identifier"""
    ancestor: str
    """Identifier"""
    through: Annotated[str, OneOf("is_a", "part_of")]
    """is_a: by is_a alone; part_of: with part_of among the steps"""
    distance: Annotated[int | None, Between(1, None)]
    """Steps of the shortest way; null where each way goes on along a circle"""
