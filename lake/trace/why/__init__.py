"""Why-provenance: which stored rows a row of a query depends on, found by rewriting its SQL, and proved by running it.

>>> import duckdb
>>> connection = duckdb.connect()
>>> tables = {"core.s": "SELECT * FROM (VALUES (0, 'a', 1), (1, 'a', 5), (2, 'b', 7)) AS t(_row, k, v)"}
>>> witness = find(connection, tables, "SELECT k, max(v) AS v FROM core.s GROUP BY k", "SELECT 'a' AS k, 5 AS v")
>>> witness.rows, witness.verdict
({'core.s': [1]}, 'exact')
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lake.trace.why import pivots, proof, select, syntax
from lake.trace.why.points import Points
from lake.trace.why.relations import Names, Relations
from lake.trace.why.tracer import Tracer, stored

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_RULES = {"SELECT_NODE": select.trace, "PIVOT": pivots.trace}
EXACT, LARGER, REFUSED = "exact", "larger", "refused"
MOST = 10_000  # rows of a table that are listed; all are counted


@dataclass(frozen=True, slots=True)
class Witness:
    """The stored rows that some rows of a query depend on.

    Attributes:
        counts: how many of each table: deleting any others changes nothing.
        rows: their numbers by table, the first `MOST` of each. Where the verdict is "larger" and fewer of them give the
            same, these fewer.
        verdict: "exact"; "larger": rows are counted that need not be, and ``notes`` says why; "refused": all rows of
            all tables, for the query could not be followed.
        proved: whether the query over these rows alone gives the same, bit for bit.
        columns: by table, those that were looked at: computed with, joined by, asked for.
        table: of the connection: the "table" and "row" of all that are counted.
    """

    counts: Mapping[str, int]
    rows: Mapping[str, list[int]]
    verdict: str
    proved: bool
    notes: tuple[str, ...] = ()
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    table: str = field(default="", repr=False)


def find(connection: DuckDBPyConnection, tables: Mapping[str, str], sql: str, cells: str) -> Witness:
    """The stored rows that the requested rows of a query depend on.

    Args:
        connection: a DuckDB connection with the macros that the query calls.
        tables: by layer.table, a SELECT of a stored table's columns and of ``_row``, which numbers its rows.
        sql: the query.
        cells: a SELECT of some of its columns; the rows with these values are traced.
    """
    return Query(connection, tables, sql).find(cells)


class Query:
    """A query of which several rows are to be traced; the arguments are those of `find`.

    Args:
        names: the aggregates that the connection knows, where they were asked for before.
    """

    def __init__(
        self, connection: DuckDBPyConnection, tables: Mapping[str, str], sql: str, names: Names | None = None
    ) -> None:
        import duckdb

        self.connection, self.sql = connection, sql
        self.relations = Relations(connection, stored(connection, tables), names or Names.of(connection))
        self._refused, self._relation = "", None
        try:
            self._relation = self.relations.of(syntax.parse(sql))
        except (duckdb.Error, ValueError, LookupError) as error:
            self._refused = f"the query cannot be followed: {str(error).splitlines()[0]}"

    def find(self, cells: str, *, reduce: bool = True) -> Witness:
        """The stored rows that the requested rows depend on.

        Args:
            reduce: where more rows were found than are needed, try fewer.
        """
        for choose in (True, False):
            tracer = Tracer(self.connection, self.relations, _RULES, choose)
            self.relations.used.clear()
            points = _points(tracer, cells)
            if self._relation is None or not points.columns:
                break
            tracer.run(self._relation, points)
            rows = _distinct(tracer)
            if proof.gives(tracer, self.sql, points, rows):
                verdict = LARGER if tracer.notes else EXACT
                needed = proof.reduced(tracer, self.sql, points, rows) if reduce and tracer.notes else rows
                return self._witness(tracer, rows, needed, verdict, True)
        return self._whole(tracer, points)

    def _whole(self, tracer: Tracer, points: Points) -> Witness:
        """All rows of all tables: for a query that cannot be followed."""
        tracer.notes = {self._refused or "the rows that were found alone do not give it: all rows": None}
        for relation in self.relations.stored.values():
            tracer.take(relation, relation.rows, "_row")
        rows = _distinct(tracer)
        proved = proof.gives(tracer, self.sql, points, rows)
        needed = proof.reduced(tracer, self.sql, points, rows) if proved else rows
        return self._witness(tracer, rows, needed, REFUSED, proved)

    def _witness(self, tracer: Tracer, inputs: str, needed: str, verdict: str, proved: bool) -> Witness:
        execute = self.connection.execute
        counts = dict(execute(f'SELECT "table", count(*) FROM {inputs} GROUP BY ALL ORDER BY ALL').fetchall())
        rows = {
            table: [row for (row,) in execute(f"{_of(needed, table)} ORDER BY row LIMIT {MOST}").fetchall()]
            for table in counts
        }
        used = {table: tuple(columns) for table, columns in self.relations.used.items()}
        return Witness(counts, rows, verdict, proved, tuple(tracer.notes), used, inputs)


def _of(inputs: str, table: str) -> str:
    return f"SELECT row FROM {inputs} WHERE \"table\" = '{table}'"


def _points(tracer: Tracer, cells: str) -> Points:
    table = tracer.table(cells)
    return Points(table, tuple(row[0] for row in tracer.connection.execute(f"DESCRIBE {table}").fetchall()))


def _distinct(tracer: Tracer) -> str:
    return tracer.table(f'SELECT DISTINCT * FROM {tracer.direct} ORDER BY "table", row')
