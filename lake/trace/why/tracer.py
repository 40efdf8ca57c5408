"""Which stored rows some rows of a query depend on: requests for rows, passed from each relation to what it reads.

Every answer W is stable: the rows asked for are among the query's rows over W, and over any rows between W and all
that there are. So they stay when a row outside W is deleted, and W alone gives them. A request is made in one of two
ways: the rows must stay ("exists"), or nothing else may come either ("bag": what is counted, summed, ranked or looked
for in vain). Where a query cannot be followed exactly, the rows of a wider region are taken; where not at all, whole
tables are, and `Found.notes` says why.

Cui & Widom: Tracing the lineage of view data in a warehousing environment (ACM TODS 25, 2000) trace a view's rows
through its segments likewise; that deleting other rows changes nothing is what "bag" adds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lake.store.sql import name, quote
from lake.trace.why import syntax
from lake.trace.why.points import Points
from lake.trace.why.relations import ROW, Relation, Relations, sides
from lake.trace.why.syntax import Node

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_FEW = 64  # points whose values are written into a query, so that DuckDB can look for them early
_PLAIN = (
    *("VARCHAR", "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "DOUBLE", "FLOAT", "BOOLEAN", "DATE", "TIMESTAMP"),
    *("UBIGINT", "UINTEGER", "USMALLINT", "UTINYINT", "HUGEINT"),
)


@dataclass(slots=True)
class Tracer:
    """One trace. ``connection`` has the stored tables as views, and the macros; what it makes there is temporary."""

    connection: DuckDBPyConnection
    relations: Relations
    rules: Mapping[str, Callable[[Tracer, Relation, Points, bool], None]]  # how a query of each other kind is followed
    choose: bool = True  # whether of a group only the rows that max() and others chose are taken
    notes: dict[str, None] = field(default_factory=dict)  # why the answer is larger than it need be
    direct: str = ""  # table of what was found
    _queue: deque[tuple[Relation, Points, bool]] = field(default_factory=deque)
    _done: set[tuple[str, str, bool]] = field(default_factory=set)
    _visited: dict[tuple[Any, ...], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.direct = self.relations.fresh("found")
        self.connection.execute(f'CREATE TEMP TABLE {self.direct} ("table" VARCHAR, row BIGINT)')

    def run(self, relation: Relation, points: Points) -> None:
        """Find what rows of a relation depend on."""
        self.ask(relation, points)
        while self._queue:
            self._answer(*self._queue.popleft())

    def ask(self, relation: Relation, points: Points, bag: bool = False) -> None:
        self._queue.append((relation, points, bag))

    def _answer(self, relation: Relation, points: Points, bag: bool) -> None:
        import duckdb

        if relation.node is None:
            self._stored(relation, points)
            return
        new = self._new(relation, points, bag)
        if new is None:
            return
        try:
            kind = relation.node["type"]
            if kind == "SET_OPERATION_NODE":
                self._sides(relation, new, bag)
            elif kind == "RECURSIVE_CTE_NODE":
                self._recursive(relation, new, bag)
            else:
                self.rules[kind](self, relation, new, bag)
        except (duckdb.Error, LookupError) as error:
            self.whole(relation.node, f"a part of it could not be followed: {str(error).splitlines()[0][:120]}")

    def _new(self, relation: Relation, points: Points, bag: bool) -> Points | None:
        """The points that this relation was not asked for yet; None, where there are none."""
        needs = points.needs if bag else ()
        key = (relation.view, points.columns, needs, bag)
        visited = self._visited.get(key)
        listed = ", ".join(map(name, points.columns)) or "1 AS _"
        if visited is None:
            visited = self._visited[key] = self.table(f"SELECT DISTINCT {listed} FROM {points.table}")
            return replace(points, table=visited) if self.any(visited) else None
        new = self.table(f"SELECT DISTINCT {listed} FROM {points.table} EXCEPT FROM {visited}")
        if not self.any(new):
            return None
        self._visited[key] = self.table(f"FROM {visited} UNION ALL FROM {new}")
        return replace(points, table=new)

    def _stored(self, relation: Relation, points: Points) -> None:
        self.relations.use(relation, points.columns)
        matching = self.matching(f"SELECT * FROM {relation.rows}", points, name(ROW))
        self.connection.execute(
            f"INSERT INTO {self.direct} SELECT {quote(relation.table)}, {name(ROW)} FROM ({matching})"
        )

    def take(self, relation: Relation, rows: str, column: str) -> None:
        """Take stored rows, whose numbers are in a column of a table."""
        self.connection.execute(
            f"INSERT INTO {self.direct} SELECT DISTINCT {quote(relation.table)}, {column} FROM {rows} "
            f"WHERE {column} IS NOT NULL"
        )

    def whole(self, tree: Node, why: str) -> None:
        """Take all rows of the stored tables that a tree reads."""
        self.notes[why] = None
        for relation in self.relations.under(tree).values():
            self.take(relation, relation.rows, name(ROW))

    def everything(self, relation: Relation, bag: bool = True) -> None:
        """Ask for all rows of a relation."""
        self.ask(relation, Points(self.table("SELECT 1 AS _"), ()), bag)

    # SQL

    def table(self, select: str) -> str:
        """A temporary table of what a SELECT gives."""
        table = self.relations.fresh("t")
        self.connection.execute(f"CREATE TEMP TABLE {table} AS {select}")
        return table

    def any(self, table: str, where: str = "true") -> bool:
        return self.connection.execute(f"SELECT 1 FROM {table} WHERE {where} LIMIT 1").fetchone() is not None

    def matching(self, select: str, points: Points, listed: str = "*") -> str:
        """A SELECT of those rows of another that have the points' values."""
        if not points.columns:
            return f"SELECT {listed} FROM ({select}) AS b"
        on = " AND ".join(f"b.{name(c)} IS NOT DISTINCT FROM p.{name(c)}" for c in points.columns)
        condition = self._near(points)
        return f"SELECT {listed} FROM ({select}) AS b SEMI JOIN {points.table} AS p ON {on} WHERE {condition}"

    def _near(self, points: Points) -> str:
        """A condition that all rows of the points meet, which DuckDB takes below a GROUP BY or a window."""
        described = self.connection.execute(f"DESCRIBE {points.table}").fetchall()
        types = {row[0]: row[1] for row in described}
        texts = ", ".join(
            f"list(DISTINCT CAST({name(c)} AS VARCHAR)), count(*) > count({name(c)})" for c in points.columns
        )
        count, *values = self.connection.execute(f"SELECT count(*), {texts} FROM {points.table}").fetchone()  # type: ignore[misc]
        if count > _FEW:
            return "true"
        tests = []
        for i, column in enumerate(points.columns):
            type, listed, null = types[column], values[2 * i], values[2 * i + 1]
            if type in _PLAIN and not any("\0" in text for text in listed or [] if text is not None):
                tests.append(_among(f"b.{name(column)}", type, [t for t in listed or [] if t is not None], null))
        return " AND ".join(tests) or "true"

    # Set operations and recursion

    def _sides(self, relation: Relation, points: Points, bag: bool) -> None:
        node = relation.node or {}
        kind, limited = node["setop_type"], [m for m in node["modifiers"] if m["type"].startswith("LIMIT")]
        if limited:
            bag, points = True, Points(points.table, (), points.needs)
            self.notes["LIMIT after a set operation: all rows of both sides"] = None
        parts = [self.relations.of(syntax.clone(side)) for side in sides(node)]
        for i, part in enumerate(parts):
            own = self._columns_of_side(relation, part, points, kind == "UNION_BY_NAME")
            if own is None:
                continue
            looked_for = kind == "EXCEPT" and i == 1
            if not looked_for:
                self.ask(part, own, bag)
            elif bag or not self.relations.monotone(part):
                self.ask(part, own, True)

    def _columns_of_side(self, relation: Relation, part: Relation, points: Points, by_name: bool) -> Points | None:
        """The points, with the names that a side has for their columns; None where it can have none of these rows."""
        if not by_name:
            names = dict(zip(relation.columns, part.columns, strict=False))
            return points.renamed(self.connection, names, self.relations.fresh("p"))
        lower = {column.lower(): column for column in part.columns}
        present = [column for column in points.columns if column.lower() in lower]
        absent = [f"{name(column)} IS NULL" for column in points.columns if column not in present]
        listed = ", ".join(f"{name(c)} AS {name(lower[c.lower()])}" for c in present) or "1 AS _"
        table = self.table(f"SELECT {listed} FROM {points.table} WHERE {' AND '.join(absent) or 'true'}")
        needs = None if points.needs is None else tuple(lower[c.lower()] for c in points.needs if c.lower() in lower)
        return Points(table, tuple(lower[c.lower()] for c in present), needs) if self.any(table) else None

    def _recursive(self, relation: Relation, points: Points, bag: bool) -> None:
        node = relation.node or {}
        if not self.relations.monotone(relation) or node.get("key_targets"):
            self.whole(node, "a recursive CTE that counts, ranks or leaves out: all rows that it reads")
            return
        rows = self.matching(f"FROM {relation.view}", points)
        new = self.table(f"SELECT DISTINCT * FROM ({rows})")
        visited = self._visited.get((relation.view, True))
        if visited is not None:
            new = self.table(f"FROM {new} EXCEPT FROM {visited}")
        self._visited[relation.view, True] = self.table(
            f"FROM {new}" + (f" UNION ALL FROM {visited}" if visited else "")
        )
        for side in sides(node):
            own = {relation.cte: relation}
            part = self.relations.of(syntax.clone(side), own)
            names = dict(zip(relation.columns, part.columns, strict=True))
            whole = Points(new, relation.columns)
            self.ask(part, whole.renamed(self.connection, names, self.relations.fresh("p")))


def _among(value: str, type: str, texts: Iterable[str], null: bool) -> str:
    listed = ", ".join(f"CAST({quote(text)} AS {type})" for text in texts)
    tests = [f"{value} IN ({listed})"] * bool(listed) + [f"{value} IS NULL"] * null
    return f"({' OR '.join(tests) or 'false'})"


def stored(connection: DuckDBPyConnection, selects: Mapping[str, str]) -> dict[str, Relation]:
    """The stored tables as relations.

    Args:
        selects: by layer.table, a SELECT of its columns and of ``_row``, the number of each row.
    """
    relations = {}
    for table, select in selects.items():
        layer, _, stem = table.partition(".")
        rows, view = name(f"_rows of {table}"), f"{name(layer)}.{name(stem)}"
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {rows} AS {select}")
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {name(layer)}")
        connection.execute(f"CREATE OR REPLACE VIEW {view} AS SELECT * EXCLUDE ({name(ROW)}) FROM ({select})")
        described = connection.execute(f"DESCRIBE {view}").fetchall()
        relations[table.lower()] = Relation(view, tuple(row[0] for row in described), None, table, rows)
    return relations
