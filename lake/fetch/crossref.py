"""What Crossref knows of a DOI (https://api.crossref.org): title, year, publisher."""

from __future__ import annotations

import json
from collections.abc import Iterable
from threading import Event
from urllib.parse import quote

from lake import progress
from lake.config import Config
from lake.fetch.client import open_client, speaking
from lake.fetch.rate_limit import Politeness, stoppable_sleep
from lake.fetch.retry import TryAgain, persistently

WORKS = "https://api.crossref.org/works/"
_RATE = 5.0  # requests a second; Crossref's limit for those who say who they are is 50


def lookup(config: Config, dois: Iterable[str]) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """By DOI what Crossref says of it, and why the others could not be had."""
    wanted = list(dict.fromkeys(dois))
    manners = Politeness(stoppable_sleep(Event()), limited=not config.mirror)
    found, failed = {}, {}
    with open_client(config, manners) as client, progress.bar("crossref", total=len(wanted)) as advance:

        def ask(doi: str) -> dict[str, str]:
            with speaking(client, WORKS + quote(doi, safe="/"), {}, _RATE) as response:
                if response.status_code != 200:
                    raise ValueError(f"{response.status_code} {response.reason_phrase}")
                return _facts(json.loads(response.read()))

        for doi in wanted:
            try:
                found[doi] = persistently(
                    lambda doi=doi: ask(doi),
                    attempts=config.fetch.attempts,
                    backoff=config.fetch.backoff,
                    sleep=manners.sleep,
                )
            except TryAgain as error:
                failed[doi] = error.reason
            except (ValueError, KeyError, TypeError, IndexError) as error:
                failed[doi] = str(error) or "the answer is another than Crossref's"
            advance(note=doi)
    return found, failed


def _facts(answer: dict) -> dict[str, str]:
    work = answer["message"]
    issued = (work.get("issued") or {}).get("date-parts") or [[None]]
    title = (work.get("title") or [""])[0]
    return {
        "title": " ".join(title.split()),
        "year": str(issued[0][0] or ""),
        "publisher": (work.get("container-title") or [work.get("publisher", "")])[0],
    }
