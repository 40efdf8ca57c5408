"""Random reads of single climate runs: the lake's cubes against zarr-python, xarray and tensorstore.

    python bench/cubes.py [--runs 4000] [--rounds 3] [--seconds 3] [--folder DIR] [--peers-python PATH] [--json FILE]

Each run is float32 [4 variables][level 8, lat 24, lon 36], its values smooth with noise in their last bits. It lies in
a cube of its own, as `lake land` writes them (a file a variable), and once more in one Zarr array [run, variable,
level, lat, lon] with one run a chunk, which is the best layout that the peers have for this; the codec is the same. A
read gives a run's four variables as numpy, runs in an order of chance, files in the page cache. "First" reads are of
runs that the process has not met yet, with their metadata; "again" of 500 that it has.

The limits: `np.memmap` of the plain numbers, which is a copy in memory, and reading the bytes of the same chunk files
without decoding them. Each side runs in a process of its own for so many seconds, its result compared with the numbers
first, and takes turns; the best of the rounds counts. tensorstore has an environment of its own (pip install
tensorstore), which --peers-python names; without it, it is left out. --folder keeps what was made, for another time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import cycle, repeat
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
SHAPE, NAMES = (8, 24, 36), ("hus", "ta", "ua", "va")
BYTES = 4 * len(NAMES) * int(np.prod(SHAPE))
AGAIN = 500  # runs
Read = Callable[[int], object]


# What is read


def make(folder: Path, runs: int) -> None:
    """The same runs as cubes, as one Zarr array and as plain numbers."""
    import zarr

    with ProcessPoolExecutor(2) as pool:
        digests = list(pool.map(write, repeat(folder), range(runs), chunksize=50))
    (folder / "digests.json").write_text(json.dumps(digests))
    whole = (len(NAMES), *SHAPE)
    codec = zarr.codecs.BloscCodec(cname="lz4", clevel=5, shuffle="shuffle", typesize=4)
    array = zarr.create_array(
        folder / "one.zarr", shape=(runs, *whole), chunks=(1, *whole), dtype="f4", compressors=codec
    )
    with (folder / "plain").open("wb") as plain:
        for start in range(0, runs, 100):
            block = np.stack([field(run) for run in range(start, min(start + 100, runs))])
            array[start : start + len(block)] = block
            plain.write(block.tobytes())


def field(run: int) -> np.ndarray:
    random = np.random.default_rng(run)
    lat, lon = np.radians(np.linspace(-88, 88, SHAPE[1])), np.radians(np.linspace(0, 350, SHAPE[2]))
    base = 230 + 70 * np.cos(lat)[:, None] + 5 * np.sin(3 * lon) - 4 * np.arange(SHAPE[0])[:, None, None]
    return (base + random.normal(0, 0.5, (len(NAMES), *SHAPE))).astype("f4")


def write(folder: Path, run: int) -> str:
    import xarray as xr

    from lake.sources.contract import Cube
    from lake.store import cubes

    axes = {"lev": (np.arange(8.0), "1"), "lat": (np.linspace(-88, 88, 24), "degrees_north")}
    axes["lon"] = np.linspace(0, 350, 36), "degrees_east"
    data = {name: (tuple(axes), values, {"units": "K"}) for name, values in zip(NAMES, field(run), strict=True)}
    coordinates = {name: (name, values, {"units": unit}) for name, (values, unit) in axes.items()}
    return cubes.write(folder, Cube(xr.Dataset(data, coordinates), {}, None), memory=256 << 20).digest


# Who reads it


def cube_paths(folder: Path) -> list[Path]:
    return [folder / "cubes" / digest for digest in json.loads((folder / "digests.json").read_text())]


def lake(folder: Path, **options) -> Read:
    from lake.store import read_array

    digests = json.loads((folder / "digests.json").read_text())

    def read(run: int) -> np.ndarray:
        out = np.empty((len(NAMES), *SHAPE), np.float32)
        for row, name in enumerate(NAMES):
            read_array.read(folder, digests[run], name, out[row], **options)
        return out

    return read


def lake_checked(folder: Path) -> Read:
    return lake(folder, check=True)


def lake_open(folder: Path) -> Read:
    from lake.store import cubes

    digests = json.loads((folder / "digests.json").read_text())

    def read(run: int) -> list[np.ndarray]:
        with cubes.open(folder, digests[run]) as dataset:
            return [dataset[name].to_numpy() for name in NAMES]

    return read


def xarray_cubes(folder: Path) -> Read:
    import xarray as xr

    paths = cube_paths(folder)

    def read(run: int) -> list[np.ndarray]:
        with xr.open_zarr(paths[run], chunks=None, consolidated=False, zarr_format=3) as dataset:
            return [dataset[name].to_numpy() for name in NAMES]

    return read


def zarr_cubes(folder: Path) -> Read:
    import zarr

    paths = cube_paths(folder)

    @cache
    def arrays(run: int) -> list[zarr.Array]:
        group = zarr.open_group(paths[run], mode="r", zarr_format=3, use_consolidated=False)
        return [group[name] for name in NAMES]

    return lambda run: [array[...] for array in arrays(run)]


def zarr_one(folder: Path) -> Read:
    import zarr

    array = zarr.open_array(folder / "one.zarr", mode="r")
    return lambda run: array[run]


def _tensorstore(path: Path):
    import tensorstore

    spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": str(path)}}
    return tensorstore.open(spec, open=True, read=True)


def tensorstore_cubes(folder: Path) -> Read:
    paths = cube_paths(folder)

    @cache
    def arrays(run: int) -> list:
        return [each.result() for each in [_tensorstore(paths[run] / name) for name in NAMES]]

    return lambda run: [each.result() for each in [array.read() for array in arrays(run)]]


def tensorstore_one(folder: Path) -> Read:
    array = _tensorstore(folder / "one.zarr").result()
    return lambda run: array[run].read().result()


def chunk_files(folder: Path) -> Read:
    paths = [[f"{path}/{name}/c/0/0/0" for name in NAMES] for path in cube_paths(folder)]

    def read(run: int) -> None:
        for path in paths[run]:
            with open(path, "rb", buffering=0) as file:
                file.read()

    return read


def memmap(folder: Path) -> Read:
    array = np.memmap(folder / "plain", np.float32, "r").reshape(-1, len(NAMES), *SHAPE)
    return lambda run: np.array(array[run])


SIDES = {  # name: who reads, whether runs that it has met
    "np.memmap, plain numbers": (memmap, True),
    "chunk files, not decoded": (chunk_files, True),
    "lake, first": (lake, False),
    "lake, first, check=True": (lake_checked, False),
    "lake, again": (lake, True),
    "lake, again, check=True": (lake_checked, True),
    "lake.cubes.open, first": (lake_open, False),
    "xarray, cubes, first": (xarray_cubes, False),
    "zarr-python, cubes, first": (zarr_cubes, False),
    "zarr-python, cubes, again": (zarr_cubes, True),
    "zarr-python, one array": (zarr_one, True),
    "tensorstore, cubes, first": (tensorstore_cubes, False),
    "tensorstore, cubes, again": (tensorstore_cubes, True),
    "tensorstore, one array": (tensorstore_one, True),
}
ONE = "zarr-python, one array"


# Measuring


def once(side: str, folder: Path, seconds: float) -> dict[str, float]:
    """Wall and CPU microseconds a run."""
    begin, again = SIDES[side]
    read = begin(folder)
    runs = len(json.loads((folder / "digests.json").read_text()))
    last, *order = np.random.default_rng(0).permutation(runs).tolist()
    got = read(last)
    if got is not None and not np.array_equal(np.stack(list(got)), field(last)):
        sys.exit(f"{side} reads other numbers than were written")
    if again:
        order = order[:AGAIN]
        for run in order:
            read(run)
    return timed(read, cycle(order) if again else order, seconds)


def timed(read: Read, order: Iterable[int], seconds: float) -> dict[str, float]:
    number, began, cpu = 0, time.perf_counter(), time.process_time()
    for run in order:
        read(run)
        number += 1
        if time.perf_counter() - began > seconds:
            break
    return {
        "wall": (time.perf_counter() - began) / number * 1e6,
        "cpu": (time.process_time() - cpu) / number * 1e6,
        "runs": number,
    }


def measure(side: str, folder: Path, given: argparse.Namespace) -> dict[str, float] | None:
    python = given.peers_python if side.startswith("tensorstore") else sys.executable
    if python is None:
        return None
    command = [str(python), __file__, "--once", side, "--folder", str(folder), "--seconds", str(given.seconds)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)


def report(runs: int, best: dict[str, dict[str, float]]) -> None:
    plain, limit = best[ONE], best["np.memmap, plain numbers"]
    columns = ("MB/s", "wall us", "CPU us", "x zarr", "x memmap", "runs")
    print(f"{runs:,} runs of {BYTES:,} bytes\n{'':27}{''.join(f'{column:>10}' for column in columns)}")
    for name, got in best.items():
        figures = f"{BYTES / got['wall']:10.0f}{got['wall']:10.0f}{got['cpu']:10.0f}"
        ratios = f"{plain['wall'] / got['wall']:10.2f}{limit['wall'] / got['wall']:10.3f}"
        print(f"{name:27}{figures}{ratios}{got['runs']:10,}")
    print(f"us are of one run; x zarr: times the speed of '{ONE}'; x memmap: times that of np.memmap")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3, help="of each side in each round")
    parser.add_argument("--folder", type=Path, help="where the runs are, or are to be made and kept")
    parser.add_argument("--peers-python", type=Path, help="a Python that has tensorstore")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--once", choices=SIDES, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.once:
        print(json.dumps(once(given.once, given.folder, given.seconds)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "plain").is_file():
            make(folder, given.runs)
        best: dict[str, dict[str, float]] = {}
        for _ in range(given.rounds):
            for side in SIDES:
                got = measure(side, folder, given)
                if got and (side not in best or got["wall"] < best[side]["wall"]):
                    best[side] = got
        report(len(cube_paths(folder)), best)
    if given.peers_python is None:
        print("tensorstore was left out: --peers-python names a Python that has it")
    if given.json:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(best))


if __name__ == "__main__":
    main()
