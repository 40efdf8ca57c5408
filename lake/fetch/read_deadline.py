"""How long an answer may take: a server that sends a byte now and then holds up no run.

Only time in which a read waits counts. Headers must be whole within twice ``timeout``, and the whole answer within
``deadline``; from its first byte on it brings ``least_rate`` bytes a second over each ``timeout``.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from lake.config import Fetch
from lake.fetch.retry import TryAgain

Options = Iterable[tuple[Any, ...]]


class Pace(threading.local):
    """What is being read in this thread. The arguments are those of [fetch] in lake.toml."""

    def __init__(self, settings: Fetch):
        self.settings = settings
        self.begin()

    def begin(self, request: httpx.Request | None = None) -> None:
        """A request is about to be sent, also one after a redirect."""
        self.spent = self.stretch = 0.0  # seconds of waiting
        self.began, self.came = False, 0  # bytes in this stretch
        self.allowed = 2 * self.settings.timeout

    def answered(self) -> None:
        """Its headers are here."""
        self.allowed = self.settings.deadline

    def read(self, stream: httpcore.NetworkStream, most: int, timeout: float | None) -> bytes:
        """
        Raises:
            TryAgain: it takes too long.
        """
        left, began = self.allowed - self.spent, time.monotonic()
        try:
            content = stream.read(most, max(0.001, min(left, timeout or left)))
        except httpcore.ReadTimeout:
            if timeout and timeout <= left:
                raise
            raise TryAgain(f"the answer was not whole after {self.allowed:g} s") from None
        finally:
            took = time.monotonic() - began
            self.spent += took
        if self.spent > self.allowed:
            raise TryAgain(f"the answer was not whole after {self.allowed:g} s")
        self._keep_up(took, len(content))
        return content

    def _keep_up(self, seconds: float, size: int) -> None:
        if self.began:  # before the first byte it may think
            self.stretch += seconds
        self.began, self.came = True, self.came + size
        if self.stretch < self.settings.timeout:
            return
        if self.came < self.settings.least_rate * self.stretch and size:
            raise TryAgain(f"the answer is too slow: {self.came:,} bytes in {self.stretch:.3g} s")
        self.stretch, self.came = 0.0, 0


def keep(client: httpx.Client, pace: Pace) -> None:
    """Read all answers of a client at this pace, also those that come through a proxy."""
    transports = (client._transport, *client._mounts.values())  # httpx has no public way to a network backend
    for transport in transports:
        if isinstance(transport, httpx.HTTPTransport):
            transport._pool._network_backend = _Backend(transport._pool._network_backend, pace)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, inner: httpcore.NetworkBackend, pace: Pace):
        self._inner, self._pace = inner, pace

    def connect_tcp(self, *args: Any, **options: Any) -> httpcore.NetworkStream:
        return _Stream(self._inner.connect_tcp(*args, **options), self._pace)

    def connect_unix_socket(self, *args: Any, **options: Any) -> httpcore.NetworkStream:
        return _Stream(self._inner.connect_unix_socket(*args, **options), self._pace)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, pace: Pace):
        self._inner, self._pace = inner, pace

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._pace.read(self._inner, max_bytes, timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout), self._pace)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
