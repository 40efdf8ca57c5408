"""Tables of the catalog: made, filled, and given Parquet files. All of it within a transaction (`catalog.commit`).

The Parquet files are written by a COPY of ours rather than by DuckLake's INSERT: DuckDB 1.5 misses rows by the Bloom
filters of those (`sql.PARQUET`). DuckLake 1.0 cannot commit a transaction that makes a table, adds files to it and then
makes it again; so a table that a later step of the same transaction replaces is filled by an INSERT (`refill`).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lake.errors import StorageError
from lake.store import metadata
from lake.store.metadata import ALIAS, TABLES
from lake.store.sql import PARQUET, Columns, name, quote, scalar

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TRANSACTION = "lake_transaction"  # a variable of the connection: begins the names of the files that it writes


def create(
    connection: DuckDBPyConnection,
    table: str,
    columns: Sequence[tuple[str, str]],
    *,
    comment: str = "",
    comments: Mapping[str, str] | None = None,
) -> None:
    """Make a table again, empty, with its comment and those of its columns."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {name(table.partition('.')[0])}")
    listed = ", ".join(f"{name(column)} {type}" for column, type in columns)
    connection.execute(f"CREATE OR REPLACE TABLE {quoted(table)} ({listed})")
    if comment:
        connection.execute(f"COMMENT ON TABLE {quoted(table)} IS {quote(comment)}")
    comment_columns(connection, table, comments or {})


def quoted(table: str) -> str:
    """A table's name as a SQL identifier.

    >>> quoted("raw.order")
    '"raw"."order"'
    """
    return ".".join(map(name, table.split(".", 1)))


def comment_columns(connection: DuckDBPyConnection, table: str, texts: Mapping[str, str]) -> None:
    for column, text in texts.items():
        connection.execute(f"COMMENT ON COLUMN {quoted(table)}.{name(column)} IS {quote(text)}")


def comments(connection: DuckDBPyConnection, table: str) -> dict[str, str]:
    """The comments of a table's columns, by column; without those that have none."""
    schema, _, stem = table.partition(".")
    return dict(
        connection.execute(
            f"""SELECT column_name, comment FROM duckdb_columns()
                WHERE schema_name = {quote(schema)} AND table_name = {quote(stem)} AND comment IS NOT NULL"""
        ).fetchall()
    )


def described(connection: DuckDBPyConnection, relation: str) -> dict[str, str]:
    """The columns of a table or SELECT with their SQL types."""
    return {row[0]: row[1] for row in connection.execute(f"DESCRIBE {relation}").fetchall()}


def add_files(connection: DuckDBPyConnection, table: str, files: Iterable[Path]) -> None:
    """Let a table have Parquet files that lie in its folder already.

    What their folders are called is not read: DuckLake would take the text NULL in a folder's name for null.
    """
    schema, _, stem = table.partition(".")
    if listed := ", ".join(quote(str(file)) for file in files):
        arguments = f"{quote(ALIAS)}, {quote(stem)}, [{listed}], schema => {quote(schema)}"
        connection.execute(
            f"CALL ducklake_add_data_files({arguments}, allow_missing => true, hive_partitioning => false)"
        )


def fill(connection: DuckDBPyConnection, table: str, columns: Columns, select: str) -> None:
    """Make a table again with these columns, filled from a SELECT."""
    docs = {column: doc for column, (_, doc) in columns.items() if doc}
    create(connection, table, [(column, type) for column, (type, _) in columns.items()], comments=docs)
    insert(connection, table, select)


def insert(connection: DuckDBPyConnection, table: str, select: str) -> None:
    """Add the rows of a SELECT, by the names of its columns, as a Parquet file; null where it does not have a column.

    Raises:
        StorageError: the SELECT has a column that the table does not have.
    """
    columns, columns_given = described(connection, quoted(table)), described(connection, select)
    if unknown := sorted(columns_given.keys() - columns.keys()):
        raise StorageError(f"{table} does not have the column {unknown[0]!r} that is to be written", where=table)
    listed = ", ".join(
        f"CAST({name(column) if column in columns_given else 'NULL'} AS {type}) AS {name(column)}"
        for column, type in columns.items()
    )
    file = _new_file(connection, table)
    try:
        rows = scalar(connection, f"COPY (SELECT {listed} FROM ({select})) TO {quote(str(file))} ({PARQUET})")
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    if rows:
        add_files(connection, table, [file])
    else:
        file.unlink()


def _new_file(connection: DuckDBPyConnection, table: str) -> Path:
    schema, _, stem = table.partition(".")
    data, number = connection.execute(f"SELECT getvariable('lake_root'), getvariable('{TRANSACTION}')").fetchall()[0]
    folder = Path(data) / TABLES / schema / stem
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{number}-{uuid.uuid4().hex}.parquet"


def remove_files(connection: DuckDBPyConnection) -> None:
    """After a rollback: remove the files that `insert` wrote for the transaction, where the catalog does not have them:
    an interrupt may come when it was committed already."""
    committed = metadata.files(connection)
    data, number = connection.execute(f"SELECT getvariable('lake_root'), getvariable('{TRANSACTION}')").fetchall()[0]
    for file in (Path(data) / TABLES).glob(f"*/*/{number}-*.parquet"):
        if str(file.relative_to(data)) not in committed:
            file.unlink(missing_ok=True)


def rewrite(
    connection: DuckDBPyConnection,
    table: str,
    select: str,
    *,
    added: Mapping[str, str] | None = None,
    more: str = "",
) -> None:
    """Replace the rows of a table by those of a SELECT, which may read it, so that no delete file is needed.

    Args:
        added: columns that it gets, with their SQL types.
        more: a relation whose rows are added, by the names of their columns.
    """
    with _emptied(connection, table, select, added or {}) as rows:
        insert(connection, table, f"{rows} UNION ALL BY NAME FROM {more}" if more else rows)


def refill(connection: DuckDBPyConnection, table: str, select: str) -> None:
    """`rewrite` a table that the same transaction makes again later."""
    with _emptied(connection, table, select, {}) as rows:
        connection.execute(f"INSERT INTO {quoted(table)} BY NAME {rows}")


@contextmanager
def _emptied(connection: DuckDBPyConnection, table: str, select: str, added: Mapping[str, str]) -> Iterator[str]:
    """Make a table again, empty; gives a SELECT of the rows that it is to have."""
    columns, texts = described(connection, quoted(table)), comments(connection, table)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE _kept AS {select}")
    create(connection, table, [*columns.items(), *added.items()], comments=texts)
    yield "SELECT * FROM temp._kept"
    connection.execute("DROP TABLE temp._kept")
