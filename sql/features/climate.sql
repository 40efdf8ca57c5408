-- What each simulation's cube holds, and its global means, weighted by cell area where the areas are known.
WITH variable AS (
    SELECT r.planet_run_key, v.*
    FROM core.planet_runs r JOIN raw.cube_variables v ON v.digest = r.cube AND v.role = 'data'
),
surface AS (
    SELECT planet_run_key, variable, kelvin(weighted_mean, unit) AS mean,
           kelvin(min, unit) AS low, kelvin(max, unit) AS high, unit,
           row_number() OVER (PARTITION BY planet_run_key ORDER BY
               CASE WHEN standard_name = 'surface_temperature' THEN 0 WHEN lower(variable) IN ('ts', 'tsurf') THEN 1
                    ELSE 2 END, variable) AS choice
    FROM variable
    WHERE standard_name = 'surface_temperature' OR lower(variable) IN ('ts', 'tsurf', 'tas', 'tsurf_air', 'trefht')
),
counted AS (
    SELECT planet_run_key, count(*) AS variables, list(variable ORDER BY variable) AS names
    FROM variable GROUP BY planet_run_key
)
SELECT
    r.planet_run_key,
    r.cube,
    coalesce(c.variables, 0) AS variables,
    coalesce(c.names, CAST([] AS VARCHAR[])) AS variable_names,
    s.variable AS surface_variable,
    s.mean AS surface_temperature,
    s.low AS surface_temperature_min,
    s.high AS surface_temperature_max,
    CASE WHEN s.variable IS NULL THEN 'the cube has no surface temperature'
         WHEN kelvin(0.0, s.unit) IS NULL THEN 'its unit is no temperature that is known: ' || coalesce(s.unit, 'none')
         WHEN s.low IS NULL THEN 'it has no finite value'
         WHEN s.mean IS NULL THEN 'the areas of its cells are not known' END AS surface_gap
FROM core.planet_runs r
LEFT JOIN counted c ON c.planet_run_key = r.planet_run_key
LEFT JOIN surface s ON s.planet_run_key = r.planet_run_key AND s.choice = 1
WHERE r.kind = 'simulation'
