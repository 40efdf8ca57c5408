"""One answer that trips its reader is that answer's failure: all others land, and nothing is left behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import odd
import pytest

from lake import config, fetch, land
from lake.cli import _lake_state
from lake.errors import StorageError
from lake.store import catalog

LIMITS = 'reader_memory = "200 MB"\nreader_seconds = 1'
FAULTS = {
    "error": "ValueError: an odd value",
    "unpicklable": "Local",
    "deep": "RecursionError",
    "memory": "memory",
    "panic": "Panic: as a library in Rust does",
    "interrupt": "KeyboardInterrupt",
    "exit": "SystemExit",
    "leave": "ended by itself",
    "abort": "SIGABRT",
    "kill": "SIGKILL",
    "fault": "SIGSEGV",
    "hang": "more than 1 s",
    "spin": "more than 1 s",
    "lost": "would be lost",
    "cells": "of columns that it does not have: no",
    "unreadable": "it is odd",
    "nothing": "found nothing in it",
}
OLDER = [("ops.landings", "traceback"), ("ops.landings", "cells"), ("raw.rejects", "column_name")]
ARGUMENTS = {"lost": "lost 1", "cells": "cells no"}


def rows(settings, sql: str) -> list[tuple]:
    with catalog.session(settings) as connection:
        return connection.execute(sql).fetchall()


def answers(faults: Sequence[str]) -> dict[str, str]:
    """Of each fault an answer that trips after it gave rows, between good ones."""
    bad = {fault: ("" if fault == "nothing" else "rows 5\n") + ARGUMENTS.get(fault, fault) for fault in faults}
    good = {f"{fault}{n}": f"rows {n}\nothers 1\nrejects 2" for n, fault in enumerate(faults)}
    return dict(sorted((bad | good).items()))


@pytest.mark.long
@pytest.mark.parametrize(
    ("faults", "many"),
    [
        pytest.param(["abort", "cells", "error", "lost", "memory", "spin", "unreadable"], True, id="some"),
        pytest.param([*FAULTS], False, id="one by one", marks=pytest.mark.slow),
        pytest.param([*FAULTS], True, id="many", marks=pytest.mark.slow),
    ],
)
def test_an_answer_that_trips_its_reader_is_its_own_failure(tmp_path, monkeypatch, faults, many):
    odd.install(tmp_path / "package", monkeypatch, many=many)
    settings = odd.lake(tmp_path, answers(faults), LIMITS)
    summary = land.run(settings)
    reasons = {one["resource"]: one["reason"] for one in summary.unreadable}
    assert reasons.keys() == set(faults)
    assert [fault for fault in faults if FAULTS[fault] not in reasons[fault]] == []
    assert summary.unreadable[0]["url"] == f"https://odd.example/{summary.unreadable[0]['resource']}"
    assert all(len(one["blob"]) == 64 and one["source"] == "odd" for one in summary.unreadable)
    n = len(faults)
    landed = rows(settings, "SELECT _resource, count(*) FROM raw.odd_rows GROUP BY 1")
    assert dict(landed) == {f"odd/{fault}{n}": n for n, fault in enumerate(faults) if n}
    assert rows(settings, "SELECT count(*), count(DISTINCT _resource) FROM raw.odd_others") == [(n, n)]
    assert rows(settings, "SELECT count(*), count(DISTINCT _resource) FROM raw.rejects") == [(2 * n, n)]
    tally = summary.tallies["odd"]
    good = n * (n - 1) // 2 + n
    assert (tally.blobs, tally.seen, tally.landed, tally.rejected) == (2 * n, good + 2 * n, good, 2 * n)
    traces = dict(rows(settings, "SELECT resource, traceback FROM ops.landings WHERE status = 'unreadable'"))
    said = {"unreadable", "nothing", "lost", "cells"}  # by the reader or the landing itself: no place to tell of
    assert all(trace is None for fault, trace in traces.items() if fault in said)
    for fault in {"error", "deep", "memory", "panic", "abort", "fault", "hang", "spin"}.intersection(faults):
        assert "odd_source.py" in traces[fault]
    again = land.run(settings)  # they are not tried again by the same reader, and are told again
    assert again.tallies["odd"].blobs == 0
    assert again.unreadable == summary.unreadable
    assert list((settings.data / "tmp").iterdir()) == []


def test_a_cell_that_cannot_be_taken_costs_the_cell_alone(tmp_path, monkeypatch):
    odd.install(tmp_path / "package", monkeypatch)
    settings = odd.lake(tmp_path, {"a": "cells word\nrejects 1"}, LIMITS)
    tally = land.run(settings).tallies["odd"]
    assert (tally.seen, tally.landed, tally.rejected, tally.cells) == (3, 2, 1, 1)
    columns = "table_name, record, column_name, reason, content, _resource"
    assert rows(settings, f"SELECT {columns} FROM raw.rejects ORDER BY record") == [
        ("odd_rows", 0, None, "odd", "0", "odd/a"),
        ("odd_rows", 1, "word", "odd", "inf", "odd/a"),
    ]
    assert rows(settings, "SELECT seen, landed, rejected, cells FROM ops.landings") == [(3, 2, 1, 1)]


@pytest.mark.long
def test_a_lake_made_before_gets_the_new_columns(tmp_path, monkeypatch):
    odd.install(tmp_path / "package", monkeypatch)
    settings = odd.lake(tmp_path, {"a": "rows 2\nrejects 1", "b": "unreadable"}, LIMITS)
    land.run(settings)
    with catalog.write_session(settings) as connection:
        for table, column in OLDER:
            connection.execute(f'ALTER TABLE {table} DROP COLUMN "{column}"')
    assert [one["resource"] for one in _lake_state.unreadable(settings)] == ["b"]
    land.run(settings)
    for table, column in OLDER:
        rows(settings, f'SELECT "{column}" FROM {table}')
    assert rows(settings, "SELECT count(*) FROM raw.odd_rows") == [(2,)]
    assert rows(settings, "SELECT count(*) FROM raw.rejects") == [(1,)]


@pytest.mark.long
def test_the_rows_of_the_last_good_answer_stay(tmp_path, monkeypatch):
    odd.install(tmp_path / "package", monkeypatch)
    settings = odd.lake(tmp_path, {"a": "rows 2"}, LIMITS)
    land.run(settings)
    odd.lake(tmp_path, {"a": "rows 9\nabort"}, LIMITS)
    fetch.run(settings, force=True)
    summary = land.run(settings)
    assert [one["resource"] for one in summary.unreadable] == ["a"]
    assert rows(settings, "SELECT count(*) FROM raw.odd_rows") == [(2,)]


@pytest.mark.long
def test_a_command_says_so_with_exit_code_4_and_status_names_it(tmp_path, monkeypatch):
    odd.install(tmp_path / "package", monkeypatch)
    odd.lake(tmp_path, {"a": "rows 1", "b": "error"}, LIMITS)
    done = command(tmp_path, "land")
    assert done.returncode == 4
    assert "unreadable: odd/b: its reader failed: ValueError: an odd value" in done.stderr
    status = command(tmp_path, "status", "--failed")
    assert "odd/b" in status.stdout
    assert "an odd value" in status.stdout
    assert "nothing failed" not in status.stdout
    [told] = json.loads(command(tmp_path, "status", "--json").stdout)["unreadable"]
    assert (told["resource"], told["reason"].split(":")[0]) == ("b", "its reader failed")
    assert "odd_source.py" in told["traceback"]


@pytest.mark.long
def test_what_a_reader_prints_is_not_printed(tmp_path, monkeypatch):
    odd.install(tmp_path / "package", monkeypatch)
    odd.lake(tmp_path, {"a": "noise\nrows 1"}, LIMITS)
    done = command(tmp_path, "land", "--json")
    assert done.returncode == 0
    assert "noise" not in done.stdout + done.stderr


@pytest.mark.long
def test_a_full_disk_is_no_fault_of_an_answer(tmp_path, monkeypatch):
    """Nothing is recorded as unreadable; the landing ends with the disk's error."""
    odd.install(tmp_path / "package", monkeypatch)
    settings = odd.lake(tmp_path, {"a": "rows 1"}, LIMITS)
    land.run(settings, ["odd"])
    odd.mirror(tmp_path, {"a": "rows 2"})
    fetch.run(settings, force=True)
    tmp = settings.data / "tmp"
    shutil.rmtree(tmp, ignore_errors=True)
    tmp.write_text("no folder")
    with pytest.raises(StorageError):
        land.run(settings)
    tmp.unlink()
    assert rows(settings, "SELECT status, count(*) FROM ops.landings GROUP BY 1") == [("landed", 1)]
    assert land.run(settings).tallies["odd"].landed == 2


