"""How long it takes to trace a cell, and for how many constructs of SQL the answer is exact.

    python bench/trace.py [--lake DIR] [--cells 5] [--rows 2000000] [--verify]

Three figures: random cells of every table of a lake (--lake), through all layers down to the archives' bytes; cells of
the leaves of the 60 models of bench/models.py, over roots of that many rows; and the verdicts of the constructs of
tests/constructs.py. Wall seconds in one process.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE), str(HERE.parent / "tests")]


def of_lake(folder: Path, count: int, verify: bool) -> None:
    """Random cells of every table that has rows."""
    from lake import config
    from lake.trace import sample

    cells = list(sample.cells(config.load(folder), count, verify=verify))
    tables = len({cell.table for cell in cells})
    verdicts = Counter(cell.verdict or "seed" for cell in cells)
    print(f"{len(cells)} cells of {tables} tables: {_times([cell.seconds for cell in cells])}")
    print(f"  proved {sum(cell.proved for cell in cells)}; {dict(verdicts)}")
    for cell in cells:
        if not cell.proved:
            print(f"  not proved: {cell.table}.{cell.column}, row {cell.row}: {cell.problems[0]}")


def of_models(rows: int, count: int) -> None:
    """Cells of the leaves of 60 models."""
    import models
    from lake import config
    from lake.trace import sample

    with tempfile.TemporaryDirectory(prefix="bench-trace-") as folder:
        sixty = models.sixty(rows)
        subprocess.run(list(map(str, models.checked_project(Path(folder), sixty))), check=True)
        leaves = [f"m.{model.name}" for model in sixty if model.name.startswith("total")]
        cells = list(sample.cells(config.load(folder), count, tables=leaves))
    print(f"{len(cells)} cells of {len(leaves)} leaves over {rows:,} rows: {_times([c.seconds for c in cells])}")
    print(f"  proved {sum(cell.proved for cell in cells)}; {dict(Counter(cell.verdict for cell in cells))}")


def of_constructs() -> None:
    from constructs import CONSTRUCTS

    verdicts = Counter(verdict for *_, verdict in CONSTRUCTS.values())
    print(f"{len(CONSTRUCTS)} constructs, as the tests hold them against deleting rows: {dict(verdicts)}")


def _times(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    median, last = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"median {median:.2f} s, 99th percentile {last:.2f} s, all {sum(ordered):.0f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lake", type=Path, help="a lake that is built; none: left out")
    parser.add_argument("--cells", type=int, default=5, help="of each table")
    parser.add_argument("--rows", type=int, default=2_000_000, help="of a root; 0: left out")
    parser.add_argument("--verify", action="store_true", help="hash the blobs and read the records again, too")
    options = parser.parse_args()
    started = time.perf_counter()
    of_constructs()
    if options.lake:
        of_lake(options.lake, options.cells, options.verify)
    if options.rows:
        of_models(options.rows, options.cells)
    print(f"{time.perf_counter() - started:.0f} s in all")


if __name__ == "__main__":
    main()
