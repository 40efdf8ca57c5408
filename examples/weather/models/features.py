"""What models train on."""

from typing import Annotated

from lake.contract import Between, Impute, Normalise, References, Table, Unit

_DAY = References("core.station_days.station_day_key")


class Weather(Table, key="station_day_key"):
    """The weather of the day."""

    station_day_key: Annotated[int, _DAY]
    """The day at the station"""
    temperature: Annotated[float, Unit("K"), Normalise("standard")]
    """Mean temperature"""
    swing: Annotated[float, Unit("K"), Normalise("standard")]
    """Highest less lowest temperature"""
    rain: Annotated[float | None, Unit("m"), Normalise("robust"), Impute()]
    """Precipitation"""
    wind: Annotated[float | None, Unit("m/s"), Normalise("standard"), Impute()]
    """Mean speed of the wind"""


class Season(Table, key="station_day_key"):
    """How far the year is."""

    station_day_key: Annotated[int, _DAY]
    """The day at the station"""
    daylight: Annotated[float, Unit("hour"), Between(0, 24), Normalise("standard")]
    """From sunrise to sunset"""
    year_sine: Annotated[float, Between(-1, 1)]
    """Of the angle of the day in the year"""
    year_cosine: Annotated[float, Between(-1, 1)]
    """Of the angle of the day in the year"""


class Place(Table, key="station_day_key"):
    """Where the station is."""

    station_day_key: Annotated[int, _DAY]
    """The day at the station"""
    latitude: Annotated[float, Unit("degree"), Normalise("standard")]
    """Latitude"""
    elevation: Annotated[float, Unit("m"), Normalise("robust")]
    """Above sea level"""


class PastWeek(Table, key="station_day_key"):
    """The days before, where there are any."""

    station_day_key: Annotated[int, _DAY]
    """The day at the station"""
    temperatures: Annotated[list[float], Unit("K")]
    """Of up to seven days before, the last one first"""


class Neighbours(Table, key=("station_day_key", "source")):
    """The weather around: an edge from each neighbour to the station."""

    station_day_key: Annotated[int, _DAY]
    """The day at the station"""
    source: str
    """The neighbour"""
    target: str
    """The station"""
    distance: Annotated[float, Unit("km")]
    """Between them"""
    warmer: Annotated[float, Unit("K")]
    """How much warmer the neighbour is on the day"""


class Tomorrow(Table, key="station_day_key"):
    """What a model is trained to tell."""

    station_day_key: Annotated[int, _DAY]
    """The day at the station"""
    temperature: Annotated[float, Unit("K"), Normalise("standard")]
    """Mean temperature of the day after"""
