-- Each term of each reaction's equation with the compound of that name: KEGG's list writes equations in names. A
-- number,
-- n or (n+1) before a term is how many; a name that no compound has, or several have, gives none.
with
    once as (
        select reaction_id, string_split_regex(min(equation), ' (<=>|=>|<=) ') as sides
        from raw.kegg_reactions
        where equation is not null
        group by reaction_id
    ),
    side as (
        select reaction_id, cast(0 as bigint) as side, sides[1] as terms
        from once
        union all
        select reaction_id, cast(1 as bigint), sides[2]
        from once
    ),
    term as (
        select
            reaction_id,
            side,
            regexp_replace(trim(unnest(string_split(terms, ' + '))), '^(\d+|[mnx]|\d*\([^ ()]+\)) ', '') as name
        from side
        where terms is not null
    ),
    named as (
        select name, if(count(distinct compound_id) = 1, min(compound_id), null) as compound_id
        from (select unnest(names) as name, compound_id from raw.kegg_compounds)
        group by name
    )
select distinct t.reaction_id, t.side, t.name, n.compound_id
from term t
left join named n on n.name = t.name
