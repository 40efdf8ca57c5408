"""The process that readers run in: it reads answers, spools their rows, and reports the result of each.

It has limits of its own, so that an answer that needs all memory, aborts a library or never ends costs that answer
alone. `lake.land.readers` starts it, and ends it.
"""

from __future__ import annotations

import ctypes
import faulthandler
import json
import os
import resource
import signal
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lake.errors import LakeError, Refused, StorageError, Unreadable
from lake.formats.answer import Answer
from lake.land.job import Count, Counts, Job, Reading
from lake.land.spool import Writer
from lake.sources.contract import Cube, Part

if TYPE_CHECKING:
    import pyarrow as pa

_TEXT, _REASON = 8_000, 500  # characters that are kept of a traceback, and of an error
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux


@dataclass(frozen=True, slots=True)
class Settings:
    """What a process is started with."""

    data: Path  # where cubes are stored
    memory: int  # bytes that a reader may hold beside the program itself
    storage: int | None = None  # bytes that all of data may take; None: what the disk has


@dataclass(frozen=True, slots=True)
class Task:
    """Answers of one source to read, each with the number of its reading."""

    module: str  # of their source
    folder: Path  # their rows go there
    jobs: list[tuple[int, Job, Path]]
    together: bool  # by the source's `read_many`; whatever goes wrong then ends the process


def main(descriptor: int) -> None:
    """Read what comes until the other side closes the connection."""
    connection = Connection(descriptor)
    settings: Settings = connection.recv()
    import pyarrow  # noqa: F401 - what is started here does not count as an answer's time

    full = _confine(settings.memory)
    connection.send(None)
    while True:
        try:
            task: Task = connection.recv()
        except EOFError:
            return
        with Writer(task.folder) as writer:
            for reading in _readings(settings, task, writer):
                is_last = not task.together and _memory_used() > full
                connection.send(reading if not is_last else _last(reading))
                if is_last or reading.last:
                    return


