"""Write the seeds: 24 made-up stations and 40 days of made-up weather. The same bytes each time.

python make_seeds.py [FOLDER]
"""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

STATIONS, DAYS, START = 24, 40, date(2020, 3, 1)


def stations(random: Random) -> Iterator[dict[str, object]]:
    for number in range(STATIONS):
        yield {
            "station": f"W{number:02d}",
            "latitude": round(random.uniform(35, 65), 2),
            "longitude": round(random.uniform(-10, 30), 2),
            "elevation": round(1500 * random.random() ** 3),
        }


def days(station: dict[str, object], random: Random) -> Iterator[dict[str, object]]:
    """Warmer in the south, lower down and towards summer; a spell of weather lasts for some days."""
    latitude, elevation = float(str(station["latitude"])), float(str(station["elevation"]))
    spell = 0.0
    for number in range(DAYS):
        spell = 0.7 * spell + random.uniform(-4, 4)
        mean = 26 - 0.5 * (latitude - 30) - 0.0065 * elevation + 0.15 * number + spell
        swing = random.uniform(2, 7)
        reading: dict[str, object] = {
            "station": station["station"],
            "day": START + timedelta(days=number),
            "low": round(mean - swing, 1),
            "high": round(mean + swing, 1),
            "rain": round(max(0.0, -20 * math.log(1 - random.random()) - 15), 1),
            "wind": round(3 * math.sqrt(-math.log(1 - random.random())), 1),
        }
        for name in ("rain", "wind"):  # a gauge is out of order now and then
            if random.random() < 0.05:
                reading[name] = ""
        yield reading


def write(folder: Path) -> None:
    random = Random(11)
    listed = list(stations(random))
    readings = [reading for station in listed for reading in days(station, random)]
    for name, rows in (("stations", listed), ("observations", readings)):
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "seeds")
