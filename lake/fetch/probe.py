"""Probe databases of the catalogue: one rate-limited request for the first kilobytes of each, the outcome kept."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any

from lake import progress
from lake.config import Config
from lake.fetch.client import open_client, stream
from lake.fetch.rate_limit import RateLimiter, stoppable_sleep
from lake.fetch.retry import Retryable
from lake.redact import redact

FILE = "probes.jsonl"  # under data/: a line a probe
_RATE = 1.0  # requests a second and host
_BYTES = 4096


def probe(config: Config, databases: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """Ask each (name, homepage) once, and keep the outcome: name, url, at, status, outcome ("answers" or "fails"),
    reason."""
    pending = list(databases)
    stop = Event()
    limiter = RateLimiter(stoppable_sleep(stop), limited=not config.mirror)
    rows = []
    config.data.mkdir(parents=True, exist_ok=True)
    with (
        open_client(config, limiter) as client,
        progress.bar("probe", total=len(pending)) as advance,
        open(config.data / FILE, "a", encoding="utf-8") as log,
    ):
        for name, url in pending:
            status, reason = _ask(client, url)
            outcome = "answers" if status is not None and status < 400 else "fails"
            at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
            shown = {"url": redact(url), "reason": redact(reason)}
            row = {"name": name, "at": at, "status": status, "outcome": outcome, **shown}
            log.write("\n" + json.dumps(row) + "\n")  # on a line of its own, also behind one that a kill cut
            log.flush()
            rows.append(row)
            advance(note=name)
    return rows


def _ask(client: Any, url: str) -> tuple[int | None, str]:
    import httpx

    try:
        with stream(client, url, {"Range": f"bytes=0-{_BYTES - 1}"}, _RATE) as response:
            size = 0
            for block in response.iter_raw():
                size += len(block)
                if size >= _BYTES:
                    break
            good = response.status_code < 400
            return response.status_code, "" if good else f"{response.status_code} {response.reason_phrase}"
    except Retryable as error:
        return error.status, error.reason
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return None, str(error) or type(error).__name__


def last(data: Path) -> dict[str, dict[str, Any]]:
    """The newest probe of each database, by name. A line that was cut is of a probe that was stopped: there is none."""
    path = data / FILE
    lines = path.read_bytes().splitlines() if path.is_file() else []
    rows: dict[str, dict[str, Any]] = {}
    for line in filter(None, lines):
        with suppress(ValueError, TypeError, KeyError):
            row = json.loads(line)
            rows[row["name"]] = row
    return rows
