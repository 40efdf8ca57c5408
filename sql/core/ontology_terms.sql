-- One row a term: an ontology that imports another's term may know less of it, so the one that says most is taken, and
-- one that calls it obsolete is believed last.
select term, split_part(term, ':', 1) as ontology, kind, name, definition, namespace, comment, obsolete, version
from raw.ontologies_terms
qualify
    row_number() over (
        partition by term order by name is null, definition is null, obsolete, namespace is null, _resource, _record
    )
    = 1
