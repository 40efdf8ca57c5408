"""What a project is made of: models, macros and seeds, and where their files lie."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lake.config import Roles, default_roles
from lake.contract import Contract
from lake.errors import ConfigError, ModelError


@dataclass(frozen=True, slots=True)
class Uses:
    """What a text uses: see `parse.select`."""

    calls: tuple[str, ...] = ()
    rows_of: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    session: tuple[str, ...] = ()

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Uses:
        return cls(*(tuple(facts[kind]) for kind in ("calls", "rows_of", "tables", "session")))


@dataclass(frozen=True, slots=True)
class Macro:
    name: str
    sql: str  # CREATE MACRO ...
    canonical: str  # a digest of what it means
    uses: Uses
    table: bool  # whether it gives rows
    where: str

    @property
    def calls(self) -> tuple[str, ...]:
        return self.uses.calls

    @property
    def reads(self) -> tuple[str, ...]:
        """Tables that it reads: then it is for those who read the lake, where these are there, and not for models."""
        return self.uses.tables


@dataclass(frozen=True, slots=True)
class Model:
    """A table and how it is made: from a SELECT, or, for a seed, from a CSV file."""

    table: str
    sql: str  # up to its last word
    canonical: str  # a digest of what it means
    inputs: tuple[str, ...]  # tables
    macros: tuple[str, ...]  # all that it calls, through others too
    contract: Contract
    path: Path
    seed: bool = False
    uses: Uses = Uses()


@dataclass(frozen=True, slots=True)
class Project:
    models: Mapping[str, Model]  # in an order in which they can be built
    macros: Mapping[str, Macro]  # in an order in which they can be created
    roles: Roles = field(default_factory=default_roles)
    skipped: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # models that this lake has nothing for: scope

    def upstream(self, tables: Iterable[str], steps: int | None = None) -> set[str]:
        """The given models and every model that they read, near or far; or so many steps away at most."""
        return reached(tables, steps, lambda table: (t for t in self.models[table].inputs if t in self.models))

    def downstream(self, tables: Iterable[str], steps: int | None = None) -> set[str]:
        """The given models and every model that reads them, near or far; or so many steps away at most."""
        return reached(tables, steps, self.readers().__getitem__)

    def readers(self) -> dict[str, list[str]]:
        """Each model with those that read it themselves."""
        readers: dict[str, list[str]] = {table: [] for table in self.models}
        for table, model in self.models.items():
            for name in model.inputs:
                if name in readers:
                    readers[name].append(table)
        return readers


def reached(start: Iterable[str], steps: int | None, neighbours: Callable[[str], Iterable[str]]) -> set[str]:
    visited = edge = set(start)
    while edge and steps != 0:
        edge = {table for one in edge for table in neighbours(one)} - visited
        visited = visited | edge
        steps = None if steps is None else steps - 1
    return visited


def unknown_table(model: Model, table: str, tables: Iterable[str]) -> ModelError:
    """The error for a table that a model names and nothing makes."""
    similar = difflib.get_close_matches(table, list(tables), 1)
    line = next((i for i, text in enumerate(model.sql.splitlines(), 1) if table in text), 1)
    return ModelError(
        f"{model.table} reads {table}, which nothing makes",
        where=f"{model.path}:{line}",
        why=f"did you mean {similar[0]}?" if similar else "no model, seed or landed table has that name",
    )


def files(root: Path, ending: str = ".sql") -> list[tuple[str, Path]]:
    """The files below sql/ that make tables, or test them, each with its table: layer.name, where the layer is the
    first folder below sql/. What folders lie between, such as sql/core/planets/, is the reader's matter alone.
    """
    home = root / "sql"
    paths = sorted(home.glob(f"*/**/*{ending}"))
    return [(f"{path.relative_to(home).parts[0]}.{path.name.removesuffix(ending)}", path) for path in paths]


def read(path: Path) -> str:
    """The text of a file of the project.

    Raises:
        ConfigError: there is none, or it is not UTF-8.
    """
    try:
        return content(path).decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path.name} cannot be read: {error}", where=str(path)) from None


def content(path: Path) -> bytes:
    """The bytes of a file of the project.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path.name} cannot be read: {error}", where=str(path)) from None
