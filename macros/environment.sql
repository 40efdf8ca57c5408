-- within_life(temperature): whether a temperature in K lies within the known limits of life: metabolic activity at
-- 253.15 K (Rivkina et al. 2000, Appl Environ Microbiol 66:3230, doi:10.1128/AEM.66.8.3230-3233.2000) to growth at
-- 395.15 K (Takai et al. 2008, PNAS 105:10949, doi:10.1073/pnas.0712334105). NULL in, NULL out.
CREATE MACRO within_life(temperature) AS temperature BETWEEN 253.15::DOUBLE AND 395.15::DOUBLE;

-- feasible(run_temperature, run_o2, pathway_o2): whether a pathway can run in a planet-run's environment.
-- TRUE: nothing that is known speaks against it. FALSE: the temperature is outside the limits of life, or the pathway
-- takes oxygen (pathway_o2 > 0) and there is none. NULL: what would decide it is not known. Temperatures in K, oxygen as
-- mole fraction. It says nothing of liquid water, nutrients or pressure.
CREATE MACRO feasible(run_temperature, run_o2, pathway_o2) AS
    CASE
        WHEN NOT within_life(run_temperature) THEN false
        WHEN pathway_o2 > 0 AND run_o2 = 0 THEN false
        WHEN run_temperature IS NULL OR (pathway_o2 > 0 AND run_o2 IS NULL) THEN NULL
        ELSE true
    END;
