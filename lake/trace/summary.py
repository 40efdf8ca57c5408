"""Which archives, answers and licences some rows of a table or a query come from: all of them, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from lake import sources
from lake.build import parse
from lake.config import Config
from lake.errors import ConfigError
from lake.store.sql import name
from lake.trace import stored, why
from lake.trace.stored import Snapshot


@dataclass(frozen=True, slots=True)
class Archive:
    """What came from one archive."""

    source: str
    title: str
    homepage: str
    licence: str
    citation: str
    records: int
    answers: int
    first: str  # when the oldest of the answers was fetched, and the newest; UTC
    last: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What some rows come from.

    Attributes:
        rows: how many rows were asked about.
        tables: by table, how many of its rows they come from.
        archives: by the number of their records.
        seeds: the seeds' files.
        larger: tables whose rows are more than is needed, each with why.
    """

    of: str
    snapshot: int
    rows: int
    tables: Mapping[str, int]
    archives: tuple[Archive, ...]
    seeds: tuple[str, ...] = ()
    larger: Mapping[str, str] = field(default_factory=dict)
    proved: bool = True

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def of(config: Config, what: str, column: str = "", *, where: str = "", at: int | str | None = None) -> Summary:
    """Summarise what rows come from.

    Args:
        what: layer.table, or a SELECT.
        column: of the table, the one that is asked about; all, where empty.
        where: a condition on the table's rows.

    Raises:
        ConfigError: there is no such table, or the query cannot be read.
    """
    with stored.opened(config, at) as snapshot:
        pending: dict[str, tuple[str, set[str]]] = {}
        state = _State(snapshot, pending)
        rows = _start(state, what, column, where) if what in snapshot.columns else _start_query(state, what)
        for table in [*reversed(list(snapshot.project.models)), *sorted(snapshot.columns)]:
            if table in pending:
                _follow(state, table)
        return Summary(
            what,
            snapshot.number,
            rows,
            dict(sorted(state.counts.items())),
            tuple(_archives(state)),
            tuple(sorted(state.seeds)),
            state.larger,
            state.proved,
        )


@dataclass(slots=True)
class _State:
    snapshot: Snapshot
    pending: dict[str, tuple[str, set[str]]]  # by table: a table of row numbers, and the columns that count
    counts: dict[str, int] = field(default_factory=dict)
    seeds: set[str] = field(default_factory=set)
    larger: dict[str, str] = field(default_factory=dict)
    raw: list[str] = field(default_factory=list)
    proved: bool = True

    def add(self, table: str, select: str, columns: Iterable[str]) -> None:
        execute = self.snapshot.connection.execute
        pending_table, earlier = self.pending.get(table, (f"_pending_{table.replace('.', '_')}", set()))
        if table not in self.pending:
            execute(f"CREATE TEMP TABLE {name(pending_table)} (row BIGINT)")
        execute(f"INSERT INTO {name(pending_table)} {select}")
        self.pending[table] = (pending_table, earlier | set(columns))


def _asked(state: _State, query: str) -> None:
    """Run what a user asked.

    Raises:
        ConfigError: DuckDB refuses it.
    """
    import duckdb

    try:
        state.snapshot.connection.execute(f"EXPLAIN {query}")
    except duckdb.Error as error:
        raise ConfigError(f"the rows cannot be asked for: {str(error).splitlines()[0]}", where=query) from None


def _start(state: _State, table: str, column: str, where: str) -> int:
    columns = [c for c, _ in state.snapshot.columns[table]]
    if column and column not in columns:
        raise ConfigError(f"{table} has no column {column!r}", why=f"it has {', '.join(columns)}")
    select = f"SELECT _row FROM ({state.snapshot.rows(table)}) WHERE {where or 'true'}"
    _asked(state, select)
    state.add(table, select, [column] if column else columns)
    pending_table = state.pending[table][0]
    return _count(state, f"SELECT count(*) FROM {name(pending_table)}")


def _count(state: _State, query: str) -> int:
    row = state.snapshot.connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _start_query(state: _State, select: str) -> int:
    from pathlib import Path

    from lake.errors import ModelError

    try:
        facts = parse.select(select, Path("query"))
    except ModelError as error:
        raise ConfigError(
            f"this is neither a table nor a query: {error.what}", why=error.why, next="lake tables"
        ) from None
    tables = {table: state.snapshot.rows(table) for table in facts["tables"]}
    query = why.Query(state.snapshot.connection, tables, facts["sql"], state.snapshot.names)
    _asked(state, facts["sql"])
    witness = _find(state, query, facts["sql"], "the query")
    _pass_on(state, witness)
    return _count(state, f"SELECT count(*) FROM ({facts['sql']})")


def _find(state: _State, query: why.Query, cells: str, of: str) -> why.Witness:
    witness = query.find(cells, reduce=False)
    state.proved &= witness.proved
    if witness.verdict != why.EXACT:
        state.larger[of] = "; ".join(witness.notes)
    return witness


def _pass_on(state: _State, witness: why.Witness) -> None:
    for table in witness.counts:
        state.add(table, f"SELECT row FROM {witness.table} WHERE \"table\" = '{table}'", witness.columns.get(table, ()))


def _follow(state: _State, table: str) -> None:
    """Pass a table's rows on to what it reads."""
    snapshot = state.snapshot
    pending_table, columns = state.pending[table]
    rows = f"SELECT DISTINCT row FROM {name(pending_table)}"
    state.counts[table] = _count(state, f"SELECT count(*) FROM ({rows})")
    model = snapshot.model(table)
    if model is None:
        if table.startswith("raw."):
            state.raw.append(table)
        return
    if model.seed:
        state.seeds.add(str(model.path.relative_to(snapshot.config.root)))
        return
    present = [c for c, _ in snapshot.columns[table]]
    chosen = [c for c in present if c in columns or c in model.contract.key] or present
    listed = ", ".join(map(name, chosen))
    cells = f"SELECT {listed} FROM ({snapshot.rows(table)}) WHERE _row IN ({rows})"
    _pass_on(state, _find(state, snapshot.query(model), cells, table))


def _archives(state: _State) -> list[Archive]:
    """The answers of the raw rows, by archive."""
    counted: dict[str, dict[tuple[str, str], int]] = {}
    for table in state.raw:
        if "_blob" not in [c for c, _ in state.snapshot.columns[table]]:
            continue
        pending_table = name(state.pending[table][0])
        rows = state.snapshot.connection.execute(
            f"""SELECT _resource, _blob, count(*) FROM ({state.snapshot.rows(table)})
                WHERE _row IN (FROM {pending_table}) GROUP BY ALL"""
        ).fetchall()
        for resource, blob, count in rows:
            own = counted.setdefault(resource.partition("/")[0], {})
            own[resource, blob] = own.get((resource, blob), 0) + count
    return sorted((_archive(state, *one) for one in counted.items()), key=lambda a: -a.records)


def _archive(state: _State, source: str, answers: Mapping[tuple[str, str], Any]) -> Archive:
    landings = [state.snapshot.landing(*key) for key in answers]
    fetched = sorted(one.fetched_at for one in landings if one)
    try:
        facts = sources.get(source).FACTS
        about = (facts.title, facts.homepage, facts.licence, facts.citation)
    except ConfigError:
        about = (source, "", "not known", "")
    ends = (fetched[0], fetched[-1]) if fetched else ("", "")
    return Archive(source, *about, sum(answers.values()), len(answers), *ends)
