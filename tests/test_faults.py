"""What may go wrong while a lake is written: a stop, two at once, a full disk, too little memory, lost bytes."""

from __future__ import annotations

import shutil
import signal
import time

import interrupt
import pytest
import toy
from interrupt import done, run, start, stop, wait_until, whole
from server import Server

import lake
from lake import config
from lake.build import publish
from lake.build import run as building

PROMPT = 10  # seconds; it takes a fraction of one where the machine is not busy
STOPS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = toy.make(tmp_path_factory.mktemp("built") / "toy")
    done(folder, "build")
    return folder


@pytest.fixture
def project(built, tmp_path):
    """The toy lake, built."""
    return shutil.copytree(built, tmp_path / "toy")


def stars(folder) -> list:
    with lake.open(folder) as here:
        return [here.snapshot, *here.sql("SELECT * FROM core.heat ORDER BY ALL").fetchall()]


def with_endless(folder) -> None:
    """Add a model that takes years."""
    text = "\nclass Endless(Table, key='n'):\n    n: int\n"
    models = folder / "models/core.py"
    models.write_text(models.read_text() + text)
    (folder / "sql/core/endless.sql").write_text(interrupt.ENDLESS)


# Stopped


@STOPS
def test_a_build_is_stopped_in_the_middle_of_a_long_query(project, number):
    before = stars(project)
    with_endless(project)
    process = start(project, "build")
    wait_until((project / "data/tables/core/endless").is_dir)
    assert stop(process, number) < PROMPT
    assert stars(project) == before
    whole(project)
    assert interrupt.orphans(project) == set()
    assert list((project / "data/tmp").iterdir()) == []
    (project / "sql/core/endless.sql").write_text("SELECT 1::BIGINT AS n")
    done(project, "build")
    with lake.open(project) as here:
        assert here.sql("SELECT n FROM core.endless").fetchall() == [(1,)]


@pytest.mark.parametrize("form", ["csv", "json", "table", "arrow"])
def test_a_question_without_an_end_is_stopped(project, form):
    process = start(project, "sql", interrupt.ENDLESS, "--format", form)
    time.sleep(0.3)  # whenever it is
    assert stop(process) < PROMPT


def test_an_answer_without_an_end_that_nobody_reads_is_stopped(project):
    process = start(project, "sql", "SELECT * FROM range(3000000) a, range(3000000) b", "--format", "csv")
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 143
    process.kill()
    process.communicate()


def test_a_fetch_from_a_silent_archive_is_stopped(tmp_path):
    text = '[lake]\nmirror = "{}"\n[sources.kegg]\n'
    with Server() as server:
        folder = toy.make(tmp_path / "toy", **{"lake.toml": text.format(server.url)})
        silence = [server.on(f"/{file}", lambda handler: time.sleep(60)) for file in ("MANIFEST.tsv", "ALIASES.tsv")]
        process = start(folder, "fetch")
        wait_until(lambda: server.seen)
        assert stop(process) < PROMPT
        assert silence
    assert run(folder, "status").returncode == 0


def test_stopped_when_the_commit_is_just_done_the_new_snapshot_keeps_its_files(project, monkeypatch):
    """Ctrl-C that comes during COMMIT is raised when it returns."""
    commit = publish.catalog.commit

    def commit_and_stop(*given, **options):
        commit(*given, **options)
        signal.raise_signal(signal.SIGINT)

    (project / "seeds/stars.csv").write_text("star,teff\nVega,9602\n")
    monkeypatch.setattr(publish.catalog, "commit", commit_and_stop)
    with pytest.raises(KeyboardInterrupt):
        building.run(config.load(project))
    monkeypatch.undo()
    whole(project)
    assert stars(project)[1:] == [("Vega", 9.602)]
