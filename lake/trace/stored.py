"""One snapshot as tracing needs it: its Parquet files with numbered rows, its macros, and what the engine says of it.

All SQL on the engine's own tables is here.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lake.build import graph, plan
from lake.build.model import Model, Project
from lake.config import Config
from lake.errors import ConfigError, StorageError
from lake.store import catalog, checksums, metadata, tags
from lake.store.sql import connect, name, quote
from lake.trace import why
from lake.trace.why.relations import Names

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FILE_BITS = 40  # a row's number: which file of its table, and which row of that


@dataclass(slots=True, frozen=True)
class Landing:
    """What is known of an answer that raw rows came from."""

    source: str
    resource: str
    url: str
    blob: str
    reader: int | None
    fetched_at: str
    status: int | None  # of HTTP
    kind: str


@dataclass
class Snapshot:
    """The tables of one snapshot. ``connection`` has the macros; each trace names the tables that it reads."""

    config: Config
    number: int
    connection: DuckDBPyConnection
    files: Mapping[str, list[str]]
    columns: Mapping[str, list[tuple[str, str]]]
    fingerprints: Mapping[str, str]  # of each model's SQL, as it was built
    landings: Mapping[tuple[str, str], Landing]  # by _resource and _blob
    _queries: dict[str, why.Query] = field(default_factory=dict)
    _altered: dict[str, str] = field(default_factory=dict)

    @cached_property
    def project(self) -> Project:
        return graph.load(self.config)

    @cached_property
    def names(self) -> Names:
        return Names.of(self.connection)

    def query(self, model: Model) -> why.Query:
        """A model's SELECT, to trace rows of."""
        if model.table not in self._queries:
            tables = {table: self.rows(table) for table in model.inputs}
            self._queries[model.table] = why.Query(self.connection, tables, model.sql, self.names)
        return self._queries[model.table]

    def model(self, table: str) -> Model | None:
        """How a table is made; None for one that is landed, or the engine's own.

        Raises:
            ConfigError: the table was made by another SQL than that of now.
        """
        model = self.project.models.get(table)
        if model is None:
            return None
        built = self.fingerprints.get(table)
        now = plan.own_parts(model, self.project)["sql"]
        if built is not None and built != now and not model.seed:
            raise ConfigError(
                f"{table} was made by another SQL than that of now, at snapshot {self.number}",
                where=str(model.path),
                why="its SELECT changed since, and the lake keeps its digest alone",
                next=f"lake build {table}, or check out the project's files as they were then",
            )
        return model

    def rows(self, table: str) -> str:
        """A SELECT of a table's columns and ``_row``.

        Raises:
            ConfigError: the snapshot has no such table.
        """
        if table not in self.columns:
            similar = [one for one in self.columns if one.endswith(f".{table.rpartition('.')[2]}")]
            raise ConfigError(
                f"there is no table {table!r} at snapshot {self.number}",
                why=f"did you mean {similar[0]!r}?" if similar else f"it has {len(self.columns)} tables",
                next="lake tables",
            )
        if missing := self.missing(table):
            raise _gone(table, missing)
        files = self.files.get(table, [])
        listed = ", ".join(name(column) for column, _ in self.columns[table])
        if files:
            paths = ", ".join(quote(str(self.config.data / file)) for file in files)
            several = ", union_by_name = true" if len(files) > 1 else ""
            number = f"(CAST(file_index AS BIGINT) << {FILE_BITS}) + file_row_number"
            if not several:  # DuckDB looks for a row of that number alone, and reads little of the file
                number = "file_row_number"
            return f"SELECT {listed}, {number} AS _row FROM read_parquet([{paths}], hive_partitioning = false{several})"
        model = self.project.models.get(table)
        if model is not None and model.contract.materialized == "view":
            return self._view(table, model)
        empty = ", ".join(f"CAST(NULL AS {type}) AS {name(column)}" for column, type in self.columns[table])
        return f"SELECT {empty}, CAST(NULL AS BIGINT) AS _row WHERE false"

    def _view(self, table: str, model: Model) -> str:
        """A view's rows are made once, and numbered."""
        view = f"_view_{table.replace('.', '_')}"
        query = "SELECT 1 FROM duckdb_tables() WHERE table_name = " + quote(view)
        if self.connection.execute(query).fetchone() is None:
            for other in model.inputs:
                layer, _, stem = other.partition(".")
                self.connection.execute(f"CREATE SCHEMA IF NOT EXISTS {name(layer)}")
                self.connection.execute(
                    f"CREATE OR REPLACE VIEW {name(layer)}.{name(stem)} AS "
                    f"SELECT * EXCLUDE (_row) FROM ({self.rows(other)})"
                )
            self.connection.execute(
                f"CREATE TEMP TABLE {name(view)} AS SELECT *, CAST(row_number() OVER () AS BIGINT) AS _row "
                f"FROM ({model.sql})"
            )
        return f"SELECT * FROM {name(view)}"

    def landing(self, resource: str, blob: str) -> Landing | None:
        return self.landings.get((resource, blob))

    def altered(self, table: str) -> str:
        """Which of a table's files has other bytes than it was written with; empty, where none has."""
        if table not in self._altered:
            recorded = checksums.known(self.config.data)
            files = [file for file in self.files.get(table, []) if file in recorded]
            wrong = [file for file in files if checksums.take(self.config.data / file) != recorded[file]]
            since = _when((self.config.data / wrong[0]).stat().st_mtime) if wrong else ""
            what = f"{wrong[0]} has other bytes than it was written with, since {since} at the latest" if wrong else ""
            self._altered[table] = what
        return self._altered[table]

    def missing(self, table: str) -> list[Path]:
        """The files of a table that are not there any more."""
        return [path for file in self.files.get(table, []) if not (path := self.config.data / file).is_file()]


