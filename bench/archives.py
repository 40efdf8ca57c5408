"""Large tables of archives: rows a CPU second and memory, beside the reader that one would otherwise take.

    python bench/archives.py [--work DIR] [--sets ncbi,ncbi.gz,gtdb,uniprot,obo] [--scale 1.0]

The files are made up, in the archives' own forms: 2,500,000 assemblies of NCBI (38 columns, 1.1 GB), plain and gzipped;
600,000 genomes of GTDB's metadata (110 columns); 560,000 entries of UniProt as TSV; an OBO file of 150,000 terms. Each
side runs in a process of its own, on two threads, and gives every row: ours with its types checked and its rejects.

    rows/CPU s  rows, by user and system time, imports left out
    MB          peak resident memory
    x           CPU over that of DuckDB's reader (pandas' where DuckDB has none)
"""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
_SIZES = {"ncbi": 2_500_000, "ncbi.gz": 2_500_000, "gtdb": 600_000, "uniprot": 560_000, "obo": 150_000}


# The files


def _names(table: str) -> list[str]:
    from lake.sources import gtdb_tables, ncbi_tables

    schema = {**ncbi_tables.TABLES, **gtdb_tables.TABLES}[table]
    return [
        (field.metadata.get(b"source", b"").decode() or field.name).split("|")[0]
        for field in schema
        if field.name not in ("_record", "release")
    ]


def _cells(schema: Any, number: int) -> list[str]:
    """A row of a schema's types."""
    given = {"int64": str(number % 9_999_991), "double": f"{number % 1000 / 10}", "bool": "t"}
    return [
        given.get(str(field.type), f"made up {field.name} {number % 97}")
        for field in schema
        if field.name not in ("_record", "release")
    ]


def _table(path: Path, table: str, rows: int, comment: str, key: Callable[[int], str], wide: int = 0) -> None:
    from lake.sources import gtdb_tables, ncbi_tables

    schema = {**ncbi_tables.TABLES, **gtdb_tables.TABLES}[table]
    names = _names(table)
    more = [f"other_{n}" for n in range(wide - len(names))]
    lineage = names.index("gtdb_taxonomy") if "gtdb_taxonomy" in names else None
    opened = gzip.open(path, "wt", 1) if path.suffix == ".gz" else open(path, "w")  # noqa: SIM115
    with opened as file:
        file.write(comment + "\t".join([*names, *more]) + "\n")
        kept = []
        for number in range(97):
            cells = _cells(schema, number) + ["none"] * len(more)
            if lineage is not None:
                cells[lineage] = "d__A;p__B;c__C;o__D;f__E;g__F;s__F g"
            kept.append("\t".join(cells[1:]) + "\n")
        for start in range(0, rows, 10_000):
            file.write("".join(f"{key(n)}\t{kept[n % 97]}" for n in range(start, min(start + 10_000, rows))))


def _uniprot(path: Path, rows: int) -> None:
    names = [
        "Entry",
        "Entry Name",
        "Reviewed",
        "Protein names",
        "Gene Names",
        "Organism",
        "Length",
        "Mass",
        "EC number",
    ]
    with open(path, "w") as file:
        file.write("\t".join(names) + "\n")
        for n in range(rows):
            file.write(
                f"P{n:05d}\tX{n}_MADE\treviewed\tA protein {n}\tabc{n}\tMade up\t{n % 900 + 9}\t{n % 90000}\t"
                f"1.1.1.{n % 99}\n"
            )


def _obo(path: Path, rows: int) -> None:
    with open(path, "w") as file:
        file.write("format-version: 1.2\n")
        for n in range(rows):
            file.write(
                f'\n[Term]\nid: X:{n:07d}\nname: term {n}\ndef: "What term {n} is." [ME:{n}]\n'
                f'synonym: "t{n}" EXACT []\n'
                f"xref: DB:{n}\nis_a: X:{n // 2:07d} ! another\n"
            )


def _make(work: Path, name: str, rows: int) -> Path:
    path = work / f"{name.replace('.gz', '')}-{rows}.{'tsv' if name != 'obo' else 'obo'}{'.gz' if 'gz' in name else ''}"
    if not path.exists():
        part = path.with_name(f"part-{path.name}")
        if name.startswith("ncbi"):
            _table(part, "ncbi_assemblies", rows, "##  See a README\n#", lambda n: f"GCA_{n:09d}.1")
        elif name == "gtdb":
            _table(part, "gtdb_metadata", rows, "", lambda n: f"GB_GCA_{n:09d}.1", 110)
        else:
            {"uniprot": _uniprot, "obo": _obo}[name](part, rows)
        part.rename(path)
    return path


