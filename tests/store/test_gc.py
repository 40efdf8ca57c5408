"""What gc frees beside old snapshots."""

from __future__ import annotations

import datetime
import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest
import toy
import xarray as xr

from lake import config
from lake.build import run as building
from lake.sources.contract import Cube
from lake.store import blobs, catalog, checksums, copies, cubes, damage, fetch_log, gc, manifests, tags, verify


def outcome(sha: str, kind: str, days: int) -> fetch_log.Outcome:
    at = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days)
    return fetch_log.Outcome("r", "s", sha[:6], "k", "csv", "https://x", at.isoformat(), kind, sha256=sha, bytes=3)


@pytest.mark.long
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


def test_a_cube_stays_while_any_kept_snapshot_names_it(tmp_path):
    settings = config.load(toy.make(tmp_path))

    def named(value: float) -> str:
        digest = cubes.write(settings.data, Cube(xr.Dataset({"t": ("x", np.full(9, value))}), {}), memory=10**8).digest
        with catalog.write_session(settings) as connection:
            place = f"{catalog.ALIAS}.raw.cubes"
            rows = f"CREATE SCHEMA IF NOT EXISTS raw; CREATE OR REPLACE TABLE {place} AS SELECT '{digest}' AS digest"
            catalog.commit(connection, lambda: connection.execute(rows), kind="publish", message="cubes")
        return digest

    tagged = named(1.0)
    tags.add(settings, "v1")
    gone, newest = named(2.0), named(3.0)
    told = gc.run(settings, keep=1)
    assert told.cubes == [f"cubes/{gone}"]
    assert told.bytes >= sum(file.stat().st_size for file in cubes.path(settings.data, gone).rglob("*.*"))
    assert gc.run(settings, keep=1, apply=True).cubes == told.cubes
    assert not cubes.path(settings.data, gone).exists()
    cubes.verify(settings.data, tagged)
    cubes.verify(settings.data, newest)
    assert gc.run(settings, keep=1).nothing


def test_the_bytes_of_a_refused_answer_that_lie_in_another_folder_are_freed_too(tmp_path):
    settings = config.load(toy.make(tmp_path / "lake"))
    building.run(settings)
    (settings.data / "partial").mkdir(exist_ok=True)
    (temporary := settings.data / "partial/x").write_bytes(b"old")
    sha = blobs.put(tmp_path / "elsewhere", b"old")
    link = blobs.adopt(settings.data, temporary, sha, tmp_path / "domain")
    home = link.resolve()
    assert home.is_relative_to(tmp_path / "domain")
    with closing(fetch_log.connect(settings.data, write=True)) as log:
        fetch_log.record(log, outcome(sha, "refused", 31))
    assert len(gc.run(settings, apply=True).refused) == 2
    assert not link.is_symlink()
    assert not home.exists()


def test_what_is_told_to_be_freed_is_what_the_disk_gets_back(tmp_path):
    (tmp_path / "folder/below").mkdir(parents=True)
    (tmp_path / "one").write_bytes(b"x" * 10)
    (tmp_path / "folder/below/two").write_bytes(b"x" * 200)
    (tmp_path / "restored").write_bytes(b"x" * 3000)
    (tmp_path / "restored again").hardlink_to(tmp_path / "restored")
    assert gc._bytes(tmp_path, ["one", "folder", "restored", "gone"]) == 210


@pytest.mark.long
def test_copies_that_cannot_be_renewed_are_no_failure_of_what_was_freed(tmp_path, monkeypatch):
    settings = config.load(toy.make(tmp_path))
    building.run(settings)
    building.run(settings, force=True)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(copies, "renew", full)
    freed = gc.run(settings, keep=1, apply=True)
    assert freed.applied
    assert freed.snapshots
    assert freed.files
    gone = {*freed.files, *freed.orphans}
    assert gone & checksums.known(settings.data).keys() == set()
    assert [file for file in gone if (settings.data / file).exists() or copies.of(settings, file).exists()] == []
    assert set(manifests.known(settings)) & set(freed.snapshots) == set()


@pytest.mark.long
def test_a_manifest_that_was_freed_is_not_missed_where_the_catalog_cannot_be_asked(tmp_path):
    settings = config.load(toy.make(tmp_path))
    building.run(settings)
    building.run(settings, force=True)
    gc.run(settings, keep=1, apply=True)
    assert list(damage.of_manifests(settings)) == []
    (settings.data / copies.CATALOG).write_bytes(b"no database" * 100)
    assert list(damage.of_manifests(settings)) == []
    assert [one.path for one in damage.of_catalog(settings)] == [copies.CATALOG]
