"""The record: a DuckLake catalog that knows every table of every snapshot. One writer, many readers.

The rules here each come from a failure that was seen (DuckLake 1.0, DuckDB 1.5.5):
always attached under the same name; DETACH before close, or a failed COMMIT keeps the catalog's lock; one commit at a
time, by a thread lock (concurrent commits in one process crashed it, ducklake#1248) and a file lock; nothing inlined
and no delete files, so that the Parquet files of a snapshot are the whole truth for any reader.
"""

from __future__ import annotations

import getpass
import json
import math
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lake.config import Config
from lake.errors import ConfigError, LakeError, Locked, StorageError
from lake.store import sums

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

ALIAS = "lake"
META = f"__ducklake_metadata_{ALIAS}"
TABLES = "tables"  # <data>/tables: the Parquet files
_EXTENSIONS = ("ducklake", "sqlite_scanner")
_writing = threading.Lock()
T = TypeVar("T")
Columns = Mapping[str, tuple[str, str]]  # name -> SQL type, what is said of it


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version of the whole lake. ``kind`` is "publish" for those that readers see, "land" for raw tables only."""

    id: int
    at: str  # UTC, ISO 8601
    author: str
    message: str
    kind: str
    extra: dict[str, Any]


def exists(config: Config) -> bool:
    """Whether this lake has a record yet. A file without tables, as a killed first run leaves it, is none."""
    if not config.lake.catalog.startswith("sqlite"):
        return True
    file = config.data / "catalog.sqlite"
    if not file.is_file():
        return False
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as record:
        return record.execute("SELECT 1 FROM sqlite_master WHERE name = 'ducklake_snapshot'").fetchone() is not None
    return True  # it cannot be read this way; opening it says why


@contextmanager
def session(config: Config, *, write: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection with the record attached as ``lake`` and in use.

    Raises:
        StorageError: the record or its folder cannot be opened.
    """
    connection = _connect(config)
    try:
        _attach(connection, config, write=write)
        yield connection
    finally:
        with suppress(Exception):  # a failed ATTACH leaves nothing to detach; the first error is the one to tell
            connection.execute("ROLLBACK")
        with suppress(Exception):
            connection.execute(f"USE memory; DETACH {ALIAS}")
        connection.close()


def _connect(config: Config) -> duckdb.DuckDBPyConnection:
    import duckdb

    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": f"{config.limits.memory}B",
            "threads": config.limits.threads,
            "temp_directory": str(config.data / "tmp"),
            "preserve_insertion_order": "true",
            # They came with the same wheels as DuckDB itself; hashing 70 MB at each start would take 0.25 s.
            "allow_unsigned_extensions": "true",
        }
    )
    extensions = (*_EXTENSIONS, *(["postgres_scanner"] if config.lake.catalog.startswith("postgres") else []))
    for name in extensions:
        connection.execute(f"LOAD {quote(str(extension(name)))}")
    return connection


def extension(name: str) -> Path:
    """The file of a DuckDB extension that came with its wheel, so that nothing is downloaded at run time.

    Raises:
        StorageError: the wheel is missing or belongs to another version of DuckDB.
    """
    from importlib.metadata import version
    from importlib.util import find_spec

    spec = find_spec(f"duckdb_extension_{name}")
    folder = Path(spec.submodule_search_locations[0]) if spec else Path()
    file = folder / "extensions" / f"v{version('duckdb')}" / f"{name}.duckdb_extension"
    if not file.is_file():
        raise StorageError(
            f"the DuckDB extension {name} is not installed for DuckDB {version('duckdb')}",
            where=str(file),
            next=f"pip install duckdb-extension-{name.replace('_', '-')}=={version('duckdb')}",
        )
    return file


def _attach(connection: duckdb.DuckDBPyConnection, config: Config, *, write: bool) -> None:
    import duckdb

    for statement in attach_statements(config, write=write):
        try:
            connection.execute(statement)
        except duckdb.Error as error:
            raise StorageError(
                f"the record cannot be opened: {first_line(error)}",
                where=str(config.data),
                why="the folder is not writable, the disk is full, or the file is not a lake's catalog",
                next="lake status",
            ) from None