# The sides: each reads a file and gives how many rows it has


def _lake(name: str, path: Path) -> int:
    from lake.sources import gtdb, ncbi, ontologies, uniprot
    from lake.sources.source import Resource

    sources = {
        "ncbi": (ncbi, "summary"),
        "gtdb": (gtdb, "metadata"),
        "obo": (ontologies, "ontology"),
        "uniprot": (uniprot, "tsv"),
    }
    source, kind = sources[name.removesuffix(".gz")]
    resource_of = Resource("x", "https://example.org/x", kind, "text", {"release": "1"})
    counted = {"ontologies_terms", "ncbi_assemblies", "gtdb_metadata", "uniprot_entries"}
    rows = 0
    for part in source.read(resource_of, path):
        rows += len(part.rows) if part.table in counted else 0
    return rows


def _duckdb(name: str, path: Path) -> int:
    import duckdb

    skip = 1 if name.startswith("ncbi") else 0
    query = f"FROM read_csv('{path}', delim='\t', skip={skip}, header=true, quote='', nullstr=['na', 'none', ''])"
    connection = duckdb.connect(config={"threads": 2})
    return sum(len(batch) for batch in connection.execute(query).to_arrow_reader(100_000))


def _pandas(name: str, path: Path) -> int:
    import pandas as pd

    skip = 1 if name.startswith("ncbi") else 0
    parts = pd.read_csv(
        path, sep="\t", skiprows=skip, quoting=3, na_values=["na", "none"], chunksize=100_000, low_memory=False
    )
    return sum(map(len, parts))


def _pronto(name: str, path: Path) -> int:
    import pronto

    return len(list(pronto.Ontology(str(path)).terms()))


SIDES = {"lake": _lake, "DuckDB read_csv": _duckdb, "pandas.read_csv": _pandas, "pronto": _pronto}
_NEEDS = {"lake": "pyarrow", "DuckDB read_csv": "duckdb", "pandas.read_csv": "pandas", "pronto": "pronto"}


def _of(name: str) -> list[str]:
    return ["lake", "pronto"] if name == "obo" else ["DuckDB read_csv", "lake", "pandas.read_csv"]


def _once(side: str, name: str, path: Path) -> dict[str, Any]:
    __import__(_NEEDS[side])

    def cpu() -> float:
        used = resource.getrusage(resource.RUSAGE_SELF)
        return used.ru_utime + used.ru_stime

    before, wall = cpu(), time.perf_counter()
    rows = SIDES[side](name, path)
    used = {"rows": rows, "cpu": cpu() - before, "wall": time.perf_counter() - wall}
    return {**used, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


def _run(side: str, name: str, path: Path) -> dict[str, Any] | str:
    done = subprocess.run([sys.executable, __file__, "--once", side, name, str(path)], capture_output=True, text=True)
    if done.returncode:
        return done.stderr.strip().splitlines()[-1]
    return json.loads(done.stdout)


def results(work: Path, names: list[str], scale: float) -> Iterator[tuple[str, str, dict[str, Any] | str]]:
    for name in names:
        path = _make(work, name, int(_SIZES[name] * scale))
        for side in _of(name):
            yield name, side, _run(side, name, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--sets", default=",".join(_SIZES))
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--once", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.once:
        side, name, path = asked.once
        print(json.dumps(_once(side, name, Path(path))))
        return
    work = asked.work or Path(tempfile.mkdtemp(prefix="archives-"))
    work.mkdir(parents=True, exist_ok=True)
    print("| file | rows | reader | rows/CPU s | CPU s | wall s | MB | x |\n|---|---|---|---|---|---|---|---|")
    told: dict[str, dict[str, Any]] = {}
    for name, side, found in results(work, asked.sets.split(","), asked.scale):
        if isinstance(found, str):
            print(f"| {name} | | {side} | {found} | | | | |")
            continue
        told.setdefault(name, {})[side] = found
        against = told[name].get("DuckDB read_csv", {}).get("cpu")
        times = f"{found['cpu'] / against:.2f}" if against else ""
        print(
            f"| {name} | {found['rows']:,} | {side} | {found['rows'] / found['cpu']:,.0f} | {found['cpu']:.1f} "
            f"| {found['wall']:.1f} | {found['mb']:,} | {times} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
