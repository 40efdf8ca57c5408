"""How long `lake run` takes when there is nothing to do, beside `python -c "import duckdb"`. One command:

    python bench/nothing.py [--runs 7] [--lake DIR]

Without a lake it makes one on the embedded sample in a temporary folder. Prints medians of wall and CPU seconds, and
their ratios; the two take turns, so that a slower moment of the machine hits both.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LAKE = Path(sys.executable).parent / "lake"


def measure(command: list[str]) -> tuple[float, float]:
    """Wall and CPU seconds of one run."""
    before, began = os.times(), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall, after = time.perf_counter() - began, os.times()
    return wall, after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--lake", help="a lake whose `lake run` has nothing to do")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = given.lake or f"{folder}/lake"
        if not given.lake:
            from lake import project

            project.copy(place, sample=True)
            subprocess.run([LAKE, "run", "-C", place, "-q"], stdout=subprocess.DEVNULL, check=False)
        commands = {
            "lake run, nothing to do": [str(LAKE), "run", "-C", place],
            "lake status": [str(LAKE), "status", "-C", place],
            "lake --help": [str(LAKE), "--help"],
            "import duckdb": [sys.executable, "-c", "import duckdb"],
        }
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(given.runs):
            for name, command in commands.items():
                taken[name].append(measure(command))
    base = statistics.median(wall for wall, _ in taken["import duckdb"])
    rows = [
        {
            "command": name,
            "wall_s": round(statistics.median(wall for wall, _ in found), 3),
            "cpu_s": round(statistics.median(cpu for _, cpu in found), 3),
            "wall_ratio": round(statistics.median(wall for wall, _ in found) / base, 2),
        }
        for name, found in taken.items()
    ]
    if given.json:
        print(json.dumps(rows))
    else:
        for row in rows:
            print(f"{row['command']:<26} wall {row['wall_s']:.3f} s  CPU {row['cpu_s']:.3f} s  x{row['wall_ratio']}")


if __name__ == "__main__":
    main()
