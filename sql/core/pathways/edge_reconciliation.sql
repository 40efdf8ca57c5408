-- Each KGML document against what became of it. The counts on both sides are taken apart from each other: what the
-- document holds by the lengths of its lists, what became of it by counting rows; the contract holds them together.
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
    document as (
        select
            r.pathway_id,
            count(*) as reactions,
            sum(len(r.reactions) * coalesce(s.substrates, 0) * coalesce(s.products, 0)) as pairs
        from raw.kgml_reactions r
        left join side s on s.pathway_id = r.pathway_id and s.reaction = r.reaction
        group by r.pathway_id
    ),
    element as (
        select pathway_id, count(distinct reaction) as reactions
        from staging.kgml_pairs
        where known_ids
        group by pathway_id
    ),
    repeated as (
        select pathway_id, sum(n - 1) as duplicates
        from
            (
                select pathway_id, count(*) as n
                from staging.kgml_pairs
                where known_ids
                group by pathway_id, reaction_id, substrate, product
            ) as grouped
        group by pathway_id
    ),
    reject as (
        select pathway_id, count(*) filter (whole) as reactions, sum(pairs) as pairs
        from core.edge_rejects
        group by pathway_id
    ),
    edge as (select pathway_id, count(*) as edges from core.edges group by pathway_id)
select
    k.pathway_id,
    coalesce(d.reactions, 0) as reactions,
    coalesce(w.reactions, 0) as reactions_with_edges,
    coalesce(a.reactions, 0) as reactions_aside,
    cast(coalesce(d.pairs, 0) as bigint) as pairs,
    coalesce(e.edges, 0) as edges,
    cast(coalesce(t.duplicates, 0) as bigint) as duplicates,
    cast(coalesce(a.pairs, 0) as bigint) as pairs_aside
from (select distinct pathway_id from raw.kgml_pathways) k
left join document d on d.pathway_id = k.pathway_id
left join element w on w.pathway_id = k.pathway_id
left join reject a on a.pathway_id = k.pathway_id
left join edge e on e.pathway_id = k.pathway_id
left join repeated t on t.pathway_id = k.pathway_id
