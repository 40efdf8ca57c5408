"""KGML to Parquet: this package's reader against BeautifulSoup (lxml-xml) and Biopython, on the same files.

    python bench/kgml.py FOLDER [--repeats 5] [--peers bench/out/peers]

FOLDER is searched for files named `kgml` or *.kgml / *.xml. Each side reads every file, makes the rows of the same
eight tables (pathways, entries, graphics, components, reactions, participants, relations, subtypes) and writes one
Parquet file a table. CPU seconds are those of the process, imports left out; each repeat is a process of its own.
The peers are installed into bench/out/peers by pip on the first run. Prints files per CPU-second and the ratios.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
Rows = dict[str, list[dict]]


def lake_files(files: list[Path], out: Path) -> dict[str, int]:
    """One file after the other, as `read` gives them."""
    from lake.sources.kegg import kgml

    return _write(out, ((part.table, part.rows) for r, f in _resources(files) for part in kgml.read(r, f)))


def lake(files: list[Path], out: Path) -> dict[str, int]:
    """Many files at a time, as landing does."""
    from lake.sources.kegg import kgml

    def parts() -> Iterator[tuple]:
        for _, part in kgml.read_many(_resources(files)):
            if isinstance(part, Exception):
                raise part
            yield part.table, part.rows

    return _write(out, parts())


def _resources(files: list[Path]) -> Iterator[tuple]:
    from lake.formats.answer import Answer
    from lake.sources.contract import Resource

    for file in files:
        yield Resource(str(file), file.as_uri(), "kgml", "xml"), Answer(file)


def beautifulsoup(files: list[Path], out: Path) -> dict[str, int]:
    from bs4 import BeautifulSoup

    rows: Rows = defaultdict(list)
    for file in files:
        root = BeautifulSoup(file.read_bytes(), "lxml-xml").find("pathway")
        pathway = root["name"].removeprefix("path:")
        rows["kgml_pathways"].append({"pathway_id": pathway, "title": root.get("title"), "organism": root.get("org")})
        for entry in root.find_all("entry", recursive=False):
            _entry(rows, {"pathway_id": pathway, "entry_id": int(entry["id"])}, entry)
        for n, reaction in enumerate(root.find_all("reaction", recursive=False)):
            key = {"pathway_id": pathway, "reaction": n}
            rows["kgml_reactions"].append(
                {
                    **key,
                    "entry_id": _int(reaction.get("id")),
                    "reactions": _bare(reaction["name"]),
                    "type": reaction["type"],
                }
            )
            for part in reaction.find_all(["substrate", "product"], recursive=False):
                ids = {"entry_id": _int(part.get("id")), "compounds": _bare(part["name"])}
                rows["kgml_participants"].append({**key, "role": part.name, **ids})
        for n, relation in enumerate(root.find_all("relation", recursive=False)):
            key = {"pathway_id": pathway, "relation": n}
            ends = {"entry1": int(relation["entry1"]), "entry2": int(relation["entry2"])}
            rows["kgml_relations"].append({**key, **ends, "type": relation["type"]})
            for subtype in relation.find_all("subtype", recursive=False):
                rows["kgml_relation_subtypes"].append({**key, "name": subtype["name"], "value": subtype["value"]})
    return _write_rows(out, rows)


def _entry(rows: Rows, key: dict, entry) -> None:
    reactions = _bare(entry.get("reaction", ""))
    names = {"type": entry["type"], "names": entry["name"].split(), "reactions": reactions, "link": entry.get("link")}
    rows["kgml_entries"].append({**key, **names})
    for graphics in entry.find_all("graphics", recursive=False):
        size = {name: _float(graphics.get(name)) for name in ("x", "y", "width", "height")}
        looks = {name: graphics.get(name) for name in ("name", "type", "coords", "fgcolor", "bgcolor")}
        rows["kgml_graphics"].append({**key, **size, **looks})
    for component in entry.find_all("component", recursive=False):
        rows["kgml_components"].append({**key, "component_id": int(component["id"])})


def biopython(files: list[Path], out: Path) -> dict[str, int]:
    from Bio.KEGG.KGML import KGML_parser

    rows: Rows = defaultdict(list)
    for file in files:
        try:
            with open(file) as handle:
                found = KGML_parser.read(handle)
        except KeyError:  # reactions of older documents have no id, which it needs
            rows["failed"].append({"file": str(file)})
            continue
        pathway = found.name.removeprefix("path:")
        rows["kgml_pathways"].append({"pathway_id": pathway, "title": found.title, "organism": found.org})
        for entry in found.entries.values():
            key = {"pathway_id": pathway, "entry_id": entry.id}
            reactions = _bare(entry.reaction)
            names = {"type": entry.type, "names": entry.name.split(), "reactions": reactions, "link": entry.link}
            rows["kgml_entries"].append({**key, **names})
            for g in entry.graphics:
                size = {"x": g.x, "y": g.y, "width": g.width, "height": g.height}
                looks = {"name": g.name, "type": g.type, "coords": str(g.coords), "fgcolor": g.fgcolor}
                rows["kgml_graphics"].append({**key, **size, **looks, "bgcolor": g.bgcolor})
            rows["kgml_components"] += [{**key, "component_id": component.id} for component in entry.components]
        for n, reaction in enumerate(found.reactions):
            key = {"pathway_id": pathway, "reaction": n}
            names = {"entry_id": reaction.id, "reactions": _bare(reaction.name), "type": reaction.type}
            rows["kgml_reactions"].append({**key, **names})
            for role, parts in (("substrate", reaction.substrates), ("product", reaction.products)):
                for part in parts:
                    ids = {"entry_id": part.id, "compounds": _bare(part.name)}
                    rows["kgml_participants"].append({**key, "role": role, **ids})
        for n, relation in enumerate(found.relations):
            key = {"pathway_id": pathway, "relation": n}
            ends = {"entry1": relation.entry1.id, "entry2": relation.entry2.id}
            rows["kgml_relations"].append({**key, **ends, "type": relation.type})
            rows["kgml_relation_subtypes"] += [{**key, "name": k, "value": str(v)} for k, v in relation.subtypes]
    return _write_rows(out, rows)


def _bare(names: str) -> list[str]:
    return [name.partition(":")[2] or name for name in names.split()]


def _int(text: str | None) -> int | None:
    return None if text is None else int(text)


def _float(text: str | None) -> float | None:
    return None if text is None else float(text)


def _write_rows(out: Path, rows: Rows) -> dict[str, int]:
    import pyarrow as pa

    return _write(out, ((table, pa.Table.from_pylist(found)) for table, found in rows.items()))


def _write(out: Path, tables: Iterator[tuple]) -> dict[str, int]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    held = defaultdict(list)
    for table, rows in tables:
        held[table].append(rows)
    for table, pieces in held.items():
        pq.write_table(pa.concat_tables(pieces), out / f"{table}.parquet")
    return {table: sum(map(len, pieces)) for table, pieces in held.items()}


SIDES = {"lake": lake, "lake, file by file": lake_files, "biopython": biopython, "beautifulsoup": beautifulsoup}


def once(side: str, files: list[Path]) -> None:
    """What a process of its own does: everything imported first, then one measured pass."""
    import pyarrow.parquet  # noqa: F401

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        SIDES[side](files[:1], out)
        start = time.process_time()
        rows = SIDES[side](files, out)
        print(json.dumps({"cpu": time.process_time() - start, "rows": rows}))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=lambda text: Path(text).resolve())
    arguments.add_argument("--repeats", type=int, default=5)
    arguments.add_argument("--peers", type=Path, default=HERE / "out" / "peers", help="where the peers are installed")
    arguments.add_argument("--once", choices=SIDES, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    files = sorted(f for f in given.folder.rglob("*") if f.name == "kgml" or f.suffix in (".kgml", ".xml"))
    files = [f for f in files if b"<pathway" in f.read_bytes()[:4096]]
    if given.once:
        sys.path.append(str(given.peers))
        once(given.once, files)
        return
    if not (given.peers / "bs4").is_dir():
        install = ["pip", "install", "--quiet", "--target", str(given.peers), "beautifulsoup4", "biopython"]
        subprocess.run([sys.executable, "-m", *install], check=True)
    report(given, files)


def report(given: argparse.Namespace, files: list[Path]) -> None:
    size = sum(f.stat().st_size for f in files)
    print(f"{len(files)} files, {size / 1e6:.1f} MB; median of {given.repeats} processes a side, sides in turn\n")
    times: dict[str, list[float]] = defaultdict(list)
    rows: dict[str, dict[str, int]] = {}
    for _ in range(given.repeats):
        for side in SIDES:
            command = [sys.executable, __file__, str(given.folder), "--peers", str(given.peers), "--once", side]
            answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            times[side].append(answer["cpu"])
            rows[side] = answer["rows"]
    slowest = statistics.median(times["beautifulsoup"])
    print(f"{'side':20} {'CPU s':>8} {'files/CPU-s':>12} {'x BeautifulSoup':>16} {'x Biopython':>12}   rows")
    for side, taken in times.items():
        cpu = statistics.median(taken)
        ratio, other = slowest / cpu, statistics.median(times["biopython"]) / cpu
        count = sum(n for table, n in rows[side].items() if table != "failed")
        failed = f" ({rows[side]['failed']} files failed)" if rows[side].get("failed") else ""
        print(f"{side:20} {cpu:8.3f} {len(files) / cpu:12.1f} {ratio:16.1f} {other:12.1f}   {count:,}{failed}")


if __name__ == "__main__":
    main()
