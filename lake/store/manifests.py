"""What each snapshot is, kept apart from the catalog: ``<data>/manifests/<snapshot>.json``.

SQLite keeps no checksums: one bit of the catalog is another table, column or file list, and nothing would tell. So each
snapshot that a writer leaves has a manifest: digests over the catalog's rows that make it, and of each table the files
(with size, sha256 and rows), columns and comments; and the tags. A manifest has a digest of itself and names the one
before it. It is on disk before the snapshot is reported.

A digest of rows is the sum of their md5 modulo 2**128: of any number of snapshots it takes one pass over the catalog.
Rows are those that live at the snapshot, without the snapshot at which they end: what is written or freed later changes
no earlier snapshot's digest.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lake import sealed
from lake.config import Config
from lake.errors import StorageError
from lake.store import checksums, durable, metadata
from lake.store.metadata import META
from lake.store.sql import name

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MANIFESTS = "manifests"
TAGS = "ops.tags"
_FORMAT = 1
_LATER = 1 << 62  # a snapshot that never comes
_OWN = (
    "schema",
    "table",
    "view",
    "tag",
    "column_tag",
    "data_file",
    "delete_file",
    "column",
    "partition_info",
    "sort_info",
)
_OF = {  # tables of the catalog whose rows live as long as rows of others
    "file_column_stats": ("data_file", "data_file_id"),
    "file_variant_stats": ("data_file", "data_file_id"),
    "file_partition_value": ("data_file", "data_file_id"),
    "column_mapping": ("data_file", "mapping_id"),
    "name_mapping": ("data_file", "mapping_id"),
    "partition_column": ("partition_info", "partition_id"),
    "sort_expression": ("sort_info", "sort_id"),
}
_NOW = {
    "table_stats": "table_id",
    "table_column_stats": "table_id",
    "metadata": "",
}  # as they are at the newest snapshot

Digests = dict[str, str]  # table of the catalog -> hex


def path(config: Config, snapshot: int) -> Path:
    """Where a snapshot's manifest lies."""
    return config.data / MANIFESTS / f"{snapshot}.json"


def known(config: Config) -> list[int]:
    """The snapshots that have a manifest, oldest first."""
    files = (config.data / MANIFESTS).glob("[0-9]*.json")
    return sorted(int(file.stem) for file in files if file.stem.isdecimal())


def read(config: Config, snapshot: int) -> dict[str, Any] | None:
    """A manifest; None where it is not there, or is not what it was."""
    manifest = sealed.read(path(config, snapshot))
    return manifest if manifest and manifest["snapshot"] == snapshot else None


def newest(config: Config) -> dict[str, Any] | None:
    """The newest manifest that can be read."""
    return next(filter(None, (read(config, snapshot) for snapshot in reversed(known(config)))), None)


def tags(config: Config) -> list[dict[str, Any]]:
    """The rows of ops.tags, as the newest manifest has them."""
    manifest = newest(config)
    return manifest["tags"] if manifest else []


def write(config: Config, connection: DuckDBPyConnection, snapshot: int) -> None:
    """Keep what a snapshot is: the newest, or one that has a manifest already.

    Raises:
        StorageError: the catalog is not what it was at the manifest before: nothing is written.
    """
    before = next((number for number in reversed(known(config)) if number < snapshot), None)
    last = read(config, before) if before is not None else None
    now = digests(connection, [snapshot, before] if last and before is not None else [snapshot])
    if last and before is not None and (changed := differing(last["catalog"], now[before])):
        raise changed_since(config, changed, before)
    manifest = {
        "format": _FORMAT,
        "snapshot": snapshot,
        "at": _at(connection, snapshot),
        "previous": {"snapshot": before, "sha256": sealed.digest(last)} if last else None,
        "catalog": now[snapshot],
        "newest": present(connection, snapshot),
        "tables": _tables(config, connection, snapshot),
        "tags": _tags(config, connection),
    }
    durable.write(path(config, snapshot), sealed.dumps(manifest))


def changed_since(config: Config, changed: Iterable[str], snapshot: int) -> StorageError:
    return StorageError(
        f"the catalog is damaged: {', '.join(changed)} is not what it was at snapshot {snapshot}",
        where=str(config.data / "catalog.sqlite"),
        why="a failing disk, or something wrote to it",
        next="lake repair",
    )


def differing(then: Digests, now: Digests) -> list[str]:
    """The catalog's tables that differ."""
    return sorted(table for table in then.keys() | now.keys() if then.get(table) != now.get(table))


def digests(connection: DuckDBPyConnection, at: Iterable[int]) -> dict[int, Digests]:
    """Of each snapshot, a digest of the rows of each of the catalog's tables that make it."""
    at = sorted(set(at))
    if not at:
        return {}
    rows = connection.execute(" UNION ALL ".join(_lives(at[0]))).fetchall()
    steps: dict[str, list[int]] = {}
    for table, digest, begin, end in rows:
        of = steps.setdefault(table, [0] * (len(at) + 1))
        number = int(digest, 16)
        of[bisect_left(at, begin)] += number
        of[bisect_left(at, _LATER if end is None else end)] -= number
    digests_at: dict[int, Digests] = {snapshot: {} for snapshot in at}
    for table, of in sorted(steps.items()):
        total = 0
        for snapshot, step in zip(at, of, strict=False):
            total += step
            if total:
                digests_at[snapshot][table] = f"{total % (1 << 128):032x}"
    return digests_at


