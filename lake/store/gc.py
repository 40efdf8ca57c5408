"""What can be freed: snapshots that are not among the newest, that nobody named and nobody has open, and what a killed
process left.

Blobs are not freed, since from them everything else can be made again; but for those of answers that were refused,
which are kept for `fetch_log.REFUSED_DAYS` days.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lake.config import Config
from lake.store import blobs, catalog, checksums, copies, cubes, durable, fetch_log, leases, manifests, metadata, tags
from lake.store.sql import quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

KEEP = 10


@dataclass(slots=True)
class Freed:
    """What `run` frees, or would. Paths are relative to the data folder; bytes count a file with two names once."""

    kept: list[int]  # published snapshots that stay
    snapshots: list[int]  # those that go, published or not
    files: list[str] = field(default_factory=list)  # Parquet files of theirs that no kept snapshot has
    orphans: list[str] = field(default_factory=list)  # Parquet files that no snapshot ever had
    left: list[str] = field(default_factory=list)  # spill and spool folders, doors
    cubes: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)  # blobs of answers that were refused long ago
    in_use: list[leases.Holder] = field(default_factory=list)  # who has which snapshot open: these are kept
    bytes: int = 0
    applied: bool = False

    as_dict = asdict

    @property
    def nothing(self) -> bool:
        return not (self.snapshots or self.files or self.orphans or self.left or self.cubes or self.refused)


def run(config: Config, *, keep: int = KEEP, apply: bool = False, wait: float = 0) -> Freed:
    """Free all but the newest published snapshots, those that have a tag and those that are open. Without ``apply``,
    only tell.

    Raises:
        Locked: another process writes this lake.
    """
    keep = max(keep, 1)
    if not apply:
        with catalog.write_session(config, wait=wait) as connection:
            return _find(config, connection, keep, leases.held(config))
    with catalog.writing(config, wait=wait):
        with catalog.session(config, write=True) as connection:
            catalog.keep(config, connection)
            with leases.freeing(config):
                found = _find(config, connection, keep, leases.held(config, sweep=True))
                _expire(config, connection, found)
            _free(config, connection, found)  # what no snapshot has that can still be opened
            last = metadata.newest(connection).id
        with suppress(OSError, sqlite3.Error):
            copies.renew(config, last)  # the older copies have what is freed
    return found


def _find(config: Config, connection: DuckDBPyConnection, keep: int, in_use: list[leases.Holder]) -> Freed:
    every = metadata.snapshots(connection)
    published = [snapshot.id for snapshot in every if snapshot.kind == "publish"]
    wanted = {tag.snapshot for tag in tags.known(connection)} | {holder.snapshot for holder in in_use}
    kept = sorted({*published[:keep], *wanted.intersection(published)})
    staying = {*kept, every[0].id}  # the catalog's newest state is the next writer's beginning
    found = Freed(kept, sorted(s.id for s in every if s.id not in staying), in_use=in_use)
    held = {at: metadata.tables(connection, at) for at in sorted(staying)}
    live = {file for tables in held.values() for files in tables.values() for file in files}
    known = metadata.files(connection)
    found.files = sorted(known - live)
    found.orphans = sorted(set(_walk(config.data / metadata.TABLES, config.data)) - known)
    found.left = sorted(_left(config, kept))
    found.refused = sorted(_refused(config))
    found.cubes = sorted(_unused_cubes(config, connection, held.values()))
    found.bytes = _bytes(config.data, [*found.files, *found.orphans, *found.left, *found.cubes, *found.refused])
    return found


def _walk(folder: Path, data: Path) -> Iterator[str]:
    for root, _, names in os.walk(folder):
        for name in names:
            yield str(Path(root, name).relative_to(data))


def _left(config: Config, kept: Iterable[int]) -> Iterator[str]:
    """Folders of builds and landings that were killed: whoever holds the write lock has none yet. And old doors."""
    stay = {f"{number}.duckdb" for number in kept}
    for pattern in ("tmp/build-*", "tmp/spool-*"):
        yield from (str(path.relative_to(config.data)) for path in config.data.glob(pattern))
    yield from (f"doors/{door.name}" for door in config.data.glob("doors/*.duckdb") if door.name not in stay)
    yield from (os.path.relpath(left, config.data) for left in durable.left(config.root / "lake.duckdb"))
    for folder in ("doors", copies.COPIES, manifests.MANIFESTS):
        yield from (str(left.relative_to(config.data)) for left in durable.left_in(config.data / folder))


def _refused(config: Config) -> Iterator[str]:
    with closing(fetch_log.connect(config.data)) as connection:
        for sha in fetch_log.refused_long_ago(connection):
            blob = blobs.path(config.data, sha)
            if blob.is_symlink():  # its bytes lie in a domain's folder
                yield os.path.relpath(blob.resolve(), config.data)
            if blob.exists() or blob.is_symlink():
                yield str(blob.relative_to(config.data))


def _unused_cubes(
    config: Config, connection: DuckDBPyConnection, held: Iterable[dict[str, list[str]]]
) -> Iterator[str]:
    files = sorted({str(config.data / file) for tables in held for file in tables.get("raw.cubes", ())})
    used = set()
    if files:
        listed = ", ".join(map(quote, files))
        used = {row[0] for row in connection.execute(f"SELECT digest FROM read_parquet([{listed}])").fetchall()}
    for folder in (config.data / cubes.CUBES).glob("[0-9a-f]*"):
        if folder.name not in used:
            yield str(folder.relative_to(config.data))


def _bytes(data: Path, paths: Iterable[str]) -> int:
    """What the disk gets back: a file with other names elsewhere (a restored one) gives nothing."""
    total = 0
    for path in paths:
        files = [data / path] if not (data / path).is_dir() else [data / file for file in _walk(data / path, data)]
        stats = [file.stat() for file in files if file.is_file()]
        total += sum(stat.st_size for stat in stats if stat.st_nlink == 1)
    return total


def _expire(config: Config, connection: DuckDBPyConnection, found: Freed) -> None:
    """Let nobody open these snapshots any more; their doors first, which show them without asking the catalog."""
    for place in found.left:
        if place.startswith("doors/"):
            (config.data / place).unlink(missing_ok=True)
    if found.snapshots:
        listed = ", ".join(map(str, found.snapshots))
        connection.execute(f"CALL ducklake_expire_snapshots('{metadata.ALIAS}', versions => [{listed}])")


def _free(config: Config, connection: DuckDBPyConnection, found: Freed) -> None:
    connection.execute(f"CALL ducklake_cleanup_old_files('{metadata.ALIAS}', cleanup_all => true)")
    for path in (*found.files, *found.orphans, *found.left, *found.cubes, *found.refused):
        place = config.data / path
        if place.is_dir():
            shutil.rmtree(place, ignore_errors=True)
        else:
            place.unlink(missing_ok=True)
    checksums.forget(config.data, [*found.files, *found.orphans])
    copies.forget(config, found.files)
    manifests.forget(config, found.snapshots)
    found.applied = True


def summary(found: Freed) -> dict[str, Any]:
    """Counts for people."""
    return {name: len(getattr(found, name)) for name in ("snapshots", "files", "orphans", "left", "cubes", "refused")}
