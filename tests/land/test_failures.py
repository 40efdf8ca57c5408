"""A run that failed is written down and told; what is landed can be asked before anything is published."""

from __future__ import annotations

import gzip
import json

import pytest
import toy
from interrupt import run as command

import lake
from lake import config, fetch, land
from lake import project as astrobiology
from lake.errors import CheckFailed, ConfigError, LakeError, Locked
from lake.store import catalog, failures

BROKEN = "SELECT star || ' b' AS planet, 'Nemesis' AS star, 1::BIGINT AS planet_run_key FROM seeds.stars"


@pytest.mark.long
def test_a_first_build_that_fails_is_told_by_every_command_that_needs_it(tmp_path):
    folder = toy.make(tmp_path, **{"sql/core/planets.sql": BROKEN})
    done = command(folder, "run")
    assert done.returncode == CheckFailed.exit_code
    check = command(folder, "check")
    assert check.returncode == CheckFailed.exit_code
    assert "kept a build from being published: core.planets" in check.stderr
    name = "core.planets" + check.stderr.partition("published: core.planets")[2].partition(":")[0]
    assert "Nemesis" in command(folder, "check", "--show", name).stdout
    sql = command(folder, "sql", "FROM core.planets")
    assert sql.returncode == ConfigError.exit_code
    assert "lake run failed: " in sql.stderr
    assert "next:  lake check" in sql.stderr
    told = json.loads(command(folder, "status", "--json").stdout)["last_failure"]
    assert (told["command"], told["exit_code"], told["error"]) == ("lake run", 6, "CheckFailed")
    assert "lake run failed" in command(folder, "status").stdout
    (folder / "sql/core/planets.sql").write_text(toy.FILES["sql/core/planets.sql"])
    assert command(folder, "run").returncode == 0
    assert json.loads(command(folder, "status", "--json").stdout)["last_failure"] is None
    asked = command(folder, "sql", "SELECT command, exit_code FROM ops.failed_runs", "--format", "csv")
    assert asked.stdout.split() == ["command,exit_code", "lake", "run,6"]


def test_what_failed_is_kept_outside_of_what_was_rolled_back(tmp_path):
    settings = config.load(toy.make(tmp_path))
    for number, error in enumerate(
        [LakeError("it's 'odd'", where="a:1", next="look"), ValueError("a\nb"), Locked("x")]
    ):
        with pytest.raises(type(error)), failures.kept(settings, f"lake {number}"):
            raise error
    with catalog.session(settings) as connection:
        rows = connection.execute("SELECT command, exit_code, what, location, advice FROM ops.failed_runs").fetchall()
        assert failures.last(connection).command in ("lake 0", "lake 1")
    assert sorted(rows) == [("lake 0", 1, "it's 'odd'", "a:1", "look"), ("lake 1", 1, "ValueError: a\nb", "", "")]


GENOME = (
    "RS_GCF_000979375.1\td__Archaea;p__Halobacteriota;c__Methanosarcinia;o__Methanosarcinales;"
    "f__Methanosarcinaceae;g__Methanosarcina;s__Methanosarcina mazei\n"
)


@pytest.mark.long
def test_landed_rows_can_be_asked_before_anything_is_published(tmp_path):
    file = "release207/207.0/ar53_taxonomy_r207.tsv.gz"
    folder = toy.make(tmp_path, **{"lake.toml": f'[lake]\nmirror = "mirror"\n[sources.gtdb]\nfiles = ["{file}"]\n'})
    mirrored = folder / "mirror/data.gtdb.ecogenomic.org/releases" / file
    mirrored.parent.mkdir(parents=True)
    mirrored.write_bytes(gzip.compress(GENOME.encode()))
    settings = config.load(folder)
    fetch.run(settings)
    assert "no published snapshot" in command(folder, "sql", "SELECT 1").stderr
    assert land.run(settings).tallies["gtdb"].landed == 1
    asked = command(folder, "sql", "SELECT count(*) AS n FROM raw.gtdb_taxonomy", "--format", "csv")
    assert asked.stdout.split() == ["n", "1"]
    assert "nothing is published yet" in asked.stderr
    assert not (folder / "lake.duckdb").exists()
    with pytest.raises(ConfigError):  # what trains, exports or checks sees published snapshots alone
        lake.open(folder)
    assert command(folder, "run", "--offline").returncode == 0
    asked = command(folder, "sql", "SELECT count(*) AS n FROM raw.gtdb_taxonomy", "--format", "csv")
    assert (asked.stdout.split(), asked.stderr) == (["n", "1"], "")


def test_a_first_run_without_a_network_ends_by_that(tmp_path):
    folder = astrobiology.copy(tmp_path / "lake")
    text = (folder / "lake.toml").read_text().replace('mirror = ""', 'mirror = "mirror"')
    (folder / "mirror").mkdir()
    (folder / "lake.toml").write_text(text[: text.index("[sources.kegg]")] + "[sources.exoplanet_eu]\n")
    done = command(folder, "run")
    assert done.returncode == 3
    assert "nothing was fetched: 1 request(s) failed" in done.stderr
    assert "404" in done.stderr
    assert "core.compounds" not in done.stderr
