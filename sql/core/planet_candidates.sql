-- Objects of interest of Kepler (table cumulative) and TESS (table toi), with their dispositions as the archive has them.
SELECT
    'cumulative' AS catalogue,
    candidate,
    planet,
    star_id,
    disposition,
    CASE disposition WHEN 'CONFIRMED' THEN 'confirmed' WHEN 'CANDIDATE' THEN 'candidate'
        WHEN 'FALSE POSITIVE' THEN 'false positive' END AS status,
    score,
    orbital_period,
    radius,
    equilibrium_temperature,
    insolation
FROM staging.exoplanets_cumulative
UNION ALL
SELECT
    'toi',
    candidate,
    CAST(NULL AS VARCHAR),
    star_id,
    disposition,
    CASE WHEN disposition IN ('CP', 'KP') THEN 'confirmed' WHEN disposition IN ('PC', 'APC') THEN 'candidate'
        WHEN disposition IN ('FP', 'FA') THEN 'false positive' END,
    CAST(NULL AS DOUBLE),
    measured(orbital_period, orbital_period_limit),
    measured(radius, radius_limit),
    measured(equilibrium_temperature, equilibrium_temperature_limit),
    measured(insolation, insolation_limit)
FROM staging.exoplanets_toi
