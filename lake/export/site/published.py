"""What a published snapshot has of each table: rows, checks' results, history, provenance, first rows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from lake.build import plan
from lake.build.model import Project
from lake.export.site.tables import Check, Table
from lake.reader import Lake
from lake.store import renames
from lake.store.catalog import first_line
from lake.store.sql import name

PREVIEWED, SHOWN = 10, 120  # rows; characters of a value
HISTORY = 60  # snapshots


def fill(lake: Lake, project: Project, tables: dict[str, Table]) -> dict[str, Any]:
    """Fill in what the snapshot has of each table; returns the row of the snapshot itself."""
    (snapshot,) = _rows(lake, "SELECT snapshot, published_at, message FROM lake_info")
    present = set(lake.tables())
    rows = {
        "history": _by_table(lake, present, "quality.metrics", f"snapshot > {snapshot['snapshot']} - {HISTORY}"),
        "provenance": _by_table(lake, present, "ops.provenance"),
        "run": _by_table(lake, present, "ops.runs"),
        "checks": _by_table(lake, present, "quality.checks"),
    }
    types = _types(lake)
    for table in tables.values():
        table.history = rows["history"].get(table.name, [])
        table.provenance = next(iter(rows["provenance"].get(table.name, [])), {})
        table.run = next(reversed(rows["run"].get(table.name, [])), {})
        results = {row["check_name"]: row for row in rows["checks"].get(table.name, [])}
        table.checks = [_result(check, results.get(check.name)) for check in table.checks]
        table.edited = _edited(project, table)
        if table.name in present:
            _describe(table, types.get(table.name, {}))
            _preview(lake, table, list(types.get(table.name, {})))
    return snapshot


def _rows(lake: Lake, query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = lake.sql(query).to_arrow_table().to_pylist()
    return rows


def _by_table(
    lake: Lake, present: Iterable[str], table: str, condition: str = "true"
) -> dict[str, list[dict[str, Any]]]:
    if table not in present:
        return {}
    by_table: dict[str, list[dict[str, Any]]] = {}
    for row in _rows(
        lake, f"SELECT * FROM {renames.relation(lake.connection, table)} WHERE {condition} ORDER BY snapshot"
    ):
        by_table.setdefault(row["table_name"], []).append(row)
    return by_table


def _types(lake: Lake) -> dict[str, dict[str, tuple[str, str]]]:
    """Each table's columns with their SQL types and comments."""
    types: dict[str, dict[str, tuple[str, str]]] = {}
    query = """SELECT schema_name || '.' || table_name, column_name, data_type, coalesce(comment, '')
               FROM duckdb_columns() WHERE database_name = 'lake' AND NOT internal ORDER BY 1, column_index"""
    for table, column, *about in lake.connection.execute(query).fetchall():
        types.setdefault(table, {})[column] = tuple(about)
    return types


def _result(check: Check, row: dict[str, Any] | None) -> Check:
    if row is None:
        return check
    examples = json.loads(row["examples"] or "[]")
    return Check(check.name, row["severity"], row["failing"], json.dumps(examples[0]) if examples else "")


def _edited(project: Project, table: Table) -> bool:
    """Whether the project's files differ from those that made the rows."""
    if table.name not in project.models or not table.provenance:
        return False
    before = json.loads(table.provenance["parts"])
    now = plan.own_parts(project.models[table.name], project)
    return any(before.get(part) != now[part] for part in ("sql", "contract", "macros"))


def _describe(table: Table, types: dict[str, tuple[str, str]]) -> None:
    """SQL types, and the catalog's comments for columns without a description."""
    for column in table.columns:
        type, comment = types.get(column.name, ("", ""))
        if table.kind == "landed":
            column.type = type or column.type
            column.doc = column.doc or comment


def _preview(lake: Lake, table: Table, columns: list[str]) -> None:
    import duckdb

    shown = ", ".join(f"left(CAST({name(column)} AS VARCHAR), {SHOWN + 1})" for column in columns)
    source = ".".join(map(name, table.name.split(".", 1)))
    try:
        rows = lake.connection.execute(f"SELECT {shown} FROM {source} LIMIT {PREVIEWED}").fetchall()
    except duckdb.Error as error:
        table.trouble = first_line(error)
        return
    table.previewed = columns
    table.preview = [tuple(map(_short, row)) for row in rows]


def _short(value: str | None) -> str | None:
    return value if value is None or len(value) <= SHOWN else value[:SHOWN] + "…"
