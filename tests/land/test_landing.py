"""Landing in several transactions, and landing anew: no answer is left out, and no row of the last good one is lost."""

from __future__ import annotations

import odd
import pytest

from lake import fetch, land
from lake.errors import StorageError
from lake.land import landing
from lake.store import blobs, catalog, metadata

ROWS = "SELECT _resource, count(*) FROM raw.odd_rows GROUP BY 1 ORDER BY 1"


def ask(settings, sql: str) -> list[tuple]:
    with catalog.session(settings) as connection:
        return connection.execute(sql).fetchall()


def landings(settings) -> int:
    with catalog.session(settings) as connection:
        return sum(snapshot.kind == "land" for snapshot in metadata.snapshots(connection))


@pytest.mark.long
@pytest.mark.parametrize(
    ("limit", "value", "transactions"), [("BLOBS", 2, 3), ("BLOBS", 5, 1), ("BYTES", 1, 5), ("BYTES", 13, 3)]
)
def test_an_answer_is_landed_once_however_many_a_transaction_takes(tmp_path, monkeypatch, limit, value, transactions):
    monkeypatch.setattr(landing, f"CHUNK_{limit}", value)
    odd.install(tmp_path / "package", monkeypatch)
    settings = odd.lake(tmp_path, {name: f"rows {i}\n" for i, name in enumerate("abcde", 1)})  # 7 bytes each
    tally = land.run(settings).tallies["odd"]
    assert (tally.blobs, tally.seen, tally.landed, tally.rejected) == (5, 15, 15, 0)
    assert ask(settings, ROWS) == [(f"odd/{name}", i) for i, name in enumerate("abcde", 1)]
    assert landings(settings) == transactions
    assert land.run(settings).tallies["odd"].skipped == 5


@pytest.mark.long
def test_made_anew_a_table_keeps_the_rows_of_the_last_answer_that_could_be_read(tmp_path, monkeypatch):
    odd.install(tmp_path / "package", monkeypatch)
    settings = odd.lake(tmp_path, {"a": "rows 3", "b": "rows 2"})
    land.run(settings)
    odd.mirror(tmp_path, {"a": "error"})
    fetch.run(settings, force=True)
    land.run(settings)
    summary = land.run(settings, force=True)
    assert ask(settings, ROWS) == [("odd/a", 3), ("odd/b", 2)]
    assert [one["resource"] for one in summary.unreadable] == ["a"]


def test_a_table_is_not_made_anew_from_a_damaged_blob(tmp_path, monkeypatch):
    odd.install(tmp_path / "package", monkeypatch)
    settings = odd.lake(tmp_path, {"a": "rows 3", "b": "rows 2"})
    land.run(settings)
    [(sha,)] = ask(settings, "SELECT blob FROM ops.landings WHERE resource = 'a'")
    blob = blobs.path(settings.data, sha)
    blob.chmod(0o644)
    blob.write_text("rows 9")
    with pytest.raises(StorageError, match="odd/a cannot be landed again"):
        land.run(settings, force=True)
    assert ask(settings, ROWS) == [("odd/a", 3), ("odd/b", 2)]
