"""How long an answer may take, so that a server that sends a byte now and then cannot stall a run.

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
from lake.fetch.retry import Retryable

Options = Iterable[tuple[Any, ...]]


class ReadDeadline(threading.local):
    """What is being read in this thread. The arguments are those of [fetch] in lake.toml."""

    def __init__(self, settings: Fetch):
        self.settings = settings
        self.begin()

    def begin(self, request: httpx.Request | None = None) -> None:
        """A request is about to be sent, also one after a redirect."""
        self.waited = self.interval = 0.0  # seconds of waiting: in all, and in this interval
        self.started, self.received = False, 0  # bytes in this interval
        self.allowed = 2 * self.settings.timeout

    def answered(self) -> None:
        """The headers are complete."""
        self.allowed = self.settings.deadline

    def read(self, stream: httpcore.NetworkStream, most: int, timeout: float | None) -> bytes:
        """
        Raises:
            Retryable: it takes too long.
        """
        remaining, start = self.allowed - self.waited, time.monotonic()
        try:
            content = stream.read(most, max(0.001, min(remaining, timeout or remaining)))
        except httpcore.ReadTimeout:
            if timeout and timeout <= remaining:
                raise
            raise Retryable(f"the answer was not whole after {self.allowed:g} s") from None
        finally:
            elapsed = time.monotonic() - start
            self.waited += elapsed
        if self.waited > self.allowed:
            raise Retryable(f"the answer was not whole after {self.allowed:g} s")
        self._check_rate(elapsed, len(content))
        return content

    def _check_rate(self, seconds: float, size: int) -> None:
        if self.started:  # the server may take its time before the first byte
            self.interval += seconds
        self.started, self.received = True, self.received + size
        if self.interval < self.settings.timeout:
            return
        if self.received < self.settings.least_rate * self.interval and size:
            raise Retryable(f"the answer is too slow: {self.received:,} bytes in {self.interval:.3g} s")
        self.interval, self.received = 0.0, 0


def install(client: httpx.Client, deadline: ReadDeadline) -> None:
    """Hold all answers of a client to this deadline, also those that come through a proxy."""
    transports = (client._transport, *client._mounts.values())  # httpx has no public way to a network backend
    for transport in transports:
        if isinstance(transport, httpx.HTTPTransport):
            transport._pool._network_backend = _TimedBackend(transport._pool._network_backend, deadline)


class _TimedBackend(httpcore.NetworkBackend):
    def __init__(self, inner: httpcore.NetworkBackend, deadline: ReadDeadline):
        self._inner, self._deadline = inner, deadline

    def connect_tcp(self, *args: Any, **options: Any) -> httpcore.NetworkStream:
        return _TimedStream(self._inner.connect_tcp(*args, **options), self._deadline)

    def connect_unix_socket(self, *args: Any, **options: Any) -> httpcore.NetworkStream:
        return _TimedStream(self._inner.connect_unix_socket(*args, **options), self._deadline)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _TimedStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, deadline: ReadDeadline):
        self._inner, self._deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._deadline.read(self._inner, max_bytes, timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _TimedStream(self._inner.start_tls(ssl_context, server_hostname, timeout), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
