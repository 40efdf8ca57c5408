"""Blobs: exact bytes, never half, never changed; and the fetch log beside them."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from lake.errors import StorageError
from lake.store import blobs, fetch_log
from lake.store.fetch_log import Outcome

BODY = b"exact bytes\n" * 1000
SHA = hashlib.sha256(BODY).hexdigest()


@pytest.mark.parametrize("content", [BODY, io.BytesIO(BODY)], ids=["bytes", "stream"])
def test_put_keeps_exact_bytes_under_their_name(tmp_path, content):
    assert blobs.put(tmp_path, content) == SHA
    blob = blobs.path(tmp_path, SHA)
    assert blob == tmp_path / "blobs" / SHA[:2] / SHA
    assert blob.read_bytes() == BODY
    assert stat.S_IMODE(blob.stat().st_mode) == 0o444
    assert list((tmp_path / "partial").iterdir()) == []
    blobs.verify(tmp_path, SHA)


def test_the_same_bytes_again_change_nothing(tmp_path):
    blobs.put(tmp_path, BODY)
    before = blobs.path(tmp_path, SHA).stat()
    blobs.put(tmp_path, BODY)
    after = blobs.path(tmp_path, SHA).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "packed").write_bytes(b"can be made again")
    assert blobs.usage(tmp_path) == len(BODY)


def test_verify_names_a_damaged_and_a_missing_blob(tmp_path):
    blobs.put(tmp_path, BODY)
    blob = blobs.path(tmp_path, SHA)
    blob.chmod(0o644)
    blob.write_bytes(BODY.replace(b"exact", b"wrong", 1))
    with pytest.raises(StorageError, match=SHA):
        blobs.verify(tmp_path, SHA)
    blob.unlink()
    with pytest.raises(StorageError, match=f"{SHA} is missing"):
        blobs.verify(tmp_path, SHA)


def test_a_blob_that_was_cut_is_replaced_by_its_true_bytes(tmp_path):
    blobs.put(tmp_path, BODY)
    blobs.path(tmp_path, SHA).chmod(0o644)
    os.truncate(blobs.path(tmp_path, SHA), 5)
    blobs.put(tmp_path, BODY)
    blobs.verify(tmp_path, SHA)


def test_a_name_that_is_no_sha256_is_not_a_path(tmp_path):
    with pytest.raises(ValueError, match="not a sha256"):
        blobs.path(tmp_path, "../../etc/passwd")


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(StorageError) as caught:
        blobs.put(tmp_path / "data", BODY)
    assert str(tmp_path / "data") in caught.value.where
    assert caught.value.next


def test_a_disk_that_takes_no_more_leaves_nothing_half(tmp_path):
    """In a process that may not write files over 64 KiB: a real write error in the middle of a real file."""
    script = f"""
        import resource
        from pathlib import Path
        from lake.errors import StorageError
        from lake.store import blobs
        resource.setrlimit(resource.RLIMIT_FSIZE, (65536, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        data = Path({str(tmp_path)!r})
        blobs.put(data, b"small")
        try:
            blobs.put(data, b"x" * 200_000)
        except StorageError as error:
            print(error.what, "|", error.where, "|", error.next)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True)
    assert "cannot be written" in done.stdout
    assert str(tmp_path) in done.stdout
    assert blobs.usage(tmp_path) == len(b"small")


@pytest.mark.parametrize("inside", [True, False], ids=["within the data folder", "elsewhere"])
def test_a_blob_whose_bytes_lie_in_another_folder_is_read_through_a_link(tmp_path, inside):
    data = tmp_path / "data"
    folder = (data if inside else tmp_path) / "domain"
    (data / "partial").mkdir(parents=True)
    (temporary := data / "partial/x").write_bytes(BODY)
    blob = blobs.adopt(data, temporary, SHA, folder)
    assert blob == blobs.path(data, SHA)
    assert blob.is_symlink()
    assert blob.resolve() == folder / SHA[:2] / SHA
    assert blob.read_bytes() == BODY
    assert list((data / "partial").iterdir()) == []
    blobs.verify(data, SHA)
    assert os.path.isabs(os.readlink(blob)) is not inside
    data.rename(tmp_path / "moved")  # a folder within it goes with it
    if inside:
        blobs.verify(tmp_path / "moved", SHA)


def test_a_stream_that_breaks_leaves_nothing_half(tmp_path):
    class Breaks(io.BytesIO):
        def read(self, size=-1):
            return super().read(size) or (_ for _ in ()).throw(ConnectionError("gone"))

    with pytest.raises(StorageError):
        blobs.put(tmp_path, Breaks(BODY))
    assert blobs.usage(tmp_path) == 0


def outcome(resource: str, result: str, **more) -> Outcome:
    facts = {"kind": "k", "expects": "text", "url": f"https://a/{resource}", "at": "2026-01-01T00:00:00.000Z"}
    return Outcome(run="r", source=more.pop("source", "s"), resource=resource, outcome=result, **facts, **more)


def test_current_is_the_newest_good_row_and_last_the_newest(tmp_path):
    with closing(fetch_log.connect(tmp_path, write=True)) as connection:
        fetch_log.record(connection, outcome("a", "fetched", sha256="1" * 64, params={"org": "hsa", "n": [1, 2]}))
        fetch_log.record(connection, outcome("a", "unchanged", sha256="1" * 64, params={"org": "hsa", "n": [1, 2]}))
        fetch_log.record(connection, outcome("a", "refused", sha256="2" * 64, reason="an ERROR page", optional=True))
        fetch_log.record(connection, outcome("b", "failed", status=404))
        fetch_log.record(connection, outcome("a", "fetched", sha256="3" * 64, source="other"))
    with closing(fetch_log.connect(tmp_path)) as connection:
        assert [(row.source, row.resource, row.id) for row in fetch_log.current(connection)] == [
            ("other", "a", 5),
            ("s", "a", 2),
        ]
        [good] = fetch_log.current(connection, "s")
        assert good.params == {"org": "hsa", "n": [1, 2]}
        assert [(row.resource, row.outcome, row.optional) for row in fetch_log.last(connection, "s")] == [
            ("a", "refused", True),
            ("b", "failed", False),
        ]
        assert [row.id for row in fetch_log.history(connection, "s", "a")] == [3, 2, 1]


def test_a_fetch_log_that_is_not_there_is_empty_and_is_not_made(tmp_path):
    with closing(fetch_log.connect(tmp_path / "none")) as connection:
        assert fetch_log.last(connection) == []
    assert not (tmp_path / "none").exists()


def test_a_file_that_is_no_fetch_log(tmp_path):
    (tmp_path / fetch_log.FILE).write_text("<html>not a database</html>" * 100)
    with pytest.raises(StorageError, match="fetch log"):
        fetch_log.connect(tmp_path)
    with pytest.raises(StorageError, match="fetch log"):
        fetch_log.connect(tmp_path, write=True)


def test_an_unknown_outcome_is_not_written(tmp_path):
    with closing(fetch_log.connect(tmp_path, write=True)) as connection, pytest.raises(StorageError, match="CHECK"):
        fetch_log.record(connection, outcome("a", "perhaps"))


def test_many_threads_record_and_no_row_is_lost(tmp_path):
    with closing(fetch_log.connect(tmp_path, write=True)) as connection:
        record = fetch_log.Recorder(connection)
        names = [f"r{i}" for i in range(400)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda name: record(outcome(name, "fetched")), names))
        assert sorted(row.resource for row in fetch_log.last(connection)) == sorted(names)


