"""Blobs to raw tables and cubes: a pure function of (bytes, reader version), done once for each.

Every raw row says which resource, blob and record it came from. What a reader cannot take is in raw.rejects with its
reason; what it cannot read at all leaves the rows of the resource's last good answer in place, and says so.
ops.landings counts: seen = landed + rejected, for each resource and table.
"""

from __future__ import annotations

import datetime
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from lake import progress, sources
from lake.config import Config
from lake.errors import LakeError, StorageError, Unreadable
from lake.land import tables
from lake.land.schemas import CUBE_VARIABLES, CUBES, ENGINE
from lake.land.spool import Spool
from lake.sources.source import Cube, Part, Resource, Source
from lake.store import blobs, catalog, ledger
from lake.store.sql import quote

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

CHUNK_BLOBS, CHUNK_BYTES = 5_000, 2 * 10**9  # what one transaction takes: a stopped landing loses no more than that

_THREADS = 2  # that compare blobs with their names


@dataclass(slots=True)
class Tally:
    """What one source's landing came to. Always: seen == landed + rejected."""

    source: str
    blobs: int = 0
    skipped: int = 0
    seen: int = 0
    landed: int = 0
    rejected: int = 0
    cubes: int = 0


@dataclass(slots=True)
class Summary:
    tallies: dict[str, Tally] = field(default_factory=dict)
    unreadable: list[dict[str, str]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def changed(self) -> bool:
        return any(tally.blobs for tally in self.tallies.values())

    def as_dict(self) -> dict:
        return {
            "sources": [asdict(tally) for tally in self.tallies.values()],
            "unreadable": self.unreadable,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    """One answer to land."""

    source: str
    resource: Resource
    blob: str
    reader: int
    fetched_at: str

    @property
    def origin(self) -> str:
        return f"{self.source}/{self.resource.id}"


def run(config: Config, names: Iterable[str] | None = None, *, force: bool = False, wait: float = 0) -> Summary:
    """Land every current answer that was not landed yet by its source's present reader.

    Args:
        names: the sources; all that lake.toml names, where None.
        force: make their raw tables anew, from the blobs alone.
        wait: seconds to wait for another writer.

    Raises:
        Locked: another process writes this lake.
        StorageError: the disk is full or read-only; what was committed before stays.
    """
    with catalog.write_session(config, wait=wait) as connection:
        return into(connection, config, names, force=force)


def into(
    connection: duckdb.DuckDBPyConnection, config: Config, names: Iterable[str] | None = None, *, force: bool = False
) -> Summary:
    """`run`, in a write session that is open already."""
    started = time.perf_counter()
    summary = Summary()
    chosen = sources.chosen(config, names)
    prepare(connection, config)
    if force:
        _land_anew(config, connection, chosen, summary)
    else:
        todo = _stale(connection, list(_jobs(config, chosen)), summary)
        damaged = _damaged(config, todo)
        with progress.bar("land", total=len(todo) - len(damaged)) as advance:
            for chunk in _chunks(config, [job for job in todo if job not in damaged]):
                _land_chunk(config, connection, chunk, summary, advance)
        summary.unreadable = [_told(job, error) for job, error in damaged.items()]
    summary.unreadable += _unreadable(connection, chosen)
    summary.seconds = time.perf_counter() - started
    return summary


def _jobs(config: Config, names: list[str]) -> Iterator[_Job]:
    with closing(ledger.connect(config.data)) as connection:
        for source in names:
            reader = sources.get(source).READER
            for answer in ledger.current(connection, source):
                yield _job(answer, reader)


def _job(answer: ledger.Outcome, reader: int) -> _Job:
    resource = Resource(answer.resource, answer.url, answer.kind, answer.expects, answer.params)
    return _Job(answer.source, resource, answer.sha256, reader, answer.at)


def _stale(connection: duckdb.DuckDBPyConnection, jobs: list[_Job], summary: Summary) -> list[_Job]:
    """The jobs whose blob was not landed by this reader; a blob that could not be read is not tried again by it."""
    done = set(connection.execute("SELECT DISTINCT source, resource, tried, reader FROM ops.landings").fetchall())
    todo = []
    for job in jobs:
        tally = summary.tallies.setdefault(job.source, Tally(job.source))
        if (job.source, job.resource.id, job.blob, job.reader) in done:
            tally.skipped += 1
        else:
            todo.append(job)
    return todo


def _damaged(config: Config, jobs: list[_Job]) -> dict[_Job, StorageError]:
    """The jobs whose blob is not there or has other bytes than its name says: nothing is read from it."""

    def look(job: _Job) -> StorageError | None:
        try:
            blobs.verify(config.data, job.blob)
        except StorageError as error:
            return error
        return None

    with ThreadPoolExecutor(_THREADS) as pool:
        return {job: error for job, error in zip(jobs, pool.map(look, jobs), strict=True) if error}


def _told(job: _Job, error: StorageError) -> dict[str, str]:
    """A damaged blob, as `_unreadable` tells of others. It is tried again by the next landing."""
    reason = f"{error.what}; lake verify says how to mend it"
    return {
        "source": job.source,
        "resource": job.resource.id,
        "url": job.resource.url,
        "blob": job.blob,
        "reason": reason,
    }


def _land_anew(config: Config, connection: duckdb.DuckDBPyConnection, names: list[str], summary: Summary) -> None:
    """Empty the sources' raw tables and land all of their answers, in one transaction: a stopped one changes nothing.

    The last good answers of what could not be read since come first.

    Raises:
        StorageError: one of their blobs is damaged; what was landed from it before stays.
    """
    older = _older(connection, config, names)
    for job, error in _damaged(config, [*older, *_jobs(config, names)]).items():
        raise StorageError(
            f"{job.origin} cannot be landed anew: {error.what}",
            where=error.where,
            why="the raw tables are as they were: they may hold the only copy of its rows",
            next="lake verify",
        )
    wanted = {table: schema for source in names for table, schema in sources.get(source).TABLES.items()}
    if set(names) == set(config.sources):
        wanted |= ENGINE

    def work() -> None:
        summary.tallies.clear()
        tables.empty(connection, wanted, names)
        todo = _stale(connection, list(_jobs(config, names)), summary)
        with progress.bar("land", total=len(older) + len(todo)) as advance:
            for chunk in filter(None, (older, todo)):
                with Spool(config.data / "tmp", config.limits.memory // 8) as spool:
                    _spooled(config, connection, chunk, spool, summary, advance)()

    catalog.commit(
        connection, work, kind="land", message=f"land {', '.join(names)} anew", extra={"sources": sorted(names)}
    )


def _older(connection: duckdb.DuckDBPyConnection, config: Config, names: list[str]) -> list[_Job]:
    """The last good answers of what could not be read since."""
    current = {(job.source, job.resource.id): job.blob for job in _jobs(config, names)}
    rows = connection.execute(
        "SELECT DISTINCT source, resource, blob FROM ops.landings WHERE status = 'landed' ORDER BY ALL"
    ).fetchall()
    with closing(ledger.connect(config.data)) as answers:
        older = [
            _job(answer, sources.get(source).READER)
            for source, resource, blob in rows
            if source in names and current.get((source, resource), blob) != blob
            for answer in ledger.history(answers, source, resource)
            if answer.good and answer.sha256 == blob
        ]
    return list({(job.source, job.resource.id): job for job in older}.values())


def _chunks(config: Config, jobs: list[_Job]) -> Iterator[list[_Job]]:
    chunk: list[_Job] = []
    size = 0
    for job in jobs:
        chunk.append(job)
        size += blobs.path(config.data, job.blob).stat().st_size
        if len(chunk) >= CHUNK_BLOBS or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _land_chunk(config: Config, connection, chunk: list[_Job], summary: Summary, advance: progress.Advance) -> None:
    """Read a chunk's blobs, then put what they hold into the record in one transaction."""
    names = sorted({job.source for job in chunk})
    with Spool(config.data / "tmp", config.limits.memory // 8) as spool:
        put = _spooled(config, connection, chunk, spool, summary, advance)
        message = f"land {', '.join(names)}: {len(chunk)} blob(s)"
        catalog.commit(connection, put, kind="land", message=message, extra={"sources": names})


def _spooled(
    config: Config,
    connection: duckdb.DuckDBPyConnection,
    chunk: list[_Job],
    spool: Spool,
    summary: Summary,
    advance: progress.Advance,
) -> Callable[[], None]:
    """Read a chunk's blobs. Gives what puts their rows into the record, within a transaction."""
    landings, failed = [], []
    for job, counts, error in _read(config, chunk, spool, advance):
        tally = summary.tallies.setdefault(job.source, Tally(job.source))
        tally.blobs += 1
        if error:
            failed.append(job.origin)
        for table, (seen, landed, rejected) in counts.items():
            tally.seen += seen
            tally.landed += landed
            tally.rejected += rejected
            tally.cubes += table == "cubes"
        landings += _landings(job, counts, error)
    spool.discard(failed)
    return partial(tables.put, connection, [job.origin for job in chunk], failed, spool, landings)


Counts = dict[str, tuple[int, int, int]]  # table -> seen, landed, rejected


def _read(
    config: Config, chunk: list[_Job], spool: Spool, advance: progress.Advance
) -> Iterator[tuple[_Job, Counts, LakeError | None]]:
    """Spool what the chunk's blobs hold; then, of each, what was counted, or why it could not be read."""
    counts: dict[_Job, Counts] = {job: {} for job in chunk}
    errors: dict[_Job, LakeError] = {}
    begun = set()
    for job, part in _parts(config, chunk):
        if job not in begun:
            begun.add(job)
            advance(note=job.resource.id)
        if isinstance(part, LakeError):
            errors.setdefault(job, part)
            continue
        try:
            for piece in _as_parts(config, job, part):
                _take(job, piece, counts[job], spool)
        except LakeError as problem:
            errors.setdefault(job, problem)
    for job in chunk:
        if not counts[job] and job not in errors:
            errors[job] = Unreadable("its reader found nothing in it", where=job.resource.url)
        yield job, {} if job in errors else counts[job], errors.get(job)


def _parts(config: Config, chunk: list[_Job]) -> Iterator[tuple[_Job, Part | Cube | LakeError]]:
    """What the readers give: many answers at a time where a source's module can, as KEGG's does for KGML."""
    for source, group in groupby(chunk, key=lambda job: job.source):
        module = sources.get(source)
        jobs = {job.resource.id: job for job in group}
        answers = [(job.resource, blobs.path(config.data, job.blob)) for job in jobs.values()]
        read = getattr(module, "read_many", None) or partial(_one_by_one, module)
        for resource, part in read(answers):
            yield jobs[resource.id], part


def _one_by_one(
    module: Source, answers: Iterable[tuple[Resource, Path]]
) -> Iterator[tuple[Resource, Part | Cube | LakeError]]:
    for resource, path in answers:
        try:
            for part in module.read(resource, path):
                yield resource, part
        except LakeError as problem:
            yield resource, problem


def _as_parts(config: Config, job: _Job, part: Part | Cube) -> Iterator[Part]:
    if isinstance(part, Part):
        yield part
        return
    import pyarrow as pa

    from lake.store import cubes  # xarray and zarr: only where there are arrays

    written = cubes.write(config.data, part, memory=config.limits.memory)
    facts = {key: part.facts.get(key) for key in CUBES.names if key in part.facts}
    row = {
        **facts,
        "source": job.source,
        "digest": written.digest,
        "bytes": written.bytes,
        "dims": json.dumps(dict(part.dataset.sizes)),
        "_record": 0,
    }
    yield Part("cubes", 1, pa.Table.from_pylist([row], CUBES))
    variables = [{**v, "digest": written.digest, "_record": i} for i, v in enumerate(written.variables)]
    yield Part("cube_variables", len(variables), pa.Table.from_pylist(variables, CUBE_VARIABLES))


def _take(job: _Job, part: Part, counts: Counts, spool: Spool) -> None:
    rejected = len(part.rejects) if part.rejects is not None else 0
    if part.seen != len(part.rows) + rejected:
        raise Unreadable(
            f"the reader of {job.source} saw {part.seen} records for {part.table}, "
            f"but gave {len(part.rows)} rows and {rejected} rejects",
            where=job.resource.url,
            why="a defect of the reader: rows would be lost",
        )
    seen, landed, before = counts.get(part.table, (0, 0, 0))
    counts[part.table] = (seen + part.seen, landed + len(part.rows), before + rejected)
    spool.add(part.table, part.rows, job.origin, job.blob)
    if rejected:
        spool.add("rejects", _rejects(job, part), job.origin, job.blob)


def _rejects(job: _Job, part: Part) -> pa.Table:
    import pyarrow as pa

    n = len(part.rejects)
    table = part.rejects.select(["_record", "reason", "content"]).rename_columns(["record", "reason", "content"])
    return table.append_column("source", pa.repeat(job.source, n)).append_column("table", pa.repeat(part.table, n))


def _landings(job: _Job, counts: Counts, error: LakeError | None) -> list[dict]:
    base = {
        "source": job.source,
        "resource": job.resource.id,
        "kind": job.resource.kind,
        "url": job.resource.url,
        "tried": job.blob,
        "reader": job.reader,
        "fetched_at": job.fetched_at,
        "landed_at": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    if error:
        reason = "; ".join(filter(None, (error.what, error.why)))
        return [{**base, "status": "unreadable", "reason": reason, "seen": 0, "landed": 0, "rejected": 0}]
    return [
        {**base, "status": "landed", "table": table, "blob": job.blob, "seen": s, "landed": n, "rejected": r}
        for table, (s, n, r) in counts.items()
    ]


def _unreadable(connection, names: list[str]) -> list[dict[str, str]]:
    listed = ", ".join(map(quote, names)) or "''"
    rows = connection.execute(
        f"""SELECT source, resource, url, tried, reason FROM ops.landings
            WHERE status = 'unreadable' AND source IN ({listed}) ORDER BY source, resource"""
    ).fetchall()
    return [dict(zip(("source", "resource", "url", "blob", "reason"), row, strict=True)) for row in rows]


def prepare(connection: duckdb.DuckDBPyConnection, config: Config) -> None:
    """Make the raw tables and columns of the configured sources that are not there yet, empty: models may name them."""
    wanted = schemas(config)
    missing, lacking = tables.missing(connection, wanted), tables.lacking(connection, wanted)
    if missing or lacking:
        catalog.commit(
            connection,
            lambda: (tables.create(connection, missing), tables.widen(connection, lacking)),
            kind="prepare",
            message=f"create {len(missing)} raw table(s), widen {len(lacking)}",
        )


def schemas(config: Config) -> dict[str, pa.Schema]:
    """Every raw table of the configured sources, those of others that models name, the engine's; with all columns."""
    known = _tables(config.sources)
    named = _named(config.root) - known.keys() - ENGINE.keys()
    if named:
        others = _tables(name for name in sources.names() if name not in config.sources)
        known |= {table: others[table] for table in sorted(named & others.keys())}
    return {table: tables.with_origin(schema) for table, schema in {**known, **ENGINE}.items()}


def _tables(names: Iterable[str]) -> dict[str, pa.Schema]:
    return {table: schema for name in names for table, schema in sources.get(name).TABLES.items()}


def _named(root: Path) -> set[str]:
    """The raw tables that models may name, by their text: a source that is not configured leaves them empty."""
    return {table for path in (root / "sql").rglob("*.sql") for table in re.findall(r"\braw\.(\w+)", path.read_text())}
