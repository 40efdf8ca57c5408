"""The tables that a build writes of itself, in its own transaction.

ops.provenance   where each table came from: inputs, blobs, fingerprints, snapshot
ops.runs         what each model took, each time that it was built
ops.macros       the macros, so that an older snapshot's published file has its own; ops.views likewise
ops.fetches      every outcome of fetch that this snapshot knows
quality.metrics  how good each table is, at each snapshot; docs/quality.md defines each measure
quality.checks   each contract's checks, with examples of what failed
quality.failures the rows that failed a check, as many as are kept, with their blobs
quality.features what columns are normalised and imputed by: see lake.build.normalisation
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from lake.build import definitions, normalisation
from lake.build.model import Project
from lake.build.plan import ENGINE, Plan, digest, own_parts
from lake.build.workspace import Workspace, selected
from lake.check.run import EXAMPLES, Quality
from lake.config import Config
from lake.store import catalog, fetch_log, landings, metadata, tables
from lake.store.sql import Columns, name, quote, scalar, single_row, values

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from lake.build.summary import Built, Summary

TEXT, INT, REAL, TEXTS, FLAG = "VARCHAR", "BIGINT", "DOUBLE", "VARCHAR[]", "BOOLEAN"


def _schema(*columns: tuple[str, str, str]) -> Columns:
    return {name: (type, doc) for name, type, doc in columns}


PROVENANCE = _schema(
    ("table_name", TEXT, "layer.table"),
    ("kind", TEXT, "raw, seed or model"),
    ("inputs", TEXTS, "The tables that it reads itself"),
    ("raw_inputs", TEXTS, "The raw tables that it comes from, through others too"),
    ("licence", TEXT, "The strictest class of their archives' licences; null where it comes from none: docs/trace.md"),
    ("blobs", INT, "How many blobs those hold rows of; ops.landings names each"),
    ("blobs_digest", TEXT, "md5 over their sha256, sorted"),
    ("sql_fingerprint", TEXT, "Of its SQL without comments and layout"),
    ("contract_fingerprint", TEXT, "Of its contract"),
    ("macros", TEXTS, "The macros that it calls, through others too"),
    ("engine", INT, "Version of the engine"),
    ("parts", TEXT, "What its fingerprint is made of, as JSON"),
    ("fingerprint", TEXT, "Of all of these: the table is stale when it changes"),
    ("content", TEXT, "Names what it holds: the fingerprint of the build that gave it this content"),
    ("reason", TEXT, "Why it was built last"),
    ("verdict", TEXT, "At this snapshot: built, fresh (nothing that it reads changed), left (not selected) or failed"),
    ("rows", INT, "Rows"),
    ("seconds", REAL, "How long its SQL ran [s]"),
    ("snapshot", INT, "The snapshot that it was built for"),
    ("built_at", TEXT, "When, UTC"),
)
METRICS = _schema(
    ("snapshot", INT, "The snapshot"),
    ("table_name", TEXT, "layer.table"),
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
    ("check_name", TEXT, "layer.table.column and what is asked of it"),
    ("table_name", TEXT, "layer.table"),
    ("column_name", TEXT, "Empty for a rule of the whole row"),
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
    ("fetched_at", TEXT, "When, UTC"),
    ("outcome", TEXT, "fetched, unchanged, resumed, refused or failed"),
    ("status", INT, "HTTP status"),
    ("bytes", INT, "Size of the answer [byte]"),
    ("sha256", TEXT, "Its blob"),
    ("reason", TEXT, "Why it was refused or failed"),
    ("seconds", REAL, "How long it took [s]"),
)


RUNS = _schema(
    ("snapshot", INT, "The snapshot"),
    ("table_name", TEXT, "layer.table"),
    ("reason", TEXT, "Why it was built"),
    ("changed", FLAG, "Whether it holds something else than before; true where nothing asked for it to be told"),
    ("seconds", REAL, "How long it took [s]"),
    ("cpu", REAL, "CPU time of its SQL, all threads [s]"),
    ("rows_in", INT, "Rows that it scanned"),
    ("rows", INT, "Rows that it has"),
    ("bytes", INT, "Parquet files that were written [byte]"),
    ("memory", INT, "Peak memory of all models that ran at that time [byte]"),
    ("spilled", INT, "Peak size on disk of what did not fit in memory, likewise [byte]"),
    ("built_at", TEXT, "When, UTC"),
)
VIEWS = _schema(("position", INT, "Order of creation"), ("name", TEXT, "layer.view"), ("sql", TEXT, "CREATE VIEW ..."))
FAILURES = _schema(
    ("check_name", TEXT, "layer.table.column and what is asked of it"),
    ("table_name", TEXT, "layer.table"),
    ("row", TEXT, "Its key and what the check is about, as JSON"),
    ("blobs", TEXTS, "sha256 of the blob that it comes from; of all that it may come from, where they are few"),
    ("snapshot", INT, "As in quality.checks"),
)


def write(connection: DuckDBPyConnection, config: Config, space: Workspace, planned: Plan, summary: Summary) -> None:
    """Write the engine's tables for the snapshot that the running transaction will become."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS ops; CREATE SCHEMA IF NOT EXISTS quality")
    landings.create(connection)
    number, now = next_snapshot(connection), _now()
    lineage = _lineage(connection, planned, summary, number, now)
    _definitions(connection, planned, summary)
    _fetches(connection, config)
    metrics = _metrics(
        connection,
        space,
        lineage,
        {q.table: q for q in summary.qualities if q.table in planned.project.models},
        number,
        now,
    )
    _append(connection, "quality.metrics", METRICS, metrics)
    keep_checks(connection, space, planned, summary.qualities, number)
    _features(connection, space, planned, summary, number)
    _runs(connection, summary, number, now)
    _fill(connection, "ops.provenance", PROVENANCE, lineage)


