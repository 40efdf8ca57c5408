-- Objects of interest of Kepler (table cumulative) and TESS (table toi), with their dispositions as the archive has them.
SELECT
    'cumulative' AS catalogue,
    kepoi_name AS candidate,
    kepler_name AS planet,
    CAST(kepid AS VARCHAR) AS star_id,
    koi_disposition AS disposition,
    koi_period AS orbital_period,
    koi_prad AS radius,
    koi_teq AS equilibrium_temperature,
    koi_insol AS insolation
FROM raw.exoplanets_cumulative
UNION ALL
SELECT 'toi', toi, CAST(NULL AS VARCHAR), CAST(tid AS VARCHAR), tfopwg_disp, pl_orbper, pl_rade, pl_eqt, pl_insol
FROM raw.exoplanets_toi
