-- Which planet each entry of each catalogue is. The NASA archive's names are the planets' names. An entry is a planet
-- where they share an alias (not one that both have only without a star's letter: rank 3), and neither shares a closer
-- one, or one as close, with a third. First by the archive's own names; then also by what the entries found so call
-- those
-- planets; last, what is left of the Open Exoplanet Catalogue by what is left of exoplanet.eu. What matches nothing
-- is a
-- planet of its own; so is what matches several equally well, or comes too late: it is ambiguous.
with
    own as (
        select catalogue, entry, entry as planet
        from staging.planet_entries
        where catalogue in ('nasa.pscomppars', 'nasa.nssdca')
    ),
    other as (
        select catalogue, entry, alias, rank, basis
        from staging.planet_names
        where catalogue not in ('nasa.pscomppars', 'nasa.nssdca')
    ),
    nasa as (
        select o.planet, n.alias, n.rank
        from own o
        join staging.planet_names n on n.catalogue = o.catalogue and n.entry = o.entry
    ),
    pair_1 as (
        select o.catalogue, o.entry, n.planet, min({'score':o.rank + n.rank, 'alias':o.alias, 'basis':o.basis}) as best
        from other o
        join nasa n on n.alias = o.alias and least(o.rank, n.rank) < 3
        group by o.catalogue, o.entry, n.planet
    ),
    first_1 as (
        select *
        from pair_1
        qualify
            rank() over (partition by catalogue, entry order by best.score) = 1
            and rank() over (partition by catalogue, planet order by best.score) = 1
    ),
    match_1 as (
        select *
        from first_1
        qualify count(*) over (partition by catalogue, entry) = 1 and count(*) over (partition by catalogue, planet) = 1
    ),
    borrowed as (
        select m.planet, o.alias, min(o.rank) as rank
        from match_1 m
        join other o on o.catalogue = m.catalogue and o.entry = m.entry
        group by m.planet, o.alias
    ),
    pair_2 as (
        select o.catalogue, o.entry, b.planet, min({'score':o.rank + b.rank, 'alias':o.alias, 'basis':o.basis}) as best
        from other o
        join borrowed b on b.alias = o.alias and least(o.rank, b.rank) < 3
        left join match_1 m on m.catalogue = o.catalogue and (m.entry = o.entry or m.planet = b.planet)
        where m.planet is null
        group by o.catalogue, o.entry, b.planet
    ),
    first_2 as (
        select *
        from pair_2
        qualify
            rank() over (partition by catalogue, entry order by best.score) = 1
            and rank() over (partition by catalogue, planet order by best.score) = 1
    ),
    match_2 as (
        select *
        from first_2
        qualify count(*) over (partition by catalogue, entry) = 1 and count(*) over (partition by catalogue, planet) = 1
    ),
    found as (
        select catalogue, entry, planet, best
        from match_1
        union all
        select catalogue, entry, planet, best
        from match_2
    ),
    rest as (
        select o.catalogue, o.entry, o.alias, o.rank, o.basis
        from other o
        left join found f on f.catalogue = o.catalogue and f.entry = o.entry
        where f.entry is null
    ),
    pair_3 as (
        select
            o.catalogue,
            o.entry,
            e.entry as planet,
            min({'score':o.rank + e.rank, 'alias':o.alias, 'basis':o.basis}) as best
        from rest o
        join rest e on e.alias = o.alias and least(o.rank, e.rank) < 3
        where o.catalogue = 'open_exoplanets' and e.catalogue = 'exoplanet.eu'
        group by o.catalogue, o.entry, e.entry
    ),
    first_3 as (
        select *
        from pair_3
        qualify
            rank() over (partition by entry order by best.score) = 1
            and rank() over (partition by planet order by best.score) = 1
    ),
    match_3 as (
        select * from first_3 qualify count(*) over (partition by entry) = 1 and count(*) over (partition by planet) = 1
    ),
    contested as (
        select catalogue, entry
        from pair_1
        union
        select catalogue, entry
        from pair_2
        union
        select catalogue, entry
        from pair_3
    ),
    placed as (
        select
            e.catalogue,
            e.entry,
            coalesce(f.planet, m.planet, e.entry) as name,
            case
                when o.entry is not null or f.planet is not null
                then 0
                when m.planet is not null or e.catalogue = 'exoplanet.eu'
                then 1
                else 2
            end as namer,
            coalesce(f.best, m.best) as best
        from staging.planet_entries e
        left join own o on o.catalogue = e.catalogue and o.entry = e.entry
        left join found f on f.catalogue = e.catalogue and f.entry = e.entry
        left join match_3 m on m.catalogue = e.catalogue and m.entry = e.entry
    )
-- a name that stands for another planet already gets the catalogue's after it
select
    p.catalogue,
    p.entry,
    p.name || case
        when p.namer = min(p.namer) over (partition by p.name)
        then ''
        when p.namer = 1
        then ' (exoplanet.eu)'
        else ' (open_exoplanets)'
    end as planet,
    p.best.basis as matched_by,
    p.best.alias as alias,
    c.entry is not null and p.best is null as ambiguous,
    e.star,
    e.status,
    e.discovery_method,
    e.discovery_year,
    e.updated
from placed p
join staging.planet_entries e on e.catalogue = p.catalogue and e.entry = p.entry
left join contested c on c.catalogue = p.catalogue and c.entry = p.entry
