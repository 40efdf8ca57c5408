"""Look up DOIs at Crossref (https://api.crossref.org): title, year, publisher."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from threading import Event
from typing import Any
from urllib.parse import quote

from lake import progress
from lake.config import Config
from lake.fetch.client import open_client, stream
from lake.fetch.rate_limit import RateLimiter, stoppable_sleep
from lake.fetch.retry import Retryable, with_retries

WORKS = "https://api.crossref.org/works/"
_RATE = 5.0  # requests a second; Crossref's limit for those who say who they are is 50


def lookup(config: Config, dois: Iterable[str]) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """Metadata by DOI, and by DOI why a look-up failed."""
    pending = list(dict.fromkeys(dois))
    limiter = RateLimiter(stoppable_sleep(Event()), limited=not config.mirror)
    works: dict[str, dict[str, str]] = {}
    failed: dict[str, str] = {}
    with open_client(config, limiter) as client, progress.bar("crossref", total=len(pending)) as advance:

        def ask(doi: str) -> dict[str, str]:
            with stream(client, WORKS + quote(doi, safe="/"), {}, _RATE) as response:
                if response.status_code != 200:
                    raise ValueError(f"{response.status_code} {response.reason_phrase}")
                return _metadata(json.loads(response.read()))

        for doi in pending:
            try:
                works[doi] = with_retries(
                    partial(ask, doi),
                    attempts=config.fetch.attempts,
                    backoff=config.fetch.backoff,
                    sleep=limiter.sleep,
                )
            except Retryable as error:
                failed[doi] = error.reason
            except (ValueError, KeyError, TypeError, IndexError) as error:
                failed[doi] = str(error) or "unexpected response"
            advance(note=doi)
    return works, failed


def _metadata(answer: dict[str, Any]) -> dict[str, str]:
    work = answer["message"]
    issued = (work.get("issued") or {}).get("date-parts") or [[None]]
    title = (work.get("title") or [""])[0]
    return {
        "title": " ".join(title.split()),
        "year": str(issued[0][0] or ""),
        "publisher": (work.get("container-title") or [work.get("publisher", "")])[0],
    }
