-- What a qualifier makes less than "each one has some" is left out: all_only ("if any, then only"), a cardinality,
-- which
-- may be 0, and what holds under a condition (gci).
select distinct term, predicate, target
from raw.ontologies_relations
where qualifiers is null or not regexp_matches(qualifiers, 'all_only|cardinality|gci_')
