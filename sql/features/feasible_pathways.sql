-- Reference pathways that have an environment, in each planet-run that has a temperature. An equilibrium temperature is
-- not a surface temperature: temperature_kind says which was used. No archive here tells a planet's oxygen yet.
WITH run AS (
    SELECT planet_run_key, equilibrium_temperature AS temperature, 'equilibrium' AS temperature_kind
    FROM features.planet_params
    WHERE equilibrium_temperature IS NOT NULL
      AND planet_run_key NOT IN (SELECT planet_run_key FROM features.climate WHERE surface_temperature IS NOT NULL)
    UNION ALL
    SELECT planet_run_key, surface_temperature, 'surface' FROM features.climate WHERE surface_temperature IS NOT NULL
)
SELECT
    r.planet_run_key,
    e.pathway_id,
    r.temperature,
    r.temperature_kind,
    feasible(r.temperature, CAST(NULL AS DOUBLE), e.o2) AS feasible,
    CASE WHEN NOT within_life(r.temperature) THEN 'temperature outside the limits of life'
         WHEN e.o2 > 0 THEN 'oxygen is not known' ELSE 'nothing known speaks against it' END AS reason
FROM features.env_vectors e
JOIN core.pathways p ON p.pathway_id = e.pathway_id AND p.pathway_id LIKE 'map%'
CROSS JOIN run r
WHERE e.status = 'by rule'
