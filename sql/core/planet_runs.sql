-- Observed planets and simulated climates under one key. The split is a function of the host star alone, so that planets
-- of one star never part; a simulation follows the star of its planet.
WITH run AS (
    SELECT planet, 'observed' AS kind, catalogue AS model, 'default' AS scenario, '' AS run,
           false AS synthetic, CAST(NULL AS VARCHAR) AS cube
    FROM core.planets
    UNION ALL
    SELECT planet, kind, coalesce(model, ''), coalesce(scenario, ''), coalesce(run, ''), coalesce(synthetic, false),
           min(digest)
    FROM raw.cubes
    GROUP BY ALL
),
named AS (
    SELECT r.*, coalesce(p.star, star_of(r.planet)) AS star
    FROM run r
    LEFT JOIN core.planets p ON p.planet = r.planet
)
SELECT
    planet_run_key(planet, kind, model, scenario, run) AS planet_run_key,
    planet, kind, model, scenario, run, star,
    split_of(star) AS split,
    synthetic,
    cube
FROM named
