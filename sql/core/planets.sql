-- One row a planet, with the archive's composite parameters (table pscomppars).
SELECT
    pl_name AS planet,
    hostname AS star,
    discoverymethod AS discovery_method,
    disc_year AS discovery_year,
    disc_facility AS discovery_facility,
    pl_controv_flag = 1 AS controversial,
    st_spectype AS spectral_type,
    ra AS right_ascension,
    dec AS declination,
    sy_dist AS distance
FROM raw.exoplanets_pscomppars