def attach_statements(config: Config, *, write: bool) -> list[str]:
    """The SQL that opens the record; ``lake shell --write`` runs it too."""
    if write:
        (config.data / TABLES).mkdir(parents=True, exist_ok=True)
    options = [
        f"DATA_PATH {quote(str(config.data / TABLES) + '/')}",
        "OVERRIDE_DATA_PATH true",  # the folder may have been moved since
        "DATA_INLINING_ROW_LIMIT 0",
    ]
    if config.lake.catalog == "sqlite":
        target = f"sqlite:{config.data / 'catalog.sqlite'}"
        options += ["META_BUSY_TIMEOUT 5000"] + (["META_JOURNAL_MODE 'WAL'"] if write else [])
    else:
        target = config.lake.catalog
    if not write:
        options.append("READ_ONLY")
    return [f"ATTACH {quote('ducklake:' + target)} AS {ALIAS} ({', '.join(options)})", f"USE {ALIAS}"]


@contextmanager
def writing(config: Config, *, wait: float = 0) -> Iterator[None]:
    """The right to write this lake, for one process and one thread at a time.

    Raises:
        Locked: another process has it, still after ``wait`` seconds.
    """
    from filelock import FileLock, Timeout

    path = config.data / "write.lock"
    try:
        config.data.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        with _writing, lock.acquire(timeout=wait):
            yield
    except Timeout:
        raise Locked(
            "another process is writing this lake",
            where=str(path),
            why="a `lake land`, `lake build` or `lake run` has not finished yet; readers are not affected",
            next="wait for it, or give --wait SECONDS",
        ) from None
    except OSError as error:
        raise StorageError(
            f"the lake's folder cannot be written: {error.strerror}", where=str(config.data), next="lake status"
        ) from None


@contextmanager
def write_session(config: Config, *, wait: float = 0) -> Iterator[duckdb.DuckDBPyConnection]:
    """`writing` and a `session` to write in."""
    with writing(config, wait=wait), session(config, write=True) as connection:
        _fold(connection)
        yield connection
        last = latest(connection)
        with suppress(StorageError):  # what was committed stays; the next writer takes the sums
            if last and last.id != sums.upto(config.data):
                sums.record(config.data, last.id, chain.from_iterable(tables(connection, last.id).values()))


def _fold(connection: duckdb.DuckDBPyConnection) -> None:
    """Write files anew that rows were deleted from by hand (lake shell --write): a door knows no delete files."""
    deleted = f"SELECT 1 FROM {META}.ducklake_delete_file WHERE end_snapshot IS NULL LIMIT 1"
    if connection.execute(deleted).fetchone():
        connection.execute(f"CALL ducklake_rewrite_data_files('{ALIAS}', delete_threshold => 0)")


def commit(
    connection: duckdb.DuckDBPyConnection,
    work: Callable[[], T],
    *,
    kind: str,
    message: str,
    extra: dict[str, Any] | None = None,
    attempts: int = 3,
) -> T:
    """Run ``work`` and commit what it did as one snapshot: all of it or nothing.

    A conflict with a writer on another machine repeats the whole of ``work``. A COMMIT whose answer was lost is looked
    up by its number before anything is repeated.

    Raises:
        StorageError: the disk is full, or the record refused the commit.
    """
    import duckdb

    for attempt in range(1, attempts + 1):
        number = uuid.uuid4().hex
        connection.execute("BEGIN")
        try:
            result = work()
            note = json.dumps({"kind": kind, "number": number, **(extra or {})})
            said = f"{quote(author())}, {quote(message)}, extra_info => {quote(note)}"
            connection.execute(f"CALL {ALIAS}.set_commit_message({said})")
            connection.execute("COMMIT")
            return result
        except BaseException as error:
            with suppress(duckdb.Error):
                connection.execute("ROLLBACK")
            if not isinstance(error, duckdb.Error):
                raise
            if _committed(connection, number):
                return result
            if attempt < attempts and "conflict" in str(error).lower():
                continue
            raise explain(error) from error
    raise AssertionError("unreachable")


def _committed(connection: duckdb.DuckDBPyConnection, number: str) -> bool:
    last = latest(connection)
    return last is not None and last.extra.get("number") == number


def explain(error: Exception) -> LakeError:
    """A DuckDB error as one of ours: what usually lies behind it, and what to do."""
    text = first_line(error)
    if "No space left" in text or "could not fit" in text.lower() or "disk is full" in text.lower():
        return StorageError(
            "the disk is full; the lake is as it was before", where=text, next="free some space, then run it again"
        )
    if "Out of Memory" in text:
        return StorageError("the memory limit is too small", where=text, next="raise [limits] memory in lake.toml")
    return StorageError(f"the record refused: {text}", next="lake status")


def first_line(error: BaseException) -> str:
    """The first line of a DuckDB error, without its class."""
    return str(error).strip().split("\n")[0]


