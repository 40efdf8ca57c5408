"""An older snapshot as the newest one: every table as it was, in one commit, and nothing in between is lost."""

from __future__ import annotations

import os
import shutil
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lake.config import Config
from lake.errors import StorageError
from lake.store import catalog, door, record, sums, tags

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HISTORY = (tags.TABLE, "ops.runs", "quality.metrics")  # goes on: what was done stays done


def run(config: Config, which: str | int, *, wait: float = 0) -> tuple[int, list[str]]:
    """Make a published snapshot, by number or tag, the newest. Returns the new number and the tables that changed.

    The files are taken by hard link, so that each belongs to one table of the record, and no bytes are copied where
    the file system can do without.

    Raises:
        ConfigError: no such snapshot. StorageError: one of its files is missing. Locked: another process writes.
    """
    with catalog.write_session(config, wait=wait) as connection:
        number, now = tags.resolve(connection, which), record.latest(connection)
        then, present = record.tables(connection, number), record.tables(connection, now.id)
        columns = record.columns(connection, number)
        is_now = record.columns(connection, now.id)
        known = sums.known(config.data)

        def held(tables: dict[str, list[str]], columns: dict, table: str) -> object:
            return table in tables and ([known.get(file, file) for file in tables[table]], columns[table])

        changed = [
            table
            for table in sorted((then.keys() | present.keys()) - set(HISTORY))
            if held(then, columns, table) != held(present, is_now, table)
        ]
        if not changed:
            return record.latest(connection, "publish").id, []
        linked: dict[str, list[Path]] = {}
        try:
            for table in changed:
                linked[table] = [_link(config.data / file) for file in then.get(table, ())]

            def work() -> None:
                for table in changed:
                    connection.execute(f"DROP TABLE IF EXISTS {table}")
                    if table in then:
                        _make(connection, table, columns[table], linked[table], number)
                _metrics(connection, number, now.id + 1)

            label = str(number) if str(which) == str(number) else f"{number} ({which})"
            extra = {"restored": number, "models": dict.fromkeys(changed, f"restored from snapshot {number}")}
            catalog.commit(connection, work, kind="publish", message=f"snapshot {label} restored", extra=extra)
        except BaseException:
            for files in linked.values():
                for file in files:
                    file.unlink(missing_ok=True)
            raise
        last = record.latest(connection, "publish")
        door.write(config, connection, last, door.path(config))
    return last.id, changed


def _link(file: Path) -> Path:
    target = file.with_name(f"{uuid.uuid4().hex}.parquet")
    try:
        with suppress(OSError):  # a file system without hard links
            os.link(file, target)
            return target
        shutil.copyfile(file, target)
        return target
    except FileNotFoundError:
        raise StorageError(
            "a file of that snapshot is missing; nothing was restored", where=str(file), next="lake verify"
        ) from None
    except OSError as error:
        target.unlink(missing_ok=True)
        raise StorageError(f"that snapshot cannot be restored: {error.strerror}", where=str(file)) from None


def _make(
    connection: DuckDBPyConnection, table: str, columns: list[tuple[str, str, str]], files: list[Path], number: int
) -> None:
    catalog.create(
        connection,
        table,
        [(column, type) for column, type, _ in columns],
        partition=record.partitions(connection, number).get(table, ()),
        comment=record.comments(connection, number).get(table, ""),
        comments={column: text for column, _, text in columns if text},
    )
    catalog.add_files(connection, table, files)


def _metrics(connection: DuckDBPyConnection, number: int, new: int) -> None:
    """The measures of the restored snapshot hold for the new one too."""
    if "quality.metrics" in record.names(connection):
        connection.execute(
            f"""INSERT INTO quality.metrics BY NAME
                SELECT * REPLACE (CAST({new} AS BIGINT) AS snapshot) FROM quality.metrics WHERE snapshot = {number}"""
        )
