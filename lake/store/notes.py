"""Process metadata: how data was made, in seeds/process_notes.csv, which a build takes as seeds.process_notes.

A note is known by its digest: of its kind, what it is about, and its DOI, URL or, without these, its statement. Adding
it again changes nothing but cells that are empty.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from lake.errors import ConfigError, StorageError
from lake.store import durable

FILE = "seeds/process_notes.csv"
COLUMNS = ("note", "kind", "about", "statement", "doi", "url", "title", "year", "publisher")
KINDS = (
    *("experimental_provenance", "observational_context", "computational_lineage", "methodological_evolution"),
    *("quality_control", "decision", "systematic_bias", "failed_experiment"),
)


def read(root: Path) -> list[dict[str, str]]:
    """Every note, as the file has them.

    Raises:
        ConfigError: the file has another header. StorageError: it was truncated, or is not text.
    """
    path = root / FILE
    if not path.is_file():
        return []
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _damaged(path, f"its byte {error.start} is not UTF-8") from None
    lines = csv.DictReader(io.StringIO(text, newline=""))
    if tuple(lines.fieldnames or ()) != COLUMNS:
        if not text.endswith("\n"):
            raise _damaged(path, "it ends in its header")
        raise ConfigError("the header of the notes is another", where=str(path), why=f"it is {', '.join(COLUMNS)}")
    rows = list(lines)
    if not text.endswith("\n"):
        raise _damaged(path, "it ends within a line")
    for number, row in enumerate(rows, 1):
        if None in row or None in row.values():
            raise _damaged(path, f"note {number} has another number of cells")
    return rows


def readable(root: Path) -> bool:
    """Whether there are notes that `read` takes."""
    try:
        return bool(read(root))
    except (ConfigError, StorageError):
        return False


def _damaged(path: Path, how: str) -> StorageError:
    return StorageError(
        f"the notes are damaged: {how}",
        where=str(path),
        why="it was cut or overwritten, or edited so that it no longer is what it was",
        next="lake repair",
    )


def add(root: Path, entries: Iterable[Mapping[str, str]], copy: Path | None = None) -> dict[str, int]:
    """Add notes; how many are new, filled where cells were empty, and as they were.

    Raises:
        ConfigError: a note has no kind, statement or subject, an unknown kind, or no DOI for one. None is added then.
    """
    counts = {"added": 0, "filled": 0, "known": 0}
    rows = [_checked(one, number) for number, one in enumerate(entries, 1)]
    with _changing(root):
        by_id = {row["note"]: row for row in read(root)}
        for row in rows:
            existing = by_id.get(row["note"])
            if existing is None:
                by_id[row["note"]] = row
                counts["added"] += 1
            else:
                fresh = {name: row[name] for name in COLUMNS if row[name] and not existing[name]}
                existing |= fresh
                counts["filled" if fresh else "known"] += 1
        if counts["added"] or counts["filled"]:
            _write(root, by_id.values(), copy)
    return counts


def fill(root: Path, looked_up: Mapping[str, Mapping[str, str]], copy: Path | None = None) -> int:
    """Write what was looked up, by note, into cells that are empty; how many notes that changes."""
    changed = 0
    with _changing(root):
        rows = read(root)
        for row in rows:
            fresh = {name: value for name, value in looked_up.get(row["note"], {}).items() if value and not row[name]}
            row |= fresh
            changed += bool(fresh)
        if changed:
            _write(root, rows, copy)
    return changed


@contextmanager
def _changing(root: Path) -> Iterator[None]:
    """One at a time reads, changes and writes the notes."""
    path = root / FILE
    try:
        with durable.locked(path.parent):
            yield
    except OSError as error:
        raise StorageError(f"the notes cannot be written: {error.strerror or error}", where=str(path)) from None


def _checked(entry: Mapping[str, str], number: int) -> dict[str, str]:
    row = {name: (entry.get(name) or "").strip() for name in COLUMNS}
    row["doi"] = row["doi"].lower().removeprefix("https://doi.org/").removeprefix("doi:")
    unknown = sorted(name for name in entry if name not in COLUMNS)
    faults = {
        f"{', '.join(unknown)} is not known": unknown,
        f"kind is {row['kind']!r}, and may be one of {', '.join(KINDS)}": row["kind"] not in KINDS,
        "it says nothing: statement is empty": not row["statement"],
        "it is about nothing: about is a table, a column or a source": not row["about"],
        f"{row['doi']!r} is not a DOI": row["doi"] and not row["doi"].startswith("10."),
        f"{row['url']!r} is not an http(s) address": row["url"] and not row["url"].startswith(("http://", "https://")),
        f"year is {row['year']!r}": row["year"] and not row["year"].isdigit(),
    }
    if fault := next((what for what, wrong in faults.items() if wrong), None):
        raise ConfigError(f"note {number} does not fit: {fault}", next="lake note --help")
    key = "\x1f".join((row["kind"], row["about"], row["doi"] or row["url"] or row["statement"]))
    row["note"] = hashlib.sha256(key.encode()).hexdigest()[:16]
    return row


def _write(root: Path, rows: Iterable[Mapping[str, str]], copy: Path | None) -> None:
    text = io.StringIO(newline="")
    file = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    file.writeheader()
    file.writerows(sorted(rows, key=lambda row: (row["kind"], row["about"], row["note"])))
    durable.write(root / FILE, text.getvalue())
    if copy:
        durable.write(copy, text.getvalue())


def damage(root: Path, copy: Path) -> str:
    """How the notes differ from their copy; empty where they do not, or there is none. What is added by hand is no
    difference."""
    if not copy.is_file():
        return ""
    if not (root / FILE).is_file():
        return "it is missing"
    try:
        now = {row["note"]: row for row in read(root)}
        copied = {row["note"]: row for row in csv.DictReader(io.StringIO(copy.read_text("utf-8"), newline=""))}
    except StorageError as error:
        return error.what
    except (ConfigError, UnicodeDecodeError, KeyError) as error:
        return str(error)
    wrong = [note for note, row in copied.items() if now.get(note) != row]
    return f"{len(wrong)} note(s) are not what they were" if wrong else ""


def restore(root: Path, copy: Path) -> None:
    """Put the notes of the copy back; what was added by hand stays, where it can be read."""
    with _changing(root):
        try:
            mine = read(root)
        except (StorageError, ConfigError):
            mine = []
        copied = {row["note"]: row for row in csv.DictReader(io.StringIO(copy.read_text("utf-8"), newline=""))}
        _write(root, ({row["note"]: row for row in mine if _own(row)} | copied).values(), copy)


def _own(row: Mapping[str, str]) -> bool:
    try:
        return _checked({name: row[name] for name in COLUMNS if name != "note"}, 0)["note"] == row["note"]
    except ConfigError:
        return False
