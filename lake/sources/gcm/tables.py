"""What a description of a climate run says, as raw tables: one row a file of the run, a gas, a variable, a link."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from lake.formats.schema import schema
from lake.sources.contract import Part

NAMES = ("planet", "kind", "model", "scenario", "run")
_RUN = """
planet text - -  The planet
kind text - -  simulation, reanalysis or observed
model text - -  The climate model
scenario text - -  What was simulated
run text - -  Which member
"""
_CONDITIONS = """
model_version text - -  Version of the model
star text - -  The star whose spectrum shines on it
star_temperature real K -  Effective temperature of that star
insolation real W/m^2 -  Starlight at the planet, on a plane facing it
rotation_period real d -  Sidereal
orbital_period real d -  Sidereal
eccentricity real 1 -  Of the orbit
obliquity real deg -  Of the axis
radius real km -  Mean radius of the planet
gravity real m/s^2 -  At the surface
surface_pressure real Pa -  Mean, of the atmosphere without water
ocean text - -  dynamic, slab, prescribed, none
land text - -  Which continents; aquaplanet where there are none
layers whole 1 -  Of the atmosphere
grid text - -  Horizontal grid: 72 x 46
years text - -  Which years of the run, or of history
"""
_FILE = """
file text - -  Name of the file
title text - -  Of the run
citation text - -  Whom to cite
licence text - -  Under which it may be used
described_in text - -  The TOML file that describes it; null where lake.toml does
"""
_GAS = """
gas text - -  CO2, N2 ...
fraction real 1 -  Moles of it in one mole of dry air
"""
_VARIABLE = """
quantity text - -  As in seeds.climate_variables
variable text - -  Which variable of the file tells it
"""
_LISTING = """
folder text - -  URL
name text - -  A file in it
asked truth - -  Whether a run names it
"""
TABLES = {
    "gcm_runs": schema(_RUN + _FILE.lstrip() + _CONDITIONS.lstrip(), "1"),
    "gcm_gases": schema(_RUN + _GAS.lstrip(), "Which of the run's"),
    "gcm_variables": schema(_RUN + _VARIABLE.lstrip(), "Which of the run's"),
    "gcm_listings": schema(_LISTING, "Which of the listing's"),
}
CONDITIONS = {field.name: field.type for field in schema(_CONDITIONS) if field.name != "_record"}


def described(params: Mapping[str, Any]) -> Iterator[Part]:
    """The rows that a file of a run brings beside its cube.

    Args:
        params: of its resource: the run's names, title, conditions, gases, variables.
    """
    run = {name: params.get(name) for name in NAMES}
    told = {name: params.get(name) for name in ("file", "title", "citation", "licence", "described_in")}
    yield _part("gcm_runs", [run | told | dict(params.get("conditions", {}))])
    if gases := params.get("gases"):
        yield _part("gcm_gases", [run | {"gas": gas, "fraction": share} for gas, share in gases.items()])
    if variables := params.get("variables"):
        yield _part("gcm_variables", [run | {"quantity": name, "variable": v} for name, v in variables.items()])


def listed(folder: str, asked: Mapping[str, bool]) -> Part:
    """The files of a folder, and whether a run names them."""
    return _part("gcm_listings", [{"folder": folder, "name": name, "asked": yes} for name, yes in asked.items()])


def left_out(left: Sequence[tuple[str, str]]) -> pa.Table:
    """Variables and attributes that no cube holds, as rejects: (name, reason)."""
    return pa.table(
        {
            "_record": pa.array(range(1, len(left) + 1), pa.int64()),
            "reason": pa.array([reason for _, reason in left], pa.string()),
            "content": pa.array([name for name, _ in left], pa.string()),
        }
    )


def _part(table: str, rows: list[dict[str, Any]]) -> Part:
    numbered = [row | {"_record": i} for i, row in enumerate(rows, 1)]
    return Part(table, len(rows), pa.Table.from_pylist(numbered, TABLES[table]))
