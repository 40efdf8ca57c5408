"""What is stale, and why: by content, never by time."""

from __future__ import annotations

import fnmatch
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lake.build.graph import Model, Project, unknown_table
from lake.errors import ConfigError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ENGINE = 1  # raise it when the same SQL and contract give another table


@dataclass(frozen=True, slots=True)
class Step:
    """One model of a plan. ``reason`` is empty where nothing changed."""

    model: Model
    reason: str
    parts: Mapping[str, Any]  # what its fingerprint is made of
    fingerprint: str

    @property
    def stale(self) -> bool:
        return bool(self.reason)


def make(
    connection: DuckDBPyConnection, project: Project, select: Iterable[str] = (), *, force: bool = False
) -> list[Step]:
    """One step a model, in building order; those outside the selection are left as they are.

    Raises:
        ConfigError: the selection names no model.
        ModelError: a model reads a raw table that the record does not have.
    """
    raw = raw_fingerprints(connection)
    built = {row["table"]: row for row in provenance(connection)}
    chosen = _selected(project, tuple(select))
    steps: dict[str, Step] = {}
    for table, model in project.models.items():
        parts = _parts(model, project, raw, steps)
        fingerprint = digest(parts)
        reason = ""
        if table in chosen:
            before = built.get(table)
            reason = "asked for" if force else _reason(before, parts, fingerprint)
        elif table in built:  # outside the selection: what depends on it sees it as it is
            fingerprint = built[table]["fingerprint"]
        steps[table] = Step(model, reason, parts, fingerprint)
    return list(steps.values())


def _selected(project: Project, patterns: tuple[str, ...]) -> set[str]:
    if not patterns:
        return set(project.models)
    chosen: set[str] = set()
    for pattern in patterns:
        matched = fnmatch.filter(project.models, pattern)
        if not matched:
            raise ConfigError(f"no model is called {pattern!r}", next="lake status")
        chosen |= project.ancestors(matched)
    return chosen


def _parts(model: Model, project: Project, raw: Mapping[str, str], steps: Mapping[str, Step]) -> dict[str, Any]:
    inputs = {}
    for table in model.inputs:
        if table in steps:
            inputs[table] = steps[table].fingerprint
        elif table in raw:
            inputs[table] = raw[table]
        else:
            raise unknown_table(model, table, [*project.models, *raw])
    return {
        "sql": digest(model.canonical),
        "contract": digest(repr(model.contract)),
        "macros": {name: digest(project.macros[name].canonical) for name in model.macros},
        "engine": ENGINE,
        "inputs": inputs,
    }


def _reason(before: Mapping[str, Any] | None, parts: Mapping[str, Any], fingerprint: str) -> str:
    if before is None:
        return "never built"
    if before["fingerprint"] == fingerprint:
        return ""
    known = json.loads(before["parts"])
    changed = [f"{what} changed" for key, what in _WHAT.items() if known.get(key) != parts[key]]
    changed += [f"macro {n} changed" for n in _differing(known.get("macros", {}), parts["macros"])]
    changed += [f"{n} changed" for n in _differing(known.get("inputs", {}), parts["inputs"])]
    return ", ".join(changed)


_WHAT = {"sql": "its SQL", "contract": "its contract", "engine": "the engine"}


def _differing(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def digest(value: Any) -> str:
    """A short sha256 of anything that JSON can write."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]


def raw_fingerprints(connection: DuckDBPyConnection) -> dict[str, str]:
    """What each raw table, and each table of the engine's own, holds: a digest over its landings."""
    if not _has(connection, "landings"):
        return {}
    tables = connection.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE schema_name IN ('raw', 'ops')"
    ).fetchall()
    landed = connection.execute(
        """SELECT "table", md5(string_agg(source || '/' || resource || ' ' || blob || ' ' || reader, chr(10)
                              ORDER BY source, resource, blob, reader))
           FROM ops.landings WHERE status = 'landed' GROUP BY 1"""
    ).fetchall()
    everything = digest(sorted(landed))
    known = {f"raw.{table}": value for table, value in landed}
    own = ("raw.rejects", *(f"ops.{name}" for name in ("landings", "fetches")))
    return {table: known.get(table, everything if table in own else "empty") for (table,) in tables}


def provenance(connection: DuckDBPyConnection) -> list[dict[str, Any]]:
    """The rows of ops.provenance, or none before the first build."""
    if not _has(connection, "provenance"):
        return []
    cursor = connection.execute("SELECT * FROM ops.provenance")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _has(connection: DuckDBPyConnection, table: str) -> bool:
    query = f"SELECT 1 FROM duckdb_tables() WHERE schema_name = 'ops' AND table_name = '{table}'"
    return connection.execute(query).fetchone() is not None
