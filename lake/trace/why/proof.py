"""That some stored rows give a row of a query: its own SQL is run over these alone, and compared bit for bit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lake.build import row_identity
from lake.store.sql import name
from lake.trace.why.points import Points
from lake.trace.why.relations import ROW, Relation

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from lake.trace.why.tracer import Tracer


@contextmanager
def alone(connection: DuckDBPyConnection, stored: Mapping[str, Relation], inputs: str) -> Iterator[None]:
    """Within it, the stored tables have only the rows that a table names: ``table``, ``row``."""
    reduced_tables = []
    try:
        for i, relation in enumerate(stored.values()):
            among = _among(connection, relation, inputs)
            connection.execute(
                f"""CREATE OR REPLACE TEMP TABLE _only{i} AS SELECT * EXCLUDE ({name(ROW)}) FROM {relation.rows}
                    WHERE {among}
                    ORDER BY {name(ROW)}"""
            )
            reduced_tables.append(f"_only{i}")
            connection.execute(f"CREATE OR REPLACE VIEW {relation.view} AS FROM temp._only{i}")
        yield
    finally:
        for relation in stored.values():
            connection.execute(
                f"CREATE OR REPLACE VIEW {relation.view} AS SELECT * EXCLUDE ({name(ROW)}) FROM {relation.rows}"
            )
        for table in reduced_tables:
            connection.execute(f"DROP TABLE temp.{table}")


FEW = 2_000  # rows whose numbers are written into a query, so that DuckDB reads little more than these


def _among(connection: DuckDBPyConnection, relation: Relation, inputs: str) -> str:
    """The condition that a row is among those found."""
    numbers = f"SELECT row FROM {inputs} WHERE \"table\" = '{relation.table}'"
    rows = [str(row) for (row,) in connection.execute(f"{numbers} LIMIT {FEW + 1}").fetchall()]
    if not rows:
        return "false"
    return f"{name(ROW)} IN ({', '.join(rows) if len(rows) <= FEW else numbers})"


def gives(tracer: Tracer, sql: str, cells: Points, inputs: str) -> bool:
    """Whether a query over the found rows alone gives all requested rows, bit for bit."""
    connection = tracer.connection
    with alone(connection, tracer.relations.stored, inputs):
        result = tracer.table(tracer.matching(sql, cells, ", ".join(map(name, cells.columns))))
    exact = (_exact(connection, table, cells.columns) for table in (cells.table, result))
    return connection.execute(f"{' EXCEPT '.join(exact)} LIMIT 1").fetchone() is None


TRIES = 40  # runs of a query over fewer rows
MOST = 20_000  # rows of which fewer are tried


def reduced(tracer: Tracer, sql: str, cells: Points, inputs: str) -> str:
    """Fewer of the found rows that alone give the requested ones, by leaving out ever smaller parts of them.

    It is the delta debugging of Zeller & Hildebrandt (IEEE TSE 28, 2002), stopped after `TRIES` runs: what is left may
    hold rows that are not needed, and never lacks one that is.
    """
    rows = tracer.connection.execute(f'SELECT "table", row FROM {inputs} ORDER BY ALL LIMIT {MOST + 1}').fetchall()
    if len(rows) > MOST:
        return inputs
    parts, tries = 2, 0
    smallest = inputs
    while len(rows) > 1 and tries < TRIES:
        size = -(-len(rows) // parts)
        smaller = None
        for at in range(0, len(rows), size):
            tries += 1
            fewer = rows[:at] + rows[at + size :]
            candidate = _rows(tracer, fewer)
            if gives(tracer, sql, cells, candidate):
                rows, smallest, smaller = fewer, candidate, candidate
                break
            if tries >= TRIES:
                break
        if smaller is None and size == 1:
            break
        parts = max(parts - 1, 2) if smaller else min(parts * 2, len(rows))
    return smallest


def _rows(tracer: Tracer, rows: Sequence[tuple[str, int]]) -> str:
    listed = ", ".join(f"('{table}', {row})" for table, row in rows) or "(NULL, NULL)"
    return tracer.table(
        f"""SELECT CAST("table" AS VARCHAR) AS "table", CAST(row AS BIGINT) AS row
            FROM (VALUES {listed}) AS t("table", row) WHERE row IS NOT NULL"""
    )


def _exact(connection: DuckDBPyConnection, table: str, columns: Sequence[str]) -> str:
    """A SELECT of values that are the same exactly where the rows are, bit for bit."""
    described = {row[0]: row[1] for row in connection.execute(f"DESCRIBE {table}").fetchall()}
    listed = [expression for c in columns for expression in row_identity.exact(name(c), described[c])]
    return f"SELECT {', '.join(listed)} FROM {table}"
