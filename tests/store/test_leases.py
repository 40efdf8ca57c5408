"""Leases: a snapshot that somebody has open is not freed, whoever that is and however they end."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import toy
from click.testing import CliRunner

import lake
from lake import config
from lake.build import run as building
from lake.cli import lake as command
from lake.errors import ConfigError
from lake.store import gc, leases

QUERY = "SELECT star, teff FROM seeds.stars ORDER BY star"
OPEN = """
import sys, lake
here = lake.open(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
print(here.snapshot, flush=True)
for _ in sys.stdin:
    print(here.sql("SELECT count(*) FROM seeds.stars").fetchone()[0], flush=True)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    made = toy.make(tmp_path_factory.mktemp("built") / "toy")
    building.run(config.load(made))
    return made


@pytest.fixture
def folder(built, tmp_path) -> Path:
    """A lake of one snapshot."""
    return toy.copy(built, tmp_path / "toy")


def newer(folder: Path) -> int:
    """One more snapshot, in which no table's files are those of the one before."""
    with (folder / "seeds/stars.csv").open("a") as file:
        file.write(f"star {time.time_ns()},4000\n")
    return building.run(config.load(folder), force=True).snapshot


def free(folder: Path) -> gc.Freed:
    return gc.run(config.load(folder), keep=1, apply=True)


@contextmanager
def reader(folder: Path, *at: str):
    """Another process that has a lake open, and reads it again when it is spoken to."""
    arguments = [sys.executable, "-c", OPEN, str(folder), *at]
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        process.snapshot = int(process.stdout.readline())
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def ask(process: subprocess.Popen) -> str:
    process.stdin.write("\n")
    process.stdin.flush()
    return process.stdout.readline()


def lease_files(folder: Path) -> list[Path]:
    return list((folder / "data/leases").glob("[0-9]*"))


# Other processes


@pytest.mark.long
def test_what_another_process_reads_stays_until_it_is_killed(folder):
    with reader(folder) as process:
        newer(folder)
        kept = free(folder)
        assert process.snapshot in kept.kept
        (holder,) = kept.in_use
        assert (holder.snapshot, holder.pid) == (process.snapshot, process.pid)
        assert holder.since.startswith("20")
        told = CliRunner().invoke(command, ["gc", "-C", str(folder), "--keep", "1"])
        assert f"snapshot {holder.snapshot} is in use by pid {process.pid} since {holder.since}" in told.output
        asked = CliRunner().invoke(command, ["gc", "-C", str(folder), "--keep", "1", "--json"])
        assert json.loads(asked.output)["in_use"][0]["pid"] == process.pid
        assert ask(process) == "2\n"
        os.kill(process.pid, 9)
        process.wait()
        assert len(lease_files(folder)) == 1
        assert gc.run(config.load(folder), keep=1).in_use == []
        assert len(lease_files(folder)) == 1  # without --apply nothing is touched
        freed = free(folder)
    assert process.snapshot in freed.snapshots
    assert lease_files(folder) == []
    with pytest.raises(ConfigError, match="no published snapshot is number"):
        lake.open(folder, process.snapshot)


def test_an_older_snapshot_and_its_door(folder):
    with lake.open(folder) as here:
        old = here.snapshot
        newer(folder)
    with reader(folder, str(old)) as process:
        free(folder)
        assert (folder / f"data/doors/{old}.duckdb").exists()
        assert ask(process) == "2\n"
        process.communicate()
        assert lease_files(folder) == []  # it ended in peace, though it never closed
    assert free(folder).left == [f"doors/{old}.duckdb"]


def test_the_shell_holds_one_too(folder):
    newer(folder)
    shell = [str(Path(sys.executable).parent / "lake"), "shell", "-C", str(folder)]
    process = subprocess.Popen(shell, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    process.stdin.write(".mode csv\n.headers off\nSELECT 1;\n")
    process.stdin.flush()
    assert process.stdout.readline() == "1\n"
    (holder,) = leases.held(config.load(folder))
    assert holder.pid == process.pid
    process.communicate()
    assert lease_files(folder) == []


# One process and its children


def test_closed_is_free_and_forgotten_is_closed(folder):
    here = lake.open(folder)
    rows = here.sql(QUERY).fetchall()
    newer(folder)
    assert here.snapshot in free(folder).kept
    assert here.sql(QUERY).fetchall() == rows
    here.close()
    here.close()
    assert lease_files(folder) == []
    assert here.snapshot in free(folder).snapshots
    here = lake.open(folder)
    assert len(lease_files(folder)) == 1
    del here
    assert lease_files(folder) == []


def test_several_readers_of_one_snapshot(folder):
    first, second = lake.open(folder), lake.open(folder)
    newer(folder)
    first.close()
    assert second.snapshot in free(folder).kept
    second.close()
    assert second.snapshot in free(folder).snapshots


def wait(lease: leases.Lease, go) -> None:
    go.wait(60)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_reads_on_after_its_parent_has_closed(folder):
    context = multiprocessing.get_context("fork")
    here, go = lake.open(folder), context.Event()
    child = context.Process(target=wait, args=(here.lease, go))
    child.start()
    newer(folder)
    here.close()
    assert here.snapshot in free(folder).kept
    assert len(lease_files(folder)) == 1
    go.set()
    child.join()
    assert here.snapshot in free(folder).snapshots
    assert lease_files(folder) == []


FORK = """
import os, sys, time, lake
here = lake.open(sys.argv[1])
if not (child := os.fork()):
    time.sleep(60)
    os._exit(0)
print(here.snapshot, child, flush=True)
os.kill(os.getpid(), 9)
"""


def test_a_forked_child_reads_on_after_its_parent_was_killed(folder):
    with subprocess.Popen([sys.executable, "-c", FORK, str(folder)], stdout=subprocess.PIPE, text=True) as parent:
        snapshot, child = map(int, parent.stdout.readline().split())
        parent.wait()
        newer(folder)
        assert snapshot in free(folder).kept
        os.kill(child, 9)
        parent.stdout.read()  # ends with the last process that had it
    assert snapshot in free(folder).snapshots


# Where there is none, and races


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting takes root")
def test_a_read_only_disk_opens_without_a_lease(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "none", str(place)], capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        building.run(config.load(toy.make(place)))
        for known in (False, True):  # whether a lease was ever taken there
            subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
            opens_without(place)
            assert (place / "data/leases").exists() == known
            subprocess.run(["mount", "-o", "remount,rw", str(place)], check=True)
            lake.open(place).close()
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_opens_without_a_lease(folder):
    places = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    try:
        for path in places:
            path.chmod(0o555)
        opens_without(folder)
    finally:
        for path in places:
            path.chmod(0o755)


def opens_without(folder: Path) -> None:
    with lake.open(folder) as here:
        assert here.lease.file is None
        assert len(here.sql(QUERY).fetchall()) == 2


def test_a_disk_without_flock(folder, monkeypatch):
    def refuse(handle, how):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("lake.store.leases.fcntl.flock", refuse)
    opens_without(folder)
    assert lease_files(folder) == []


def test_a_lease_of_a_snapshot_that_is_none_keeps_nothing(folder):
    settings = config.load(folder)
    (folder / "data/leases").mkdir()
    with leases.hold(settings, 999):
        assert 999 not in free(folder).kept


def test_a_lease_that_says_nothing_still_holds(folder):
    with lake.open(folder) as here:
        newer(folder)
        here.lease.file.write_text("")
        told = CliRunner().invoke(command, ["gc", "-C", str(folder), "--keep", "1", "--apply"])
        assert f"snapshot {here.snapshot} is in use by somebody" in told.output
        assert len(here.sql(QUERY).fetchall()) == 2


def test_nothing_is_freed_while_a_lake_is_opened(folder):
    settings = config.load(folder)
    with lake.open(folder) as here:
        old = here.snapshot
    newer(folder)
    result = []
    with leases.opening(settings):
        other = threading.Thread(target=lambda: result.append(free(folder)))
        other.start()
        time.sleep(0.5)
        assert result == []
        held = leases.hold(settings, old)
    other.join()
    assert old in result[0].kept
    held.close()


@pytest.mark.slow
def test_opening_and_freeing_at_once_gives_a_whole_snapshot_or_says_that_it_is_gone(folder):
    settings, read, gone = config.load(folder), [], []
    snapshots = [newer(folder) for _ in range(6)]
    stop = threading.Event()

    def opens() -> None:
        while not stop.is_set():
            for snapshot in (*snapshots, None):
                try:
                    with lake.open(folder, snapshot) as here:
                        read.append(len(here.sql(QUERY).fetchall()))
                except ConfigError as error:
                    gone.append(error)

    threads = [threading.Thread(target=opens) for _ in range(2)]
    for thread in threads:
        thread.start()
    for keep in (6, 5, 4, 3, 2, 1):
        gc.run(settings, keep=keep, apply=True)
    stop.set()
    for thread in threads:
        thread.join()
    assert read
    assert gone
    assert lease_files(folder) == []
