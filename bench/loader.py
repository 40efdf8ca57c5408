"""Feeding PyTorch from the lake, beside its peers: CPU microseconds a row, memory, and how long until the first batch.

    python bench/loader.py [--set A|B] [--peers lake,limit,...] [--rows N] [--rounds 1] [--work DIR] [--reuse]

Set A: 2,000,000 rows of planet_run_key, 64 float32, 4 int32 and a label. Set B: 50,000 rows of 16 float32, a spectrum
of 1,024 float32 and a label. Both are synthetic: numbers of chance (DuckDB's hash of the key), so that nothing gains by
compressing them. Each set is a lake that this builds; each peer gets the same numbers in its own format.

A side gives epochs of batches of 1,024 rows as torch tensors, on one torch thread; one number a cache line of every
tensor is summed, the same for all (ours has more tensors to sum: which cells are known). One more epoch, not timed, is
compared with the lake by exact sums. "by row" and others that go row by row get the first 50,000 rows of set A alone,
which is to their advantage: those fit a cache.

    shuffle    what is shuffled together: the whole set, row groups, a buffer of 10,000 rows, ..., or nothing
    make       CPU us a row to make what the side reads: the peer's conversion from the lake; ours, its cache
    first      CPU us a row of the first epoch of a new process, opening included, with that made; children included
    later      the same of the best later one; "x" over the limit's: numpy memory-mapped, rows gathered into the same
               memory again and again; "numpy memmap" gives arrays of their own, as one would write it
    wall       microseconds a row of the best later epoch
    make s     wall seconds of the conversion; of ours, until the first batch comes without a cache
    cold s     from the lake to the first batch with nothing made: conversion and all
    warm s     to the first batch of a new process, after its imports, with it made
    anon, HWM  peak memory in MB, imports and all: RssAnon of the process and its children, sampled; VmHWM of the
               largest, which counts memory-mapped files too

Files are in the page cache. Every peer has an environment of its own under the work folder, which shares torch, numpy,
pyarrow and duckdb with this one; one that cannot be installed is listed with the reason. --reuse keeps what a work
folder has measured already.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import venv
from contextlib import suppress
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]
SHARED = ("torch", "numpy", "pyarrow", "duckdb")
SUBSET = 50_000


# In a process of its own: one side


def cpu() -> float:
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used.ru_utime + used.ru_stime for used in both)


def touch(batch) -> None:
    """Read every cache line of every tensor."""
    for values in batch.values():
        if hasattr(values, "values") and not hasattr(values, "stride"):
            touch(values)
        else:
            values.reshape(-1)[:: 64 // values.element_size()].sum()


def once(asked: dict) -> dict:
    import torch
    from peers import feeds, sets

    torch.set_num_threads(1)
    data = sets.Data(asked["set"], Path(asked["lake"]), asked["rows"], asked["whole"])
    if asked["do"] == "lake":
        sets.make(data.set, data.lake, data.rows)
        return {}
    if asked["do"] == "sums":
        found = None
        for block in data.blocks():
            found = sets.sums(block, found)
        return found
    side, out = feeds.SIDES[asked["side"]], Path(asked["out"])
    if side.before:
        side.before()
    for module in (*side.modules, "pandas"):  # pandas: pyarrow imports it the first time that it makes an array
        importlib.import_module(module)
    if asked["do"] == "make":
        began, before = time.perf_counter(), cpu()
        side.make(data, out)
        return {"wall": time.perf_counter() - began, "cpu": cpu() - before}
    return epochs(asked, side.feed, data, out)


def epochs(asked: dict, feed, data, out: Path) -> dict:
    from peers import sets

    began, before, found = time.perf_counter(), cpu(), []
    epoch = feed(data, out)
    for number in range(asked["epochs"]):
        first = None
        for batch in epoch(number):
            if first is None:
                first = time.perf_counter() - began, cpu() - before
            touch(batch)
        del batch
        now = time.perf_counter(), cpu()
        found.append({"first": first[0], "first_cpu": first[1], "wall": now[0] - began, "cpu": now[1] - before})
        began, before = time.perf_counter(), cpu()
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    given = None
    for batch in epoch(asked["epochs"]) if asked["check"] else ():
        arrays = {"label" if name == "target" else name: values for name, values in batch.items()}
        given = sets.sums({name: arrays[name].numpy() for name in data.arrays}, given)
    return {"epochs": found, "hwm": int(status["VmHWM"].split()[0]) / 1024, "sums": given}


# Out of it: what a process and its children hold


class Sampler(threading.Thread):
    """The peak of RssAnon over a process and its children, and the largest VmHWM of one, in MB."""

    def __init__(self, pid: int):
        super().__init__(daemon=True)
        self.pid, self.over, self.anon, self.hwm = pid, threading.Event(), 0.0, 0.0

    def run(self) -> None:
        while not self.over.wait(0.02):
            found = [memory(pid) for pid in family(self.pid)]
            self.anon = max(self.anon, sum(anon for anon, _ in found))
            self.hwm = max([self.hwm, *(hwm for _, hwm in found)])


def memory(pid: int) -> tuple[float, float]:
    with suppress(OSError, KeyError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        status = dict(line.split(":", 1) for line in lines)
        return tuple(int(status[name].split()[0]) / 1024 for name in ("RssAnon", "VmHWM"))
    return 0.0, 0.0


def family(pid: int) -> list[int]:
    with suppress(OSError):
        children = [int(child) for f in Path(f"/proc/{pid}/task").glob("*/children") for child in f.read_text().split()]
        return [pid, *(found for child in children for found in family(child))]
    return []


class Failed(Exception):
    """A side that did not run, and what it said last."""


def process(python: Path, asked: dict, work: Path) -> dict:
    told, log = work / "told.json", work / "log.txt"
    told.unlink(missing_ok=True)
    environment = {**os.environ, "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1", "TMPDIR": str(work / "tmp")}
    (work / "tmp").mkdir(exist_ok=True)
    with log.open("wb") as output:
        command = [str(python), __file__, "--once", json.dumps(asked), "--json", str(told)]
        started = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
        sampler = Sampler(started.pid)
        sampler.start()
        try:
            code = started.wait(asked.get("timeout", 1200))
        except subprocess.TimeoutExpired:
            started.kill()
            code = "the clock"
        sampler.over.set()
        sampler.join()
    if code or not told.exists():
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        raise Failed(f"ended by {code}: {lines[-1][:200] if lines else ''}")
    found = json.loads(told.read_text())
    return {**found, "anon": sampler.anon, "hwm": max(sampler.hwm, found.get("hwm", 0))}


# Environments


def environment(side, work: Path) -> Path:
    """The side's Python: this one, or one that pip has put its packages into."""
    if not side.packages:
        return Path(sys.executable)
    folder = work / "env" / side.packages[0]
    python = folder / "bin" / "python"
    if (folder / "installed").exists():
        return python
    if (folder / "refused").exists():
        raise Failed((folder / "refused").read_text())
    venv.create(folder, clear=True)
    shared = {str(Path(metadata.distribution(name).locate_file(""))) for name in SHARED}
    (next(folder.glob("lib/python*/site-packages")) / "shared.pth").write_text("\n".join(sorted(shared)) + "\n")
    pinned = folder / "pinned.txt"
    pinned.write_text("".join(f"{name}=={metadata.version(name).partition('+')[0]}\n" for name in SHARED))
    command = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--prefer-binary", "-c", pinned]
    try:
        run = subprocess.run([*command, *side.packages], capture_output=True, text=True, timeout=600)
        why = (
            "" if run.returncode == 0 else next((x for x in run.stderr.splitlines() if "ERROR" in x), run.stderr[-200:])
        )
    except subprocess.TimeoutExpired:
        why = "pip took more than ten minutes"
    (folder / ("refused" if why else "installed")).write_text(why)
    if why:
        raise Failed(why)
    return python


