"""Climate runs and their gases."""

from typing import Annotated

from lake.contract import Between, OneOf, References, Table, Term, Unit


class ClimateRuns(Table, key="planet_run_key", empty=True, tags="climate"):
    """What was set in each climate run, as its description says it; null where it says nothing."""

    planet_run_key: Annotated[int, References("core.planet_runs.planet_run_key")]
    """planet_run_key(planet, kind, model, scenario, run)"""
    planet: str
    """The planet"""
    kind: Annotated[str, OneOf("observed", "reanalysis", "simulation")]
    """As in core.planet_runs"""
    model: str
    """The climate model"""
    scenario: str
    """What was simulated"""
    run: str
    """Which member"""
    files: Annotated[int, Between(1, None)]
    """How many files of it are here"""
    title: str | None
    """Its title, or that of its first file"""
    citation: str | None
    """Whom to cite"""
    licence: str | None
    """Under which it may be used"""
    described_in: str | None
    """The TOML file that describes it; null where lake.toml does"""
    model_version: str | None
    """Version of the model"""
    star: str | None
    """The star whose spectrum shines on it"""
    star_temperature: Annotated[float | None, Unit("K"), Between(500, 300000)]
    """Effective temperature of that star"""
    insolation: Annotated[float | None, Unit("W/m^2"), Between(0, 1e8)]
    """Starlight at the planet, on a plane facing it"""
    rotation_period: Annotated[float | None, Unit("d"), Between(0, 1e5)]
    """Sidereal"""
    orbital_period: Annotated[float | None, Unit("d"), Between(0, 1e7)]
    """Sidereal"""
    eccentricity: Annotated[float | None, Unit("1"), Between(0, 1)]
    """Of the orbit"""
    obliquity: Annotated[float | None, Unit("deg"), Between(0, 180)]
    """Of the axis"""
    radius: Annotated[float | None, Unit("km"), Between(100, 2e5)]
    """Mean radius of the planet"""
    gravity: Annotated[float | None, Unit("m/s^2"), Between(0, 1e3), Term("PATO:0001028")]
    """At the surface"""
    surface_pressure: Annotated[float | None, Unit("Pa"), Between(0, 1e9), Term("PATO:0001025")]
    """Mean, of the atmosphere without water"""
    ocean: str | None
    """dynamic, slab, prescribed, none"""
    land: str | None
    """Which continents; aquaplanet where there are none"""
    layers: Annotated[int | None, Between(1, 1000)]
    """Of the atmosphere"""
    grid: str | None
    """Horizontal grid"""
    years: str | None
    """Which years of the run, or of history"""


class ClimateGases(Table, key=("planet_run_key", "gas"), empty=True, tags="climate"):
    """What the air of each climate run is made of."""

    planet_run_key: Annotated[int, References("core.climate_runs.planet_run_key")]
    """The run"""
    gas: str
    """CO2, N2 ..."""
    fraction: Annotated[float, Unit("1"), Between(0, 1)]
    """Moles of it in one mole of dry air"""
