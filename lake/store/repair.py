"""Mend what can be mended from what lies beside it, without reading what is damaged: `lake.repair` does the rest.

What is put out of the way is kept in ``<data>/damaged``, for whoever wants to look at it.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from lake.config import Config
from lake.errors import StorageError
from lake.store import (
    accepted_damage,
    catalog,
    checksums,
    copies,
    damage,
    durable,
    fetch_log,
    manifests,
    metadata,
    notes,
    published_file,
)
from lake.store.damage import Damage

ASIDE = "damaged"

Mended = Iterator[tuple[str, str]]  # what was mended, and of what it was made


def books(config: Config) -> Mended:
    """Mend the catalog, the manifests, the fetch log, the sums and the notes. The write lock must be held, and the
    catalog not be open.

    Raises:
        StorageError: there is no whole copy of the catalog.
    """
    if any(damage.of_catalog(config)):
        yield copies.CATALOG, f"its copy of snapshot {_catalog(config)}"
    yield from _fetches(config)
    if broken := [one.path for one in damage.of_manifests(config)]:
        _manifests(config)
        yield from ((path, "the catalog") for path in broken)
    if any(damage.of_sums(config)):
        _sums(config)
        yield checksums.FILE, "the manifests"
    if any(accepted_damage.known(config).get(one.path) != one.how for one in damage.of_notes(config)):
        aside(config, config.root / notes.FILE, copy=True)
        notes.restore(config.root, copies.kept_notes(config))
        yield notes.FILE, "their copy"


def aside(config: Config, file: Path, *, copy: bool = False) -> None:
    """Put a damaged file out of the way."""
    if not file.exists():
        return
    target = config.data / ASIDE / damage.place_of(config, file)
    target.parent.mkdir(parents=True, exist_ok=True)
    if copy:
        shutil.copyfile(file, target)
    else:
        os.replace(file, target)


def _catalog(config: Config) -> int:
    """Put the newest whole copy in the catalog's place; its snapshot."""
    catalog_file = config.data / copies.CATALOG
    for number, file in copies.catalogs(config):
        if copies.sound(file):
            continue
        for part in ("", "-wal", "-shm"):
            aside(config, Path(f"{catalog_file}{part}"))
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as one:
            temporary = catalog_file.with_name(f".{catalog_file.name}.{os.getpid()}-repair")
            with closing(sqlite3.connect(temporary)) as other:
                one.backup(other)
        durable.sync(temporary)
        durable.put(temporary, catalog_file)
        for newer in [one for one in manifests.known(config) if one > number]:
            aside(config, manifests.path(config, newer))
        if not any(damage.of_catalog(config)):
            return number
    raise StorageError(
        "the catalog is damaged, and so is every copy of it",
        where=str(catalog_file),
        why="its manifests in data/manifests name each snapshot's tables and files still",
        next=f"put a backup of {copies.CATALOG} there, then lake repair",
    )


def _fetches(config: Config) -> Mended:
    log, copy = copies.damaged_fetches(config)
    mine, other = fetch_log.path(config.data), fetch_log.path(config.data / copies.COPIES)
    if log and copy:
        raise StorageError(
            f"the fetch log is damaged, and so is its copy: {log}; {copy}",
            where=str(mine),
            why="both files were hit",
            next="put a backup of one of them there, then lake repair",
        )
    if log:
        newer = _newer(mine, other)
        for part in ("", "-wal", "-shm"):
            aside(config, Path(f"{mine}{part}"))
        with closing(fetch_log.connect(config.data, write=True)) as fresh, closing(sqlite3.connect(other)) as old_log:
            rows = old_log.execute(f"SELECT {fetch_log.COLUMNS} FROM outcomes ORDER BY id").fetchall()
            fresh.execute("BEGIN")
            fresh.executemany(fetch_log.INSERT, [*rows, *newer])
            fresh.execute("COMMIT")
        yield damage.place_of(config, mine), "its copy"
    elif copy:
        aside(config, other)
        copies.fetches(config.data)
        yield damage.place_of(config, other), "the fetch log"


def _newer(log: Path, copy: Path) -> list[tuple[Any, ...]]:
    """Rows of a damaged log that came after its copy was made, where they can be read."""
    with suppress(sqlite3.Error, UnicodeDecodeError):
        with closing(sqlite3.connect(copy)) as database:
            upto = database.execute("SELECT coalesce(max(id), 0) FROM outcomes").fetchone()[0]
        with closing(sqlite3.connect(f"{log.absolute().as_uri()}?mode=ro", uri=True)) as mine:
            return mine.execute(f"SELECT {fetch_log.COLUMNS} FROM outcomes WHERE id > ?", (upto,)).fetchall()
    return []


def _manifests(config: Config) -> None:
    """Write those that are damaged or gone again, from the catalog, then chain all of them again."""
    damaged = {int(Path(one.path).stem) for one in damage.of_manifests(config)}
    with catalog.session(config) as connection:
        snapshots = {snapshot.id for snapshot in metadata.snapshots(connection)}
        for number in sorted(damaged):
            aside(config, manifests.path(config, number))
            if number in snapshots:
                manifests.write(config, connection, number)
    manifests.chain(config)


def _sums(config: Config) -> None:
    recorded = manifests.sums_of(config)
    try:
        mine = checksums.known(config.data)
    except StorageError:
        mine = {}
    aside(config, config.data / checksums.FILE)
    for part in ("-wal", "-shm", "-journal"):
        Path(f"{config.data / checksums.FILE}{part}").unlink(missing_ok=True)
    newest = manifests.newest(config)
    checksums.put(config.data, newest["snapshot"] if newest else 0, {**mine, **recorded})


def files(config: Config, damaged: Iterable[Damage]) -> Mended:
    """Put whole files in the place of damaged ones: their second copies, or others with the same bytes."""
    recorded = {**checksums.known(config.data), **manifests.sums_of(config)}
    twins: dict[tuple[int, str], list[str]] = {}
    for path, checksum in recorded.items():
        twins.setdefault(checksum, []).append(path)
    for entry in damaged:
        if entry.path not in recorded:
            continue
        candidates = [copies.of(config, entry.path), *(config.data / twin for twin in twins[recorded[entry.path]])]
        intact = next((file for file in candidates if checksums.take(file) == recorded[entry.path]), None)
        if intact:
            target = config.data / entry.path
            aside(config, target)
            copies.whole(intact, target)
            yield entry.path, damage.place_of(config, intact)


def second(config: Config, damaged: Iterable[Damage]) -> Mended:
    """Rebuild damaged second copies from the first ones."""
    for one in damaged:
        if one.path.startswith(f"{copies.COPIES}/") and (config.data / one.path).exists():
            aside(config, config.data / one.path)
            first = config.data / one.path.removeprefix(f"{copies.COPIES}/")
            if first.suffix == ".parquet" and first.exists():
                copies.whole(first, config.data / one.path)
            yield one.path, "the first one"


def doors(config: Config) -> Mended:
    """Put damaged published files out of the way: older ones come again when they are asked for, the newest with
    `publish`."""
    for one in list(damage.of_doors(config)):
        file = config.data / one.path if one.path.startswith("doors/") else config.root / one.path
        aside(config, file)
        yield one.path, "the catalog"


def publish(config: Config) -> None:
    """Write the newest published file from the catalog, if it is gone.

    Raises:
        StorageError: a file of a table that it shows is damaged, the disk is full ...
    """
    if not catalog.exists(config):
        return  # nothing was published yet
    with catalog.session(config) as connection:
        last = metadata.latest(connection, "publish")
        if last and not published_file.path(config).exists():
            published_file.write(config, connection, last, published_file.path(config))
