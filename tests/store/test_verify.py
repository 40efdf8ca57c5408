"""Each way in which a table's file is not what it was is told apart, and no other file is named."""

from __future__ import annotations

from pathlib import Path

import pytest
import toy

from lake import config
from lake.build import run as building
from lake.store import catalog, checksums, metadata, verify


@pytest.fixture
def lake(tmp_path):
    settings = config.load(toy.make(tmp_path))
    building.run(settings)
    with catalog.session(settings) as connection:
        [file] = metadata.tables(connection, metadata.latest(connection).id)["core.heat"]
    return settings, settings.data / file


def flip(file: Path) -> None:
    text = bytearray(file.read_bytes())
    text[len(text) // 2] ^= 1
    file.write_bytes(text)


HURTS = {
    "it is missing": Path.unlink,
    "bytes, and had": lambda file: file.write_bytes(file.read_bytes()[:-1]),
    "its bytes are not what they were": flip,
}


@pytest.mark.long
@pytest.mark.parametrize("how", HURTS)
@pytest.mark.parametrize("quick", [False, True])
def test_a_damaged_file_is_named_with_how(lake, how, quick):
    settings, file = lake
    assert verify.run(settings, quick=quick).damaged == []
    HURTS[how](file)
    found = [(one.path, one.how) for one in verify.run(settings, quick=quick).damaged]
    if quick and HURTS[how] is flip:  # that takes reading it
        assert found == []
    else:
        assert [path for path, _ in found] == [str(file.relative_to(settings.data))]
        assert how in found[0][1]


def test_a_file_that_the_disk_does_not_give_is_named(lake, monkeypatch):
    settings, file = lake
    take = checksums.take
    monkeypatch.setattr(checksums, "take", lambda place: None if place == file else take(place))
    [damage] = verify.run(settings).damaged
    assert (damage.path, damage.how) == (str(file.relative_to(settings.data)), "it cannot be read")


@pytest.mark.long
def test_no_other_file_is_named_wherever_the_footer_is_hit(lake):
    """DuckDB has another error for each byte of a footer, and gives none a file's name."""
    settings, file = lake
    content = file.read_bytes()
    for place in range(len(content) // 2, len(content), max(1, len(content) // 24)):
        file.write_bytes(content[:place] + bytes([content[place] ^ 0x41]) + content[place + 1 :])
        assert [one.path for one in verify.run(settings).damaged] == [str(file.relative_to(settings.data))], place
