-- Everything above each term. Numbers stand for ids: a third of the memory. The first recursion finds what can be
-- reached, and ends whatever cycles there are, for it knows each pair once; the second counts the steps, along the
-- relations that are on no cycle.
with recursive
    edges as (
        select id, target, relation = 'part_of' as part
        from core.ontology_relations
        where relation in ('is_a', 'part_of') and not limited and id <> target
    ),
    ids as (
        select id
        from core.ontology_terms
        union
        select id
        from edges
        union
        select target
        from edges
    ),
    retired as (select id from core.ontology_terms where obsolete),
    numbered as (
        select id, cast(row_number() over (order by id) as integer) as number
        from ids
        where id not in (select id from retired)
    ),
    steps as (
        select b.number as below, a.number as above, e.part
        from edges as e
        join numbered as b on b.id = e.id
        join numbered as a on a.id = e.target
    ),
    reached as (
        select below, above, part
        from steps
        union
        select r.below, s.above, r.part or s.part
        from reached as r
        join steps as s on s.below = r.above
    ),
    straight as (
        select s.below, s.above, s.part
        from steps as s
        anti join reached as r on r.below = s.above and r.above = s.below
    ),
    counted as (
        select below, above, part, 1 as distance
        from straight
        union
        select c.below, s.above, c.part or s.part, c.distance + 1
        from counted as c
        join straight as s on s.below = c.above
    ),
    nearest as (select below, above, part, min(distance) as distance from counted group by below, above, part),
    found as (
        select number as below, number as above, false as part, 0 as distance
        from numbered
        union all
        select r.below, r.above, r.part, n.distance
        from reached as r
        left join nearest as n on n.below = r.below and n.above = r.above and n.part = r.part
        where r.below <> r.above or r.part
    )
select
    b.id,
    a.id as ancestor,
    case when f.part then 'part_of' else 'is_a' end as relation,
    cast(f.distance as bigint) as distance
from found as f
join numbered as b on b.number = f.below
join numbered as a on a.number = f.above
