"""Where models are built before they are published: an in-memory DuckDB with a view over the files of each table.

A model's SELECT is written to Parquet files in their final place and its view is turned to them; the catalog is not
touched until all of it is good, and then only learns the files' names. So models run side by side, a failed build
leaves nothing but files to delete, and the transaction that publishes is short.
"""

from __future__ import annotations

import json
import shutil
import threading
import time
import uuid
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lake.build import footer, row_identity
from lake.build.model import Model, Project
from lake.check import statistics
from lake.check.statistics import Statistics
from lake.config import Config
from lake.errors import ModelError, StorageError
from lake.store import metadata
from lake.store.catalog import first_line
from lake.store.sql import PARQUET, connect, name, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_AGAIN = 0.02  # seconds until an interrupt is repeated
BEFORE = "before"  # the catalog that holds the published tables, for comparing
_PROFILE = {
    "CPU_TIME": "true",
    "CUMULATIVE_ROWS_SCANNED": "true",
    "SYSTEM_PEAK_BUFFER_MEMORY": "true",
    "SYSTEM_PEAK_TEMP_DIR_SIZE": "true",
}

Columns = list[tuple[str, str]]  # name and SQL type


@dataclass(frozen=True, slots=True)
class Written:
    """What one model's SELECT gave, and what it took."""

    files: tuple[Path, ...]
    rows: int
    bytes: int
    cpu: float  # seconds
    rows_in: int  # rows that it scanned
    memory: int  # bytes: the peak of all models that ran at that time
    spilled: int  # bytes on disk, likewise
    statistics: Mapping[str, Statistics] = field(default_factory=dict, repr=False)  # by quoted column
    kept: tuple[str, ...] = ()  # files of the published table that stay, as the catalog names them


@dataclass(slots=True)
class Workspace:
    """One build's tables. ``connection`` is for one thread; ``cursor`` gives others their own."""

    config: Config
    connection: DuckDBPyConnection
    published: Mapping[str, list[str]]  # each table's files, relative to the data folder
    columns: Mapping[str, Columns]
    written: dict[str, Written] = field(default_factory=dict)
    project: Project | None = None  # what a file says of itself comes from it
    _cursors: set[DuckDBPyConnection] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stopped: bool = False

    @contextmanager
    def cursor(self, timeout: float | None = None) -> Iterator[DuckDBPyConnection]:
        """A connection for one thread, interrupted after so many seconds, or when the build is stopped."""
        import duckdb

        with self._lock:
            if self._stopped:
                raise duckdb.InterruptException("the build was stopped")
            cursor = self.connection.cursor()
            self._cursors.add(cursor)
        try:
            with _clock(timeout, cursor):
                yield cursor
        finally:
            with self._lock:
                self._cursors.discard(cursor)
            cursor.close()

    def stop(self) -> None:
        """Interrupt whatever runs, until nothing does: DuckDB forgets an interrupt that comes between statements."""
        self._stopped = True
        while self._cursors:
            with self._lock:
                for cursor in self._cursors:
                    cursor.interrupt()
            time.sleep(_AGAIN)

    def write(self, cursor: DuckDBPyConnection, model: Model, select: str) -> Written:
        """Run a SELECT into Parquet files of the table. Its view is not turned to them yet."""
        contract = model.contract
        schema, _, stem = model.table.partition(".")
        folder = self.config.data / metadata.TABLES / schema / stem
        folder.mkdir(parents=True, exist_ok=True)
        listed = ", ".join(name(column.name) for column in contract.columns)
        order = f" ORDER BY {', '.join(map(name, contract.sort))}" if contract.sort else ""
        number = uuid.uuid4().hex
        options = [PARQUET, "RETURN_STATS true"]
        if self.project:
            options.append(footer.option(footer.of(self.config, self.project, model)))
        if contract.row_group_size:
            options.append(f"ROW_GROUP_SIZE {int(contract.row_group_size)}")
        if contract.compression:
            options.append(f"COMPRESSION {contract.compression}")
        target = folder / f"{number}.parquet"
        if contract.partition:
            columns = ", ".join(map(name, contract.partition))
            options += [f"PARTITION_BY ({columns})", "WRITE_PARTITION_COLUMNS true", "OVERWRITE_OR_IGNORE true"]
            # Not by folders: their names cannot tell null from the text NULL, and may not be long.
            options += [f"FILENAME_PATTERN '{number}_{{uuid}}'", "HIVE_FILE_PATTERN false"]
            target = folder
        try:
            cursor.execute("PRAGMA enable_profiling = 'no_output'")
            cursor.execute(f"SET custom_profiling_settings = {quote(json.dumps(_PROFILE))}")
            rows = cursor.execute(
                f"COPY (SELECT {listed} FROM (\n{select}\n){order}) TO {quote(str(target))} ({', '.join(options)})"
            ).fetchall()
            took = json.loads(cursor.get_profiling_information(format="json"))
            cursor.execute("PRAGMA disable_profiling")
        except BaseException:
            _remove(folder, number)
            raise
        return _written(rows, took)

    def set_view(self, table: str, columns: Columns, written: Written) -> None:
        """Make the table's view show what was written."""
        self.written[table] = written
        stay = [self.config.data / file for file in written.kept]
        with self.cursor() as cursor:
            show(cursor, table, [*stay, *written.files], columns)

    def restore_view(self, table: str) -> None:
        """Make the table's view show what is published; its new files go."""
        written = self.written.pop(table, None)
        if written:
            _unlink(written.files)
        if table in self.published:
            with self.cursor() as cursor:
                files = [self.config.data / file for file in self.published[table]]
                show(cursor, table, files, self.columns[table])

    def discard(self, connection: DuckDBPyConnection) -> None:
        """Remove every file written here that the catalog does not list: Ctrl-C may come after the commit."""
        catalogued_files = metadata.files(connection)
        for written in self.written.values():
            _unlink(file for file in written.files if str(file.relative_to(self.config.data)) not in catalogued_files)
        self.written.clear()

    def compare_with(self, tables: Iterable[str]) -> None:
        """Make published tables known as before.layer.table."""
        self.connection.execute(f"ATTACH IF NOT EXISTS ':memory:' AS {BEFORE}")
        for table in tables:
            if table in self.published:
                self.connection.execute(f"CREATE SCHEMA IF NOT EXISTS {BEFORE}.{name(table.partition('.')[0])}")
                files = [self.config.data / file for file in self.published[table]]
                show(self.connection, f"{BEFORE}.{table}", files, self.columns[table])


