-- One row a planet-run whose planet a catalogue has: what is known of the planet and its star. A simulation may assume
-- other values: they are in its cube. A value whose limit flag is not 0 is a limit and no measurement: it stands in
-- ..._limit_value, and the value itself is null. What is computed stands beside what is published, never in its place.
with
    known as (
        select
            r.planet_run_key,
            r.planet,
            r.star,
            case when p.planet is null then s.catalogue else 'nasa.pscomppars' end as source,
            coalesce(measured(p.orbital_period, p.orbital_period_limit), s.orbital_period) as orbital_period,
            p.orbital_period_upper,
            p.orbital_period_lower,
            limited(p.orbital_period, p.orbital_period_limit) as orbital_period_limit_value,
            p.orbital_period_limit,
            coalesce(measured(p.semi_major_axis, p.semi_major_axis_limit), s.semi_major_axis) as semi_major_axis,
            p.semi_major_axis_upper,
            p.semi_major_axis_lower,
            limited(p.semi_major_axis, p.semi_major_axis_limit) as semi_major_axis_limit_value,
            p.semi_major_axis_limit,
            coalesce(measured(p.radius, p.radius_limit), s.radius) as radius,
            p.radius_upper,
            p.radius_lower,
            limited(p.radius, p.radius_limit) as radius_limit_value,
            p.radius_limit,
            coalesce(measured(p.mass, p.mass_limit), s.mass) as mass,
            p.mass_upper,
            p.mass_lower,
            limited(p.mass, p.mass_limit) as mass_limit_value,
            p.mass_limit,
            coalesce(measured(p.eccentricity, p.eccentricity_limit), s.eccentricity) as eccentricity,
            p.eccentricity_upper,
            p.eccentricity_lower,
            limited(p.eccentricity, p.eccentricity_limit) as eccentricity_limit_value,
            p.eccentricity_limit,
            coalesce(measured(p.insolation, p.insolation_limit), s.insolation) as insolation,
            p.insolation_upper,
            p.insolation_lower,
            limited(p.insolation, p.insolation_limit) as insolation_limit_value,
            p.insolation_limit,
            coalesce(
                measured(p.equilibrium_temperature, p.equilibrium_temperature_limit), s.equilibrium_temperature
            ) as equilibrium_temperature,
            p.equilibrium_temperature_upper,
            p.equilibrium_temperature_lower,
            limited(p.equilibrium_temperature, p.equilibrium_temperature_limit) as equilibrium_temperature_limit_value,
            p.equilibrium_temperature_limit,
            coalesce(measured(p.star_temperature, p.star_temperature_limit), s.star_temperature) as star_temperature,
            p.star_temperature_upper,
            p.star_temperature_lower,
            limited(p.star_temperature, p.star_temperature_limit) as star_temperature_limit_value,
            p.star_temperature_limit,
            coalesce(measured(p.star_radius, p.star_radius_limit), s.star_radius) as star_radius,
            p.star_radius_upper,
            p.star_radius_lower,
            limited(p.star_radius, p.star_radius_limit) as star_radius_limit_value,
            p.star_radius_limit,
            coalesce(measured(p.star_mass, p.star_mass_limit), s.star_mass) as star_mass,
            p.star_mass_upper,
            p.star_mass_lower,
            limited(p.star_mass, p.star_mass_limit) as star_mass_limit_value,
            p.star_mass_limit,
            coalesce(measured(p.star_metallicity, p.star_metallicity_limit), s.star_metallicity) as star_metallicity,
            p.star_metallicity_upper,
            p.star_metallicity_lower,
            limited(p.star_metallicity, p.star_metallicity_limit) as star_metallicity_limit_value,
            p.star_metallicity_limit,
            coalesce(measured(p.star_gravity, p.star_gravity_limit), s.star_gravity) as star_gravity,
            p.star_gravity_upper,
            p.star_gravity_lower,
            limited(p.star_gravity, p.star_gravity_limit) as star_gravity_limit_value,
            p.star_gravity_limit,
            case when p.planet is null then 'Mass' else p.mass_kind end as mass_kind,
            case when p.planet is null then false else p.mass_kind = 'M-R relationship' end as mass_calculated,
            case
                when p.planet is null or p.radius_upper is not null
                then false
                when p.radius_reference is not null
                then p.radius_reference = 'Calculated Value'
            end as radius_calculated,
            p.distance,
            p.distance_upper,
            p.distance_lower
        from core.planet_runs r
        left join staging.exoplanets_pscomppars p on p.planet = r.planet
        left join seeds.solar_system s on s.planet = r.planet
        where p.planet is not null or s.planet is not null
    )
select
    *,
    radius * earth_radius_m() as radius_si,
    radius_upper * earth_radius_m() as radius_si_upper,
    radius_lower * earth_radius_m() as radius_si_lower,
    mass * earth_mass_kg() as mass_si,
    mass_upper * earth_mass_kg() as mass_si_upper,
    mass_lower * earth_mass_kg() as mass_si_lower,
    insolation * solar_irradiance() as insolation_si,
    insolation_upper * solar_irradiance() as insolation_si_upper,
    insolation_lower * solar_irradiance() as insolation_si_lower,
    case when independent(mass_kind, radius_calculated) then density_of(mass, radius) end as density_computed,
    case when independent(mass_kind, radius_calculated) then gravity_of(mass, radius) end as gravity_computed,
    insolation_of(star_radius, star_temperature, semi_major_axis) as insolation_computed,
    equilibrium_temperature_of(star_radius, star_temperature, semi_major_axis) as equilibrium_temperature_computed
from known
