"""Writes the sample's climate runs: three synthetic simulations, by the formulas below and by nothing else.

    python sample/climate.py [FOLDER]

None of it is a climate model's output. What is a measured fact: insolation, eccentricity and period of TRAPPIST-1 e
and of Proxima Cen b as the NASA Exoplanet Archive gives them (doi:10.26133/NEA13); Earth's total solar irradiance of
1361 W m-2 (Kopp and Lean 2011, doi:10.1029/2010GL045777), its eccentricity 0.0167 and obliquity 23.44 degrees (J2000).
What is chosen for show: ALBEDO, DEPTH, MIXED and the precipitation. All else follows:

- Sunlight at the top: S max(cos z, 0) for a planet that turns one face to its star, the substellar point swinging by
  2 e sin M over an orbit (the optical libration to first order in the eccentricity e; M is the mean anomaly) and S by
  (1 + e cos M)^2. For Earth the daily mean S/pi (h sin f sin d + cos f cos d sin h), cos h = -tan f tan d, of latitude
  f and declination d.
- The planet is in balance with its star at every time: what it sends out is what it takes in, of which the share MIXED
  is spread evenly over the sphere: F = (1 - ALBEDO) ((1 - MIXED) sunlight + MIXED its mean). Stefan and Boltzmann:
  F = sigma Te^4.
- The surface lies under a grey atmosphere of optical depth DEPTH: Ts^4 = Te^4 (1 + 3/4 DEPTH) (Eddington's solution).
- The air follows a dry adiabat, T = Ts (p / 1e5 Pa)^(R/cp), down to the skin temperature 2^(-1/4) Te.
- Precipitation: 3e-5 kg m-2 s-1 exp(0.065 (Ts - 288 K)), about as the vapour's pressure does (illustrative).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import netCDF4
import numpy as np

SIGMA = 5.670374419e-8  # W m-2 K-4, CODATA 2018
SOLAR = 1361.0  # W m-2
KAPPA = 2 / 7  # R/cp of a gas of diatomic molecules
ALBEDO, DEPTH, MIXED = 0.3, 0.84, 0.8
HOST = "climate.example.org/synthetic"
LAT, LON, TIMES = 24, 36, 12
LEVELS = np.array([1e5, 8.5e4, 7e4, 5e4, 2.5e4, 1e4])  # Pa


@dataclass(frozen=True)
class Planet:
    name: str
    file: str
    format: str
    insolation: float  # of Earth's
    eccentricity: float
    period: float  # days
    synchronous: bool
    obliquity: float = 0.0  # degrees
    calendar: str = "proleptic_gregorian"


PLANETS = (
    Planet("TRAPPIST-1 e", "trappist-1e_r1.nc", "NETCDF4", 0.646, 0.0051, 6.101013, True),
    Planet("Proxima Cen b", "proxima-cen-b_r1.nc", "NETCDF3_CLASSIC", 0.641, 0.0, 11.18465, True),
    Planet("Earth", "earth_r1.nc", "NETCDF4", 1.0, 0.0167, 365.0, False, 23.44, "noleap"),
)


def sunlight(planet: Planet, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Downwelling at the top, W m-2, [time, lat, lon]; lat and lon in radians."""
    anomaly = 2 * np.pi * (np.arange(TIMES)[:, None, None] + 0.5) / TIMES
    flux = SOLAR * planet.insolation * (1 + planet.eccentricity * np.cos(anomaly)) ** 2
    f, x = lat[None, :, None], lon[None, None, :]
    if planet.synchronous:
        return flux * np.maximum(np.cos(f) * np.cos(x - np.pi + 2 * planet.eccentricity * np.sin(anomaly)), 0)
    d = np.radians(planet.obliquity) * np.sin(
        anomaly - np.radians(75)
    )  # perihelion comes about 76 days before the equinox
    h = np.arccos(np.clip(-np.tan(f) * np.tan(d), -1, 1))
    daily = flux / np.pi * (h * np.sin(f) * np.sin(d) + np.cos(f) * np.cos(d) * np.sin(h))
    return np.broadcast_to(daily, (TIMES, LAT, LON))


