"""The transaction that publishes: the record learns which files each built table now has, and where they came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lake.build import engine
from lake.build.definitions import described, macros
from lake.build.incremental import among
from lake.build.plan import Plan, digest
from lake.build.workspace import Workspace, Written
from lake.config import Config
from lake.store import catalog

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from lake.build.graph import Model
    from lake.build.run import Summary


def run(connection: DuckDBPyConnection, config: Config, planned: Plan, space: Workspace, summary: Summary) -> None:
    """Publish what the workspace holds as one snapshot; nothing, where nothing was built or dropped.

    Raises:
        StorageError: the disk is full, or the record refused. Nothing is published then.
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
            elif built.written.anew is not None and model.contract.partition == model.contract.incremental:
                _replace_parts(connection, model, built.written)
            else:
                _replace(connection, model, built.written)
        engine.write(connection, config, space, planned, summary)

    message = f"{len(models)} model(s): " + ", ".join(list(models)[:4]) + (", ..." if len(models) > 4 else "")
    rest = f"{len(summary.dropped)} table(s) dropped" if summary.dropped else "macros"
    message = message if models else "raw tables" if summary.landed else rest
    extra = {"models": models, "dropped": summary.dropped, "macros": digest(macros(planned))}
    catalog.commit(connection, work, kind="publish", message=message, extra=extra)


def _replace(connection: DuckDBPyConnection, model: Model, written: Written) -> None:
    contract = model.contract
    catalog.create(
        connection,
        model.table,
        [(column.name, column.type) for column in contract.columns],
        partition=contract.partition,
        comment=contract.doc,
        comments={column.name: text for column in contract.columns if (text := described(column))},
    )
    catalog.add_files(connection, model.table, written.files)


def _replace_parts(connection: DuckDBPyConnection, model: Model, written: Written) -> None:
    """Drop the files of the values that were made anew. Whole files go, so the record keeps no delete files."""
    if written.anew:
        connection.execute(f"DELETE FROM {model.table} WHERE {among(model.contract.incremental, list(written.anew))}")
    catalog.add_files(connection, model.table, written.files)
