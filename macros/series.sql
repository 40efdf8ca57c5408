-- Published formulas that series are made from: seeds.generators names them, docs/synthetic.md says what for.

-- core_mass_fraction(mass, radius): of a planet of rock over iron, by mass and radius in those of Earth: R = (1.07 - 0.21
-- CMF) M^(1/3.7), for 1 to 8 Earth masses (Zeng et al. 2016, ApJ 819:127, doi:10.3847/0004-637X/819/2/127).
CREATE MACRO core_mass_fraction(mass, radius) AS (1.07::DOUBLE - radius / pow(mass, 1 / 3.7::DOUBLE)) / 0.21::DOUBLE;

-- solar_luminosity_at(gyr): that of the Sun at an age of `gyr` billion years, in today's (Gough 1981, Sol Phys 74:21,
-- doi:10.1007/BF00151270, for ages up to today's, 4.7).
CREATE MACRO solar_luminosity_at(gyr) AS 1 / (1 + 0.4::DOUBLE * (1 - gyr / 4.7::DOUBLE));
