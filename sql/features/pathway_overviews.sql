-- Which pathways belong to an overview map, by the ids of its image: the map itself, a pathway that it links to, and a
-- pathway at least half of whose reactions stand in it. One reaction in common would be too loose: central metabolism
-- shares some with nearly every map.
with
    target as (select distinct map_number(pathway_id) as overview, id from raw.kegg_map_areas where id is not null),
    linked as (
        select distinct overview, map_number(id) as number
        from target
        where regexp_full_match(id, '[a-z]+[0-9]{5}')
        union
        select distinct map_number(pathway_id), map_number(pathway_id)
        from raw.kegg_map_areas
    ),
    shared as (
        select t.overview, r.number, count(*) as shared
        from staging.pathway_reactions r
        join target t on t.id = r.reaction_id
        group by t.overview, r.number
    ),
    held as (select number, count(*) as reactions from staging.pathway_reactions group by number),
    met as (
        select overview, number
        from linked
        union
        select overview, number
        from shared
    )
select
    'map' || m.overview as overview,
    m.number,
    l.number is not null as is_linked,
    coalesce(s.shared, 0) as shared,
    coalesce(h.reactions, 0) as reactions,
    l.number is not null or coalesce(2 * s.shared >= h.reactions, false) as is_member
from met m
left join linked l on l.overview = m.overview and l.number = m.number
left join shared s on s.overview = m.overview and s.number = m.number
left join held h on h.number = m.number
