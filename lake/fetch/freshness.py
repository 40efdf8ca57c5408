"""What need not be asked again, and what may be asked conditionally."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from pathlib import Path

from lake.redact import redact
from lake.sources.contract import Resource
from lake.store import blobs
from lake.store.fetch_log import Outcome


def is_fresh(resource: Resource, newest: Outcome | None, *, via: str, days: float, data: Path) -> bool:
    """Whether the newest outcome is a good and young enough answer to exactly this request, and its bytes are here."""
    return (
        newest is not None
        and newest.good
        and _is_young(newest, days)
        and same_request(resource, newest, via)
        # Described anew by its source? Then it is asked for, and a row says so, for landing to read.
        and (newest.kind, newest.expects) == (resource.kind, resource.expects)
        and _equal(newest.params, resource.params)
        and is_kept(data, newest)
    )


def is_known_gap(resource: Resource, newest: Outcome | None, *, via: str, days: float) -> bool:
    """Whether the archive said lately that it does not have this, and may well not have it: an archive with a thousand
    gaps is not to be asked for each of them in every run."""
    return (
        newest is not None
        and resource.optional
        and newest.status in (404, 410)
        and _is_young(newest, days)
        and (newest.url, newest.via) == (redact(resource.url), redact(via))
    )


def _is_young(outcome: Outcome, days: float) -> bool:
    age = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(outcome.at)
    return datetime.timedelta(0) <= age < datetime.timedelta(days=days)  # one of the future: a clock was wrong


def same_request(resource: Resource, answer: Outcome, via: str) -> bool:
    """Whether an earlier answer is one to this request: the same URL at the same place, and the bytes that the archive
    now lists. Validators of another server mean nothing to this one."""
    listed = ((resource.size, answer.bytes), (resource.md5, answer.md5), (resource.sha256, answer.sha256))
    return (
        answer.url == redact(resource.url)
        and answer.via == redact(via)
        and all(want is None or str(want).lower() == str(have).lower() for want, have in listed)
    )


def is_kept(data: Path, answer: Outcome) -> bool:
    """Whether the blob of an answer is on the disk."""
    return answer.sha256 is not None and blobs.path(data, answer.sha256).is_file()


def _equal(old: Mapping, new: Mapping) -> bool:
    return json.dumps(dict(old), sort_keys=True) == json.dumps(dict(new), sort_keys=True)  # as the fetch log keeps them
