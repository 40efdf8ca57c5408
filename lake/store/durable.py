"""Bytes that are on the disk when a function returns: after a power cut a name has all of its bytes, or its old ones.

The order is always the same: the bytes and fsync of the file, then its name and fsync of the folder.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

_THREADS = 8  # they wait for the disk, which takes what they ask for together


def sync(path: Path) -> None:
    """Bring a file's bytes, or a folder's names, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_all(files: Iterable[Path], top: Path) -> None:
    """`sync` files, and every folder from theirs up to ``top``: a new folder is a name too."""
    files = list(files)
    folders = {folder for file in files for folder in file.parents if folder.is_relative_to(top)}
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(sync, files))
        list(pool.map(sync, sorted(folders)))


def write(path: Path, content: bytes | str) -> None:
    """Write a whole file: whoever reads it, whatever ends this process, finds the old bytes or the new ones.

    Raises:
        OSError: the disk is full, the folder is read-only ...; the old file stands.
    """
    make(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        with temporary.open("wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        put(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def make(folder: Path) -> None:
    """Make a folder and those above it that are not there, each with its name on the disk."""
    new = [one for one in (folder, *folder.parents) if not one.is_dir()]
    folder.mkdir(parents=True, exist_ok=True)
    for one in new:
        sync(one.parent)


def put(temporary: Path, path: Path) -> None:
    """Give a file that is on the disk its name, in the place of the one that has it."""
    os.replace(temporary, path)
    sync(path.parent)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One process and thread at a time in the body: for files of that folder that are read, changed and written. On a
    disk without locks everybody goes in."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def left_in(folder: Path) -> Iterator[Path]:
    """What dead processes left beside any file of a folder, or of one below it."""
    for file in folder.rglob(".*"):
        match = re.fullmatch(r"\..+\.(\d+)-[^.]*(\.wal)?", file.name)
        if match and not _lives(int(match[1])):
            yield file


def left(path: Path) -> Iterator[Path]:
    """What dead processes left beside a file that is written by way of ``.<name>.<pid>-...``."""
    for file in path.parent.glob(f".{path.name}.*"):
        number = file.name.removeprefix(f".{path.name}.").partition("-")[0]
        if number.isdecimal() and not _lives(int(number)):
            yield file


def sweep(path: Path) -> None:
    """Remove what dead processes left beside a file."""
    for file in left(path):
        with suppress(OSError):
            file.unlink()


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is another user's
        return True
    return True
