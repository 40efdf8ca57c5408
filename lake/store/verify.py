"""Whether every stored byte is what it was: blobs by name, Parquet files by their sums, cubes by their digests."""

from __future__ import annotations

import os
import shlex
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from lake import progress
from lake.config import Config
from lake.errors import StorageError
from lake.store import accepted_damage, blobs, catalog, checksums, cubes, damage, fetch_log, manifests, metadata
from lake.store.damage import Damage
from lake.store.sql import quote

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

_THREADS = 2


@dataclass(slots=True)
class Verified:
    """What was read and what was found."""

    blobs: int = 0
    files: int = 0
    cubes: int = 0
    bytes: int = 0
    unknown: list[str] = field(default_factory=list)  # files of which no sum was ever taken
    damaged: list[Damage] = field(default_factory=list)
    lost: list[Damage] = field(default_factory=list)  # damaged beyond repair, which somebody has said to be known

    as_dict = asdict


def run(config: Config, *, quick: bool = False) -> Verified:
    """Read everything that a kept snapshot or the fetch log names, and compare it with what it was.

    Args:
        quick: look only whether it is there and has its size.
    """
    verified = Verified(damaged=list(damage.books(config, quick=quick)))
    answers, contents = _answers(config), _held(config)
    current = _current(config)
    total = len(answers) + len(contents.files) + len(contents.cubes)
    with progress.bar("verify", total=total) as advance, ThreadPoolExecutor(_THREADS) as pool:

        def look(one: Callable[[str], tuple[int, str]], names: Iterable[str]) -> Iterator[tuple[str, tuple[int, str]]]:
            for name, result in zip(names, pool.map(one, names), strict=True):
                advance()
                yield name, result

        _blobs(config, answers, current, quick, look, verified)
        _files(config, contents, quick, look, verified)
        _cubes(config, contents, quick, look, verified)
    accepted = accepted_damage.known(config)
    verified.lost = [one for one in verified.damaged if accepted.get(one.path) == one.how]
    verified.damaged = [one for one in verified.damaged if one not in verified.lost]
    return verified


_Look = Callable[[Callable[[str], tuple[int, str]], Iterable[str]], Iterator[tuple[str, tuple[int, str]]]]


def _answers(config: Config) -> dict[str, list[str]]:
    """Each blob of the fetch log with the sources whose good answers it holds."""
    archives: dict[str, list[str]] = {}
    query = "SELECT DISTINCT sha256, source FROM outcomes WHERE sha256 IS NOT NULL ORDER BY 1, 2"
    with suppress(StorageError, sqlite3.Error), closing(fetch_log.connect(config.data)) as connection:
        freed = {sha for sha in fetch_log.refused_long_ago(connection) if not blobs.path(config.data, sha).exists()}
        for sha, source in connection.execute(query):  # what can be read of a damaged log, which is reported separately
            if sha not in freed:
                archives.setdefault(sha, []).append(source)
    return archives


def _current(config: Config) -> set[str]:
    """The blobs of the newest good answers: those that an archive may give again."""
    with suppress(StorageError, sqlite3.Error, ValueError), closing(fetch_log.connect(config.data)) as connection:
        return {row.sha256 for row in fetch_log.current(connection) if row.sha256}
    return set()


@dataclass(slots=True)
class _Held:
    """What the published snapshots hold."""

    tags: dict[int, list[str]] = field(default_factory=dict)  # of each snapshot
    files: dict[str, tuple[str, list[int]]] = field(default_factory=dict)  # Parquet file -> table, snapshots
    cubes: dict[str, list[int]] = field(default_factory=dict)  # digest -> snapshots


def _held(config: Config) -> _Held:
    import duckdb

    contents = _Held()
    try:
        if catalog.exists(config):
            _fill(config, contents)
    except (StorageError, duckdb.Error):  # a damaged catalog is reported separately
        return _Held()
    return contents


