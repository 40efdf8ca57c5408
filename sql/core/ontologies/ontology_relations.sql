-- What a qualifier makes less than "each one has some" is left out: all_only ("if any, then only"), a cardinality
-- that may
-- be 0 (a greatest one alone says no more), and what holds under a condition (gci).
select distinct term, predicate, target
from raw.ontologies_relations
where
    qualifiers is null
    or not (
        regexp_matches(qualifiers, '(^|,\s*)(all_only\s*=\s*"?true|gci_\w+\s*=|(minC|c)ardinality\s*=\s*"?0+\b)')
        or (
            regexp_matches(qualifiers, '(^|,\s*)maxCardinality\s*=')
            and not regexp_matches(qualifiers, '(^|,\s*)minCardinality\s*=')
        )
    )
