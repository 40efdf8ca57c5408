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
from lake.trace.why.relations import Relations
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
        counts: how many of each table.
        rows: their numbers by table, the first `MOST` of each.
        verdict: "exact"; "larger": rows are among them that need not be, and ``notes`` says why; "refused": all rows
            of all tables, for the query could not be followed.
        proved: whether the query over these rows alone gives the same, bit for bit.
    """

    counts: Mapping[str, int]
    rows: Mapping[str, list[int]]
    verdict: str
    proved: bool
    notes: tuple[str, ...] = ()
    table: str = field(default="", repr=False)  # of the connection: their "table" and "row"


def find(connection: DuckDBPyConnection, tables: Mapping[str, str], sql: str, wanted: str) -> Witness:
    """The stored rows that the wanted rows of a query depend on.

    Args:
        connection: a DuckDB connection with the macros that the query calls.
        tables: by layer.table, a SELECT of a stored table's columns and of ``_row``, which numbers its rows.
        sql: the query.
        wanted: a SELECT of some of its columns: rows with these values are asked for.
    """
    known = stored(connection, tables)
    for choose in (True, False):
        relations = Relations(connection, known)
        tracer = Tracer(connection, relations, _RULES, choose)
        witness = _find(tracer, sql, wanted)
        if witness.proved:
            return witness
    return witness


def _find(tracer: Tracer, sql: str, wanted: str) -> Witness:
    import duckdb

    table = tracer.table(wanted)
    columns = tuple(row[0] for row in tracer.connection.execute(f"DESCRIBE {table}").fetchall())
    points = Points(table, columns)
    verdict = ""
    try:
        tracer.run(tracer.relations.of(syntax.parse(sql)), points)
    except (duckdb.Error, ValueError, LookupError) as error:
        verdict = REFUSED
        tracer.notes = {f"the query cannot be followed: {str(error).splitlines()[0]}": None}
    found = tracer.table(f'SELECT DISTINCT * FROM {tracer.direct} ORDER BY "table", row')
    proved = not verdict and proof.gives(tracer, sql, points, found)
    if not proved and not tracer.choose:
        verdict = REFUSED
        for relation in tracer.relations.stored.values():
            tracer.take(relation, relation.rows, "_row")
        found = tracer.table(f'SELECT DISTINCT * FROM {tracer.direct} ORDER BY "table", row')
        proved = proof.gives(tracer, sql, points, found)
    return _witness(tracer, found, verdict or (LARGER if tracer.notes else EXACT), proved)


def _witness(tracer: Tracer, found: str, verdict: str, proved: bool) -> Witness:
    rows: dict[str, list[int]] = {}
    execute = tracer.connection.execute
    counts = dict(execute(f'SELECT "table", count(*) FROM {found} GROUP BY ALL ORDER BY ALL').fetchall())
    for table in counts:
        listed = execute(f"SELECT row FROM {found} WHERE \"table\" = '{table}' ORDER BY row LIMIT {MOST}").fetchall()
        rows[table] = [row for (row,) in listed]
    return Witness(counts, rows, verdict, proved, tuple(tracer.notes), found)
