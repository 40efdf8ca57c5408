"""The example of a plugin, installed as anybody would install it, passes its own tests and is listed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parent.parent / "examples/plugin"


def run(*command: str, **options) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.mark.long
def test_the_plugin_is_installed_tested_and_listed(tmp_path):
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "--no-deps", "--no-build-isolation", "--target", str(tmp_path / "site"), str(PLUGIN))
    installed = os.environ | {"PYTHONPATH": str(tmp_path / "site")}
    run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(PLUGIN / "tests"), env=installed)
    (tmp_path / "lake.toml").write_text("[sources.variable_stars]\n")
    listed = run(sys.executable, "-m", "lake", "sources", "--json", "-C", str(tmp_path), env=installed)
    assert "variable_stars" in json.dumps(json.loads(listed.stdout))
