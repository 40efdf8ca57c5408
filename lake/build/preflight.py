"""Mistakes found before anything runs: every model is bound by DuckDB against tables without rows.

Unknown tables and columns, wrong arguments of macros, a contract that disagrees with what the SELECT gives, types that
files do not keep, functions that give something else each time: all that are there, each with its place.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from lake.build import determinism, normalisation, seeds
from lake.build.model import Model, Project, unknown_table
from lake.build.workspace import Columns, create_macros, selected
from lake.errors import LakeError, ModelError
from lake.store.catalog import first_line
from lake.store.sql import connect, name

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# Types that Parquet files or the catalog give back as others, or not at all, wherever they stand in a type's text.
E = TypeVar("E", bound=LakeError)
_CHANGED = re.compile(
    r"(?<!\w)(U?HUGEINT|BIGNUM|BIT|INTERVAL|TIME_NS|TIMESTAMP_S|TIMESTAMP_MS|TIME WITH TIME ZONE|VARIANT|GEOMETRY"
    r"|ENUM|UNION)(?=$|[\[\](),])|\[\d+\]"
)
_QUOTED = re.compile(r'"[^"]*"')  # the name of a field


def check(project: Project, models: Iterable[Model], raw: Mapping[str, Columns]) -> None:
    """Bind the models, whose other inputs have these columns.

    Raises:
        ModelError: one of them cannot be built; its note names the others.
    """
    normalisation.check(project)
    if errors := problems(project, models, raw):
        raise together(errors)


def problems(project: Project, models: Iterable[Model], raw: Mapping[str, Columns]) -> list[ModelError]:
    """What is wrong with the models, whose other inputs have these columns; the first of each.

    Raises:
        ModelError: DuckDB refuses a macro.
    """
    with connect() as connection:
        create_macros(connection, project)
        varying = determinism.varying(connection)
        models = list(models)
        _tables(connection, project, models, raw)
        return [problem for model in models if (problem := _problem(connection, project, model, raw, varying))]


def result_columns(project: Project, model: Model) -> Columns | ModelError:
    """The columns that a model without a contract gives, or what is wrong with it; none, where an input has none."""
    import duckdb

    if not project.models.keys() >= set(model.inputs):
        return []
    try:
        with connect() as connection:
            create_macros(connection, project)
            _tables(connection, project, [model], {})
            return [row[:2] for row in connection.execute(f"DESCRIBE {model.sql}").fetchall()]
    except duckdb.Error as error:
        return refused(model, error)


def _tables(connection: DuckDBPyConnection, project: Project, models: list[Model], raw: Mapping[str, Columns]) -> None:
    """What the models read, as views without rows."""
    schemas = set()
    for table in sorted({table for model in models for table in model.inputs}):
        model_of = project.models.get(table)
        columns = [(c.name, c.type) for c in model_of.contract.columns] if model_of else raw.get(table)
        if columns is None:
            continue
        schema, _, stem = table.partition(".")
        if schema not in schemas:
            connection.execute(f"CREATE SCHEMA {name(schema)}")
            schemas.add(schema)
        connection.execute(f"CREATE VIEW {name(schema)}.{name(stem)} AS {selected([], columns)}")


def _problem(
    connection: DuckDBPyConnection, project: Project, model: Model, raw: Mapping[str, Columns], varying: Container[str]
) -> ModelError | None:
    import duckdb

    try:
        for table in model.inputs:
            if table not in project.models and table not in raw:
                raise unknown_table(model, table, [*project.models, *raw])
        determinism.check(project, model, varying)
        select = seeds.select(model) if model.seed else model.sql.rstrip().rstrip(";")
        columns = [row[:2] for row in connection.execute(f"DESCRIBE {select}").fetchall()]
        _once(model, [column for column, _ in columns])
        _agree(model, dict(columns))
    except ModelError as problem:
        return problem
    except duckdb.Error as error:
        return refused(model, error)
    return None


def _once(model: Model, columns: list[str]) -> None:
    """Refuse a SELECT with two columns of one name, of which one would be lost."""
    lower = [column.lower() for column in columns]
    if twice := sorted({column for column in columns if lower.count(column.lower()) > 1}):
        raise ModelError(
            f"{model.table} gives {', '.join(twice)} more than once",
            where=str(model.path),
            why="names differ by more than their case; SELECT * of a join gives both tables' columns",
            next="name the columns, or leave one out: SELECT a.*, b.* EXCLUDE (id)",
        )


def _agree(model: Model, types: Mapping[str, str]) -> None:
    """Compare the contract with the columns that DuckDB says the SELECT gives."""
    promised = {column.name: column.type for column in model.contract.columns}
    problems = [f"{column} {type} is not promised" for column, type in types.items() if column not in promised]
    for column, type in promised.items():
        if column not in types:
            problems.append(f"{column} {type} is promised, but not given")
        elif types[column] != type:
            problems.append(f"{column} is {types[column]}, but {type} is promised")
    changed = [column for column, type in types.items() if _CHANGED.search(_QUOTED.sub("_", type))]
    problems = [
        f"{column} is {types[column]}, which its files would return as another type" for column in changed
    ] + problems
    if problems:
        raise ModelError(
            f"{model.table} and its contract disagree: {'; '.join(problems[:6])}",
            where=str(model.path),
            why=f"see {model.contract.where}",
            next="CAST the column in the SELECT, or change the contract",
        )


def refused(model: Model, error: Exception) -> ModelError:
    """DuckDB's error as ours, with the line of the model's own file."""
    if model.seed:
        return seeds.explain(model, first_line(error))
    text = str(error)
    line = next((part.split(":")[0] for part in text.split("LINE ")[1:]), "1")
    line = line if line.isdigit() else "1"
    caret = "\n".join(row for row in text.split("\n")[1:] if row.strip())
    return ModelError(
        f"{model.table} cannot be built: {first_line(error)}",
        where=f"{model.path}:{line}",
        why=caret.strip(),
        next=f"correct it, then lake build {model.table}",
    )


def together(problems: Sequence[E]) -> E:
    """The first of them, which names the others."""
    first, *others = problems
    if not others:
        return first
    listed = "; ".join(f"{other.what} ({other.where})" for other in others[:9])
    what = f"{first.what}. And {len(others)} more: {listed}"
    return type(first)(what, where=first.where, why=first.why, next=first.next)
