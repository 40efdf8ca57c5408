"""What gc frees beside old snapshots."""

from __future__ import annotations

import datetime
import subprocess
import sys
from contextlib import closing

import toy

from lake import config
from lake.build import run as building
from lake.store import blobs, fetch_log, gc, verify


def outcome(sha: str, kind: str, days: int) -> fetch_log.Outcome:
    at = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days)
    return fetch_log.Outcome("r", "s", sha[:6], "k", "csv", "https://x", at.isoformat(), kind, sha256=sha, bytes=3)


def test_refused_answers_are_freed_after_a_month_and_no_others(tmp_path):
    settings = config.load(toy.make(tmp_path))
    building.run(settings)
    put = {name: blobs.put(settings.data, name.encode()) for name in ("old", "new", "good", "both")}
    with closing(fetch_log.connect(settings.data, write=True)) as log:
        fetch_log.record(
            log,
            outcome(put["old"], "refused", 31),
            outcome(put["new"], "refused", 29),
            outcome(put["good"], "fetched", 400),
            outcome(put["both"], "fetched", 400),
            outcome(put["both"], "refused", 300),
        )
    told = gc.run(settings)
    assert told.refused == [str(blobs.path(settings.data, put["old"]).relative_to(settings.data))]
    assert gc.run(settings, apply=True).refused == told.refused
    assert {name for name, sha in put.items() if blobs.path(settings.data, sha).exists()} == {"new", "good", "both"}
    assert verify.run(settings).damaged == []
    blobs.path(settings.data, put["new"]).unlink()
    assert len(verify.run(settings).damaged) == 1


def test_what_a_killed_writer_left_beside_the_published_file_is_freed(tmp_path):
    settings = config.load(toy.make(tmp_path))
    building.run(settings)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = [tmp_path / f".lake.duckdb.{ended.pid}-9", tmp_path / f".lake.duckdb.{ended.pid}-9.wal"]
    for file in left:
        file.write_bytes(b"x" * 10)
    assert len(gc.run(settings).left) == 2
    assert all(file.exists() for file in left)
    gc.run(settings, apply=True)
    assert not any(file.exists() for file in left)
    assert gc.run(settings).nothing
