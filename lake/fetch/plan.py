"""What need not be asked again, and what may be asked conditionally."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from lake.sources.source import Resource
from lake.store import blobs
from lake.store.ledger import Outcome


def is_fresh(resource: Resource, newest: Outcome | None, *, via: str, days: float, data: Path) -> bool:
    """Whether the newest outcome is a good and young enough answer to exactly this request, and its bytes are here."""
    if newest is None or not newest.good or not same_request(resource, newest, via):
        return False
    if (newest.kind, newest.expects) != (resource.kind, resource.expects) or not _equal(newest.params, resource.params):
        return False  # the source describes it anew: a row must say so, for landing to read it
    age = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(newest.at)
    return age < datetime.timedelta(days=days) and is_kept(data, newest)


def same_request(resource: Resource, answer: Outcome, via: str) -> bool:
    """Whether an earlier answer is one to this request: the same URL at the same place, and the bytes that the archive
    now lists. Validators of another server mean nothing to this one."""
    listed = ((resource.size, answer.bytes), (resource.md5, answer.md5), (resource.sha256, answer.sha256))
    return (
        answer.url == resource.url
        and answer.via == via
        and all(want is None or str(want).lower() == str(have).lower() for want, have in listed)
    )


def is_kept(data: Path, answer: Outcome) -> bool:
    """Whether the blob of an answer is on the disk."""
    return answer.sha256 is not None and blobs.path(data, answer.sha256).is_file()


def _equal(old: Mapping, new: Mapping) -> bool:
    return json.dumps(dict(old), sort_keys=True) == json.dumps(dict(new), sort_keys=True)  # as the ledger keeps them


def host(url: str, mirror: str = "") -> str:
    """Whom a request for this URL asks: a host with its port, or nobody where the mirror is a folder."""
    if mirror and not mirror.startswith(("http://", "https://")):
        return ""
    return urlsplit(mirror or url).netloc.rpartition("@")[2].lower()
