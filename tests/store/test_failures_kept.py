"""Of failed runs so many are kept as are promised, the newest."""

from __future__ import annotations

import pytest
import toy

from lake import config
from lake.errors import LakeError
from lake.store import catalog, failures


def test_the_newest_failures_are_kept_and_no_more(tmp_path, monkeypatch):
    monkeypatch.setattr(failures, "KEPT", 2)
    settings = config.load(toy.make(tmp_path))
    for number in range(3):
        with pytest.raises(LakeError), failures.kept(settings, f"lake {number}"):
            raise LakeError("no")
    with catalog.session(settings) as connection:
        assert connection.execute("SELECT count(*) FROM ops.failed_runs").fetchone() == (2,)
