"""What lake.toml names no more leaves the raw tables; what is not known to be gone stays."""

from __future__ import annotations

import odd
import pytest

from lake import config, fetch, land
from lake.cli import _lake_state
from lake.errors import ConfigError
from lake.land import withdrawal
from lake.store import blobs, catalog, metadata


def resources(settings) -> list[str]:
    with catalog.session(settings) as connection:
        rows = connection.execute(
            "SELECT _resource FROM raw.odd_rows UNION SELECT _resource FROM raw.rejects"
        ).fetchall()
        said = connection.execute("SELECT DISTINCT source || '/' || resource FROM ops.landings").fetchall()
    assert {one for (one,) in rows} <= {one for (one,) in said}
    return sorted(one for (one,) in rows)


@pytest.fixture
def lake(tmp_path, monkeypatch):
    odd.install(tmp_path / "package", monkeypatch)
    settings = odd.lake(tmp_path, {"a": "rows 1", "b": "rows 2\nrejects 1", "c": "rows 3"})
    land.run(settings)
    return tmp_path


def described(folder, **options):
    odd.describe(folder, **options)
    return config.load(folder)


@pytest.mark.long
def test_a_resource_that_is_named_no_more_leaves_and_its_blob_stays(lake):
    settings = described(lake, odd={"names": ["a", "c"]})
    before = {file.name for file in (settings.data / "blobs").rglob("*") if file.is_file()}
    with catalog.session(settings) as connection:
        older = metadata.latest(connection).id
    summary = land.run(settings)
    assert summary.withdrawn == [("odd", "b")]
    assert summary.changed
    assert summary.as_dict()["withdrawn"] == [{"source": "odd", "resource": "b"}]
    assert resources(settings) == ["odd/a", "odd/c"]
    assert {file.name for file in (settings.data / "blobs").rglob("*") if file.is_file()} == before
    with catalog.session(settings) as connection:
        assert connection.execute(f"SELECT count(*) FROM raw.odd_rows AT (VERSION => {older})").fetchone() == (6,)
    assert land.run(settings).withdrawn == []
    settings = described(lake, odd={"names": ["a", "b", "c"]})  # it comes back from its blob
    assert land.run(settings).tallies["odd"].blobs == 1
    assert resources(settings) == ["odd/a", "odd/b", "odd/c"]
    assert blobs.usage(settings.data) > 0


@pytest.mark.long
def test_a_source_that_is_taken_out_leaves_unless_only_others_are_landed(lake, monkeypatch):
    odd.install(lake / "package", monkeypatch, "odder")
    settings = described(lake, odder={"names": ["a"]})
    fetch.run(settings)
    assert land.run(settings, ["odder"]).withdrawn == []
    assert land.run(settings).withdrawn == [("odd", "a"), ("odd", "b"), ("odd", "c")]
    assert resources(settings) == []


@pytest.mark.long
@pytest.mark.quick(2)
@pytest.mark.parametrize("fault", ["gone", "moved", "never asked"])
def test_a_list_that_is_not_certain_withdraws_nothing(lake, fault):
    odd.mirror(lake, {"first": "a\nb\nc"})
    settings = described(lake, odd={"list": "first"})
    fetch.run(settings)
    assert land.run(settings).withdrawn == []
    assert resources(settings) == ["odd/a", "odd/b", "odd/c"]
    if fault == "gone":
        (lake / "mirror/odd.example/first").unlink()
        fetch.run(settings, force=True)
    else:
        settings = described(lake, odd={"list": "second"})  # and it is not asked for, or is not there
        if fault == "moved":
            fetch.run(settings)
    assert land.run(settings).withdrawn == []
    assert resources(settings) == ["odd/a", "odd/b", "odd/c"]
    odd.mirror(lake, {"first": "a\nc", "second": "a\nc"})
    fetch.run(settings, force=True)
    assert land.run(settings).withdrawn == [("odd", "b")]


@pytest.mark.long
def test_what_is_removed_stays_away_and_what_is_kept_stays(lake):
    settings = config.load(lake)
    assert withdrawal.remove(settings, "odd/b") == [("odd", "b")]
    assert resources(settings) == ["odd/a", "odd/c"]
    assert land.run(settings).tallies["odd"].blobs == 0
    assert land.run(settings, force=True).tallies["odd"].landed == 4
    assert resources(settings) == ["odd/a", "odd/c"]
    assert [(one.about, one.decision) for one in _lake_state.decided(settings)] == [("odd/b", "removed")]
    withdrawal.keep(settings, "odd/b")
    land.run(settings)
    assert resources(settings) == ["odd/a", "odd/b", "odd/c"]
    settings = described(lake, odd={"names": ["a"]})
    assert land.run(settings).withdrawn == [("odd", "c")]
    assert resources(settings) == ["odd/a", "odd/b"]
    withdrawal.keep(settings, "odd")
    settings = described(lake)
    assert land.run(settings).withdrawn == []
    assert [(one.about, one.decision) for one in _lake_state.decided(settings)] == [("odd", "kept")]
    assert len(withdrawal.remove(settings, "odd")) == 2
    assert resources(settings) == []


@pytest.mark.long
def test_names_that_nobody_knows_are_refused(lake):
    with pytest.raises(ConfigError, match="nothing called 'odd/x'"):
        withdrawal.remove(config.load(lake), "odd/x")
    with pytest.raises(ConfigError, match="nothing called 'od'"):
        withdrawal.keep(config.load(lake), "od")
