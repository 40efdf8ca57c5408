-- Whether a pathway and a planet-run can share an environment. Each answer is TRUE, FALSE, or NULL where it is not known;
-- docs/environment.md tells the sources and what is left out.

-- life_low(), life_high(): the known limits of life in K. Metabolic activity in permafrost at 253.15 K (Rivkina et al.
-- 2000, Appl Environ Microbiol 66:3230, doi:10.1128/AEM.66.8.3230-3233.2000); growth at 395.15 K (Takai et al. 2008,
-- Proc Natl Acad Sci USA 105:10949, doi:10.1073/pnas.0712334105).
CREATE MACRO life_low() AS 253.15::DOUBLE;
CREATE MACRO life_high() AS 395.15::DOUBLE;

-- ranges_meet(low, high, other_low, other_high): whether two ranges have a point in common. NULL is an end that is not
-- known: one pair of ends is enough to tell ranges apart, both are needed to say that they meet.
CREATE MACRO ranges_meet(low, high, other_low, other_high) AS (low <= other_high AND other_low <= high);

-- within_life(low, high): whether a range of temperatures in K reaches into the known limits of life.
CREATE MACRO within_life(low, high) AS ranges_meet(low, high, life_low(), life_high());

-- oxygen_fits(run_o2, low, high): whether a mole fraction of oxygen lies in a pathway's range. A pathway that takes any,
-- from 0 to 1, fits whatever the planet-run has, known or not.
CREATE MACRO oxygen_fits(run_o2, low, high) AS ((low <= 0 AND high >= 1) OR run_o2 BETWEEN low AND high);

-- feasible(run_low, run_high, low, high, run_o2, o2_low, o2_high): whether a pathway can run in a planet-run's
-- environment: its temperatures (run_low to run_high, K) reach into the limits of life and into the pathway's range
-- (low to high, K), and its oxygen (mole fraction) fits. FALSE as soon as one of the three is; TRUE only where all are.
-- It says nothing of liquid water, pressure, nutrients, light or energy.
CREATE MACRO feasible(run_low, run_high, low, high, run_o2, o2_low, o2_high) AS
    (within_life(run_low, run_high) AND ranges_meet(run_low, run_high, low, high) AND oxygen_fits(run_o2, o2_low, o2_high));
