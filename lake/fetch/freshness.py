"""Which answers are fresh, and which may be asked for conditionally."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lake.redact import redact
from lake.sources.contract import Resource
from lake.store import blobs
from lake.store.fetch_log import Outcome


def is_fresh(resource: Resource, newest: Outcome, *, via: str, days: float, data: Path) -> bool:
    """Whether the newest outcome is a good and young enough answer to exactly this request, and its bytes are here."""
    return (
        newest.good
        and _is_young(newest, days)
        and same_request(resource, newest, via)
        # If its source now describes it differently, it is asked for again, so that landing reads the new description.
        and (newest.kind, newest.expects) == (resource.kind, resource.expects)
        and _equal(newest.params, resource.params)
        and is_kept(data, newest)
    )


def is_known_gap(resource: Resource, newest: Outcome, *, via: str, days: float) -> bool:
    """Whether the archive said lately that it does not have this, and may well not have it: an archive with a thousand
    gaps is not to be asked for each of them in every run."""
    return (
        resource.optional
        and newest.status in (404, 410)
        and _is_young(newest, days)
        and (newest.url, newest.via) == (redact(resource.url), redact(via))
    )


def _is_young(outcome: Outcome, days: float) -> bool:
    age = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(outcome.at)
    return datetime.timedelta(0) <= age < datetime.timedelta(days=days)  # a date in the future: a clock was wrong


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


def _equal(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return json.dumps(dict(old), sort_keys=True) == json.dumps(dict(new), sort_keys=True)  # as the fetch log keeps them
