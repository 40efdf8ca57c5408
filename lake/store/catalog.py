"""The catalog: a DuckLake catalog that knows every table of every snapshot. One writer, many readers.

The rules here each come from a failure that was seen (DuckLake 1.0, DuckDB 1.5.5):
always attached under the same name; DETACH before close, or a failed COMMIT keeps the catalog's lock; one commit at a
time, by a thread lock (concurrent commits in one process crashed it, ducklake#1248) and a file lock; nothing inlined
and no delete files, so that the Parquet files of a snapshot are the whole truth for any reader.
"""

from __future__ import annotations

import getpass
import json
import re
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lake.config import Config
from lake.errors import LakeError, Locked, StorageError
from lake.store import bounds, checksums, copies, durable, manifests, metadata, renames, tables
from lake.store.metadata import ALIAS, META, TABLES
from lake.store.sql import connect, quote, scalar
from lake.store.sqlite_reader import readable

if TYPE_CHECKING:
    import duckdb

_EXTENSIONS = ("ducklake", "sqlite_scanner")
_writing = threading.Lock()
T = TypeVar("T")


def exists(config: Config) -> bool:
    """Whether this lake has a record yet. A file without tables, as a killed first run leaves it, is none.

    Raises:
        StorageError: it had one, which is gone or empty.
    """
    if not config.lake.catalog.startswith("sqlite"):
        return True
    file = config.data / copies.CATALOG
    present = file.is_file()
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as probe:
        present = probe.execute("SELECT 1 FROM sqlite_master WHERE name = 'ducklake_snapshot'").fetchone() is not None
    if not present and (manifests.known(config) or copies.catalogs(config) or (config.root / "lake.duckdb").exists()):
        raise StorageError(
            "the catalog is gone or empty, and the lake's snapshots with it",
            where=str(file),
            why="something removed or emptied it, or a power cut did; a build would begin another history",
            next="lake repair",
        )
    return present  # one that cannot be read this way is; opening it says why


