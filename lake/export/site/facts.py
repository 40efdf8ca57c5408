"""What the site tells: the project's files and, where a snapshot is published, what it holds of each table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from lake.build import graph, plan
from lake.build.graph import Macro, Model, Project
from lake.check import rules
from lake.config import Config
from lake.contract import Between, Contract, OneOf, Pattern, References
from lake.contract import Column as Promised
from lake.errors import ConfigError
from lake.reader import Lake
from lake.store.catalog import first_line, name
from lake.trace import lineage
from lake.trace.lineage import Lineage, Place

PREVIEWED, SHOWN = 10, 120  # rows; characters of a value
HISTORY = 60  # snapshots


@dataclass(slots=True)
class Column:
    name: str
    type: str
    nullable: bool = True
    unit: str = ""
    doc: str = ""
    key: bool = False
    promises: list[str] = field(default_factory=list)
    refers: list[Place] = field(default_factory=list)
    origins: dict[Place, str] = field(default_factory=dict)  # what it is computed from itself, and how
    ends: list[Place] = field(default_factory=list)  # where those come from: landed tables and seeds
    users: list[Place] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    severity: str
    failing: int | None  # None: it was never run
    examples: str = ""


@dataclass(slots=True)
class Table:
    """One page. Of the snapshot: rows, checks' results, history, provenance, run and preview."""

    name: str
    kind: str  # model, view, seed or landed
    doc: str = ""
    path: str = ""  # in the project's folder
    sql: str = ""
    columns: list[Column] = field(default_factory=list)
    storage: list[tuple[str, str]] = field(default_factory=list)
    tags: tuple[str, ...] = ()
    reads: list[str] = field(default_factory=list)
    read_by: list[str] = field(default_factory=list)
    macros: tuple[str, ...] = ()
    sources: list[dict[str, Any]] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)  # quality.metrics, oldest first
    provenance: dict[str, Any] = field(default_factory=dict)
    run: dict[str, Any] = field(default_factory=dict)
    preview: list[tuple[str | None, ...]] = field(default_factory=list)
    previewed: list[str] = field(default_factory=list)  # its columns
    trouble: str = ""  # why it cannot be read
    edited: bool = False  # whether the files say something else than what made the rows

    @property
    def layer(self) -> str:
        return self.name.partition(".")[0]

    @property
    def stem(self) -> str:
        return self.name.partition(".")[2]

    @property
    def quality(self) -> dict[str, Any]:
        return self.history[-1] if self.history else {}

    @property
    def rows(self) -> int | None:
        return self.quality.get("rows")

    @property
    def failing(self) -> list[Check]:
        return [check for check in self.checks if check.failing]


@dataclass(frozen=True, slots=True)
class Site:
    name: str
    snapshot: dict[str, Any]  # snapshot, published_at, message; empty where nothing is published
    tables: dict[str, Table]  # landed ones first, then in building order
    macros: dict[str, list[Macro]]  # by file

    def layers(self) -> dict[str, list[Table]]:
        """Tables by layer, in the order in which data goes through the layers."""
        depth: dict[str, int] = {}
        for table in self.tables.values():
            depth[table.name] = max((depth[t] + 1 for t in table.reads if t in depth), default=0)
        found: dict[str, list[Table]] = {}
        for table in sorted(self.tables.values(), key=lambda table: table.name):
            found.setdefault(table.layer, []).append(table)

        def place(layer: str) -> tuple[bool, float, str]:
            depths = [depth[table.name] for table in found[layer]]
            return layer != "raw", sum(depths) / len(depths), layer

        return {layer: found[layer] for layer in sorted(found, key=place)}


def gather(config: Config, at: int | str | None = None) -> Site:
    """Everything that the site tells.

    Raises:
        ModelError, ConfigError: the project cannot be read, or ``at`` is no published snapshot.
    """
    project = graph.load(config)
    lines = lineage.load(config, project)
    tables = {**_landed(config, project, lines), **{m.table: _model(config, m) for m in project.models.values()}}
    snapshot: dict[str, Any] = {}
    with _published(config, at) as here:
        if here:
            snapshot = _fill(here, project, tables)
    _link(lines, tables)
    macros: dict[str, list[Macro]] = {}
    for macro in sorted(project.macros.values(), key=lambda macro: macro.name):
        macros.setdefault(macro.where.rpartition("/")[2], []).append(macro)
    return Site(config.lake.name, snapshot, tables, dict(sorted(macros.items())))


