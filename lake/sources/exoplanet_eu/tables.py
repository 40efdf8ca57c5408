"""What the columns of exoplanet.eu's catalogue are (https://exoplanet.eu/readme/): type, unit and meaning.

A quantity X has X_error_min and X_error_max beside it where the catalogue gives its uncertainties: magnitudes, and in
a few rows with a sign all the same.
"""

from __future__ import annotations

import pyarrow as pa

from lake.formats.schema import schema

# "+" before a name: with X_error_min and X_error_max
_COLUMNS = """
name                   text   -               -  Name of the planet
planet_status          text   -               -  Confirmed, Candidate, Controversial, Retracted ...
+mass                  real   jupiter_mass    -  Mass
+mass_sini             real   jupiter_mass    -  Minimum mass, m sin(i)
+radius                real   jupiter_radius  -  Radius
+orbital_period        real   day             -  Orbital period
+semi_major_axis       real   au              -  Semi-major axis
+eccentricity          real   1               -  Eccentricity
+inclination           real   degree          -  Inclination of the orbit
angular_distance       real   arcsecond       -  Angular separation from the star
discovered             whole  year            -  Year of the discovery
updated                text   -               -  Day of the last update, as the catalogue writes it
+omega                 real   degree          -  Longitude of periastron
+tperi                 real   day             -  Time of periastron, JD; some rows give it after an epoch
+tconj                 real   day             -  Time of conjunction, JD; some rows give it after an epoch
+tzero_tr              real   day             -  Time of the primary transit, JD; some rows give it after an epoch
+tzero_tr_sec          real   day             -  Time of the secondary transit, JD
+lambda_angle          real   degree          -  Projected angle between orbit and the star's spin
+impact_parameter      real   1               -  Impact parameter
+tzero_vr              real   day             -  Time of zero radial velocity, JD; some rows give it after an epoch
+k                     real   m/s             -  Semi-amplitude of the radial velocity
+temp_calculated       real   K               -  Temperature as calculated
temp_measured          real   K               -  Temperature as measured
hot_point_lon          real   degree          -  Longitude of the hottest point
+geometric_albedo      real   1               -  Geometric albedo
log_g                  real   dex             -  log10 of the surface gravity in cm/s^2
publication            text   -               {publication}  How it was published
detection_type         text   -               -  How it was found; several ways parted by commas
mass_measurement_type  text   -               {mass}  Where the mass is from; Theoretical where it is no measurement
radius_measurement_type  text  -              {radius}  Where the radius is from; Theoretical where it is no measurement
alternate_names        text   -               -  Other names of the planet, parted by commas
molecules              text   -               -  Molecules that were found, parted by commas
star_name              text   -               -  Host star
ra                     real   degree          -  Right ascension, J2000
dec                    real   degree          -  Declination, J2000
mag_v                  real   mag             -  Apparent magnitude of the star in V
mag_i                  real   mag             -  Apparent magnitude of the star in I
mag_j                  real   mag             -  Apparent magnitude of the star in J
mag_h                  real   mag             -  Apparent magnitude of the star in H
mag_k                  real   mag             -  Apparent magnitude of the star in K
+star_distance         real   parsec          -  Distance of the star
+star_metallicity      real   dex             -  Metallicity of the star, log10 in that of the Sun
+star_mass             real   solar_mass      -  Mass of the star
+star_radius           real   solar_radius    -  Radius of the star
star_sp_type           text   -               -  Spectral type of the star
+star_age              real   Gyr             -  Age of the star
+star_teff             real   K               -  Effective temperature of the star
star_detected_disc     text   -               -  How a disc was found
star_magnetic_field    text   -               -  Whether the star has a magnetic field
star_alternate_names   text   -               -  Other names of the star, parted by commas
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
    parts = [f"{name}_{part}  {type}  {unit}  {source}  {doc}: {side} uncertainty" for part, side in errors]
    return [line[1:], *parts]


def _endless(field: pa.Field) -> pa.Field:
    """mass_error_max stays text: "inf" in it says that m sin(i) gives the mass no upper end."""
    if field.name != "mass_error_max":
        return field
    doc = "Mass: upper uncertainty in jupiter_mass, or inf: no upper end"
    return pa.field(field.name, pa.string(), metadata={"unit": "", "doc": doc})


_SCHEMA = schema("\n".join(part for line in _COLUMNS.format(**_OLDER).strip().splitlines() for part in _lines(line)))
TABLES = {"exoplanet_eu_planets": pa.schema([_endless(field) for field in _SCHEMA])}
REQUIRED = ("name", "planet_status", "mass", "mass_sini", "radius", "orbital_period", "semi_major_axis", "star_name")
"""An answer without one of these columns is not read; of the others a column of nulls is made."""
