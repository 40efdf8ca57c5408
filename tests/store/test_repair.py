"""What only an archive has, and what nothing gives again: fetched once more, or said to be lost."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import toy
from conftest import ROOT
from damaging import HURTS, ask, chosen_sources, flip, follow, gone, state, zero

from lake.store import notes
from lake.testing.server import Server

CSV = "exoplanetarchive.ipac.caltech.edu/TAP/pscomppars.csv"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, Path]:
    """An archive's files, and a lake that fetched them, with a tag."""
    place = tmp_path_factory.mktemp("made")
    files = shutil.copytree(ROOT / "sample", place / "archive")
    with Server(files) as server:
        folder = toy.make(place / "toy", **{"lake.toml": chosen_sources("exoplanets", mirror=server.url)})
        (folder / notes.FILE).write_text(",".join(notes.COLUMNS) + "\n")
        (folder / "models/seeds.py").write_text(toy.FILES["models/seeds.py"] + toy.NOTES)
        ask(folder, "run", "-q")
    ask(folder, "tag", "v1", "-q")
    (folder / "seeds/stars.csv").write_text("star,teff\nSun,5772\nVega,9602\n")
    ask(folder, "build", "-q")
    ask(folder, "verify")
    return files, folder


@pytest.fixture
def archive(made, tmp_path) -> Path:
    return shutil.copytree(made[0], tmp_path / "archive")


@pytest.fixture
def folder(made, archive, tmp_path) -> Iterator[Path]:
    """The lake, whose archive is up."""
    folder = shutil.copytree(made[1], tmp_path / "toy", symlinks=True)
    with Server(archive) as server:
        (folder / "lake.toml").write_text(chosen_sources("exoplanets", mirror=server.url))
        yield folder


def blob_of(archive: Path, folder: Path) -> Path:
    wanted = (archive / CSV).read_bytes()
    (blob,) = (file for file in (folder / "data/blobs").glob("*/*") if file.read_bytes() == wanted)
    return blob


def held(folder: Path) -> dict[str, object]:
    return {key: value for key, value in state(folder).items() if key not in ("fetches", "blobs")}


def lost(folder: Path) -> list[str]:
    return [one["path"] for one in json.loads(ask(folder, "verify", "--json"))["lost"]]


@pytest.mark.slow
@pytest.mark.parametrize("hurt", HURTS)
def test_a_damaged_blob_is_fetched_again(archive, folder, hurt):
    before, blob = held(folder), blob_of(archive, folder)
    HURTS[hurt](blob)
    follow(folder, blob)
    assert blob.read_bytes() == (archive / CSV).read_bytes()
    assert lost(folder) == []
    assert held(folder) == before


@pytest.mark.slow
@pytest.mark.parametrize("hurt", [flip, gone])
def test_a_blob_that_its_archive_no_longer_gives_is_lost_and_the_rest_stays(archive, folder, hurt):
    before, blob = held(folder), blob_of(archive, folder)
    (archive / CSV).unlink()
    hurt(blob)
    follow(folder, blob)
    assert lost(folder) == [str(blob.relative_to(folder / "data"))]
    assert held(folder) == before
    blob.parent.mkdir(exist_ok=True)
    blob.write_bytes(b"other")  # another damage than the one that was accepted
    assert str(blob.relative_to(folder / "data")) in ask(folder, "verify", code=8)


@pytest.mark.slow
def test_a_blob_that_its_archive_has_replaced_is_lost_and_the_new_one_is_used(archive, folder):
    before, blob = held(folder), blob_of(archive, folder)
    lines = (archive / CSV).read_text().splitlines(keepends=True)
    (archive / CSV).write_text("".join(lines[:-1]))
    zero(blob)
    follow(folder, blob)
    assert lost(folder) == [str(blob.relative_to(folder / "data"))]
    ask(folder, "run", "-q")
    after = held(folder)
    table = next(key for key in before if key.startswith("latest raw.exoplanets") and before[key] != after[key])
    assert before[table.replace("latest", "v1")] == after[table.replace("latest", "v1")]
    ask(folder, "verify")


def test_notes_that_were_edited_by_hand_are_put_back_or_accepted(tmp_path):
    folder = toy.make(tmp_path / "toy")
    add = ("note", "add", "--kind", "decision", "--about", "core.heat", "-q")
    for text in ("first", "second"):
        ask(folder, *add, text)
    file = folder / notes.FILE
    whole = file.read_text()
    file.write_text(whole.replace("second", "third"))
    assert notes.FILE in ask(folder, "verify", code=8)
    ask(folder, "repair")
    assert file.read_text() == whole
    edited = whole.replace("second", "third")
    file.write_text(edited)
    assert f"{notes.FILE} is lost" in ask(folder, "repair", "--accept")
    ask(folder, "repair")
    assert file.read_text() == edited
    assert lost(folder) == [notes.FILE]
    file.write_text(edited.replace("first", "fourth"))
    ask(folder, "verify", code=8)
    file.write_text(whole[: len(whole) // 2])  # no edit: it cannot be read
    ask(folder, "repair", "--accept")
    assert file.read_text() == whole
    ask(folder, "verify")


def of_the_tag(folder: Path) -> Path:
    """A file of a model that the tagged snapshot has and the newest has not, and that nothing gives again."""
    newest = max((folder / "data/manifests").glob("*.json"), key=lambda file: int(file.stem))
    kept = {file[0] for file in json.loads(newest.read_text())["tables"]["core.heat"]["files"]}
    (file,) = (
        file
        for file in (folder / "data/tables/core/heat").glob("*.parquet")
        if str(file.relative_to(folder / "data")) not in kept
    )
    return file


@pytest.mark.long
def test_accept_mends_first_and_says_what_is_lost(folder):
    file, mendable = of_the_tag(folder), folder / "lake.duckdb"
    flip(file)
    flip(mendable)
    path = str(file.relative_to(folder / "data"))
    told = ask(folder, "verify", code=8)
    assert path in told
    assert "v1" in told
    assert "lake.duckdb" in told
    assert path in ask(folder, "repair", code=8)
    told = ask(folder, "repair", "--accept")
    assert f"{path} is lost" in told
    assert "1 accepted as lost" in told
    assert lost(folder) == [path]
    assert "nothing is lost" in ask(folder, "repair", "--accept")
    ask(folder, "build", "-q")
    (folder / "data/lost.json").write_text("{}")  # who changed it changed no damage
    assert path in ask(folder, "verify", code=8)