def test_a_recorder_that_cannot_write_tells_everyone(tmp_path):
    with closing(fetch_log.connect(tmp_path, write=True)) as connection:
        record = fetch_log.Recorder(connection)
        record(outcome("a", "fetched"))
        for _ in range(2):
            with pytest.raises(StorageError, match="CHECK"):
                record(outcome("b", "perhaps"))
        assert [row.resource for row in fetch_log.last(connection)] == ["a"]


def test_reading_goes_on_while_another_connection_writes(tmp_path):
    with closing(fetch_log.connect(tmp_path, write=True)) as writer, closing(fetch_log.connect(tmp_path)) as reader:
        writer.execute("BEGIN IMMEDIATE")
        assert fetch_log.last(reader) == []
        writer.execute("ROLLBACK")
        fetch_log.record(writer, outcome("a", "fetched"))
        assert len(fetch_log.last(reader)) == 1


def test_a_fetch_log_that_was_only_just_made_is_empty(tmp_path):
    (tmp_path / fetch_log.FILE).touch()
    with closing(fetch_log.connect(tmp_path)) as connection:
        assert fetch_log.last(connection) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting takes root")
@pytest.mark.parametrize("killed", [False, True], ids=["closed", "killed"])
def test_reading_works_on_a_read_only_disk_and_writing_says_so(tmp_path, killed):
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(tmp_path)], capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        connection = fetch_log.connect(tmp_path, write=True)
        fetch_log.record(connection, outcome("a", "fetched"))
        if killed:  # what such a run leaves: rows in the WAL, and no index of it
            wal = (tmp_path / f"{fetch_log.FILE}-wal").read_bytes()
            main = (tmp_path / fetch_log.FILE).read_bytes()
        connection.close()
        if killed:
            (tmp_path / f"{fetch_log.FILE}-wal").write_bytes(wal)
            (tmp_path / fetch_log.FILE).write_bytes(main)
        subprocess.run(["mount", "-o", "remount,ro", str(tmp_path)], check=True)
        with closing(fetch_log.connect(tmp_path)) as connection:
            assert [row.resource for row in fetch_log.last(connection)] == ["a"]
        with pytest.raises(StorageError):
            fetch_log.connect(tmp_path, write=True)
        with pytest.raises(StorageError, match="Read-only") as caught:
            blobs.put(tmp_path, BODY)
        assert "mount" in caught.value.next
    finally:
        subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def test_a_lake_of_version_0_1_0_keeps_the_name_of_its_fetch_log(tmp_path):
    with closing(fetch_log.connect(tmp_path, write=True)) as connection:
        fetch_log.record(connection, outcome("a", "fetched"))
    (tmp_path / "fetch_log.sqlite").rename(tmp_path / "ledger.sqlite")
    (tmp_path / "copies" / "fetch_log.sqlite").rename(tmp_path / "copies" / "ledger.sqlite")
    with closing(fetch_log.connect(tmp_path, write=True)) as connection:
        fetch_log.record(connection, outcome("b", "fetched"))
        assert [row.resource for row in fetch_log.last(connection)] == ["a", "b"]
    files = {file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*.sqlite")}
    assert files == {"ledger.sqlite", "copies/ledger.sqlite"}
