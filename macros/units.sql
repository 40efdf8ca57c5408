-- What the values of climate models are in SI. NULL in, NULL out.

-- climate_si(quantity, value, unit, factor, shift): a value of a quantity of seeds.climate_variables in K, kg/m^2/s, Pa or
-- W/m^2. unit, factor and shift are raw.cube_variables.si_unit, si_factor and si_offset: what the file's text of its unit
-- means was settled when the file landed. NULL for a unit of another quantity. A depth of water has 1000 kg/m^3.
CREATE MACRO climate_si(quantity, value, unit, factor, shift) AS
    CASE
        WHEN quantity = 'surface_temperature' AND unit = 'K' THEN value * factor + shift
        WHEN quantity = 'precipitation' AND unit = 'kg m-2 s-1' THEN value * factor
        WHEN quantity = 'precipitation' AND unit = 'm s-1' THEN value * (factor * 1000)
        WHEN quantity = 'surface_pressure' AND unit = 'kg m-1 s-2' THEN value * factor
        WHEN quantity = 'outgoing_longwave' AND unit = 'kg s-3' THEN value * factor
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