@contextmanager
def _published(config: Config, at: int | str | None) -> Iterator[Lake | None]:
    try:
        here = Lake(config, at)
    except ConfigError:  # nothing was published yet
        if at is not None:
            raise
        yield None
        return
    with here:
        yield here


def _landed(config: Config, project: Project, lines: Lineage) -> dict[str, Table]:
    """The raw tables, and whatever else models read that no model makes."""
    from lake.land.run import schemas

    declared = {f"raw.{table}": schema for table, schema in schemas(config).items()}
    read = {table for model in project.models.values() for table in model.inputs} - project.models.keys()
    found = {}
    for table in sorted((declared.keys() if config.sources else set()) | read):
        columns = [_declared(item) for item in declared.get(table, ())]
        columns = columns or [Column(place.column, "") for place in lines.of(table)]
        sources = lines.ends.get(table, {}).get("sources", [])
        found[table] = Table(table, "landed", columns=columns, sources=sources)
    return found


def _declared(item: Any) -> Column:
    told = {key.decode(): value.decode() for key, value in (item.metadata or {}).items()}
    return Column(item.name, str(item.type), unit=told.get("unit", ""), doc=told.get("doc", ""))


def _model(config: Config, model: Model) -> Table:
    contract = model.contract
    kind = "seed" if model.seed else "view" if contract.materialized == "view" else "model"
    return Table(
        model.table,
        kind,
        doc=contract.doc,
        path=model.path.relative_to(config.root).as_posix(),
        sql=model.sql.strip(),
        columns=[_promised(contract, column) for column in contract.columns],
        storage=list(_storage(contract)),
        tags=contract.tags,
        reads=list(model.inputs),
        macros=model.macros,
        checks=[Check(check.name, check.severity, None) for check in rules.checks(contract)],
    )


def _promised(contract: Contract, column: Promised) -> Column:
    refers = [mark.column.rpartition(".") for mark in column.marks if isinstance(mark, References)]
    return Column(
        column.name,
        column.type,
        nullable=column.nullable,
        unit=column.unit or "",
        doc=column.doc,
        key=column.name in contract.key,
        promises=[text for mark in column.marks if (text := _promise(mark))],
        refers=[Place(table, other) for table, _, other in refers],
    )


def _promise(mark: Any) -> str:
    warn = " (warns)" if getattr(mark, "severity", "error") == "warn" else ""
    if isinstance(mark, Between):
        low, high = (None if end is None else f"{end:g}" for end in (mark.low, mark.high))
        return (f"{low} to {high}" if low and high else f"at least {low}" if low else f"at most {high}") + warn
    if isinstance(mark, OneOf):
        return "one of " + ", ".join(mark.values) + warn
    if isinstance(mark, Pattern):
        return f"matches {mark.regex}{warn}"
    return ""


def _storage(contract: Contract) -> Iterator[tuple[str, str]]:
    """How a table is kept, where its contract says so."""
    told = {
        "key": contract.key,
        "sorted by": contract.sort,
        "incremental by": contract.incremental,
        "partitioned by": contract.partition,
    }
    yield from ((what, ", ".join(columns)) for what, columns in told.items() if columns)
    if contract.row_group_size:
        yield "row groups of", f"{contract.row_group_size:,} rows"
    if contract.compression:
        yield "compression", contract.compression


# From the snapshot


