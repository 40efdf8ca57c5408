"""Progress: n/N, the rate and the time left on a terminal; nothing in a pipe, and nothing where quiet is asked for."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys

import pytest

from lake import progress

WORK = """
import time
from lake import progress
progress.quiet = {quiet}
with progress.bar("landing", 40, bytes={bytes}) as advance:
    for n in range(40):
        advance(note=f"file {{n}}")
        time.sleep(0.03)
print("done")
"""


def on_terminal(code: str) -> str:
    """What a process writes on a terminal of 120 columns, its colours left out."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=theirs, env=env)
    os.close(theirs)
    text = b""
    try:
        while block := os.read(ours, 4096):
            text += block
    except OSError:  # the other side is closed
        pass
    os.close(ours)
    assert process.wait() == 0
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text.decode())


@pytest.mark.long
def test_a_terminal_sees_how_far_it_is():
    seen = on_terminal(WORK.format(quiet=False, bytes=False))
    assert "landing" in seen
    assert re.search(r"\b[1-9][0-9]?/40\b", seen)
    assert re.search(r"\d\.\d/s", seen)
    assert re.search(r"left\s+0:00:0\d", seen)
    assert re.search(r"file \d", seen)


@pytest.mark.long
def test_bytes_are_told_as_such():
    seen = on_terminal(WORK.format(quiet=False, bytes=True))
    assert re.search(r"\d+/40 bytes", seen)
    assert "MB/s" in seen


def test_a_terminal_that_is_to_be_quiet_sees_nothing():
    assert on_terminal(WORK.format(quiet=True, bytes=False)) == ""


def test_a_pipe_sees_nothing():
    done = subprocess.run([sys.executable, "-c", WORK.format(quiet=False, bytes=False)], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


@pytest.mark.parametrize("quiet", [False, True])
def test_the_body_runs_whatever_is_shown(monkeypatch, quiet):
    monkeypatch.setattr(progress, "quiet", quiet)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with progress.bar("x", 2) as advance:
        advance()
        advance(1, total=3, note="b")
    assert sys.stderr.getvalue() == ""
