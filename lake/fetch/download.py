"""One resource: ask, receive while hashing, judge, keep. Every end of it is an Outcome."""

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
from lake.fetch.client import speaking
from lake.fetch.partial import Partial
from lake.fetch.rate_limit import Politeness, host
from lake.fetch.retry import TryAgain
from lake.redact import redact
from lake.sources.contract import Resource, Source
from lake.store import blobs
from lake.store.fetch_log import NO_ROOM, Outcome

if TYPE_CHECKING:
    from hashlib import _Hash

_TELL = 1 << 25  # bytes between two words about a long answer


@dataclass(frozen=True, slots=True)
class Session:
    """What all downloads of a run share."""

    run: str
    data: Path
    via: str  # the mirror, as lake.toml names it
    settings: config.Fetch
    client: httpx.Client
    manners: Politeness
    budget: Budget  # of the domain
    folder: Path | None  # of the domain, where it has one of its own
    tell: Callable[[str], None]  # a word about a long answer, for the progress bar


class Got(NamedTuple):
    """What came of a request; the fields of an Outcome that the request decides."""

    outcome: str
    status: int | None = None
    reason: str = ""
    bytes: int | None = None
    sha256: str | None = None
    etag: str | None = None
    last_modified: str | None = None


class _TooLong(TryAgain):
    """An answer of more bytes than it was to have: what is here of it is not believed."""


def fetch(session: Session, host: str, source: Source, resource: Resource, known: Outcome | None) -> Outcome:
    """Ask for one resource until something came that can be judged, or the tries are spent.

    Args:
        host: whom this asks; see `rate_limit.host`.
        known: the newest good outcome of this resource.

    Raises:
        StorageError: the disk is full or read-only.
        Interrupted: the run was stopped.
    """
    began = time.perf_counter()
    usable = known if known and freshness.same_request(resource, known, session.via) else None
    if usable and not freshness.is_kept(session.data, usable):
        usable = None
    try:
        got = _persist(session, host, source, resource, usable)
    except OverBudget as error:
        got = Got("failed", reason=f"{NO_ROOM}{error.what}")
    except (httpx.TooManyRedirects, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        got = Got("failed", reason=f"the URL cannot be followed: {error}")
    if got.outcome == "fetched" and known and known.sha256 == got.sha256:
        got = got._replace(outcome="unchanged")
    return outcome(session, source.FACTS.name, resource, got, time.perf_counter() - began)


def outcome(session: Session, source: str, resource: Resource, got: Got, seconds: float = 0.0) -> Outcome:
    """The row of a resource and what came of it."""
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
        **got._replace(reason=redact(got.reason).encode(errors="replace").decode())._asdict(),
    )


def _persist(session: Session, host: str, source: Source, resource: Resource, known: Outcome | None) -> Got:
    manners, settings = session.manners, session.settings
    if manners.is_down(host):
        return Got("failed", reason=f"not asked: {host} did not answer the last resources either")
    if known is None:  # else it may well cost nothing
        session.budget.check()

    def attempt() -> Got:
        try:
            return _attempt(session, source, resource, known)
        except TryAgain as error:
            if error.after is not None:
                manners.pause(host, min(error.after, retry.PATIENCE))
            raise

    try:
        got = retry.persistently(attempt, attempts=settings.attempts, backoff=settings.backoff, sleep=manners.sleep)
    except TryAgain as error:
        if error.after is not None and error.after > retry.PATIENCE:
            manners.leave(host)
            return Got("failed", error.status, f"{error.reason}; the archive asks to wait {error.after:,.0f} s")
        manners.heard(host, False)
        return Got("failed", error.status, f"{error.reason} ({settings.attempts} tries)")
    manners.heard(host, True)
    return got


def _attempt(session: Session, source: Source, resource: Resource, known: Outcome | None) -> Got:
    part = partial_of(session, source.FACTS.name, resource)
    kept = part.kept()
    rest = kept.conditions() if kept else {}
    with speaking(session.client, resource.url, rest or _conditions(known), source.FACTS.rate) as response:
        status, headers = response.status_code, response.headers
        before = {206: kept, 304: known}.get(status)  # what such an answer does not repeat
        validators = {
            "etag": headers.get("ETag") or (before and before.etag),
            "last_modified": headers.get("Last-Modified") or (before and before.last_modified),
        }
        if status == 304 and known and not rest:
            return Got("unchanged", 304, bytes=known.bytes, sha256=known.sha256, **validators)
        if kept and (status == 416 or (status == 206 and not kept.goes_on(response))):
            session.budget.give(part.drop())
            raise TryAgain("the archive could not go on where it stopped", status=status)
        if status != 200 and not (kept and status == 206):
            return Got("failed", status, _said(response) + _who(session.settings.tokens, response))
        try:
            size, sha256 = _receive(session, response, part, resource)
        except Refused as error:
            return Got("failed", status, "; ".join(filter(None, (error.what, error.why))))
    reason = _judge(source, resource, part.file, sha256, size)
    if reason and response.history:
        reason += f" (after a redirect to {response.url})"
    _keep(session, part, sha256, size)
    result = "refused" if reason else "resumed" if status == 206 else "fetched"
    return Got(result, status, reason, size, sha256, **validators)


