"""The raw table of exoplanet.eu's catalogue (https://exoplanet.eu/readme/): type, unit and meaning of each column.

A quantity X has X_error_min and X_error_max beside it where the catalogue has its uncertainties: magnitudes, although a
few rows have a sign.
"""

from __future__ import annotations

from lake.formats.schema import Tables

# "+" before a name: with X_error_min and X_error_max
_COLUMNS = """
name                     text    -               -  Name of the planet
planet_status            text    -               -  Confirmed, Candidate, Controversial, Retracted ...
+mass                    double  jupiter_mass    -  Mass
+mass_sini               double  jupiter_mass    -  Minimum mass, m sin(i)
+radius                  double  jupiter_radius  -  Radius
+orbital_period          double  day             -  Orbital period
+semi_major_axis         double  au              -  Semi-major axis
+eccentricity            double  1               -  Eccentricity
+inclination             double  degree          -  Inclination of the orbit
angular_distance         double  arcsecond       -  Angular separation from the star
discovered               bigint  year            -  Year of the discovery
updated                  text    -               -  Day of the last update, as the catalogue writes it
+omega                   double  degree          -  Longitude of periastron
+tperi                   double  day             -  Time of periastron, JD; some rows give it after an epoch
+tconj                   double  day             -  Time of conjunction, JD; some rows give it after an epoch
+tzero_tr                double  day             -  Time of the primary transit, JD; some rows give it after an epoch
+tzero_tr_sec            double  day             -  Time of the secondary transit, JD
+lambda_angle            double  degree          -  Projected angle between orbit and the star's spin
+impact_parameter        double  1               -  Impact parameter
+tzero_vr                double  day             -  Time of zero radial velocity, JD; some rows give it after an epoch
+k                       double  m/s             -  Semi-amplitude of the radial velocity
+temp_calculated         double  K               -  Temperature as calculated
temp_measured            double  K               -  Temperature as measured
hot_point_lon            double  degree          -  Longitude of the hottest point
+geometric_albedo        double  1               -  Geometric albedo
log_g                    double  dex             -  log10 of the surface gravity in cm/s^2
publication              text    -               {publication}  How it was published
detection_type           text    -               -  Methods of the detection, separated by commas
mass_measurement_type    text    -               {mass}  How the mass was determined; Theoretical if not measured
radius_measurement_type  text    -               {radius}  How the radius was determined; \
Theoretical if not measured
alternate_names          text    -               -  Other names of the planet, separated by commas
molecules                text    -               -  Detected molecules, separated by commas
star_name                text    -               -  Host star
ra                       double  degree          -  Right ascension, J2000
dec                      double  degree          -  Declination, J2000
mag_v                    double  mag             -  Apparent magnitude of the star in V
mag_i                    double  mag             -  Apparent magnitude of the star in I
mag_j                    double  mag             -  Apparent magnitude of the star in J
mag_h                    double  mag             -  Apparent magnitude of the star in H
mag_k                    double  mag             -  Apparent magnitude of the star in K
+star_distance           double  parsec          -  Distance of the star
+star_metallicity        double  dex             -  Metallicity of the star, log10 relative to the Sun
+star_mass               double  solar_mass      -  Mass of the star
+star_radius             double  solar_radius    -  Radius of the star
star_sp_type             text    -               -  Spectral type of the star
+star_age                double  Gyr             -  Age of the star
+star_teff               double  K               -  Effective temperature of the star
star_detected_disc       text    -               -  How a disc was detected
star_magnetic_field      text    -               -  Whether the star has a magnetic field
star_alternate_names     text    -               -  Other names of the star, separated by commas
"""

_OLDER = {  # columns that files before 2022 have under another name
    "mass": "mass_measurement_type|mass_detection_type",
    "radius": "radius_measurement_type|radius_detection_type",
    "publication": "publication|publication_status",
}


def _lines(line: str) -> list[str]:
    if not line.startswith("+"):
        return [line]
    name, type, unit, source, doc = line[1:].split(maxsplit=4)
    errors = (("error_min", "lower"), ("error_max", "upper"))
    bounds = [f"{name}_{suffix}  {type}  {unit}  {source}  {doc}: {side} uncertainty" for suffix, side in errors]
    return [line[1:], *(_UNBOUNDED if bound.startswith("mass_error_max ") else bound for bound in bounds)]


# It stays text: "inf" in it means that m sin(i) sets no upper bound on the mass.
_UNBOUNDED = "mass_error_max  text  -  -  Mass: upper uncertainty in jupiter_mass, or inf: no upper end"
_LINES = _COLUMNS.format(**_OLDER).strip().splitlines()
TABLES = Tables({"exoplanet_eu_planets": "\n".join(column for line in _LINES for column in _lines(line))})
REQUIRED = ("name", "planet_status", "mass", "mass_sini", "radius", "orbital_period", "semi_major_axis", "star_name")
"""An answer without one of these columns is not read; any other that is missing becomes a column of nulls."""
