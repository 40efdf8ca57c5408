-- planet_run_key(planet, kind, model, scenario, run) -> BIGINT >= 0
-- The integer that joins every modality. A function of its five names alone: the same on every machine, and the same
-- as lake.astro.keys.planet_run_key in Python. Built on md5 (RFC 1321), which every SQL engine has; hash() differs between
-- versions. Missing names count as empty text; chr(31) parts them, so that ('ab', 'c') and ('a', 'bc') differ.
CREATE MACRO planet_run_key(planet, kind, model, scenario, run) AS
    CAST(CAST('0x' || left(md5(coalesce(planet, '') || chr(31) || coalesce(kind, '') || chr(31) || coalesce(model, '')
        || chr(31) || coalesce(scenario, '') || chr(31) || coalesce(run, '')), 16) AS UBIGINT)
        & CAST(9223372036854775807 AS UBIGINT) AS BIGINT);
