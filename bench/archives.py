"""Large answers of archives: rows a CPU second and memory, beside the readers that one would otherwise take.

    python bench/archives.py [--sets ncbi.tsv,kgml,...] [--rounds 1] [--scale 1.0] [--work DIR] [--keep]

The files are made up, in the archives' own forms (bench/made.py): 2,500,000 assemblies of NCBI (38 columns, 1.1 GB),
plain and gzipped; 600,000 genomes of GTDB's metadata (110 columns); 560,000 entries of UniProt as TSV and as XML
(4.8 GB); 20,000 KGML documents (1.5 GB); an OBO file of 150,000 terms; 20 SBML models of 1,500 reactions. Each is
deleted once it is read, unless with --keep. The peers are put into bench/out/peers by pip on the first run.

Each side runs in a process of its own, on two threads, and reads a small file of the same form before the clock starts.
Ours gives columns of every row, types checked, and rejects; Bio, pronto, obonet and cobra give objects, no columns.
"alone" is a parser whose elements nobody looks at: no reader that goes through it can be faster. A row of KGML is a
document, one of SBML a reaction. A peer that gives its rows one by one is stopped after two minutes: "of" says how many
there are.

    rows/CPU s  rows, by user and system time: the best of the rounds
    MB          peak resident memory
    x           CPU a row over that of the file's first reader
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
PEERS = HERE / "out" / "peers"
PINNED = ["biopython==1.88", "pronto==2.7.4", "obonet==1.3.0", "cobra==0.32.1"]
STOP = 120  # CPU seconds
FEW = 100  # rows of the small file


class Case(NamedTuple):
    make: str  # of bench/made.py
    rows: int
    source: str  # our reader, the kind of its answer, and the table whose rows are counted
    kind: str
    table: str
    peers: tuple[str, ...]


_FRAMES = ("DuckDB read_csv", "pandas.read_csv", "pandas.read_csv, chunks")
CASES = {  # by the file's name
    "ncbi.tsv": Case("ncbi", 2_500_000, "ncbi", "summary", "ncbi_assemblies", _FRAMES),
    "ncbi.tsv.gz": Case("ncbi", 2_500_000, "ncbi", "summary", "ncbi_assemblies", _FRAMES),
    "gtdb.tsv": Case("gtdb", 600_000, "gtdb", "metadata", "gtdb_metadata", _FRAMES),
    "uniprot.tsv": Case("uniprot_tsv", 560_000, "uniprot", "tsv", "uniprot_entries", _FRAMES),
    "uniprot.xml": Case(
        "uniprot_xml",
        560_000,
        "uniprot",
        "xml",
        "uniprot_entries",
        ("Bio.SeqIO", "lxml.iterparse alone", "expat alone"),
    ),
    "kgml": Case("kgml", 20_000, "kegg", "kgml", "kgml_pathways", ("Bio.KEGG.KGML", "expat alone")),
    "terms.obo": Case("obo", 150_000, "ontologies", "ontology", "ontologies_terms", ("pronto", "obonet")),
    "sbml": Case("sbml", 30_000, "agora", "model", "agora_reactions", ("cobra", "expat alone")),
}


# The sides: each reads a file, or all of a folder's, and gives how many rows it has


def _lake(case: Case, path: Path) -> Iterator[int]:
    from lake.formats.answer import Answer
    from lake.sources.contract import Resource

    source = import_module(f"lake.sources.{case.source}")
    answers = [
        (Resource(str(file), file.as_uri(), case.kind, "text", {"release": "1", "model": file.stem}), Answer(file))
        for file in _files(path)
    ]
    if hasattr(source, "read_many"):
        parts = (part for _, part in source.read_many(answers))
    else:
        parts = (part for resource_of, answer in answers for part in source.read(resource_of, answer))
    for part in parts:
        yield len(part.rows) if part.table == case.table else 0


def _duckdb(case: Case, path: Path) -> Iterator[int]:
    import duckdb

    skip = 1 if case.source == "ncbi" else 0
    query = f"FROM read_csv('{path}', delim='\t', skip={skip}, header=true, quote='', nullstr=['na', 'none', ''])"
    connection = duckdb.connect(config={"threads": 2})
    yield sum(len(batch) for batch in connection.execute(query).to_arrow_reader(100_000))


def _pandas(case: Case, path: Path, **options: Any) -> Any:
    import pandas as pd

    skip = 1 if case.source == "ncbi" else 0
    return pd.read_csv(path, sep="\t", skiprows=skip, quoting=3, na_values=["na", "none"], low_memory=False, **options)


def _biopython_kgml(case: Case, path: Path) -> Iterator[int]:
    from Bio.KEGG.KGML import KGML_parser

    for file in _files(path):
        with open(file) as handle:
            KGML_parser.read(handle)
        yield 1


def _biopython_uniprot(case: Case, path: Path) -> Iterator[int]:
    from Bio import SeqIO

    return (1 for _ in SeqIO.parse(path, "uniprot-xml"))


def _iterparse(case: Case, path: Path) -> Iterator[int]:
    from lxml import etree

    for _, entry in etree.iterparse(path, tag="{*}entry"):
        entry.clear()
        while entry.getprevious() is not None:
            del entry.getparent()[0]
        yield 1


def _expat(case: Case, path: Path) -> Iterator[int]:
    from xml.parsers import expat

    for file in _files(path):
        with open(file, "rb") as opened:
            expat.ParserCreate().ParseFile(opened)
    yield int(path.name.partition("-")[0])


def _pronto(case: Case, path: Path) -> Iterator[int]:
    import pronto

    yield len(pronto.Ontology(str(path)).terms())


def _obonet(case: Case, path: Path) -> Iterator[int]:
    import obonet

    yield len(obonet.read_obo(path))


def _cobra(case: Case, path: Path) -> Iterator[int]:
    from cobra.io import read_sbml_model

    return (len(read_sbml_model(str(file)).reactions) for file in _files(path))


def _files(path: Path) -> list[Path]:
    return sorted(path.iterdir()) if path.is_dir() else [path]


SIDES: dict[str, Callable[[Case, Path], Iterable[int]]] = {
    "lake": _lake,
    "DuckDB read_csv": _duckdb,
    "pandas.read_csv": lambda case, path: [len(_pandas(case, path))],
    "pandas.read_csv, chunks": lambda case, path: map(len, _pandas(case, path, chunksize=100_000)),
    "Bio.KEGG.KGML": _biopython_kgml,
    "Bio.SeqIO": _biopython_uniprot,
    "lxml.iterparse alone": _iterparse,
    "expat alone": _expat,
    "pronto": _pronto,
    "obonet": _obonet,
    "cobra": _cobra,
}


def _once(side: str, name: str, path: Path, small: Path) -> dict[str, Any]:
    """What a process of its own does."""
    for _ in SIDES[side](CASES[name], small):
        pass
    rows, before = 0, time.process_time()
    for some in SIDES[side](CASES[name], path):
        rows += some
        if side != "lake" and time.process_time() - before > STOP:
            break
    cpu = time.process_time() - before
    return {"rows": rows, "cpu": cpu, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


def _child(*arguments: object) -> str:
    """In a process of its own; this one stays small: a child's peak memory is never told as less than its parent's."""
    environment = os.environ | {"OMP_NUM_THREADS": "2"}  # Arrow's threads too
    command = [sys.executable, __file__, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, arguments))}: {done.stderr}")
    return done.stdout


def _make(name: str, path: Path, rows: int) -> None:
    import made

    part = path.with_name(f"part-{path.name}")
    _delete(part)
    getattr(made, CASES[name].make)(part, rows)
    part.rename(path)


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


def _measure(name: str, path: Path, small: Path, rows: int, rounds: int) -> None:
    sides = [*CASES[name].peers, "lake"]
    taken = [(side, json.loads(_child("--once", side, name, path, small))) for _ in range(rounds) for side in sides]
    best = {side: min((used for at, used in taken if at == side), key=lambda used: used["cpu"]) for side in sides}
    first = best[sides[0]]["cpu"] / best[sides[0]]["rows"]
    for side, used in best.items():
        count = f"{used['rows']:,}" + (f" of {rows:,}" if used["rows"] != rows else "")
        each = used["cpu"] / used["rows"]
        cells = (name, side, count, f"{1 / each:,.0f}", f"{used['cpu']:.1f}", f"{used['mb']:,}", f"{each / first:.2f}")
        print(f"| {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default=",".join(CASES))
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0, help="of the numbers of rows")
    parser.add_argument("--work", type=Path, default=HERE / "out" / "archives")
    parser.add_argument("--keep", action="store_true", help="the files that are made")
    parser.add_argument("--once", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--make", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.make:
        name, path, rows = asked.make
        _make(name, Path(path), int(rows))
        return
    if asked.once:
        side, name, *paths = asked.once
        sys.path.append(str(PEERS))
        print(json.dumps(_once(side, name, *map(Path, paths))))
        return
    if not (PEERS / "cobra").is_dir():
        subprocess.run([sys.executable, "-m", "pip", "install", "-qq", "--target", PEERS, *PINNED], check=True)
    asked.work.mkdir(parents=True, exist_ok=True)
    print("| file | reader | rows | rows/CPU s | CPU s | MB | x |\n|---|---|---|---|---|---|---|", flush=True)
    for name in asked.sets.split(","):
        rows = int(CASES[name].rows * asked.scale)
        path, small = (asked.work / f"{n}-{name}" for n in (rows, FEW))
        for at, n in ((path, rows), (small, FEW)):
            if not at.exists():
                _child("--make", name, at, n)
        _measure(name, path, small, rows, asked.rounds)
        if not asked.keep:
            _delete(path)
            _delete(small)


if __name__ == "__main__":
    main()
