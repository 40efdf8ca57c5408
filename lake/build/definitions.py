"""What a snapshot carries beside its tables: macros and views, in the order in which they are made.

Macros are the project's, whatever is selected. A view is as it was built: one that was not, stays as it is published.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import TYPE_CHECKING, Any

from lake.build.plan import Plan, digest
from lake.build.workspace import Columns, show
from lake.errors import ModelError
from lake.store import metadata
from lake.store.catalog import first_line
from lake.store.sql import connect, name, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from lake.build.model import Model
    from lake.contract import Column

MACROS, VIEWS = "ops.macros", "ops.views"
Rows = list[dict[str, Any]]


def macros(planned: Plan) -> Rows:
    """The project's macros; of those that read tables, those whose tables are there."""
    readable = [macro for macro in planned.project.macros.values() if all(map(planned.content.get, macro.reads))]
    return [{"position": i, "name": macro.name, "sql": macro.sql} for i, macro in enumerate(readable)]


def views(connection: DuckDBPyConnection, planned: Plan, built: Container[str], dropped: Container[str]) -> Rows:
    """The views of the snapshot that the running transaction will become."""
    before = {row["name"]: row["sql"] for row in published(connection, VIEWS)}
    models = planned.project.models
    unchanged = {table: sql for table, sql in before.items() if table not in built and table not in dropped}
    rebuilt = {t: _view(m) for t, m in models.items() if t in built and m.contract.materialized == "view"}
    order = [*(table for table in unchanged if table not in models), *models]
    rows = [(table, rebuilt.get(table) or unchanged.get(table)) for table in order]
    return [{"position": i, "name": table, "sql": sql} for i, (table, sql) in enumerate(row for row in rows if row[1])]


def published(connection: DuckDBPyConnection, table: str) -> Rows:
    """The rows of ops.macros or ops.views; none before the first build."""
    if table not in metadata.names(connection, "ops"):
        return []
    rows = connection.execute(f"SELECT position, name, sql FROM {table} ORDER BY position").fetchall()
    return [{"position": position, "name": name, "sql": sql} for position, name, sql in rows]


def changed(connection: DuckDBPyConnection, planned: Plan) -> bool:
    """Whether the project's macros are not those of the last publication."""
    last = metadata.latest(connection, "publish")
    if last is None:
        return False
    before = last.extra.get("macros") or digest(published(connection, MACROS))
    return before != digest(macros(planned))


def _view(model: Model) -> str:
    """The statements that make a view and say what its contract says of it."""
    statements = [f"CREATE VIEW {model.table} AS {model.sql}"]
    statements.append(f"COMMENT ON VIEW {model.table} IS {quote(model.contract.doc)}")
    for column in model.contract.columns:
        if text := described(column):
            statements.append(f"COMMENT ON COLUMN {model.table}.{name(column.name)} IS {quote(text)}")
    return ";\n".join(statements)


def described(column: Column) -> str:
    """What the catalog says of a column: "Temperature PATO:0000146 [K]". The unit is last: readers find it there."""
    return " ".join(filter(None, (column.doc, *column.terms, f"[{column.unit}]" if column.unit else "")))


def check(connection: DuckDBPyConnection, planned: Plan, tables: Mapping[str, Columns], built: Container[str]) -> None:
    """Make the macros and views that would be published over tables of these columns, so that each opens in a shell.

    Raises:
        ModelError: DuckDB refuses one.
    """
    import duckdb

    views_due = views(connection, planned, built, ())
    with connect(threads=1) as scratch:
        for schema in sorted({table.partition(".")[0] for table in (*tables, *(row["name"] for row in views_due))}):
            scratch.execute(f"CREATE SCHEMA IF NOT EXISTS {name(schema)}")
        for table, columns in tables.items():
            show(scratch, table, [], columns)
        for row in macros(planned):
            try:
                scratch.execute(row["sql"])
            except duckdb.Error as error:
                where = planned.project.macros[row["name"]].where
                raise ModelError(f"the macro {row['name']} is refused: {first_line(error)}", where=where) from None
        for row in views_due:
            try:
                scratch.execute(row["sql"])
            except duckdb.Error as error:
                raise _broken(planned, row["name"], error) from None


def _broken(planned: Plan, view: str, error: Exception) -> ModelError:
    model = planned.project.models.get(view)
    return ModelError(
        f"the view {view} would not open any more: {first_line(error)}",
        where=str(model.path) if model else view,
        why="what it reads changed, and it was not built with it; nothing is published",
        next=f"lake build +{view}" if model else "lake build",
    )
