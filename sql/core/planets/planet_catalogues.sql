-- One row a planet of any catalogue, with its entry in each. `alone` is the only catalogue that has it, of at least two
-- that were landed. `status` is what the first of the NASA archive, exoplanet.eu and the Open Exoplanet Catalogue says.
with
    landed as (
        select count(distinct if(catalogue in ('nasa.pscomppars', 'nasa.nssdca'), 'nasa', catalogue)) as catalogues
        from core.planet_entries
    ),
    planet as (
        select
            planet,
            max(entry) filter (where catalogue in ('nasa.pscomppars', 'nasa.nssdca')) as nasa,
            max(entry) filter (where catalogue = 'exoplanet.eu') as exoplanet_eu,
            max(entry) filter (where catalogue = 'open_exoplanets') as open_exoplanets,
            count(*) as catalogues,
            max(catalogue) as one,
            first(status order by ranked) filter (where status is not null) as status,
            bool_or(ambiguous) as ambiguous
        from
            (
                select
                    *,
                    case when catalogue like 'nasa.%' then 0 when catalogue = 'exoplanet.eu' then 1 else 2 end as ranked
                from core.planet_entries
            )
        group by planet
    )
select
    p.planet,
    p.nasa,
    p.exoplanet_eu,
    p.open_exoplanets,
    p.catalogues,
    case when p.catalogues = 1 and l.catalogues > 1 then p.one end as alone,
    p.status,
    p.ambiguous
from planet p
cross join landed l
