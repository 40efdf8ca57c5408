-- One row a planet: the NASA Exoplanet Archive's confirmed ones, and those of the Solar System that models simulate.
-- The default solution is the publication that the archive takes before others (table ps).
WITH solution AS (
    SELECT
        planet,
        count(*) AS solutions,
        max(reference) FILTER (WHERE is_default) AS default_reference,
        max(reference_url) FILTER (WHERE is_default) AS default_reference_url
    FROM staging.exoplanets_ps
    GROUP BY planet
)
SELECT
    p.planet,
    p.star,
    'nasa.pscomppars' AS catalogue,
    p.stars,
    p.planets,
    p.discovery_method,
    p.discovery_year,
    p.discovery_facility,
    p.controversial,
    p.spectral_type,
    p.right_ascension,
    p.declination,
    p.distance,
    coalesce(s.solutions, 0) AS solutions,
    s.default_reference,
    s.default_reference_url
FROM staging.exoplanets_pscomppars p
LEFT JOIN solution s ON s.planet = p.planet
UNION ALL
SELECT planet, star, catalogue, 1, 8, NULL, NULL, NULL, false, 'G2V', NULL, NULL, NULL, 0, NULL, NULL
FROM seeds.solar_system