# All of them


def measure(side, name: str, rows: int, place: Path, given: argparse.Namespace) -> dict:
    python = environment(side, given.work)
    whole = not side.slow or rows <= SUBSET
    taken = rows if whole else SUBSET
    asked = {"set": name, "lake": str(place / "lake"), "rows": taken, "whole": whole, "side": side.name}
    asked |= {"epochs": given.epochs if not side.slow else 2, "check": False}
    wanted = place / f"sums-{taken}.json"
    if not wanted.exists():
        found = process(Path(sys.executable), {**asked, "do": "sums"}, given.work)
        wanted.write_text(json.dumps({key: found[key] for key in found if key not in ("anon", "hwm")}))
    out = place / f"{side.make.__name__.removeprefix('make_')}-{taken}" if side.make else place
    result = {"rows": taken, "shuffle": side.shuffle, "version": version(side, python)}
    result |= made(side, python, asked, out, given.work) if side.make else {}
    ours = "lake" in side.feed.__name__
    cache = place / "lake" / "data" / "cache" / "train"
    for number in range(given.rounds):
        if ours:
            shutil.rmtree(cache, ignore_errors=True)
            cold = process(python, {**asked, "do": "feed", "out": str(out), "epochs": 1}, given.work)
            epoch = cold["epochs"][0]
            least(result, {"make_cpu": epoch["first_cpu"], "make_s": epoch["first"], "cold_epoch_cpu": epoch["cpu"]})
            least(result, {"cold_s": epoch["first"], "cold_anon": cold["anon"], "bytes": size(cache)})
        warm = process(python, {**asked, "do": "feed", "out": str(out), "check": number == 0}, given.work)
        if number == 0 and warm["sums"] != json.loads(wanted.read_text()):
            raise Failed(f"gives other numbers than the lake: {warm['sums']}")
        first, *later = warm["epochs"]
        least(result, {"first_cpu": first["cpu"], "first_wall": first["wall"], "warm_s": first["first"]})
        least(result, {"cpu": min(e["cpu"] for e in later), "wall": min(e["wall"] for e in later)})
        least(result, {"anon": warm["anon"], "hwm": warm["hwm"]})
    result.setdefault("cold_s", result["warm_s"] + result.get("make_s", 0))
    return result


