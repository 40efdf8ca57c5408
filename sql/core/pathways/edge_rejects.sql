-- Reaction elements of a KGML document of which something, or all, became no edge; each with its reason.
with
    side as (
        select
            pathway_id,
            reaction,
            sum(len(compounds)) filter (role = 'substrate') as substrates,
            sum(len(compounds)) filter (role = 'product') as products
        from raw.kgml_participants
        group by pathway_id, reaction
    ),
    pair as (
        select pathway_id, reaction, count(*) filter (known_ids) as taken, count(*) filter (not known_ids) as aside
        from staging.kgml_pairs
        group by pathway_id, reaction
    ),
    judged as (
        select
            r.pathway_id,
            r.reaction,
            r.reactions,
            coalesce(p.taken, 0) as taken,
            coalesce(p.aside, 0) as pairs,
            case
                when len(r.reactions) = 0
                then 'no reaction id'
                when coalesce(s.substrates, 0) = 0 and coalesce(s.products, 0) = 0
                then 'no substrate and no product'
                when coalesce(s.substrates, 0) = 0
                then 'no substrate'
                when coalesce(s.products, 0) = 0
                then 'no product'
                when p.aside > 0
                then 'an id that is no reaction or compound'
            end as reason
        from raw.kgml_reactions r
        left join side s on s.pathway_id = r.pathway_id and s.reaction = r.reaction
        left join pair p on p.pathway_id = r.pathway_id and p.reaction = r.reaction
    )
select pathway_id, reaction, reactions, reason, pairs, taken = 0 as whole
from judged
where reason is not null
