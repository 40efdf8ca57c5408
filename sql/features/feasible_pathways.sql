-- Reference pathways of which it is known where they live, in each planet-run that has a temperature. An equilibrium
-- temperature is not a surface temperature: it is used only where there is no other, and temperature_kind says so. Its
-- range is its error bar, down to 0 K; that of a surface is its coldest and hottest place and time. No archive here
-- tells a planet's oxygen yet.
WITH run AS (
    SELECT planet_run_key, 'equilibrium' AS temperature_kind, equilibrium_temperature AS temperature,
           greatest(equilibrium_temperature + coalesce(equilibrium_temperature_lower, 0), 0) AS low,
           equilibrium_temperature + coalesce(equilibrium_temperature_upper, 0) AS high,
           CAST(NULL AS DOUBLE) AS o2
    FROM features.planet_params
    WHERE equilibrium_temperature IS NOT NULL
      AND planet_run_key NOT IN (SELECT planet_run_key FROM features.climate WHERE surface_temperature IS NOT NULL)
    UNION ALL
    SELECT planet_run_key, 'surface', surface_temperature, surface_temperature_min, surface_temperature_max,
           CAST(NULL AS DOUBLE)
    FROM features.climate WHERE surface_temperature IS NOT NULL
),
habitat AS (
    -- An end that a matched rule leaves open has no limit of its own: life's for temperature, 0 to 1 for oxygen.
    SELECT pathway_id,
           CASE WHEN temperature_basis = 'habitat' THEN coalesce(temperature_low, life_low()) END AS low,
           CASE WHEN temperature_basis = 'habitat' THEN coalesce(temperature_high, life_high()) END AS high,
           CASE WHEN o2_basis = 'habitat' THEN coalesce(o2_low, 0) END AS o2_low,
           CASE WHEN o2_basis = 'habitat' THEN coalesce(o2_high, 1) END AS o2_high
    FROM features.env_vectors
    WHERE pathway_id LIKE 'map%' AND (temperature_basis = 'habitat' OR o2_basis = 'habitat')
)
SELECT
    r.planet_run_key,
    h.pathway_id,
    r.temperature,
    r.low AS temperature_low,
    r.high AS temperature_high,
    r.temperature_kind,
    feasible(r.low, r.high, h.low, h.high, r.o2, h.o2_low, h.o2_high) AS feasible,
    CASE
        WHEN NOT within_life(r.low, r.high) THEN 'temperature outside the limits of life'
        WHEN NOT ranges_meet(r.low, r.high, h.low, h.high) THEN 'temperature outside the range of the pathway'
        WHEN NOT oxygen_fits(r.o2, h.o2_low, h.o2_high) THEN 'oxygen outside the range of the pathway'
        WHEN h.low IS NULL THEN 'no rule tells the temperatures of the pathway'
        WHEN h.o2_low IS NULL THEN 'no rule tells the oxygen of the pathway'
        WHEN oxygen_fits(r.o2, h.o2_low, h.o2_high) IS NULL THEN 'the oxygen of the planet-run is not known'
        ELSE 'temperature and oxygen fit'
    END AS reason
FROM habitat h
CROSS JOIN run r
