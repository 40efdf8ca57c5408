"""What a build would do, and what it would change, without publishing anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lake.build import definitions, plan, scope
from lake.build.plan import Plan
from lake.build.summary import Options, Summary
from lake.config import Config
from lake.errors import ConfigError, ModelError
from lake.store import catalog, metadata
from lake.store.sql import connect

if TYPE_CHECKING:
    from lake.build.diff import TableDiff
    from lake.build.model import Model, Project
    from lake.build.workspace import Columns


@dataclass(frozen=True, slots=True)
class Preview:
    """Each model's step; with data, the difference that each built table would make."""

    steps: list[dict[str, str]]
    dropped: list[str]
    macros: bool = False  # whether the published ones are others
    problems: list[ModelError] = field(default_factory=list)  # what a build would refuse
    skipped: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # models, and the archives that they need
    differences: list[TableDiff] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        document: dict[str, Any] = {"steps": self.steps, "dropped": self.dropped, "macros": self.macros}
        document["skipped"] = dict(self.skipped)
        document["problems"] = [{"what": problem.what, "where": problem.where} for problem in self.problems]
        return document | {"differences": [difference.as_dict() for difference in self.differences]}


def steps(config: Config, select: Iterable[str] = (), *, exclude: Iterable[str] = (), force: bool = False) -> Preview:
    """What would be built, and why. Needs no right to write."""
    select, exclude = tuple(select), tuple(exclude)
    if not catalog.exists(config):
        project = scope.load(config)
        return replace(_never(project), problems=_problems(config, project, project.models.values(), {}))
    with catalog.session(config) as connection:
        project = scope.load(config, connection)
        planned = plan.make(connection, project, select, exclude=exclude, force=force)
        macros = definitions.changed(connection, planned)
        todo = [step.model for step in planned.todo]
        columns = metadata.present(connection)[1] if todo else {}
    planned_steps = _preview(planned, () if select or exclude else plan.orphans(planned), macros)
    return replace(planned_steps, problems=_problems(config, project, todo, columns)) if todo else planned_steps


def _problems(
    config: Config, project: Project, todo: Iterable[Model], columns: Mapping[str, Columns]
) -> list[ModelError]:
    """What a build would refuse, of the models all of whose inputs have columns that are known."""
    from lake.build import preflight

    unknown = {table for model in todo for table in model.inputs} - project.models.keys() - columns.keys()
    columns_of = {**columns, **(_landed(config) if unknown else {})}
    models = [model for model in todo if columns_of.keys() | project.models.keys() >= set(model.inputs)]
    return preflight.problems(project, models, columns_of)


def _landed(config: Config) -> dict[str, Columns]:
    """The columns of raw tables, as landing would make them."""
    from lake.land import landing

    with connect() as connection:
        schemas = landing.schemas(config)
        empty = {table: connection.from_arrow(schema.empty_table()) for table, schema in schemas.items()}
        return {
            f"raw.{table}": list(zip(one.columns, map(str, one.types), strict=True)) for table, one in empty.items()
        }


def _never(project: Project) -> Preview:
    steps = [{"table": t, "verdict": "build", "reason": "never built"} for t in project.models]
    return Preview(steps, [], skipped=project.skipped)


def _preview(planned: Plan, dropped: Iterable[str], macros: bool) -> Preview:
    steps = [step.as_dict() for step in planned.steps.values()]
    return Preview(steps, list(dropped), macros, skipped=planned.project.skipped)


def data(
    config: Config, select: Iterable[str] = (), *, exclude: Iterable[str] = (), force: bool = False, wait: float = 0
) -> Preview:
    """Build and check as lake build would, compare each built table with the published one, and leave all as it was.

    Raises:
        ModelError, CheckFailed, Locked: as lake build would.
    """
    from lake.build import diff, run
    from lake.build.workspace import BEFORE

    select, exclude = tuple(select), tuple(exclude)
    with catalog.write_session(config, wait=wait) as connection:
        project = scope.load(config, connection)
        run.prepare(connection, config, project)
        planned = plan.make(connection, project, select, exclude=exclude, force=force)
        dropped = () if select or exclude else plan.orphans(planned)
        result = _preview(planned, dropped, definitions.changed(connection, planned))
        if not planned.todo:
            return result
        summary = Summary()
        with run.build_context(connection, config, planned, Options(exclude=exclude, force=force), summary) as space:
            tables = sorted(built.table for built in summary.built if built.written)
            space.compare_with(tables)
            for table in tables:
                before = f"{BEFORE}.{table}" if table in space.published else None
                key = project.models[table].contract.key
                result.differences.append(diff.compare(space.connection, before, table, key, table=table))
            space.discard(connection)
    return result


def _one_model(project: Project, model: str) -> None:
    if model not in project.models:
        from lake.build.select import select

        select(project, [model.replace("+", "")], (), lambda what: None)  # raises, with what was perhaps meant
        raise ConfigError(f"{model!r} is not one model", next="lake plan")


def why(config: Config, model: str) -> dict[str, Any]:
    """Of a model: its row of ops.provenance, and its step in a plan of everything.

    Raises:
        ConfigError: the project has no such model.
    """
    if not catalog.exists(config):
        _one_model(scope.load(config), model)
        return {"model": model, "snapshot": None, "last": None, "now": {"verdict": "build", "reason": "never built"}}
    with catalog.session(config) as connection:
        project = scope.load(config, connection)
        _one_model(project, model)
        planned = plan.make(connection, project)
        last = metadata.latest(connection, "publish")
    before = planned.before.get(model)
    columns = ("snapshot", "built_at", "reason", "verdict", "rows", "seconds", "fingerprint", "content")
    return {
        "model": model,
        "snapshot": last and last.id,
        "last": before and {key: before.get(key) for key in columns},
        "now": planned.steps[model].as_dict(),
    }
