-- One row a term. An ontology's own file (envo.obo for ENVO) is believed first. Of other files that have the term, and
-- may know less of it, the one that says most; one that calls it obsolete is believed last.
with
    said as (
        select
            *,
            split_part(term, ':', 1) as ontology,
            lower(split_part(term, ':', 1)) = regexp_extract(lower(_resource), '([^/.]+)(\.(obo|owl|json))?(\.gz)?$', 1)
            or (
                term like 'NCBITaxon:%'
                and regexp_matches(
                    _resource, '/(taxonomy|(names|rankedlineage|merged|delnodes)\.dmp(\.gz)?|.*taxdump\.tar\.gz)$'
                )
            ) as home
        from raw.ontologies_terms
    )
select term, ontology, kind, name, definition, namespace, comment, obsolete, version, home
from said
qualify
    row_number() over (
        partition by term
        order by home desc, name is null, definition is null, obsolete, namespace is null, _resource, _record
    )
    = 1
