"""Packed columns on disk, memory-mapped: what a modality's rows become once, so that every epoch is a gather.

A pack is a folder of raw arrays with a ``pack.json`` that gives their types, shapes and CRC-32C, and a digest of
itself. It is named by the SHA-256 of all that decides its content (the snapshot, the query, ...), so another snapshot
never reads it; written beside its folder and renamed; checked completely when it is opened; derived, and disposable.
"""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import shutil
import warnings
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lake import sealed
from lake.errors import ConfigError
from lake.train.order import by_upper_half

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = 2
_META = "pack.json"
_PENDING = 8  # blocks that wait to be written
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NOT_OURS = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}


class NoRoom(Exception):
    """The pack cannot be kept, and why; the rows are then read from the lake each time."""


class CacheWarning(UserWarning):
    """A cache that was damaged, or cannot be written. What the batches hold is the same; only the speed is not."""


@dataclass(frozen=True, slots=True)
class Pack:
    """Arrays of n rows, in whatever order they came, and where each key's row is."""

    keys: NDArray[np.int64]  # [n], ascending
    rows: NDArray[np.int64] | None  # [n]: the row of each key; None where they came in the order of the keys
    arrays: Mapping[str, NDArray[Any]]
    notes: Mapping[str, Any]

    def find(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """The row of each key, -1 where there is none."""
        if not len(self.keys):
            return np.full(len(keys), -1, np.int64)
        if len(keys) == len(self.keys) and np.array_equal(keys, self.keys):
            return np.arange(len(keys)) if self.rows is None else np.asarray(self.rows)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[at] == keys, at if self.rows is None else self.rows[at], -1)


Make = Callable[["Writer"], Mapping[str, Any]]
"""Appends the arrays, "keys" among them, and returns notes for ``Pack.notes``."""


class Writer:
    """Grows arrays in memory."""

    def __init__(self) -> None:
        self.parts: dict[str, list[NDArray[Any]]] = {}

    def append(self, name: str, rows: NDArray[Any]) -> None:
        """Add rows at the end of an array; all have the type and the trailing shape of the first."""
        self.parts.setdefault(name, []).append(rows)

    def rows(self, name: str) -> int:
        """How many rows an array has so far."""
        return sum(map(len, self.parts.get(name, ())))

    def array(self, name: str) -> NDArray[Any]:
        """An array as it is now."""
        parts = self.parts[name]
        self.parts[name] = [parts[0] if len(parts) == 1 else np.concatenate(parts)]
        return self.parts[name][0]

    def replace(self, name: str, rows: NDArray[Any]) -> None:
        """Put another array in an array's place."""
        self.parts[name] = [rows]

    def names(self) -> list[str]:
        return list(self.parts)


@dataclass(slots=True)
class _Part:
    path: Path
    file: BufferedWriter
    dtype: np.dtype[Any]
    shape: tuple[int, ...]  # without the rows
    rows: int = 0
    crc: int = 0

    @property
    def meta(self) -> dict[str, Any]:
        return {"dtype": self.dtype.str, "shape": [self.rows, *self.shape], "crc32c": self.crc}


class _Files(Writer):
    """Grows arrays in files, by a thread of its own: the next block is read meanwhile.

    Written, not mapped: a full disk is then an error, and not a signal that kills.
    """

    def __init__(self, folder: Path, limit: int):
        self.folder, self.limit, self.bytes = folder, limit, 0
        self.files: dict[str, _Part] = {}
        self.thread = ThreadPoolExecutor(1, "pack")
        self.pending: deque[Future[None]] = deque()

    def append(self, name: str, rows: NDArray[Any]) -> None:
        part = self.files.get(name) or self._begin(name, rows)
        bytes = np.ascontiguousarray(rows, part.dtype).view()
        bytes.flags.writeable = False
        self.bytes += bytes.nbytes
        if self.bytes > self.limit:
            raise NoRoom(f"it is larger than the cache may be, {self.limit / 1e9:g} GB ([train] cache in lake.toml)")
        part.rows += len(rows)
        if bytes.size:
            self.pending.append(self.thread.submit(_put, part, bytes))
        self.wait(_PENDING)

    def _begin(self, name: str, rows: NDArray[Any]) -> _Part:
        path = self.folder / f"{name}.bin"
        self.files[name] = _Part(path, path.open("wb"), rows.dtype, rows.shape[1:])
        return self.files[name]

    def wait(self, pending: int = 0) -> None:
        """Until no more blocks than that are to be written."""
        while len(self.pending) > pending:
            self.pending.popleft().result()

    def rows(self, name: str) -> int:
        return self.files[name].rows if name in self.files else 0

    def array(self, name: str) -> NDArray[Any]:
        self.wait()
        part = self.files[name]
        part.file.flush()
        return _map(part.path, part.meta)

    def replace(self, name: str, rows: NDArray[Any]) -> None:
        self.wait()
        old = self.files.pop(name)
        old.file.close()
        old.path.unlink()
        self.append(name, rows)

    def names(self) -> list[str]:
        return list(self.files)

    def finish(self) -> dict[str, dict[str, Any]]:
        """What pack.json says of the arrays, once all is written."""
        self.wait()
        for part in self.files.values():
            part.file.close()
        return {name: part.meta for name, part in self.files.items()}

    def close(self) -> None:
        """Let go of the files, also of what a full disk did not take."""
        self.thread.shutdown(cancel_futures=True)
        for part in self.files.values():
            with suppress(OSError):
                part.file.close()


