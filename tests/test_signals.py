"""Ctrl-C is answered by one line from the moment that the program's own code runs."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time

import pytest
import toy

import lake

PROGRAM = "import sys; from lake.__main__ import main; print('ready', flush=True); main()"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = toy.make(tmp_path_factory.mktemp("signals") / "toy")
    lake.build(folder)
    return folder


@pytest.mark.long
@pytest.mark.parametrize("arguments", [["status"], ["sql", "SELECT 1"], ["build", "--force"]], ids=lambda a: a[0])
def test_it_is_heard_while_commands_are_imported_and_while_they_end(folder, arguments):
    chance = random.Random(1)
    ended = set()
    for turn in range(12):
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *arguments],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.005 + turn * 0.05 * chance.random())
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        assert "Traceback" not in errors
        ended.add(process.returncode)
    assert ended <= {0, 130, -signal.SIGINT}  # the last: Python itself was ending
    assert 130 in ended
