"""The tables that a build writes of itself, in its own transaction.

ops.provenance   where each table came from: inputs, blobs, fingerprints, snapshot
ops.macros       the macros, so that an older snapshot's door has its own
ops.fetches      every outcome of fetch that this snapshot knows
quality.metrics  how good each table is, at each snapshot; docs/quality.md defines each measure
quality.checks   each contract's checks, with examples of what failed
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lake.build.graph import Project
from lake.build.plan import ENGINE, Step, provenance, raw_fingerprints
from lake.check.run import Quality
from lake.config import Config
from lake.store import catalog, ledger
from lake.store.catalog import name, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TEXT, INT, REAL, TEXTS = pa.string(), pa.int64(), pa.float64(), pa.list_(pa.string())


def _schema(*columns: tuple[str, pa.DataType, str]) -> pa.Schema:
    return pa.schema([pa.field(name, type, metadata={"doc": doc}) for name, type, doc in columns])


PROVENANCE = _schema(
    ("table", TEXT, "layer.table"),
    ("kind", TEXT, "raw, seed or model"),
    ("inputs", TEXTS, "The tables that it reads itself"),
    ("raw_inputs", TEXTS, "The raw tables that it comes from, through others too"),
    ("blobs", INT, "How many blobs those hold rows of; ops.landings names each"),
    ("blobs_digest", TEXT, "md5 over their sha256, sorted"),
    ("sql_fingerprint", TEXT, "Of its SQL without comments and layout"),
    ("contract_fingerprint", TEXT, "Of its contract"),
    ("macros", TEXTS, "The macros that it calls, through others too"),
    ("engine", INT, "Version of the engine"),
    ("parts", TEXT, "What its fingerprint is made of, as JSON"),
    ("fingerprint", TEXT, "Of all of these: the table is stale when it changes"),
    ("reason", TEXT, "Why it was built last"),
    ("rows", INT, "Rows"),
    ("seconds", REAL, "How long its SQL ran [s]"),
    ("snapshot", INT, "The snapshot that it was built for"),
    ("built_at", TEXT, "When, UTC"),
)
METRICS = _schema(
    ("snapshot", INT, "The snapshot"),
    ("table", TEXT, "layer.table"),
    ("rows", INT, "Rows"),
    ("completeness", REAL, "Cells that are not null, among all cells [1]"),
    ("validity", REAL, "Rows that pass every check of their own values, among all rows [1]"),
    ("uniqueness", REAL, "Distinct keys, among all rows [1]"),
    ("consistency", REAL, "References that resolve, among all that are not null [1]"),
    ("timeliness", REAL, "Age of the oldest blob that it comes from, at this snapshot [day]"),
    ("rows_in", INT, "Records that the blobs held for it; raw tables only"),
    ("rows_landed", INT, "Records that were taken; raw tables only"),
    ("rows_rejected", INT, "Records that stand in raw.rejects instead; raw tables only"),
)
CHECKS = _schema(
    ("check", TEXT, "layer.table.column and what is asked of it"),
    ("table", TEXT, "layer.table"),
    ("column", TEXT, "Empty for a rule of the whole row"),
    ("severity", TEXT, "error or warn"),
    ("failing", INT, "Rows, keys or references that fail"),
    ("examples", TEXT, "Some of them, as JSON"),
    ("snapshot", INT, "When it was last run; of a failed build, the snapshot that it would have been"),
)
MACROS = _schema(("position", INT, "Order of creation"), ("name", TEXT, "Name"), ("sql", TEXT, "CREATE MACRO ..."))
FETCHES = _schema(
    ("source", TEXT, "The archive's module"),
    ("resource", TEXT, "What was asked for"),
    ("kind", TEXT, "Which of the source's readers takes it"),
    ("url", TEXT, "Where"),
    ("at", TEXT, "When, UTC"),
    ("outcome", TEXT, "fetched, unchanged, resumed, refused or failed"),
    ("status", INT, "HTTP status"),
    ("bytes", INT, "Size of the answer [byte]"),
    ("sha256", TEXT, "Its blob"),
    ("reason", TEXT, "Why it was refused or failed"),
    ("seconds", REAL, "How long it took [s]"),
)


def write(
    connection: DuckDBPyConnection,
    config: Config,
    project: Project,
    steps: Sequence[Step],
    built: dict[str, Any],
    qualities: Sequence[Quality],
) -> None:
    """Write the engine's tables for the snapshot that the running transaction will become."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS ops; CREATE SCHEMA IF NOT EXISTS quality")
    number, now = next_snapshot(connection), _now()
    lineage = _lineage(connection, project, steps, built, number, now)
    macros = [{"position": i, "name": m.name, "sql": m.sql} for i, m in enumerate(project.macros.values())]
    _fill(connection, "ops.macros", MACROS, macros)
    _fetches(connection, config)
    metrics = _metrics(connection, lineage, {q.table: q for q in qualities}, number, now)
    _fill(connection, "quality.metrics", METRICS, [*_rows(connection, "quality.metrics"), *metrics])
    keep_checks(connection, qualities, number)
    _fill(connection, "ops.provenance", PROVENANCE, lineage)


def _fetches(connection: DuckDBPyConnection, config: Config) -> None:
    columns = ", ".join(map(name, FETCHES.names))
    file = config.data / ledger.FILE
    rows = f"SELECT {columns} FROM sqlite_scan({quote(str(file))}, 'outcomes') ORDER BY id"
    if not file.is_file():
        rows = f"SELECT {', '.join(f'NULL AS {name(column)}' for column in FETCHES.names)} WHERE false"
    catalog.fill(connection, "ops.fetches", FETCHES, rows)


def next_snapshot(connection: DuckDBPyConnection) -> int:
    """The number that the running transaction's snapshot will have; the write lock keeps others from taking it."""
    return catalog.latest(connection).id + 1


