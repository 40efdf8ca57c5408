-- Each statement once, whichever files make it.
with
    named as (
        select
            id,
            ontology_relation(relation) as relation,
            target,
            ontology,
            logical,
            coalesce(regexp_matches(qualifiers, 'all_only|cardinality|gci_'), false) as limited
        from raw.ontologies_relations
    )
select
    id,
    relation,
    target,
    bool_and(logical) as logical,
    bool_and(limited) as limited,
    list(distinct ontology order by ontology) as ontologies
from named
group by id, relation, target
