"""Download one resource: request, receive while hashing, verify, keep. However it ends, the result is an Outcome."""

from __future__ import annotations

import datetime
import hashlib
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import httpx

from lake import config
from lake.errors import LakeError, OverBudget, Refused, StorageError
from lake.fetch import content_encoding, freshness, hosts, partial, retry, verify
from lake.fetch.budget import Budget
from lake.fetch.client import Client, stream
from lake.fetch.partial import Partial
from lake.fetch.rate_limit import RateLimiter, host
from lake.fetch.retry import Retryable
from lake.redact import redact
from lake.sources.contract import Resource, Source
from lake.store import blobs
from lake.store.fetch_log import NO_ROOM, Outcome

if TYPE_CHECKING:
    from hashlib import _Hash

_NOTIFY_EVERY = 1 << 25  # bytes between two notes about a long answer


@dataclass(frozen=True, slots=True)
class Session:
    """What all downloads of a run share."""

    run: str
    data: Path
    via: str  # the mirror, as lake.toml names it
    settings: config.Fetch
    client: Client
    limiter: RateLimiter
    budget: Budget  # of the domain
    folder: Path | None  # of the domain, where it has one of its own
    notify: Callable[[str], None]  # a note about a long answer, for the progress bar


class FetchResult(NamedTuple):
    """The result of a request: the fields of an Outcome that the request decides."""

    outcome: str
    status: int | None = None
    reason: str = ""
    bytes: int | None = None
    sha256: str | None = None
    etag: str | None = None
    last_modified: str | None = None


class _TooManyBytes(Retryable):
    """More bytes than the archive announced: nothing of this answer is trusted."""


