-- Every name that a catalogue gives a planet, and those that follow from its star's other names or from leaving out the
-- star's letter (A, B, AB, L of a lens). The lower the rank, the closer the name stands to the planet.
with
    eu as (
        select name as entry, star_name as star, alternate_names as names, star_alternate_names as star_names
        from raw.exoplanet_eu_planets
    ),
    eu_alternate as (select entry, unnest(string_split(names, ',')) as name from eu),
    eu_star as (select entry, star, unnest(string_split(star_names, ',')) as other from eu),
    given as (
        select catalogue, entry, entry as name, 'name' as basis, cast(0 as bigint) as rank
        from staging.planet_entries
        union all
        select 'nasa.pscomppars', c.planet, c.candidate, 'alternate', 1
        from core.planet_candidates c
        join staging.exoplanets_pscomppars p on p.planet = c.planet
        union all
        select 'nasa.pscomppars', c.planet, regexp_replace(c.candidate, '^K0*', 'KOI-'), 'alternate', 1
        from core.planet_candidates c
        join staging.exoplanets_pscomppars p on p.planet = c.planet
        where c.catalogue = 'cumulative'
        union all
        select 'exoplanet.eu', entry, html_unescaped(trim(name)), 'alternate', 1
        from eu_alternate
        union all
        select 'exoplanet.eu', entry, of_star(entry, star, other), 'star', 2
        from eu_star
        union all
        select 'open_exoplanets', of, name, 'alternate', 1
        from raw.open_exoplanets_names
        where kind = 'planet' and place > 0
    ),
    known as (
        select catalogue, entry, name, basis, rank
        from given
        union all
        select catalogue, entry, without_component(name), 'component', rank + 3
        from given
    ),
    best as (
        select catalogue, entry, alias_of(name) as alias, min({'rank':rank, 'name':name, 'basis':basis}) as closest
        from known
        where alias_of(name) is not null
        group by catalogue, entry, alias_of(name)
    )
select catalogue, entry, alias, closest.name as name, closest.rank as rank, closest.basis as basis
from best