def _features(connection: DuckDBPyConnection, space: Workspace, planned: Plan, summary: Summary, number: int) -> None:
    built = {one.table for one in summary.built}
    if planned.project.roles.runs not in built | planned.before.keys():
        return  # it was not selected yet; with it, everything will be measured
    last = _rows(space, normalisation.TABLE)
    about = {row["table_name"] for row in last} | normalisation.tables(planned.project)
    unbuilt = {table for table in about - built if _is_outdated(planned, table)}
    rows = normalisation.measured(connection, planned.project, built, unbuilt, last, number)
    if rows is not None:
        _fill(connection, normalisation.TABLE, normalisation.COLUMNS, rows)


def _is_outdated(planned: Plan, table: str) -> bool:
    """Whether a table that was not built is as another contract made it, or not there."""
    model, before = planned.project.models.get(table), planned.before.get(table)
    if model is None or before is None:
        return model is not None
    return bool(before["contract_fingerprint"] != own_parts(model, planned.project)["contract"])


def _definitions(connection: DuckDBPyConnection, planned: Plan, summary: Summary) -> None:
    """Write the macros and views where they are not as they were."""
    built = {one.table for one in summary.built}
    definitions_due = {
        definitions.MACROS: (MACROS, definitions.macros(planned)),
        definitions.VIEWS: (VIEWS, definitions.views(connection, planned, built, summary.dropped)),
    }
    present = metadata.names(connection, "ops")
    for table, (columns, rows) in definitions_due.items():
        if table not in present or definitions.published(connection, table) != rows:
            _fill(connection, table, columns, rows)


def _runs(connection: DuckDBPyConnection, summary: Summary, number: int, now: str) -> None:
    stamp = {"snapshot": number, "built_at": now}
    _append(
        connection,
        "ops.runs",
        RUNS,
        [{**built.as_dict(), "table_name": built.table, **stamp} for built in summary.built],
    )


def _fetches(connection: DuckDBPyConnection, config: Config) -> None:
    file = fetch_log.path(config.data)
    outcomes = f"sqlite_scan({quote(str(file))}, 'outcomes')"
    rows = f'SELECT {", ".join(map(name, FETCHES))} FROM (SELECT *, "at" AS fetched_at FROM {outcomes}) ORDER BY id'
    if not file.is_file():
        rows = f"SELECT {', '.join(f'NULL AS {name(column)}' for column in FETCHES)} WHERE false"
    tables.fill(connection, "ops.fetches", FETCHES, rows)


def next_snapshot(connection: DuckDBPyConnection) -> int:
    """The number that the running transaction's snapshot will have; the write lock keeps others from taking it."""
    newest = metadata.latest(connection)
    assert newest, "the first snapshot makes the tables"
    return newest.id + 1


def keep_failed(connection: DuckDBPyConnection, space: Workspace, planned: Plan, qualities: Iterable[Quality]) -> None:
    """Keep what failed of a build of which nothing else is kept."""
    number = next_snapshot(connection)
    catalog.commit(
        connection,
        lambda: keep_checks(connection, space, planned, qualities, number),
        kind="checks",
        message="checks of a build that was not published",
    )


