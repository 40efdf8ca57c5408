-- What each run's cubes hold, and its global means, weighted by cell area; where one is null, ..._gap says why.
-- Of several variables for a quantity the one named first in seeds.climate_variables is taken, then the first by name.
WITH variable AS (
    SELECT DISTINCT
        planet_run_key(c.planet, c.kind, c.model, c.scenario, c.run) AS planet_run_key,
        c.digest, v.variable, v.standard_name, v.unit, v.weighted_mean, v.min, v.max
    FROM raw.cubes c
    LEFT JOIN raw.cube_variables v ON v.digest = c.digest AND v.role = 'data'
),
counted AS (
    SELECT
        planet_run_key,
        count(DISTINCT digest) AS cubes,
        count(DISTINCT variable) AS variables,
        list(DISTINCT variable ORDER BY variable) FILTER (WHERE variable IS NOT NULL) AS names
    FROM variable
    GROUP BY planet_run_key
),
named AS (
    SELECT
        v.*,
        s.quantity,
        row_number() OVER (PARTITION BY v.planet_run_key, s.quantity ORDER BY s.priority, v.variable, v.digest) AS choice
    FROM variable v
    JOIN seeds.climate_variables s
        ON s.name = CASE s.match_on WHEN 'variable' THEN lower(v.variable) ELSE v.standard_name END
),
means AS (
    SELECT
        planet_run_key,
        quantity,
        variable,
        climate_si(quantity, weighted_mean, unit) AS mean,
        climate_si(quantity, min, unit) AS low,
        climate_si(quantity, max, unit) AS high,
        CASE
            WHEN climate_si(quantity, 0.0::DOUBLE, unit) IS NULL
                THEN 'its unit is none that is known for it: ' || coalesce(unit, 'none')
            WHEN min IS NULL THEN 'it has no finite value'
            WHEN weighted_mean IS NULL THEN 'the areas of its cells are not known'
        END AS gap
    FROM named
    WHERE choice = 1
)
SELECT
    r.planet_run_key,
    r.cube,
    c.cubes,
    c.variables,
    coalesce(c.names, CAST([] AS VARCHAR[])) AS variable_names,
    t.variable AS surface_variable,
    t.mean AS surface_temperature,
    t.low AS surface_temperature_min,
    t.high AS surface_temperature_max,
    CASE WHEN t.variable IS NULL THEN 'no variable is known to tell it' ELSE t.gap END AS surface_gap,
    w.variable AS precipitation_variable,
    w.mean AS precipitation,
    CASE WHEN w.variable IS NULL THEN 'no variable is known to tell it' ELSE w.gap END AS precipitation_gap,
    p.variable AS surface_pressure_variable,
    p.mean AS surface_pressure,
    CASE WHEN p.variable IS NULL THEN 'no variable is known to tell it' ELSE p.gap END AS surface_pressure_gap,
    o.variable AS outgoing_longwave_variable,
    o.mean AS outgoing_longwave,
    CASE WHEN o.variable IS NULL THEN 'no variable is known to tell it' ELSE o.gap END AS outgoing_longwave_gap
FROM core.planet_runs r
JOIN counted c ON c.planet_run_key = r.planet_run_key
LEFT JOIN means t ON t.planet_run_key = r.planet_run_key AND t.quantity = 'surface_temperature'
LEFT JOIN means w ON w.planet_run_key = r.planet_run_key AND w.quantity = 'precipitation'
LEFT JOIN means p ON p.planet_run_key = r.planet_run_key AND p.quantity = 'surface_pressure'
LEFT JOIN means o ON o.planet_run_key = r.planet_run_key AND o.quantity = 'outgoing_longwave'
