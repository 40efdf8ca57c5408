"""The door: one plain DuckDB file with a view over exactly the Parquet files of each table of a snapshot.

Any duckdb shell or library opens it, with no extension and no lock on the record, while a build runs. It is derived
from the record and disposable: written beside its place and put there by rename. The views find their files under the
variable ``lake_root`` where that is set (lake.open and lake shell set it) and else under the folder in which the lake
lay when the door was written, so that a moved lake opens where it lands.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lake.config import Config
from lake.errors import ConfigError, StorageError
from lake.store import catalog, durable, record, tags
from lake.store.sql import name, quote

if TYPE_CHECKING:
    import duckdb

FILE = "lake.duckdb"
_INFO = "lake_info"


@dataclass(frozen=True, slots=True)
class Info:
    snapshot: int
    published_at: str
    root: str
    lake: str
    message: str


def path(config: Config, snapshot: int | None = None) -> Path:
    """Where the door of a snapshot lies; of the newest one, where None."""
    return config.root / FILE if snapshot is None else config.data / "doors" / f"{snapshot}.duckdb"


def ensure(config: Config, snapshot: int | str | None = None) -> Path:
    """The door of the newest published snapshot, or of an older one by number or tag; written where it is missing.

    Raises:
        ConfigError: nothing was published yet, or no published snapshot has that number or tag.
    """
    snapshot = _number(config, snapshot)
    place = path(config, snapshot)
    known = read_info(place)
    if known and known.root == str(config.data) and (snapshot is not None or not _outdated(config, known)):
        return place
    if not catalog.exists(config):
        raise _nothing_published(config)
    try:
        return _renew(config, snapshot, place, known)
    except StorageError:
        # A full disk or a read-only folder: a record in WAL mode cannot even be read then, but the door can.
        if known and (snapshot is None or known.snapshot == snapshot):
            return place
        raise


def _number(config: Config, snapshot: int | str | None) -> int | None:
    if snapshot is None or snapshot == "latest":
        return None
    if isinstance(snapshot, int) or snapshot.isdecimal():
        return int(snapshot)
    if not catalog.exists(config):
        raise _nothing_published(config)
    with catalog.session(config) as connection:
        return tags.resolve(connection, snapshot)


def _renew(config: Config, snapshot: int | None, place: Path, known: Info | None) -> Path:
    with catalog.session(config) as connection:
        if record.latest(connection, "publish") is None:
            raise _nothing_published(config)
        number = tags.resolve(connection, "latest" if snapshot is None else snapshot)
        wanted = next(s for s in record.snapshots(connection, "publish") if s.id == number)
        if not (known and known.root == str(config.data) and known.snapshot == wanted.id):
            write(config, connection, wanted, place)
    return place


def _outdated(config: Config, known: Info) -> bool:
    """Whether the record is newer than the door, as a publication killed just before its rename leaves it."""
    door = path(config).stat().st_mtime_ns
    return any(
        file.exists() and file.stat().st_mtime_ns > door
        for file in (config.data / "catalog.sqlite", config.data / "catalog.sqlite-wal")
    ) or not config.lake.catalog.startswith("sqlite")


def _nothing_published(config: Config) -> ConfigError:
    return ConfigError(
        "this lake has no published snapshot yet",
        where=str(config.root),
        why="nothing was built, or each build failed a check",
        next="lake run",
    )


def write(config: Config, connection: duckdb.DuckDBPyConnection, snapshot: record.Snapshot, place: Path) -> None:
    """Write the door of a snapshot and put it in place by rename.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    import duckdb

    base = _base(config, connection, snapshot, place)
    statements = list(_statements(config, connection, snapshot, base))
    temporary = place.with_name(f".{place.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        if base is not None:
            shutil.copyfile(place, temporary)
        with duckdb.connect(str(temporary)) as target:
            target.execute("BEGIN")
            for statement in statements:
                target.execute(statement)
            target.execute("COMMIT")
            target.execute("CHECKPOINT")
        durable.sync(temporary)
        durable.put(temporary, place)
    except (OSError, duckdb.IOException) as error:
        raise StorageError(
            f"the door cannot be written: {catalog.first_line(error)}",
            where=str(place),
            why="the folder is read-only or the disk is full; the snapshot itself is safe in the record",
            next="lake status",
        ) from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _base(config: Config, connection: duckdb.DuckDBPyConnection, snapshot: record.Snapshot, place: Path) -> int | None:
    """The snapshot of the door that lies there, if the new one can be made of it: each view that is made anew opens its
    table's files, and most tables are as they were.
    """
    known = read_info(place)
    if not known or known.root != str(config.data) or known.snapshot >= snapshot.id:
        return None
    if known.snapshot not in {one.id for one in record.snapshots(connection)}:  # freed since
        return None
    same = record.touched(connection, known.snapshot).isdisjoint({"ops.macros", "ops.views"})
    return known.snapshot if same else None


def _definitions(connection: duckdb.DuckDBPyConnection, snapshot: int) -> Iterator[str]:
    """The statements that make the macros and views of a snapshot."""
    tables = record.tables(connection, snapshot)
    if "ops.macros" in tables:
        rows = connection.execute(f"SELECT sql FROM ops.macros AT (VERSION => {snapshot}) ORDER BY position")
        yield from (sql for (sql,) in rows.fetchall())
    if "ops.views" in tables:
        rows = connection.execute(f"SELECT name, sql FROM ops.views AT (VERSION => {snapshot}) ORDER BY position")
        for view, sql in rows.fetchall():
            yield f"CREATE SCHEMA IF NOT EXISTS {name(view.partition('.')[0])}"
            yield sql


def _statements(
    config: Config, connection: duckdb.DuckDBPyConnection, snapshot: record.Snapshot, base: int | None
) -> Iterator[str]:
    tables = record.tables(connection, snapshot.id)
    columns = record.columns(connection, snapshot.id)
    comments = record.comments(connection, snapshot.id)
    for schema in sorted({table.partition(".")[0] for table in tables}):
        yield f"CREATE SCHEMA IF NOT EXISTS {name(schema)}"
    touched = None
    if base is not None:
        touched = record.touched(connection, base)
        for table in sorted(touched - tables.keys()):
            yield f"DROP VIEW IF EXISTS {'.'.join(map(name, table.split('.', 1)))}"
        yield f"DROP TABLE {_INFO}"
    for table, files in tables.items():
        if touched is not None and table not in touched:
            continue
        quoted = ".".join(map(name, table.split(".", 1)))
        yield f"CREATE OR REPLACE VIEW {quoted} AS {_select(config, files, columns[table])}"
        if comments.get(table):
            yield f"COMMENT ON VIEW {quoted} IS {quote(comments[table])}"
        for column, _, text in columns[table]:
            if text:
                yield f"COMMENT ON COLUMN {quoted}.{name(column)} IS {quote(text)}"
    if base is None:
        yield from _definitions(connection, snapshot.id)
    yield (
        f"CREATE TABLE {_INFO} AS SELECT {snapshot.id} AS snapshot, {quote(snapshot.at)} AS published_at, "
        f"{quote(str(config.data))} AS root, {quote(config.lake.name)} AS lake, {quote(snapshot.message)} AS message"
    )


def _select(config: Config, files: list[str], columns: list[tuple[str, str, str]]) -> str:
    if not files:
        empty = ", ".join(f"CAST(NULL AS {type}) AS {name(column)}" for column, type, _ in columns)
        return f"SELECT {empty} WHERE false"
    root = f"coalesce(getvariable('lake_root'), {quote(str(config.data))})"
    paths = ", ".join(f"{root} || {quote('/' + file)}" for file in files)
    listed = ", ".join(name(column) for column, _, _ in columns)
    return f"SELECT {listed} FROM read_parquet([{paths}], union_by_name = true, hive_partitioning = false)"


def shows(config: Config, snapshot: record.Snapshot) -> bool:
    """Whether the newest door is of that snapshot; a publication killed just before its rename leaves the old one."""
    known = read_info(path(config))
    return known is not None and known.snapshot == snapshot.id


def read_info(place: Path) -> Info | None:
    """What a door says of itself; None where there is none or it cannot be read."""
    import duckdb

    if not place.is_file():
        return None
    try:
        with duckdb.connect() as connection:
            connection.execute(f"ATTACH {quote(str(place))} AS door (READ_ONLY)")
            return Info(*connection.execute(f"SELECT * FROM door.{_INFO}").fetchone())
    except duckdb.Error:
        return None