def keep_checks(
    connection: DuckDBPyConnection, space: Workspace, planned: Plan, qualities: Iterable[Quality], number: int
) -> None:
    """Replace the rows of quality.checks and quality.failures of these tables."""
    landings.create(connection)
    qualities = list(qualities)
    done = {quality.table for quality in qualities}
    rows = [row for row in _rows(space, "quality.checks") if row["table_name"] not in done]
    failures = [row for row in _rows(space, "quality.failures") if row["table_name"] not in done]
    for quality in qualities:
        blobs = _possible_blobs(connection, planned.project, quality)
        for result in quality.results:
            about = {"check_name": result.check.name, "table_name": quality.table, "snapshot": number}
            examples = json.dumps(result.examples[:EXAMPLES])
            row = {"column_name": result.check.column, "severity": result.check.severity, "failing": result.failing}
            rows.append({**about, **row, "examples": examples})
            for example in result.examples:
                own = [example["_blob"]] if "_blob" in example else blobs
                failures.append({**about, "row": json.dumps(example), "blobs": own})
    connection.execute("CREATE SCHEMA IF NOT EXISTS quality")
    _fill(connection, "quality.checks", CHECKS, rows)
    _fill(connection, "quality.failures", FAILURES, failures)


_FEW = 8  # blobs that a failing row may come from, beyond which naming them helps nobody


def _possible_blobs(connection: DuckDBPyConnection, project: Project, quality: Quality) -> list[str] | None:
    """The blobs of the raw tables that a table comes from, where they are few."""
    if not any(result.failed for result in quality.results) or quality.table not in project.models:
        return None
    raw = _raw_inputs(project, quality.table)
    rows = connection.execute(
        """SELECT DISTINCT blob FROM ops.landings
           WHERE status = 'landed' AND list_contains(?, 'raw.' || table_name) ORDER BY blob LIMIT ?""",
        [raw, _FEW + 1],
    ).fetchall()
    return [blob for (blob,) in rows] if len(rows) <= _FEW else None


def _lineage(
    connection: DuckDBPyConnection, planned: Plan, summary: Summary, number: int, now: str
) -> list[dict[str, Any]]:
    stamp = {"engine": ENGINE, "snapshot": number, "built_at": now}
    rows: list[dict[str, Any]] = []
    blobs = _blobs(connection)
    for table, fingerprint in sorted(planned.raw.items()):
        before = planned.before.get(table)
        if table.startswith("raw.") and not (before and before["fingerprint"] == fingerprint):
            facts = {"kind": "raw", "inputs": [], "raw_inputs": [table], "reason": "landed", "parts": "{}"}
            count = scalar(connection, f"SELECT count(*) FROM {table}")
            before = {
                "table_name": table,
                **facts,
                **stamp,
                "fingerprint": fingerprint,
                "content": fingerprint,
                "rows": count,
            }
            before |= {"verdict": "landed", **blobs([table])}
        if before:
            rows.append(dict(before))
    built = {one.table: one for one in summary.built}
    for table, step in planned.steps.items():
        if table in built:
            rows.append({**_model_facts(blobs, planned, built[table]), **stamp})
        elif table in planned.before:
            verdict = "failed" if table in summary.failed else "left" if step.verdict == "left" else "fresh"
            rows.append({**planned.before[table], "verdict": verdict})
    licence = _licences(connection)
    return [{**row, "licence": licence(row["raw_inputs"])} for row in rows]


def _licences(connection: DuckDBPyConnection) -> Callable[[Sequence[str]], str | None]:
    """What gives the strictest class of the licences of what raw tables hold."""
    from lake import licences, sources

    landed: dict[str, set[str]] = {}
    pairs = "SELECT DISTINCT 'raw.' || table_name, source FROM ops.landings WHERE status = 'landed' AND landed > 0"
    for table, source in connection.execute(pairs).fetchall() if landings.there(connection) else ():
        landed.setdefault(table, set()).add(source)

    def strictest(tables: Sequence[str]) -> str | None:
        archives = {source for table in tables for source in landed.get(table, ())}
        texts = [sources.get(source).FACTS.licence if source in sources.names() else "" for source in archives]
        return licences.strictest(texts) if texts else None

    return strictest


def _model_facts(blobs: Blobs, planned: Plan, built: Built) -> dict[str, Any]:
    model = planned.project.models[built.table]
    deep = _raw_inputs(planned.project, model.table)
    return {
        "table_name": model.table,
        "kind": "seed" if model.seed else model.contract.materialized if built.written is None else "model",
        "inputs": list(model.inputs),
        "raw_inputs": deep,
        **blobs(deep),
        "sql_fingerprint": built.parts["sql"],
        "contract_fingerprint": built.parts["contract"],
        "macros": list(model.macros),
        "parts": json.dumps(built.parts, sort_keys=True),
        "fingerprint": digest(built.parts),
        "content": planned.content[model.table],
        "reason": built.reason,
        "verdict": "built",
        "rows": built.rows,
        "seconds": round(built.seconds, 4),
    }


