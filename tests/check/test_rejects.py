"""The gate on rejects: a source of whose records too many are rejected keeps a build from being published."""

from __future__ import annotations

import odd
import pytest
from click.testing import CliRunner

import lake
import lake.cli
from lake import config, land
from lake.build import run as building
from lake.build import status
from lake.errors import CheckFailed, ConfigError

ANSWERS = {"a": "rows 3\nrejects 1", "b": "rows 4"}  # 1 of 8


def made(tmp_path, monkeypatch, gate: str, answers=ANSWERS):
    odd.install(tmp_path / "package", monkeypatch)
    odd.lake(tmp_path, answers)
    with (tmp_path / "lake.toml").open("a") as file:
        file.write(f"[rejects]\n{gate}\n")
    settings = config.load(tmp_path)
    land.run(settings)
    return settings


@pytest.mark.long
@pytest.mark.parametrize("gate", ["", "limit = 0.125", "limit = 0\nsources = {odd = 0.2}", "sources = {other = 0}"])
def test_what_is_within_its_limit_is_published(tmp_path, monkeypatch, gate):
    settings = made(tmp_path, monkeypatch, gate)
    assert building.run(settings).failed == {}
    checks = [one for one in status.run(settings).results if one["table"] == "raw.rejects"]
    assert [one["failing"] for one in checks] == ([0] if "limit" in gate else [])


@pytest.mark.long
@pytest.mark.parametrize("gate", ["limit = 0.124", "limit = 1\nsources = {odd = 0}"])
def test_what_passes_it_keeps_a_build_from_being_published(tmp_path, monkeypatch, gate):
    settings = made(tmp_path, monkeypatch, gate)
    with pytest.raises(CheckFailed, match=r"raw\.rejects of odd at most") as problem:
        building.run(settings)
    assert "'resource': 'a', 'seen': 4, 'rejected': 1" in problem.value.why
    (told,) = status.run(settings).unpublished
    assert (told["table"], told["failing"]) == ("raw.rejects", 1)
    assert status.failures(settings, told["check"])[0]["row"] == {"resource": "a", "seen": 4, "rejected": 1}
    done = CliRunner().invoke(lake.cli.lake, ["build", "-C", str(tmp_path), "--keep-good"])
    assert done.exit_code == 5
    assert "raw.rejects of odd" in done.output
    with lake.open(tmp_path) as here:
        failing = "SELECT failing FROM quality.checks WHERE table_name = 'raw.rejects'"
        assert here.sql(failing).fetchall() == [(1,)]
    odd.lake(tmp_path, {"a": "rows 4", "b": "rows 4"})
    with (tmp_path / "lake.toml").open("a") as file:
        file.write(f"[rejects]\n{gate}\n")
    from lake import fetch

    fetch.run(config.load(tmp_path), force=True)
    land.run(config.load(tmp_path))
    building.run(config.load(tmp_path))
    with lake.open(tmp_path) as here:
        assert here.sql(failing).fetchall() == [(0,)]


@pytest.mark.parametrize("gate", ["limit = 2", "limit = -0.1", "limit = 'all'", "sources = {odd = 5}", "limits = 0.1"])
def test_a_limit_is_a_share(tmp_path, gate):
    (tmp_path / "lake.toml").write_text(f"[rejects]\n{gate}\n")
    with pytest.raises(ConfigError, match="rejects"):
        config.load(tmp_path)
