"""A column has the type that its contract promises, whoever reads it; a type that its files do not keep is refused."""

from __future__ import annotations

import duckdb
import pytest

from lake import config
from lake.build import graph, preflight
from lake.build import run as building
from lake.store import catalog

SPELLED = {
    "DECIMAL": "DECIMAL(18,3)",
    "ENUM": "ENUM('a', 'b')",
    "UNION": "UNION(a INTEGER, b VARCHAR)",
    "ARRAY": "INTEGER[3]",
    "LIST": "JSON",
}
NOT_OF_COLUMNS = ("NULL", "TYPE", "STRUCT", "MAP")
NESTED = ("{}", "{}[]", "STRUCT(a VARCHAR, b {})", "MAP(VARCHAR, {})", 'STRUCT("a BIT" VARCHAR, "bit" {})')


def types():
    with duckdb.connect() as connection:
        rows = connection.execute("SELECT DISTINCT logical_type FROM duckdb_types() ORDER BY 1").fetchall()
    return [SPELLED.get(type, type) for (type,) in rows if type not in NOT_OF_COLUMNS]


def described(connection, tables):
    return {table: connection.execute(f"DESCRIBE core.{table}").fetchone()[1] for table in tables}


@pytest.mark.long
def test_a_type_is_kept_or_refused(tmp_path):
    (tmp_path / "lake.toml").write_text('[lake]\nname = "x"\n')
    (tmp_path / "models").mkdir()
    (tmp_path / "sql" / "core").mkdir(parents=True)
    text = "from typing import Annotated\nfrom lake.contract import SqlType, Table\n"
    nestings = [nested.format(type) for type in types() for nested in NESTED[: 1 if "(" in type else None]]
    columns = {f"t{i}": type for i, type in enumerate(nestings)}
    for table, type in columns.items():
        text += f"class {table.title()}(Table, empty=True):\n    k: Annotated[str | None, SqlType({type!r})]\n"
        (tmp_path / "sql" / "core" / f"{table}.sql").write_text(f"SELECT CAST(NULL AS {type}) AS k")
    (tmp_path / "models" / "core.py").write_text(text)
    settings = config.load(tmp_path)
    project = graph.load(settings)
    problems = preflight.problems(project, project.models.values(), {})
    refused = {problem.what.split()[0].removeprefix("core.") for problem in problems}
    building.run(settings, sorted(f"core.{table}" for table in columns.keys() - refused))
    kept = sorted(columns.keys() - refused)
    with duckdb.connect(str(tmp_path / "lake.duckdb"), read_only=True) as published:
        assert described(published, kept) == {table: columns[table] for table in kept}
    with catalog.session(settings) as connection:
        assert described(connection, kept) == {table: columns[table] for table in kept}
    assert {"BIGINT", "DOUBLE", "VARCHAR[]", "TIMESTAMP_NS", "JSON"} <= {columns[table] for table in kept}
    assert {"HUGEINT[]", "TIMESTAMP_S", "BIT", "INTEGER[3]"} <= {columns[table] for table in refused}