def fields(planet: Planet, lat_edges: np.ndarray, lat: np.ndarray, lon: np.ndarray) -> dict[str, np.ndarray]:
    """Every variable, in the units of ``write``."""
    rsdt = sunlight(planet, lat, lon)
    area = np.diff(np.sin(lat_edges))
    mean = np.average(rsdt.mean(axis=2), axis=1, weights=area)[:, None, None]
    rlut = (1 - ALBEDO) * ((1 - MIXED) * rsdt + MIXED * mean)
    emission = (rlut / SIGMA) ** 0.25
    ts = emission * (1 + 0.75 * DEPTH) ** 0.25
    adiabat = ts.mean(axis=0) * (LEVELS[:, None, None] / 1e5) ** KAPPA
    return {
        "rsdt": rsdt,
        "rlut": rlut,
        "ts": ts,
        "pr": 3e-5 * np.exp(0.065 * (ts - 288)),
        "ta": np.maximum(adiabat, emission.mean(axis=0) * 2**-0.25),
    }


VARIABLES = {
    "ts": ("time lat lon", "K", "surface_temperature", "Surface temperature"),
    "rsdt": ("time lat lon", "W m-2", "toa_incoming_shortwave_flux", "Sunlight at the top of the atmosphere"),
    "rlut": ("time lat lon", "W m-2", "toa_outgoing_longwave_flux", "Heat sent to space"),
    "pr": ("time lat lon", "kg m-2 s-1", "precipitation_flux", "Precipitation"),
    "ta": ("plev lat lon", "K", "air_temperature", "Air temperature, mean over the orbit"),
}


def write(planet: Planet, folder: Path) -> Path:
    path = folder / HOST / planet.file
    path.parent.mkdir(parents=True, exist_ok=True)
    lat_edges, lon_edges = np.linspace(-90, 90, LAT + 1), np.linspace(0, 360, LON + 1)
    lat, lon = (lat_edges[1:] + lat_edges[:-1]) / 2, (lon_edges[1:] + lon_edges[:-1]) / 2
    with netCDF4.Dataset(path, "w", format=planet.format) as file:
        file.Conventions = "CF-1.11"
        file.synthetic = "yes"
        file.title = f"Synthetic climate of {planet.name}: analytic formulas, not a simulation"
        file.source = "sample/climate.py: its formulas and constants are cited there"
        file.comment = "The substellar point is at longitude 180" if planet.synchronous else "Daily mean sunlight"
        axis(file, "time", None, "time", (np.arange(TIMES) + 0.5) * planet.period / TIMES, "T", "days since 0001-01-01")
        file["time"].calendar = planet.calendar
        for name, standard, values, edges, letter, unit in (
            ("lat", "latitude", lat, lat_edges, "Y", "degrees_north"),
            ("lon", "longitude", lon, lon_edges, "X", "degrees_east"),
        ):
            axis(file, name, len(values), standard, values, letter, unit)
            if not file.dimensions.get("bnds"):
                file.createDimension("bnds", 2)
            file[name].bounds = f"{name}_bnds"
            file.createVariable(f"{name}_bnds", "f8", (name, "bnds"))[:] = np.stack([edges[:-1], edges[1:]], axis=1)
        axis(file, "plev", len(LEVELS), "air_pressure", LEVELS, "Z", "Pa")
        file["plev"].positive = "down"
        for name, values in fields(planet, np.radians(lat_edges), np.radians(lat), np.radians(lon)).items():
            dims, unit, standard, long = VARIABLES[name]
            compressed = {"zlib": True, "complevel": 9, "shuffle": True} if planet.format == "NETCDF4" else {}
            variable = file.createVariable(name, "f4", dims.split(), fill_value=np.float32(1e20), **compressed)
            variable.units, variable.standard_name, variable.long_name = unit, standard, long
            variable.cell_methods = "area: mean"
            variable[:] = values.astype("f4")
    return path


def axis(file, name: str, length: int | None, standard: str, values: np.ndarray, letter: str, unit: str) -> None:
    file.createDimension(name, length)
    variable = file.createVariable(name, "f8", (name,))
    variable.standard_name, variable.axis, variable.units = standard, letter, unit
    variable[:] = values


if __name__ == "__main__":
    for planet in PLANETS:
        print(write(planet, Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)))