def _fill(config: Config, contents: _Held) -> None:
    with catalog.session(config) as connection:
        contents.tags = {snapshot.id: [] for snapshot in reversed(metadata.snapshots(connection, "publish"))}
        for tag in manifests.tags(config):
            contents.tags.setdefault(tag["snapshot"], []).append(tag["name"])
        last = metadata.latest(connection)
        for number in [*contents.tags, *([last.id] if last and last.id not in contents.tags else [])]:
            tables = metadata.tables(connection, number)
            at = [number] if number in contents.tags else []
            for table, files in tables.items():
                for file in files:
                    contents.files.setdefault(file, (table, []))[1].extend(at)
            for digest in _digests(config, connection, tables.get("raw.cubes", ())):
                contents.cubes.setdefault(digest, []).extend(at)


def _digests(config: Config, connection: DuckDBPyConnection, files: Iterable[str]) -> list[str]:
    import duckdb

    listed = ", ".join(quote(str(config.data / file)) for file in files)
    try:
        rows = connection.execute(f"SELECT digest FROM read_parquet([{listed}])").fetchall() if listed else []
    except duckdb.Error:  # a damaged file is reported separately
        rows = []
    return [digest for (digest,) in rows]


def _sums(config: Config) -> checksums.Sums:
    try:
        return checksums.known(config.data)
    except StorageError:
        return {}


def _blobs(
    config: Config, answers: Mapping[str, list[str]], current: set[str], quick: bool, look: _Look, verified: Verified
) -> None:
    def one(sha: str) -> tuple[int, str]:
        try:
            size = blobs.path(config.data, sha).stat().st_size
            if not quick:
                blobs.verify(config.data, sha)
            return size, ""
        except FileNotFoundError:
            return 0, "it is missing"
        except StorageError as error:
            return 0, error.why or error.what

    for sha, (size, how) in look(one, answers):
        verified.blobs += 1
        verified.bytes += size
        if how:
            path = blobs.path(config.data, sha)
            again = _again(config, path, answers[sha] if sha in current else [])
            verified.damaged.append(Damage(str(path.relative_to(config.data)), how, [], [], [], again))


def _again(config: Config, blob: Path, sources: Iterable[str]) -> list[str]:
    """What to type for a damaged blob that is still the newest answer of these sources.

    What is there goes first: an archive that says 304 would leave it as it is. What is missing, and no longer given by
    its archive, is lost; so is what newer answers have replaced.
    """
    fetch = [f"lake fetch --force {source}" for source in sources]
    if fetch and blob.exists():
        return [f"rm {shlex.quote(os.path.relpath(blob, config.root))}", *fetch]
    return [*fetch, "lake repair --accept"]


def _files(config: Config, contents: _Held, quick: bool, look: _Look, verified: Verified) -> None:
    recorded, in_manifests = _sums(config), manifests.sums_of(config)

    def one(path: str) -> tuple[int, str]:
        file, was = config.data / path, in_manifests.get(path) or recorded.get(path)
        if not file.is_file():
            return 0, "it is missing"
        size = file.stat().st_size
        if was and size != was[0]:
            return size, f"it has {size:,} bytes, and had {was[0]:,}"
        now = was if quick or not was else checksums.take(file)
        if not was:
            return size, ""
        if now is None:
            return size, "it cannot be read"
        return size, "" if now in (was, recorded.get(path)) else "its bytes are not what they were"

    for path, (size, how) in look(one, contents.files):
        verified.files += 1
        verified.bytes += size
        if how:
            table, at = contents.files[path]
            verified.damaged.append(_damage(contents, path, how, table, at))
        elif path not in recorded and path not in in_manifests:
            verified.unknown.append(path)


def _cubes(config: Config, contents: _Held, quick: bool, look: _Look, verified: Verified) -> None:
    def one(digest: str) -> tuple[int, str]:
        folder = cubes.path(config.data, digest)
        if not folder.is_dir():
            return 0, "it is missing"
        try:
            if not quick:
                cubes.verify(config.data, digest)
        except StorageError as error:
            return 0, error.what
        return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()), ""

    for digest, (size, how) in look(one, contents.cubes):
        verified.cubes += 1
        verified.bytes += size
        if how:
            path = str(cubes.path(config.data, digest).relative_to(config.data))
            verified.damaged.append(_damage(contents, path, how, "raw.cubes", contents.cubes[digest]))


def _damage(contents: _Held, path: str, how: str, table: str, at: list[int]) -> Damage:
    tags = [tag for number in at for tag in contents.tags[number]]
    return Damage(path, how, [table], at, tags)
