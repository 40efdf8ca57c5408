-- Units and simple physics of planets. NULL in, NULL out.

-- measured(value, limit_flag): the value where it is a measurement (flag 0 or none), NULL where it is only a limit.
CREATE MACRO measured(value, limit_flag) AS CASE WHEN coalesce(limit_flag, 0) = 0 THEN value END;

-- earth_radius_m(), earth_mass_kg(): nominal equatorial radius 6.3781e6 m and nominal mass, from GM = 3.986004e14
-- m^3/s^2 (IAU 2015 Resolution B3, arXiv:1510.07674) and G = 6.67430e-11 m^3/kg/s^2 (CODATA 2018).
CREATE MACRO earth_radius_m() AS 6.3781e6::DOUBLE;
CREATE MACRO earth_mass_kg() AS 3.986004e14::DOUBLE / 6.67430e-11::DOUBLE;

-- solar_irradiance(): 1361 W/m^2 at 1 au, nominal (IAU 2015 Resolution B3).
CREATE MACRO solar_irradiance() AS 1361.0::DOUBLE;

-- density_of(mass, radius): mean density in kg/m^3 of a sphere of `mass` Earth masses and `radius` Earth radii.
CREATE MACRO density_of(mass, radius) AS
    mass * earth_mass_kg() / (4.0::DOUBLE / 3.0 * pi() * pow(radius * earth_radius_m(), 3));

-- gravity_of(mass, radius): g = GM / r^2 in m/s^2 at `radius` Earth radii over `mass` Earth masses.
CREATE MACRO gravity_of(mass, radius) AS mass * 3.986004e14::DOUBLE / pow(radius * earth_radius_m(), 2);

-- kelvin(value, unit): a temperature in K from K or degrees Celsius; NULL for a unit that is neither.
CREATE MACRO kelvin(value, unit) AS
    CASE
        WHEN lower(trim(unit)) IN ('k', 'kelvin', 'degk', 'deg_k') THEN value
        WHEN lower(trim(unit)) IN ('c', 'degc', 'deg_c', 'celsius', 'degree_celsius', 'degrees_celsius') THEN value + 273.15
    END;
