-- What each run's cubes hold, and its global means, weighted by cell area; where one is null, ..._gap says why. A
-- mean is
-- global only where there are values nearly all round the planet (is_global): of a region it is not the planet's, nor
-- are
-- its coldest and hottest place.
-- Of several variables for a quantity the one that the run's description names is taken, else the one named first in
-- seeds.climate_variables, then the first by name. Where several cubes of a run have it (a file a year), the mean is
-- that
-- of their values: each cube's mean counts by how many values it has.
with
    variable as (
        select distinct
            planet_run_key(c.planet, c.kind, c.model, c.scenario, c.run) as planet_run_key,
            c.digest,
            v.variable,
            v.standard_name,
            v.unit,
            v.si_unit,
            v.si_factor,
            v.si_offset,
            v.unit_gap,
            v.weighted_mean,
            v.coverage,
            v.count - v.missing as known,
            v.min,
            v.max
        from raw.cubes c
        left join raw.cube_variables v on v.digest = c.digest and v.role = 'data'
    ),
    counted as (
        select
            planet_run_key,
            count(distinct digest) as cubes,
            count(distinct variable) as variables,
            list(distinct variable order by variable) filter (where variable is not null) as names
        from variable
        group by planet_run_key
    ),
    named as (
        select v.planet_run_key, v.variable, s.quantity, s.priority
        from variable v
        join
            seeds.climate_variables s
            on s.name = case s.match_on when 'variable' then lower(v.variable) else v.standard_name end
        union all
        select planet_run_key(planet, kind, model, scenario, run), variable, quantity, 0
        from raw.gcm_variables
    ),
    chosen as (
        select planet_run_key, quantity, variable
        from named
        join (select distinct planet_run_key, variable from variable) using (planet_run_key, variable)
        group by planet_run_key, quantity, variable
        qualify row_number() over (partition by planet_run_key, quantity order by min(priority), variable) = 1
    ),
    each_cube as (
        select
            planet_run_key,
            quantity,
            variable,
            known,
            coverage,
            climate_si(quantity, weighted_mean, si_unit, si_factor, si_offset) as mean,
            climate_si(quantity, min, si_unit, si_factor, si_offset) as low,
            climate_si(quantity, max, si_unit, si_factor, si_offset) as high,
            case
                when climate_si(quantity, 0.0::double, si_unit, si_factor, si_offset) is null
                then coalesce(unit_gap, 'its unit is none of that quantity: ' || coalesce(unit, 'none'))
                when min is null
                then 'it has no finite value'
                when weighted_mean is null
                then 'the areas of its cells are not known'
                else coverage_gap(coverage)
            end as gap
        from variable
        join chosen using (planet_run_key, variable)
    ),
    means as (
        select
            planet_run_key,
            quantity,
            variable,
            case
                when count(gap) > 0 then null when count(*) = 1 then min(mean) else sum(mean * known) / sum(known)
            end as mean,
            case when count(gap) = 0 then min(low) end as low,
            case when count(gap) = 0 then max(high) end as high,
            min(coverage) as coverage,
            min(gap) as gap
        from each_cube
        group by planet_run_key, quantity, variable
    )
select
    r.planet_run_key,
    r.cube,
    c.cubes,
    c.variables,
    coalesce(c.names, cast([] as varchar[])) as variable_names,
    t.variable as surface_variable,
    t.mean as surface_temperature,
    t.low as surface_temperature_min,
    t.high as surface_temperature_max,
    t.coverage as surface_coverage,
    case when t.variable is null then 'no variable is known to tell it' else t.gap end as surface_gap,
    w.variable as precipitation_variable,
    w.mean as precipitation,
    w.coverage as precipitation_coverage,
    case when w.variable is null then 'no variable is known to tell it' else w.gap end as precipitation_gap,
    p.variable as surface_pressure_variable,
    p.mean as surface_pressure,
    p.coverage as surface_pressure_coverage,
    case when p.variable is null then 'no variable is known to tell it' else p.gap end as surface_pressure_gap,
    o.variable as outgoing_longwave_variable,
    o.mean as outgoing_longwave,
    o.coverage as outgoing_longwave_coverage,
    case when o.variable is null then 'no variable is known to tell it' else o.gap end as outgoing_longwave_gap
from core.planet_runs r
join counted c on c.planet_run_key = r.planet_run_key
left join means t on t.planet_run_key = r.planet_run_key and t.quantity = 'surface_temperature'
left join means w on w.planet_run_key = r.planet_run_key and w.quantity = 'precipitation'
left join means p on p.planet_run_key = r.planet_run_key and p.quantity = 'surface_pressure'
left join means o on o.planet_run_key = r.planet_run_key and o.quantity = 'outgoing_longwave'
