-- Each id once, as its home says it (the file that is named like its prefix), or else another file that names it.
with
    said as (
        select *, split_part(id, ':', 1) as prefix, ontology = lower(split_part(id, ':', 1)) as home
        from raw.ontologies_terms
    ),
    ranked as (
        select
            *,
            row_number() over (
                partition by id order by home desc, name is null, ontology, name, definition, _record
            ) as place
        from said
    ),
    replaced as (
        select id, min(target) as replaced_by from raw.ontologies_relations where relation = 'replaced_by' group by id
    ),
    alternative as (  -- ids that were merged into another term, and are terms no more
        select
            target as id,
            min(id) as replaced_by,
            min(ontology) as ontology,
            bool_or(ontology = lower(split_part(target, ':', 1))) as home
        from raw.ontologies_relations
        where relation = 'alt_id' and target not in (select id from raw.ontologies_terms)
        group by target
    )
select
    t.id, t.prefix, t.kind, t.name, t.namespace, t.definition, t.obsolete, r.replaced_by, t.ontology, t.version, t.home
from ranked as t
left join replaced as r on r.id = t.id and t.obsolete
where t.place = 1
union all
select
    id,
    split_part(id, ':', 1) as prefix,
    null as kind,
    null as name,
    null as namespace,
    null as definition,
    true as obsolete,
    replaced_by,
    ontology,
    null as version,
    home
from alternative
