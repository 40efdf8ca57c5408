"""Ctrl-C and SIGTERM stop a command at once, whatever runs, with one line."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn, TypeVar

_PATIENCE = 2.0  # seconds for a command to end in peace
_NUMBERS = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
_listening = threading.Event()
_received: list[int] = []  # the signals that came
T = TypeVar("T")


def listen() -> None:
    """Let SIGTERM stop a command as Ctrl-C does: what it was writing is discarded, its locks are released.

    If it does not end in peace (a thread waits for a lock that an interrupted import holds; a pipe that nobody reads),
    it ends all the same: the lake outlives a kill -9. To call it again changes nothing.
    """
    if _listening.is_set():
        return
    _listening.set()

    def stop(number: int, frame: object) -> NoReturn:
        _received.append(number)
        raise KeyboardInterrupt

    def watch() -> None:
        while (number := os.read(reading, 1)[0]) not in _NUMBERS:
            pass
        time.sleep(_PATIENCE)
        end(number)

    def swallowed(unraisable: sys.UnraisableHookArgs) -> None:
        """An interrupt that came within a finaliser or a callback, out of which no exception comes."""
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            end()
        default_hook(unraisable)

    default_hook, sys.unraisablehook = sys.unraisablehook, swallowed
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)  # arrives even where Python's own handler has to wait
    threading.Thread(target=watch, daemon=True).start()
    for number, usual in _NUMBERS.items():
        if signal.getsignal(number) == usual:  # nohup and the like have reasons of their own
            signal.signal(number, stop)


def leave_to_child() -> None:
    """Let a program that has the terminal take Ctrl-C as it likes."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, lambda number, frame: None)


def heard() -> bool:
    """Whether a signal came: DuckDB, or a module that was just imported, makes an error of its own of it."""
    return bool(_received)


def end(number: int = signal.SIGINT) -> NoReturn:
    """Print that the command was stopped, and exit at once: a half-imported module may crash at teardown."""
    with suppress(OSError):
        sys.stderr.write("\nstopped: nothing is half done; the same command goes on from here\n")
        sys.stderr.flush()
    os._exit(128 + (_received[-1] if _received else number))


def stoppable(interrupt: Callable[[], None], work: Callable[[], T]) -> T:
    """Run a query in a thread, so that Ctrl-C can interrupt DuckDB, which does not listen for it."""
    from concurrent.futures import Future, wait

    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        wait([future])
        thread.join()  # it closes its connection as it ends; were Python ending too, DuckDB would abort
    except KeyboardInterrupt:
        while not future.done():
            interrupt()
            wait([future], 0.02)
        raise
    return future.result()
