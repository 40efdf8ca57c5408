"""Ctrl-C and SIGTERM: heard at once, whatever runs, and answered by one line."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn, TypeVar

import click

if TYPE_CHECKING:
    import duckdb

_PATIENCE = 1.0  # seconds for a query to end in peace
_asked: list[int] = []  # the signals that came
T = TypeVar("T")


def listen() -> None:
    """Let SIGTERM stop a command as Ctrl-C does: what it writes is given up, what it locked is free."""

    def stop(number: int, frame: object) -> NoReturn:
        _asked.append(number)
        raise KeyboardInterrupt

    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL)):
        if signal.getsignal(number) == usual:  # nohup and the like have reasons of their own
            signal.signal(number, stop)


def heard() -> bool:
    """Whether a signal came: DuckDB, or a module that was just imported, makes an error of its own of it."""
    return bool(_asked)


def end() -> NoReturn:
    """Say that the command was stopped, and leave at once: a module half imported may crash when it is torn down."""
    click.echo("\nstopped: the lake is as it was; the same command goes on from here", err=True)
    sys.stderr.flush()
    os._exit(128 + (_asked[-1] if _asked else signal.SIGINT))


def stoppable(connection: duckdb.DuckDBPyConnection, work: Callable[[], T]) -> T:
    """Use a connection in a thread, so that Ctrl-C is heard also where DuckDB does not listen; it interrupts the work.

    If the work does not end then (it writes to a pipe that nobody reads), the process does: for readers only.
    """
    from concurrent.futures import Future, wait
    from threading import Thread

    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    Thread(target=run, daemon=True).start()
    try:
        return future.result()
    except KeyboardInterrupt:
        until = time.monotonic() + _PATIENCE
        while not future.done() and time.monotonic() < until:
            connection.interrupt()
            wait([future], 0.02)
        if not future.done():
            end()
        raise
