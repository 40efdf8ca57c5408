"""Stations and their days."""

from datetime import date
from typing import Annotated

from lake.contract import Between, References, Split, Table, Unit


class StationDays(Table, key="station_day_key"):
    """A day at a station: what models are trained on."""

    station_day_key: Annotated[int, Between(0, None)]
    """station_day_key(station, day)"""
    station: Annotated[str, References("seeds.stations.station")]
    """Where"""
    day: date
    """The day"""
    split: Annotated[str, Split("station", train=70, validation=15, test=15)]
    """split_of(station)"""


class Weather(Table, key="station_day_key"):
    """What the weather of a day was."""

    station_day_key: Annotated[int, References("core.station_days.station_day_key")]
    """The day at the station"""
    temperature: Annotated[float, Unit("K"), Between(180, 340)]
    """Mean of the lowest and the highest"""
    swing: Annotated[float, Unit("K"), Between(0, 80)]
    """Highest less lowest temperature"""
    rain: Annotated[float | None, Unit("m"), Between(0, 2)]
    """Precipitation"""
    wind: Annotated[float | None, Unit("m/s"), Between(0, 120)]
    """Mean speed of the wind"""


class Neighbours(Table, key=("station", "neighbour")):
    """Stations within 500 km of each other, each pair both ways."""

    station: Annotated[str, References("seeds.stations.station")]
    """One"""
    neighbour: Annotated[str, References("seeds.stations.station")]
    """The other"""
    distance: Annotated[float, Unit("km"), Between(0, 500)]
    """Along a great circle"""
