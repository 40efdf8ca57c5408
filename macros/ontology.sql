-- Terms of ontologies, by their ids (ENVO:00000016). NULL in, NULL out; NULL where a term is not in core.ontology_terms.

-- ontology_name(term): its preferred name.
CREATE MACRO ontology_name(term) AS (SELECT known.name FROM core.ontology_terms AS known WHERE known.id = term);

-- is_ontology_term(term): whether it is there, and not obsolete.
CREATE MACRO is_ontology_term(term) AS
    CASE WHEN term IS NOT NULL THEN
        EXISTS (SELECT 1 FROM core.ontology_terms AS known WHERE known.id = term AND NOT known.obsolete)
    END;

-- current_term(term): the term itself; of an obsolete one, what replaces it, if anything does.
CREATE MACRO current_term(term) AS (
    SELECT CASE WHEN known.obsolete THEN known.replaced_by ELSE known.id END
    FROM core.ontology_terms AS known WHERE known.id = term
);

-- is_a(term, ancestor_term): whether each instance of the one is an instance of the other; a term is itself.
CREATE MACRO is_a(term, ancestor_term) AS
    CASE WHEN is_ontology_term(term) AND is_ontology_term(ancestor_term) THEN
        EXISTS (
            SELECT 1 FROM core.ontology_closure AS above
            WHERE above.id = term AND above.ancestor = ancestor_term AND above.relation = 'is_a'
        )
    END;

-- is_part_of(term, whole): whether each instance of the one is a part of some instance of the other.
CREATE MACRO is_part_of(term, whole) AS
    CASE WHEN is_ontology_term(term) AND is_ontology_term(whole) THEN
        EXISTS (
            SELECT 1 FROM core.ontology_closure AS above
            WHERE above.id = term AND above.ancestor = whole AND above.relation = 'part_of'
        )
    END;

-- ontology_relation(relation): the name of a relation that files write in several ways; others as they stand.
CREATE MACRO ontology_relation(relation) AS
    CASE
        WHEN relation IN ('BFO:0000050', 'OBO_REL:part_of', 'part_of') THEN 'part_of'
        WHEN relation IN ('BFO:0000051', 'OBO_REL:has_part', 'has_part') THEN 'has_part'
        ELSE relation
    END;
