-- Every alias of every planet, with the catalogue that it comes from. `planets` says how many planets have it: an
-- alias of
-- more than one resolves nothing alone.
with
    known as (
        select n.alias, e.planet, n.catalogue, n.name, n.basis
        from staging.planet_names n
        join core.planet_entries e on e.catalogue = n.catalogue and e.entry = n.entry
    ),
    shared as (select alias, count(distinct planet) as planets from known group by alias)
select k.alias, k.planet, k.catalogue, k.name, k.basis, s.planets
from known k
join shared s on s.alias = k.alias
