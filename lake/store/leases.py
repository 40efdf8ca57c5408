"""Leases: which snapshots somebody has open, so that ``lake gc`` lets them be. Readers take them, nobody waits.

A lease is a file ``<data>/leases/<snapshot>-<uuid>`` under an exclusive flock, which the operating system drops with
the last process that has the file open: also after kill -9, and not before the children that were forked meanwhile have
ended too. What the file says (who, where, since when) is for people. A second lock, ``.lock``, parts the moments in
which a lake is opened (shared) from those in which snapshots are freed (exclusive): whoever opens one either has its
lease before gc looks, or finds the snapshot gone and says so.

Where no lease can be had (a read-only folder, a full disk, a network disk without flock) a lake opens without one; a
tag then keeps a snapshot as well.
"""

from __future__ import annotations

import datetime
import fcntl
import json
import os
import socket
import uuid
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from lake.config import Config
from lake.errors import StorageError

LEASES = "leases"
_LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a snapshot open. After a fork the process may be gone and its child still read."""

    snapshot: int
    pid: int = 0  # 0: the file does not say
    host: str = ""
    since: str = ""  # UTC, ISO 8601


class Lease:
    """Keeps a snapshot until ``close``, the end of a ``with``, or of the process; without a file it keeps nothing."""

    def __init__(self, file: Path | None = None, handle: int = -1):
        self.file = file
        self._end = weakref.finalize(self, _release, file, handle) if file else None

    def close(self) -> None:
        """Let the snapshot go; a second time does nothing."""
        if self._end:
            self._end()

    def __enter__(self) -> Lease:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def opening(config: Config) -> Iterator[None]:
    """While a lake is opened, up to and with `hold`: nothing is freed in between."""
    with ExitStack() as stack:
        with suppress(OSError):
            stack.enter_context(_locked(config, fcntl.LOCK_SH))
        yield


@contextmanager
def freeing(config: Config) -> Iterator[None]:
    """While snapshots are freed: no lake is opened in between, and `held` knows all that are open.

    Raises:
        StorageError: the folder cannot be written.
    """
    with ExitStack() as stack:
        try:
            (config.data / LEASES).mkdir(parents=True, exist_ok=True)
            stack.enter_context(_locked(config, fcntl.LOCK_EX))
        except OSError as error:
            raise StorageError(
                f"the leases cannot be locked: {error.strerror}",
                where=str(config.data / LEASES / _LOCK),
                why="without the lock a snapshot could be freed while somebody opens it",
                next="give yourself the right to write there, then run it again",
            ) from None
        yield


def hold(config: Config, snapshot: int) -> Lease:
    """Keep a snapshot from being freed. It must be one that cannot go meanwhile: within `opening`, or held already."""
    folder = config.data / LEASES
    try:
        folder.mkdir(exist_ok=True)
        while not (lease := _taken(folder / f"{snapshot}-{uuid.uuid4().hex}", snapshot)):
            pass
    except OSError:
        return Lease()
    return lease


def held(config: Config, *, sweep: bool = False) -> list[Holder]:
    """Who has which snapshot open, by snapshot and time; ``sweep`` removes the files of those who ended without
    closing."""
    files = [file for file in (config.data / LEASES).glob("[0-9]*-*") if not _free(file, sweep)]
    return sorted(map(_holder, files), key=lambda holder: (holder.snapshot, holder.since, holder.pid))


def _taken(file: Path, snapshot: int) -> Lease | None:
    """A new lease; None where its file was swept before it was locked."""
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    lease = Lease(file, handle)  # from here on its end, whatever comes, closes the handle
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError:  # a disk without flock
        file.unlink()
        raise
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    holder = {"snapshot": snapshot, "pid": os.getpid(), "host": socket.gethostname(), "since": now}
    with suppress(OSError):  # a full disk: the lock is what counts
        os.write(handle, json.dumps(holder).encode())
    return lease if os.fstat(handle).st_nlink else None


def _release(file: Path, handle: int) -> None:
    os.close(handle)  # and no LOCK_UN, which would end the lease of a forked child too
    _free(file, sweep=True)


def _free(file: Path, sweep: bool) -> bool:
    """Whether nobody holds this lease (any more)."""
    try:
        handle = os.open(file, os.O_RDONLY)
    except FileNotFoundError:
        return True
    except OSError:  # somebody else's, which we may not read: take it for held
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        if sweep:
            file.unlink(missing_ok=True)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True


def _holder(file: Path) -> Holder:
    number = int(file.name.partition("-")[0])
    try:
        lease = json.loads(file.read_text())
        return Holder(number, int(lease["pid"]), str(lease["host"]), str(lease["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Holder(number)


@contextmanager
def _locked(config: Config, how: int) -> Iterator[None]:
    folder = config.data / LEASES
    folder.mkdir(exist_ok=True)
    access = os.O_RDWR if how == fcntl.LOCK_EX else os.O_RDONLY  # a reader may lack the right to write
    handle = os.open(folder / _LOCK, access | os.O_CREAT, 0o666)
    try:
        fcntl.flock(handle, how)
        yield
    finally:
        fcntl.flock(handle, fcntl.LOCK_UN)  # said, not only closed: a child that was forked meanwhile has it open
        os.close(handle)
