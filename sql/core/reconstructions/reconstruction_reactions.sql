-- Reactions of metabolic models, with what other databases call them. What a reaction takes and gives in the same
-- amount
-- (an enzyme, say) is neither consumed nor produced.
with
    known as (
        select
            _resource,
            id,
            list(distinct xref order by xref) filter (where database = 'ec-code') as ec,
            list(distinct xref order by xref) filter (where database = 'kegg.reaction') as kegg
        from raw.agora_xrefs
        where
            kind = 'reaction'
            and (coalesce(qualifier, 'is') = 'is' or (database = 'ec-code' and qualifier = 'isVersionOf'))
        group by _resource, id
    ),
    summed as (
        select _resource, reaction, metabolite, sum(coefficient order by coefficient) as coefficient
        from raw.agora_stoichiometry
        group by _resource, reaction, metabolite
    ),
    parts as (
        select
            _resource,
            reaction,
            list(metabolite order by metabolite) filter (where coefficient < 0) as consumed,
            list(metabolite order by metabolite) filter (where coefficient > 0) as produced
        from summed
        group by _resource, reaction
    )
select
    a.model,
    r.reaction,
    r.name,
    r.subsystem,
    r.reversible,
    r.lower as lower_bound,
    r.upper as upper_bound,
    r.genes,
    coalesce(k.ec, []) as ec,
    coalesce(k.kegg, []) as kegg,
    coalesce(p.consumed, []) as consumed,
    coalesce(p.produced, []) as produced
from raw.agora_reactions r
join core.reconstructions a on a.resource = r._resource
left join known k on k._resource = r._resource and k.id = r.reaction
left join parts p on p._resource = r._resource and p.reaction = r.reaction