@contextmanager
def opened(config: Config, at: int | str | None = None) -> Iterator[Snapshot]:
    """A published snapshot; the newest, where None.

    Raises:
        ConfigError: nothing is published, or there is no such snapshot or tag. StorageError: the catalog is damaged.
    """
    if not catalog.exists(config):
        raise ConfigError("this lake has no published snapshot yet", where=str(config.root), next="lake run")
    with catalog.session(config) as lake:
        number = tags.resolve(lake, "latest" if at is None else at)
        files = metadata.tables(lake, number)
        columns = {t: [(c, type) for c, type, _ in listed] for t, listed in metadata.columns(lake, number).items()}
        at_it = f"AT (VERSION => {number})"
        macros = _asked(lake, files, "ops.macros", f"SELECT sql FROM ops.macros {at_it} ORDER BY position")
        fingerprints = _asked(
            lake,
            files,
            "ops.provenance",
            f"SELECT {_name_column(columns)}, sql_fingerprint FROM ops.provenance {at_it}",
        )
        landings = _landings(lake, files, number)
    with connect(memory_limit=f"{config.limits.memory}B", threads=config.limits.threads) as connection:
        for (sql,) in macros:
            _macro(connection, sql)
        yield Snapshot(config, number, connection, files, columns, dict(fingerprints), landings)


def _macro(connection: DuckDBPyConnection, sql: str) -> None:
    import duckdb

    with suppress(duckdb.CatalogException):  # it reads tables: no model calls it
        connection.execute(sql)


def _name_column(columns: Mapping[str, list[tuple[str, str]]]) -> str:
    """How ops.provenance names its first column; a lake of version 0.1.0 called it "table"."""
    present = [column for column, _ in columns.get("ops.provenance", [])]
    return name("table_name" if "table_name" in present or not present else "table")


def _asked(lake: DuckDBPyConnection, files: Mapping[str, Any], table: str, query: str) -> list[tuple[Any, ...]]:
    return lake.execute(query).fetchall() if table in files else []


def _landings(lake: DuckDBPyConnection, files: Mapping[str, Any], number: int) -> dict[tuple[str, str], Landing]:
    """What ops.landings and ops.fetches say of the answers whose rows are landed."""
    at_it = f"AT (VERSION => {number})"
    rows = _asked(
        lake,
        files,
        "ops.landings",
        f"""SELECT DISTINCT source, resource, url, blob, reader, fetched_at, kind FROM ops.landings {at_it}
            WHERE status = 'landed'""",
    )
    statuses = dict(
        _asked(
            lake,
            files,
            "ops.fetches",
            f"SELECT source || '/' || resource || ' ' || sha256, max(status) FROM ops.fetches {at_it} "
            "WHERE sha256 IS NOT NULL GROUP BY 1",
        )
    )
    return {
        (f"{source}/{resource}", blob): Landing(
            source, resource, url, blob, reader, fetched_at, statuses.get(f"{source}/{resource} {blob}"), kind
        )
        for source, resource, url, blob, reader, fetched_at, kind in rows
    }


def _when(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _gone(table: str, missing: list[Path]) -> StorageError:
    folder = next(parent for parent in missing[0].parents if parent.is_dir())
    return StorageError(
        f"{len(missing)} file(s) of {table} are gone since {_when(folder.stat().st_mtime)} at the latest",
        where=str(missing[0]),
        why="something removed them; gc frees no file of a snapshot that is kept",
        next="lake repair",
    )


def damaged(table: str, error: Exception, snapshot: Snapshot) -> StorageError:
    """A table's file that cannot be read."""
    if missing := snapshot.missing(table):
        return _gone(table, missing)
    return StorageError(
        f"a file of {table} cannot be read: {catalog.first_line(error)}",
        where=table,
        why="a failing disk, or something wrote to it",
        next="lake verify, then lake repair",
    )