@pytest.mark.long
@pytest.mark.parametrize("many", [False, True], ids=["one by one", "together"])
def test_a_disk_that_is_full_while_rows_are_spooled_ends_the_landing_and_blames_no_answer(tmp_path, monkeypatch, many):
    odd.install(tmp_path / "package", monkeypatch, many=many)
    settings = odd.lake(tmp_path, {"a": "full\nrows 5", "b": "rows 1"}, LIMITS)
    with pytest.raises(StorageError, match="spooled"):
        land.run(settings)
    assert rows(settings, "SELECT * FROM ops.landings WHERE status = 'unreadable'") == []
    odd.mirror(tmp_path, {"a": "rows 5"})
    fetch.run(settings, force=True)
    tally = land.run(settings).tallies["odd"]
    assert (tally.seen, tally.landed) == (6, 6)


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_landing_leaves_no_process(tmp_path, monkeypatch, number):
    odd.install(tmp_path / "package", monkeypatch)
    odd.lake(tmp_path, {"a": "hang"}, "reader_seconds = 600")
    process = start(tmp_path, "land")
    until(lambda: children(process.pid))
    time.sleep(1)  # it has begun to read
    [child] = children(process.pid)
    process.send_signal(number)
    process.wait(20)
    process.communicate()
    until(lambda: not alive(child))
    odd.mirror(tmp_path, {"a": "rows 1"})
    settings = config.load(tmp_path)
    fetch.run(settings, force=True)
    assert land.run(settings).tallies["odd"].landed == 1
    assert list((settings.data / "tmp").glob("spool-*")) == []


def test_a_source_of_which_nothing_came_is_landed_anew(tmp_path, monkeypatch):
    odd.install(tmp_path / "package", monkeypatch)
    settings = odd.lake(tmp_path, {})
    assert land.run(settings, force=True).tallies == {}
    assert rows(settings, "SELECT count(*) FROM raw.odd_rows") == [(0,)]


def start(folder: Path, *arguments: str) -> subprocess.Popen:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(folder / "package")])}
    line = [sys.executable, "-m", "lake", *arguments, "-C", str(folder)]
    return subprocess.Popen(line, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    process = start(folder, *arguments)
    out, err = process.communicate(timeout=120)
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def children(pid: int) -> list[int]:
    found = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(child) for child in file.read_text().split()]
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(condition, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def test_the_process_of_the_readers_starts_with_little():
    """It is started by each landing that reads: what an answer needs is imported when it is read."""
    code = "import sys, lake.land.worker; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"pydantic", "duckdb", "numpy", "pyarrow", "xarray", "astropy"}.isdisjoint(modules)
