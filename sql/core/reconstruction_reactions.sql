-- Reactions of metabolic models, with what other databases call them.
with
    known as (
        select
            model,
            id,
            list(distinct xref order by xref) filter (where database = 'ec-code') as ec,
            list(distinct xref order by xref) filter (where database = 'kegg.reaction') as kegg
        from raw.agora_xrefs
        where kind = 'reaction'
        group by model, id
    ),
    parts as (
        select
            model,
            reaction,
            count(*) as participants,
            list(metabolite order by metabolite) filter (where coefficient < 0) as consumed,
            list(metabolite order by metabolite) filter (where coefficient > 0) as produced
        from raw.agora_stoichiometry
        group by model, reaction
    )
select
    r.model,
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
left join known k on k.model = r.model and k.id = r.reaction
left join parts p on p.model = r.model and p.reaction = r.reaction
