-- One row a metabolic model, with the strain of AGORA's tables that it is of.
with
    reactions as (select _resource, count(*) as n from raw.agora_reactions group by _resource),
    metabolites as (select _resource, count(*) as n from raw.agora_metabolites group by _resource),
    genes as (select _resource, count(*) as n from raw.agora_genes group by _resource)
select
    m.model,
    m.strain_id,
    m.sbml_id,
    m.resource,
    r.n as reactions,
    coalesce(t.n, 0) as metabolites,
    coalesce(g.n, 0) as genes,
    case
        when m.strain_id is not null
        then null
        when not exists (from core.strains)
        then 'no table of strains is here'
        else 'no table of strains that is here has it'
    end as unmatched_because
from staging.agora_models m
join reactions r on r._resource = m.resource
left join metabolites t on t._resource = m.resource
left join genes g on g._resource = m.resource
