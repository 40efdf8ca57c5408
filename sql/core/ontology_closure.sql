-- Every ancestor of every term: by is_a alone, or by is_a and part_of. A circle ends: no way is longer than 100 steps.
with recursive
    edges as (
        select term, target as ancestor, predicate = 'part_of' as partly
        from core.ontology_relations
        where predicate in ('is_a', 'part_of') and term <> target
    ),
    ways as (
        select term, ancestor, partly, 1 as distance
        from edges
        union
        select w.term, e.ancestor, w.partly or e.partly, w.distance + 1
        from ways w
        join edges e on e.term = w.ancestor
        where w.distance < 100 and w.term <> e.ancestor
    )
select term, ancestor, if(partly, 'part_of', 'is_a') as through, min(distance)::bigint as distance
from ways
group by all
