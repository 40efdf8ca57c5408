"""Arrays for tests: a NetCDF file with one of each, stored as a cube, and ways to damage what was stored."""

from __future__ import annotations

import json
from pathlib import Path

import netCDF4
import numpy as np
import xarray as xr

from lake.formats.answer import Answer
from lake.sources import gcm
from lake.sources.contract import Cube, Part, Resource
from lake.store import cubes

MEMORY = 256 << 20


def raw(path: Path) -> xr.Dataset:
    return xr.open_dataset(path, engine="netcdf4", cache=False, decode_cf=False, create_default_indexes=False)


def store(data: Path, dataset: xr.Dataset, weights=None, memory: int = MEMORY) -> cubes.Written:
    return cubes.write(data, Cube(dataset, {}, weights), memory=memory)


def make(path: Path, format: str = "NETCDF4", order: str = "=") -> Path:
    """A file with one of each: packed, missing, infinite, scalar, text, a noleap time."""
    random = np.random.default_rng(7)
    with netCDF4.Dataset(path, "w", format=format) as file:
        file.title, file.number, file.several = "one of each", np.float32(0.1), np.array([1, 2], "i2")
        file.createDimension("time", None)
        for name, length in (("lat", 19), ("lon", 24), ("text", 4)):
            file.createDimension(name, length)
        t = file.createVariable("t", f"{order}f4", ("time", "lat", "lon"), fill_value=np.float32(1e20))
        t.units, t.missing_value = "K", np.float32(-999)
        values = random.normal(280, 20, (5, 19, 24)).astype("f4")
        values[0, 0, :4] = 1e20, -999, np.nan, np.inf
        values[1, 0, :2] = -np.inf, -0.0
        t[:] = values
        p = file.createVariable("p", "i2", ("time", "lat", "lon"), fill_value=np.int16(-32768))
        p.scale_factor, p.add_offset = 0.01, 250.0
        p.set_auto_maskandscale(False)
        p[:] = random.integers(-32768, 32767, (5, 19, 24)).astype("i2")
        p[2, 3, 4] = -32768
        file.createVariable("lat", "f8", ("lat",))[:] = np.linspace(-90, 90, 19)
        file.createVariable("scalar", "i4", ())[...] = 7
        name = file.createVariable("name", "S1", ("lat", "text"))
        name[:] = np.frombuffer(b"ab\0\0" * 18 + b"\xff\xfe\0z", "S1").reshape(19, 4)
        when = file.createVariable("time", "f8", ("time",))
        when.units, when.calendar = "days since 0001-01-01", "noleap"
        when[:] = np.arange(5) * 30.0
    return path


def chunk_files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "zarr.json")


def flip(folder: Path) -> None:
    file = next(p for p in chunk_files(folder) if "/t/" in str(p))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def lose(folder: Path) -> None:
    next(p for p in chunk_files(folder) if "/t/" in str(p)).unlink()


def edit(folder: Path) -> None:
    meta = folder / "t" / "zarr.json"
    content = json.loads(meta.read_text())
    content["attributes"]["_lake"]["attributes"]["units"] = "C"
    meta.write_text(json.dumps(content))


def tear(folder: Path) -> None:
    (folder / "t" / "zarr.json").write_text('{"shape": [5,')


RUN = {"url": "https://host.example/a/b/one.nc", "planet": "P", "model": "M", "scenario": "S", "run": "r1"}


def resource(**more) -> Resource:
    return gcm.resources({"runs": [{**RUN, **more}]}, lambda _: None)[0]


def land(data: Path, path: Path, **more):
    """A file's cube, its rows by variable, and its digest."""
    found = []
    for cube in gcm.read(resource(**more), Answer(path)):
        if isinstance(cube, Part):
            continue
        written = cubes.write(data, cube, memory=MEMORY)
        found.append((cube, {row["variable"]: row for row in written.variables}, written.digest))
    (one,) = found
    return one
