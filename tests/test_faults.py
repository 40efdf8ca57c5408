"""What may go wrong while a lake is written: a stop, two at once, a full disk, too little memory, lost bytes."""

from __future__ import annotations

import json
import os
import resource
import shlex
import shutil
import signal
import subprocess
import time
from contextlib import closing, suppress

import duckdb
import interrupt
import pytest
import toy
from interrupt import done, opened, run, start, stop, wait_until, whole

import lake
from lake import config
from lake import project as astrobiology
from lake.build import publish
from lake.build import run as building
from lake.store import blobs, fetch_log
from lake.testing.server import Server

SHELL = shlex.join(interrupt.COMMAND)
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


@pytest.mark.long
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


@pytest.mark.quick(2)
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


@pytest.mark.long
def test_a_build_killed_between_its_commit_and_its_door_is_seen_by_every_reader(project):
    """A plain duckdb reads the door alone; a build with nothing to do puts it right."""
    old = (project / "lake.duckdb").read_bytes()
    (project / "seeds/stars.csv").write_text("star,teff\nVega,9602\n")
    done(project, "build")
    (project / "lake.duckdb").write_bytes(old)
    done(project, "build")
    with duckdb.connect(str(project / "lake.duckdb"), read_only=True) as door:
        assert door.sql("SELECT star FROM core.heat").fetchall() == [("Vega",)]


# Two at once


@pytest.mark.long
def test_a_second_build_is_refused_or_waits_and_readers_go_on(project):
    before = stars(project)
    with_endless(project)
    first = start(project, "build")
    wait_until((project / "data/tables/core/endless").is_dir)
    refused = run(project, "build")
    assert refused.returncode == 7
    assert "another process is writing this lake" in refused.stderr
    assert "--wait" in refused.stderr
    assert stars(project) == before
    (project / "sql/core/endless.sql").write_text("SELECT 1::BIGINT AS n")
    second = start(project, "build", "--wait", "60")
    stop(first)
    told, _ = second.communicate(timeout=60)
    assert second.returncode == 0
    assert "core.endless" in told


@pytest.mark.slow
def test_readers_see_the_old_or_the_new_while_it_is_published(tmp_path):
    folder = interrupt.make(tmp_path / "lake", models=10, rows=1_000)
    done(folder, "build")
    seen = []
    for version in (2, 3):
        interrupt.update(folder, version)
        process = start(folder, "build")
        while process.poll() is None:
            seen.append(opened(folder, 1_000))
        assert process.communicate()[1] == ""
        assert opened(folder, 1_000) == version
    assert seen == sorted(seen)
    assert set(seen) <= {1, 2, 3}


# Not enough of something


def limited(size: int):
    """In a child: files of no more than so many bytes, as a full disk would have it."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 8 MB, and what fills it."""
    place = tmp_path / "small"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", place], capture_output=True).returncode:
        pytest.skip("cannot mount a small file system here")

    def fill(leave: int) -> None:
        with suppress(OSError), (place / "filler").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        file = place / "filler"
        os.truncate(file, max(file.stat().st_size - leave, 0))

    yield place, fill
    subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.long
@pytest.mark.quick(1)
@pytest.mark.parametrize("leave", [0, 200_000])
def test_a_full_disk_stops_a_build(built, small_disk, leave):
    place, fill = small_disk
    folder = shutil.copytree(built, place / "toy")
    before = stars(folder)
    models = folder / "models/core.py"
    models.write_text(models.read_text() + "\nclass Big(Table, key='n'):\n    n: int\n    s: str\n")
    (folder / "sql/core/big.sql").write_text("SELECT i AS n, sha256(i::VARCHAR) AS s FROM range(20000) r(i)")
    fill(leave)
    full = run(folder, "build")
    assert full.returncode == 8, full.stderr
    assert "full" in full.stderr or "No space" in full.stderr
    assert "next:" in full.stderr
    assert stars(folder) == before
    (place / "filler").unlink()
    whole(folder)
    assert interrupt.orphans(folder) == set()
    done(folder, "build")
    with lake.open(folder) as here:
        assert here.sql("SELECT count(*) FROM core.big").fetchone() == (20_000,)


@pytest.mark.long
def test_files_that_may_not_grow_stop_a_build(project):
    before = stars(project)
    models = project / "models/core.py"
    models.write_text(models.read_text() + "\nclass Big(Table, key='n'):\n    n: int\n    s: str\n")
    (project / "sql/core/big.sql").write_text("SELECT i AS n, sha256(i::VARCHAR) AS s FROM range(60000) r(i)")
    full = run(project, "build", preexec_fn=limited(1_000_000))
    assert full.returncode == 8, full.stderr
    assert "core.big" in full.stderr
    assert stars(project) == before
    whole(project)
    done(project, "build")


@pytest.mark.slow
def test_a_full_disk_stops_fetch_and_land(small_disk):
    place, fill = small_disk
    folder = astrobiology.copy(place / "lake", sample=True)
    (place / "lake/sample").rename(place / "mirror")
    text = (folder / "lake.toml").read_text()
    (folder / "lake.toml").write_text(text.replace('mirror = "sample"', 'mirror = "../mirror"'))
    fill(200_000)
    full = run(folder, "fetch")
    assert full.returncode == 8, full.stderr
    assert "the disk is full" in full.stderr
    fill(2_000_000)
    done(folder, "fetch")
    for leave in (100_000, 250_000):  # the catalog, the rows
        fill(leave)
        full = run(folder, "land")
        assert full.returncode == 8, full.stderr
        assert "full" in full.stderr or "No space" in full.stderr
    (place / "filler").unlink()
    whole(folder)
    done(folder, "land")
    done(folder, "build")


