"""Spectra of planets."""

from typing import Annotated

from lake.contract import Between, Table, Unit


class Spectra(Table, key="spectrum", empty=True, tags="spectra"):
    """Spectra of planets and stars, sorted by wavelength."""

    spectrum: str
    """The resource, and which column or row of it"""
    planet: str | None
    """As lake.toml says; core.planets.planet"""
    star: str | None
    """As lake.toml says"""
    kind: str
    """transmission, emission, reflection, transmittance, stellar or model"""
    instrument: str | None
    """Instrument or model"""
    reference: str | None
    """Where it was published"""
    label: str | None
    """Column of the file; row of a FITS image"""
    wavelength: Annotated[list[float], Unit("um")]
    """In vacuum, ascending"""
    value: list[float]
    """In value_unit"""
    lower: list[float] | None
    """Uncertainty to below, in value_unit, >= 0; null where a point has none"""
    upper: list[float] | None
    """Uncertainty to above, in value_unit, >= 0; null where a point has none"""
    value_unit: str
    """1 for shares, such as transit depths; W/m^2/um for fluxes by wavelength; the file's own for others"""
    given_value_unit: str
    """Of the file"""
    given_wavelength_unit: str
    """Of the file"""
    points: int
    """How many"""
    points_without_value: int
    """Of the file, left out"""
    shortest: Annotated[float, Unit("um"), Between(0, None)]
    """First wavelength"""
    longest: Annotated[float, Unit("um"), Between(0, None)]
    """Last wavelength"""
