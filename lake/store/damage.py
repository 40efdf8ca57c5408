"""What is damaged of a lake's own books: the catalog, its manifests, the published files, sums, fetch log, notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from lake import sealed
from lake.config import Config
from lake.errors import StorageError
from lake.store import catalog, checksums, copies, fetch_log, manifests, metadata, notes, published_file

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

REPAIR = "lake repair"


@dataclass(frozen=True, slots=True)
class Damage:
    """A stored file that changed, what it affects, and how to restore it."""

    path: str  # under the data folder
    how: str  # "missing", "its bytes are not what they were", ...
    tables: list[str] = field(default_factory=list)
    snapshots: list[int] = field(default_factory=list)  # published ones that hold it
    tags: list[str] = field(default_factory=list)
    next: list[str] = field(default_factory=lambda: [REPAIR])  # commands, in order

    as_dict = asdict


def books(config: Config, *, quick: bool = False) -> Iterator[Damage]:
    """Everything of the lake's own books that is damaged. The catalog must not be open in this process."""
    broken = list(of_catalog(config))
    yield from broken
    yield from of_manifests(config)
    yield from of_copies(config)
    log, copy = copies.damaged_fetches(config)
    logs = {fetch_log.path(config.data): log, fetch_log.path(config.data / copies.COPIES): copy}
    yield from (Damage(place_of(config, file), how) for file, how in logs.items() if how)
    yield from of_sums(config)
    yield from of_notes(config)
    if not broken:
        yield from of_doors(config, quick=quick)


def of_notes(config: Config, *, edited: bool = False) -> Iterator[Damage]:
    """Notes that are not what `lake note` wrote; with ``edited``, only if they can be read: somebody changed them."""
    how = notes.damage(config.root, copies.kept_notes(config))
    if how and (not edited or notes.readable(config.root)):
        yield Damage(place_of(config, config.root / notes.FILE), how, ["seeds.process_notes"])


def place_of(config: Config, file: Path) -> str:
    """A file as damage names it: under the data folder, or else under the lake's."""
    return str(file.relative_to(config.data if file.is_relative_to(config.data) else config.root))


def of_catalog(config: Config) -> Iterator[Damage]:
    """The catalog, where it cannot be read or is not what its manifests say."""
    file = config.data / copies.CATALOG
    how: list[str] = []
    affected: list[int] = []
    try:
        if not catalog.exists(config):
            return
        if config.lake.catalog == "sqlite" and (broken := copies.sound(file)):
            how.append(broken.splitlines()[0])
        else:
            with catalog.session(config) as connection:
                how, affected = _against_manifests(config, connection)
    except StorageError as error:
        how.append(error.what)
    except Exception as error:  # whatever a reader of damaged bytes trips over
        how.append(catalog.first_line(error))
    if how:
        yield Damage(copies.CATALOG, "; ".join(how), snapshots=affected)


def _against_manifests(config: Config, connection: DuckDBPyConnection) -> tuple[list[str], list[int]]:
    snapshots = {snapshot.id for snapshot in metadata.snapshots(connection)}
    stored = {number: manifests.read(config, number) for number in manifests.known(config) if number in snapshots}
    now = manifests.digests(connection, stored)
    wrong: set[str] = set()
    affected = []
    for number, one in stored.items():
        if one and (changed := manifests.differing(one["catalog"], now[number])):
            wrong.update(changed)
            affected.append(number)
    last = max(snapshots, default=0)
    if (one := stored.get(last)) and (
        changed := manifests.differing(one["newest"], manifests.present(connection, last))
    ):
        wrong.update(changed)
    return ([f"what it says of {', '.join(sorted(wrong))} is not what it said"] if wrong else []), affected


def of_manifests(config: Config) -> Iterator[Damage]:
    """Manifests that are not what they were, or that another one names and that are gone."""
    stored = {number: manifests.read(config, number) for number in manifests.known(config)}
    expected = {number for number, _ in copies.catalogs(config)[:1]}
    for number, one in stored.items():
        if one is None:
            yield Damage(f"{manifests.MANIFESTS}/{number}.json", "it is not what it was", snapshots=[number])
        elif (before := one["previous"]) and (previous := stored.get(before["snapshot"])):
            if sealed.digest(previous) != before["sha256"]:
                path = f"{manifests.MANIFESTS}/{before['snapshot']}.json"
                yield Damage(path, f"it is not the one that snapshot {number} names", snapshots=[before["snapshot"]])
        elif before and _there(config, before["snapshot"]):
            expected.add(before["snapshot"])
    for number in sorted(expected - stored.keys()):
        yield Damage(f"{manifests.MANIFESTS}/{number}.json", "it is missing", snapshots=[number])


def _there(config: Config, number: int) -> bool:
    try:
        with catalog.session(config) as connection:
            return number in {snapshot.id for snapshot in metadata.snapshots(connection)}
    except StorageError:
        return False


def of_copies(config: Config) -> Iterator[Damage]:
    """Second copies that are not what the first ones are to be."""
    for number, file in copies.catalogs(config):
        if how := copies.sound(file):
            yield Damage(place_of(config, file), how.splitlines()[0], snapshots=[number])
    sums = manifests.sums_of(config)
    for path in sorted(sums):
        file = copies.of(config, path)
        if file.exists() and checksums.take(file) != sums[path]:
            yield Damage(place_of(config, file), "its bytes are not what they were")


def of_sums(config: Config) -> Iterator[Damage]:
    """The file of sums, where it cannot be read or differs from the manifests."""
    file, recorded = config.data / checksums.FILE, manifests.sums_of(config)
    if not recorded:
        return
    how = copies.sound(file)
    if not how:
        try:
            now = checksums.known(config.data)
            wrong = [path for path, one in recorded.items() if now.get(path) != one and (config.data / path).exists()]
            how = f"{len(wrong)} sum(s) are not what they were" if wrong else ""
        except StorageError as error:
            how = error.what
    if how:
        yield Damage(checksums.FILE, how.splitlines()[0])


def of_doors(config: Config, *, quick: bool = False) -> Iterator[Damage]:
    """Published files that are not what would be written now."""
    if not catalog.exists(config):
        return
    with catalog.session(config) as connection:
        published = {snapshot.id: snapshot for snapshot in metadata.snapshots(connection, "publish")}
        for number, snapshot in published.items():
            newest = number == max(published)
            path = published_file.path(config, None if newest else number)
            if newest and not path.exists():
                yield Damage(place_of(config, path), "it is missing", snapshots=[number])
            elif path.exists() and (how := _door(config, connection, snapshot, path, quick)):
                yield Damage(place_of(config, path), how, snapshots=[number])


def _door(config: Config, connection: DuckDBPyConnection, snapshot: metadata.Snapshot, path: Path, quick: bool) -> str:
    import duckdb

    if published_file.is_noted(config, path) and not published_file.untouched(config, path):
        return "its bytes are not what they were"
    info = published_file.read_info(path)
    if info is None or info.snapshot != snapshot.id:
        return "it is of another snapshot or form, or cannot be read"
    if quick:
        return ""
    try:
        other = published_file.differences(config, connection, snapshot, path)
    except (duckdb.Error, StorageError) as error:
        if published_file.is_noted(config, path) or catalog.damage(error):  # a table's file, which is listed by itself
            return ""
        return catalog.first_line(error)
    return f"it shows otherwise: {', '.join(other[:5])}" if other else ""