def latest(connection: duckdb.DuckDBPyConnection, kind: str | None = None) -> Snapshot | None:
    """The newest snapshot, or the newest of a kind."""
    return next(iter(snapshots(connection, kind, limit=1)), None)


def snapshots(
    connection: duckdb.DuckDBPyConnection, kind: str | None = None, limit: int | None = None
) -> list[Snapshot]:
    """Snapshots, newest first. Those without a kind (the record's own beginning) count only when none is asked for."""
    # Here and elsewhere on the way of a command with nothing to do: a parameter would make duckdb import pandas, 0.5 s.
    wanted = f'WHERE c.commit_extra_info LIKE \'%"kind": "{kind}"%\'' if kind else ""
    rows = connection.execute(
        f"""SELECT s.snapshot_id, left(replace(CAST(s.snapshot_time AS VARCHAR), ' ', 'T'), 19) || 'Z',
                   coalesce(c.author, ''), coalesce(c.commit_message, c.changes_made, ''),
                   coalesce(c.commit_extra_info, '{{}}')
            FROM {META}.ducklake_snapshot s LEFT JOIN {META}.ducklake_snapshot_changes c USING (snapshot_id)
            {wanted}
            ORDER BY s.snapshot_id DESC {f"LIMIT {int(limit)}" if limit else ""}"""
    ).fetchall()
    return [_snapshot(*row) for row in rows]


def _snapshot(id: int, at: str, author: str, message: str, extra: str) -> Snapshot:
    try:
        known = json.loads(extra)
    except ValueError:
        known = {}
    return Snapshot(id, at, author, message, known.get("kind", ""), known)


def tables(connection: duckdb.DuckDBPyConnection, snapshot: int) -> dict[str, list[str]]:
    """Each table of a snapshot with its Parquet files, relative to the data folder."""
    rows = connection.execute(
        f"""SELECT s.schema_name || '.' || t.table_name,
                   list('{TABLES}/' || s.path || t.path || f.path ORDER BY f.data_file_id)
                        FILTER (f.data_file_id IS NOT NULL)
            FROM {META}.ducklake_table t
            JOIN {META}.ducklake_schema s USING (schema_id)
            LEFT JOIN {META}.ducklake_data_file f ON f.table_id = t.table_id AND {_lives("f")}
            WHERE {_lives("t")} AND {_lives("s")}
            GROUP BY 1 ORDER BY 1""".replace("$at", str(int(snapshot)))
    ).fetchall()
    return {name: files or [] for name, files in rows}