def _lives(since: int) -> Iterator[str]:
    """SELECTs of table, md5 of a row, first snapshot, snapshot of its end; of rows that live at or after a snapshot."""
    for table in _OWN:
        row = "row(*COLUMNS(r.* EXCLUDE (end_snapshot)))"
        yield _select(table, row, "r.begin_snapshot", "r.end_snapshot", f"{_of(table)} r", since)
    for table, (of, key) in _OF.items():
        joined = f"(SELECT {key}, begin_snapshot AS b, end_snapshot AS e FROM {_of(of)}) o USING ({key})"
        yield _select(table, "r", "o.b", "o.e", f"{_of(table)} r JOIN {joined}", since)
    for table in ("snapshot", "snapshot_changes"):
        yield _select(table, "r", "r.snapshot_id", "r.snapshot_id + 1", f"{_of(table)} r", since)


def _select(table: str, row: str, begin: str, end: str, source: str, since: int) -> str:
    return (
        f"SELECT '{table}', md5(CAST({row} AS VARCHAR)), CAST({begin} AS BIGINT), CAST({end} AS BIGINT) FROM {source} "
        f"WHERE {end} IS NULL OR {end} > {int(since)}"
    )


def _of(table: str) -> str:
    return f"{META}.ducklake_{table}"


def present(connection: DuckDBPyConnection, snapshot: int) -> Digests:
    """Digests of what the catalog knows of the newest snapshot alone: statistics of its tables, and its settings."""
    digests_now = {}
    alive = f"begin_snapshot <= {int(snapshot)} AND (end_snapshot IS NULL OR end_snapshot > {int(snapshot)})"
    for table, key in _NOW.items():
        among = f" WHERE {key} IN (SELECT {key} FROM {_of('table')} WHERE {alive})" if key else ""
        rows = connection.execute(f"SELECT md5(CAST(r AS VARCHAR)) FROM {_of(table)} r{among}").fetchall()
        digests_now[table] = f"{sum(int(digest, 16) for (digest,) in rows) % (1 << 128):032x}"
    return digests_now


def _tags(config: Config, connection: DuckDBPyConnection) -> list[dict[str, Any]]:
    if TAGS not in metadata.names(connection, "ops"):
        return []
    columns = ("name", "snapshot", "message", "author", "tagged_at")
    rows = connection.execute(f"SELECT {', '.join(map(name, columns))} FROM {TAGS} ORDER BY ALL").fetchall()
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _at(connection: DuckDBPyConnection, snapshot: int) -> str:
    query = f"SELECT CAST(snapshot_time AS VARCHAR) FROM {_of('snapshot')} WHERE snapshot_id = {int(snapshot)}"
    row = connection.execute(query).fetchone()
    return row[0] if row else ""


def recognise(config: Config, connection: DuckDBPyConnection) -> None:
    """Compare the catalog that was opened with the newest manifest: one that was emptied, put back from an older copy
    or taken from another lake would begin a history of its own.

    Raises:
        StorageError: it does not have that snapshot.
    """
    snapshot, at = next(filter(None, (_head(config, snapshot) for snapshot in reversed(known(config)))), (0, ""))
    if at and _at(connection, snapshot) != at:
        raise StorageError(
            f"the catalog is not this lake's: it does not have snapshot {snapshot}",
            where=str(config.data / "catalog.sqlite"),
            why="it was emptied, replaced by an older or another one, or a power cut took its last transactions",
            next="lake repair",
        )


def _head(config: Config, snapshot: int) -> tuple[int, str] | None:
    """A snapshot and its time, off the beginning of its manifest: each command that opens the catalog asks for it."""
    with suppress(OSError), path(config, snapshot).open(encoding="ascii", errors="replace") as file:
        if match := _HEAD.match(file.read(200)):
            return int(match[1]), match[2]
    return None


_HEAD = re.compile(r'\{"format": \d+, "snapshot": (\d+), "at": "([^"\\]+)", ')


def _tables(config: Config, connection: DuckDBPyConnection, snapshot: int) -> dict[str, Any]:
    sums, rows = checksums.known(config.data), metadata.rows(connection, snapshot)
    comments, columns = metadata.comments(connection, snapshot), metadata.declared(connection, snapshot)
    return {
        table: {
            "comment": comments.get(table, ""),
            "columns": columns.get(table, []),
            "files": [[file, *sums.get(file, (None, None)), rows.get(file)] for file in files],
        }
        for table, files in metadata.tables(connection, snapshot).items()
    }


def sums_of(config: Config) -> dict[str, tuple[int, str]]:
    """Size and sha256 of each file that any manifest names."""
    stored = (read(config, snapshot) for snapshot in known(config))
    files = (file for one in filter(None, stored) for table in one["tables"].values() for file in table["files"])
    return {path: (size, digest) for path, size, digest, _ in files if digest}


def forget(config: Config, snapshots: Iterable[int]) -> None:
    """Drop the manifests of snapshots that were freed."""
    for snapshot in snapshots:
        path(config, snapshot).unlink(missing_ok=True)


def chain(config: Config) -> None:
    """Let each manifest name the one before it again, after some were rewritten."""
    before: dict[str, Any] | None = None
    for snapshot in known(config):
        manifest = read(config, snapshot)
        if manifest is None:
            continue
        previous = manifest["previous"] and before and {"snapshot": before["snapshot"], "sha256": sealed.digest(before)}
        if manifest["previous"] and previous and manifest["previous"] != previous:
            manifest["previous"] = previous
            durable.write(path(config, snapshot), sealed.dumps(manifest))
        before = manifest
