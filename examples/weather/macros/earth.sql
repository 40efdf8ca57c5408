-- kelvin(celsius): ITS-90's offset.
CREATE MACRO kelvin(celsius) AS celsius + 273.15::DOUBLE;

-- distance_km(latitude, longitude, latitude2, longitude2): along a great circle, by the haversine formula, on a sphere of the
-- Earth's mean radius 6371.0088 km (Moritz 2000, J Geodesy 74:128, doi:10.1007/s001900050278). Degrees in, km out.
CREATE MACRO distance_km(latitude, longitude, latitude2, longitude2) AS
    2 * 6371.0088::DOUBLE * asin(least(1.0::DOUBLE, sqrt(
        sin(radians(latitude2 - latitude) / 2) * sin(radians(latitude2 - latitude) / 2)
        + cos(radians(latitude)) * cos(radians(latitude2))
            * sin(radians(longitude2 - longitude) / 2) * sin(radians(longitude2 - longitude) / 2))));

-- day_length(latitude, day): hours between sunrise and sunset of the Sun's centre without refraction; the declination by
-- Cooper 1969, Solar Energy 12:333, doi:10.1016/0038-092X(69)90047-4.
CREATE MACRO declination(day) AS radians(23.45::DOUBLE * sin(radians(360::DOUBLE / 365 * (284 + dayofyear(day)))));
CREATE MACRO day_length(latitude, day) AS
    24::DOUBLE / pi() * acos(least(1.0::DOUBLE, greatest(-1.0::DOUBLE, -tan(radians(latitude)) * tan(declination(day)))));
