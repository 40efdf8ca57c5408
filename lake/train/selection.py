"""Which runs a dataset has: those of a split that meet a condition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lake.errors import ConfigError
from lake.store.catalog import first_line
from lake.store.sql import quote

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lake.reader import Lake


def check(lake: Lake) -> None:
    """Whether the snapshot has the table and the columns that [roles] names.

    Raises:
        ConfigError: it has not.
    """
    roles = lake.config.roles
    schema, _, table = roles.runs.partition(".")
    rows = lake.connection.execute(
        "SELECT column_name FROM duckdb_columns() WHERE database_name = 'lake' AND NOT internal "
        f"AND schema_name = {quote(schema)} AND table_name = {quote(table)}"
    ).fetchall()
    columns = [column for (column,) in rows]
    wrong = [role for role in ("key", "split") if getattr(roles, role) not in columns]
    if wrong:
        role = wrong[0] if columns else "runs"
        raise ConfigError(
            f"{roles.runs} has no column {getattr(roles, role)!r}" if columns else f"there is no table {roles.runs}",
            where=f"{lake.config.where('roles', role)}, at snapshot {lake.snapshot}",
            why=f"it has {', '.join(columns)}" if columns else "it has the runs that models are trained on",
            next=f"name it in [roles] of lake.toml, or build the table: lake build +{roles.runs}",
        )


def keys(lake: Lake, split: str | None, where: str) -> NDArray[np.int64]:
    """The keys of the runs in a split (None: all) that meet a condition in SQL, ascending.

    Raises:
        ConfigError: there are none, or the condition cannot be run.
    """
    import duckdb

    roles = lake.config.roles
    conditions = [] if split is None else [f"{roles.split} = {quote(split)}"]
    if where.strip():
        conditions.append(f"({where}\n)")  # on a line of its own: it may end in a comment
    condition = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    try:
        rows = lake.connection.execute(f"SELECT {roles.key} FROM {roles.runs} {condition}").fetchnumpy()[roles.key]
        if len(rows):
            return np.sort(np.asarray(rows, dtype=np.int64))
        sizes = lake.connection.execute(
            f"SELECT {roles.split}, count(*) FROM {roles.runs} GROUP BY 1 ORDER BY 1"
        ).fetchall()
    except duckdb.Error as error:
        raise ConfigError(
            f"the runs cannot be selected: {first_line(error)}",
            where=f"{roles.runs} {condition}".rstrip(),
            why=f"[roles] names the table and its columns: {lake.config.where('roles')}",
        ) from None
    raise ConfigError(
        f"no run is in split {split!r}" + (f" where {where}" if where else ""),
        where=f"{roles.runs} at snapshot {lake.snapshot}",
        why="; ".join(f"{name} has {count}" for name, count in sizes) or "the table is empty",
    )
