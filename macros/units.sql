-- What the files of climate models say of their units, as SI. NULL in, NULL out; NULL for a unit that is not known here.

-- kelvin(value, unit): a temperature in K.
CREATE MACRO kelvin(value, unit) AS
    CASE
        WHEN lower(trim(unit)) IN ('k', 'kelvin', 'kelvins', 'degk', 'deg_k', 'degrees_k') THEN value
        WHEN lower(trim(unit)) IN ('c', 'degc', 'deg_c', 'celsius', 'degree_celsius', 'degrees_celsius', 'degrees_c', 'deg c')
            THEN value + 273.15
    END;

-- pascal(value, unit): a pressure in Pa. Mbar is mega, not milli.
CREATE MACRO pascal(value, unit) AS
    CASE
        WHEN regexp_matches(trim(unit), '^Mb') THEN NULL
        WHEN lower(trim(unit)) IN ('pa', 'pascal', 'pascals', 'n m-2', 'n/m2', 'n/m^2') THEN value
        WHEN lower(trim(unit)) IN ('hpa', 'mb', 'mbar', 'millibar', 'millibars') THEN value * 100
        WHEN lower(trim(unit)) IN ('bar', 'bars') THEN value * 100000
        WHEN lower(trim(unit)) = 'kpa' THEN value * 1000
    END;

-- water_flux(value, unit): a precipitation in kg/m^2/s; a depth of water has 1000 kg/m^3, so that 1 mm is 1 kg/m^2.
CREATE MACRO water_flux(value, unit) AS
    CASE
        WHEN regexp_matches(trim(unit), '^Mm') THEN NULL
        WHEN lower(trim(unit)) IN ('kg m-2 s-1', 'kg/m2/s', 'kg/m^2/s', 'kg/(m^2 s)', 'kg m**-2 s**-1', 'mm s-1', 'mm/s')
            THEN value
        WHEN lower(trim(unit)) IN ('mm/day', 'mm day-1', 'mm/d', 'mm d-1', 'kg m-2 day-1', 'kg/m2/day') THEN value / 86400
        WHEN lower(trim(unit)) IN ('m s-1', 'm/s') THEN value * 1000
    END;

-- energy_flux(value, unit): in W/m^2.
CREATE MACRO energy_flux(value, unit) AS
    CASE WHEN lower(trim(unit)) IN ('w m-2', 'w/m2', 'w/m^2', 'w m**-2', 'watt/m^2', 'watts/m^2') THEN value END;

-- climate_si(quantity, value, unit): a quantity of seeds.climate_variables in SI.
CREATE MACRO climate_si(quantity, value, unit) AS
    CASE quantity
        WHEN 'surface_temperature' THEN kelvin(value, unit)
        WHEN 'precipitation' THEN water_flux(value, unit)
        WHEN 'surface_pressure' THEN pascal(value, unit)
        WHEN 'outgoing_longwave' THEN energy_flux(value, unit)
    END;

-- is_global(coverage): whether values on that share of a planet's sphere make a global mean. The rest is less than what
-- rows of 5 degrees leave out at both poles; a hundredth that is 50 K off shifts a mean by 0.5 K.
CREATE MACRO is_global(coverage) AS coverage >= 0.99;

-- coverage_gap(coverage): why a mean over that share is no global one; NULL where it is.
CREATE MACRO coverage_gap(coverage) AS
    CASE
        WHEN coverage IS NULL THEN 'it is not known how much of the sphere it covers'
        WHEN is_global(coverage) THEN NULL
        WHEN coverage < 0.01 THEN 'covers less than 1 % of the sphere'
        ELSE 'covers ' || CAST(round(least(coverage * 100, 98)) AS INTEGER) || ' % of the sphere'
    END;
