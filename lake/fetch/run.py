"""Ask every configured archive for what is missing or old. One that fails never stops the others.

What is to be asked is planned first: how large it is, and what fits into its domain's budget. Then the domains are
asked in order of priority, those of the same priority at once. What does not fit is skipped, with its reason, and asked
for by a later run when there is room.
"""

from __future__ import annotations

import datetime
import secrets
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import cached_property
from itertools import groupby
from pathlib import Path
from queue import SimpleQueue
from threading import Event
from typing import TYPE_CHECKING

from lake import progress, sources
from lake.config import Config
from lake.errors import Interrupted, LakeError, Locked, StorageError
from lake.fetch import freshness, plan, rate_limit, sizes
from lake.fetch.budget import Budget
from lake.fetch.host_pool import HostPool
from lake.fetch.job import Job
from lake.fetch.plan import Plan, Planned
from lake.fetch.summary import Summary
from lake.redact import redact
from lake.sources.contract import Resource
from lake.store import blobs, durable, fetch_log
from lake.store.fetch_log import NO_ROOM, Outcome

if TYPE_CHECKING:
    from lake.fetch.download import Session

LOCK = "fetch.lock"
_JOIN_TIMEOUT = 1.0  # seconds that a stopped run waits for its threads


def run(
    config: Config,
    names: Iterable[str] | None = None,
    *,
    force: bool = False,
    on_plan: Callable[[Plan], None] | None = None,
    only_plan: bool = False,
) -> Summary:
    """Fetch what the sources name and what is not here, fresh.

    Args:
        names: which sources; all of lake.toml by default.
        force: ask (conditionally) for what is still fresh, too.
        on_plan: called with the plan, before anything but sizes is asked for.
        only_plan: stop there.

    Raises:
        ConfigError: a source or a domain is unknown, a source is not configured, or has a wrong option.
        Unreachable: the mirror does not answer.
        Locked: another process fetches into this lake.
        StorageError: the disk is full or read-only; what was fetched stays.
        Interrupted: Ctrl-C; the next run goes on where this one stopped.
    """
    start = time.perf_counter()
    sources.domains(config)
    jobs = sorted((Job.of(config, name) for name in sources.chosen(config, names)), key=lambda job: job.priority)
    with (
        _alone(config.data),
        closing(fetch_log.connect(config.data, write=True)) as connection,
    ):
        work = _Run(config, connection, force)
        try:
            planned = work.plan(jobs)
            if on_plan:
                on_plan(planned)
            if not only_plan:
                with progress.bar("fetch", total=0) as work.advance:
                    work.all(jobs)
        except KeyboardInterrupt:
            raise Interrupted(
                "the fetch was stopped; what has arrived is kept", next="lake fetch: it resumes where it stopped"
            ) from None
        finally:
            work.close()
    work.summary.seconds = time.perf_counter() - start
    return work.summary


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(data / LOCK)
    with blobs.storing(data):
        durable.make(data)
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
    """The main thread lists resources and counts outcomes; the pool's threads ask, and log each outcome before they
    report it."""

    advance: progress.Advance

    def __init__(self, config: Config, connection: sqlite3.Connection, force: bool):
        now = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
        self.summary = Summary(run=f"{now}-{secrets.token_hex(3)}")
        self._config, self._connection, self._force = config, connection, force
        self._record = fetch_log.Recorder(connection)
        self._stop = Event()
        self._pool = HostPool(config.fetch.connections)
        self._done: SimpleQueue[tuple[Job, Outcome | BaseException]] = SimpleQueue()
        self._listed = 0

    @cached_property
    def _session(self) -> Session:
        """Made when the first resource is really asked for: a run with nothing to do needs no HTTP at all."""
        from lake.fetch import client, hosts, partial
        from lake.fetch.download import Session
        from lake.fetch.rate_limit import RateLimiter, stoppable_sleep

        config = self._config
        shared = not config.mirror or (config.mirror.startswith("http") and not hosts.is_loopback(config.mirror))
        limiter = RateLimiter(stoppable_sleep(self._stop), limited=shared)
        with blobs.storing(config.data):
            partial.tidy(config.data)
        return Session(
            run=self.summary.run,
            data=config.data,
            via=redact(config.lake.mirror),
            settings=config.fetch,
            client=client.open_client(config, limiter),
            limiter=limiter,
            budget=Budget(blobs.usage(config.data), config.limits.storage),
            folder=None,
            notify=lambda note: self.advance(0, note=note),
        )

    @cached_property
    def _domains(self) -> dict[str, Session]:
        """The session of each domain that lake.toml names: with its folder and its budget."""
        from lake.fetch import partial

        config, shared, stored = self._config, self._session, fetch_log.stored_bytes(self._connection)
        sessions = {}
        for name, domain in config.domains.items():
            folder = config.folder(name) or config.data
            with blobs.storing(folder):
                partial.tidy(folder)
            used = blobs.usage(folder / blobs.PARTIAL)
            used += sum(stored.get(source, 0) for source in config.sources if sources.get(source).FACTS.domain == name)
            above = shared.budget if folder.is_relative_to(config.data) else None
            limit, where = domain.storage, f"[domains.{name}] storage"
            if limit is None:
                limit, where = (above.limit, where) if above else (used + shutil.disk_usage(folder).free, str(folder))
            budget = Budget(used, limit, where, above)
            sessions[name] = replace(shared, budget=budget, folder=folder)
        return sessions

    def _session_of(self, job: Job) -> Session:
        return self._domains.get(job.domain, self._session)

    def plan(self, jobs: list[Job]) -> Plan:
        """List what each source asks for first, how large it is, and what fits."""
        result = Plan()
        pending: list[tuple[Job, Resource, Planned]] = []
        for job in jobs:
            job.newest = {row.resource: row for row in fetch_log.last(self._connection, job.name)}
            job.current = {row.resource: row for row in fetch_log.current(self._connection, job.name)}
            self.summary.add_source(job.name, job.domain)
            while new := self._list(job):  # a list that is here and fresh names more
                for resource in new:
                    if self._is_settled(job, resource):
                        continue
                    job.todo.append(resource)
                    planned = Planned(job.domain, job.name, resource.id, resource.url, *self._need(job, resource))
                    result.planned.append(planned)
                    pending.append((job, resource, planned))
        if pending:
            self._ask_sizes(pending)
            result.priority = {job.domain: job.priority for job in jobs}
            plan.fit(result, {job.domain: self._session_of(job).budget for job in jobs})
        return result

    def _ask_sizes(self, pending: list[tuple[Job, Resource, Planned]]) -> None:
        """Ask for unknown sizes, where the archive answers HEAD. An estimate is no reason to skip."""
        unknown = [entry for entry in pending if entry[0].source.FACTS.sized and entry[2].need is None]
        requests = [
            sizes.SizeRequest(
                f"{job.name}/{resource.kind}",
                rate_limit.host(planned.url, self._config.mirror),
                planned,
                job.source.FACTS.rate,
            )
            for job, resource, planned in unknown
        ]
        if requests:
            sizes.ask(self._session.client, requests, self._pool)
        for job, resource, planned in unknown:
            if planned.size_from == "HEAD" and planned.need is not None:
                planned.need = max(0, planned.need - self._partial_size(job, resource))
        for job, _, planned in pending:
            job.needs[planned.resource] = None if planned.size_from == "estimate" else planned.need

    def all(self, jobs: list[Job]) -> None:
        self._listed = sum(len(job.resources) for job in jobs)
        self.advance(sum(len(job.done) for job in jobs), total=self._listed)
        for _, level in groupby(jobs, key=lambda job: job.priority):
            self._run_level(list(level))

    def _run_level(self, jobs: list[Job]) -> None:
        for job in jobs:
            self._submit_more(job)
        self._drain(jobs)
        while any(job.deferred for job in jobs):  # what had none beside what was on its way may have some now
            for job in jobs:
                deferred, job.deferred = job.deferred, []
                for resource in deferred:
                    self._submit(job, resource)
            if not any(job.waiting for job in jobs):
                break
            self._drain(jobs)
        for job in jobs:
            for resource in job.deferred:
                self._skip(job, resource)

    def _drain(self, jobs: list[Job]) -> None:
        while any(job.waiting for job in jobs):
            job, outcome = self._done.get()
            if isinstance(outcome, BaseException):
                raise outcome
            self._finish(job, outcome)
            if not job.waiting:
                self._submit_more(job)

    def close(self) -> None:
        self._stop.set()
        self._pool.close(_JOIN_TIMEOUT)
        if "_session" in self.__dict__:
            self._session.client.close()

    def _submit_more(self, job: Job) -> None:
        """List and submit until there is something to wait for, or nothing new."""
        while not job.waiting:
            new, job.todo = job.todo, []
            if not new and not job.broken:
                new = self._list(job)
                self._listed += len(new)
                self.advance(0, total=self._listed)
            if not new:
                return
            for resource in new:
                self._submit(job, resource)

    def _list(self, job: Job) -> list[Resource]:
        try:
            return job.list_more(self._config.data)
        except LakeError as error:
            reason = f"{error.what} {error.where}".strip()
        except Exception as error:  # one source's defect must not stop the others
            reason = f"cannot list its resources: {type(error).__name__}: {error}"
        job.broken = True
        self.summary.fail(job.name, redact(reason))
        return []

    def _submit(self, job: Job, resource: Resource) -> None:
        if self._is_settled(job, resource):
            self.advance(1)
            return
        session, previous = self._session_of(job), job.current.get(resource.id)
        need = job.needs[resource.id] if resource.id in job.needs else self._need(job, resource)[0]
        job.needs[resource.id] = need
        if session.budget.no_room(need):
            job.deferred.append(resource)
            return
        session.budget.reserve(need or 0)
        job.waiting += 1
        host = rate_limit.host(resource.url, self._config.mirror)
        self._pool.put(host, lambda: self._done.put((job, self._ask(session, host, job, resource, previous))))

    def _need(self, job: Job, resource: Resource) -> tuple[int | None, str]:
        """Bytes that a resource takes beyond those already on disk (None: unknown), and where that figure is from."""
        newest, data = job.current.get(resource.id), self._config.data
        usable = newest and freshness.same_request(resource, newest, self._config.lake.mirror)
        if newest and usable and freshness.is_kept(data, newest):
            return 0, "as before"  # it is asked whether it has changed
        size = resource.size if resource.size is not None else newest.bytes if newest else None
        if size is None:
            return None, "unknown"
        return max(
            0, size - self._partial_size(job, resource)
        ), "published" if resource.size is not None else "as before"

    def _partial_size(self, job: Job, resource: Resource) -> int:
        """Bytes that an interrupted download left."""
        from lake.fetch import download

        return download.partial_of(self._session_of(job), job.name, resource).size()

    def _skip(self, job: Job, resource: Resource) -> None:
        """Log, once, that there is no room."""
        from lake.fetch import download

        session, newest = self._session_of(job), job.newest.get(resource.id)
        reason = NO_ROOM + session.budget.no_room(job.needs[resource.id])
        outcome = download.outcome(session, job.name, resource, download.FetchResult("failed", reason=reason))
        if newest is None or newest.verdict != "skipped":
            self._record(outcome)
        job.done.add(resource.id)
        self.summary.add(outcome)
        self.advance(1, note=resource.id)

    def _is_settled(self, job: Job, resource: Resource) -> bool:
        """Whether it need not be asked for; then it is counted as fresh, and a gap is reported again."""
        newest = None if self._force else job.newest.get(resource.id)
        if newest is None:
            return False
        via, days = self._config.lake.mirror, job.source.FACTS.refresh
        gap = freshness.is_known_gap(resource, newest, via=via, days=days)
        if not gap and not freshness.is_fresh(resource, newest, via=via, days=days, data=self._config.data):
            return False
        job.done.add(resource.id)
        self.summary.add_fresh(newest)
        return True

    def _ask(
        self, session: Session, host: str, job: Job, resource: Resource, previous: Outcome | None
    ) -> Outcome | BaseException:
        """In a thread of the pool: the outcome, logged; or the exception that ends the run."""
        from lake.fetch import download

        def failed(reason: str) -> Outcome:
            return download.outcome(session, job.name, resource, download.FetchResult("failed", reason=reason))

        fatal: BaseException | None = None
        try:
            session.limiter.sleep(0)
            if session.budget.is_full and job.needs[resource.id] is None:  # since it was submitted
                outcome = failed(NO_ROOM + session.budget.no_room(None))
            else:
                outcome = download.fetch(session, host, job.source, resource, previous)
        except Interrupted as error:
            return error
        except StorageError as error:
            fatal, outcome = error, failed(error.what)
        except BaseException as error:  # a defect of ours must not pass for an answer, nor stop the other resources
            outcome = failed(f"internal error in fetch: {type(error).__name__}: {error}")
        try:
            self._record(outcome)
        except BaseException as error:  # raised by the main thread
            fatal = fatal or error
        return fatal or outcome

    def _finish(self, job: Job, outcome: Outcome) -> None:
        job.waiting -= 1
        self._session_of(job).budget.reserve(-(job.needs[outcome.resource] or 0))
        job.done.add(outcome.resource)
        if outcome.good:
            job.current[outcome.resource] = outcome
        self.summary.add(outcome)
        self.advance(1, note=outcome.resource)
