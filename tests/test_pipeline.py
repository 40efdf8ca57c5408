"""The Python door: what `lake.<TAB>` shows, and each step against a lake."""

from __future__ import annotations

import inspect
import subprocess
import sys
import types

import pytest
import toy

import lake
from lake import pipeline, project
from lake.errors import CheckFailed, ConfigError, NotALake

STEPS = ("build", "check", "fetch", "land", "run")


def test_what_is_public_is_shown_and_nothing_else():
    assert dir(lake) == sorted(lake.__all__)
    for name in lake.__all__:
        assert getattr(lake, name) is not None
    assert set(STEPS) <= set(lake.__all__)


@pytest.mark.parametrize("name", STEPS)
def test_a_step_has_parameters_and_a_documented_example(name):
    function = getattr(pipeline, name)
    assert inspect.signature(getattr(lake, name)) == inspect.signature(function)
    assert f">>> lake.{name}(" in function.__doc__ or f"in lake.{name}(" in function.__doc__
    assert "Raises:" in function.__doc__


@pytest.mark.parametrize("order", ["import lake.build.run, lake", "import lake; lake.build; import lake.build.plan"])
def test_a_step_can_be_called_whatever_was_imported_before(order):
    code = f"{order}; print(all(callable(getattr(lake, name)) for name in {STEPS}), lake.build.__name__)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "True lake.build\n"


def test_import_lake_loads_no_library():
    code = (
        "import sys, lake; print(sorted({m.partition('.')[0] for m in sys.modules} & {'duckdb', 'pydantic', 'torch'}))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"


@pytest.mark.long
def test_the_steps_of_a_lake_without_archives(tmp_path):
    folder = toy.make(tmp_path)
    assert (lake.fetch(folder).asked, lake.land(folder).changed) == (0, False)
    built = lake.build(folder, "+core.heat").built  # one name is a list of it
    assert [one.table for one in built] == ["seeds.stars", "core.planets", "core.heat"]
    assert (lake.run(folder, offline=True).idle, lake.run(folder).exit_code) == (True, 0)


@pytest.mark.long
def test_the_steps_refuse_what_the_commands_refuse(tmp_path):
    for step in STEPS:
        with pytest.raises(NotALake):
            getattr(lake, step)(tmp_path)
    folder = toy.make(tmp_path / "toy")
    with pytest.raises(ConfigError):
        lake.build(folder, "core.nosuch")
    (folder / "seeds/stars.csv").write_text("star,teff\nSun,-1\n")
    with pytest.raises(CheckFailed):
        lake.run(folder)
    (failed,) = lake.check(folder).unpublished
    assert failed["check"].startswith("seeds.stars.teff")


@pytest.mark.slow
def test_each_step_on_the_sample(tmp_path):
    folder = project.copy(tmp_path / "sample", sample=True)
    assert lake.fetch(folder).failed == 0
    assert lake.land(folder).changed
    built = lake.build(folder)
    assert len(built.built) > 50
    assert [one["check"] for one in lake.check(folder).results if one["failing"] and one["severity"] == "error"] == []
    again = lake.run(folder)
    assert (again.exit_code, again.idle) == (0, True)
    with lake.open(folder) as here:
        assert here.snapshot == built.snapshot


def test_the_packages_of_the_steps_are_modules_still():
    for name in ("build", "check", "fetch", "land"):
        assert isinstance(getattr(lake, name), types.ModuleType)
