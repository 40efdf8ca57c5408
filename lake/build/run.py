"""Build, check and publish in one transaction: readers see the old snapshot or the new one, never between."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from lake import land, progress
from lake.build import engine, graph, plan
from lake.build.graph import Project
from lake.build.plan import Step
from lake.check import run as check
from lake.config import Config
from lake.errors import CheckFailed, ModelError
from lake.store import catalog, door
from lake.store.catalog import first_line, name, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from lake.build.graph import Model

_TABLES = "SELECT schema_name || '.' || table_name FROM duckdb_tables()"
_CREATE = re.compile(r"\bCREATE\s+(OR\s+REPLACE\s+)?", re.IGNORECASE)
_NOT_HELD = ("HUGEINT", "UHUGEINT", "ENUM", "UNION", "BIT", "INTERVAL", "TIME_NS")  # the record would change them


@dataclass(frozen=True, slots=True)
class Built:
    table: str
    rows: int
    seconds: float
    reason: str


@dataclass(slots=True)
class Summary:
    snapshot: int | None = None
    built: list[Built] = field(default_factory=list)
    fresh: int = 0
    dropped: list[str] = field(default_factory=list)
    checks: int = 0
    qualities: list[check.Quality] = field(default_factory=list)
    warnings: list[check.Result] = field(default_factory=list)
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return {
            "snapshot": self.snapshot,
            "built": [{**asdict(built), "seconds": round(built.seconds, 3)} for built in self.built],
            "fresh": self.fresh,
            "dropped": self.dropped,
            "checks": self.checks,
            "warnings": [w.as_dict() for w in self.warnings],
            "seconds": round(self.seconds, 3),
        }


def run(config: Config, select: Iterable[str] = (), *, force: bool = False, wait: float = 0) -> Summary:
    """Build what is stale, check it, and publish it as one snapshot.

    Raises:
        ModelError: a model cannot be built. CheckFailed: a check of severity error failed. In both cases nothing is
            published and the old snapshot stands.
        Locked: another process writes this lake.
    """
    with catalog.write_session(config, wait=wait) as connection:
        return into(connection, config, select, force=force)


def into(connection: DuckDBPyConnection, config: Config, select: Iterable[str] = (), *, force: bool = False) -> Summary:
    """`run`, in a write session that is open already."""
    started = time.perf_counter()
    select = tuple(select)
    project = graph.load(config)
    land.prepare(connection, config)
    steps = plan.make(connection, project, select, force=force)
    dropped = [] if select else _orphans(connection, project)
    summary = Summary(fresh=sum(not step.stale for step in steps))
    if any(step.stale for step in steps) or dropped:
        create_macros(connection, project)
        _publish(connection, config, project, steps, dropped, summary)
    last = catalog.latest(connection, "publish")
    summary.snapshot = last.id if last else None
    if last and (summary.built or summary.dropped):
        door.write(config, connection, last, door.path(config))
    summary.seconds = time.perf_counter() - started
    return summary


def create_macros(connection: DuckDBPyConnection, project: Project) -> None:
    """Make the project's macros known to a connection, for its own use only.

    Raises:
        ModelError: DuckDB refuses one.
    """
    import duckdb

    for macro in project.macros.values():
        try:
            connection.execute(_CREATE.sub("CREATE TEMP ", macro.sql, count=1))
        except duckdb.Error as error:
            raise ModelError(f"the macro {macro.name} is refused: {first_line(error)}", where=macro.where) from None


def _orphans(connection: DuckDBPyConnection, project: Project) -> list[str]:
    """Tables that an earlier build made and the project no longer has."""
    made = [row["table"] for row in plan.provenance(connection) if row["kind"] != "raw"]
    return sorted(set(made) - project.models.keys())


def _publish(
    connection: DuckDBPyConnection,
    config: Config,
    project: Project,
    steps: list[Step],
    dropped: list[str],
    summary: Summary,
) -> None:
    stale = [step for step in steps if step.stale]

    def work() -> None:
        summary.built, summary.dropped = [], dropped
        for table in dropped:
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        with progress.bar("build", total=len(stale)) as advance:
            for step in stale:
                advance(0, note=step.model.table)
                summary.built.append(_build(connection, step))
                advance()
        summary.qualities = _check(connection, project, stale)
        summary.checks = sum(len(quality.results) for quality in summary.qualities)
        summary.warnings = check.failures(summary.qualities, "warn")
        if errors := check.failures(summary.qualities, "error"):
            raise check.failed(errors)
        built = {b.table: {"rows": b.rows, "seconds": round(b.seconds, 4)} for b in summary.built}
        engine.write(connection, config, project, steps, built, summary.qualities)

    message = f"{len(stale)} model(s): " + ", ".join(step.model.table for step in stale[:4])
    message += ", ..." if len(stale) > 4 else ""
    models = {step.model.table: step.reason for step in stale}
    try:
        catalog.commit(connection, work, kind="publish", message=message, extra={"models": models, "dropped": dropped})
    except CheckFailed:  # what failed is kept, though nothing else of this build is
        number = engine.next_snapshot(connection)
        catalog.commit(
            connection,
            lambda: engine.keep_checks(connection, summary.qualities, number),
            kind="checks",
            message="checks of a build that was not published",
        )
        raise


def _build(connection: DuckDBPyConnection, step: Step) -> Built:
    import duckdb

    started = time.perf_counter()
    model = step.model
    select = _seed(model) if model.seed else model.sql.rstrip().rstrip(";")
    try:
        _agree(connection, model, select)
        _create(connection, model)
        order = ", ".join(map(name, model.contract.sort))
        connection.execute(
            f"INSERT INTO {model.table} BY NAME SELECT * FROM (\n{select}\n)" + (f" ORDER BY {order}" if order else "")
        )
        rows = connection.execute(f"SELECT count(*) FROM {model.table}").fetchone()[0]
    except duckdb.Error as error:
        raise _refused(model, error) from None
    return Built(model.table, rows, time.perf_counter() - started, step.reason)


def _agree(connection: DuckDBPyConnection, model: Model, select: str) -> None:
    """Ask DuckDB what the SELECT gives, without running it, and hold the contract against that."""
    given = {row[0]: row[1] for row in connection.execute(f"DESCRIBE {select}").fetchall()}
    wanted = {column.name: column.type for column in model.contract.columns}
    problems = [f"{column} {type} is not promised" for column, type in given.items() if column not in wanted]
    for column, type in wanted.items():
        if column not in given:
            problems.append(f"{column} {type} is promised, but not given")
        elif given[column] != type:
            problems.append(f"{column} is {given[column]}, but {type} is promised")
    if held := [f"{c} is {t}, which the record cannot hold" for c, t in given.items() if t.startswith(_NOT_HELD)]:
        problems = held + problems
    if problems:
        raise ModelError(
            f"{model.table} and its contract disagree: {'; '.join(problems[:6])}",
            where=str(model.path),
            why=f"see {model.contract.where}",
            next="CAST the column in the SELECT, or change the contract",
        )


def _create(connection: DuckDBPyConnection, model: Model) -> None:
    contract = model.contract
    schema = model.table.partition(".")[0]
    columns = ", ".join(f"{name(column.name)} {column.type}" for column in contract.columns)
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    connection.execute(f"CREATE OR REPLACE TABLE {model.table} ({columns})")
    connection.execute(f"COMMENT ON TABLE {model.table} IS {quote(contract.doc)}")
    for column in contract.columns:
        text = " ".join(filter(None, (column.doc, f"[{column.unit}]" if column.unit else "")))
        if text:
            connection.execute(f"COMMENT ON COLUMN {model.table}.{name(column.name)} IS {quote(text)}")


def _seed(model: Model) -> str:
    columns = ", ".join(f"{quote(column.name)}: {quote(column.type)}" for column in model.contract.columns)
    return (
        f"SELECT * FROM read_csv({quote(str(model.path))}, header = true, columns = {{{columns}}}, "
        f"delim = ',', quote = '\"', escape = '\"', nullstr = '', strict_mode = true)"
    )


def _refused(model: Model, error: Exception) -> ModelError:
    """DuckDB's error as ours, with the line of the model's own file."""
    text = str(error)
    line = next((part.split(":")[0] for part in text.split("LINE ")[1:]), "1")
    line = line if line.isdigit() else "1"
    if any(sign in text for sign in ("No space left", "Out of Memory", "disk is full")):
        raise catalog.explain(error) from None
    caret = "\n".join(row for row in text.split("\n")[1:] if row.strip())
    return ModelError(
        f"{model.table} cannot be built: {first_line(error)}", where=f"{model.path}:{line}", why=caret.strip()
    )


def _check(connection: DuckDBPyConnection, project: Project, stale: list[Step]) -> list[check.Quality]:
    """Check what was built, and what refers to it."""
    built = {step.model.table for step in stale}
    there = {row[0] for row in connection.execute(_TABLES).fetchall()}
    contracts = [
        model.contract
        for table, model in project.models.items()
        if table in built or (table in there and check.refers(model.contract, built))
    ]
    qualities = []
    with progress.bar("check", total=len(contracts)) as advance:
        for contract in contracts:
            advance(0, note=contract.table)
            qualities += check.run(connection, [contract])
            advance()
    return qualities