def keep_checks(connection: DuckDBPyConnection, qualities: Iterable[Quality], number: int) -> None:
    """Replace what quality.checks says of these tables."""
    qualities = list(qualities)
    done = {quality.table for quality in qualities}
    rows = [row for row in _rows(connection, "quality.checks") if row["table"] not in done]
    for quality in qualities:
        for result in quality.results:
            row = result.as_dict()
            rows.append({**row, "examples": json.dumps(row["examples"]), "snapshot": number})
    connection.execute("CREATE SCHEMA IF NOT EXISTS quality")
    _fill(connection, "quality.checks", CHECKS, rows)


def _lineage(
    connection: DuckDBPyConnection,
    project: Project,
    steps: Sequence[Step],
    built: dict[str, Any],
    number: int,
    now: str,
) -> list[dict[str, Any]]:
    before = {row["table"]: row for row in provenance(connection)}
    stamp = {"engine": ENGINE, "snapshot": number, "built_at": now}
    rows = []
    for table, fingerprint in sorted(raw_fingerprints(connection).items()):
        known = before.get(table)
        if table.startswith("raw.") and not (known and known["fingerprint"] == fingerprint):
            facts = {"kind": "raw", "inputs": [], "raw_inputs": [table], "reason": "landed", "parts": "{}"}
            count = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            known = {"table": table, **facts, **stamp, "fingerprint": fingerprint, "rows": count}
            known |= _blobs(connection, [table])
        if known:
            rows.append(known)
    for step in steps:
        table = step.model.table
        if table in built:
            rows.append({**_model_facts(connection, project, step), **stamp, **built[table]})
        elif table in before:
            rows.append(before[table])
    return rows


def _model_facts(connection: DuckDBPyConnection, project: Project, step: Step) -> dict[str, Any]:
    model = step.model
    reads = {table for near in project.ancestors([model.table]) for table in project.models[near].inputs}
    deep = sorted(table for table in reads if table.startswith("raw."))
    return {
        "table": model.table,
        "kind": "seed" if model.seed else "model",
        "inputs": list(model.inputs),
        "raw_inputs": deep,
        **_blobs(connection, deep),
        "sql_fingerprint": step.parts["sql"],
        "contract_fingerprint": step.parts["contract"],
        "macros": list(model.macros),
        "parts": json.dumps(step.parts, sort_keys=True),
        "fingerprint": step.fingerprint,
        "reason": step.reason,
    }


def _blobs(connection: DuckDBPyConnection, raw: Sequence[str]) -> dict[str, Any]:
    count, digest = connection.execute(
        """SELECT count(*), md5(string_agg(blob, '' ORDER BY blob)) FROM (
               SELECT DISTINCT blob FROM ops.landings
               WHERE status = 'landed' AND list_contains(?, 'raw.' || "table"))""",
        [list(raw)],
    ).fetchone()
    return {"blobs": count, "blobs_digest": digest}


def _metrics(
    connection: DuckDBPyConnection,
    lineage: Sequence[dict[str, Any]],
    measured: dict[str, Quality],
    number: int,
    now: str,
) -> list[dict[str, Any]]:
    counted = connection.execute(
        """SELECT 'raw.' || "table", CAST(sum(seen) AS BIGINT), CAST(sum(landed) AS BIGINT),
                  CAST(sum(rejected) AS BIGINT), min(fetched_at)
           FROM ops.landings WHERE status = 'landed' GROUP BY 1"""
    ).fetchall()
    landed = {row[0]: row[1:] for row in counted}
    last = {row["table"]: row for row in _rows(connection, "quality.metrics") if row["snapshot"] < number}
    rows = []
    for row in lineage:
        table, quality = row["table"], measured.get(row["table"])
        metric = dict(last.get(table, {}))
        if quality:
            metric = {key: getattr(quality, key) for key in _MEASURES}
        elif row["kind"] == "raw" and row["snapshot"] == number:
            metric = {"completeness": _completeness(connection, table, row["rows"])}
        if table in landed:
            metric |= dict(zip(("rows_in", "rows_landed", "rows_rejected"), landed[table], strict=False))
        oldest = min((landed[raw][3] for raw in row["raw_inputs"] if raw in landed), default=None)
        age = {"timeliness": _days(oldest, now) if oldest else None}
        rows.append({**metric, **age, "snapshot": number, "table": table, "rows": row["rows"]})
    return rows


_MEASURES = ("completeness", "validity", "uniqueness", "consistency")


def _completeness(connection: DuckDBPyConnection, table: str, rows: int) -> float | None:
    columns = [row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()]
    filled = connection.execute(f"SELECT {' + '.join(f'count({name(c)})' for c in columns)} FROM {table}").fetchone()[0]
    return filled / (rows * len(columns)) if rows else None


def _days(earlier: str, later: str) -> float:
    return (datetime.datetime.fromisoformat(later) - datetime.datetime.fromisoformat(earlier)).total_seconds() / 86400


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _rows(connection: DuckDBPyConnection, table: str) -> list[dict[str, Any]]:
    schema, _, stem = table.partition(".")
    present = "SELECT 1 FROM duckdb_tables() WHERE schema_name = ? AND table_name = ?"
    if not connection.execute(present, [schema, stem]).fetchone():
        return []
    return connection.execute(f"SELECT * FROM {table} ORDER BY snapshot").to_arrow_table().to_pylist()


def _fill(connection: DuckDBPyConnection, table: str, schema: pa.Schema, rows: list[dict[str, Any]]) -> None:
    connection.register("_rows", pa.Table.from_pylist(rows, schema))
    catalog.fill(connection, table, schema, "SELECT * FROM _rows")
    connection.unregister("_rows")
