-- What catalogues of exoplanets call planets and in which units they give numbers. NULL in, NULL out.

-- alias_of(name): a name without what catalogues write differently: case, accents, blanks, hyphens, parentheses. Between
-- two digits a blank or hyphen parts numbers and stays as a hyphen: K2-18 b is not K21-8 b. Gliese and Gl are GJ.
-- 'TRAPPIST-1 e' and 'TRAPPIST-1e' give 'trappist1e'.
CREATE MACRO alias_of(name) AS
    nullif(regexp_replace(replace(regexp_replace(
        regexp_replace(regexp_replace(lower(strip_accents(html_unescaped(replace(name, '−', '-')))),
            '([0-9])[\s_-]+([0-9])', '\1~\2', 'g'), '([0-9])[\s_-]+([0-9])', '\1~\2', 'g'),
        '[^\p{L}\p{N}.+~]', '', 'g'), '~', '-'), '^(gliese|gl)([0-9])', 'gj\2'), '');

-- without_component(planet): the name without the letters of the star or stars that the planet goes around, which
-- catalogues leave out: '14 And A b', '14 And Ab' give '14 And b', 'Kepler-16 (AB) b' gives 'Kepler-16 b', and of a lens
-- 'OGLE-2003-BLG-235L b' gives 'OGLE-2003-BLG-235 b'; NULL for others.
CREATE MACRO without_component(planet) AS
    nullif(regexp_replace(regexp_extract(planet, '^.*[^A-Z( ](?:L| ?(?:A|B|AB|\(AB\))) ?[a-z]$'),
        ' ?(?:L|AB|\(AB\)|A|B) ?([a-z])$', ' \1'), '');

-- of_star(planet, star, other): the planet's name with another name of its star: ('A-1 b', 'A-1', 'X 2') gives 'X 2 b';
-- NULL where the planet's name does not begin with the star's, or has no short ending after it.
CREATE MACRO of_star(planet, star, other) AS
    CASE
        WHEN starts_with(planet, star) AND regexp_full_match(substr(planet, length(star) + 1), ' ?[a-z]')
            THEN trim(other) || ' ' || right(planet, 1)
    END;

-- earth_masses(value, unit), earth_radii(value, unit): with the nominal Jovian GM 1.2668653e17 m^3/s^2 and equatorial
-- radius 7.1492e7 m over the Earth's 3.986004e14 m^3/s^2 and 6.3781e6 m (IAU 2015 Resolution B3, arXiv:1510.07674).
CREATE MACRO earth_masses(value, unit) AS
    CASE unit WHEN 'earth_mass' THEN value
        WHEN 'jupiter_mass' THEN value * (1.2668653e17::DOUBLE / 3.986004e14::DOUBLE) END;
CREATE MACRO earth_radii(value, unit) AS
    CASE unit WHEN 'earth_radius' THEN value
        WHEN 'jupiter_radius' THEN value * (7.1492e7::DOUBLE / 6.3781e6::DOUBLE) END;

-- planet_unit(quantity): the one unit of a quantity in core.planet_values.
CREATE MACRO planet_unit(quantity) AS
    CASE
        WHEN quantity IN ('mass', 'minimum_mass') THEN 'earth_mass'
        WHEN quantity = 'radius' THEN 'earth_radius'
        WHEN quantity = 'orbital_period' THEN 'day'
        WHEN quantity = 'semi_major_axis' THEN 'au'
        WHEN quantity = 'eccentricity' THEN '1'
        WHEN quantity = 'inclination' THEN 'degree'
        WHEN quantity = 'insolation' THEN 'earth_insolation'
        WHEN quantity IN ('equilibrium_temperature', 'star_temperature') THEN 'K'
        WHEN quantity = 'star_mass' THEN 'solar_mass'
        WHEN quantity = 'star_radius' THEN 'solar_radius'
        WHEN quantity IN ('star_metallicity', 'star_gravity') THEN 'dex'
        WHEN quantity = 'star_age' THEN 'Gyr'
        WHEN quantity = 'distance' THEN 'parsec'
    END;

-- in_planet_unit(quantity, value, unit): the value in planet_unit(quantity); NULL where the unit is not known for it.
CREATE MACRO in_planet_unit(quantity, value, unit) AS
    CASE
        WHEN unit = planet_unit(quantity) THEN value
        WHEN planet_unit(quantity) = 'earth_mass' THEN earth_masses(value, unit)
        WHEN planet_unit(quantity) = 'earth_radius' THEN earth_radii(value, unit)
    END;

-- reading(quantity, unit, value, upper, lower, limit_flag, kind): a catalogue's value of a quantity as a struct. Whatever
-- the catalogue's signs, upper >= 0 and lower <= 0; where both are 0 there is none. Not finite is not known.
CREATE MACRO reading(quantity, unit, value, upper, lower, limit_flag, kind) AS {
    'quantity': quantity,
    'unit': unit,
    'value': CAST(value AS DOUBLE),
    'upper': CASE WHEN upper <> 0 OR lower <> 0 OR upper IS NULL OR lower IS NULL
        THEN CASE WHEN isfinite(CAST(upper AS DOUBLE)) THEN abs(CAST(upper AS DOUBLE)) END END,
    'lower': CASE WHEN upper <> 0 OR lower <> 0 OR upper IS NULL OR lower IS NULL
        THEN CASE WHEN isfinite(CAST(lower AS DOUBLE)) THEN 0.0 - abs(CAST(lower AS DOUBLE)) END END,
    'limit_flag': CAST(coalesce(limit_flag, 0) AS BIGINT),
    'kind': CAST(kind AS VARCHAR)
};
