"""The command line, typed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LAKE = Path(sys.executable).parent / "lake"


def lake(*arguments, text=True, **options):
    return subprocess.run([LAKE, *map(str, arguments)], capture_output=True, text=text, timeout=120, **options)
