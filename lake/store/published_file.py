"""The published file: one plain DuckDB file with a view over exactly the Parquet files of each table of a snapshot.

Any duckdb shell or library opens it, with no extension and no lock on the catalog, while a build runs. It is derived
from the catalog and can be deleted: it is written under a temporary name and renamed. The views find their Parquet
files relative to the published file, wherever that lies, so that a copied lake reads its own. A view cannot ask DuckDB
where it is, only where the temporary folder of the opened database is: its path and ``.tmp``. Where that was set to
something else, and where a published file is attached to another database, the variable ``lake_root`` has to say it
(lake.open and lake shell set it); otherwise the first query fails with that message. The files of another lake are
never read.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from lake.config import Config
from lake.errors import ConfigError, StorageError
from lake.store import catalog, checksums, durable, failures, metadata, tags
from lake.store.sql import connect, name, quote

if TYPE_CHECKING:
    import duckdb

FILE = "lake.duckdb"
_INFO = "lake_info"
_FORM = 2  # of a published file; raise it when the same snapshot gives another one


@dataclass(frozen=True, slots=True)
class Info:
    snapshot: int
    published_at: str
    lake: str
    message: str
    form: int


def path(config: Config, snapshot: int | None = None) -> Path:
    """Where the published file of a snapshot lies; of the newest one, where None."""
    return config.root / FILE if snapshot is None else config.data / "doors" / f"{snapshot}.duckdb"


def ensure(config: Config, snapshot: int | str | None = None) -> Path:
    """The published file of the newest snapshot, or of an older one by number or tag; written if it is missing.

    Raises:
        ConfigError: nothing was published yet, or no published snapshot has that number or tag.
    """
    snapshot = _number(config, snapshot)
    file = path(config, snapshot)
    info = read_info(file)
    if info and (snapshot is not None or not _outdated(config)):
        return file
    if not catalog.exists(config):
        raise _nothing_published(config)
    try:
        return _renew(config, snapshot, file, info)
    except StorageError:
        # A full disk or a read-only folder: a catalog in WAL mode cannot even be read then, but the published file can.
        if info and (snapshot is None or info.snapshot == snapshot):
            return file
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


def _renew(config: Config, snapshot: int | None, file: Path, info: Info | None) -> Path:
    with catalog.session(config) as connection:
        if metadata.latest(connection, "publish") is None:
            raise _nothing_published(config, failures.last(connection))
        number = tags.resolve(connection, "latest" if snapshot is None else snapshot)
        published = next(s for s in metadata.snapshots(connection, "publish") if s.id == number)
        if not (info and info.snapshot == published.id):
            write(config, connection, published, file)
    return file


def _outdated(config: Config) -> bool:
    """Whether the catalog is newer than the published file: a publication was killed just before its rename."""
    written = path(config).stat().st_mtime_ns
    return any(
        file.exists() and file.stat().st_mtime_ns > written
        for file in (config.data / "catalog.sqlite", config.data / "catalog.sqlite-wal")
    ) or not config.lake.catalog.startswith("sqlite")


def ensure_landed(config: Config) -> Path:
    """The published file of what is landed, for as long as nothing is published: raw tables, and no model.

    Raises:
        ConfigError: nothing is landed, or something is published.
    """
    if catalog.exists(config):
        with catalog.session(config) as connection:
            landed = metadata.latest(connection, "land")
            if landed and metadata.latest(connection, "publish") is None:
                file = path(config, landed.id)
                if not read_info(file):
                    write(config, connection, landed, file)
                return file
    raise _nothing_published(config)


def _nothing_published(config: Config, failure: failures.Failure | None = None) -> ConfigError:
    return ConfigError(
        "this lake has no published snapshot yet",
        where=str(config.root),
        why=f"{failure.command} failed: {failure.what}" if failure else "nothing was built yet",
        next=(failure.advice if failure else "") or "lake run",
    )


def write(config: Config, connection: duckdb.DuckDBPyConnection, snapshot: metadata.Snapshot, target: Path) -> None:
    """Write the published file of a snapshot and put it in place by rename.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    import duckdb

    base = _base(config, connection, snapshot, target)
    statements = list(_statements(config, connection, snapshot, base, _root(config, target)))
    temporary = target.with_name(f".{target.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        durable.sweep(target)
        if base is not None:
            shutil.copyfile(target, temporary)
        _fill(config, temporary, statements)
        durable.sync(temporary)
        _note(config, target, temporary)
        durable.put(temporary, target)
    except (OSError, duckdb.Error) as error:
        if damaged := catalog.damage(error):
            raise damaged from None
        if not isinstance(error, (OSError, duckdb.IOException, duckdb.FatalException)):
            raise
        raise StorageError(
            f"the published file cannot be written: {catalog.first_line(error)}",
            where=str(target),
            why="the folder is read-only or the disk is full; the snapshot itself is safe in the catalog",
            next="lake status",
        ) from None
    finally:
        for remnant in (temporary, Path(f"{temporary}.wal")):
            with suppress(OSError):
                remnant.unlink(missing_ok=True)


def differences(
    config: Config, connection: duckdb.DuckDBPyConnection, snapshot: metadata.Snapshot, target: Path
) -> list[str]:
    """What a published file shows otherwise than the catalog has it: names of views, columns and macros.

    Raises:
        duckdb.Error: the published file, or a file that it names, cannot be read.
    """
    tables, columns = metadata.tables(connection, snapshot.id), metadata.columns(connection, snapshot.id)
    expected_texts = {f"comment of {table}": text for table, text in metadata.comments(connection, snapshot.id).items()}
    expected_texts |= {f"comment of {t}.{column}": text for t in tables for column, _, text in columns[t] if text}
    with tempfile.TemporaryDirectory(prefix="published-") as folder:
        file = Path(folder, target.name)  # written and read again: in a file, some things are spelled otherwise
        statements = _statements(config, connection, snapshot, None, _root(config, target))
        _fill(config, file, (one for one in statements if not one.startswith("COMMENT ON")))
        expected, shown = _content(config, file), _content(config, target)
    expected_texts |= expected
    return sorted(what for what in expected_texts.keys() | shown.keys() if expected_texts.get(what) != shown.get(what))


def _content(config: Config, file: Path) -> dict[str, str]:
    """All that a published file shows, by name."""

    of = "database_name = current_database()"
    with connect(str(file), access_mode="read_only") as connection:
        rows = connection.execute(
            f"""SELECT 'view ' || schema_name || '.' || view_name, sql FROM duckdb_views() WHERE {of} AND NOT internal
            UNION ALL SELECT 'comment of ' || schema_name || '.' || view_name, comment FROM duckdb_views()
                WHERE {of} AND NOT internal AND comment IS NOT NULL
            UNION ALL SELECT 'comment of ' || schema_name || '.' || table_name || '.' || column_name, comment
                FROM duckdb_columns() WHERE {of} AND NOT internal AND comment IS NOT NULL
            UNION ALL SELECT 'macro ' || function_name || array_to_string(parameters, ', '), macro_definition
                FROM duckdb_functions() WHERE {of} AND NOT internal
            UNION ALL SELECT 'facts', CAST(i AS VARCHAR) FROM {_INFO} i"""
        ).fetchall()
    return dict(rows)


def _sidecar(config: Config, file: Path) -> Path:
    return config.data / "doors" / f"{file.name}.sha256"


def _note(config: Config, file: Path, fresh: Path) -> None:
    """Keep what a published file's bytes are to be: before they have its name, and beside what they were."""
    checksum = checksums.take(fresh)
    digest = checksum[1] if checksum else ""
    before = _digests(config, file)[:1]
    durable.write(_sidecar(config, file), "\n".join([digest, *before]) + "\n")


def _digests(config: Config, file: Path) -> list[str]:
    try:
        return _sidecar(config, file).read_text("ascii").split()
    except (OSError, UnicodeDecodeError):
        return []


def is_noted(config: Config, file: Path) -> bool:
    """Whether it is known what a published file's bytes are to be."""
    return bool(_digests(config, file))


def untouched(config: Config, file: Path) -> bool:
    """Whether a published file's bytes are those that were written."""
    now = checksums.take(file)
    return now is not None and now[1] in _digests(config, file)


def _fill(config: Config, file: Path, statements: Iterable[str]) -> None:
    import duckdb

    statements = list(statements)
    try:
        _execute(config, file, statements)
    except duckdb.BinderException as error:
        if "storage version" not in str(error):
            raise
        file.unlink()  # a typed macro: into what DuckDB 1.4 reads, and no older one
        _execute(config, file, statements, storage_compatibility_version="v1.4.0")


def _execute(config: Config, file: Path, statements: Iterable[str], **options: str) -> None:
    with connect(str(file), **options) as target:
        target.execute(f"SET VARIABLE lake_root = {quote(str(config.data))}")
        target.execute("BEGIN")
        for statement in statements:
            target.execute(statement)
        target.execute("COMMIT")
        target.execute("CHECKPOINT")


def _base(config: Config, connection: duckdb.DuckDBPyConnection, snapshot: metadata.Snapshot, file: Path) -> int | None:
    """The snapshot of the existing published file, if the new one can be derived from it: creating a view opens the
    files of its table, and most tables did not change.
    """
    info = read_info(file)
    if not info or info.snapshot >= snapshot.id or not untouched(config, file):
        return None
    if info.snapshot not in {one.id for one in metadata.snapshots(connection)}:  # freed since
        return None
    same = metadata.touched(connection, info.snapshot).isdisjoint({"ops.macros", "ops.views"})
    return info.snapshot if same else None


def _definitions(connection: duckdb.DuckDBPyConnection, snapshot: int) -> Iterator[str]:
    """The statements that make the macros and views of a snapshot."""
    tables = metadata.tables(connection, snapshot)
    if "ops.macros" in tables:
        rows = connection.execute(f"SELECT sql FROM ops.macros AT (VERSION => {snapshot}) ORDER BY position")
        yield from (sql for (sql,) in rows.fetchall())
    if "ops.views" in tables:
        rows = connection.execute(f"SELECT name, sql FROM ops.views AT (VERSION => {snapshot}) ORDER BY position")
        for view, sql in rows.fetchall():
            yield f"CREATE SCHEMA IF NOT EXISTS {name(view.partition('.')[0])}"
            yield sql


def _statements(
    config: Config, connection: duckdb.DuckDBPyConnection, snapshot: metadata.Snapshot, base: int | None, root: str
) -> Iterator[str]:
    tables = metadata.tables(connection, snapshot.id)
    columns = metadata.columns(connection, snapshot.id)
    comments = metadata.comments(connection, snapshot.id)
    for schema in sorted({table.partition(".")[0] for table in tables}):
        yield f"CREATE SCHEMA IF NOT EXISTS {name(schema)}"
    touched = None
    if base is not None:
        touched = metadata.touched(connection, base)
        for table in sorted(touched - tables.keys()):
            yield f"DROP VIEW IF EXISTS {'.'.join(map(name, table.split('.', 1)))}"
        yield f"DROP TABLE {_INFO}"
    for table, files in tables.items():
        if touched is not None and table not in touched:
            continue
        quoted = ".".join(map(name, table.split(".", 1)))
        yield f"CREATE OR REPLACE VIEW {quoted} AS {_select(root, files, columns[table])}"
        if comments.get(table):
            yield f"COMMENT ON VIEW {quoted} IS {quote(comments[table])}"
        for column, _, text in columns[table]:
            if text:
                yield f"COMMENT ON COLUMN {quoted}.{name(column)} IS {quote(text)}"
    if base is None:
        yield from _definitions(connection, snapshot.id)
    yield (
        f"CREATE TABLE {_INFO} AS SELECT {snapshot.id} AS snapshot, {quote(snapshot.at)} AS published_at, "
        f"{quote(config.lake.name)} AS lake, {quote(snapshot.message)} AS message, {_FORM} AS form"
    )


def _root(config: Config, file: Path) -> str:
    """The data folder, in SQL that DuckDB works out when a view is bound."""
    if file != path(config):
        way = ".."
    elif Path(config.lake.data).is_absolute():
        return f"coalesce(getvariable('lake_root'), {quote(str(config.data))})"
    else:
        way = config.lake.data
    temporary, own = "current_setting('temp_directory')", f"{file.name}.tmp"
    beside = (
        f"CASE WHEN parse_filename({temporary}) = {quote(own)} THEN left({temporary}, -{len(own)}) || {quote(way)} END"
    )
    return f"coalesce(getvariable('lake_root'), {beside}, error({quote(_LOST)}))"


_LOST = (
    "The lake does not know where its files lie: its lake.duckdb was attached to another database or renamed, or "
    "temp_directory was set. Open lake.duckdb itself, or say first: SET VARIABLE lake_root = '/path/to/the/lake/data'"
)


def _select(root: str, files: list[str], columns: list[tuple[str, str, str]]) -> str:
    if not files:
        empty = ", ".join(f"CAST(NULL AS {type}) AS {name(column)}" for column, type, _ in columns)
        return f"SELECT {empty} WHERE false"
    paths = ", ".join(quote("/" + file) for file in files)
    listed = ", ".join(name(column) for column, _, _ in columns)
    located = f"list_transform([{paths}], lambda file: {root} || file)"  # one evaluation, however many there are
    return f"SELECT {listed} FROM read_parquet({located}, union_by_name = true, hive_partitioning = false)"


def shows(config: Config, snapshot: metadata.Snapshot) -> bool:
    """Whether the newest published file shows that snapshot; not if a publication was killed before its rename."""
    info = read_info(path(config))
    return info is not None and info.snapshot == snapshot.id


def latest(config: Config) -> Info | None:
    """What the newest snapshot's published file says of itself; None where nothing is published."""
    try:
        return read_info(ensure(config))
    except ConfigError:
        return None


def read_info(file: Path) -> Info | None:
    """What a published file says of itself; None where there is none or it cannot be read."""
    import duckdb

    if not file.is_file():
        return None
    try:
        with connect() as connection:
            connection.execute(f"ATTACH {quote(str(file))} AS published (READ_ONLY)")
            listed = ", ".join(field.name for field in fields(Info))
            row = connection.execute(f"SELECT {listed} FROM published.{_INFO} WHERE form = {_FORM}").fetchone()
            return Info(*row) if row else None
    except duckdb.Error:  # another file, or an older version's
        return None