def _confine(memory: int) -> int:
    """Set the limits. Gives how much the process may hold when it begins an answer: half of what is allowed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the landing, which ends this process
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    faulthandler.enable(sys.stderr)
    faulthandler.register(signal.SIGUSR1, sys.stderr, all_threads=True)  # it took too long: where is it?
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    used = _memory_used()
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = used + memory if hard == resource.RLIM_INFINITY else min(used + memory, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
    return used + memory // 2


def _memory_used() -> int:
    """Bytes that RLIMIT_DATA counts."""
    try:
        pages = int(Path("/proc/self/statm").read_bytes().split()[5])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _last(reading: Reading) -> Reading:
    return Reading(reading.number, reading.counts, reading.error, reading.traceback, last=True)


def _readings(settings: Settings, task: Task, writer: Writer) -> Iterator[Reading]:
    if task.together:
        yield from _read_many(settings, task, writer)
        return
    for number, job, path in task.jobs:
        os.ftruncate(sys.stderr.fileno(), 0)  # what is in it when the process dies is of this answer
        os.lseek(sys.stderr.fileno(), 0, os.SEEK_SET)
        yield _read_one(settings, task.module, number, job, path, writer)


def _read_one(settings: Settings, module: str, number: int, job: Job, path: Path, writer: Writer) -> Reading:
    counts: Counts = {}
    try:
        for part in import_module(module).read(job.resource, Answer(path, settings.memory)):
            _take(settings, number, job, part, counts, writer)
    except LakeError as error:
        return Reading(number, error=error, last=isinstance(error, StorageError))
    except BaseException as error:  # also a panic of a library in Rust: what it left behind is not used again
        traceback.clear_frames(error.__traceback__)  # what they hold is not needed any more, and may be all memory
        text = "".join(traceback.format_exception(error))
        is_damaged = not isinstance(error, Exception) or isinstance(error, MemoryError | RecursionError)
        return Reading(number, error=_failure(settings, job, error), traceback=_shortened(text), last=is_damaged)
    return _read(number, job, counts)


def _read_many(settings: Settings, task: Task, writer: Writer) -> Iterator[Reading]:
    """What the source's `read_many` gives, once it is through: an answer's parts may come in any order."""
    jobs = {job.resource.id: (number, job) for number, job, _ in task.jobs}
    counts: dict[str, Counts] = {id: {} for id in jobs}
    errors: dict[str, LakeError] = {}
    read_many = import_module(task.module).read_many
    for resource_, part in read_many([(job.resource, Answer(path, settings.memory)) for _, job, path in task.jobs]):
        number, job = jobs[resource_.id]
        try:
            if isinstance(part, LakeError):
                raise part
            _take(settings, number, job, part, counts[resource_.id], writer)
        except StorageError as error:
            yield Reading(number, error=error, last=True)
            return
        except LakeError as error:
            errors.setdefault(resource_.id, error)
    for id, (number, job) in jobs.items():
        yield Reading(number, error=errors[id]) if id in errors else _read(number, job, counts[id])


def _read(number: int, job: Job, counts: Counts) -> Reading:
    if counts:
        return Reading(number, counts)
    return Reading(number, error=Unreadable("its reader found nothing in it", where=job.resource.url))


def _failure(settings: Settings, job: Job, error: BaseException) -> Unreadable:
    if isinstance(error, MemoryError):
        allowed = f"{settings.memory / 1e9:g} GB"
        return Unreadable(
            f"its reader needs more memory than [limits] reader_memory allows ({allowed})", where=job.resource.url
        )
    try:
        text = f"{type(error).__name__}: {error}"
    except BaseException:  # it cannot even be printed
        text = type(error).__name__
    return Unreadable(f"its reader failed: {' '.join(text.split())[:_REASON]}", where=job.resource.url)


def _shortened(text: str) -> str:
    return text if len(text) <= _TEXT else f"{text[: _TEXT // 2]}\n[...]\n{text[-_TEXT // 2 :]}"


def _take(settings: Settings, number: int, job: Job, part: Part | Cube, counts: Counts, writer: Writer) -> None:
    """Spool what a reader gave.

    Raises:
        Unreadable: it does not add up. StorageError: the disk is full or read-only.
    """
    for piece in [part] if isinstance(part, Part) else _stored(settings, job, part):
        aside = _rejects(job, piece)
        cells = len(piece.cells) if piece.cells is not None else 0
        count = Count(piece.seen, len(piece.rows), len(aside) - cells, cells)
        _adds_up(job, piece, count)
        counts[piece.table] = counts.get(piece.table, Count()) + count
        writer.add(piece.table, piece.rows, number, job)
        if len(aside):
            writer.add("rejects", aside, number, job)


def _adds_up(job: Job, part: Part, count: Count) -> None:
    if count.seen != count.landed + count.rejected:
        raise Unreadable(
            f"the reader of {job.source} saw {count.seen} records for {part.table}, "
            f"but gave {count.landed} rows and {count.rejected} rejects",
            where=job.resource.url,
            why="a defect of the reader: rows would be lost",
        )
    if part.cells is not None and (unknown := set(part.cells["column"].to_pylist()) - set(part.rows.column_names)):
        raise Unreadable(
            f"the reader of {job.source} set cells of {part.table} aside, of columns that it does not have: "
            f"{', '.join(sorted(map(str, unknown)))}",
            where=job.resource.url,
            why="a defect of the reader",
        )


def _stored(settings: Settings, job: Job, cube: Cube) -> Iterator[Part]:
    """Store a cube. Gives its rows for the engine's tables."""
    import pyarrow as pa

    from lake.land.engine_tables import CUBE_VARIABLES, CUBES
    from lake.store import cubes  # xarray and zarr: only where there are arrays

    written = cubes.write(settings.data, cube, memory=settings.memory // 2, storage=settings.storage)
    facts = {key: cube.facts.get(key) for key in CUBES.names if key in cube.facts}
    row: dict[str, Any] = {
        **facts,
        "source": job.source,
        "digest": written.digest,
        "bytes": written.bytes,
        "dims": json.dumps(dict(cube.dataset.sizes)),
        "_record": 0,
    }
    yield Part("cubes", 1, pa.Table.from_pylist([row], CUBES))
    variables = [
        {**v, **_in_si(v.get("unit")), "digest": written.digest, "_record": i} for i, v in enumerate(written.variables)
    ]
    records = len(variables) + (0 if cube.rejects is None else len(cube.rejects))
    yield Part("cube_variables", records, pa.Table.from_pylist(variables, CUBE_VARIABLES), cube.rejects)


def _in_si(text: str | None) -> dict[str, Any]:
    """What the unit of a variable means, by libraries that know units (UDUNITS's spellings); or why it is not known."""
    from lake.formats import units

    if text is None or not text.strip():
        return {}
    try:
        unit = units.unit(text, units.CLIMATE)
    except Refused as error:
        return {"unit_gap": error.what}
    return {"si_unit": unit.canonical, "si_factor": unit.factor, "si_offset": unit.offset}


def _rejects(job: Job, part: Part) -> pa.Table:
    """What was not taken, records and cells, as raw.rejects has it."""
    import pyarrow as pa

    from lake.formats.text import CELLS

    rejected_tables = [table for table in (part.rejects, part.cells) if table is not None]
    whole = pa.concat_tables([CELLS.empty_table(), *rejected_tables], promote_options="permissive").select(CELLS.names)
    table = whole.rename_columns({"_record": "record", "column": "column_name"})
    n = len(table)
    return table.append_column("source", pa.repeat(job.source, n)).append_column("table_name", pa.repeat(part.table, n))
