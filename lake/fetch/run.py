"""Ask every configured archive for what is missing or old. One that fails never stops the others."""

from __future__ import annotations

import datetime
import secrets
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from queue import SimpleQueue
from threading import Event
from typing import TYPE_CHECKING, Any

from lake import progress, sources
from lake.config import Config
from lake.errors import ConfigError, Interrupted, LakeError, Locked, StorageError
from lake.fetch import plan
from lake.fetch.lanes import Lanes
from lake.fetch.summary import Summary
from lake.sources.source import Resource, Source
from lake.store import blobs, ledger
from lake.store.ledger import Outcome

if TYPE_CHECKING:
    from lake.fetch.download import Session

LOCK = "fetch.lock"
_PATIENCE = 1.0  # seconds that a stopped run waits for its threads


def run(config: Config, names: Iterable[str] | None = None, *, force: bool = False) -> Summary:
    """Fetch what the sources name and what is not here, fresh.

    Args:
        names: which sources; all of lake.toml by default.
        force: ask (conditionally) for what is still fresh, too.

    Raises:
        ConfigError: a source is unknown, not configured, or has a wrong option.
        Unreachable: the mirror does not answer.
        Locked: another process fetches into this lake.
        StorageError: the disk is full or read-only; what was fetched stays.
        Interrupted: Ctrl-C; the next run goes on where this one stopped.
    """
    began = time.perf_counter()
    jobs = [_job(config, name) for name in sources.chosen(config, names)]
    with (
        _alone(config.data),
        closing(ledger.connect(config.data, write=True)) as connection,
        progress.bar("fetch", total=0) as advance,
    ):
        work = _Run(config, connection, advance, force)
        try:
            work.all(jobs)
        except KeyboardInterrupt:
            raise Interrupted(
                "the fetch was stopped; what came is kept", next="lake fetch: it goes on where it stopped"
            ) from None
        finally:
            work.close()
    work.summary.seconds = time.perf_counter() - began
    return work.summary


@dataclass(slots=True)
class _Job:
    """One source and how far it is."""

    name: str
    source: Source
    options: Mapping[str, Any]
    newest: dict[str, Outcome] = field(default_factory=dict)
    current: dict[str, Outcome] = field(default_factory=dict)
    named: dict[str, Resource] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    waiting: int = 0

    def name_more(self, data: Path) -> list[Resource]:
        """What the source names that it did not name before.

        Raises:
            LakeError: it cannot read one of its own earlier answers.
        """
        new = []
        for resource in self.source.resources(self.options, _Answers(self, data)):
            before = self.named.get(resource.id)
            if before is None:
                self.named[resource.id] = resource
                new.append(resource)
            elif before.url != resource.url:
                raise ConfigError(f"{self.name} names {resource.id!r} twice: {before.url} and {resource.url}")
        return new


@dataclass(slots=True, frozen=True)
class _Answers:
    """What a source may know of the answers of this run: of older ones, a list would name what is gone."""

    job: _Job
    data: Path

    def __call__(self, id: str) -> Path | None:
        found = self.job.current.get(id) if id in self.job.settled else None
        return blobs.path(self.data, found.sha256) if found and plan.is_kept(self.data, found) else None

    def missing(self, id: str) -> bool:
        return id in self.job.settled and self(id) is None


def _job(config: Config, name: str) -> _Job:
    return _Job(name, sources.get(name), sources.options(name, config.sources[name]))


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(data / LOCK)
    with blobs.storing(data):
        data.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise Locked(
                "another process is fetching into this lake",
                where=str(data / LOCK),
                why="a `lake fetch` or `lake run` has not finished yet",
                next="wait for it, then run this again",
            ) from None
    try:
        yield
    finally:
        lock.release()


