-- Objects of interest of Kepler (table cumulative) and TESS (table toi), with their dispositions as the
-- archive has them.
select
    'cumulative' as catalogue,
    candidate,
    planet,
    star_id,
    disposition,
    case
        disposition
        when 'CONFIRMED'
        then 'confirmed'
        when 'CANDIDATE'
        then 'candidate'
        when 'FALSE POSITIVE'
        then 'false positive'
    end as status,
    score,
    orbital_period,
    radius,
    equilibrium_temperature,
    insolation
from staging.exoplanets_cumulative
union all
select
    'toi',
    candidate,
    cast(null as varchar),
    star_id,
    disposition,
    case
        when disposition in ('CP', 'KP')
        then 'confirmed'
        when disposition in ('PC', 'APC')
        then 'candidate'
        when disposition in ('FP', 'FA')
        then 'false positive'
    end,
    cast(null as double),
    measured(orbital_period, orbital_period_limit),
    measured(radius, radius_limit),
    measured(equilibrium_temperature, equilibrium_temperature_limit),
    measured(insolation, insolation_limit)
from staging.exoplanets_toi
