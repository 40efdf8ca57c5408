"""Threads that work for the hosts: a few for each, so that a slow host holds up no other."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

Job = Callable[[], None]


class Lanes:
    """At most ``width`` jobs at once for each host. The threads are daemons: one that waits for a silent server for a
    minute does not keep Ctrl-C waiting, as those of concurrent.futures would.
    """

    def __init__(self, width: int):
        self._width = width
        self._queues: dict[str, SimpleQueue[Job | None]] = defaultdict(SimpleQueue)
        self._threads: dict[str, list[Thread]] = defaultdict(list)

    def put(self, host: str, job: Job) -> None:
        """Do it when a thread of this host is free. A job must not raise."""
        self._queues[host].put(job)
        threads = self._threads[host]
        if len(threads) < self._width:
            threads.append(Thread(target=self._run, args=(self._queues[host],), daemon=True))
            threads[-1].start()

    @staticmethod
    def _run(queue: SimpleQueue[Job | None]) -> None:
        while job := queue.get():
            job()

    def close(self, patience: float) -> None:
        """End the threads, waiting for them ``patience`` seconds in all. Jobs that were not begun are still taken: they
        must see by themselves that they are not wanted any more."""
        for host, threads in self._threads.items():
            for _ in threads:
                self._queues[host].put(None)
        until = time.monotonic() + patience
        for thread in (thread for threads in self._threads.values() for thread in threads):
            thread.join(max(0.0, until - time.monotonic()))
