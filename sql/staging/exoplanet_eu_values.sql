-- The catalogue of exoplanet.eu, one row a planet and quantity, in its own units.
with
    long as (
        select
            name as entry,
            unnest(
                [
                    reading(
                        'orbital_period',
                        'day',
                        orbital_period,
                        orbital_period_error_max,
                        orbital_period_error_min,
                        null,
                        null
                    ),
                    reading(
                        'semi_major_axis',
                        'au',
                        semi_major_axis,
                        semi_major_axis_error_max,
                        semi_major_axis_error_min,
                        null,
                        null
                    ),
                    reading(
                        'radius',
                        'jupiter_radius',
                        radius,
                        radius_error_max,
                        radius_error_min,
                        null,
                        radius_measurement_type
                    ),
                    reading(
                        'mass',
                        'jupiter_mass',
                        mass,
                        try_cast(mass_error_max as double),
                        mass_error_min,
                        null,
                        mass_measurement_type
                    ),
                    reading(
                        'minimum_mass',
                        'jupiter_mass',
                        mass_sini,
                        mass_sini_error_max,
                        mass_sini_error_min,
                        null,
                        mass_measurement_type
                    ),
                    reading(
                        'eccentricity', '1', eccentricity, eccentricity_error_max, eccentricity_error_min, null, null
                    ),
                    reading(
                        'inclination', 'degree', inclination, inclination_error_max, inclination_error_min, null, null
                    ),
                    reading(
                        'equilibrium_temperature',
                        'K',
                        temp_calculated,
                        temp_calculated_error_max,
                        temp_calculated_error_min,
                        null,
                        'calculated'
                    ),
                    reading('star_temperature', 'K', star_teff, star_teff_error_max, star_teff_error_min, null, null),
                    reading(
                        'star_radius',
                        'solar_radius',
                        star_radius,
                        star_radius_error_max,
                        star_radius_error_min,
                        null,
                        null
                    ),
                    reading('star_mass', 'solar_mass', star_mass, star_mass_error_max, star_mass_error_min, null, null),
                    reading(
                        'star_metallicity',
                        'dex',
                        star_metallicity,
                        star_metallicity_error_max,
                        star_metallicity_error_min,
                        null,
                        null
                    ),
                    reading('star_age', 'Gyr', star_age, star_age_error_max, star_age_error_min, null, null),
                    reading(
                        'distance',
                        'parsec',
                        star_distance,
                        star_distance_error_max,
                        star_distance_error_min,
                        null,
                        null
                    )
                ]
            ) as said
        from raw.exoplanet_eu_planets
    )
select
    'exoplanet.eu' as catalogue,
    entry,
    'raw.exoplanet_eu_planets' as origin,
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
