-- Reference pathways of which it is known where they live, in each planet-run that has a temperature. An equilibrium
-- temperature is not a surface temperature: it is used only where there is no other, and temperature_kind says so. Its
-- range is its error bar, down to 0 K; that of a surface is its coldest and hottest place and time. No archive here
-- tells a planet's oxygen yet.
with
    run as (
        select
            planet_run_key,
            'equilibrium' as temperature_kind,
            equilibrium_temperature as temperature,
            greatest(equilibrium_temperature + coalesce(equilibrium_temperature_lower, 0), 0) as low,
            equilibrium_temperature + coalesce(equilibrium_temperature_upper, 0) as high,
            cast(null as double) as o2
        from features.planet_params
        where
            equilibrium_temperature is not null
            and planet_run_key
            not in (select planet_run_key from features.climate where surface_temperature is not null)
        union all
        select
            planet_run_key,
            'surface',
            surface_temperature,
            surface_temperature_min,
            surface_temperature_max,
            cast(null as double)
        from features.climate
        where surface_temperature is not null
    ),
    habitat as (
        -- An end that a matched rule leaves open has no limit of its own: life's for temperature, 0 to 1 for oxygen.
        select
            pathway_id,
            case when temperature_basis = 'habitat' then coalesce(temperature_low, life_low()) end as low,
            case when temperature_basis = 'habitat' then coalesce(temperature_high, life_high()) end as high,
            case when o2_basis = 'habitat' then coalesce(o2_low, 0) end as o2_low,
            case when o2_basis = 'habitat' then coalesce(o2_high, 1) end as o2_high
        from features.env_vectors
        where pathway_id like 'map%' and (temperature_basis = 'habitat' or o2_basis = 'habitat')
    )
select
    r.planet_run_key,
    h.pathway_id,
    r.temperature,
    r.low as temperature_low,
    r.high as temperature_high,
    r.temperature_kind,
    feasible(r.low, r.high, h.low, h.high, r.o2, h.o2_low, h.o2_high) as feasible,
    case
        when not within_life(r.low, r.high)
        then 'temperature outside the limits of life'
        when not ranges_meet(r.low, r.high, h.low, h.high)
        then 'temperature outside the range of the pathway'
        when not oxygen_fits(r.o2, h.o2_low, h.o2_high)
        then 'oxygen outside the range of the pathway'
        when h.low is null
        then 'no rule tells the temperatures of the pathway'
        when h.o2_low is null
        then 'no rule tells the oxygen of the pathway'
        when oxygen_fits(r.o2, h.o2_low, h.o2_high) is null
        then 'the oxygen of the planet-run is not known'
        else 'temperature and oxygen fit'
    end as reason
from habitat h
cross join run r