def least(result: dict, found: dict) -> None:
    result.update({key: min(value, result.get(key, value)) for key, value in found.items()})


def made(side, python: Path, asked: dict, out: Path, work: Path) -> dict:
    """Convert, unless it is done."""
    told = out.with_suffix(".json")
    if not told.exists():
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        found = process(python, {**asked, "do": "make", "out": str(out)}, work)
        told.write_text(json.dumps({"make_cpu": found["cpu"], "make_s": found["wall"], "bytes": size(out)}))
    return json.loads(told.read_text())


def size(folder: Path) -> int:
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file())


def version(side, python: Path) -> str:
    if not side.packages:
        return ""
    code = f"from importlib.metadata import version; print(version({side.packages[0]!r}))"
    told = subprocess.run([python, "-c", code], capture_output=True, text=True).stdout.strip()
    return f"{side.packages[0]} {told}"


COLUMNS = ("make", "first", "later", "x", "wall", "make s", "cold s", "warm s", "anon", "HWM", "disk MB")


def report(name: str, rows: int, results: dict[str, dict], failed: dict[str, str]) -> None:
    print(f"\nSet {name}, {rows:,} rows\n{'':22}{'shuffle':>10}{'rows':>10}" + "".join(f"{c:>9}" for c in COLUMNS))
    base = (results.get("limit") or {}).get("cpu")
    for side, got in sorted(results.items(), key=lambda item: item[1]["cpu"] / item[1]["rows"]):
        each = got["rows"] / 1e6
        figures = [got.get(key, float("nan")) / each for key in ("make_cpu", "first_cpu", "cpu")]
        figures += [got["cpu"] / each / (base / rows * 1e6) if base else float("nan"), got["wall"] / each]
        figures += [got.get("make_s", float("nan")), got["cold_s"], got["warm_s"]]
        tail = f"{got['anon']:9.0f}{got['hwm']:9.0f}{got.get('bytes', 0) / 1e6:9.0f}"
        text = "".join(f"{figure:9.3f}" if figure == figure else f"{'-':>9}" for figure in figures)
        print(f"{side:22}{got['shuffle']:>10}{got['rows']:>10,}{text}{tail}")
    print("make, first, later: CPU us a row; x: later over the limit's; wall: us a row; anon, HWM: peak MB")
    print("; ".join(sorted({got["version"] for got in results.values() if got["version"]})))
    for side, why in failed.items():
        print(f"not measured: {side}: {why}")


def main() -> None:
    from peers.feeds import SIDES
    from peers.sets import ROWS

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=["A", "B"], help="one set alone")
    parser.add_argument("--peers", default="", help=f"these sides alone: {'; '.join(SIDES)}")
    parser.add_argument("--rows", type=int, help="rows of a set")
    parser.add_argument("--epochs", type=int, default=3, help="of sides that are not slow; those have two")
    parser.add_argument("--rounds", type=int, default=1, help="processes of each side; the least of each figure counts")
    parser.add_argument("--work", type=Path, help="folder for lakes, conversions, environments; by default temporary")
    parser.add_argument("--reuse", action="store_true", help="keep results that the work folder has")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--once", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.once:
        given.json.write_text(json.dumps(once(json.loads(given.once))))
        return
    if given.epochs < 2:
        parser.error("--epochs: two at least")
    asked = [name.strip() for name in given.peers.split(";" if ";" in given.peers else ",") if name.strip()]
    chosen = [side for side in SIDES.values() if not asked or any(matches(side.name, name) for name in asked)]
    with tempfile.TemporaryDirectory(prefix="bench-loader-") as temporary:
        given.work = (given.work or Path(temporary)).resolve()
        given.work.mkdir(parents=True, exist_ok=True)
        every = {}
        for name in given.set or "AB":
            rows = given.rows or ROWS[name]
            every[name] = one_set(name, rows, [side for side in chosen if name in side.sets], given)
    if given.json:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(every, indent=1))


def matches(side: str, asked: str) -> bool:
    """Whether "lance" or "hf datasets" asks for a side."""
    return side.lower() == asked.lower() or side.lower().partition(",")[0] == asked.lower()


def one_set(name: str, rows: int, sides: list, given: argparse.Namespace) -> dict:
    place = given.work / f"{name}-{rows}"
    place.mkdir(exist_ok=True)
    kept = place / "results.json"
    results = json.loads(kept.read_text()) if kept.exists() and given.reuse else {}
    failed: dict[str, str] = {}
    whole = {"do": "lake", "set": name, "lake": str(place / "lake"), "rows": rows, "whole": True}
    process(Path(sys.executable), whole, given.work)
    for side in sides:
        if side.name not in results:
            if sys.stderr.isatty():
                print(f"set {name}: {side.name}", file=sys.stderr)
            try:
                results[side.name] = measure(side, name, rows, place, given)
            except Failed as reason:
                failed[side.name] = str(reason)
            kept.write_text(json.dumps(results, indent=1))
    report(name, rows, results, failed)
    return {"rows": rows, "results": results, "failed": failed}


if __name__ == "__main__":
    main()
