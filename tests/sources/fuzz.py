"""Whatever the bytes are: rows, rejects, or Unreadable. Never another exception, never more memory or time.

    make fuzz N=10000
    PYTHONPATH=tests python -m sources.fuzz --mutants 10000 [--start N] [--only "gcm*"] [--keep FOLDER]

Each example of `examples.py`, and each real file of ../shared/upstream whose reader is known, is changed in many ways
(`mutants.py`) and read, in processes with limits of their own. A fault names its case and number, from which the same
bytes come again; --keep writes them to a folder.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, TextIO

from sources.examples import EXAMPLES, Example
from sources.mutants import mutant

from lake import progress, sources
from lake.errors import Refused, Unreadable
from lake.formats import text
from lake.formats.answer import Answer
from lake.sources.contract import Cube, Part

TESTS = Path(__file__).resolve().parents[1]
UPSTREAM = TESTS.parents[1] / "shared" / "upstream"
LARGEST = 1_500_000  # bytes of a real file that is tried
EACH = 6  # real files of one pattern
BATCH = 200  # mutants that one process reads
SECONDS = 10  # of CPU that one mutant may take
MEMORY = 1 << 30  # bytes that a process may take for a mutant
REAL = {  # real files, and whose example says how they are read
    "rest.kegg.jp/get/*/kgml": "kegg kgml",
    "rest.kegg.jp/get/br_*/json": "kegg hierarchy",
    "www.genome.jp/kegg-bin/*.keg": "kegg keg",
    "www.kegg.jp/pathway/*.html": "kegg page",
    "rest.kegg.jp/list/compound": "kegg compounds",
    "exoplanetarchive.ipac.caltech.edu/TblView/PS_*": "exoplanets ps",
    "*/systems/*.xml": "open_exoplanets systems",
    "*/comma_separated/open_exoplanet_catalogue.txt": "open_exoplanets table",
    "*/assembly_summary*.txt": "ncbi summary",
    "*_assembly_report.txt": "ncbi report",
    "*_genomic.fna.gz": "ncbi fasta",
    "*gtdb*_taxonomy*": "gtdb taxonomy",
    "*gtdb*_metadata*": "gtdb metadata",
    "*.sequence.index": "igsr index",
    "*.panel": "igsr samples",
    "*/igsr_samples.tsv": "igsr samples",
    "*/genelab_osd.txt": "osdr studies",
    "*_runsheet.csv": "osdr sheet",
    "*-ISA.zip": "osdr archive",
    "*/ena/portal/*.json": "ena search",
    "*/ena/browser/api/xml/*": "ena xml",
    "*/ena/browser/api/embl/*": "ena embl",
    "rest.uniprot.org/*.txt": "uniprot txt",
    "rest.uniprot.org/*.xml": "uniprot xml",
    "rest.uniprot.org/uniprotkb/*.json": "uniprot json",
    "*/MultiQC/*busco*": "busco",
    "*/MultiQC/*quast*": "quast",
    "*/MultiQC/*checkm*": "checkm",
    "*/MultiQC/*summary.tsv": "gtdb-tk",
    "*fcs*report.txt": "fcs",
    "www.vmh.life/*.xlsx": "agora strains",
    "bigg.ucsd.edu/*.xml": "agora model",
    "*.obo": "ontology obo",
    "*.owl": "ontology owl",
    "*.dmp": "taxonomy names",
    "*taxdump*.tar.gz": "taxonomy archive",
    "psg.gsfc.nasa.gov/*cfg*": "spectrum settings",
    "psg.gsfc.nasa.gov/*": "spectrum text",
    "*_REDUCTION.txt": "spectrum text",
    "*.fits": "spectrum image",
    "*.nc": "gcm NETCDF4",
}


def real(upstream: Path = UPSTREAM) -> dict[str, Example]:
    """The real files whose reader is known, by their names; none where the folder is not there."""
    cases: dict[str, Example] = {}
    files = sorted(p for p in upstream.rglob("*") if p.is_file() and 0 < p.stat().st_size <= LARGEST)
    for pattern, name in REAL.items():
        matching = [p for p in files if fnmatchcase(f"{p.relative_to(upstream)}", pattern)]
        for path in matching[:: max(1, -(-len(matching) // EACH))]:
            place = str(path.relative_to(upstream))
            params = EXAMPLES[name].params
            own = {"accession": path.stem} if "accession" in params else {}
            cases.setdefault(place, replace(EXAMPLES[name], make=path.read_bytes, name=place, params={**params, **own}))
    return cases


@cache
def every() -> dict[str, Example]:
    """What is mutated, by name."""
    return EXAMPLES | real()


def judge(example: Example, path: Path) -> str:
    """Have a file read, and its arrays stored. What came of it: "rows", "rejects" or "unreadable".

    Raises:
        AssertionError: what the reader gave is not what a reader may give; or whatever else it raised.
    """
    module = sources.get(example.source)
    with suppress(Refused):
        module.check(example.resource, path.read_bytes()[: 2**16])
    outcome = "unreadable"
    try:
        for part in module.read(example.resource, Answer(path)):
            right = _stored(part, path.parent) if isinstance(part, Cube) else _right(part, module.TABLES)
            outcome = "rows" if right or outcome == "rows" else "rejects"
    except Unreadable:
        return "unreadable"
    return outcome


def _right(part: Part, tables: Any) -> bool:
    """Whether there are rows in a part; it can be landed."""
    own = tables[part.table]
    rejected = 0 if part.rejects is None else len(part.rejects)
    assert part.seen == len(part.rows) + rejected
    assert part.rows.schema.names[: len(own)] == own.names
    assert part.rows.schema.types[: len(own)] == own.types
    names = [name.lower() for name in part.rows.schema.names]
    assert len(set(names)) == len(names)
    assert not {"_blob", "_resource"} & set(names)
    assert all(name and name.isprintable() for name in names)
    part.rows.validate(full=True)
    if rejected:
        assert part.rejects.select(["_record", "reason", "content"]).schema.types == text.REJECTS.types[:3]
        part.rejects.validate(full=True)
        assert part.rejects["reason"].null_count == 0
    return len(part.rows) > 0


def _stored(cube: Cube, folder: Path) -> bool:
    """Whether a cube holds anything; it is stored and measured, as a landing does it."""
    from lake.store import cubes

    with tempfile.TemporaryDirectory(dir=folder) as data:
        return bool(cubes.write(Path(data), cube, memory=MEMORY // 4).variables)


# One process reads some mutants; it says each one's number before and its outcome after


def read_some(names: list[str], numbers: range, out: TextIO) -> None:
    """Read mutants: number n is the (n // cases)th of its case."""
    cases = every()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answer"
        path.write_bytes(cases[names[numbers.start % len(names)]].body)
        with suppress(Exception):  # modules are imported now, and take no mutant's time
            judge(cases[names[numbers.start % len(names)]], path)
        _confine()
        for n in numbers:
            name, number = names[n % len(names)], n // len(names)
            print(json.dumps([name, number]), file=out, flush=True)
            path.write_bytes(mutant(cases[name], name, number))
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            signal.setitimer(signal.ITIMER_REAL, 20 * SECONDS)
            try:
                outcome = judge(cases[name], path)
            except BaseException:
                outcome = traceback.format_exc()
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
            print(json.dumps(outcome), file=out, flush=True)


def _confine() -> None:
    """Limits: each ends the process, which first writes down where it is."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        held = int(Path("/proc/self/statm").read_bytes().split()[5]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_DATA, (held + MEMORY, resource.getrlimit(resource.RLIMIT_DATA)[1]))
    faulthandler.enable()
    for limit in (signal.SIGPROF, signal.SIGALRM):
        faulthandler.register(limit, chain=True)


@dataclass(frozen=True)
class Outcome:
    """What came of one mutant: rows, rejects, unreadable; or how the reader failed."""

    case: str
    number: int
    text: str

    @property
    def kind(self) -> str:
        """The outcome in short. HDF5 may end a process, which no reader can catch: a landing reads in one that may."""
        if self.text in ("rows", "rejects", "unreadable"):
            return self.text
        crash = self.text.startswith(("SIGSEGV", "SIGABRT", "SIGBUS"))
        return "ended by HDF5" if crash and every()[self.case].form == "netcdf" else "fault"

    def keep(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        bytes_ = mutant(every()[self.case], self.case, self.number)
        (folder / f"{self.case.replace('/', '_')}.{self.number}").write_bytes(bytes_)


def run(names: list[str], numbers: range) -> Iterator[Outcome]:
    """Read mutants in one process after the other."""
    start = numbers.start
    while start < numbers.stop:
        stop = min(numbers.stop, start + BATCH)
        worker = [sys.executable, "-W", "ignore", "-m", "sources.fuzz", "--worker", str(start), str(stop), *names]
        yield from (outcomes := of_process(worker))
        start += len(outcomes)


def of_process(worker: list[str]) -> list[Outcome]:
    """What a process that runs `read_some` says, up to the mutant that ended it."""
    with tempfile.TemporaryFile("w+") as said:
        env = os.environ | {"PYTHONPATH": str(TESTS)}
        process = subprocess.run(worker, stdout=subprocess.PIPE, stderr=said, text=True, env=env)
        said.seek(0)
        last_words = said.read()
    lines = [json.loads(line) for line in process.stdout.splitlines()]
    begun, ended = lines[::2], lines[1::2]
    assert begun, last_words
    if len(ended) < len(begun):
        how = signal.Signals(-process.returncode).name if process.returncode < 0 else f"exit {process.returncode}"
        ended.append(f"{how}\n{last_words}")
    return [Outcome(name, number, text) for (name, number), text in zip(begun, ended, strict=True)]


def main() -> int:
    parser = argparse.ArgumentParser(description="Read mutants of every example and real file.")
    parser.add_argument("--mutants", type=int, default=int(os.environ.get("N", 10_000)))
    parser.add_argument("--start", type=int, default=0, help="number of the first mutant")
    parser.add_argument("--only", default="*", help="cases whose name fits this pattern")
    parser.add_argument("--keep", type=Path, help="a folder for the mutants that are faults")
    parser.add_argument("--worker", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        first, last, *names = given.worker
        read_some(names, range(int(first), int(last)), os.fdopen(os.dup(1), "w"))
        return 0
    names = [name for name in every() if fnmatchcase(name, given.only)]
    counts, started = Counter[str](), time.monotonic()
    with progress.bar("mutants", given.mutants) as advance:
        for outcome in run(names, range(given.start, given.start + given.mutants)):
            counts[outcome.kind] += 1
            advance()
            if outcome.kind == "fault":
                print(f"\n{outcome.case}, mutant {outcome.number}:\n{outcome.text}", flush=True)
                if given.keep:
                    outcome.keep(given.keep)
    took = time.monotonic() - started
    print(f"{counts.total():,} mutants of {len(names)} cases in {took:.0f} s:", dict(counts.most_common()))
    return 1 if counts["fault"] else 0


if __name__ == "__main__":
    sys.exit(main())
