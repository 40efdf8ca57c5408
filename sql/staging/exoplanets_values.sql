-- Table pscomppars and the Solar System, one row a planet and quantity. A mass of the kind Msini is a minimum mass.
with
    long as (
        select
            'nasa.pscomppars' as catalogue,
            planet as entry,
            'raw.exoplanets_pscomppars' as origin,
            unnest(
                [
                    reading(
                        'orbital_period',
                        'day',
                        orbital_period,
                        orbital_period_upper,
                        orbital_period_lower,
                        orbital_period_limit,
                        null
                    ),
                    reading(
                        'semi_major_axis',
                        'au',
                        semi_major_axis,
                        semi_major_axis_upper,
                        semi_major_axis_lower,
                        semi_major_axis_limit,
                        null
                    ),
                    reading(
                        'radius', 'earth_radius', radius, radius_upper, radius_lower, radius_limit, radius_reference
                    ),
                    reading(
                        if(mass_kind = 'Msini', 'minimum_mass', 'mass'),
                        'earth_mass',
                        mass,
                        mass_upper,
                        mass_lower,
                        mass_limit,
                        mass_kind
                    ),
                    reading(
                        'eccentricity',
                        '1',
                        eccentricity,
                        eccentricity_upper,
                        eccentricity_lower,
                        eccentricity_limit,
                        null
                    ),
                    reading(
                        'insolation',
                        'earth_insolation',
                        insolation,
                        insolation_upper,
                        insolation_lower,
                        insolation_limit,
                        null
                    ),
                    reading(
                        'equilibrium_temperature',
                        'K',
                        equilibrium_temperature,
                        equilibrium_temperature_upper,
                        equilibrium_temperature_lower,
                        equilibrium_temperature_limit,
                        null
                    ),
                    reading(
                        'star_temperature',
                        'K',
                        star_temperature,
                        star_temperature_upper,
                        star_temperature_lower,
                        star_temperature_limit,
                        null
                    ),
                    reading(
                        'star_radius',
                        'solar_radius',
                        star_radius,
                        star_radius_upper,
                        star_radius_lower,
                        star_radius_limit,
                        null
                    ),
                    reading(
                        'star_mass', 'solar_mass', star_mass, star_mass_upper, star_mass_lower, star_mass_limit, null
                    ),
                    reading(
                        'star_metallicity',
                        'dex',
                        star_metallicity,
                        star_metallicity_upper,
                        star_metallicity_lower,
                        star_metallicity_limit,
                        star_metallicity_kind
                    ),
                    reading(
                        'star_gravity',
                        'dex',
                        star_gravity,
                        star_gravity_upper,
                        star_gravity_lower,
                        star_gravity_limit,
                        null
                    ),
                    reading('distance', 'parsec', distance, distance_upper, distance_lower, null, null)
                ]
            ) as said
        from staging.exoplanets_pscomppars
        union all
        select
            catalogue,
            planet,
            'seeds.solar_system',
            unnest(
                [
                    reading('orbital_period', 'day', orbital_period, null, null, null, null),
                    reading('semi_major_axis', 'au', semi_major_axis, null, null, null, null),
                    reading('radius', 'earth_radius', radius, null, null, null, null),
                    reading('mass', 'earth_mass', mass, null, null, null, null),
                    reading('eccentricity', '1', eccentricity, null, null, null, null),
                    reading('insolation', 'earth_insolation', insolation, null, null, null, null),
                    reading('equilibrium_temperature', 'K', equilibrium_temperature, null, null, null, null),
                    reading('star_temperature', 'K', star_temperature, null, null, null, null),
                    reading('star_radius', 'solar_radius', star_radius, null, null, null, null),
                    reading('star_mass', 'solar_mass', star_mass, null, null, null, null),
                    reading('star_metallicity', 'dex', star_metallicity, null, null, null, null),
                    reading('star_gravity', 'dex', star_gravity, null, null, null, null)
                ]
            ) as said
        from seeds.solar_system
    )
select
    catalogue,
    entry,
    origin,
    said.quantity as quantity,
    said.unit as unit,
    said.value as value,
    said.upper as upper,
    said.lower as lower,
    said.limit_flag as limit_flag,
    cast(null as double) as lower_limit,
    said.kind as kind
from long
where said.value is not null
