"""What a lake that runs by itself needs: the good published, settings refused at once, files and names listed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import toy
from click.shell_completion import BashComplete
from click.testing import CliRunner

import lake.cli
from lake import config
from lake.build import run as building
from lake.errors import ModelError

BROKEN = {"sql/core/heat.sql": "SELECT star, CAST(error('too hot') AS DOUBLE) AS kilo FROM seeds.stars"}


def told(folder: Path, *arguments: str):
    return CliRunner().invoke(lake.cli.lake, [arguments[0], "-C", str(folder), *arguments[1:]])


@pytest.mark.long
def test_a_run_keeps_what_is_good_and_says_that_it_is_not_all(tmp_path):
    toy.make(tmp_path, **BROKEN)
    assert isinstance(told(tmp_path, "run").exception, ModelError)
    done = told(tmp_path, "run", "--keep-good", "--json")
    assert done.exit_code == ModelError.exit_code
    built = json.loads(done.stdout)["build"]
    assert (built["failed"].keys(), {one["table"] for one in built["built"]}) == (
        {"core.heat"},
        {"core.planets", "seeds.stars"},
    )
    with lake.open(tmp_path) as here:
        assert here.tables().count("core.planets") == 1
    (tmp_path / "sql/core/heat.sql").write_text(toy.FILES["sql/core/heat.sql"])
    assert told(tmp_path, "run", "--keep-good").exit_code == 0


@pytest.mark.parametrize("command", ["plan", "check", "sources", "status"])
@pytest.mark.parametrize(
    ("options", "says"),
    [
        ('[sources.exoplanets]\ntables = ["pss"]', "did you mean 'ps'?"),
        ('[sources.exoplanets]\ntable = ["ps"]', "did you mean 'tables'?"),
        ('[sources.ncbi]\ngenomes = ["GCF_000005845.2"]\nparts = ["fast"]', "it takes"),
        ("[sources.exoplanet]", "did you mean 'exoplanets'?"),
    ],
)
def test_a_misspelt_option_of_a_source_is_refused_at_once(tmp_path, command, options, says):
    toy.make(tmp_path)
    if command == "check":
        building.run(config.load(tmp_path))
    with (tmp_path / "lake.toml").open("a") as file:
        file.write(options + "\n")
    done = told(tmp_path, command)
    assert done.exception.exit_code == 2
    assert says in str(done.exception)


@pytest.mark.long
def test_the_files_of_a_snapshot_are_listed_with_their_rows_and_sums(tmp_path):
    toy.make(tmp_path)
    settings = config.load(tmp_path)
    first = building.run(settings).snapshot
    building.run(settings, force=True)  # files of both lie in the same folders
    listed = json.loads(told(tmp_path, "files", "core.*", "--json").stdout)
    assert listed["snapshot"] > first
    assert [one["table"] for one in listed["files"]] == ["core.heat", "core.planets"]
    for one in listed["files"]:
        assert (one["rows"], one["bytes"]) == (2, Path(one["path"]).stat().st_size)
        assert one["sha256"] == hashlib.sha256(Path(one["path"]).read_bytes()).hexdigest()
    before = json.loads(told(tmp_path, "files", "core.*", "--at", str(first), "--json").stdout)
    assert before["snapshot"] == first
    assert not {one["path"] for one in before["files"]} & {one["path"] for one in listed["files"]}
    assert "no table matches" in str(told(tmp_path, "files", "nope").exception)
    assert "core.heat" in told(tmp_path, "files").stdout


@pytest.mark.parametrize(
    ("line", "typed", "offered"),
    [
        (["build"], "core.", ["core.heat", "core.planets"]),
        (["plan", "core.heat"], "se", ["seeds.stars"]),
        (["why"], "core.h", ["core.heat"]),
        (["tables"], "core.p", ["core.planets"]),
        (["files"], "seeds", ["seeds.stars"]),
        (["fetch"], "e", ["ena", "exoplanets"]),
        (["land"], "ex", ["exoplanets"]),
        (["remove"], "k", []),
    ],
)
def test_the_shell_completes_names_of_the_lake(tmp_path, line, typed, offered):
    toy.make(tmp_path)
    building.run(config.load(tmp_path))
    with (tmp_path / "lake.toml").open("a") as file:
        file.write("[sources.exoplanets]\n[sources.ena]\n")
    command, *rest = line
    complete = BashComplete(lake.cli.lake, {}, "lake", "_LAKE_COMPLETE")
    found = complete.get_completions([command, "-C", str(tmp_path), *rest], typed)
    assert [one.value for one in found] == offered


def test_no_lake_offers_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert BashComplete(lake.cli.lake, {}, "lake", "_LAKE_COMPLETE").get_completions(["build"], "c") == []
