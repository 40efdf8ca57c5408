-- One row a term: what its own ontology's file says comes first; of files that import it, the one that says most, and
-- one
-- that calls it obsolete is believed last.
with
    told as (
        select
            *,
            split_part(term, ':', 1) as ontology,
            lower(split_part(term, ':', 1)) = case
                when _resource = 'taxonomy'
                then 'ncbitaxon'
                else lower(regexp_extract(_resource, '([A-Za-z]+)\.(?:obo|owl|json)(?:\.gz)?$', 1))
            end as at_home
        from raw.ontologies_terms
    )
select
    term,
    ontology,
    kind,
    name,
    definition,
    namespace,
    comment,
    obsolete,
    version,
    bool_or(at_home) over (partition by term) as home
from told
qualify
    row_number() over (
        partition by term
        order by at_home desc, name is null, definition is null, obsolete, namespace is null, _resource, _record
    )
    = 1
