"""What a command says is kept is on the disk, and no two that write at once lose each other's work."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import toy
import xarray as xr

from lake import config
from lake.build import run as building
from lake.errors import StorageError
from lake.sources.contract import Cube
from lake.store import blobs, catalog, copies, cubes, durable, manifests, metadata, notes

NOTE = {"kind": "decision", "about": "core.planets"}


def newest(data: Path) -> int:
    file = data / "catalog.sqlite"
    if not file.is_file():
        return -1
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        try:
            return database.execute("SELECT max(snapshot_id) FROM ducklake_snapshot").fetchone()[0]
        except sqlite3.OperationalError:
            return -1


@pytest.fixture
def synced(monkeypatch):
    """Each file that is brought to the disk, with the newest snapshot that the catalog had by then."""
    seen: list[tuple[str, int]] = []
    data: list[Path] = []
    fsync = os.fsync

    def told(handle: int) -> None:
        seen.append((os.readlink(f"/proc/self/fd/{handle}"), newest(data[0])))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", told)
    return seen, data


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="what a handle is of is asked of /proc")
def test_each_file_of_a_snapshot_is_on_the_disk_before_the_commit(tmp_path, synced):
    seen, data = synced
    folder = toy.make(tmp_path / "toy")
    models = folder / "models/core.py"
    models.write_text(
        models.read_text().replace('class Heat(Table, key="star")', 'class Heat(Table, partition="star")')
    )
    settings = config.load(folder)
    data.append(settings.data)
    last = building.run(settings).snapshot
    with catalog.session(settings) as connection:
        files = {str(settings.data / file) for held in metadata.tables(connection, last).values() for file in held}
    before = {path for path, snapshot in seen if snapshot < last}
    assert files
    assert files - before == set()
    folders = {str(parent) for file in files for parent in Path(file).parents if parent.is_relative_to(settings.data)}
    assert folders - before == set()
    assert {path for path, _ in seen if ".lake.duckdb." in path}
    assert str(folder) in {path for path, snapshot in seen if snapshot == last}


def test_files_that_are_rewritten_without_deleted_rows_are_on_the_disk_before_it_is_told(tmp_path, synced):
    seen, data = synced
    folder = toy.make(tmp_path / "toy")
    settings = config.load(folder)
    data.append(settings.data)
    building.run(settings)
    with catalog.session(settings, write=True) as connection:
        connection.execute("DELETE FROM core.heat WHERE star = 'Sun'")
        deleted = metadata.latest(connection).id
    with catalog.write_session(settings) as connection:
        last = metadata.latest(connection).id
        files = {str(settings.data / file) for file in metadata.tables(connection, last)["core.heat"]}
        assert connection.execute("SELECT count(*) FROM core.heat").fetchone() == (1,)
    assert last > deleted
    assert files <= {path for path, snapshot in seen if snapshot == deleted}


ADD = """
import sys
from pathlib import Path
from lake.store import notes
for i in range(5):
    print(notes.add(Path(sys.argv[1]), [{"kind": "decision", "about": "core.x", "statement": f"{sys.argv[2]} {i}"}]))
"""


def test_notes_that_are_added_at_once_are_all_kept(tmp_path):
    many = [subprocess.Popen([sys.executable, "-c", ADD, str(tmp_path), str(i)]) for i in range(8)]
    assert [process.wait() for process in many] == [0] * 8
    assert {row["statement"] for row in notes.read(tmp_path)} == {f"{i} {j}" for i in range(8) for j in range(5)}
    assert [file.name for file in (tmp_path / "seeds").iterdir()] == ["process_notes.csv"]


def test_a_note_is_on_the_disk_when_it_is_told(tmp_path, synced):
    seen, data = synced
    data.append(tmp_path)
    notes.add(tmp_path, [NOTE | {"statement": "a"}])
    assert any("process_notes.csv" in path for path, _ in seen)
    assert str(tmp_path / "seeds") in {path for path, _ in seen}


MARS = Cube(xr.Dataset({"t": ("x", np.arange(3.0))}), {})


@pytest.mark.parametrize(
    "keep",
    [
        lambda top: durable.write(top / "a/b/x", "1"),
        lambda top: blobs.put(top / "a", b"1"),
        lambda top: cubes.write(top / "a", MARS, memory=10**8),
    ],
    ids=["file", "blob", "cube"],
)
def test_every_file_and_every_new_folder_above_it_is_on_the_disk(tmp_path, monkeypatch, keep):
    synced, fsync = set(), os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: synced.add(os.fstat(handle).st_ino) or fsync(handle))
    keep(tmp_path)
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    folders = {folder for file in files for folder in file.parents if folder.is_relative_to(tmp_path)}
    assert files
    assert {str(place) for place in (*files, *folders) if place.stat().st_ino not in synced} == set()


@pytest.mark.parametrize("cut", [1, 5, 60])
def test_a_notes_file_that_was_cut_is_told_and_stays(tmp_path, cut):
    notes.add(tmp_path, [NOTE | {"statement": "a"}, NOTE | {"statement": "b", "publisher": "A, B"}])
    file = tmp_path / notes.FILE
    file.write_bytes(file.read_bytes()[:-cut])
    left = file.read_bytes()
    for ask in (lambda: notes.read(tmp_path), lambda: notes.add(tmp_path, [NOTE | {"statement": "c"}])):
        with pytest.raises(StorageError, match="end"):
            ask()
    assert file.read_bytes() == left


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    file = tmp_path / "new/folder/x.json"
    durable.write(file, "one")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for again in (lambda: durable.write(file, "two"), lambda: copies.whole(tmp_path / "source", file)):
        (tmp_path / "source").write_text("two")
        with pytest.raises(OSError, match="space"):
            again()
        assert file.read_text() == "one"
        assert [one.name for one in file.parent.iterdir()] == ["x.json"]


def test_a_manifest_is_written_once(tmp_path):
    """Written again it would take what happened to the catalog meanwhile for right."""
    settings = config.load(toy.make(tmp_path))
    building.run(settings)
    before = {file.name: file.stat().st_ino for file in (settings.data / manifests.MANIFESTS).iterdir()}
    with catalog.write_session(settings):
        pass
    assert before
    assert {file.name: file.stat().st_ino for file in (settings.data / manifests.MANIFESTS).iterdir()} == before


def test_what_dead_processes_left_is_swept_and_what_living_ones_write_is_not(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for name in (f".x.{ended.pid}-1", f".x.{ended.pid}-1.wal", f".x.{os.getpid()}-2", ".x.y", "x", f".y.{ended.pid}-1"):
        (tmp_path / name).touch()
    durable.sweep(tmp_path / "x")
    assert {file.name for file in tmp_path.iterdir()} == {f".x.{os.getpid()}-2", ".x.y", "x", f".y.{ended.pid}-1"}
