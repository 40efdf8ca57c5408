"""A cube that does not fit into the storage that is left costs its answer alone, and lands once there is room."""

from __future__ import annotations

import shutil

import netCDF4
import numpy as np
import pytest
from arrays import MEMORY, store

from lake import config, fetch, land
from lake.errors import OverBudget
from lake.store import cubes, room

RUN = '[[sources.gcm.runs]]\nplanet = "Earth"\nmodel = "m"\nscenario = "s"\nrun = "{name}"\nurl = "{path}"\n'


def make(path, cells: int) -> None:
    """A grid of random numbers, which no codec makes smaller."""
    with netCDF4.Dataset(path, "w") as file:
        for name, length in (("lat", 90), ("lon", cells // 90)):
            file.createDimension(name, length)
        file.createVariable("lat", "f8", ("lat",))[:] = np.linspace(-89, 89, 90)
        file.createVariable("t", "f8", ("lat", "lon"))[:] = np.random.default_rng(1).random((90, cells // 90))


def settings(folder, storage: str):
    runs = "".join(RUN.format(name=name, path=folder / f"{name}.nc") for name in ("large", "small"))
    (folder / "lake.toml").write_text(f'[lake]\n[limits]\nstorage = "{storage}"\n{runs}')
    return config.load(folder)


@pytest.mark.long
def test_one_cube_that_does_not_fit(tmp_path):
    make(tmp_path / "large.nc", 1_500_000)
    make(tmp_path / "small.nc", 9_000)
    limited = settings(tmp_path, "16 MB")
    fetch.run(limited)
    summary = land.run(limited)
    assert [(one["resource"], one["traceback"]) for one in summary.unreadable] == [("Earth/m/s/large/large.nc", None)]
    assert "do not fit" in summary.unreadable[0]["reason"]
    assert "[limits] storage leaves of its 16,000,000" in summary.unreadable[0]["reason"]
    assert summary.tallies["gcm"].cubes == 1
    assert [path.name for path in (limited.data / cubes.CUBES / cubes.PARTIAL).iterdir()] == []
    again = land.run(limited)
    assert (again.tallies["gcm"].blobs, len(again.unreadable)) == (1, 1), "it is tried again: there may be room by now"
    raised = land.run(settings(tmp_path, "40 MB"))
    assert (raised.unreadable, raised.tallies["gcm"].cubes) == ([], 1)


def test_what_the_disk_has_is_a_limit_too(tmp_path, monkeypatch):
    import xarray as xr

    values = xr.Dataset({"t": ("x", np.random.default_rng(1).random(1_000_000))})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9 - 10**6, 10**6))
    with pytest.raises(OverBudget, match="more than the 1,000,000 bytes that the disk has free"):
        store(tmp_path, values)
    assert list((tmp_path / cubes.CUBES).iterdir()) == [tmp_path / cubes.CUBES / cubes.PARTIAL]
    monkeypatch.undo()
    assert store(tmp_path, values, memory=MEMORY).bytes > 10**6


def test_the_lesser_of_both(tmp_path):
    assert room.of(tmp_path, 10).left == 10
    assert room.of(tmp_path, None).left == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.05)
    (tmp_path / "a").write_bytes(bytes(30))
    nothing = room.of(tmp_path, 10)
    with pytest.raises(OverBudget, match="more than the 0 bytes"):
        nothing.take(1)
