"""Mutants of the engine, one at a time, in a copy of the project: does a test fail?

    PYTHONPATH=tests python -m mutation --each 4 --only 'lake/store/*'

A mutant that no test notices is a survivor: it wants a test, or stands in survivors.toml with the reason why it changes
nothing. With --folder the copy, the coverage and the results are kept, and a second run tries what is left; after new
tests, --again tries the survivors once more.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from pathlib import Path

from mutation import forked
from mutation.operators import Mutant, mutants
from mutation.tests_by_line import Tests, concerned, of_file

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ("lake/store/*.py", "lake/land/*.py", "lake/fetch/*.py", "lake/build/*.py", "lake/train/order.py")
TESTS = ("tests/store", "tests/land", "tests/fetch", "tests/build", "tests/train", "tests/*.py")
CAUGHT = 0.9  # of the mutants that change anything


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a mutant: killed, timeout, survived, or uncovered, where no test runs its lines."""

    file: str
    function: str
    change: str
    outcome: str
    test: str = ""  # that failed
    tests: int = 0  # that were to be run
    seconds: float = 0.0

    @property
    def name(self) -> tuple[str, str, str]:
        return self.file, self.function, self.change


def main() -> int:
    options = _options()
    folder = Path(options.folder or tempfile.mkdtemp(prefix="mutation-")).resolve()
    tree = _copy(folder)
    files = _modules(options.only)
    chosen = [mutant for file in files for mutant in _sample(tree, file, options.each, options.seed)]
    results = {result.name: result for result in _kept(folder)}
    again = {"survived", "uncovered", "timeout"} if options.again else set()
    left = [mutant for mutant in chosen if mutant.name not in results or results[mutant.name].outcome in again]
    print(f"{len(chosen)} mutants of {len(files)} modules, {len(left)} to try, in {folder}", flush=True)
    if left:
        tests = _tests(tree, folder, options.tests)
        forked.warm()
        for mutant in left:
            results[mutant.name] = _try(tree, mutant, concerned(mutant.file, mutant.lines, tests, options.seconds))
            _keep(folder, results[mutant.name])
    return _report(
        [results[mutant.name] for mutant in chosen], forked.failing(tree, {r.test for r in results.values()})
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="mutation", description=__doc__.partition("\n")[0])
    parser.add_argument("--each", type=int, default=4, help="mutants of a module, drawn at random")
    parser.add_argument("--seed", type=int, default=1, help="of the draw")
    parser.add_argument("--seconds", type=float, default=30, help="of tests for a mutant, as measured without it")
    parser.add_argument("--only", action="append", help="modules, as 'lake/store/*'", metavar="GLOB")
    parser.add_argument("--tests", nargs="+", default=TESTS, help="folders, or files as 'tests/store/test_gc.py'")
    parser.add_argument("--folder", help="where the copy and the results are kept")
    parser.add_argument("--again", action="store_true", help="try survivors once more")
    return parser.parse_args()


def _copy(folder: Path) -> Path:
    """A copy of the project. The engine in it stays as it was at first, since lines are known by number; tests are
    copied anew."""
    tree = folder / "tree"
    listed = subprocess.check_output(["git", "ls-files", "-zco", "--exclude-standard"], cwd=ROOT, text=True)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and (name.startswith("tests/") or not (tree / name).exists()):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    return tree


def _modules(only: list[str] | None) -> list[str]:
    files = sorted(str(path.relative_to(ROOT)) for glob in ENGINE for path in ROOT.glob(glob))
    return [file for file in files if not only or any(fnmatch(file, glob) for glob in only)]


def _sample(tree: Path, file: str, each: int, seed: int) -> list[Mutant]:
    """So many mutants of a module: the first of a fixed random order, so that more are those and others."""
    made = mutants(file, (tree / file).read_text())
    random.Random(f"{seed}/{file}").shuffle(made)
    return made[:each]


def _tests(tree: Path, folder: Path, names: list[str]) -> list[Tests]:
    cache = folder / "coverage"
    cache.mkdir(exist_ok=True)
    files = [file for name in names for file in (tree.glob(name) if "*" in name else [tree / name])]
    files = [test for file in files for test in (sorted(file.rglob("test_*.py")) if file.is_dir() else [file])]
    return [of_file(tree, str(file.relative_to(tree)), cache) for file in files if file.name.startswith("test_")]


def _kept(folder: Path) -> list[Result]:
    file = folder / "results.jsonl"
    return [Result(**json.loads(line)) for line in file.read_text().splitlines()] if file.exists() else []


def _keep(folder: Path, result: Result) -> None:
    with (folder / "results.jsonl").open("a") as file:
        file.write(json.dumps(asdict(result)) + "\n")
    where = f"{result.file} {result.function}"
    print(f"{result.outcome:9} {result.seconds:5.1f} s  {where}: {result.change}  {result.test}", flush=True)


def _try(tree: Path, mutant: Mutant, tests: list[str]) -> Result:
    if not tests:
        return Result(*mutant.name, "uncovered")
    begin = time.monotonic()
    with _changed(tree / mutant.file, mutant.source):
        outcome, test = forked.run(tree, tests)
        functions = list(dict.fromkeys(test.partition("[")[0] for test in tests if "[" in test))
        if outcome == "survived" and functions:  # the cases that coverage was not asked about
            outcome, test = forked.run(tree, functions)
            outcome = "survived" if outcome == "timeout" else outcome
    return Result(*mutant.name, outcome, test, len(tests), round(time.monotonic() - begin, 1))


@contextmanager
def _changed(module: Path, source: str) -> Iterator[None]:
    """The module with another source: its bytecode goes too, which is told apart only by size and second."""
    before = module.read_text()
    try:
        for text in (source, before):
            module.write_text(text)
            for compiled in module.parent.glob(f"__pycache__/{module.stem}.*.pyc"):
                compiled.unlink(missing_ok=True)
            if text is source:
                yield
    finally:
        module.write_text(before)


def _report(results: list[Result], doubtful: set[str]) -> int:
    """The figures and what survived. Gives the exit code: 0 where enough are caught."""
    reasons = {
        (entry["function"], entry["change"]): entry["reason"]
        for entry in tomllib.loads((Path(__file__).parent / "survivors.toml").read_text()).get("survivor", [])
    }
    print("\nfolder          mutants   killed  timeout  equivalent  survived  uncovered")
    rooms: dict[str, list[str]] = {}
    for result in results:
        kind = result.outcome
        if kind in ("survived", "uncovered") and (result.function, result.change) in reasons:
            kind = "equivalent"
        rooms.setdefault(result.file.rpartition("/")[0], []).append(kind)
        if kind in ("survived", "uncovered"):
            print(f"  {kind}: {result.file} {result.function}: {result.change}")
        if result.test in doubtful:
            print(f"  doubtful: {result.test} fails without a mutant: {result.file} {result.function}: {result.change}")
    kinds = ("killed", "timeout", "equivalent", "survived", "uncovered")
    for room, outcomes in [*rooms.items(), ("all", [kind for kinds in rooms.values() for kind in kinds])]:
        print(f"{room:15} {len(outcomes):7}", *(f"{outcomes.count(kind):9}" for kind in kinds))
    caught = sum(kind in ("killed", "timeout") for kind in outcomes)
    changing = len(outcomes) - outcomes.count("equivalent")
    print(f"caught: {caught} of {changing} that change anything, {caught / max(1, changing):.1%}")
    return 0 if caught >= CAUGHT * changing and not doubtful else 1


if __name__ == "__main__":
    sys.exit(main())
