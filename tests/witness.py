"""Stored rows that can be deleted: what tracing says of a cell is held against the query over fewer rows."""

from __future__ import annotations

import random
from itertools import combinations

import duckdb
from constructs import MACROS

from lake.build import row_identity
from lake.store.sql import name
from lake.trace import why


class Database:
    """The stored tables with any of their rows."""

    def __init__(self, tables: dict[str, str], macros: list[str] = MACROS):
        self.connection = duckdb.connect(config={"threads": 1})
        for macro in macros:
            self.connection.execute(macro)
        self.connection.execute("CREATE SCHEMA core")
        self.tables = tables
        self.given: dict[tuple, set[int]] = {}
        self.all = {
            (table, row)
            for table, select in tables.items()
            for (row,) in self.connection.execute(f"SELECT _row FROM ({select})").fetchall()
        }

    def rows(self, sql: str, columns: list[str], among: set[tuple[str, int]]) -> set[int]:
        """Digests of some columns of a query's rows over these stored rows alone."""
        key = (sql, tuple(columns), frozenset(among))
        if key not in self.given:
            self.given[key] = self._rows(sql, columns, among)
        return self.given[key]

    def _rows(self, sql: str, columns: list[str], among: set[tuple[str, int]]) -> set[int]:
        for table, select in self.tables.items():
            kept = ", ".join(str(row) for t, row in among if t == table) or "NULL"
            self.connection.execute(
                f"CREATE OR REPLACE TABLE {table} AS "
                f"SELECT * EXCLUDE (_row) FROM ({select}) WHERE _row IN ({kept}) ORDER BY _row"
            )
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE given AS {sql}")
        types = {row[0]: row[1] for row in self.connection.execute("DESCRIBE given").fetchall()}
        row = row_identity.digest([(column, types[column]) for column in columns])
        return {digest for (digest,) in self.connection.execute(f"SELECT DISTINCT {row} FROM given").fetchall()}

    def cells(self, sql: str, key: list[str]) -> list[tuple[list[str], str]]:
        """Each cell of a query: the columns of its key and its own, and a SELECT of their values."""
        self.rows("SELECT 1 AS a", ["a"], self.all)  # the tables, with all of their rows
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE given AS {sql}")
        self.connection.execute("CREATE OR REPLACE TABLE core.given AS FROM temp.given")
        count = self.connection.execute("SELECT count(*) FROM core.given").fetchone()[0]
        found = []
        for column in self.columns(sql):
            columns = [*key, column] if column not in key else key
            listed = ", ".join(map(name, columns))
            for i in range(count):
                found.append((columns, f"SELECT {listed} FROM core.given LIMIT 1 OFFSET {i}"))
        return found

    def is_null(self, select: str) -> bool:
        """Whether the last of the values is null."""
        return self.connection.execute(select).fetchone()[-1] is None

    def columns(self, sql: str) -> list[str]:
        return [row[0] for row in self.connection.execute(f"DESCRIBE {sql}").fetchall()]


def find(database: Database, sql: str, wanted: str) -> tuple[why.Witness, set[tuple[str, int]]]:
    connection = duckdb.connect(config={"threads": 1})
    for macro in MACROS:
        connection.execute(macro)
    connection.execute("CREATE SCHEMA IF NOT EXISTS core")
    connection.register("given", database.connection.execute(wanted).to_arrow_table())
    witness = why.find(connection, database.tables, sql, "SELECT * FROM given")
    return witness, set(connection.execute(f"FROM {witness.table}").fetchall())


def holds(database: Database, sql: str, columns: list[str], wanted: int, among: set) -> bool:
    return wanted in database.rows(sql, columns, among)


def check(database: Database, sql: str, columns: list[str], select: str, chance: random.Random) -> tuple[str, set]:
    """Trace a cell, and hold the answer against deleting rows. Gives its verdict and its rows."""
    witness, found = find(database, sql, select)
    types = {row[0]: row[1] for row in database.connection.execute(f"DESCRIBE {select}").fetchall()}
    row = row_identity.digest([(column, types[column]) for column in columns])
    wanted = database.connection.execute(f"SELECT {row} FROM ({select})").fetchone()[0]
    assert witness.proved, (witness, select)
    assert holds(database, sql, columns, wanted, found), ("the rows alone do not give the cell", witness)
    fewer = {(table, row) for table, rows in witness.rows.items() for row in rows}
    assert fewer <= found
    assert holds(database, sql, columns, wanted, fewer), ("the fewer rows alone do not give the cell", witness)
    others = sorted(database.all - found)
    for one in others:
        assert holds(database, sql, columns, wanted, database.all - {one}), ("a row outside matters", one, witness)
    for _ in range(3):
        gone = {one for one in others if chance.random() < 0.5}
        assert holds(database, sql, columns, wanted, database.all - gone), ("rows outside matter", gone, witness)
    return witness.verdict, found


def idle(database: Database, sql: str, columns: list[str], select: str, found: set) -> set:
    """The found rows that decide the cell beside no others of them: those that are too many."""
    types = {row[0]: row[1] for row in database.connection.execute(f"DESCRIBE {select}").fetchall()}
    row = row_identity.digest([(column, types[column]) for column in columns])
    wanted = database.connection.execute(f"SELECT {row} FROM ({select})").fetchone()[0]
    gives = {
        frozenset(some): holds(database, sql, columns, wanted, set(some))
        for size in range(len(found) + 1)
        for some in combinations(sorted(found), size)
    }
    return {one for one in found if not any(gives[some] != gives[some | {one}] for some in gives if one not in some)}
