"""Whether a snapshot alone decides the rows of a caller's SELECT; if not, a digest of the rows.

A pack is named by its snapshot and its query. A SELECT that reads a file, a table that was registered or attached, or a
non-deterministic function is named by its rows as well, so that no old rows are served.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lake.store import sql

if TYPE_CHECKING:
    import duckdb

    from lake.reader import Lake

_MAKERS = {"range", "generate_series", "unnest", "repeat", "repeat_row"}  # table functions of their arguments alone
_VARYING = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE stability <> 'CONSISTENT'"
_SETTINGS = {"getvariable", "current_setting", "getenv", "current_date", "current_timestamp", "localtimestamp"}


def identity(lake: Lake, source: str) -> Mapping[str, str]:
    """What names a pack of these rows beside the snapshot and the query.

    Args:
        source: what stands after FROM: a table of the lake, or a SELECT in brackets.

    Returns:
        Nothing where the snapshot decides the rows; else their digest now.
    """
    if _decided(lake, f"SELECT * FROM {source}"):
        return {}
    return {"content": digest(lake.connection, source)}


def digest(connection: duckdb.DuckDBPyConnection, source: str) -> str:
    """sha256 of the rows, independent of their order; NULL, [] and NaN differ."""
    row = "md5(CAST(to_json(r) AS VARCHAR))"
    query = f"SELECT count(*), sha256(coalesce(string_agg({row}, '' ORDER BY {row}), '')) FROM {source} AS r"
    rows, name = connection.execute(query).fetchone() or (0, "")
    return f"{rows} {name}"


def _decided(lake: Lake, query: str) -> bool:
    """Whether all tables in it are the snapshot's, and all functions give the same each time."""
    nodes = list(sql.nodes(lake.connection, query))
    if not nodes:
        return False
    tables = set(lake.tables())
    local = {name for node in nodes for name in _names_of_ctes(node)}
    varying = {name for (name,) in lake.connection.execute(_VARYING).fetchall()} | _SETTINGS
    return all(_is_fixed(node, tables, local, varying) for node in nodes)


def _is_fixed(node: dict[str, Any], tables: set[str], local: set[str], varying: set[str]) -> bool:
    kind = node.get("type")
    if kind == "BASE_TABLE":
        schema, table = node["schema_name"], node["table_name"]
        own = node["catalog_name"] in ("", "lake") and f"{schema}.{table}" in tables
        return own or (not schema and table in local)
    if kind == "TABLE_FUNCTION":
        return node["function"]["function_name"] in _MAKERS
    if node.get("class") == "FUNCTION":
        return node["function_name"].lower() not in varying
    return True


def _names_of_ctes(node: dict[str, Any]) -> list[str]:
    return [entry["key"] for entry in (node.get("cte_map") or {}).get("map", [])]
