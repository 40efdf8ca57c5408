"""An older snapshot as the newest one: every table as it was, in one commit, and nothing in between is lost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lake.config import Config
from lake.store import catalog, checksums, hard_links, metadata, published_file, tables, tags

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HISTORY = (tags.TABLE, "ops.runs", "quality.metrics")  # goes on: what was done stays done


def run(config: Config, which: str | int, *, wait: float = 0) -> tuple[int, list[str]]:
    """Make a published snapshot, by number or tag, the newest. Returns the new number and the tables that changed.

    The files are taken by hard link, so that each belongs to one table of the catalog, and no bytes are copied where
    the file system can do without.

    Raises:
        ConfigError: no such snapshot. StorageError: one of its files is missing. Locked: another process writes.
    """
    with catalog.write_session(config, wait=wait) as connection:
        number, now = tags.resolve(connection, which), metadata.newest(connection)
        then, present = metadata.tables(connection, number), metadata.tables(connection, now.id)
        columns = metadata.columns(connection, number)
        is_now = metadata.columns(connection, now.id)
        sums = checksums.known(config.data)

        def content(tables: dict[str, list[str]], columns: dict[str, list[tuple[str, str, str]]], table: str) -> object:
            return table in tables and ([sums.get(file, file) for file in tables[table]], columns[table])

        changed = [
            table
            for table in sorted((then.keys() | present.keys()) - set(HISTORY))
            if content(then, columns, table) != content(present, is_now, table)
        ]
        if not changed:
            return metadata.newest(connection, "publish").id, []
        with hard_links.made(connection, config.data, {table: then.get(table, ()) for table in changed}) as linked:

            def work() -> None:
                for table in changed:
                    connection.execute(f"DROP TABLE IF EXISTS {table}")
                    if table in then:
                        _make(connection, table, columns[table], linked[table], number)
                _metrics(connection, number, now.id + 1)

            label = str(number) if str(which) == str(number) else f"{number} ({which})"
            extra = {"restored": number, "models": dict.fromkeys(changed, f"restored from snapshot {number}")}
            catalog.commit(connection, work, kind="publish", message=f"snapshot {label} restored", extra=extra)
        last = metadata.newest(connection, "publish")
        published_file.write(config, connection, last, published_file.path(config))
    return last.id, changed


def _make(
    connection: DuckDBPyConnection, table: str, columns: list[tuple[str, str, str]], files: list[Path], number: int
) -> None:
    tables.create(
        connection,
        table,
        [(column, type) for column, type, _ in columns],
        comment=metadata.comments(connection, number).get(table, ""),
        comments={column: text for column, _, text in columns if text},
    )
    tables.add_files(connection, table, files)


def _metrics(connection: DuckDBPyConnection, number: int, new: int) -> None:
    """The measures of the restored snapshot hold for the new one too."""
    if "quality.metrics" in metadata.names(connection):
        rows = f"SELECT * REPLACE ({int(new)} AS snapshot) FROM quality.metrics WHERE snapshot = {int(number)}"
        tables.insert(connection, "quality.metrics", rows)
