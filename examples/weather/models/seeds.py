"""What was read off the instruments (made up by make_seeds.py)."""

from datetime import date
from typing import Annotated

from lake.contract import Between, References, Table, Unit


class Stations(Table, key="station"):
    """Stations, one a row."""

    station: str
    """Its code"""
    latitude: Annotated[float, Unit("degree"), Between(-90, 90)]
    """Latitude, north is above 0"""
    longitude: Annotated[float, Unit("degree"), Between(-180, 180)]
    """Longitude, east is above 0"""
    elevation: Annotated[float, Unit("m"), Between(-500, 9000)]
    """Above sea level"""


class Observations(Table, key=("station", "day")):
    """One day at one station."""

    station: Annotated[str, References("seeds.stations.station")]
    """Where"""
    day: date
    """The day, local time"""
    low: Annotated[float, Unit("degC"), Between(-90, 60)]
    """Lowest temperature"""
    high: Annotated[float, Unit("degC"), Between(-90, 60)]
    """Highest temperature"""
    rain: Annotated[float | None, Unit("mm"), Between(0, 2000)]
    """Precipitation; null where the gauge was out of order"""
    wind: Annotated[float | None, Unit("m/s"), Between(0, 120)]
    """Mean speed of the wind; null where it was not measured"""
