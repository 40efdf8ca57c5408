-- Every ancestor of every term: by is_a alone, or by is_a and part_of. Numbers stand for ids, which halves the memory.
-- The first recursion knows each pair once, so that it ends whatever circles there are; the second counts the steps, of
-- which only the first may be on a circle, so that it ends too.
with recursive
    edges as (
        select term, target as ancestor, predicate = 'part_of' as partly
        from core.ontology_relations
        where
            predicate in ('is_a', 'part_of')
            and term <> target
            and term not in (select term from core.ontology_terms where obsolete)
            and target not in (select term from core.ontology_terms where obsolete)
    ),
    numbered as (
        select term, row_number() over (order by term)::integer as number
        from
            (
                select term
                from edges
                union
                select ancestor
                from edges
            )
    ),
    steps as materialized(
        select b.number as below, a.number as above, e.partly
        from edges as e
        join numbered as b on b.term = e.term
        join numbered as a on a.term = e.ancestor
    ),
    reached as materialized(
        select below, above, partly
        from steps
        union
        select r.below, s.above, r.partly or s.partly
        from reached as r
        join steps as s on s.below = r.above
    ),
    straight as materialized(
        select s.below, s.above, s.partly
        from steps as s
        anti join reached as r on r.below = s.above and r.above = s.below
    ),
    counted as (
        select below, above, partly, 1 as distance
        from steps
        union
        select c.below, s.above, c.partly or s.partly, c.distance + 1
        from counted as c
        join straight as s on s.below = c.above
    ),
    nearest as (select below, above, partly, min(distance) as distance from counted group by below, above, partly)
select b.term, a.term as ancestor, if(r.partly, 'part_of', 'is_a') as through, n.distance::bigint as distance
from reached as r
join numbered as b on b.number = r.below
join numbered as a on a.number = r.above
left join nearest as n on n.below = r.below and n.above = r.above and n.partly = r.partly
where r.below <> r.above
