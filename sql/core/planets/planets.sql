-- One row a planet: the NASA Exoplanet Archive's confirmed ones, and those of the Solar System that models simulate.
-- The default solution is the publication that the archive takes before others (table ps).
with
    solution as (
        select
            planet,
            count(*) as solutions,
            max(reference) filter (where is_default) as default_reference,
            max(reference_url) filter (where is_default) as default_reference_url
        from staging.exoplanets_ps
        group by planet
    )
select
    p.planet,
    p.star,
    'nasa.pscomppars' as catalogue,
    p.stars,
    p.planets,
    p.discovery_method,
    p.discovery_year,
    p.discovery_facility,
    p.controversial,
    p.spectral_type,
    p.right_ascension,
    p.declination,
    p.distance,
    coalesce(s.solutions, 0) as solutions,
    s.default_reference,
    s.default_reference_url
from staging.exoplanets_pscomppars p
left join solution s on s.planet = p.planet
union all
select planet, star, catalogue, 1, 8, null, null, null, false, 'G2V', null, null, null, 0, null, null
from seeds.solar_system
