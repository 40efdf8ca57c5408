-- One row a planet a catalogue. Of the Open Exoplanet Catalogue: the planets of its table and of its systems.
with
    fact as (
        select
            of as entry,
            max(text) filter (where quantity = 'discoverymethod') as discovery_method,
            max(text) filter (where quantity = 'discoveryyear') as discovery_year,
            max(text) filter (where quantity = 'lastupdate') as updated,
            string_agg(distinct text, ', ' order by text) filter (where quantity = 'list') as lists
        from raw.open_exoplanets_values
        where kind = 'planet' and of is not null
        group by of
    ),
    host as (
        select name as entry, max(host) as star
        from raw.open_exoplanets_objects
        where kind = 'planet' and name is not null
        group by name
    ),
    open_exoplanets as (
        select
            coalesce(h.entry, p.name) as entry,
            h.star,
            coalesce(f.lists, p.list) as status,
            coalesce(f.discovery_method, p.discoverymethod) as discovery_method,
            coalesce(try_cast(f.discovery_year as bigint), p.discoveryyear) as discovery_year,
            cast(try_strptime(coalesce(f.updated, p.lastupdate), '%y/%m/%d') as date) as updated,
            h.entry is not null as in_systems
        from raw.open_exoplanets_planets p
        full join host h on h.entry = p.name
        left join fact f on f.entry = h.entry
    )
select
    'nasa.pscomppars' as catalogue,
    planet as entry,
    star,
    case when controversial then 'Controversial' else 'Confirmed' end as status,
    discovery_method,
    discovery_year,
    cast(null as date) as updated,
    false as in_systems
from staging.exoplanets_pscomppars
union all
select 'nasa.nssdca', planet, star, 'Solar System', null, null, null, false
from seeds.solar_system
union all
select
    'exoplanet.eu',
    name,
    star_name,
    planet_status,
    detection_type,
    discovered,
    cast(try_strptime(updated, ['%Y-%m-%d', '%Y/%m/%d', '%d/%m/%Y']) as date),
    false
from raw.exoplanet_eu_planets
union all
select 'open_exoplanets', entry, star, status, discovery_method, discovery_year, updated, in_systems
from open_exoplanets
