"""Build, check and publish on a real record: what is rebuilt, what is refused, what readers see."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress

import duckdb
import pytest
import toy

import lake
import lake.astro.keys
from lake import config, land
from lake.build import run as building
from lake.errors import CheckFailed, ConfigError, Locked, ModelError, StorageError
from lake.store import catalog, published_file


@pytest.fixture
def project(tmp_path):
    return toy.make(tmp_path / "toy")


def build(project, *select, **options):
    settings = config.load(project)
    land.run(settings)
    return building.run(settings, select, **options)


def names(summary):
    return [built.table for built in summary.built]


@pytest.mark.long
def test_the_first_build_publishes_everything_in_order(project):
    summary = build(project)
    assert names(summary) == ["seeds.stars", "core.planets", "core.heat"]
    with lake.open(project) as here:
        assert here.snapshot == summary.snapshot
        assert here.sql("SELECT star, kilo FROM core.heat ORDER BY kilo").fetchall() == [
            ('Barnard\'s; "Star"', 3.195),
            ("Sun", 5.772),
        ]
        assert here.table("core.planets").count().execute() == 2


@pytest.mark.long
def test_a_second_build_does_nothing(project):
    first = build(project)
    before = published_file.path(config.load(project)).stat().st_mtime_ns
    second = build(project)
    assert names(second) == []
    assert second.fresh == 3
    assert second.snapshot == first.snapshot
    assert published_file.path(config.load(project)).stat().st_mtime_ns == before


@pytest.mark.long
@pytest.mark.parametrize(
    ("file", "change", "rebuilt"),
    [
        ("sql/core/heat.sql", lambda s: "-- a comment\n" + s.replace(" FROM", "\nFROM"), []),
        ("sql/core/heat.sql", lambda s: s.replace("kilo(s.teff)", "kilo(s.teff + 1)"), ["core.heat"]),
        ("macros/heat.sql", lambda s: s.replace("thousands", "1,000"), []),
        ("macros/heat.sql", lambda s: s.replace("1000.0", "1e3"), ["core.heat"]),
        ("models/core.py", lambda s: s.replace("Its star.", "Host."), ["core.planets"]),
        ("seeds/stars.csv", lambda s: s + "Vega,9602\n", ["seeds.stars", "core.planets", "core.heat"]),
    ],
)
def test_stale_is_what_changed_in_content_and_what_reads_it(project, file, change, rebuilt):
    build(project)
    path = project / file
    path.write_text(change(path.read_text()))
    assert names(build(project)) == rebuilt


@pytest.mark.long
def test_a_model_that_left_the_project_is_dropped(project):
    build(project)
    (project / "sql/core/heat.sql").unlink()
    models = project / "models/core.py"
    models.write_text(models.read_text().split("class Heat")[0])
    assert build(project).dropped == ["core.heat"]
    with lake.open(project) as here:
        assert "core.heat" not in here.tables()


@pytest.mark.long
def test_a_failed_check_publishes_nothing_and_says_which_rows(project):
    first = build(project)
    seed = project / "seeds/stars.csv"
    seed.write_text(seed.read_text() + "Sun,5772\nHot,2e5\n")
    with pytest.raises(CheckFailed, match=r"seeds\.stars"):
        build(project)
    with lake.open(project) as here:
        assert here.snapshot == first.snapshot
        assert here.sql("SELECT count(*) FROM seeds.stars").fetchone() == (2,)
    from lake.build import status

    failed = {row["check"]: row["failing"] for row in status.run(config.load(project)).unpublished}
    assert failed["seeds.stars key"] == 1  # a star twice
    assert failed["seeds.stars.teff between 0 and 100000"] == 1


@pytest.mark.long
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"sql/core/heat.sql": "SELECT star, kilo FROM core.planet"}, "did you mean core.planets"),
        ({"sql/core/heat.sql": "SELECT star FROM seeds.stars"}, "kilo DOUBLE is promised, but not given"),
        ({"sql/core/heat.sql": "SELECT star, sum(planet_run_key) AS kilo FROM core.planets GROUP BY 1"}, "HUGEINT"),
        ({"sql/core/heat.sql": "SELECT star, nothing AS kilo FROM seeds.stars"}, "nothing"),
        ({"sql/core/heat.sql": "SELECT star kilo FRM seeds.stars"}, "does not parse"),
        ({"sql/core/heat.sql": "DROP TABLE seeds.stars"}, "one plain SELECT"),
        ({"sql/core/extra.sql": "SELECT 1 AS x"}, "has no contract"),
        ({"sql/core/heat.sql": None}, "has no model"),
        (
            {"sql/core/planets.sql": "SELECT star AS planet, star, 1 AS planet_run_key FROM core.heat"},
            "dependency cycle",
        ),
        ({"macros/heat.sql": "CREATE MACRO kilo(x AS x"}, "does not parse"),
        ({"models/core.py": "import nothing_like_it"}, "nothing_like_it"),
    ],
)
def test_mistakes_are_told_with_their_file_and_change_nothing(tmp_path, changes, says):
    project = toy.make(tmp_path / "toy")
    first = build(project)
    for path, text in changes.items():
        (project / path).unlink() if text is None else (project / path).write_text(text)
    with pytest.raises((ModelError, ConfigError)) as caught:
        build(project)
    assert says in str(caught.value)
    with lake.open(project) as here:
        assert here.snapshot == first.snapshot


@pytest.mark.long
def test_readers_stay_at_their_snapshot_while_a_newer_one_is_published(project):
    build(project)
    with lake.open(project) as old:
        seed = project / "seeds/stars.csv"
        seed.write_text(seed.read_text() + "Vega,9602\n")
        build(project)
        with lake.open(project) as new, lake.open(project, at=old.snapshot) as again:
            count = "SELECT count(*) FROM core.heat"
            assert [here.sql(count).fetchone()[0] for here in (old, new, again)] == [2, 3, 2]


def test_a_moved_lake_opens_where_it_lands(project, tmp_path):
    build(project)
    place = tmp_path / "else where" / "it's here"
    shutil.copytree(project, place)
    shutil.rmtree(project)
    with lake.open(place) as here:
        assert here.sql("SELECT count(*) FROM core.heat").fetchone() == (2,)
    with duckdb.connect(str(place / "lake.duckdb"), read_only=True) as plain:  # and the door itself was put right
        assert plain.sql("SELECT count(*) FROM core.heat").fetchone() == (2,)


def test_a_plain_duckdb_reads_the_door_with_macros_and_comments(project):
    build(project)
    with duckdb.connect(str(project / "lake.duckdb"), read_only=True) as plain:
        key = plain.sql("SELECT planet_run_key('Sun b', 'observed', NULL, NULL, NULL)").fetchone()[0]
        found = plain.sql("SELECT planet_run_key FROM core.planets WHERE star = 'Sun'").fetchone()[0]
        assert key == found == lake.astro.keys.planet_run_key("Sun b", "observed")
        comment = "SELECT comment FROM duckdb_columns() WHERE table_name = 'stars' AND column_name = 'teff'"
        assert plain.sql(comment).fetchone() == ("Effective temperature. [K]",)


def test_a_second_writer_is_told_so(project):
    settings = config.load(project)
    with catalog.writing(settings):
        code = "import sys; from lake.cli import main; main(['build', '-C', sys.argv[1]])"
        done = subprocess.run([sys.executable, "-c", code, str(project)], capture_output=True, text=True)
    assert done.returncode == Locked.exit_code
    assert "another process is writing this lake" in done.stderr
    assert "Traceback" not in done.stderr


def test_provenance_and_metrics_are_in_the_snapshot(project):
    build(project)
    with lake.open(project) as here:
        row = here.sql("SELECT inputs, macros FROM ops.provenance WHERE table_name = 'core.heat'").fetchone()
        assert row == (["core.planets", "seeds.stars"], ["kilo"])
        measured = here.sql(
            "SELECT rows, completeness, validity, uniqueness, consistency FROM quality.metrics "
            "WHERE table_name = 'core.planets'"
        ).fetchone()
        assert measured == (2, 1.0, 1.0, 1.0, 1.0)


@pytest.mark.long
@pytest.mark.parametrize("kills", [2, pytest.param(50, marks=pytest.mark.slow)])
def test_killed_at_any_moment_the_lake_is_whole(project, kills):
    build(project)
    code = (
        "from lake import config; from lake.build import run; import sys; run.run(config.load(sys.argv[1]), force=True)"
    )
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code, str(project)], check=True)
    whole = time.perf_counter() - started
    for kill in range(kills):
        process = subprocess.Popen([sys.executable, "-c", code, str(project)])
        time.sleep(whole * (0.3 + 0.7 * (kill + 1) / kills))
        process.send_signal(signal.SIGKILL)
        process.wait()
        with lake.open(project) as here:
            assert here.sql("SELECT count(*) FROM core.heat").fetchone() == (2,)
            assert here.sql("SELECT max(snapshot) FROM ops.provenance").fetchone() == (here.snapshot,)
    assert names(build(project, force=True)) == ["seeds.stars", "core.planets", "core.heat"]


def test_a_lake_that_never_landed_anything_builds(project):
    assert len(names(building.run(config.load(project)))) == 3


@pytest.mark.long
def test_a_full_disk_refuses_a_build_and_keeps_the_lake_readable(project):
    """Linux only, as root: a file system of 3 MB, filled."""
    place = project.parent / "small"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", place], capture_output=True).returncode:
        pytest.skip("cannot mount a small file system here")
    try:
        shutil.copytree(project, place / "toy")
        build(place / "toy")
        filler = place / "fill"
        with suppress(OSError), filler.open("wb", buffering=0) as file:  # no space left on device
            while True:
                file.write(bytes(4096))
        with pytest.raises(StorageError):
            build(place / "toy", force=True)
        with lake.open(place / "toy") as here:
            assert here.sql("SELECT count(*) FROM core.heat").fetchone() == (2,)
        filler.unlink()
        assert len(names(build(place / "toy", force=True))) == 3
    finally:
        subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.parametrize("stem", ["a-b", "größe", "1a", "a b"])
def test_a_models_file_that_names_no_table_is_refused(tmp_path, stem):
    folder = toy.make(tmp_path, **{f"sql/core/{stem}.sql": "SELECT 1 AS x"})
    with pytest.raises(ModelError, match="letters of ASCII") as caught:
        building.run(config.load(folder))
    assert str(caught.value.where).endswith(f"{stem}.sql")


def test_a_view_says_what_its_contract_says_of_it_in_every_shell(tmp_path):
    contracts = toy.FILES["models/core.py"].replace('Heat(Table, key="star")', 'Heat(Table, materialized="view")')
    contracts = contracts.replace("star: str\n    kilo", 'star: str\n    """Whose heat."""\n    kilo')
    folder = toy.make(tmp_path, **{"models/core.py": contracts})
    building.run(config.load(folder))
    with duckdb.connect(str(folder / "lake.duckdb"), read_only=True) as shell:
        said = shell.execute(
            "SELECT column_name, comment FROM duckdb_columns() WHERE schema_name = 'core' AND table_name = 'heat'"
        ).fetchall()
    assert said == [("star", "Whose heat."), ("kilo", "[kK]")]
