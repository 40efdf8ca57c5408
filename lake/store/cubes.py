"""Climate runs as Zarr v3 stores under the name of their content: ``<data>/cubes/<digest>/``. Never changed.

A cube holds a dataset's variables as the file stores them: names, types, attributes and every bit of the values, also
where they are packed (scale_factor, add_offset, _FillValue) and where time is a number; ``open`` decodes. The digest
does not depend on chunks, codec, byte order or machine. A cube is written beside its place, read back and compared,
made durable and then named: so a name always has its whole cube, also after a kill or a power cut.

Chunks are whole slabs along the first dimensions, because a run is read time step by time step.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import math
import os
import shutil
import uuid
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from lake.errors import StorageError, Unreadable
from lake.store import arrays, attributes, cf_packing, durable, room
from lake.store.blobs import storing
from lake.store.blocks import aligned, regions, tile
from lake.store.variable_statistics import Measure

if TYPE_CHECKING:
    import xarray as xr
    import zarr

CUBES, PARTIAL = "cubes", ".partial"
FORMAT = "lake cube 1"
_SLAB, _BLOCK = 16 << 20, 1 << 20  # bytes read at once where memory allows; bytes (as float64) measured at once
_CHUNKS = 4096  # of the source, read at once
_WORKERS = 2
_SHARES = 2 + 3 * _WORKERS  # slabs held at once: one being read, its source's copy; per worker it, its codec, its check


class Cube(Protocol):
    """What ``write`` takes; see lake.formats.part.Cube."""

    @property
    def dataset(self) -> xr.Dataset: ...
    @property
    def weights(self) -> xr.DataArray | None: ...
    @property
    def covers(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Written:
    """A published cube, and a row for each of its variables (raw.cube_variables)."""

    digest: str
    path: Path
    bytes: int  # on disk
    variables: list[dict[str, Any]]


def path(data: Path, digest: str) -> Path:
    """Where the cube lies, or would lie."""
    return data / CUBES / digest


def write(
    data: Path, cube: Cube, *, memory: int, storage: int | None = None, advance: Callable[..., None] | None = None
) -> Written:
    """Store a dataset that was opened without decoding, and measure its variables on the way.

    Args:
        data: the lake's data folder.
        cube: the dataset, lazy, its ancillary variables set as coordinates; and area weights, finite and >= 0.
        memory: bytes that may be held beside the program itself; less than 64 MiB counts as that.
        storage: bytes that all of the data folder may take, [limits] storage; None: what the disk has.
        advance: called with the bytes of each slab that is stored.

    Raises:
        Unreadable: the file behind the dataset fails while it is read, or holds a type that a cube cannot.
        OverBudget: it does not fit into the storage that is left; nothing of it stays.
        StorageError: the disk is full or read-only, or what was read back was not what was written.
    """
    with _workspace(data) as folder, storing(folder), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on what xarray finds odd in a file: dimensions that a variable has twice
        group = _group(folder, cube.dataset.attrs)
        stored = _store(group, cube, memory, room.of(data, storage), advance or (lambda n: None))
        for one in stored:
            one.seal()
        facts = {one.name: arrays.facts(one.array, one.sha.hexdigest()) for one in stored}
        digest = _digest(arrays.note_of(group)["attributes"], facts)
        size = _publish(data, folder, digest)
    return Written(digest, path(data, digest), size, [one.row() for one in stored])


def open(data: Path, digest: str) -> xr.Dataset:
    """A cube, lazy and decoded: missing values are NaN, packed ones unpacked, characters joined.

    Times are numpy or cftime dates where their units and calendar say which; otherwise they stay numbers with their
    ``units``, as do durations.

    Raises:
        StorageError: there is no such cube, or its store cannot be read.
    """
    import xarray as xr

    with _reading(data, digest) as group, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on what xarray finds odd in a file: `packing` has decided it
        stored = xr.open_zarr(path(data, digest), chunks=None, consolidated=False, zarr_format=3, decode_cf=False)
        by_name = dict(group.arrays())
        variables = {name: arrays.opened(by_name[str(name)], variable) for name, variable in stored.variables.items()}
        dataset = xr.Dataset(variables, attrs=attributes.restore(arrays.note_of(group)["attributes"]))
        return xr.decode_cf(dataset, decode_times=_datable(dataset), decode_timedelta=False)


def verify(data: Path, digest: str) -> None:
    """Read a cube's every value and compare it with its name.

    Raises:
        StorageError: it is missing, unreadable, or not what it was; the variable is named where it is known.
    """
    with _reading(data, digest) as group:
        facts = {}
        for name, array in group.arrays():
            sha = hashlib.sha256()
            for region in regions(array.shape, array.chunks):
                arrays.hash_into(sha, np.asarray(array[region]))
            facts[name] = arrays.facts(array, sha.hexdigest())
            if sha.hexdigest() != arrays.note_of(array)["sha256"]:
                raise damaged(data, digest, f"the values of {name} are not what was written")
        content = _digest(arrays.note_of(group)["attributes"], facts)
    if content != digest:
        raise damaged(data, digest, f"its content has the digest {content} now")


def _digest(attrs: Mapping[str, Any], variables: Mapping[str, Any]) -> str:
    content = {"format": FORMAT, "attributes": attrs, "variables": variables}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


# Storing and measuring


@dataclass(slots=True)
class _Stored:
    """One variable on its way into the store."""

    name: str
    role: str
    array: zarr.Array[Any]
    attrs: Mapping[str, Any]
    weights: np.ndarray | None
    measure: Measure | None  # of numbers only
    sha: Any = field(default_factory=hashlib.sha256)

    def put(self, region: tuple[slice, ...], values: np.ndarray) -> tuple[int, int]:
        """Store a slab, read it back, compare, measure. Gives its bytes in memory and on disk."""
        size = arrays.put(self.array, region, values)
        if self.measure is not None:
            self._add_to(self.measure, values, None if self.weights is None else self.weights[region])
        return values.nbytes, size

    def _add_to(self, measure: Measure, values: np.ndarray, weights: np.ndarray | None) -> None:
        for chunk in regions(values.shape, self.array.chunks):  # chunks do not depend on memory, so nor do blocks
            piece = values[chunk]
            for block in regions(piece.shape, tile(piece.shape, 8, _BLOCK)):
                measure.add(piece[block], None if weights is None else weights[chunk][block])

    def seal(self) -> None:
        """Note the values' hash, so that ``verify`` can name the variable that is not what it was."""
        note = {**arrays.note_of(self.array), "sha256": self.sha.hexdigest()}
        if self.measure is not None and self.measure.packing.assumed and self.measure.result()["missing"]:
            note["unwritten"] = True
        self.array.update_attributes({arrays.NOTE: note})

    def row(self) -> dict[str, Any]:
        noted = arrays.facts(self.array, "")
        return {
            "variable": self.name,
            "role": self.role,
            **arrays.texts(self.attrs),
            **{key: noted[key] for key in ("dims", "shape", "dtype")},
            "count": self.array.size,
            **(self.measure.result() if self.measure else {}),
        }