@pytest.mark.long
def test_a_read_only_lake_can_be_read_and_says_so_when_written(project, tmp_path):
    before = stars(project)
    place = tmp_path / "read-only"
    place.mkdir()
    mount = [["mount", "--bind", project, place], ["mount", "-o", "remount,ro,bind", place]]
    if any(subprocess.run(command, capture_output=True).returncode for command in mount):
        pytest.skip("cannot mount here")
    try:
        (project / "seeds/stars.csv").write_text("star,teff\nVega,9602\n")
        for command in (["build"], ["land"], ["fetch"], ["run"]):
            refused = run(place, *command)
            assert refused.returncode == 8, (command, refused.stdout, refused.stderr)
            assert "next:" in refused.stderr
        for command in (["sql", "SELECT 1"], ["status"], ["log"], ["verify"], ["plan"]):
            assert run(place, *command).returncode == 0, command
        assert stars(place) == before
    finally:
        subprocess.run(["umount", "-l", place], check=True)


GREEDY = "SELECT 1::BIGINT AS n, string_agg(CAST(i AS VARCHAR), ',') AS s FROM range(40000000) r(i)"
BROKEN = "SELECT i AS n, 'x' AS s FROM range(3) r(i)"


@pytest.mark.long
@pytest.mark.quick(1)
@pytest.mark.parametrize(
    ("sql", "rule", "arguments", "code", "says"),
    [
        (GREEDY, "true", [], 8, ["core.big", "raise [limits] memory"]),
        (
            interrupt.ENDLESS.replace("n FROM", "n, 'x' AS s FROM"),
            "true",
            ["--timeout", "0.5"],
            5,
            ["stopped after 0.5 s"],
        ),
        (BROKEN, "1 % n = 0 AND n / 0 < 1", [], 6, ["core.big sane", "nothing was published"]),
        pytest.param(
            *(BROKEN, "CAST(s AS INT) > 0", [], 5, ["core.big sane", "Could not convert", "correct the contract"]),
            marks=pytest.mark.slow,
        ),
        pytest.param(
            *("SELECT CAST(s AS BIGINT) AS n, s FROM (SELECT 'x' AS s)", "true", [], 5, ["core.big", "Could not"]),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_one_model_that_fails_is_named_and_stops_the_others_only_unless_asked(
    project, sql, rule, arguments, code, says
):
    before = stars(project)
    (project / "lake.toml").write_text('[lake]\nname = "toy"\n[limits]\nmemory = "60 MB"\n')
    models = project / "models/core.py"
    extra = f"\nclass Big(Table, key='n', rules=[Rule('sane', {rule!r})]):\n    n: int\n    s: str\n"
    models.write_text(models.read_text().replace("import References", "import References, Rule") + extra)
    (project / "sql/core/big.sql").write_text(sql)
    (project / "seeds/stars.csv").write_text("star,teff\nVega,9602\n")
    failed = run(project, "build", *arguments)
    assert failed.returncode == code, failed.stderr
    assert all(text in failed.stderr for text in [*says, "next:", "big"]), failed.stderr
    assert stars(project)[1:] == before[1:]
    good = run(project, "build", "--keep-good", *arguments)
    assert good.returncode == 5, good.stderr
    assert "core.big is unchanged" in good.stderr
    assert stars(project)[1:] == [("Vega", 9.602)]


# Lost bytes


@pytest.mark.long
@pytest.mark.parametrize("harm", ["flipped", *(pytest.param(h, marks=pytest.mark.slow) for h in ("missing", "short"))])
def test_a_damaged_blob_is_named_and_not_landed(tmp_path, harm):
    folder = astrobiology.copy(tmp_path / "lake", sample=True)
    done(folder, "fetch", "exoplanets")
    settings = config.load(folder)
    with closing(fetch_log.connect(settings.data)) as connection:
        [answer] = [a for a in fetch_log.current(connection, "exoplanets") if a.resource == "toi"]
    blob = blobs.path(settings.data, answer.sha256)
    content = blob.read_bytes()
    blob.unlink()
    if harm != "missing":
        blob.write_bytes(content[:-100] if harm == "short" else content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    landed = run(folder, "land", "exoplanets", "--json")
    assert landed.returncode == 4, landed.stderr
    summary = json.loads(landed.stdout)
    [told] = summary["unreadable"]
    assert (told["resource"], told["blob"]) == ("toi", answer.sha256)
    assert "lake verify" in told["reason"]
    assert [source["blobs"] for source in summary["sources"]] == [3]  # the others are landed
    anew = run(folder, "land", "exoplanets", "--force")
    assert anew.returncode == 8
    assert "exoplanets/toi cannot be landed again" in anew.stderr
    verified = json.loads(run(folder, "verify", "--json").stdout)
    [damage] = [d for d in verified["damaged"] if answer.sha256 in d["path"]]
    for command in damage["next"]:
        assert (
            subprocess.run(
                command.replace("lake ", f"{SHELL} "), shell=True, cwd=folder, capture_output=True
            ).returncode
            == 0
        )
    done(folder, "land", "exoplanets")
    assert blob.read_bytes() == content