@contextmanager
def session(config: Config, *, write: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection with the catalog attached as ``lake`` and in use.

    Raises:
        StorageError: the catalog or its folder cannot be opened.
    """
    if write or config.lake.catalog != "sqlite":
        with _attached(config, write=write) as connection:
            yield connection
        return
    with readable(config.data / "catalog.sqlite") as file, _attached(config, folder=file.parent) as connection:
        yield connection


@contextmanager
def _attached(
    config: Config, *, write: bool = False, folder: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb

    connection = _connect(config)
    try:
        _attach(connection, config, write=write, folder=folder)
        connection.execute(f"SET VARIABLE lake_root = {quote(str(config.data))}")
        manifests.recognise(config, connection)
        yield connection
    except duckdb.Error as error:
        if damaged := damage(error):
            raise damaged from error
        raise
    finally:
        with suppress(Exception):  # a failed ATTACH leaves nothing to detach; the first error is the one to tell
            connection.execute("ROLLBACK")
        with suppress(Exception):
            connection.execute(f"USE memory; DETACH {ALIAS}")
        connection.close()


def _connect(config: Config) -> duckdb.DuckDBPyConnection:
    connection = connect(
        autoinstall_known_extensions="false",
        autoload_known_extensions="false",
        memory_limit=f"{config.limits.memory}B",
        threads=config.limits.threads,
        temp_directory=str(config.data / "tmp"),
        preserve_insertion_order="true",
        # They came with the same wheels as DuckDB itself; hashing 70 MB at each start would take 0.25 s.
        allow_unsigned_extensions="true",
    )
    extensions = (*_EXTENSIONS, *(["postgres_scanner"] if config.lake.catalog.startswith("postgres") else []))
    for each in extensions:
        connection.execute(f"LOAD {quote(str(extension(each)))}")
    return connection


def extension(name: str) -> Path:
    """The file of a DuckDB extension that came with its wheel, so that nothing is downloaded at run time.

    Raises:
        StorageError: the wheel is missing or belongs to another version of DuckDB.
    """
    from importlib.metadata import version
    from importlib.util import find_spec

    spec = find_spec(f"duckdb_extension_{name}")
    folder = Path((spec.submodule_search_locations or ["."])[0]) if spec else Path()
    file = folder / "extensions" / f"v{version('duckdb')}" / f"{name}.duckdb_extension"
    if not file.is_file():
        raise StorageError(
            f"the DuckDB extension {name} is not installed for DuckDB {version('duckdb')}",
            where=str(file),
            next=f"pip install duckdb-extension-{name.replace('_', '-')}=={version('duckdb')}",
        )
    return file


def _attach(connection: duckdb.DuckDBPyConnection, config: Config, *, write: bool, folder: Path | None = None) -> None:
    import duckdb

    exists(config)
    for statement in attach_statements(config, write=write, folder=folder):
        try:
            connection.execute(statement)
        except duckdb.Error as error:
            if is_shortage(error):
                raise explain(error, where=str(config.data)) from None
            raise StorageError(
                f"the catalog cannot be opened: {first_line(error)}",
                where=str(config.data),
                why="the folder is not writable, the disk is full, or the file is damaged or no lake's catalog",
                next="lake repair",
            ) from None


def attach_statements(config: Config, *, write: bool, folder: Path | None = None) -> list[str]:
    """The SQL that opens the catalog; ``lake shell --write`` runs it too. ``folder`` holds a copy of the catalog."""
    if write:
        (config.data / TABLES).mkdir(parents=True, exist_ok=True)
    options = [
        f"DATA_PATH {quote(str(config.data / TABLES) + '/')}",
        "OVERRIDE_DATA_PATH true",  # the folder may have been moved since
        "DATA_INLINING_ROW_LIMIT 0",
    ]
    if config.lake.catalog == "sqlite":
        target = f"sqlite:{(folder or config.data) / 'catalog.sqlite'}"
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
        durable.make(config.data)
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
    with writing(config, wait=wait):
        with session(config, write=True) as connection:
            _fold(connection)
            bounds.forget_unknown(connection)
            _migrate(connection)
            try:
                yield connection
            except LakeError:  # what was committed before is kept all the same
                with suppress(Exception):
                    keep(config, connection)
                raise
            last = keep(config, connection)
        copies.quietly(config, last)


def keep(config: Config, connection: duckdb.DuckDBPyConnection) -> int | None:
    """Keep what the newest snapshot is, where it was not kept yet: the sums of its files, copies, its manifest.

    Returns:
        its number; None where there is no snapshot yet, or the disk is full.

    Raises:
        StorageError: the catalog was damaged since the manifest before.
    """
    last = metadata.latest(connection)
    if last is None or manifests.path(config, last.id).exists():
        return last.id if last else None
    try:
        files = list(chain.from_iterable(metadata.tables(connection, last.id).values()))
        if last.id != checksums.upto(config.data):
            checksums.record(config.data, last.id, files)
        copies.tables(config, files, checksums.known(config.data))
        if config.lake.catalog == "sqlite":  # a database server keeps checksums and copies of its own
            manifests.write(config, connection, last.id)
    except OSError:  # a full disk: what was committed stays; the next writer takes them
        return None
    return last.id


def _fold(connection: duckdb.DuckDBPyConnection) -> None:
    """Rewrite files that rows were deleted from by hand (lake shell --write): published files ignore delete files."""
    deleted = f"SELECT 1 FROM {META}.ducklake_delete_file WHERE end_snapshot IS NULL LIMIT 1"
    if connection.execute(deleted).fetchone():
        connection.execute(f"BEGIN; CALL ducklake_rewrite_data_files('{ALIAS}', delete_threshold => 0)")
        _bring_to_disk(connection)
        connection.execute("COMMIT")


def _migrate(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring tables that an older version wrote to the column names of this one, in a commit of its own.

    One whose files are damaged stays as it is until it is repaired or landed again.
    """
    import duckdb

    for table, columns in renames.due(connection).items():
        message = f"{table}: {', '.join(f'{old} is {new}' for old, new in columns.items())}"
        try:
            commit(connection, partial(renames.carry_out, connection, table, columns), kind="migrate", message=message)
        except (duckdb.Error, StorageError) as error:
            if damage(error.__cause__ or error) is None:
                raise


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
        StorageError: the disk is full, or the catalog refused the commit.
    """
    import duckdb

    for attempt in range(1, attempts + 1):
        number = uuid.uuid4().hex
        connection.execute(f"SET VARIABLE {tables.TRANSACTION} = {quote(number)}")
        connection.execute("BEGIN")
        try:
            result = work()
            note = json.dumps({"kind": kind, "number": number, **(extra or {})})
            arguments = f"{quote(author())}, {quote(message)}, extra_info => {quote(note)}"
            connection.execute(f"CALL {ALIAS}.set_commit_message({arguments})")
            _bring_to_disk(connection)
            connection.execute("COMMIT")
            bounds.forget_unknown(connection)
            bounds.forget_rounded(connection)
            return result
        except BaseException as error:
            with suppress(duckdb.Error):
                connection.execute("ROLLBACK")
            if isinstance(error, duckdb.Error) and _committed(connection, number):
                return result
            tables.remove_files(connection)
            if not isinstance(error, duckdb.Error):
                raise
            if attempt < attempts and "conflict" in str(error).lower():
                continue
            raise explain(error) from error
    raise AssertionError("unreachable")


def _bring_to_disk(connection: duckdb.DuckDBPyConnection) -> None:
    """Within a transaction that is to be committed: its files, which DuckDB leaves to the operating system. They are
    those that no snapshot has yet."""
    data = Path(scalar(connection, "SELECT getvariable('lake_root')"))
    committed = metadata.files(connection)
    durable.sync_all(
        (file for file in (data / TABLES).rglob("*.parquet") if str(file.relative_to(data)) not in committed), data
    )


def _committed(connection: duckdb.DuckDBPyConnection, number: str) -> bool:
    last = metadata.latest(connection)
    return last is not None and last.extra.get("number") == number


_FULL = (
    "no space left",
    "failed to create checkpoint",
    "disk is full",
    "could not fit",
    "file too large",
    "disk quota exceeded",
)
_MEMORY = ("out of memory",)


def is_shortage(error: BaseException) -> bool:
    """Whether DuckDB lacked memory or room on the disk."""
    return bool(_said(error, *_FULL, *_MEMORY))


def _said(error: BaseException, *signs: str) -> str:
    """The line of an error that says one of these; it need not be the first one."""
    lines = str(error).strip().split("\n")
    return next((line for line in lines if any(sign in line.lower() for sign in signs)), "")


def explain(error: BaseException, table: str = "", where: str = "") -> LakeError:
    """A DuckDB error as one of ours: what usually lies behind it, and what to do.

    Args:
        table: whose making or checking it stopped, and ``where`` that is written.
    """
    of = f" for {table}" if table else ""
    if text := _said(error, *_FULL):
        what = f"the disk is full{of}; the lake is as it was before"
        return StorageError(what, where=where, why=text, next="free some space, then run it again")
    if text := _said(error, *_MEMORY):
        what = f"the memory limit is too small{of}"
        return StorageError(what, where=where, why=text, next="raise [limits] memory in lake.toml")
    return StorageError(f"the catalog refused: {first_line(error)}", where=where, next="lake status")


_FILE = re.compile(r"tables/([^/'\"\n]+)/([^/'\"\n]+)/[^'\"\n]*?\.parquet")
_NO_CATALOG = ("disk image is malformed", "file is not a database", "mismatch type error: invalid type in column")
_BROKEN = (
    "decompression fail",
    "tprotocolexception",
    "parquet magic",
    "corrupt",
    "no magic bytes",
    "don't know what type",
)


def damage(error: BaseException) -> StorageError | None:
    """A DuckDB error over a stored file that is damaged or gone, as one of ours; None for any other error."""
    import duckdb

    if not isinstance(error, duckdb.Error) or is_shortage(error):
        return None
    if text := _said(error, *_NO_CATALOG):
        why = "a failing disk, a power cut, or something wrote to it"
        return StorageError(f"the catalog is damaged: {text}", where=copies.CATALOG, why=why, next="lake repair")
    file = _FILE.search(str(error))
    if not file and not _said(error, *_BROKEN):
        return None
    table = f"a file of {file[1]}.{file[2]}" if file else "a stored file"
    return StorageError(
        f"{table} is damaged or gone: {first_line(error)}",
        where=file[0] if file else "",
        why="a failing disk, a power cut, or something wrote to it or removed it",
        next="lake repair",
    )


def first_line(error: BaseException) -> str:
    """The first line of a DuckDB error, without its class."""
    return str(error).strip().split("\n")[0]


def author() -> str:
    """Who runs this, as snapshots and tags name them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no such user in a container
        return "unknown"
