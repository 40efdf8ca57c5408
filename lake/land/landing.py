"""Blobs to raw tables and cubes: a pure function of (bytes, reader version), done once for each.

Every raw row says which resource, blob and record it came from. What a reader cannot take is in raw.rejects with its
reason; what it cannot read at all leaves the rows of the resource's last good answer in place, and says so.
ops.landings counts: seen = landed + rejected, for each resource and table.
"""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lake import progress, sources
from lake.config import Config
from lake.errors import OverBudget, StorageError
from lake.land import configured, spool, tables, withdrawal
from lake.land.configured import Configured
from lake.land.engine_tables import ENGINE
from lake.land.job import Count, Job, Reading
from lake.land.readers import Readers
from lake.land.spool import Spool
from lake.store import blobs, catalog, decisions, fetch_log, landings

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
    cells: int = 0  # of the rows that landed, set aside
    cubes: int = 0

    def add(self, table: str, count: Count) -> None:
        self.seen += count.seen
        self.landed += count.landed
        self.rejected += count.rejected
        self.cells += count.cells
        self.cubes += table == "cubes"


@dataclass(slots=True)
class Summary:
    tallies: dict[str, Tally] = field(default_factory=dict)
    unreadable: list[dict[str, Any]] = field(default_factory=list)
    withdrawn: list[tuple[str, str]] = field(default_factory=list)  # source, resource
    seconds: float = 0.0

    @property
    def changed(self) -> bool:
        return bool(self.withdrawn) or any(tally.blobs for tally in self.tallies.values())

    def as_dict(self) -> dict[str, Any]:
        return {
            "sources": [asdict(tally) for tally in self.tallies.values()],
            "unreadable": self.unreadable,
            "withdrawn": [{"source": source, "resource": resource} for source, resource in self.withdrawn],
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class _Work:
    """What the steps of one landing share."""

    connection: duckdb.DuckDBPyConnection
    config: Config
    readers: Readers
    summary: Summary
    advance: progress.Advance


def run(config: Config, names: Iterable[str] | None = None, *, force: bool = False, wait: float = 0) -> Summary:
    """Land every current answer that was not landed yet by its source's present reader.

    Args:
        names: the sources; all that lake.toml names, where None.
        force: make their raw tables again, from the blobs alone.
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
    spool.tidy(config.data / "tmp")
    prepare(connection, config)
    by_source = {source: configured.of(config, source) for source in chosen}
    decided = decisions.by_name(connection)
    summary.withdrawn = withdrawal.due(connection, config, by_source, decided, everything=names is None)
    if summary.withdrawn:
        withdrawal.carry_out(connection, summary.withdrawn)
    jobs = _jobs(by_source, decided)
    with Readers(config) as readers:
        work = _Work(connection, config, readers, summary, lambda n=1, total=None, note="": None)
        if force:
            _land_again(work, chosen, jobs)
        else:
            _land(work, jobs)
    summary.unreadable += landings.unreadable(connection, chosen)
    summary.seconds = time.perf_counter() - started
    return summary


def _land(work: _Work, jobs: list[Job]) -> None:
    todo = _stale(work, jobs)
    damaged = _damaged(work.config, todo)
    with progress.bar("land", total=len(todo) - len(damaged)) as advance:
        work = replace(work, advance=advance)
        for chunk in _chunks(work.config, [job for job in todo if job not in damaged]):
            _land_chunk(work, chunk)
    work.summary.unreadable = [_damage_row(job, error) for job, error in damaged.items()]


def _jobs(by_source: Mapping[str, Configured], decided: withdrawal.Decided) -> list[Job]:
    """The current answers of the sources, each as lake.toml describes it now, but for those that are to stay away."""
    return [
        Job(source, configured.described(now, answer), str(answer.sha256), sources.get(source).READER, answer.at)
        for source, now in by_source.items()
        for answer in now.answers
        if withdrawal.stays(now, decided, source, answer.resource)
    ]


def _stale(work: _Work, jobs: list[Job]) -> list[Job]:
    """The jobs whose blob was not landed as it is described now, by this reader; one that could not be read is tried
    again when its description, its reader or the limits of readers changed."""
    done = set(
        work.connection.execute("SELECT DISTINCT source, resource, tried, reader, given FROM ops.landings").fetchall()
    )
    todo = []
    for job in jobs:
        tally = work.summary.tallies.setdefault(job.source, Tally(job.source))
        key = (job.source, job.resource.id, job.blob, job.reader)
        if (*key, job.given) in done or (*key, _under(work.config, job)) in done:
            tally.skipped += 1
        else:
            todo.append(job)
    return todo


def _under(config: Config, job: Job) -> str:
    """What decides that an answer cannot be read: its description in lake.toml, and the limits of its reader."""
    return f"{job.given} {config.limits.reader_memory} {config.limits.reader_seconds:g}"


def _damaged(config: Config, jobs: list[Job]) -> dict[Job, StorageError]:
    """The jobs whose blob is not there or has other bytes than its name says: it is not read."""

    def look(job: Job) -> StorageError | None:
        try:
            blobs.verify(config.data, job.blob)
        except StorageError as error:
            return error
        return None

    with ThreadPoolExecutor(_THREADS) as pool:
        return {job: error for job, error in zip(jobs, pool.map(look, jobs), strict=True) if error}


def _damage_row(job: Job, error: StorageError) -> dict[str, Any]:
    """A damaged blob, as `_unreadable` reports others. It is tried again by the next landing."""
    reason = f"{error.what}; lake verify says how to repair it"
    return {
        "source": job.source,
        "resource": job.resource.id,
        "url": job.resource.url,
        "blob": job.blob,
        "reason": reason,
        "traceback": None,
    }


def _land_again(work: _Work, names: list[str], jobs: list[Job]) -> None:
    """Empty the sources' raw tables and land all of their answers, in one transaction: a stopped one changes nothing.

    Of what cannot be read now, the last good answer that was landed before.

    Raises:
        StorageError: one of their blobs is damaged; what was landed from it before stays.
    """
    older = _older(work, jobs)
    for job, error in _damaged(work.config, [*older, *jobs]).items():
        raise StorageError(
            f"{job.origin} cannot be landed again: {error.what}",
            where=error.where,
            why="the raw tables are as they were: they may hold the only copy of its rows",
            next="lake verify",
        )
    tables_due = {table: schema for source in names for table, schema in sources.get(source).TABLES.items()}

    with progress.bar("land", total=len(older) + len(jobs)) as advance, Spool(work.config.data / "tmp") as to:
        put = _spooled(replace(work, advance=advance), [*jobs, *older], to)

        def work_again() -> None:
            tables.empty(work.connection, tables_due, names)
            put()

        message = f"land {', '.join(names)} again"
        catalog.commit(work.connection, work_again, kind="land", message=message, extra={"sources": sorted(names)})


def _older(work: _Work, jobs: list[Job]) -> list[Job]:
    """The last good answers of what could not be read since."""
    current = {(job.source, job.resource.id): job for job in jobs}
    rows = work.connection.execute(
        "SELECT DISTINCT source, resource, blob FROM ops.landings WHERE status = 'landed' ORDER BY ALL"
    ).fetchall()
    older = {}
    with closing(fetch_log.connect(work.config.data)) as connection:
        for source, resource, blob in rows:
            job = current.get((source, resource))
            if job and job.blob != blob:
                answers = fetch_log.history(connection, source, resource)
                same = (answer for answer in answers if answer.good and answer.sha256 == blob)
                if answer := next(same, None):
                    older[source, resource] = replace(job, blob=blob, fetched_at=answer.at)
    return list(older.values())


def _chunks(config: Config, jobs: list[Job]) -> Iterator[list[Job]]:
    chunk: list[Job] = []
    size = 0
    for job in jobs:
        chunk.append(job)
        size += blobs.path(config.data, job.blob).stat().st_size
        if len(chunk) >= CHUNK_BLOBS or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _land_chunk(work: _Work, chunk: list[Job]) -> None:
    """Read a chunk's blobs, then put what they hold into the catalog in one transaction."""
    names = sorted({job.source for job in chunk})
    with Spool(work.config.data / "tmp") as to:
        put = _spooled(work, chunk, to)
        message = f"land {', '.join(names)}: {len(chunk)} blob(s)"
        catalog.commit(work.connection, put, kind="land", message=message, extra={"sources": names})


def _spooled(work: _Work, chunk: list[Job], to: Spool) -> Callable[[], None]:
    """Read a chunk's blobs. Gives what puts their rows into the catalog, within a transaction.

    Of a resource that is in the chunk twice, the answer that can be read counts that comes first.
    """
    rows, failed, readable = [], [], set()
    for job, reading in work.readers.read(chunk, to.folder):
        work.advance(note=job.resource.id)
        if job.origin in readable:
            continue
        tally = work.summary.tallies.setdefault(job.source, Tally(job.source))
        tally.blobs += 1
        if reading.error:
            failed.append(job.origin)
        else:
            readable.add(job.origin)
            to.accept(reading.number)
            for table, count in reading.counts.items():
                tally.add(table, count)
        rows += _landings(work.config, job, reading)
    return partial(tables.put, work.connection, [job.origin for job in chunk], failed, to.tables(), rows)


def _landings(config: Config, job: Job, reading: Reading) -> list[dict[str, Any]]:
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
    if error := reading.error:
        reason = "; ".join(filter(None, (error.what, error.why)))
        failure = {"status": "unreadable", "reason": reason, "traceback": reading.traceback}
        # what did not fit is tried again: files may have been removed since
        failure["given"] = None if isinstance(error, OverBudget) else _under(config, job)
        return [{**base, **failure, "seen": 0, "landed": 0, "rejected": 0}]
    return [
        {**base, "status": "landed", "given": job.given, "table_name": table, "blob": job.blob, **count._asdict()}
        for table, count in reading.counts.items()
    ]


def prepare(connection: duckdb.DuckDBPyConnection, config: Config, read: Container[str] = ()) -> None:
    """Make the raw tables and columns of the configured sources that are not there yet, empty.

    Args:
        read: raw tables of other sources that models read, as raw.table: these too.
    """
    own = _tables(config.sources).keys() | ENGINE.keys()
    needed = {table: schema for table, schema in schemas(config).items() if table in own or f"raw.{table}" in read}
    missing, lacking = tables.missing(connection, needed), tables.lacking(connection, needed)
    if missing or lacking or not landings.is_present(connection):

        def work() -> None:
            tables.create(connection, missing)
            tables.widen(connection, lacking)

        message = f"create {len(missing)} raw table(s), widen {len(lacking)}"
        catalog.commit(connection, work, kind="prepare", message=message)


def schemas(config: Config) -> dict[str, pa.Schema]:
    """Every raw table of the configured sources, those of others that models name, the engine's; with all columns."""
    tables_of = _tables(config.sources)
    others_named = _named(config.root) - tables_of.keys() - ENGINE.keys()
    if others_named:
        others = _tables(name for name in sources.names() if name not in config.sources)
        tables_of |= {table: others[table] for table in sorted(others_named & others.keys())}
    return {table: tables.with_origin(schema) for table, schema in {**tables_of, **ENGINE}.items()}


def _tables(names: Iterable[str]) -> dict[str, pa.Schema]:
    return {table: schema for name in names for table, schema in sources.get(name).TABLES.items()}


def _named(root: Path) -> set[str]:
    """The raw tables that models may name, by their text: a source that is not configured leaves them empty."""
    return {table for path in (root / "sql").rglob("*.sql") for table in re.findall(r"\braw\.(\w+)", path.read_text())}
