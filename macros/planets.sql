-- Simple physics of planets, and what the NASA Exoplanet Archive's cells and names say. NULL in, NULL out.

-- measured(value, limit_flag): the value where it is a measurement (flag 0 or none), NULL where it is only a limit.
CREATE MACRO measured(value, limit_flag) AS CASE WHEN coalesce(limit_flag, 0) = 0 THEN value END;

-- limited(value, limit_flag): the value where it is a limit (flag 1 an upper, -1 a lower one), NULL where it is measured.
CREATE MACRO limited(value, limit_flag) AS CASE WHEN limit_flag <> 0 THEN value END;

-- earth_radius_m(), earth_mass_kg(): nominal equatorial radius 6.3781e6 m and nominal mass, from GM = 3.986004e14
-- m^3/s^2 (IAU 2015 Resolution B3, arXiv:1510.07674) and G = 6.67430e-11 m^3/kg/s^2 (CODATA 2018).
CREATE MACRO earth_radius_m() AS 6.3781e6::DOUBLE;
CREATE MACRO earth_mass_kg() AS 3.986004e14::DOUBLE / 6.67430e-11::DOUBLE;

-- solar_irradiance(): 1361 W/m^2 at 1 au, nominal (IAU 2015 Resolution B3).
CREATE MACRO solar_irradiance() AS 1361.0::DOUBLE;

-- density_of(mass, radius): mean density in kg/m^3 of a sphere of `mass` Earth masses and `radius` Earth radii.
CREATE MACRO density_of(mass, radius) AS
    mass * earth_mass_kg() / (4.0::DOUBLE / 3.0 * pi() * pow(nullif(radius, 0) * earth_radius_m(), 3));

-- gravity_of(mass, radius): g = GM / r^2 in m/s^2 at `radius` Earth radii over `mass` Earth masses.
CREATE MACRO gravity_of(mass, radius) AS
    mass * 3.986004e14::DOUBLE / pow(nullif(radius, 0) * earth_radius_m(), 2);

-- insolation_of(star_radius, star_temperature, semi_major_axis): L / a^2 in that of Earth, with L = R^2 (T / 5772 K)^4
-- (Stefan-Boltzmann; nominal solar temperature of IAU 2015 Resolution B3) in solar units and a in au; circular orbit.
CREATE MACRO insolation_of(star_radius, star_temperature, semi_major_axis) AS
    pow(star_radius, 2) * pow(star_temperature / 5772.0::DOUBLE, 4) / pow(nullif(semi_major_axis, 0), 2);

-- equilibrium_temperature_of(star_radius, star_temperature, semi_major_axis): T sqrt(R / 2a) in K: albedo 0, heat spread
-- over the whole planet, circular orbit (Mendez & Rivera-Valentin 2017, ApJL 837 L1, doi:10.3847/2041-8213/aa5f13).
-- Nominal solar radius 6.957e8 m (IAU 2015 Resolution B3), au 149597870700 m (IAU 2012 Resolution B2).
CREATE MACRO equilibrium_temperature_of(star_radius, star_temperature, semi_major_axis) AS
    star_temperature
    * sqrt(star_radius * 6.957e8::DOUBLE / (2 * nullif(semi_major_axis, 0) * 149597870700::DOUBLE));

-- independent(mass_kind, radius_calculated): whether mass and radius are known each by itself: a true mass, and neither
-- calculated from the other by the archive (https://exoplanetarchive.ipac.caltech.edu/docs/pscp_calc.html).
CREATE MACRO independent(mass_kind, radius_calculated) AS
    mass_kind IN ('Mass', 'Msin(i)/sin(i)') AND NOT radius_calculated;

-- reference_text(cell): what a reference cell shows, without its HTML: '<a refstr=X href=U target=ref> Liu et al. 2008 </a>'
-- gives 'Liu et al. 2008'.
CREATE MACRO reference_text(cell) AS nullif(trim(regexp_replace(html_unescaped(cell), '<[^>]*>', '', 'g')), '');

-- reference_url(cell): where a reference cell's link leads; NULL where it has none.
CREATE MACRO reference_url(cell) AS nullif(regexp_extract(html_unescaped(cell), 'href=["'']?([^"''\s>]+)', 1), '');

-- html_unescaped(text): the usual accented letters of authors' names and the ampersand, as themselves; others stay.
CREATE MACRO html_unescaped(text) AS
    replace(replace(replace(replace(replace(replace(replace(replace(replace(text,
        '&aacute;', 'á'), '&eacute;', 'é'), '&iacute;', 'í'), '&oacute;', 'ó'), '&uacute;', 'ú'), '&ntilde;', 'ñ'),
        '&ouml;', 'ö'), '&uuml;', 'ü'), '&amp;', '&');

-- star_of(planet): a planet's name without its letter, as most planets of a star are named: 'K2-18 b' gives 'K2-18'.
CREATE MACRO star_of(planet) AS regexp_replace(planet, '\s+[a-z]$', '');
