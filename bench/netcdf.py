"""NetCDF to Zarr: the lake's cubes against plain `xarray.to_zarr`, on a file that this makes.

    python bench/netcdf.py [--size 2000000000] [--memory 256] [--rounds 3] [--peers bench/out/peers] [--json FILE]

The file is NetCDF-4 as a model writes it: float32 [time, level, lat, lon], one record a time step, not compressed, its
values smooth with noise in their last bits. The lake also hashes every value, reads each slab back and compares it,
takes ranges and means weighted by area, and makes all of it durable; `to_zarr` does none of that. Plain `to_zarr` holds
a whole variable in memory; with dask (put into bench/out/peers by pip on the first run) it goes by records. `copy` is
the limit: the file's bytes read once and written once. Each runs in a process of its own and takes turns; the best wall
time of each counts. Peak memory is the process's whole, imports and all.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
LEVELS, LAT, LON = 20, 144, 192


def make(path: Path, size: int) -> None:
    """A file of about so many bytes: temperature in two variables, so that "a whole variable" is half of it."""
    import netCDF4
    import numpy as np

    random = np.random.default_rng(1)
    lat, lon = np.linspace(-89, 89, LAT), np.linspace(0, 360, LON, endpoint=False)
    base = 230 + 70 * np.cos(np.radians(lat))[:, None] + 5 * np.sin(np.radians(3 * lon))
    field = (base - 4 * np.arange(LEVELS)[:, None, None]).astype("f4")
    noise = random.normal(0, 0.5, (4, *field.shape)).astype("f4")
    with netCDF4.Dataset(path, "w") as file:
        for name, length in (("time", None), ("lev", LEVELS), ("lat", LAT), ("lon", LON)):
            file.createDimension(name, length)
        for name, values, units in (("lat", lat, "degrees_north"), ("lon", lon, "degrees_east")):
            file.createVariable(name, "f8", (name,))[:] = values
            file[name].units = units
        file.createVariable("time", "f8", ("time",)).units = "days since 2000-01-01"
        steps = size // (2 * field.nbytes)
        for name in ("ta", "theta"):
            variable = file.createVariable(name, "f4", ("time", *("lev", "lat", "lon")), chunksizes=(1, *field.shape))
            variable.units = "K"
            for step in range(steps):
                variable[step] = field + noise[step % 4] + np.float32(step % 365 / 100)
        file["time"][:] = np.arange(steps)


def lake(file: Path, out: Path, memory: int) -> None:
    from lake.formats.answer import Answer
    from lake.sources import gcm
    from lake.sources.contract import Cube, Resource
    from lake.store import cubes

    run = {"planet": "Bench", "model": "m", "scenario": "s", "run": "r", "synthetic": True}
    for part in gcm.read(Resource("bench", file.as_uri(), "netcdf", "netcdf", run), Answer(file)):
        if isinstance(part, Cube):
            cubes.write(out, part, memory=memory << 20)


def to_zarr(file: Path, out: Path, memory: int) -> None:
    import xarray as xr

    with xr.open_dataset(file, decode_times=False) as dataset:
        dataset.to_zarr(out / "x.zarr", zarr_format=3, consolidated=False)


def to_zarr_dask(file: Path, out: Path, memory: int) -> None:
    import xarray as xr

    with xr.open_dataset(file, decode_times=False, chunks={}) as dataset:
        dataset.to_zarr(out / "x.zarr", zarr_format=3, consolidated=False)


def copy(file: Path, out: Path, memory: int) -> None:
    with file.open("rb") as source, (out / "copy").open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
        os.fsync(target.fileno())


SIDES = {"lake": lake, "to_zarr": to_zarr, "to_zarr, dask": to_zarr_dask, "copy": copy}


def measure(side: str, file: Path, given: argparse.Namespace) -> dict[str, float]:
    """Wall and CPU seconds, peak memory in MB and bytes on disk of one process; its imports are in the figures."""
    with tempfile.TemporaryDirectory(dir=file.parent) as out:
        command = [sys.executable, __file__, "--once", side, "--file", str(file), "--out", out]
        began = time.perf_counter()
        process = subprocess.Popen([*command, "--memory", str(given.memory), "--peers", str(given.peers)])
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        if status:
            sys.exit(f"{side} ended with {status}")
        written = sum(f.stat().st_size for f in Path(out).rglob("*") if f.is_file())
    return {"wall": wall, "cpu": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss / 1024, "written": written}


def report(size: int, best: dict[str, dict[str, float]]) -> None:
    plain = best["to_zarr"]
    columns = ("MB/s", "wall s", "CPU s", "peak MB", "MB out", "wall x", "CPU x")
    print(f"{size:,} bytes\n{'':16}{''.join(f'{column:>9}' for column in columns)}")
    for name, got in best.items():
        figures = f"{size / got['wall'] / 1e6:9.0f}{got['wall']:9.2f}{got['cpu']:9.2f}{got['peak']:9.0f}"
        ratios = f"{got['wall'] / plain['wall']:9.2f}{got['cpu'] / plain['cpu']:9.2f}"
        print(f"{name:16}{figures}{got['written'] / 1e6:9.0f}{ratios}")
    print("x: over plain to_zarr; below 1 it takes less")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=2_000_000_000)
    parser.add_argument("--memory", type=int, default=256, help="MiB that the cube writer may hold")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", type=Path, default=HERE / "out" / "peers", help="where dask is installed")
    parser.add_argument("--json", type=Path)
    for hidden in ("--make", "--once", "--file", "--out"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.make:
        make(Path(given.make), given.size)
        return
    if given.once:
        sys.path.append(str(given.peers))
        SIDES[given.once](Path(given.file), Path(given.out), given.memory)
        return
    if not (given.peers / "dask").is_dir():
        subprocess.run([sys.executable, "-m", "pip", "install", "-qq", "--target", given.peers, "dask"], check=True)
    best: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "run.nc"
        # in a process of its own: a child's peak memory is never told as less than its parent's
        subprocess.run([sys.executable, __file__, "--make", file, "--size", str(given.size)], check=True)
        for _ in range(given.rounds):
            for side in SIDES:
                got = measure(side, file, given)
                if side not in best or got["wall"] < best[side]["wall"]:
                    best[side] = got
        report(file.stat().st_size, best)
    if given.json:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(best))


if __name__ == "__main__":
    main()
