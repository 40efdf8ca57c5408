"""Which of the project's models a lake builds: those that have something to read.

A model all of whose rows would come from archives that lake.toml does not name, and of which nothing is landed, is
skipped, unless one that is built reads it, refers to it or is scaled by it: then it is built, and empty.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from typing import TYPE_CHECKING

from lake import sources
from lake.build import graph, normalisation
from lake.build.model import Project
from lake.check.run import targets
from lake.config import Config
from lake.store import catalog, landings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def load(config: Config, connection: DuckDBPyConnection | None = None) -> Project:
    """The project with the models that this lake builds; the others are in its ``skipped``.

    Args:
        connection: of the catalog, where there is one: what is landed counts as named.

    Raises:
        ModelError, ConfigError: as `graph.load`.
    """
    project = graph.load(config)
    landed = landings.sources(connection) if connection else set()
    return within(project, config.sources.keys() | landed)


def of_lake(config: Config) -> Project:
    """`load`, with what the catalog says is landed, where there is a catalog."""
    if not catalog.exists(config):
        return load(config)
    with catalog.session(config) as connection:
        return load(config, connection)


def within(project: Project, sources_named: Set[str]) -> Project:
    """The project with the models that a lake of these sources builds."""
    archives = _archives(project)
    built = {table for table, of in archives.items() if not of or of & sources_named or None in of}
    pending = list(built)
    while pending:
        needed = _needs(project, pending.pop()) & project.models.keys() - built
        built |= needed
        pending += needed
    return replace(
        project,
        models={table: model for table, model in project.models.items() if table in built},
        skipped={table: tuple(sorted(filter(None, archives[table]))) for table in project.models if table not in built},
    )


def _archives(project: Project) -> dict[str, set[str | None]]:
    """The sources whose raw tables each model reads, near or far; None is what the engine fills itself."""
    owners = {f"raw.{table}": name for name in sources.names() for table in sources.get(name).TABLES}
    archives: dict[str, set[str | None]] = {}
    for table, model in project.models.items():  # in building order
        archives[table] = set()
        for read in model.inputs:
            archives[table] |= archives[read] if read in archives else {owners.get(read)}
    return archives


def _needs(project: Project, table: str) -> set[str]:
    """What a model reads, refers to and is scaled by."""
    model = project.models[table]
    scaled = {project.roles.runs} if normalisation.marked(model.contract) else set()
    return {*model.inputs, *targets(model.contract)} | scaled
