"""What the Open Exoplanet Catalogue gives, in which units: its table (FIELDS.md) and its systems (TagList.md)."""

from __future__ import annotations

import re

from lake.formats.schema import Tables

_PLANETS = """
name              text    -               -                      Primary name of the planet
binaryflag        bigint  -               -                      0 single star, 1 P-type, 2 S-type binary, 3 no star
mass              double  jupiter_mass    -                      Mass, or m sin(i): the table does not say which
radius            double  jupiter_radius  -                      Radius
period            double  day             -                      Orbital period
semimajoraxis     double  au              -                      Semi-major axis
eccentricity      double  1               -                      Eccentricity
periastron        double  degree          -                      Longitude of periastron
longitude         double  degree          -                      Mean longitude
ascendingnode     double  degree          -                      Longitude of the ascending node
inclination       double  degree          -                      Inclination of the orbit
temperature       double  K               -                      Surface or equilibrium temperature
age               double  Gyr             -                      Age of the planet
discoverymethod   text    -               -                      Method of the discovery
discoveryyear     bigint  year            -                      Year of the discovery
lastupdate        text    -               -                      Day of the last update, yy/mm/dd
right_ascension   text    -               system_rightascension  hh mm ss
declination       text    -               system_declination     +/-dd mm ss
distance          double  parsec          system_distance        Distance from the Sun
star_mass         double  solar_mass      hoststar_mass          Mass of the star
star_radius       double  solar_radius    hoststar_radius        Radius of the star
star_metallicity  double  dex             hoststar_metallicity   Metallicity of the star, log10 relative to the Sun
star_temperature  double  K               hoststar_temperature   Temperature of the star
star_age          double  Gyr             hoststar_age           Age of the star
list              text    -               -                      Lists of the catalogue it is in, separated by commas
"""
_OBJECTS = """
system  text    -  -  First name of the system
object  bigint  -  -  Number of the element in the answer
within  bigint  -  -  The object that contains it
kind    text    -  -  system, binary, star, planet, satellite or asteroid
name    text    -  -  Its first name; null if it has none
host    text    -  -  First name of the nearest star or binary around it; null for an orphan planet
"""
_NAMES = """
system  text    -  -  First name of the system
object  bigint  -  -  raw.open_exoplanets_objects.object of the same answer
kind    text    -  -  Kind of the named object: system, binary, star, planet ...
of      text    -  -  The object's first name
place   bigint  -  -  0 for the first name, 1 for the second ...
name    text    -  -  A name
"""
_VALUES = """
system       text    -  -  First name of the system
object       bigint  -  -  raw.open_exoplanets_objects.object of the same answer
kind         text    -  -  Kind of the object: system, binary, star, planet ...
of           text    -  -  The object's first name
quantity     text    -  -  The element's tag: mass, period, list, description ...
text         text    -  -  Text of the element; null if there is only a limit
value        double  -  -  The text as a number in `unit`, if it is a quantity
unit         text    -  -  Of the number and its uncertainties; null if it is not a quantity
error_plus   double  -  -  Upper uncertainty, in `unit`
error_minus  double  -  -  Lower uncertainty, in `unit`, as a magnitude
upper_limit  double  -  -  Upper limit, in `unit`
lower_limit  double  -  -  Lower limit, in `unit`
type         text    -  -  msini if a mass is m sin(i)
"""
_ELEMENT = "_record  bigint  -  -  Number of the element in the answer, from 1"
TABLES = Tables(
    {
        "open_exoplanets_planets": _PLANETS,
        "open_exoplanets_objects": _ELEMENT + _OBJECTS,
        "open_exoplanets_names": _ELEMENT + _NAMES,
        "open_exoplanets_values": _ELEMENT + _VALUES,
    }
)
REQUIRED = ("name", "mass", "radius", "period", "semimajoraxis", "list")
OBJECTS = ("system", "binary", "star", "planet", "satellite", "asteroid")

_ORBIT = dict.fromkeys(
    ("inclination", "periastron", "longitude", "meananomaly", "ascendingnode", "positionangle"), "degree"
) | {"semimajoraxis": "au", "period": "day", "eccentricity": "1"}
_TIMES = dict.fromkeys(("transittime", "periastrontime", "maximumrvtime", "epoch"), "day")
_DATES = re.compile(r"[BHM]?JD(_?(TDB|UTC|TT))?")  # Julian dates of any time standard
_MAGNITUDES = {f"mag{band}": "mag" for band in "UBVRIJHK"}
_EVERYWHERE = {**_ORBIT, **_TIMES, **_MAGNITUDES, "temperature": "K", "age": "Gyr", "distance": "parsec"}
_PLANET = {"mass": "jupiter_mass", "radius": "jupiter_radius", "impactparameter": "1"}
_PLANET |= {"spinorbitalignment": "degree", "tilt": "degree"}
_STAR = {"mass": "solar_mass", "radius": "solar_radius", "metallicity": "dex"}
_SEPARATION = {"arcsec": "arcsecond", "AU": "au", "au": "au"}


def unit(kind: str, tag: str, attribute: str | None) -> str | None:
    """The unit of an element's number; None if it is not a quantity, or its unit is unknown.

    >>> unit("planet", "mass", None), unit("star", "mass", None), unit("planet", "description", None)
    ('jupiter_mass', 'solar_mass', None)
    >>> unit("binary", "separation", "arcsec")
    'arcsecond'
    """
    if tag == "separation":
        return _SEPARATION.get(attribute or "")
    if attribute and not (tag in _TIMES and _DATES.fullmatch(attribute)):
        return None  # not the unit of this element in TagList.md
    own = _PLANET if kind in ("planet", "satellite", "asteroid") else _STAR if kind == "star" else {}
    return own.get(tag) or _EVERYWHERE.get(tag)
