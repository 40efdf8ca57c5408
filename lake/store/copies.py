"""Second copies, in ``<data>/copies``, of what nothing else can be made from: the catalog, the engine's own tables, the
fetch log, the notes. `lake repair` takes them where the first ones are damaged.

The catalog is copied by SQLite's own backup after each commit, the last few are kept; the files of ops.* and quality.*
as they are, as long as a kept snapshot has them; of the fetch log, the rows that are new.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from lake.config import Config
from lake.errors import StorageError
from lake.store import checksums, durable, fetch_log, notes
from lake.store.sqlite_reader import readable

COPIES = "copies"
CATALOG = "catalog.sqlite"
KEEP = 3  # copies of the catalog
CUBES = ("raw.cubes", "raw.cube_variables")  # small, and the way to every array
ENGINE = ("ops", "quality")  # schemas whose tables the engine writes of itself
_SUMS = "CREATE TABLE IF NOT EXISTS copied (id INTEGER PRIMARY KEY, digest TEXT NOT NULL)"  # of each row, by its id


def of(config: Config, path: str) -> Path:
    """Where the copy of a file of the data folder lies."""
    return config.data / COPIES / path


def whole(source: Path, target: Path) -> None:
    """Copy a file, which is on the disk before it has its name."""
    durable.make(target.parent)
    temporary = target.with_name(f".{target.name}.{os.getpid()}-copy")
    try:
        shutil.copyfile(source, temporary)
        durable.sync(temporary)
        durable.put(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def tables(config: Config, files: Iterable[str], sums: checksums.Sums) -> None:
    """Copy those of a snapshot's files that are the engine's and have no copy yet; a damaged one is not copied."""
    for file in files:
        target = of(config, file)
        if _engine(file) and not target.exists() and sums.get(file) == checksums.take(config.data / file):
            whole(config.data / file, target)


def _engine(file: str) -> bool:
    _, schema, table, *_ = file.split("/")
    return schema in ENGINE or f"{schema}.{table}" in CUBES


def forget(config: Config, files: Iterable[str]) -> None:
    """Drop the copies of files that were freed."""
    for file in files:
        of(config, file).unlink(missing_ok=True)


def catalogs(config: Config) -> list[tuple[int, Path]]:
    """The copies of the catalog, newest first, with their snapshots."""
    files = (config.data / COPIES).glob("catalog-*.sqlite")
    numbered = [(int(number), file) for file in files if (number := file.stem.partition("-")[2]).isdecimal()]
    return sorted(numbered, reverse=True)


def catalog(config: Config, snapshot: int) -> None:
    """Copy the catalog, which nobody in this process may have open: the last handle that closes takes all its locks."""
    target = of(config, f"catalog-{snapshot}.sqlite")
    durable.make(target.parent)
    temporary = target.with_name(f".{target.name}.{os.getpid()}-copy")
    try:
        with closing(sqlite3.connect(config.data / CATALOG)) as one, closing(sqlite3.connect(temporary)) as other:
            one.backup(other)
        durable.sync(temporary)
        durable.put(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    for _, old in catalogs(config)[KEEP:]:
        old.unlink(missing_ok=True)


def renew(config: Config, snapshot: int) -> None:
    """Copy the catalog again, and drop its older copies."""
    if config.lake.catalog == "sqlite":
        catalog(config, snapshot)
        for number, old in catalogs(config):
            if number != snapshot:
                old.unlink(missing_ok=True)


def kept_notes(config: Config) -> Path:
    """Where the copy of the notes lies."""
    return of(config, Path(notes.FILE).name)


def fetches(data: Path) -> None:
    """Copy the rows of the fetch log that have no copy yet, each with its digest."""
    source, target = fetch_log.path(data), fetch_log.path(data / COPIES)
    if not source.is_file() or source.stat().st_size == 0:
        return
    durable.make(target.parent)
    with closing(fetch_log.connect(data)) as one, closing(sqlite3.connect(target, isolation_level=None)) as other:
        other.executescript(fetch_log.SCHEMA + _SUMS)
        upto = other.execute("SELECT coalesce(max(id), 0) FROM outcomes").fetchone()[0]
        rows = one.execute(f"SELECT {fetch_log.COLUMNS} FROM outcomes WHERE id > ? ORDER BY id", (upto,)).fetchall()
        if rows:
            other.execute("PRAGMA synchronous = FULL")
            other.execute("BEGIN IMMEDIATE")
            other.executemany(fetch_log.INSERT, rows)
            other.executemany("INSERT OR REPLACE INTO copied VALUES (?, ?)", [(row[-1], digest(row)) for row in rows])
            other.execute("COMMIT")


def digest(row: tuple[Any, ...]) -> str:
    """Of one row of the fetch log."""
    return hashlib.md5(repr(row).encode("utf-8", "surrogatepass")).hexdigest()


def damaged_fetches(config: Config) -> tuple[str, str]:
    """How the fetch log is damaged, and how its copy is; empty where they are as they were.

    What is in the log and not in the copy is newer; rows of the copy that the log lacks are gone.
    """
    copy = fetch_log.path(config.data / COPIES)
    copied = _rows(copy, "SELECT id, digest FROM copied")
    digests: dict[int, str] = {} if isinstance(copied, str) else {number: text for number, text in copied}
    problems = []
    for file in (fetch_log.path(config.data), copy):
        rows = _rows(file, f"SELECT {fetch_log.COLUMNS} FROM outcomes")
        if isinstance(rows, str):
            problems.append(rows if digests or file.exists() else "")
            continue
        present = {row[-1]: digest(row) for row in rows}
        changed = [number for number, text in digests.items() if present.get(number) != text]
        problems.append(f"{len(changed)} row(s) are not what they were" if changed else "")
    if isinstance(copied, str) and copy.exists():
        problems[1] = problems[1] or copied
    return problems[0], problems[1]


def _rows(file: Path, query: str) -> list[tuple[Any, ...]] | str:
    """What a SQLite file gives, or why it cannot."""
    if not file.is_file():
        return "it is missing"
    try:
        with (
            readable(file) as copy,
            closing(sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro", uri=True)) as connection,
        ):
            (state,) = connection.execute("PRAGMA integrity_check").fetchone()
            return connection.execute(query).fetchall() if state == "ok" else str(state)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        return str(error)


def sound(file: Path) -> str:
    """How a SQLite file is damaged, as far as it can tell itself; empty where it is not."""
    result = _rows(file, "SELECT 1")
    return result if isinstance(result, str) else ""


def quietly(config: Config, snapshot: int | None) -> None:
    """Take the copies that can be taken when a writer has let the catalog go; a full disk leaves them to the next."""
    quietly_fetches(config.data)
    with suppress(OSError, sqlite3.Error):
        if (
            snapshot is not None
            and config.lake.catalog == "sqlite"
            and not of(config, f"catalog-{snapshot}.sqlite").exists()
        ):
            catalog(config, snapshot)


def quietly_fetches(data: Path) -> None:
    """`fetches`, where it can be: a damaged log is reported by those who read it."""
    with suppress(OSError, sqlite3.Error, StorageError):
        fetches(data)
