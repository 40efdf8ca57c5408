-- Which planet each entry of each catalogue is. The NASA archive's names are the planets' names. An entry of another
-- catalogue is a planet where they share an alias, and neither shares a closer one with a third: first exoplanet.eu's,
-- then the Open Exoplanet Catalogue's, which may also match by what exoplanet.eu calls the planet. What matches
-- nothing is
-- a planet of its own; so is what matches several things equally well, and is told as ambiguous.
with
    alias as (select catalogue, entry, alias, rank, basis from staging.planet_names),
    own as (
        select catalogue, entry, entry as planet
        from staging.planet_entries
        where catalogue in ('nasa.pscomppars', 'nasa.nssdca')
    ),
    nasa as (
        select o.planet, a.alias, min(a.rank) as rank
        from own o
        join alias a on a.catalogue = o.catalogue and a.entry = o.entry
        group by o.planet, a.alias
    ),
    eu_pair as (
        select a.entry, n.planet, min({'score':a.rank + n.rank, 'alias':a.alias, 'basis':a.basis}) as best
        from alias a
        join nasa n on n.alias = a.alias
        where a.catalogue = 'exoplanet.eu'
        group by a.entry, n.planet
    ),
    eu_ranked as (
        select
            *,
            rank() over (partition by entry order by best.score) as of_entry,
            rank() over (partition by planet order by best.score) as of_planet
        from eu_pair
    ),
    eu_best as (
        select *, count(*) over (partition by entry) as planets, count(*) over (partition by planet) as entries
        from eu_ranked
        where of_entry = 1 and of_planet = 1
    ),
    eu as (
        select
            e.catalogue,
            e.entry,
            coalesce(b.planet, case when n.planet is null then e.entry else e.entry || ' (exoplanet.eu)' end) as planet,
            b.best.basis as matched_by,
            b.best.alias as alias
        from staging.planet_entries e
        left join eu_best b on b.entry = e.entry and b.planets = 1 and b.entries = 1
        left join own n on n.planet = e.entry
        where e.catalogue = 'exoplanet.eu'
    ),
    known as (
        select planet, alias, rank
        from nasa
        union all
        select e.planet, a.alias, a.rank
        from eu e
        join alias a on a.catalogue = e.catalogue and a.entry = e.entry
    ),
    known_alias as (select planet, alias, min(rank) as rank from known group by planet, alias),
    oec_pair as (
        select a.entry, k.planet, min({'score':a.rank + k.rank, 'alias':a.alias, 'basis':a.basis}) as best
        from alias a
        join known_alias k on k.alias = a.alias
        where a.catalogue = 'open_exoplanets'
        group by a.entry, k.planet
    ),
    oec_ranked as (
        select
            *,
            rank() over (partition by entry order by best.score) as of_entry,
            rank() over (partition by planet order by best.score) as of_planet
        from oec_pair
    ),
    oec_best as (
        select *, count(*) over (partition by entry) as planets, count(*) over (partition by planet) as entries
        from oec_ranked
        where of_entry = 1 and of_planet = 1
    ),
    taken as (
        select planet
        from own
        union
        select planet
        from eu
    ),
    oec as (
        select
            e.catalogue,
            e.entry,
            coalesce(
                b.planet, case when t.planet is null then e.entry else e.entry || ' (open_exoplanets)' end
            ) as planet,
            b.best.basis as matched_by,
            b.best.alias as alias
        from staging.planet_entries e
        left join oec_best b on b.entry = e.entry and b.planets = 1 and b.entries = 1
        left join taken t on t.planet = e.entry
        where e.catalogue = 'open_exoplanets'
    ),
    resolved as (
        select catalogue, entry, planet, cast(null as varchar) as matched_by, cast(null as varchar) as alias
        from own
        union all
        select catalogue, entry, planet, matched_by, alias
        from eu
        union all
        select catalogue, entry, planet, matched_by, alias
        from oec
    ),
    paired as (
        select distinct 'exoplanet.eu' as catalogue, entry
        from eu_pair
        union all
        select distinct 'open_exoplanets', entry
        from oec_pair
    )
select
    r.catalogue,
    r.entry,
    r.planet,
    r.matched_by,
    r.alias,
    p.entry is not null and r.matched_by is null as ambiguous,
    e.star,
    e.status,
    e.discovery_method,
    e.discovery_year,
    e.updated
from resolved r
join staging.planet_entries e on e.catalogue = r.catalogue and e.entry = r.entry
left join paired p on p.catalogue = r.catalogue and p.entry = r.entry