def files(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Every Parquet file that the record knows or has yet to delete, relative to the data folder."""
    rows = connection.execute(
        f"""SELECT '{TABLES}/' || s.path || t.path || f.path
            FROM {META}.ducklake_data_file f
            JOIN (SELECT DISTINCT table_id, schema_id, path FROM {META}.ducklake_table) t USING (table_id)
            JOIN {META}.ducklake_schema s USING (schema_id)
            UNION SELECT '{TABLES}/' || path FROM {META}.ducklake_files_scheduled_for_deletion"""
    ).fetchall()
    return {file for (file,) in rows}


def names(connection: duckdb.DuckDBPyConnection, schema: str | None = None) -> set[str]:
    """The tables of now, as layer.table. Asks the record's own tables: duckdb_tables() loads all there is to know."""
    among = f" AND s.schema_name = {quote(schema)}" if schema else ""
    rows = connection.execute(
        f"""SELECT s.schema_name || '.' || t.table_name FROM {META}.ducklake_table t
            JOIN {META}.ducklake_schema s USING (schema_id)
            WHERE t.end_snapshot IS NULL AND s.end_snapshot IS NULL{among}"""
    ).fetchall()
    return {table for (table,) in rows}


def touched(connection: duckdb.DuckDBPyConnection, since: int) -> set[str]:
    """The tables whose files, columns or comments are not those of an earlier snapshot; those that went, too."""
    later = f"begin_snapshot > {int(since)} OR end_snapshot > {int(since)}"
    kinds = ("table", "column", "column_tag", "data_file", "delete_file")
    ids = " UNION ".join(f"SELECT table_id FROM {META}.ducklake_{kind} WHERE {later}" for kind in kinds)
    rows = connection.execute(
        f"""SELECT DISTINCT s.schema_name || '.' || t.table_name FROM {META}.ducklake_table t
            JOIN {META}.ducklake_schema s USING (schema_id)
            WHERE t.table_id IN ({ids} UNION SELECT object_id FROM {META}.ducklake_tag WHERE {later})"""
    ).fetchall()
    return {table for (table,) in rows}


def present(connection: duckdb.DuckDBPyConnection) -> tuple[dict[str, list[str]], dict[str, list[tuple[str, str]]]]:
    """The tables of now: the Parquet files of each, relative to the data folder, and its columns with SQL types."""
    last = latest(connection)
    files = tables(connection, last.id) if last else {}
    described: dict[str, list[tuple[str, str]]] = {table: [] for table in files}
    rows = connection.execute(
        f"""SELECT schema_name || '.' || table_name, column_name, data_type FROM duckdb_columns()
            WHERE database_name = '{ALIAS}' ORDER BY 1, column_index"""
    ).fetchall()
    for table, column, type in rows:
        described.setdefault(table, []).append((column, type))
    return files, described


def columns(connection: duckdb.DuckDBPyConnection, snapshot: int) -> dict[str, list[tuple[str, str, str]]]:
    """Each table of a snapshot with its columns: name, SQL type, comment."""
    described: dict[str, list[tuple[str, str, str]]] = {}
    last = latest(connection)
    if last and last.id == snapshot:
        rows = connection.execute(
            f"""SELECT schema_name || '.' || table_name, column_name, data_type, coalesce(comment, '')
                FROM duckdb_columns() WHERE database_name = '{ALIAS}' ORDER BY 1, column_index"""
        ).fetchall()
        for table, *column in rows:
            described.setdefault(table, []).append(tuple(column))
        return described
    for name in tables(connection, snapshot):
        rows = connection.execute(f"DESCRIBE SELECT * FROM {ALIAS}.{name} AT (VERSION => {int(snapshot)})").fetchall()
        described[name] = [(row[0], row[1], "") for row in rows]
    comments = connection.execute(
        f"""SELECT s.schema_name || '.' || t.table_name, c.column_name, g.value
            FROM {META}.ducklake_column_tag g
            JOIN {META}.ducklake_column c ON c.table_id = g.table_id AND c.column_id = g.column_id AND {_lives("c")}
            JOIN {META}.ducklake_table t ON t.table_id = g.table_id AND {_lives("t")}
            JOIN {META}.ducklake_schema s USING (schema_id)
            WHERE g.key = 'comment' AND {_lives("g")}""".replace("$at", str(int(snapshot)))
    ).fetchall()
    known = {(table, column): text for table, column, text in comments}
    return {
        table: [(name, type, known.get((table, name), "")) for name, type, _ in rows]
        for table, rows in described.items()
    }


def comments(connection: duckdb.DuckDBPyConnection, snapshot: int) -> dict[str, str]:
    """Each table's comment at a snapshot."""
    return dict(
        connection.execute(
            f"""SELECT s.schema_name || '.' || t.table_name, g.value
                FROM {META}.ducklake_tag g
                JOIN {META}.ducklake_table t ON t.table_id = g.object_id AND {_lives("t")}
                JOIN {META}.ducklake_schema s USING (schema_id)
                WHERE g.key = 'comment' AND {_lives("g")}""".replace("$at", str(int(snapshot)))
        ).fetchall()
    )


def create(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Sequence[tuple[str, str]],
    *,
    partition: Sequence[str] = (),
    comment: str = "",
    comments: Mapping[str, str] | None = None,
) -> None:
    """Within a transaction: make a table anew, empty, with what is said of it and its columns."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.partition('.')[0]}")
    listed = ", ".join(f"{name(column)} {type}" for column, type in columns)
    connection.execute(f"CREATE OR REPLACE TABLE {table} ({listed})")
    if partition:
        connection.execute(f"ALTER TABLE {table} SET PARTITIONED BY ({', '.join(map(name, partition))})")
    if comment:
        connection.execute(f"COMMENT ON TABLE {table} IS {quote(comment)}")
    for column, text in (comments or {}).items():
        connection.execute(f"COMMENT ON COLUMN {table}.{name(column)} IS {quote(text)}")


def add_files(connection: duckdb.DuckDBPyConnection, table: str, files: Iterable[Path]) -> None:
    """Within a transaction: let a table have Parquet files that lie in its folder already."""
    schema, _, stem = table.partition(".")
    for file in files:
        given = ", ".join(map(quote, (ALIAS, stem, str(file))))
        connection.execute(f"CALL ducklake_add_data_files({given}, schema => {quote(schema)}, allow_missing => true)")


def partitions(connection: duckdb.DuckDBPyConnection, snapshot: int) -> dict[str, list[str]]:
    """The columns by which each partitioned table of a snapshot is."""
    return dict(
        connection.execute(
            f"""SELECT s.schema_name || '.' || t.table_name, list(c.column_name ORDER BY p.partition_key_index)
                FROM {META}.ducklake_partition_info i
                JOIN {META}.ducklake_partition_column p USING (partition_id, table_id)
                JOIN {META}.ducklake_column c USING (table_id, column_id)
                JOIN {META}.ducklake_table t USING (table_id)
                JOIN {META}.ducklake_schema s USING (schema_id)
                WHERE {_lives("i")} AND {_lives("t")} AND {_lives("c")}
                GROUP BY 1""".replace("$at", str(int(snapshot)))
        ).fetchall()
    )


def fill(connection: duckdb.DuckDBPyConnection, table: str, columns: Columns, select: str) -> None:
    """Within a transaction: make a table anew with these columns, filled from a SELECT."""
    docs = {column: doc for column, (_, doc) in columns.items() if doc}
    create(connection, table, [(column, type) for column, (type, _) in columns.items()], comments=docs)
    connection.execute(f"INSERT INTO {table} BY NAME {select}")


def values(columns: Columns, rows: Sequence[Mapping[str, Any]]) -> str:
    """A SELECT of rows that are written out: for few, since a relation of Python's would import pandas."""
    cast = ", ".join(f"CAST({name(column)} AS {type}) AS {name(column)}" for column, (type, _) in columns.items())
    listed = ", ".join(map(name, columns))
    written = ",\n".join(f"({', '.join(literal(row.get(column)) for column in columns)})" for row in rows)
    nothing = f"({', '.join('NULL' for _ in columns)})"
    return f"SELECT {cast} FROM (VALUES {written or nothing}) AS t({listed}){'' if rows else ' WHERE false'}"


def literal(value: Any) -> str:
    """A value as SQL writes it.

    >>> literal(["it's", None, 1.5, True])
    "['it''s', NULL, 1.5, true]"
    """
    if value is None:
        return "NULL"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and not math.isfinite(value):
        return f"'{value}'::DOUBLE"
    return repr(value) if isinstance(value, int | float) else quote(str(value))


def of_arrow(schema: pa.Schema) -> Columns:
    """An Arrow schema's columns with their SQL types and what their metadata says of them."""
    return {item.name: (_sql_type(item.type), description(item)) for item in schema}


def _sql_type(type: pa.DataType) -> str:
    from pyarrow import types

    if types.is_list(type) or types.is_large_list(type):
        return f"{_sql_type(type.value_type)}[]"
    if types.is_struct(type):
        return f"STRUCT({', '.join(f'{name(item.name)} {_sql_type(item.type)}' for item in type)})"
    if types.is_decimal(type):
        return f"DECIMAL({type.precision}, {type.scale})"
    if str(type) not in _SQL_TYPES:
        raise ConfigError(
            f"a raw table's column has the Arrow type {type}, which has no SQL type here",
            where="TABLES of a source",
            why=f"those that have are {', '.join(_SQL_TYPES)}, lists and structs of them",
        )
    return _SQL_TYPES[str(type)]


_SQL_TYPES = {
    "string": "VARCHAR",
    "large_string": "VARCHAR",
    "binary": "BLOB",
    "bool": "BOOLEAN",
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "uint8": "UTINYINT",
    "uint16": "USMALLINT",
    "uint32": "UINTEGER",
    "uint64": "UBIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "date32[day]": "DATE",
    "timestamp[us]": "TIMESTAMP",
    "timestamp[us, tz=UTC]": "TIMESTAMPTZ",
}


def description(item: pa.Field) -> str:
    """What a field's metadata says of it: "Radius [earth_radius]"."""
    known = {key.decode(): value.decode() for key, value in (item.metadata or {}).items()}
    return " ".join(filter(None, (known.get("doc", ""), f"[{known['unit']}]" if known.get("unit") else "")))


def _lives(alias: str) -> str:
    return f"{alias}.begin_snapshot <= $at AND ({alias}.end_snapshot IS NULL OR {alias}.end_snapshot > $at)"


def quote(text: str) -> str:
    """Text as a SQL literal.

    >>> quote("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def name(identifier: str) -> str:
    """A column or table name as a SQL identifier.

    >>> name('a "b"; drop')
    '"a ""b""; drop"'
    """
    return '"' + identifier.replace('"', '""') + '"'


def author() -> str:
    """Who runs this, as snapshots and tags name them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no such user in a container
        return "unknown"