def fetch(session: Session, host: str, source: Source, resource: Resource, previous: Outcome | None) -> Outcome:
    """Ask for one resource until an answer can be verified, or the attempts are used up.

    Args:
        host: see `rate_limit.host`.
        previous: the newest good outcome of this resource.

    Raises:
        StorageError: the disk is full or read-only.
        Interrupted: the run was stopped.
    """
    start = time.perf_counter()
    usable = previous if previous and freshness.same_request(resource, previous, session.via) else None
    if usable and not freshness.is_kept(session.data, usable):
        usable = None
    try:
        result = _with_retries(session, host, source, resource, usable)
    except OverBudget as error:
        result = FetchResult("failed", reason=f"{NO_ROOM}{error.what}")
    except (httpx.TooManyRedirects, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        result = FetchResult("failed", reason=f"the URL cannot be followed: {error}")
    if result.outcome == "fetched" and previous and previous.sha256 == result.sha256:
        result = result._replace(outcome="unchanged")
    return outcome(session, source.FACTS.name, resource, result, time.perf_counter() - start)


def outcome(session: Session, source: str, resource: Resource, result: FetchResult, seconds: float = 0.0) -> Outcome:
    """The row of the fetch log for a resource and its result."""
    now = datetime.datetime.now(datetime.UTC)
    return Outcome(
        run=session.run,
        source=source,
        resource=resource.id,
        kind=resource.kind,
        expects=resource.expects,
        url=redact(resource.url),
        at=now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        params=resource.params,
        via=session.via,
        md5=resource.md5,
        seconds=round(seconds, 6),
        optional=resource.optional,
        **result._replace(reason=redact(result.reason).encode(errors="replace").decode())._asdict(),
    )


def _with_retries(
    session: Session, host: str, source: Source, resource: Resource, previous: Outcome | None
) -> FetchResult:
    limiter, settings = session.limiter, session.settings
    if limiter.is_down(host):
        return FetchResult("failed", reason=f"not asked: {host} did not answer the last resources either")
    if previous is None:  # otherwise a 304 may cost nothing
        session.budget.check()

    def attempt() -> FetchResult:
        try:
            return _attempt(session, source, resource, previous)
        except Retryable as error:
            if error.after is not None:
                limiter.pause(host, min(error.after, retry.MAX_RETRY_AFTER))
            raise

    try:
        result = retry.with_retries(attempt, attempts=settings.attempts, backoff=settings.backoff, sleep=limiter.sleep)
    except Retryable as error:
        if error.after is not None and error.after > retry.MAX_RETRY_AFTER:
            limiter.give_up(host)
            return FetchResult("failed", error.status, f"{error.reason}; the archive asks to wait {error.after:,.0f} s")
        limiter.record(host, answered=False)
        return FetchResult("failed", error.status, f"{error.reason} ({settings.attempts} attempts)")
    limiter.record(host, answered=True)
    return result


def _attempt(session: Session, source: Source, resource: Resource, previous: Outcome | None) -> FetchResult:
    part = partial_of(session, source.FACTS.name, resource)
    resumable = part.resumable()
    range_headers = resumable.conditions() if resumable else {}
    with stream(session.client, resource.url, range_headers or _conditions(previous), source.FACTS.rate) as response:
        status, headers = response.status_code, response.headers
        earlier = resumable if status == 206 else previous if status == 304 else None  # these do not repeat validators
        etag: str | None = headers.get("ETag") or (earlier.etag if earlier else None)
        last_modified: str | None = headers.get("Last-Modified") or (earlier.last_modified if earlier else None)
        if status == 304 and previous and not range_headers:
            return FetchResult("unchanged", 304, "", previous.bytes, previous.sha256, etag, last_modified)
        if resumable and (status == 416 or (status == 206 and not resumable.continues(response))):
            session.budget.give_back(part.remove())
            raise Retryable("the archive could not resume the download", status=status)
        if status != 200 and not (resumable and status == 206):
            return FetchResult("failed", status, _error_text(response) + _token_hint(session.settings.tokens, response))
        try:
            size, sha256 = _receive(session, response, part, resource)
        except Refused as error:
            return FetchResult("failed", status, "; ".join(filter(None, (error.what, error.why))))
    reason = _refusal(source, resource, part.file, sha256, size)
    if reason and response.history:
        reason += f" (after a redirect to {response.url})"
    _keep(session, part, sha256, size)
    word = "refused" if reason else "resumed" if status == 206 else "fetched"
    return FetchResult(word, status, reason, size, sha256, etag, last_modified)


def partial_of(session: Session, source: str, resource: Resource) -> Partial:
    """The partial file of a resource that is being downloaded."""
    return Partial.of(session.folder or session.data, source, resource.id, resource.url, session.via)


def _conditions(previous: Outcome | None) -> dict[str, str]:
    if previous is None:
        return {}
    headers = {"If-None-Match": previous.etag, "If-Modified-Since": previous.last_modified}
    return {name: value for name, value in headers.items() if value}


def _error_text(response: httpx.Response) -> str:
    """The status, with the first line of a plain text body."""
    message = f"{response.status_code} {response.reason_phrase}".strip()
    if response.headers.get("Content-Type", "").startswith("text/plain"):
        text = next(response.iter_raw(200), b"").decode("utf-8", errors="replace").strip()
        message += f": {text.splitlines()[0]}" if text else ""
    return message


def _token_hint(tokens: Mapping[str, str], response: httpx.Response) -> str:
    """What to do about an archive that wants a token."""
    if response.status_code not in (401, 403):
        return ""
    answered_by = host(str(response.url))
    variable = tokens.get(answered_by)
    if variable is None:
        return f'; if it asks for a token: [fetch.tokens] "{answered_by}" = "NAME_OF_A_VARIABLE" in lake.toml'
    if not hosts.is_private(str(response.url)):
        return "; its token is sent over https alone, and this URL is http"
    is_set = "set" if os.environ.get(variable) else "not set"
    return f"; its token is read from the variable {variable}, which is {is_set}"


def _receive(session: Session, response: httpx.Response, part: Partial, resource: Resource) -> tuple[int, str]:
    """Write the body to the partial file; return the size and the sha256 of the whole.

    An interruption leaves the partial file if the next attempt can resume; a full disk or budget frees it.
    """
    total, digest = partial.total(response), hashlib.sha256()
    try:
        with blobs.storing(part.file):
            if response.status_code == 206:
                _read(part.file, digest)
            else:
                session.budget.give_back(part.size())
                part.begin(response, total)
            offset = part.size() if response.status_code == 206 else 0
            session.budget.check((total or 1) - offset)
            size = offset + _write(session, response, part, digest, offset, resource)
    except (StorageError, OverBudget, _TooManyBytes):
        session.budget.give_back(part.remove())
        raise
    except BaseException:
        if not part.note.exists():
            session.budget.give_back(part.remove())
        raise
    if total is not None and size != total:
        raise Retryable(f"truncated: received {size:,} of {total:,} bytes", status=response.status_code)
    return size, digest.hexdigest()


def _read(file: Path, digest: _Hash) -> None:
    with file.open("rb") as handle:
        while chunk := handle.read(1 << 20):
            digest.update(chunk)


def _write(
    session: Session, response: httpx.Response, part: Partial, digest: _Hash, offset: int, resource: Resource
) -> int:
    """Append the body to the partial file; return its number of bytes."""
    size, next_note, end = 0, _NOTIFY_EVERY, partial.end_position(response)
    body = content_encoding.decode(response.iter_raw(), response.headers.get("Content-Encoding", ""), resource.url)
    with part.file.open("ab" if offset else "wb") as file:
        for chunk in body:
            session.limiter.sleep(0)
            if end is not None and offset + size + len(chunk) > end:
                raise _TooManyBytes("received more bytes than the archive announced", status=response.status_code)
            session.budget.take(len(chunk))
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
            if size >= next_note:
                next_note += _NOTIFY_EVERY
                session.notify(f"{resource.id} {(offset + size) / 1e6:,.0f} MB")
    return size


def _refusal(source: Source, resource: Resource, file: Path, sha256: str, size: int) -> str:
    """Why these bytes are not what was asked for; empty when they are."""
    try:
        verify.check_answer(source, resource, file, sha256, size)
    except LakeError as error:
        return "; ".join(filter(None, (error.what, error.why)))
    except Exception as error:  # the source's own code, on bytes that nobody has seen before
        return f"the check of {source.FACTS.name} failed on it: {type(error).__name__}: {error}"
    return ""


def _keep(session: Session, part: Partial, sha256: str, size: int) -> None:
    duplicate = blobs.path(session.data, sha256).is_file()
    blobs.adopt(session.data, part.file, sha256, session.folder)
    part.note.unlink(missing_ok=True)
    if duplicate:
        session.budget.give_back(size)
