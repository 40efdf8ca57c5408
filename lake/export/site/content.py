"""The content of the site: read from the project's files and, if one is published, a snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lake import sources
from lake.build import scope
from lake.build.model import Macro, Model, Project
from lake.check import rules
from lake.config import Config
from lake.contract import Column as Promised
from lake.contract import Contract, References
from lake.errors import ConfigError
from lake.export.site import published
from lake.export.site.tables import Check, Column, Site, Table
from lake.reader import Lake
from lake.trace import lineage
from lake.trace.lineage import Lineage, Place


def gather(config: Config, at: int | str | None = None) -> Site:
    """The content of every page.

    Raises:
        ModelError, ConfigError: the project cannot be read, or ``at`` is not a published snapshot.
    """
    project = scope.of_lake(config)
    lines = lineage.load(config, project)
    tables = {**_landed(config, project, lines), **{m.table: _model(config, m) for m in project.models.values()}}
    snapshot: dict[str, Any] = {}
    with _published(config, at) as lake:
        if lake:
            snapshot = published.fill(lake, project, tables)
    _link(lines, tables)
    macros: dict[str, list[Macro]] = {}
    for macro in sorted(project.macros.values(), key=lambda macro: macro.name):
        macros.setdefault(macro.where.rpartition("/")[2], []).append(macro)
    return Site(config.lake.name, snapshot, tables, dict(sorted(macros.items())))


@contextmanager
def _published(config: Config, at: int | str | None) -> Iterator[Lake | None]:
    try:
        lake = Lake(config, at)
    except ConfigError:  # nothing is published yet
        if at is not None:
            raise
        yield None
        return
    with lake:
        yield lake


def _landed(config: Config, project: Project, lines: Lineage) -> dict[str, Table]:
    """The raw tables, and other tables that models read and no model makes."""
    from lake.land.landing import schemas

    declared = {f"raw.{table}": schema for table, schema in schemas(config).items()}
    read = {table for model in project.models.values() for table in model.inputs} - project.models.keys()
    tables = {}
    own = {f"raw.{table}" for name in config.sources for table in sources.get(name).TABLES}
    for table in sorted(own | read):
        columns = [_declared(item) for item in declared.get(table, ())]
        columns = columns or [Column(end.column, "") for end in lines.of(table)]
        ends = lines.ends.get(table, {}).get("sources", [])
        tables[table] = Table(table, "landed", columns=columns, sources=ends)
    return tables


def _declared(item: Any) -> Column:
    texts = {key.decode(): value.decode() for key, value in (item.metadata or {}).items()}
    return Column(item.name, str(item.type), unit=texts.get("unit", ""), doc=texts.get("doc", ""))


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
        promises=[mark.promise for mark in column.marks if mark.promise],
        refers=[Place(table, name) for table, _, name in refers],
    )


def _storage(contract: Contract) -> Iterator[tuple[str, str]]:
    """How a table is stored, if its contract sets it."""
    settings = {
        "key": contract.key,
        "sorted by": contract.sort,
        "incremental by": contract.incremental,
        "partitioned by": contract.partition,
    }
    yield from ((what, ", ".join(columns)) for what, columns in settings.items() if columns)
    if contract.row_group_size:
        yield "row groups of", f"{contract.row_group_size:,} rows"
    if contract.compression:
        yield "compression", contract.compression


def _link(lines: Lineage, tables: dict[str, Table]) -> None:
    """Fill in the readers of each table, and the origins and users of each column."""
    for table in tables.values():
        for name in table.reads:
            if name in tables:
                tables[name].read_by.append(table.name)
    users = lines.users()
    ends: dict[Place, frozenset[Place]] = {}
    for table in tables.values():  # in build order: the origins of a column are done before it
        for column in table.columns:
            end = Place(table.name, column.name)
            column.origins = dict(lines.direct_origins(end))
            ends[end] = frozenset().union(
                *({origin} if origin.table in lines.ends else ends.get(origin, ()) for origin in column.origins)
            )
            column.ends = sorted(ends[end] - column.origins.keys())
            column.users = sorted(users.get(end, {}))
