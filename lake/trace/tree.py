"""From one cell of a table to the records of the archives' answers that made it: row by row, through every model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lake.config import Config
from lake.errors import ConfigError, LakeError
from lake.store.sql import name, quote
from lake.trace import records, show, stored, why
from lake.trace.nodes import Inputs, Row, Tree
from lake.trace.stored import Snapshot

if TYPE_CHECKING:
    from lake.build.model import Model

FOLLOWED = 8  # rows of a table that are followed, of those that one row depends on; half as many a step further
NODES = 400  # rows of a tree
_NOWHERE = 2**60  # beyond any text
_MARKS = ("_resource", "_blob", "_record")


class Trace(Tree):
    """One cell, and where it comes from: as text, and for a notebook."""

    __slots__ = ()

    def __str__(self) -> str:
        return show.text(self)

    def _repr_html_(self) -> str:
        return show.html(self)


def trace(
    config: Config,
    table: str,
    column: str = "",
    *,
    where: str = "",
    key: str | Mapping[str, Any] = "",
    at: int | str | None = None,
    verify: bool = False,
    depth: int | None = None,
) -> Trace:
    """Where a cell comes from.

    Args:
        table: layer.table, and ``column``, one of its columns; without it, its row.
        where: a condition in SQL that one row of the table meets.
        key: the value of its key; several are separated by commas, or given by column.
        at: a snapshot's number or tag; the newest, where None.
        verify: read each record again from its blob, and compare it with the raw row.
        depth: how many tables to follow at most.

    Raises:
        ConfigError: there is no such table, column or row, or several rows; or a model changed since that snapshot.
        StorageError: a file is damaged.
    """
    with stored.opened(config, at) as snapshot:
        select = snapshot.rows(table)
        columns = [c for c, _ in snapshot.columns[table]]
        if column and column not in columns:
            raise ConfigError(
                f"{table} has no column {column!r}", why=f"it has {', '.join(columns)}", next=f"lake tables {table}"
            )
        number = _the_row(snapshot, table, select, where or _condition(snapshot, table, key))
        return of(config, snapshot, table, number, column, verify=verify, depth=depth)


def of(
    config: Config,
    snapshot: Snapshot,
    table: str,
    number: int,
    column: str = "",
    *,
    verify: bool = False,
    depth: int | None = None,
) -> Trace:
    """Where a cell of a row comes from, which is given by its number in an opened snapshot."""
    columns = (column,) if column else tuple(c for c, _ in snapshot.columns[table])
    row = _Tracing(config, snapshot, verify, depth).row(table, number, columns, 0)
    value = row.values.get(column, row.key.get(column)) if column else {**row.key, **row.values}
    return Trace(config.lake.name, snapshot.number, table, column, value, row)


def condition(config: Config, table: str, key: str, at: int | str | None = None) -> str:
    """The condition in SQL that a row with this key meets.

    Raises:
        ConfigError: the table has another key.
    """
    with stored.opened(config, at) as snapshot:
        return _condition(snapshot, table, key)


def _condition(snapshot: Snapshot, table: str, key: str | Mapping[str, Any]) -> str:
    model = snapshot.project.models.get(table)
    columns = list(model.contract.key) if model else []
    if isinstance(key, Mapping):
        values = {column: str(value) for column, value in key.items()}
    else:
        parts = str(key).split(",") if len(columns) > 1 else [str(key)]
        if not columns or len(parts) != len(columns):
            raise ConfigError(
                f"{table} is asked for by {len(parts)} value(s), and its key is {', '.join(columns) or 'none'}",
                next=f'lake trace {table} --where "..."',
            )
        values = dict(zip(columns, parts, strict=True))
    return " AND ".join(f"CAST({name(column)} AS VARCHAR) = {quote(value)}" for column, value in values.items())


def _the_row(snapshot: Snapshot, table: str, select: str, condition: str) -> int:
    import duckdb

    try:
        rows = snapshot.connection.execute(f"SELECT _row FROM ({select}) WHERE {condition} LIMIT 2").fetchall()
    except duckdb.IOException as error:
        raise stored.damaged(table, error, snapshot) from None
    except duckdb.Error as error:
        raise ConfigError(f"the row cannot be looked for: {str(error).splitlines()[0]}", where=condition) from None
    if len(rows) != 1:
        raise ConfigError(
            f"{'no row' if not rows else 'several rows'} of {table} at snapshot {snapshot.number} where {condition}",
            why="a cell is of one row",
            next=f'lake sql "FROM {table} LIMIT 5"',
        )
    return int(rows[0][0])


class _Tracing:
    """One tree in the making."""

    def __init__(self, config: Config, snapshot: Snapshot, verify: bool, depth: int | None):
        self.config, self.snapshot, self.verify, self.depth = config, snapshot, verify, depth
        self._rows: dict[tuple[str, int, tuple[str, ...]], Row] = {}

    def row(self, table: str, number: int, columns: Sequence[str], level: int) -> Row:
        """A row of a table, by those of its columns that count."""
        import duckdb

        cache_key = (table, number, tuple(sorted(columns)))
        if cache_key not in self._rows:
            try:
                row = self._made(table, number, columns, level)
                problem = self.snapshot.altered(table) if self.verify else ""
                self._rows[cache_key] = replace(row, problem=problem) if problem else row
            except (LakeError, duckdb.Error) as raised:
                error = raised if isinstance(raised, LakeError) else stored.damaged(table, raised, self.snapshot)
                self._rows[cache_key] = Row(table, "", {}, {}, problem=f"{table}: {error.what}; {error.why}")
        return self._rows[cache_key]

    def _made(self, table: str, number: int, columns: Sequence[str], level: int) -> Row:
        model = self.snapshot.model(table)
        key = self._key(table, model)
        values = self._values(table, number)
        counted = {column: values[column] for column in columns if column in values and column not in key}
        key_values = {column: values[column] for column in key}
        if model is None:
            return self._landed(table, key_values, counted, values)
        if model.seed:
            return Row(table, "seed", key_values, counted, where=_seed_line(self.config.root, model, key_values))
        return self._followed(model, number, key_values, counted, level)

    def _key(self, table: str, model: Model | None) -> list[str]:
        present = [column for column, _ in self.snapshot.columns[table]]
        if model is not None:
            return list(model.contract.key) or present
        return [column for column in _MARKS if column in present] or present

    def _values(self, table: str, number: int) -> dict[str, Any]:
        import duckdb

        select = self.snapshot.rows(table)
        try:
            result = self.snapshot.connection.execute(f"SELECT * EXCLUDE (_row) FROM ({select}) WHERE _row = {number}")
        except duckdb.Error as error:
            raise stored.damaged(table, error, self.snapshot) from None
        names = [column[0] for column in result.description]
        return dict(zip(names, result.fetchone() or (), strict=False))

    def _landed(self, table: str, key: dict[str, Any], counted: dict[str, Any], values: dict[str, Any]) -> Row:
        if not table.startswith("raw.") or "_blob" not in values:
            return Row(table, "engine", key, counted)
        landing = self.snapshot.landing(values["_resource"], values["_blob"])
        record = records.of(self.config, landing, values)
        if self.verify and not record.problem:
            good, why_not = records.verified(self.config, record, table, values)
            record = replace(record, verified=good, problem=why_not)
        shown = {column: value for column, value in counted.items() if column not in _MARKS}
        return Row(table, "raw", key, shown, record=record)

    def _followed(self, model: Model, number: int, key: dict[str, Any], counted: dict[str, Any], level: int) -> Row:
        if self.depth is not None and level >= self.depth:
            return Row(model.table, "model", key, counted, where=_line(self.config.root, model, list(counted)))
        columns = [*dict.fromkeys([*key, *counted])]
        listed = ", ".join(map(name, columns))
        cells = f"SELECT {listed} FROM ({self.snapshot.rows(model.table)}) WHERE _row = {number}"
        witness = self.snapshot.query(model).find(cells)
        inputs = [self._inputs(model, table, witness, level) for table in witness.counts]
        return Row(
            model.table,
            "model",
            key,
            counted,
            where=_line(self.config.root, model, list(counted)),
            verdict=witness.verdict,
            proved=witness.proved,
            notes=witness.notes,
            inputs=tuple(inputs),
        )

    def _inputs(self, model: Model, table: str, witness: why.Witness, level: int) -> Inputs:
        room = max(NODES - len(self._rows), 0)
        chosen = witness.rows[table][: min(max(FOLLOWED >> level, 1), room)]
        columns = witness.columns.get(table, ())
        rows = tuple(self.row(table, number, columns, level + 1) for number in chosen)
        needed = min(len(witness.rows[table]), witness.counts[table])
        if witness.counts[table] > why.MOST:
            needed = witness.counts[table]
        return Inputs(table, witness.counts[table], needed, rows, _named_at(self.config.root, model, table))


def _line(root: Path, model: Model, columns: Sequence[str]) -> str:
    """file:line of the expression of a column; of the SELECT, where that is unknown."""
    from lake.trace.why import syntax

    node = syntax.parse(model.sql)
    while node["type"] != "SELECT_NODE" and "left" in node:
        node = node["left"]
    items = node.get("select_list", [])
    for item in items:
        own = item["alias"] or (item["column_names"][-1] if item.get("class") == "COLUMN_REF" else "")
        if columns and own.lower() == columns[0].lower():
            return _place(root, model, _location(item))
    return _place(root, model, min(map(_location, items), default=0))


def _location(item: dict[str, Any]) -> int:
    """Where an expression begins in its text: what DuckDB writes otherwise has no place, but its parts have one."""
    from lake.trace.why import syntax

    places = [node["query_location"] for node in syntax.walk(item) if "query_location" in node]
    return min((position for position in places if isinstance(position, int) and position < _NOWHERE), default=0)


def _place(root: Path, model: Model, at: int) -> str:
    line = model.sql.encode().count(b"\n", 0, at) + 1
    return f"{_file(root, model)}:{line}"


def _named_at(root: Path, model: Model, table: str) -> str:
    for number, line in enumerate(model.sql.splitlines(), 1):
        if table in line.partition("--")[0].lower():
            return f"{_file(root, model)}:{number}"
    return _file(root, model)


def _seed_line(root: Path, model: Model, key: Mapping[str, Any]) -> str:
    """file:line of a seed's row."""
    import csv

    with model.path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header, first = next(reader, []), reader.line_num + 1
        places = [header.index(column) for column in key if column in header]
        cells_of_key = [str(key[column]) if key[column] is not None else "" for column in key if column in header]
        for cells in reader:
            if cells and [cells[i].strip() for i in places] == [text.strip() for text in cells_of_key]:
                return f"{_file(root, model)}:{first}"
            first = reader.line_num + 1
    return _file(root, model)


def _file(root: Path, model: Model) -> str:
    return str(model.path.relative_to(root)) if model.path.is_relative_to(root) else str(model.path)
