"""Trying again: with exponentially growing, jittered waits, or as long as the archive asks for."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import TypeVar

STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
LONGEST = 60.0  # seconds between two tries, when the archive names no time
PATIENCE = 600.0  # a Retry-After beyond this ends it for this run: the next run asks again
YEAR = 366 * 86400.0  # seconds
T = TypeVar("T")


class TryAgain(Exception):
    """No answer that could be judged, and another try may bring one."""

    def __init__(self, reason: str, *, status: int | None = None, after: float | None = None):
        super().__init__(reason)
        self.reason, self.status, self.after = reason, status, after


def persistently(work: Callable[[], T], *, attempts: int, backoff: float, sleep: Callable[[float], None]) -> T:
    """``work()``, again as long as it raises TryAgain, at most ``attempts`` times in all.

    Raises:
        TryAgain: the last one.
    """
    from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

    def worth_it(error: BaseException) -> bool:
        return isinstance(error, TryAgain) and (error.after is None or error.after <= PATIENCE)

    def wait(state: RetryCallState) -> float:
        after = state.outcome.exception().after
        growing = min(LONGEST, backoff * 2 ** (state.attempt_number - 1))
        return growing + random.uniform(0, backoff) if after is None else after

    tries = Retrying(
        stop=stop_after_attempt(attempts), retry=retry_if_exception(worth_it), wait=wait, sleep=sleep, reraise=True
    )
    return tries(work)


def retry_after(value: str | None) -> float | None:
    """A Retry-After header as seconds from now, `YEAR` at most; None where there is none or it is neither seconds nor a
    date.

    >>> retry_after("120"), retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), retry_after("soon"), retry_after("²")
    (120.0, 0.0, None, None)
    """
    text = (value or "").strip()
    if text.isascii() and text.isdecimal():
        return min(YEAR, float(text))
    try:
        after = parsedate_to_datetime(text).timestamp() - time.time()
    except Exception:  # it is any server's text, and what the parser makes of some is an error of another kind
        return None
    return min(YEAR, max(0.0, after))