class _Run:
    """The main thread names and settles; the lanes' threads ask, and write each outcome down before they report it."""

    def __init__(self, config: Config, connection: sqlite3.Connection, advance: progress.Advance, force: bool):
        now = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
        self.summary = Summary(run=f"{now}-{secrets.token_hex(3)}")
        self._config, self._connection, self._advance, self._force = config, connection, advance, force
        self._record = ledger.Recorder(connection)
        self._stop = Event()
        self._lanes = Lanes(config.fetch.connections)
        self._done: SimpleQueue[tuple[_Job, Outcome | BaseException]] = SimpleQueue()
        self._named = 0

    @cached_property
    def _session(self) -> Session:
        """Made when the first resource is really asked for: a run with nothing to do needs no HTTP at all."""
        from lake.fetch import client, mirror, partial
        from lake.fetch.budget import Budget
        from lake.fetch.download import Session
        from lake.fetch.politeness import Politeness, stoppable_sleep

        config = self._config
        shared = not config.mirror or (config.mirror.startswith("http") and not mirror.is_loopback(config.mirror))
        manners = Politeness(stoppable_sleep(self._stop), limited=shared)
        with blobs.storing(config.data):
            partial.tidy(config.data)
        return Session(
            run=self.summary.run,
            data=config.data,
            via=config.lake.mirror,
            settings=config.fetch,
            client=client.open_client(config, manners),
            manners=manners,
            budget=Budget(config.data, config.limits.storage),
            tell=lambda note: self._advance(0, note=note),
        )

    def all(self, jobs: list[_Job]) -> None:
        for job in jobs:
            job.newest = {row.resource: row for row in ledger.last(self._connection, job.name)}
            job.current = {row.resource: row for row in ledger.current(self._connection, job.name)}
            self.summary.counts[job.name] = Counter()
        for job in jobs:
            self._go_on(job)
        while any(job.waiting for job in jobs):
            job, got = self._done.get()
            if isinstance(got, BaseException):
                raise got
            self._settle(job, got)
            if not job.waiting:
                self._go_on(job)

    def close(self) -> None:
        self._stop.set()
        self._lanes.close(_PATIENCE)
        if "_session" in self.__dict__:
            self._session.client.close()

    def _go_on(self, job: _Job) -> None:
        """Name and submit until there is something to wait for, or nothing new."""
        while not job.waiting:
            try:
                new = job.name_more(self._config.data)
            except LakeError as error:
                self.summary.fail(job.name, f"{error.what} {error.where}".strip())
                return
            except Exception as error:  # one source's defect must not stop the others
                self.summary.fail(job.name, f"what to ask for next is not known: {type(error).__name__}: {error}")
                return
            if not new:
                return
            self._named += len(new)
            self._advance(0, total=self._named)
            for resource in new:
                self._submit(job, resource)

    def _submit(self, job: _Job, resource: Resource) -> None:
        if self._is_settled(job, resource):
            job.settled.add(resource.id)
            self._advance(1)
            return
        job.waiting += 1
        session, known = self._session, job.current.get(resource.id)
        host = plan.host(resource.url, self._config.mirror)
        self._lanes.put(host, lambda: self._done.put((job, self._ask(session, host, job, resource, known))))

    def _is_settled(self, job: _Job, resource: Resource) -> bool:
        """Whether it need not be asked for; then it is counted as fresh, and a gap is told again."""
        newest = None if self._force else job.newest.get(resource.id)
        terms = {"via": self._config.lake.mirror, "days": job.source.FACTS.refresh}
        gap = plan.is_known_gap(resource, newest, **terms)
        if not gap and not plan.is_fresh(resource, newest, data=self._config.data, **terms):
            return False
        self.summary.skip(newest)
        return True

    def _ask(self, session: Session, host: str, job: _Job, resource: Resource, known) -> Outcome | BaseException:
        """In a lane's thread: the outcome, written down; or what ends the run."""
        from lake.fetch import download

        def failed(error: BaseException, reason: str) -> Outcome:
            return download.outcome(session, job.name, resource, download.Got("failed", reason=reason))

        ends: BaseException | None = None
        try:
            session.manners.sleep(0)
            got = download.fetch(session, host, job.source, resource, known)
        except Interrupted as error:
            return error
        except StorageError as error:
            ends, got = error, failed(error, error.what)
        except Exception as error:  # a defect of ours must not pass for an answer, nor stop the other resources
            got = failed(error, f"a defect of fetch: {type(error).__name__}: {error}")
        try:
            self._record(got)
        except StorageError as error:
            ends = ends or error
        return ends or got

    def _settle(self, job: _Job, got: Outcome) -> None:
        job.waiting -= 1
        job.settled.add(got.resource)
        if got.good:
            job.current[got.resource] = got
        self.summary.add(got)
        self._advance(1, note=got.resource)