def _store(group: zarr.Group, cube: Cube, memory: int, left: room.Room, advance: Callable[..., None]) -> list[_Stored]:
    """Every variable, slab by slab. Only this thread reads the file; two more write, check and measure."""
    dataset = cube.dataset
    result = []
    pending: deque[Future[tuple[int, int]]] = deque()

    def finish() -> None:
        length, size = pending.popleft().result()
        left.take(size)
        advance(length)

    with ThreadPoolExecutor(_WORKERS) as pool:
        for name, variable in sorted(dataset.variables.items(), key=lambda item: str(item[0])):
            one = _begin(group, str(name), variable, cube)
            result.append(one)
            for region in _slabs(variable, one.array, memory // _SHARES):
                stored = arrays.as_kept(_read(one.name, variable, region))
                arrays.hash_into(one.sha, stored)
                while len(pending) >= _WORKERS:
                    finish()
                pending.append(pool.submit(one.put, region, stored))
        while pending:
            finish()
    return result


def _begin(group: zarr.Group, name: str, variable: xr.Variable, cube: Cube) -> _Stored:
    role = "coordinate" if name in cube.dataset.coords else "data"
    weights = _broadcast(cube.weights, variable) if role == "data" else None
    return _Stored(
        name,
        role,
        arrays.create(group, name, variable),
        variable.attrs,
        weights,
        Measure(cf_packing.of(variable.attrs, variable.dtype), None if weights is None else _sphere(cube, variable))
        if variable.dtype.kind in "iuf"
        else None,
    )


def _sphere(cube: Cube, variable: xr.Variable) -> float | None:
    """What the weights of a variable would sum to if it had values all round the planet, at each time and level."""
    if cube.weights is None or not cube.covers:
        return None
    return float(cube.weights.sum()) * variable.size / cube.weights.size / cube.covers


def _slabs(variable: xr.Variable, array: zarr.Array[Any], share: int) -> Iterator[tuple[slice, ...]]:
    source = variable.encoding.get("chunksizes")
    step = aligned(variable.shape, array.chunks, array.dtype.itemsize, min(_SLAB, share), source, share)
    return regions(variable.shape, step)


def _read(name: str, variable: xr.Variable, region: tuple[slice, ...]) -> np.ndarray:
    """The values of a region, a few thousand of the source's chunks at a time: HDF5 holds kilobytes for each."""
    shape = tuple(cut.stop - cut.start for cut in region)
    source = variable.encoding.get("chunksizes") or shape
    counts = [math.ceil(length / max(1, chunk)) for length, chunk in zip(shape, source, strict=True)]
    try:
        if math.prod(counts) <= _CHUNKS:
            return variable[region].values
        values = np.empty(shape, variable.dtype)
        step = [count * chunk for count, chunk in zip(tile(counts, 1, _CHUNKS), source, strict=True)]
        for piece in regions(shape, step):
            cuts = zip(region, piece, strict=True)
            values[piece] = variable[tuple(slice(a.start + b.start, a.start + b.stop) for a, b in cuts)].values
        return values
    except (OSError, RuntimeError, ValueError, IndexError, UnicodeError) as error:  # netCDF4 raises any of these
        raise Unreadable(
            f"the variable {name!r} cannot be read: {error}",
            why="the file is damaged, or needs more memory than [limits] reader_memory allows",
        ) from None


def _broadcast(weights: xr.DataArray | None, variable: xr.Variable) -> np.ndarray | None:
    """Weights of the variable's shape, without a copy; None where it has not all of their dimensions."""
    if weights is None or variable.dtype.kind not in "iuf" or not set(weights.dims) <= set(variable.dims):
        return None
    if len(set(variable.dims)) < variable.ndim:  # a dimension twice: which of the two is the horizontal one?
        return None
    expanded: xr.Variable = weights.variable.set_dims(dict(variable.sizes))  # type: ignore[no-untyped-call]
    return np.broadcast_to(expanded.transpose(*variable.dims), variable.shape)


def _group(folder: Path, attrs: Mapping[str, Any]) -> zarr.Group:
    import zarr

    note = {"format": FORMAT, "attributes": attributes.exact(attrs)}
    return zarr.create_group(folder, zarr_format=3, attributes={**attributes.plain(attrs), arrays.NOTE: note})


# Reading


@contextmanager
def _reading(data: Path, digest: str) -> Iterator[zarr.Group]:
    import zarr

    folder = path(data, digest)
    if not folder.is_dir():
        raise StorageError(f"there is no cube {digest}", where=str(folder), next="lake land")
    try:
        yield zarr.open_group(folder, mode="r", zarr_format=3, use_consolidated=False)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise damaged(data, digest, f"its store cannot be read: {error}") from None


def damaged(data: Path, digest: str, how: str) -> StorageError:
    """The error of a cube whose files are not what was written."""
    return StorageError(
        f"the cube {digest} is not what it was: {how}",
        where=str(path(data, digest)),
        why="a failing disk, or something wrote to its files",
        next="remove that folder, then land its file again",
    )


def _datable(dataset: xr.Dataset) -> dict[str, bool]:
    """Which variables' numbers become dates; the bounds of a time go with it."""
    import xarray as xr

    result = {str(name): True for name in dataset.variables}
    for name, variable in dataset.variables.items():
        if "since" not in str(variable.attrs.get("units", "")):
            continue
        bounds = variable.attrs.get("bounds")
        tried = {name: variable} | ({bounds: dataset.variables[bounds]} if bounds in dataset.variables else {})
        try:
            xr.decode_cf(xr.Dataset(tried), decode_timedelta=False).load()
        except (
            ValueError,
            OverflowError,
            TypeError,
        ):  # "months since", "THIRTY_DAY_MONTHS", a year that no calendar has
            result |= dict.fromkeys(map(str, tried), False)
    return result


# Publishing


@contextmanager
def _workspace(data: Path) -> Iterator[Path]:
    """A folder to write in, on the file system of the cubes; gone after the body unless it was published.

    It is locked while its process lives: what a killed process has left is known by its lock being free, and removed.
    """
    home = data / CUBES / PARTIAL
    with storing(home):
        durable.make(home)
        folder = home / uuid.uuid4().hex
        with _locked(home):  # another process could sweep the folder before its lock is there
            _sweep(home)
            folder.mkdir()
            handle = os.open(folder, os.O_RDONLY)
            fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _sweep(home: Path) -> None:
    for folder in home.iterdir():
        with suppress(FileNotFoundError, BlockingIOError):
            handle = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(handle)


def _publish(data: Path, folder: Path, digest: str) -> int:
    """Make a finished store durable and give it its name. A whole cube of that name stays; a damaged one gives way."""
    target = path(data, digest)
    if target.exists():
        with suppress(StorageError):
            verify(data, digest)
            return _size(target)
        with suppress(FileNotFoundError):  # another process has just done the same
            target.rename(folder.with_name(uuid.uuid4().hex))  # swept by the next write
    for root, _, names in os.walk(folder):
        for name in [*names, "."]:
            durable.sync(Path(root, name))
    try:
        folder.rename(target)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        return _publish(data, folder, digest)  # another process was first: is its cube whole?
    durable.sync(target.parent)
    return _size(target)


def _size(folder: Path) -> int:
    return sum(os.path.getsize(Path(root, name)) for root, _, names in os.walk(folder) for name in names)
