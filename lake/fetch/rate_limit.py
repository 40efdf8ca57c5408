"""How often a host may be asked: evenly spaced, never in bursts, and not at all while it asks for a pause."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from threading import Event
from urllib.parse import urlsplit

from lake.errors import Interrupted

MAX_SILENT = 10  # resources in a row that a host did not answer, each after all its attempts: then it is given up


def host(url: str, mirror: str = "") -> str:
    """The host and port that a request for this URL goes to; empty where the mirror is a folder."""
    if mirror and not mirror.startswith(("http://", "https://")):
        return ""
    return urlsplit(mirror or url).netloc.rpartition("@")[2].lower()


def stoppable_sleep(stop: Event) -> Callable[[float], None]:
    """A ``sleep(seconds)`` that raises Interrupted as soon as ``stop`` is set."""

    def sleep(seconds: float) -> None:
        if stop.wait(seconds) if seconds > 0 else stop.is_set():
            raise Interrupted("the fetch was stopped")

    return sleep


class RateLimiter:
    """Shared by all threads of a run.

    Args:
        sleep: see `stoppable_sleep`.
        limited: False for a folder or a mirror on this machine, which nobody else waits for.
    """

    def __init__(self, sleep: Callable[[float], None], *, limited: bool = True):
        self.sleep = sleep
        self.limited = limited
        self._lock = threading.Lock()
        self._next: dict[str, float] = {}  # host -> when it may be asked again
        self._paused: dict[str, float] = {}
        self._silent: Counter[str] = Counter()

    def wait(self, host: str, rate: float) -> None:
        """Return when it is this request's turn: 1/rate seconds after the last one to the host, whoever sent it."""
        if not self.limited or rate <= 0:
            self.sleep(0)
            return
        seconds = 1.0
        while seconds:  # who wakes late under load shortens nobody's distance: a turn is taken only once it has come
            seconds = self._turn(host, 1 / rate)
            self.sleep(seconds)

    def _turn(self, host: str, distance: float) -> float:
        """Seconds until the host may be asked; 0 if it may be asked now, and then this was the turn."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next.get(host, now), self._paused.get(host, now))
            if turn == now:
                self._next[host] = now + distance
            return turn - now

    def pause(self, host: str, seconds: float) -> None:
        """The host asked for a pause (Retry-After)."""
        with self._lock:
            self._paused[host] = max(self._paused.get(host, 0), time.monotonic() + seconds)

    def record(self, host: str, *, answered: bool) -> None:
        """Record whether the host answered a resource, with whatever it was, within all its attempts."""
        with self._lock:
            self._silent[host] = 0 if answered else self._silent[host] + 1

    def give_up(self, host: str) -> None:
        """The host asked for a pause that is too long to wait for: it is not asked again in this run."""
        with self._lock:
            self._silent[host] = MAX_SILENT

    def is_down(self, host: str) -> bool:
        """Whether asking the host once more, with all attempts and their waits, is of no use in this run."""
        return self._silent[host] >= MAX_SILENT
