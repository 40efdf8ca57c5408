"""Retries with exponential, jittered backoff, or after as long as the archive asks for (Retry-After)."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import TypeVar

STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
MAX_BACKOFF = 60.0  # seconds between two attempts, when the archive names no time
MAX_RETRY_AFTER = 600.0  # seconds; a longer Retry-After ends it for this run: the next run asks again
YEAR = 366 * 86400.0  # seconds
T = TypeVar("T")


class Retryable(Exception):
    """The request failed in a way that another attempt may mend."""

    def __init__(self, reason: str, *, status: int | None = None, after: float | None = None):
        super().__init__(reason)
        self.reason, self.status, self.after = reason, status, after


def with_retries(work: Callable[[], T], *, attempts: int, backoff: float, sleep: Callable[[float], None]) -> T:
    """``work()``, retried while it raises Retryable, at most ``attempts`` times in all.

    Raises:
        Retryable: the last one.
    """
    from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

    def should_retry(error: BaseException) -> bool:
        return isinstance(error, Retryable) and (error.after is None or error.after <= MAX_RETRY_AFTER)

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, Retryable) and error.after is not None:
            return error.after
        exponential: float = backoff * 2 ** (state.attempt_number - 1)
        return min(MAX_BACKOFF, exponential) + random.uniform(0, backoff)

    retrying = Retrying(
        stop=stop_after_attempt(attempts), retry=retry_if_exception(should_retry), wait=wait, sleep=sleep, reraise=True
    )
    return retrying(work)


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
