"""Readers run in a process of their own, which can be ended: `lake.land.worker`, seen from the landing.

It is started when there is something to read, reads one answer after the other, and is started again where one ended
it. An answer ends a process by its memory, its time, or a crash; if that process had read others before, the answer is
read once more in a new one before it is blamed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from itertools import count, groupby
from multiprocessing import Pipe
from pathlib import Path
from types import TracebackType

from lake import sources
from lake.config import Config
from lake.errors import LakeError, StorageError, Unreadable
from lake.land.job import Job, Reading
from lake.land.worker import Settings, Task
from lake.sources.contract import ReadsMany
from lake.store import blobs

BATCH = 500  # answers that a source's `read_many` is given at once
_MORE = 10 * 10**6  # bytes of an answer for which its reader gets the time of [limits] reader_seconds once more
_IDLE = 5
_PATIENCE = 2.0  # seconds for a process to say where it is
_TEXT = 8_000  # characters that are kept of what a process said when it died
_MEMORY = {"ARROW_DEFAULT_MEMORY_POOL": "system"}  # Arrow's own would set 1 GB aside, which counts as held
_START = (
    "import sys; sys.path[:] = {path!r}; import lake.sources; lake.sources.__path__[:] = {sources!r}; "
    "from lake.land.worker import main; main({descriptor})"
)


def _cpu_seconds(pid: int) -> float:
    """What a process has used; where the system does not tell, the time that passes."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return time.monotonic()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class _Ended(Exception):
    """The process ended before it had read all of its task."""

    def __init__(self, reason: str, output: str, *, slow: bool = False):
        self.reason, self.output, self.slow = reason, output, slow


class _Process:
    """A running `lake.land.worker`."""

    def __init__(self) -> None:
        self._connection, theirs = Pipe()
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        code = _START.format(path=sys.path, sources=list(sources.__path__), descriptor=theirs.fileno())
        self._popen = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            env=os.environ | _MEMORY,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()

    def configure(self, config: Config) -> None:
        """Send the settings, and wait until the process is ready.

        Raises:
            LakeError: it does not start.
        """
        try:
            self._connection.send(Settings(config.data, config.limits.reader_memory, config.limits.storage))
            self._connection.recv()
        except (EOFError, OSError):
            raise LakeError("the process of the readers does not start", why=self.crash().output) from None

    def send(self, task: Task) -> None:
        self._connection.send(task)

    def receive(self, seconds: float, size_limit: float) -> Reading:
        """The next reading.

        Args:
            seconds: how long it may take.
            size_limit: the share of it that belongs to this answer, for the error.

        Raises:
            _Ended: the process takes too long, and was killed. EOFError, OSError: it is gone.
        """
        if not self._answers_within(seconds):
            raise self._too_slow(size_limit)
        reading: Reading = self._connection.recv()
        return reading

    def _answers_within(self, limit: float) -> bool:
        """Whether the process sends something before it used that many seconds of CPU, or waited for `_IDLE` times as
        long: on a busy machine a reader is slow through no fault of its answer."""
        began, used = time.monotonic(), _cpu_seconds(self._popen.pid)
        while not self._connection.poll(min(limit / 4, 1.0)):
            if _cpu_seconds(self._popen.pid) - used > limit or time.monotonic() - began > _IDLE * limit:
                return False
        return True

    def _too_slow(self, limit: float) -> _Ended:
        self._popen.send_signal(signal.SIGUSR1)  # it writes down where it is
        self._connection.poll(min(_PATIENCE, limit / 10))
        self._popen.kill()
        self._popen.wait()
        reason = f"its reader took more than {limit:.3g} s, which [limits] reader_seconds allows for its size"
        return _Ended(reason, self._last_output(), slow=True)

    def crash(self) -> _Ended:
        """How the process ended by itself, once it did."""
        code = self._popen.wait()
        how = signal.Signals(-code).name if code < 0 else f"itself, with exit code {code}"
        return _Ended(f"the process of its reader was ended by {how}", self._last_output())

    def _last_output(self) -> str:
        size = os.fstat(self._output.fileno()).st_size
        return os.pread(self._output.fileno(), _TEXT, max(0, size - _TEXT)).decode("utf-8", "replace")

    def end(self) -> None:
        self._popen.kill()
        self._popen.wait()
        self._connection.close()
        self._output.close()


class Readers:
    """The readers of a landing. A context manager: on exit no process is left running."""

    def __init__(self, config: Config):
        self._config = config
        self._process: _Process | None = None
        self._done = 0  # answers that the process, or the last one, has read
        self._numbers, self._tasks = count(1), count(1)

    def __enter__(self) -> Readers:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end()

    def read(self, jobs: list[Job], folder: Path) -> Iterator[tuple[Job, Reading]]:
        """Read answers; their rows go into files below the folder. In order, each answer once.

        Raises:
            StorageError: the disk is full or read-only.
        """
        for source, group in groupby(jobs, key=lambda job: job.source):
            rest = list(group)
            if not isinstance(sources.get(source), ReadsMany):
                yield from self._one_by_one(rest, folder)
                continue
            for start in range(0, len(rest), BATCH):
                batch = rest[start : start + BATCH]
                yield from self._together(batch, folder) or self._one_by_one(batch, folder)

    def _together(self, jobs: list[Job], folder: Path) -> list[tuple[Job, Reading]]:
        """Many at once; nothing where that went wrong, by whichever of them."""
        try:
            return list(zip(jobs, self._readings(jobs, folder, together=True), strict=True))
        except (_Ended, ValueError):
            self._end()
            return []

    def _one_by_one(self, jobs: list[Job], folder: Path) -> Iterator[tuple[Job, Reading]]:
        rest = deque(jobs)
        while rest:
            try:
                for reading in self._readings(list(rest), folder):
                    if reading.last and reading.error and self._done > 1:
                        break  # the answers that this process read before may have had a part in it
                    yield rest.popleft(), reading
            except _Ended as ended:
                if ended.slow or not self._done:
                    error = Unreadable(ended.reason, where=rest[0].resource.url)
                    yield rest.popleft(), Reading(0, error=error, traceback=ended.output or None)
                self._end()

    def _readings(self, jobs: list[Job], folder: Path, *, together: bool = False) -> Iterator[Reading]:
        """The process's readings of these answers, in order; they stop after one that is the process's last.

        Raises:
            _Ended: the process is gone. StorageError: the disk is full or read-only.
        """
        process = self._running()
        module = sources.get(jobs[0].source).__name__
        seconds = [self._seconds(job) for job in jobs]
        numbered = [(next(self._numbers), job, blobs.path(self._config.data, job.blob)) for job in jobs]
        try:
            process.send(Task(module, folder / str(next(self._tasks)), numbered, together))
            for limit in seconds:
                reading = process.receive(sum(seconds) if together else limit, limit)
                if isinstance(reading.error, StorageError):
                    raise reading.error
                self._done += 1
                if reading.last:
                    self._end()
                yield reading
                if reading.last:
                    return
        except (EOFError, OSError):
            raise process.crash() from None

    def _seconds(self, job: Job) -> float:
        size = blobs.path(self._config.data, job.blob).stat().st_size
        return self._config.limits.reader_seconds * (1 + size / _MORE)

    def _running(self) -> _Process:
        """The process, started where there is none."""
        if not self._process:
            self._process = _Process()
            self._done = 0
            self._process.configure(self._config)
        return self._process

    def _end(self) -> None:
        """End the process, if there is one."""
        if self._process:
            self._process.end()
            self._process = None
