"""The readings in SI units."""

from datetime import date
from typing import Annotated

from lake.contract import Between, Rule, Table, Unit

_ORDER = Rule("the lowest is not above the highest", "low <= high")


class Readings(Table, key=("station", "day"), rules=_ORDER):
    """One day at one station, in K, m and m/s."""

    station: str
    """Where"""
    day: date
    """The day"""
    low: Annotated[float, Unit("K"), Between(180, 340)]
    """Lowest temperature"""
    high: Annotated[float, Unit("K"), Between(180, 340)]
    """Highest temperature"""
    rain: Annotated[float | None, Unit("m")]
    """Precipitation"""
    wind: Annotated[float | None, Unit("m/s")]
    """Mean speed of the wind"""