def partial_of(session: Session, source: str, resource: Resource) -> Partial:
    """Where the answer to a resource lies while it comes."""
    return Partial.of(session.folder or session.data, source, resource.id, resource.url, session.via)


def _conditions(known: Outcome | None) -> dict[str, str]:
    if known is None:
        return {}
    headers = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in headers.items() if value}


def _said(response: httpx.Response) -> str:
    """The status, and what a plain text beside it says."""
    said = f"{response.status_code} {response.reason_phrase}".strip()
    if response.headers.get("Content-Type", "").startswith("text/plain"):
        text = next(response.iter_raw(200), b"").decode("utf-8", errors="replace").strip()
        said += f": {text.splitlines()[0]}" if text else ""
    return said


def _who(tokens: Mapping[str, str], response: httpx.Response) -> str:
    """What to do about an archive that asks who one is."""
    if response.status_code not in (401, 403):
        return ""
    asked = host(str(response.url))
    variable = tokens.get(asked)
    if variable is None:
        return f'; if it asks for a token: [fetch.tokens] "{asked}" = "NAME_OF_A_VARIABLE" in lake.toml'
    if not hosts.is_private(str(response.url)):
        return "; its token is sent over https alone, and this URL is http"
    is_set = "set" if os.environ.get(variable) else "not set"
    return f"; its token is read from the variable {variable}, which is {is_set}"


def _receive(session: Session, response: httpx.Response, part: Partial, resource: Resource) -> tuple[int, str]:
    """Write the body to the partial file. Gives the size and the sha256 of the whole.

    A break leaves what is there for the next try if it can go on; a full disk or budget gives it back.
    """
    total, digest = partial.total(response), hashlib.sha256()
    try:
        with blobs.storing(part.file):
            if response.status_code == 206:
                _read(part.file, digest)
            else:
                session.budget.give(part.size())
                part.begin(response, total)
            session.budget.check((total or 1) - (have := _size(response, part)))
            size = have + _write(session, response, part, digest, have, resource)
    except (StorageError, OverBudget, _TooLong):
        session.budget.give(part.drop())
        raise
    except BaseException:
        if not part.note.exists():
            session.budget.give(part.drop())
        raise
    if total is not None and size != total:
        raise TryAgain(f"cut short: {size:,} of {total:,} bytes came", status=response.status_code)
    return size, digest.hexdigest()


def _size(response: httpx.Response, part: Partial) -> int:
    return part.size() if response.status_code == 206 else 0


def _read(file: Path, digest: _Hash) -> None:
    with file.open("rb") as handle:
        while chunk := handle.read(1 << 20):
            digest.update(chunk)


def _write(session: Session, response: httpx.Response, part: Partial, digest: _Hash, have: int, resource) -> int:
    """Append the body; gives its bytes."""
    size, told, end = 0, _TELL, partial.length_now(response)
    body = content_encoding.plain(response.iter_raw(), response.headers.get("Content-Encoding", ""), resource.url)
    with part.file.open("ab" if have else "wb") as file:
        for chunk in body:
            session.manners.sleep(0)
            if end is not None and have + size + len(chunk) > end:
                raise _TooLong("more bytes came than the archive said", status=response.status_code)
            session.budget.take(len(chunk))
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
            if size >= told:
                told += _TELL
                session.tell(f"{resource.id} {(have + size) / 1e6:,.0f} MB")
    return size


def _judge(source: Source, resource: Resource, file: Path, sha256: str, size: int) -> str:
    """Why these bytes are not believed; empty when they are."""
    try:
        verify.judge(source, resource, file, sha256, size)
    except LakeError as error:
        return "; ".join(filter(None, (error.what, error.why)))
    except Exception as error:  # the source's own code, on bytes that nobody has seen before
        return f"the check of {source.FACTS.name} broke on it: {type(error).__name__}: {error}"
    return ""


def _keep(session: Session, part: Partial, sha256: str, size: int) -> None:
    twice = blobs.path(session.data, sha256).is_file()
    blobs.adopt(session.data, part.file, sha256, session.folder)
    part.note.unlink(missing_ok=True)
    if twice:
        session.budget.give(size)