def _put(part: _Part, bytes: NDArray[Any]) -> None:
    import google_crc32c

    part.file.write(bytes.data)
    part.crc = google_crc32c.extend(part.crc, bytes)


def gathered(make: Make, what: str, key: str) -> Pack:
    """A pack in memory."""
    writer = Writer()
    notes = make(writer)
    _index(writer, what, key)
    arrays = {name: writer.array(name) for name in writer.names()}
    return Pack(arrays.pop("keys"), arrays.pop("rows", None), arrays, notes)


def _index(writer: Writer, what: str, key: str) -> None:
    """Sort the keys, and keep where each one's row is."""
    keys = np.asarray(writer.array("keys"))
    if (keys[1:] > keys[:-1]).all():
        return
    rows = by_upper_half(keys.view(np.uint64) ^ np.uint64(1 << 63))  # the sign's bit turned: a smaller key is less
    rows = rows[np.argsort(keys[rows], kind="stable")]  # quick where all is nearly in order
    ordered = keys[rows]
    same = np.flatnonzero(ordered[1:] == ordered[:-1])
    if len(same):
        some = ", ".join(map(str, np.unique(ordered[same])[:3]))
        raise ConfigError(
            f"{what}: {len(same)} of its rows repeat a {key}; a modality has one row a run",
            where=f"{key} {some}" + (", ..." if len(same) > 3 else ""),
            why="a join that multiplies rows, or several measurements of one run",
            next=f"choose or combine them in a SELECT ... GROUP BY {key}",
        )
    writer.replace("keys", ordered)
    writer.append("rows", rows)


def ensure(home: Path, identity: Mapping[str, Any], make: Make, *, what: str, key: str, limit: int) -> Pack:
    """The pack of that identity: opened where it is complete under ``home``, or made.

    Any number of processes may ask at once; one makes it and the others wait.

    Raises:
        NoRoom: it would be larger than ``limit`` bytes, the disk is full, or the folder cannot be written.
        ConfigError: a key repeats.
    """
    from filelock import FileLock

    name = hashlib.sha256(json.dumps([FORMAT, identity], sort_keys=True).encode()).hexdigest()[:32]
    folder = home / name
    if pack := _open(folder):
        return pack
    try:
        home.mkdir(parents=True, exist_ok=True)
        with FileLock(home / ".lock"):
            if pack := _open(folder):
                return pack
            _build(folder, identity, make, what, key, limit)
            _evict(home, limit, keep=folder)
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise NoRoom("the disk is full") from None
        if error.errno in _NOT_OURS:
            raise NoRoom(f"{home} cannot be written") from None
        raise
    pack = _open(folder)
    if pack is None:
        raise NoRoom(f"what was written to {folder} does not read back")
    return pack


def _build(folder: Path, identity: Mapping[str, Any], make: Make, what: str, key: str, limit: int) -> None:
    for unfinished in folder.parent.glob("*.new"):  # of a killed process: who has the lock has none yet
        shutil.rmtree(unfinished, ignore_errors=True)
    if folder.exists():  # damaged
        shutil.rmtree(folder)
    fresh = folder.with_suffix(".new")
    fresh.mkdir()
    writer = _Files(fresh, limit)
    try:
        notes = make(writer)
        _index(writer, what, key)
        meta = {"format": FORMAT, "of": identity, "notes": notes, "arrays": writer.finish()}
        sealed.write(fresh / _META, meta)
        fresh.rename(folder)
    finally:
        writer.close()
        shutil.rmtree(fresh, ignore_errors=True)


def _open(folder: Path) -> Pack | None:
    """The pack of a folder, each byte of it checked; None where there is none, or it is damaged."""
    import google_crc32c

    file = folder / _META
    try:
        meta = sealed.loads(file.read_bytes())
        arrays = {name: _map(folder / f"{name}.bin", part) for name, part in meta["arrays"].items()}
        damaged = [n for n, part in meta["arrays"].items() if google_crc32c.value(arrays[n]) != part["crc32c"]]
        notes = meta["notes"]
        keys, rows = arrays.pop("keys"), arrays.pop("rows", None)
    except (FileNotFoundError, NotADirectoryError):
        if not folder.exists():
            return None
        damaged = ["a file is missing"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        damaged = [str(error)]
    if damaged:
        warnings.warn(f"a cached pack is damaged and rebuilt ({', '.join(damaged)}): {folder}", CacheWarning, 2)
        return None
    with suppress(OSError):
        os.utime(file)  # eviction is by the time of the last use
    return Pack(keys, rows, arrays, notes)


def _map(path: Path, part: Mapping[str, Any]) -> NDArray[Any]:
    dtype, shape = np.dtype(part["dtype"]), tuple(part["shape"])
    size = math.prod(shape) * dtype.itemsize
    if path.stat().st_size != size:
        raise ValueError(f"{path.name} has {path.stat().st_size:,} bytes instead of {size:,}")
    if not size:
        return np.zeros(shape, dtype)
    return np.memmap(path, dtype, "r", shape=shape).view(np.ndarray)


def _evict(home: Path, limit: int, keep: Path) -> None:
    """Remove the packs that were not used for longest, until the rest fit. Who has one mapped keeps its pages."""
    packs = [(file.stat().st_mtime, file.parent) for file in home.glob(f"*/{_META}")]
    sizes = {folder: sum(file.stat().st_size for file in folder.iterdir()) for _, folder in packs}
    total = sum(sizes.values())
    for _, folder in sorted(packs):
        if total <= limit:
            return
        if folder != keep:
            shutil.rmtree(folder, ignore_errors=True)
            total -= sizes[folder]
