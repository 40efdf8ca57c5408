"""The raw tables of climate runs: a row for each file of a run, gas, variable and link of a listing."""

from __future__ import annotations

from lake.formats.schema import Tables

_ITEM = "_record  bigint  -  -  Position among the run's, from 1"
NAMES = ("planet", "kind", "model", "scenario", "run")
_RUN = """
planet    text  -  -  The planet
kind      text  -  -  simulation, reanalysis or observed
model     text  -  -  The climate model
scenario  text  -  -  The simulated scenario
run       text  -  -  The member of the ensemble
"""
_CONDITIONS = """
model_version     text    -      -  Version of the model
star              text    -      -  The star whose spectrum the run uses
star_temperature  double  K      -  Effective temperature of that star
insolation        double  W/m^2  -  Stellar flux at the planet, on a plane facing the star
rotation_period   double  d      -  Sidereal
orbital_period    double  d      -  Sidereal
eccentricity      double  1      -  Of the orbit
obliquity         double  deg    -  Of the axis
radius            double  km     -  Mean radius of the planet
gravity           double  m/s^2  -  At the surface
surface_pressure  double  Pa     -  Mean, of the atmosphere without water
ocean             text    -      -  dynamic, slab, prescribed, none
land              text    -      -  Continents; aquaplanet if there are none
layers            bigint  1      -  Of the atmosphere
grid              text    -      -  Horizontal grid: 72 x 46
years             text    -      -  Years of the run, or of history
"""
_FILE = """
file          text  -  -  Name of the file
title         text  -  -  Of the run
citation      text  -  -  Whom to cite
licence       text  -  -  Under which it may be used
described_in  text  -  -  The TOML file that describes it; null if lake.toml does
"""
_GAS = """
gas       text    -  -  CO2, N2 ...
fraction  double  1  -  Moles of it in one mole of dry air
"""
_VARIABLE = """
quantity  text  -  -  As in seeds.climate_variables
variable  text  -  -  The variable of the file that holds it
"""
_LISTING = """
folder  text     -  -  URL
name    text     -  -  A file in it
asked   boolean  -  -  Whether a run names it
"""
TABLES = Tables(
    {
        "gcm_runs": "_record  bigint  -  -  1" + _RUN + _FILE.lstrip() + _CONDITIONS.lstrip(),
        "gcm_gases": _ITEM + _RUN + _GAS.lstrip(),
        "gcm_variables": _ITEM + _RUN + _VARIABLE.lstrip(),
        "gcm_listings": "_record  bigint  -  -  Position in the listing, from 1" + _LISTING,
    }
)
CONDITIONS = dict(line.split()[:2] for line in _CONDITIONS.strip().splitlines())
"""The conditions that a description of a run may give: {name: type}."""
