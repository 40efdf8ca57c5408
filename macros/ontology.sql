-- What ontologies say, for those who read the lake: these macros read its tables, so models join them instead.

-- ontology_name(id): the name of a term, NULL where no ontology here has it. ontology_name('ENVO:00000015') is ocean.
CREATE MACRO ontology_name(id) AS (SELECT max(t.name) FROM core.ontology_terms AS t WHERE t.term = id);

-- is_a(id, kind): whether a term is another one or one of its kinds, by however many steps of is_a.
CREATE MACRO is_a(id, kind) AS
    id = kind
    OR EXISTS (
        SELECT 1 FROM core.ontology_closure AS c WHERE c.term = id AND c.ancestor = kind AND c.through = 'is_a'
    );
