"""A few threads for each host, so that a slow host delays no other."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

Task = Callable[[], None]


class HostPool:
    """At most ``width`` tasks at once for each host. The threads are daemons: one that waits for a silent server for a
    minute does not keep Ctrl-C waiting, as those of concurrent.futures would.
    """

    def __init__(self, width: int):
        self._width = width
        self._queues: dict[str, SimpleQueue[Task | None]] = defaultdict(SimpleQueue)
        self._threads: dict[str, list[Thread]] = defaultdict(list)

    def put(self, host: str, task: Task) -> None:
        """Run it when a thread of this host is free. A task must not raise."""
        self._queues[host].put(task)
        threads = self._threads[host]
        if len(threads) < self._width:
            threads.append(Thread(target=self._run, args=(self._queues[host],), daemon=True))
            threads[-1].start()

    @staticmethod
    def _run(queue: SimpleQueue[Task | None]) -> None:
        while task := queue.get():
            task()

    def close(self, timeout: float) -> None:
        """End the threads, waiting for them ``timeout`` seconds in all. Tasks that have not started still run: they
        must check by themselves whether the run was stopped."""
        for host, threads in self._threads.items():
            for _ in threads:
                self._queues[host].put(None)
        deadline = time.monotonic() + timeout
        for thread in (thread for threads in self._threads.values() for thread in threads):
            thread.join(max(0.0, deadline - time.monotonic()))
