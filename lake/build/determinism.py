"""Whether a model gives the same table each time, whenever and wherever it runs: all that it calls is asked of DuckDB.

A model is compared by its content, and is up to date as long as what it is made of is as it was. So it must not ask the
clock, chance, the session, the settings, a file or what other tables there are.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import TYPE_CHECKING

from lake.build import parse
from lake.build.model import Macro, Model, Project, Uses
from lake.errors import ModelError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_VARYING = """SELECT DISTINCT function_name FROM duckdb_functions()
              WHERE internal AND function_type IN ('scalar', 'aggregate') AND stability <> 'CONSISTENT'"""
_DETERMINISTIC = frozenset({"error"})  # DuckDB calls it volatile, so that it is not optimised away
_NON_DETERMINISTIC = frozenset(  # of one session or installation, whatever DuckDB says
    "current_catalog current_localtime current_localtimestamp current_role current_setting current_user getvariable "
    "inet_client_addr inet_client_port inet_server_addr inet_server_port json_serialize_plan pg_my_temp_schema "
    "session_user user vector_type version".split()
)
_ROWS = frozenset("generate_series json_each json_tree range repeat repeat_row unnest".split())  # of their arguments
_HIDING = frozenset({"query", "query_table", "json_execute_serialized_sql"})


def varying(connection: DuckDBPyConnection) -> frozenset[str]:
    """The non-deterministic functions; among them DuckDB's own macros that call one."""
    functions = ({name for (name,) in connection.execute(_VARYING).fetchall()} | _NON_DETERMINISTIC) - _DETERMINISTIC
    macros = {name: Uses.of(facts) for name, facts in parse.own_macros().items()}
    more = functions
    while more:
        rest = [(name, uses) for name, uses in macros.items() if name not in functions]
        more = {name for name, uses in rest if uses.tables or any(non_deterministic(uses, functions))}
        functions = functions | more
    return frozenset(functions)


def non_deterministic(uses: Uses, varying: Container[str], own: Container[str] = ()) -> Iterator[str]:
    """The functions among those used that are non-deterministic; ``own`` are macros of those names."""
    yield from uses.session
    yield from (name for name in uses.calls if name in varying and name not in own)
    yield from (name for name in uses.rows_of if name not in _ROWS and name not in own)


def check(project: Project, model: Model, varying: Container[str]) -> None:
    """Refuse what is non-deterministic, and what hides what it reads.

    Raises:
        ModelError: the model, or a macro that it calls, does so; with the line.
    """
    if model.seed:
        return
    used: list[Model | Macro] = [model, *(project.macros[name] for name in model.macros)]
    for text in used:
        for word in non_deterministic(text.uses, varying, project.macros):
            raise _refused(model, text, word)


def _refused(model: Model, text: Model | Macro, word: str) -> ModelError:
    file = str(text.path) if isinstance(text, Model) else text.where
    line, caret = _point(text.sql, word)
    what, why, next = _reason(word)
    through = "" if isinstance(text, Model) else f" through the macro {text.name}"
    return ModelError(f"{model.table} {what}{through}", where=f"{file}:{line}", why=f"{why}\n{caret}", next=next)


def _reason(word: str) -> tuple[str, str, str]:
    written = "age() of one argument" if word == "age" else word if word in parse.OF_SESSION else f"{word}()"
    if word in _HIDING:
        why = "what a model reads must be named in its own SQL, so that it is built after it and follows it"
        return f"calls {written}, which hides what it reads", why, "name the table: FROM layer.table"
    if re.match(r"read_|parquet_|sniff_|glob$|.*_scan", word):
        why = "what a file or another database holds is not in the fingerprint, and its bytes are not kept"
        return f"calls {written}, which reads a file", why, "land it, or put it into seeds/"
    if word in parse.OF_SESSION:
        next = f"take it from a table; where a column of that name is meant: t.{word}"
        return f"calls {written}, which is non-deterministic", "models are compared by content", next
    next = "take the value from a table, or from what was fetched"
    return f"calls {written}, which is non-deterministic", "models are compared by content", next


def _point(sql: str, word: str) -> tuple[int, str]:
    """The line that holds a word, and a caret below it."""
    for number, line in enumerate(sql.splitlines(), 1):
        match = re.search(rf"\b{re.escape(word)}\b", line.partition("--")[0], re.IGNORECASE)
        if match:
            return number, f"{line}\n{' ' * match.start()}^"
    return 1, ""