def _written(rows: list[tuple[Any, ...]], took: Mapping[str, Any]) -> Written:
    files = [(Path(file), count, size) for file, count, size, *_ in rows]
    for file, count, _ in files:
        if not count:
            file.unlink()
    return Written(
        files=tuple(file for file, count, _ in files if count),
        rows=sum(count for _, count, _ in files),
        bytes=sum(size for _, count, size in files if count),
        cpu=round(took.get("cpu_time", 0.0), 4),
        rows_in=int(took.get("cumulative_rows_scanned", 0)),
        memory=int(took.get("system_peak_buffer_memory", 0)),
        spilled=int(took.get("system_peak_temp_dir_size", 0)),
        statistics=statistics.merge(row[4] for row in rows if row[1]),
    )


def _unlink(files: Iterable[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)


def _remove(folder: Path, number: str) -> None:
    for file in folder.rglob(f"*{number}*"):
        with suppress(OSError):
            file.unlink()


@contextmanager
def _clock(timeout: float | None, cursor: DuckDBPyConnection) -> Iterator[None]:
    """Interrupt what the cursor does in the body after so many seconds, and all that it does then."""
    over = threading.Event()

    def ring() -> None:
        over.wait(timeout)
        while not over.wait(_AGAIN):
            cursor.interrupt()

    clock = threading.Thread(target=ring, daemon=True)
    if timeout:
        clock.start()
    try:
        yield
    finally:
        over.set()
        if timeout:
            clock.join()


@contextmanager
def open(
    config: Config,
    catalogued: DuckDBPyConnection,
    project: Project,
    needed: Iterable[str],
    to_build: Container[str] = (),
) -> Iterator[Workspace]:
    """A workspace on the catalog's present tables, with a view for each of those that are needed.

    Raises:
        ModelError: DuckDB refuses a macro.
        StorageError: a file of a needed table is damaged, and the table is not among those that will be made.
    """
    import duckdb

    published, columns = metadata.present(catalogued)
    with scratch(config) as connection:
        space = Workspace(config, connection, published, columns, project=project)
        create_macros(connection, project)
        for schema in sorted({table.partition(".")[0] for table in needed}):  # here: in two threads they would collide
            connection.execute(f"CREATE SCHEMA {name(schema)}")
        for table in sorted(set(needed) & published.keys()):
            try:
                show(connection, table, [config.data / file for file in published[table]], columns[table])
            except duckdb.Error as error:
                if table not in to_build:
                    raise _damaged(table, error) from None
        finished = False
        try:
            yield space
            finished = True
        finally:
            if not finished:
                space.discard(catalogued)


def _damaged(table: str, error: Exception) -> StorageError:
    return StorageError(
        f"a file of {table} cannot be read: {first_line(error)}",
        where=table,
        why="a failing disk, or something wrote to it or removed it",
        next="lake verify",
    )


@contextmanager
def scratch(config: Config) -> Iterator[DuckDBPyConnection]:
    """An in-memory DuckDB within the lake's limits, which spills to a folder of its own."""
    spill = config.data / "tmp" / f"build-{uuid.uuid4().hex}"
    spill.parent.mkdir(parents=True, exist_ok=True)
    connection = connect(
        memory_limit=f"{config.limits.memory}B", threads=config.limits.threads, temp_directory=str(spill)
    )
    try:
        yield connection
    finally:
        connection.close()
        shutil.rmtree(spill, ignore_errors=True)


def create_macros(connection: DuckDBPyConnection, project: Project) -> None:
    """Make the project's macros known to a connection, but for those that read tables.

    Raises:
        ModelError: DuckDB refuses one.
    """
    import duckdb

    for macro in project.macros.values():
        if macro.reads:
            continue
        try:
            connection.execute(macro.sql)
        except duckdb.Error as error:
            raise ModelError(f"the macro {macro.name} is refused: {first_line(error)}", where=macro.where) from None


def show(connection: DuckDBPyConnection, table: str, files: list[Path], columns: Columns) -> None:
    """Make a view of Parquet files, as layer.table or catalog.layer.table."""
    *schemas, stem = table.split(".", table.count("."))
    schema = ".".join(map(name, schemas))
    connection.execute(f"CREATE OR REPLACE VIEW {schema}.{name(stem)} AS {selected(files, columns)}")


def selected(files: list[Path], columns: Columns) -> str:
    """A SELECT of the columns from Parquet files; from none, no rows of their types."""
    if not files:
        empty = ", ".join(f"CAST(NULL AS {type}) AS {name(column)}" for column, type in columns)
        return f"SELECT {empty} WHERE false"
    listed = ", ".join(name(column) for column, _ in columns)
    paths = ", ".join(quote(str(file)) for file in files)
    several = ", union_by_name = true" if len(files) > 1 else ""
    return f"SELECT {listed} FROM read_parquet([{paths}], hive_partitioning = false{several})"


def same(cursor: DuckDBPyConnection, before: Sequence[Path], after: Sequence[Path], columns: Columns) -> bool:
    """Whether two lists of files hold the same rows, bit for bit, in any order.

    Files whose footers differ are not read.
    """
    if _footers(cursor, before) != _footers(cursor, after):
        return False
    row = row_identity.digest(columns)
    sums = [
        cursor.execute(
            f"SELECT count(*), bit_xor({row}), sum({row}) FROM ({selected(list(files), columns)})"
        ).fetchone()
        for files in (before, after)
    ]
    return sums[0] == sums[1]


def _footers(cursor: DuckDBPyConnection, files: Sequence[Path]) -> list[tuple[Any, ...]]:
    """Of each column: values, nulls, and the ends of a number's range; the same for the same rows in any order.

    A row group with a NaN, an infinity or of a text has no such ends: then there are none. Nor are those of
    what lies in lists and structs asked for: a row group of empty lists has none, though it has values.
    """
    if not files:
        return []
    listed = ", ".join(quote(str(file)) for file in files)
    ends = ", ".join(
        f"CASE WHEN count({end}_) = count_if(stats_null_count < num_values) THEN {end}({end}_) END"
        for end in ("min", "max")
    )
    finite = ", ".join(
        f"CASE WHEN number AND isfinite(TRY_CAST({value} AS DOUBLE)) THEN CAST({value} AS DOUBLE) END AS {end}_"
        for end, value in (("min", "stats_min_value"), ("max", "stats_max_value"))
    )
    return cursor.execute(
        f"""SELECT path_in_schema, sum(num_values), sum(stats_null_count), {ends}
            FROM (SELECT *, type IN ('INT32', 'INT64', 'FLOAT', 'DOUBLE') AND NOT contains(path_in_schema, ', ')
                            AS number, {finite}
                  FROM parquet_metadata([{listed}]))
            GROUP BY 1 ORDER BY 1"""
    ).fetchall()
