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
    left: list[str] = field(default_factory=list)  # spill and spool folders, old published files
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
                freed = _find(config, connection, keep, leases.held(config, sweep=True))
                _expire(config, connection, freed)
            _free(config, connection, freed)  # what no snapshot has that can still be opened
            last = metadata.newest(connection).id
        with suppress(OSError, sqlite3.Error):
            copies.renew(config, last)  # the older copies have what is freed
    return freed


def _find(config: Config, connection: DuckDBPyConnection, keep: int, in_use: list[leases.Holder]) -> Freed:
    every = metadata.snapshots(connection)
    published = [snapshot.id for snapshot in every if snapshot.kind == "publish"]
    named_or_used = {tag.snapshot for tag in tags.known(connection)} | {holder.snapshot for holder in in_use}
    stay = sorted({*published[:keep], *named_or_used.intersection(published)})
    staying = {*stay, every[0].id}  # the catalog's newest state is the next writer's beginning
    freed = Freed(stay, sorted(s.id for s in every if s.id not in staying), in_use=in_use)
    tables_at = {at: metadata.tables(connection, at) for at in sorted(staying)}
    live = {file for tables in tables_at.values() for files in tables.values() for file in files}
    catalogued = metadata.files(connection)
    freed.files = sorted(catalogued - live)
    freed.orphans = sorted(set(_walk(config.data / metadata.TABLES, config.data)) - catalogued)
    freed.left = sorted(_left(config, stay))
    freed.refused = sorted(_refused(config))
    freed.cubes = sorted(_unused_cubes(config, connection, tables_at.values()))
    freed.bytes = _bytes(config.data, [*freed.files, *freed.orphans, *freed.left, *freed.cubes, *freed.refused])
    return freed


def _walk(folder: Path, data: Path) -> Iterator[str]:
    for root, _, names in os.walk(folder):
        for name in names:
            yield str(Path(root, name).relative_to(data))


def _left(config: Config, snapshots: Iterable[int]) -> Iterator[str]:
    """Old published files, and folders of killed builds and landings: the holder of the write lock has none yet."""
    stay = {f"{number}.duckdb" for number in snapshots}
    for pattern in ("tmp/build-*", "tmp/spool-*"):
        yield from (str(path.relative_to(config.data)) for path in config.data.glob(pattern))
    yield from (f"doors/{door.name}" for door in config.data.glob("doors/*.duckdb") if door.name not in stay)
    yield from (os.path.relpath(remnant, config.data) for remnant in durable.left(config.root / "lake.duckdb"))
    for folder in ("doors", copies.COPIES, manifests.MANIFESTS):
        yield from (str(remnant.relative_to(config.data)) for remnant in durable.left_in(config.data / folder))


def _refused(config: Config) -> Iterator[str]:
    with closing(fetch_log.connect(config.data)) as connection:
        for sha in fetch_log.refused_long_ago(connection):
            blob = blobs.path(config.data, sha)
            if blob.is_symlink():  # its bytes lie in a domain's folder
                yield os.path.relpath(blob.resolve(), config.data)
            if blob.exists() or blob.is_symlink():
                yield str(blob.relative_to(config.data))


def _unused_cubes(
    config: Config, connection: DuckDBPyConnection, tables_at: Iterable[dict[str, list[str]]]
) -> Iterator[str]:
    files = sorted({str(config.data / file) for tables in tables_at for file in tables.get("raw.cubes", ())})
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


def _expire(config: Config, connection: DuckDBPyConnection, freed: Freed) -> None:
    """Expire these snapshots; their published files first, since these are opened without the catalog."""
    for path in freed.left:
        if path.startswith("doors/"):
            (config.data / path).unlink(missing_ok=True)
    if freed.snapshots:
        listed = ", ".join(map(str, freed.snapshots))
        connection.execute(f"CALL ducklake_expire_snapshots('{metadata.ALIAS}', versions => [{listed}])")


def _free(config: Config, connection: DuckDBPyConnection, freed: Freed) -> None:
    connection.execute(f"CALL ducklake_cleanup_old_files('{metadata.ALIAS}', cleanup_all => true)")
    for path in (*freed.files, *freed.orphans, *freed.left, *freed.cubes, *freed.refused):
        target = config.data / path
        if target.is_dir():
            shutil.rmtree(target, ignore_errors=True)
        else:
            target.unlink(missing_ok=True)
    checksums.forget(config.data, [*freed.files, *freed.orphans])
    copies.forget(config, freed.files)
    manifests.forget(config, freed.snapshots)
    freed.applied = True


def summary(freed: Freed) -> dict[str, Any]:
    """Counts for people."""
    return {name: len(getattr(freed, name)) for name in ("snapshots", "files", "orphans", "left", "cubes", "refused")}
