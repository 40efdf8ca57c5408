"""What examples/ shows runs on the embedded sample, and gives the same to the last digit when it is run again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lake import project

pytest.importorskip("torch")
EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> Path:
    folder = project.copy(tmp_path_factory.mktemp("examples") / "lake", sample=True)
    subprocess.run([Path(sys.executable).parent / "lake", "run", "-q", "-C", folder], check=True, capture_output=True)
    return folder


@pytest.mark.slow
def test_the_baseline_twice(sample, tmp_path):
    told = []
    for number in range(2):
        given = [
            "--epochs",
            "4",
            "--seeds",
            "2",
            "--picture",
            tmp_path / "b.png",
            "--json",
            tmp_path / f"{number}.json",
        ]
        done = subprocess.run(
            [sys.executable, EXAMPLES / "baseline.py", sample, *given], capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        told.append((tmp_path / f"{number}.json").read_text())
    assert told[0] == told[1]
    curves = json.loads(told[0])
    assert set(curves) == {"all", "without planet", "without star", "without climate"}
    assert all(run["train"][-1] < run["train"][0] for runs in curves.values() for run in runs)
    assert "always the commonest" in done.stdout
    assert (tmp_path / "b.png").read_bytes().startswith(b"\x89PNG")