def _raw_inputs(project: Project, table: str) -> list[str]:
    reads = {name for upstream in project.upstream([table]) for name in project.models[upstream].inputs}
    return sorted(name for name in reads if name.startswith("raw."))


Blobs = Callable[[Sequence[str]], dict[str, Any]]


def _blobs(connection: DuckDBPyConnection) -> Blobs:
    """Of some raw tables: how many blobs they hold rows of, and a digest over these. Asked once for the same tables."""

    @cache
    def asked(raw: tuple[str, ...]) -> tuple[int, str | None]:
        if not raw:
            return 0, None
        among = ", ".join(quote(table.removeprefix("raw.")) for table in raw)
        count, digest = single_row(
            connection,
            f"""SELECT count(*), md5(string_agg(blob, '' ORDER BY blob)) FROM (
                    SELECT DISTINCT blob FROM ops.landings WHERE status = 'landed' AND table_name IN ({among}))""",
        )
        return count, digest

    return lambda raw: dict(zip(("blobs", "blobs_digest"), asked(tuple(raw)), strict=True))


def _metrics(
    connection: DuckDBPyConnection,
    space: Workspace,
    lineage: Sequence[dict[str, Any]],
    measured: dict[str, Quality],
    number: int,
    now: str,
) -> list[dict[str, Any]]:
    counted = connection.execute(
        """SELECT 'raw.' || table_name, CAST(sum(seen) AS BIGINT), CAST(sum(landed) AS BIGINT),
                  CAST(sum(rejected) AS BIGINT), min(fetched_at)
           FROM ops.landings WHERE status = 'landed' GROUP BY 1"""
    ).fetchall()
    landed = {row[0]: row[1:] for row in counted}
    last = {row["table_name"]: row for row in _rows(space, "quality.metrics")}
    rows = []
    for row in lineage:
        table, quality = row["table_name"], measured.get(row["table_name"])
        metric = dict(last.get(table, {}))
        if quality:
            metric = {key: getattr(quality, key) for key in _MEASURES}
        elif row["kind"] == "raw" and row["snapshot"] == number:
            metric = {"completeness": _completeness(connection, table, row["rows"])}
        if table in landed:
            metric |= dict(zip(("rows_in", "rows_landed", "rows_rejected"), landed[table], strict=False))
        oldest = min((landed[raw][3] for raw in row["raw_inputs"] if raw in landed), default=None)
        age = {"timeliness": _days(oldest, now) if oldest else None}
        rows.append({**metric, **age, "snapshot": number, "table_name": table, "rows": row["rows"]})
    return rows


_MEASURES = ("completeness", "validity", "uniqueness", "consistency")


def _completeness(connection: DuckDBPyConnection, table: str, rows: int) -> float | None:
    columns = [row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()]
    counts = " + ".join(f"count({name(c)})" for c in columns)
    filled: int = scalar(connection, f"SELECT {counts} FROM {table}")
    return filled / (rows * len(columns)) if rows else None


def _days(earlier: str, later: str) -> float:
    return (datetime.datetime.fromisoformat(later) - datetime.datetime.fromisoformat(earlier)).total_seconds() / 86400


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _rows(space: Workspace, table: str) -> list[dict[str, Any]]:
    """The rows of a published table of the engine: of each table of the lake, those of its last snapshot there.

    Read off its files, which the catalog would take longer to find.
    """
    if table not in space.published:
        return []
    files = [space.config.data / file for file in space.published[table]]
    with space.cursor() as cursor:
        cursor.execute(
            f"""SELECT * FROM ({selected(files, space.columns[table])})
                QUALIFY snapshot = max(snapshot) OVER (PARTITION BY table_name) ORDER BY snapshot"""
        )
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _exists(connection: DuckDBPyConnection, table: str) -> bool:
    return table in metadata.names(connection)


def _fill(connection: DuckDBPyConnection, table: str, columns: Columns, rows: Sequence[Mapping[str, Any]]) -> None:
    tables.fill(connection, table, columns, values(columns, rows))


def _append(connection: DuckDBPyConnection, table: str, columns: Columns, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows to a table of every snapshot's, in one file: small files would pile up."""
    if not _exists(connection, table):
        _fill(connection, table, columns, rows)
        return
    connection.execute(f"CREATE OR REPLACE TEMP TABLE _kept AS SELECT * FROM {table}")
    tables.fill(connection, table, columns, f"SELECT * FROM temp._kept UNION ALL BY NAME ({values(columns, rows)})")
    connection.execute("DROP TABLE temp._kept")