def _fill(here: Lake, project: Project, tables: dict[str, Table]) -> dict[str, Any]:
    """Tell the tables what the snapshot holds of them; returns what is known of the snapshot itself."""
    (snapshot,) = _rows(here, "SELECT snapshot, published_at, message FROM lake_info")
    there = set(here.tables())
    told = {
        "history": _by_table(here, there, "quality.metrics", f"snapshot > {snapshot['snapshot']} - {HISTORY}"),
        "provenance": _by_table(here, there, "ops.provenance"),
        "run": _by_table(here, there, "ops.runs"),
        "checks": _by_table(here, there, "quality.checks"),
    }
    types = _types(here)
    for table in tables.values():
        table.history = told["history"].get(table.name, [])
        table.provenance = next(iter(told["provenance"].get(table.name, [])), {})
        table.run = next(reversed(told["run"].get(table.name, [])), {})
        results = {row["check"]: row for row in told["checks"].get(table.name, [])}
        table.checks = [_result(check, results.get(check.name)) for check in table.checks]
        table.edited = _edited(project, table)
        if table.name in there:
            _describe(table, types.get(table.name, {}))
            _preview(here, table, list(types.get(table.name, {})))
    return snapshot


def _rows(here: Lake, query: str) -> list[dict[str, Any]]:
    return here.sql(query).to_arrow_table().to_pylist()


def _by_table(here: Lake, there: Iterable[str], table: str, condition: str = "true") -> dict[str, list[dict[str, Any]]]:
    if table not in there:
        return {}
    found: dict[str, list[dict[str, Any]]] = {}
    for row in _rows(here, f"SELECT * FROM {table} WHERE {condition} ORDER BY snapshot"):
        found.setdefault(row["table"], []).append(row)
    return found


def _types(here: Lake) -> dict[str, dict[str, tuple[str, str]]]:
    """Each table's columns with their SQL types and comments."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    query = """SELECT schema_name || '.' || table_name, column_name, data_type, coalesce(comment, '')
               FROM duckdb_columns() WHERE database_name = 'lake' AND NOT internal ORDER BY 1, column_index"""
    for table, column, *told in here.connection.execute(query).fetchall():
        found.setdefault(table, {})[column] = tuple(told)
    return found


def _result(check: Check, row: dict[str, Any] | None) -> Check:
    if row is None:
        return check
    examples = json.loads(row["examples"] or "[]")
    return Check(check.name, row["severity"], row["failing"], json.dumps(examples[0]) if examples else "")


def _edited(project: Project, table: Table) -> bool:
    """Whether the project's files differ from those that made the rows."""
    if table.name not in project.models or not table.provenance:
        return False
    known = json.loads(table.provenance["parts"])
    now = plan.own_parts(project.models[table.name], project)
    return any(known.get(part) != now[part] for part in ("sql", "contract", "macros"))


def _describe(table: Table, there: dict[str, tuple[str, str]]) -> None:
    """SQL types, and what the record says of columns that no one else describes."""
    for column in table.columns:
        type, comment = there.get(column.name, ("", ""))
        if table.kind == "landed":
            column.type = type or column.type
            column.doc = column.doc or comment


def _preview(here: Lake, table: Table, columns: list[str]) -> None:
    import duckdb

    shown = ", ".join(f"left(CAST({name(column)} AS VARCHAR), {SHOWN + 1})" for column in columns)
    place = ".".join(map(name, table.name.split(".", 1)))
    try:
        rows = here.connection.execute(f"SELECT {shown} FROM {place} LIMIT {PREVIEWED}").fetchall()
    except duckdb.Error as error:
        table.trouble = first_line(error)
        return
    table.previewed = columns
    table.preview = [tuple(map(_short, row)) for row in rows]


def _short(value: str | None) -> str | None:
    return value if value is None or len(value) <= SHOWN else value[:SHOWN] + "…"


def _link(lines: Lineage, tables: dict[str, Table]) -> None:
    """Tell each table who reads it, and each column what it comes from and goes into."""
    for table in tables.values():
        for other in table.reads:
            if other in tables:
                tables[other].read_by.append(table.name)
    users = lines.users()
    ends: dict[Place, frozenset[Place]] = {}
    for table in tables.values():  # in building order: what a column comes from has been here before it
        for column in table.columns:
            place = Place(table.name, column.name)
            column.origins = dict(lines.near(place))
            ends[place] = frozenset().union(
                *({one} if one.table in lines.ends else ends.get(one, ()) for one in column.origins)
            )
            column.ends = sorted(ends[place] - column.origins.keys())
            column.users = sorted(users.get(place, {}))
