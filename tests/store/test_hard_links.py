"""A second name is there as long as the catalog knows it, and no error is lost on the way."""

from __future__ import annotations

import pytest
import toy

from lake import config
from lake.build import run as building
from lake.errors import StorageError
from lake.store import catalog, checksums, hard_links, metadata


@pytest.fixture
def settings(tmp_path):
    settings = config.load(toy.make(tmp_path))
    building.run(settings)
    return settings


def parquet(settings) -> set[str]:
    return {str(file.relative_to(settings.data)) for file in settings.data.rglob("*.parquet")}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_names_that_the_record_does_not_know_go_with_the_error(settings, error):
    with catalog.write_session(settings) as connection:
        files = metadata.tables(connection, metadata.latest(connection).id)["core.heat"]
        before = parquet(settings)
        with pytest.raises(error), hard_links.made(connection, settings.data, {"core.heat": files}):
            raise error(f"{len(parquet(settings) - before)} names more")
        assert parquet(settings) == before
        with hard_links.made(connection, settings.data, {"core.heat": files}) as made:
            pass
    taken = checksums.known(settings.data)
    again = [str(file.relative_to(settings.data)) for file in made["core.heat"]]
    assert parquet(settings) == before | set(again)
    assert [taken[file] for file in again] == [taken[file] for file in files]


def test_a_file_that_is_gone_is_named_and_the_others_get_no_name(settings):
    with catalog.write_session(settings) as connection:
        files = metadata.tables(connection, metadata.latest(connection).id)
        [gone] = files["core.heat"]
        (settings.data / gone).unlink()
        before = parquet(settings)
        wanted = {table: files[table] for table in ("core.planets", "core.heat")}
        with pytest.raises(StorageError, match="missing") as caught, hard_links.made(connection, settings.data, wanted):
            pass
        assert caught.value.where == str(settings.data / gone)
        assert parquet(settings) == before
