"""The transaction that publishes: the catalog learns which files each built table now has, and where they came from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lake.build import ops_tables
from lake.build.definitions import described, macros
from lake.build.plan import Plan, digest
from lake.build.workspace import Workspace
from lake.config import Config
from lake.errors import StorageError
from lake.store import catalog, hard_links, tables
from lake.store.sql import quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from lake.build.model import Model
    from lake.build.summary import Summary


def run(connection: DuckDBPyConnection, config: Config, planned: Plan, space: Workspace, summary: Summary) -> None:
    """Publish what the workspace holds as one snapshot; nothing, where nothing was built or dropped.

    Raises:
        StorageError: the disk is full, or the catalog refused. Nothing is published then.
    """
    if not (summary.built or summary.dropped or summary.landed or summary.macros):
        return
    models = {built.table: built.reason for built in summary.built}

    def work() -> None:
        for table in summary.dropped:
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        for built in summary.built:
            model = planned.project.models[built.table]
            if built.written is None:
                connection.execute(f"DROP TABLE IF EXISTS {built.table}")
            else:
                _replace(connection, model, [*links[built.table], *built.written.files])
        _agree(connection, summary)
        ops_tables.write(connection, config, space, planned, summary)

    message = f"{len(models)} model(s): " + ", ".join(list(models)[:4]) + (", ..." if len(models) > 4 else "")
    rest = f"{len(summary.dropped)} table(s) dropped" if summary.dropped else "macros"
    message = message if models else "raw tables" if summary.landed else rest
    extra = {"models": models, "dropped": summary.dropped, "macros": digest(macros(planned))}
    unchanged = {built.table: built.written.kept for built in summary.built if built.written}
    with hard_links.made(connection, config.data, unchanged) as links:
        catalog.commit(connection, work, kind="publish", message=message, extra=extra)


def _agree(connection: DuckDBPyConnection, summary: Summary) -> None:
    """Compare the rows that each built table has in the catalog with those that were built.

    Raises:
        StorageError: one has others: files of it were lost, or are listed twice.
    """
    built = {one.table: one.rows for one in summary.built if one.written}
    counts = " UNION ALL ".join(f"SELECT {quote(table)}, count(*) FROM {table}" for table in built)
    for table, rows in connection.execute(counts).fetchall() if counts else ():
        if rows != built[table]:
            what = f"{table} would have {rows:,} rows in the catalog, but {built[table]:,} were built"
            raise StorageError(
                f"{what}; nothing is published",
                where=table,
                why="something removed or changed its files meanwhile, or a defect of the lake",
                next=f"lake build --full {table}",
            )


def _replace(connection: DuckDBPyConnection, model: Model, files: list[Path]) -> None:
    """Recreate the table, also where most of its files stay: the catalog's statistics of a table to which files are
    added later are wrong after a first file of nulls (DuckLake 1.0), and rows would be missed.
    """
    contract = model.contract
    tables.create(
        connection,
        model.table,
        [(column.name, column.type) for column in contract.columns],
        comment=contract.doc,
        comments={column.name: text for column in contract.columns if (text := described(column))},
    )
    tables.add_files(connection, model.table, files)
