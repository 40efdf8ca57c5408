"""Build, check and publish in one transaction: readers see the old snapshot or the new one, never between."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any

from lake import progress
from lake.build import definitions, graph, incremental, ontology_terms, plan, preflight, scope, seeds, workspace
from lake.build.plan import Plan
from lake.build.summary import Built, Options, Summary
from lake.build.workspace import Workspace, Written
from lake.check import rejects
from lake.check import run as check
from lake.check.statistics import Fresh
from lake.config import Config
from lake.errors import CheckFailed, LakeError, ModelError
from lake.store import catalog, landings, metadata, published_file
from lake.store.sql import scalar

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from lake.build.model import Model, Project
    from lake.contract import Contract


@dataclass(frozen=True, slots=True)
class _Build:
    """What the steps of one build share."""

    connection: DuckDBPyConnection
    space: Workspace
    planned: Plan
    options: Options
    summary: Summary


def run(config: Config, select: Iterable[str] = (), *, wait: float = 0, **options: Any) -> Summary:
    """Build what is stale, check it, and publish it as one snapshot.

    Args:
        select: selectors as in lake.build.select; everything, where none is given.
        wait: seconds to wait for another writer.
        options: see Options.

    Raises:
        ModelError: a model cannot be built. CheckFailed: a check of severity error failed. In both cases nothing is
            published and the old snapshot stands, unless keep_good was asked for.
        Locked: another process writes this lake.
    """
    with catalog.write_session(config, wait=wait) as connection:
        return into(connection, config, select, **options)


def into(connection: DuckDBPyConnection, config: Config, select: Iterable[str] = (), **options: Any) -> Summary:
    """`run`, in a write session that is open already."""
    started = time.perf_counter()
    select, options_given = tuple(select), Options(**options)
    project = scope.load(config, connection)
    prepare(connection, config, project)
    planned = plan.make(connection, project, select, exclude=options_given.exclude, force=options_given.force)
    dropped = [] if select or options_given.exclude else plan.orphans(planned)
    summary = Summary(dropped=dropped, skipped=project.skipped, landed=_landed(connection), fresh=len(project.models))
    summary.macros = definitions.changed(connection, planned)
    if planned.todo or dropped or summary.landed or summary.macros:
        from lake.build import publish  # and with it pyarrow, which a build with nothing to do need not wait for

        with build_context(connection, config, planned, options_given, summary) as space:
            landings.agree(connection, whole=True)
            _check_rejects(_Build(connection, space, planned, options_given, summary))
            publish.run(connection, config, planned, space, summary)
        failed = summary.failed.keys() & project.models.keys()
        summary.fresh = len(project.models) - len(summary.built) - len(failed)
    last = metadata.latest(connection, "publish")
    summary.snapshot = last.id if last else None
    changed = summary.built or summary.dropped or summary.landed or summary.macros
    if last and (changed or not published_file.shows(config, last)):
        published_file.write(config, connection, last, published_file.path(config))
    summary.seconds = time.perf_counter() - started
    options_given.report("published", summary)
    return summary


def prepare(connection: DuckDBPyConnection, config: Config, project: Project) -> None:
    """Make the tables that the models read and that landing would have made, empty."""
    read = {table for model in project.models.values() for table in model.inputs}
    raw = {table for table in read if table.startswith("raw.")}
    if not raw <= metadata.names(connection, "raw") or (landings.TABLE in read and not landings.there(connection)):
        from lake.land import landing

        landing.prepare(connection, config, raw)


def _landed(connection: DuckDBPyConnection) -> bool:
    """Whether something was landed since the last publication, be it read by a model or not; or columns renamed."""
    land, renamed, published = (metadata.latest(connection, kind) for kind in ("land", "migrate", "publish"))
    newest = max((one.id for one in (land, renamed) if one), default=0)
    return newest > (published.id if published else 0)


@contextmanager
def build_context(
    connection: DuckDBPyConnection, config: Config, planned: Plan, options: Options, summary: Summary
) -> Iterator[Workspace]:
    """A workspace in which the plan is carried out and checked; nothing is published yet.

    Raises:
        ModelError: a model cannot be built. CheckFailed: a check of severity error failed.
    """
    project = planned.project
    todo = [step.model for step in planned.todo]
    making = {model.table for model in todo}
    needed = {table for model in todo for table in model.inputs} | making | _referred(project, making)
    with workspace.open(config, connection, project, needed, making) as space:
        preflight.check(project, todo, space.columns)
        last_inputs = _last_inputs(connection, space, planned)
        build = _Build(connection, space, planned, options, summary)
        failed = _carry_out(build, last_inputs)
        if failed and not options.keep_good:
            raise preflight.together(list(failed.values()))
        _check(build, failed)
        summary.failed |= {table: str(problem.what) for table, problem in failed.items()}
        _check_definitions(connection, space, planned, summary)
        yield space


def _check_rejects(build: _Build) -> None:
    """Compare the rejects of each source with their limit; with keep_good, what exceeds it is only reported.

    Raises:
        CheckFailed: a source exceeds it.
    """
    summary = build.summary
    if not summary.landed:
        return
    quality = rejects.run(build.connection, build.space.config)
    summary.qualities.append(quality)
    summary.checks += len(quality.results)
    errors = [result for result in quality.results if result.failed]
    if errors and not build.options.keep_good:
        from lake.build import ops_tables

        ops_tables.keep_failed(build.connection, build.space, build.planned, summary.qualities)
        raise check.failed(errors)
    summary.failed |= {error.check.name: f"{error.failing:,} are rejected" for error in errors}


def _check_definitions(connection: DuckDBPyConnection, space: Workspace, planned: Plan, summary: Summary) -> None:
    """Whether the macros and views that will be published open over the tables as they will be."""
    built = {one.table: planned.project.models[one.table].contract for one in summary.built}
    tables = {t: c for t, c in space.columns.items() if t not in summary.dropped and t not in built}
    columns_of = {t: [(c.name, c.type) for c in contract.columns] for t, contract in built.items()}
    files = {t: columns for t, columns in columns_of.items() if built[t].materialized == "table"}
    definitions.check(connection, planned, {**tables, **files}, built)


def _last_inputs(connection: DuckDBPyConnection, space: Workspace, planned: Plan) -> dict[str, incremental.Inputs]:
    """For each incremental model, what its inputs were when it was built last; not where that snapshot was freed."""
    inputs_of: dict[str, incremental.Inputs] = {}
    at: dict[int, incremental.Inputs] = {}
    snapshots = {snapshot.id for snapshot in metadata.snapshots(connection)}
    for step in planned.todo:
        before = planned.before.get(step.model.table)
        if step.model.contract.incremental and before and before["snapshot"] in snapshots:
            number = before["snapshot"]
            if number not in at:
                files = metadata.tables(connection, number)
                at[number] = {t: (files[t], space.columns[t]) for t in files if t in space.columns}
            inputs_of[step.model.table] = {t: at[number][t] for t in step.model.inputs if t in at[number]}
    return inputs_of


def _referred(project: Project, built: set[str]) -> set[str]:
    """What the checks need beside what was built: the tables that it refers to, and those that refer to it."""
    needed: set[str] = set()
    for table, model in project.models.items():
        targets = _targets(model.contract, project)
        if table in built:
            needed |= targets
        elif targets & built:
            needed |= {table, *targets}
    return needed


def _targets(contract: Contract, project: Project) -> set[str]:
    """The tables that a contract's checks ask: those that it refers to, and the ontologies' where it names terms."""
    ontologies = ontology_terms.TABLES & project.models.keys() if ontology_terms.named(contract) else set()
    return check.targets(contract) | ontologies


# Building: models whose inputs are ready run side by side, in the memory that lake.toml allows for all of them.


def _carry_out(build: _Build, last_inputs: Mapping[str, incremental.Inputs]) -> dict[str, LakeError]:
    """Build what the plan says; a model that fails stops only those that read it. Returns those that failed."""
    planned, options = build.planned, build.options
    todo = {step.model.table: step.model for step in planned.todo}
    waiting = TopologicalSorter({t: sorted(set(model.inputs) & todo.keys()) for t, model in todo.items()})
    waiting.prepare()
    failed: dict[str, LakeError] = {}
    running: dict[Future[Built], Model] = {}
    alone: list[Model] = []  # ran out of memory beside others
    with _stoppable(build.space) as pool, progress.bar("build", total=len(todo)) as advance:

        def start(model: Model) -> None:
            reason = planned.why(model.table)
            advance(0, note=model.table)
            options.report("started", model.table)
            running[pool.submit(_build_model, build, model, reason, last_inputs.get(model.table, {}))] = model

        def done(table: str) -> None:
            waiting.done(table)
            advance()

        while waiting.is_active():
            for table in waiting.get_ready():
                blocked = next((t for t in todo[table].inputs if t in failed), None)
                if blocked:
                    failed[table] = ModelError(f"{table} reads {blocked}, which failed", where=str(todo[table].path))
                    done(table)
                elif planned.why(table):
                    start(todo[table])
                else:
                    done(table)
            if not running and alone:
                start(alone.pop())
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                model, crowded = running.pop(future), bool(running)
                problem = future.exception()
                if problem and crowded and _out_of_memory(problem):
                    alone.append(model)
                    continue
                if isinstance(problem, LakeError):
                    failed[model.table] = problem
                    options.report("failed", (model.table, problem))
                elif problem:
                    raise problem
                else:
                    _note(planned, future.result(), build.summary)
                    options.report("built", future.result())
                done(model.table)
    return failed


@contextmanager
def _stoppable(space: Workspace) -> Iterator[ThreadPoolExecutor]:
    """Threads to build in. When the body is left by an error or Ctrl-C, whatever runs in them is interrupted."""
    pool = ThreadPoolExecutor(max(space.config.limits.threads, 1))
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        space.stop()
        raise
    finally:
        pool.shutdown(wait=True)


def _out_of_memory(problem: BaseException) -> bool:
    return "Out of Memory" in str(problem)


def _note(planned: Plan, built: Built, summary: Summary) -> None:
    summary.built.append(built)
    before = planned.before.get(built.table)
    same = before is not None and not built.changed
    planned.content[built.table] = before["content"] if before and same else plan.digest(built.parts)


def _build_model(build: _Build, model: Model, reason: str, last_inputs: incremental.Inputs) -> Built:
    """Build one model in the workspace."""
    import duckdb

    started = time.perf_counter()
    space, timeout = build.space, build.options.timeout
    parts = build.planned.parts(model.table)
    columns = [(column.name, column.type) for column in model.contract.columns]
    try:
        with space.cursor(timeout) as cursor:
            if model.contract.materialized == "view":
                _view(cursor, model)
                rows = scalar(cursor, f"SELECT count(*) FROM {model.table}")
                return Built(model.table, rows, time.perf_counter() - started, reason, True, parts)
            written = _write(build, cursor, model, parts, last_inputs)
            space.set_view(model.table, columns, written)
            changed = not _unchanged(space, cursor, build.planned, model, columns)
    except duckdb.InterruptException:
        raise _stopped(model, build.options) from None
    except duckdb.Error as error:
        raise _refused(model, error) from None
    return Built(model.table, written.rows, time.perf_counter() - started, reason, changed, parts, written)


def _sql(model: Model) -> str:
    return seeds.select(model) if model.seed else model.sql.rstrip().rstrip(";")


def _view(cursor: DuckDBPyConnection, model: Model) -> None:
    cursor.execute(f"CREATE OR REPLACE VIEW {model.table} AS {_sql(model)}")


def _write(
    build: _Build, cursor: DuckDBPyConnection, model: Model, parts: Mapping[str, Any], last_inputs: incremental.Inputs
) -> Written:
    """Write the model's files: of an incremental one, where that is enough, only those of the values that changed."""
    space, options, sql = build.space, build.options, _sql(model)
    before = build.planned.before.get(model.table)
    if before is None or not model.contract.incremental or options.full or options.force:
        return space.write(cursor, model, sql)
    if not incremental.changed(space, cursor, model, before, parts, last_inputs):
        return space.write(cursor, model, sql)
    stay = incremental.unchanged_files(space, cursor, model)
    if stay is None:
        return space.write(cursor, model, sql)
    files, rows = stay
    written = space.write(cursor, model, incremental.select(cursor, model, sql))
    return replace(written, rows=written.rows + rows, kept=files)


def _unchanged(
    space: Workspace, cursor: DuckDBPyConnection, planned: Plan, model: Model, columns: workspace.Columns
) -> bool:
    """Whether it came out as it was before; asked only where that spares something that reads it."""
    if model.table not in space.published or model.table not in planned.before:
        return False
    readers = [t for t, step in planned.steps.items() if step.verdict == "perhaps" and model.table in step.model.inputs]
    if not readers:
        return False
    before = [space.config.data / file for file in space.published[model.table]]
    written = space.written[model.table]
    if space.columns[model.table] != columns or not all(file.is_file() for file in before):
        return False
    return workspace.same(
        cursor, before, [*(space.config.data / file for file in written.kept), *written.files], columns
    )


def _stopped(model: Model, options: Options) -> LakeError:
    return ModelError(
        f"{model.table} was stopped" + (f" after {options.timeout:g} s" if options.timeout else ""),
        where=str(model.path),
        why="it took longer than --timeout allows",
        next="make it do less, or give it more time",
    )


def _refused(model: Model, error: Exception) -> LakeError:
    if damage := catalog.damage(error):
        return damage
    short = catalog.is_shortage(error)
    return catalog.explain(error, model.table, str(model.path)) if short else preflight.refused(model, error)


# Checking


def _check(build: _Build, failed: dict[str, LakeError]) -> None:
    """Check what was built and what refers to it. With keep_good, what fails is restored, with all that reads it."""
    space, planned, options, summary = build.space, build.planned, build.options, build.summary
    promised = graph.promises(planned.project, space.config)
    while True:
        built = {b.table for b in summary.built}
        contracts = [
            contract
            for table, contract in promised.items()
            if table in built or (table in space.published and _targets(contract, planned.project) & built)
        ]
        summary.qualities, broken = _measured(space, contracts, options)
        broken |= _misnamed(space, contracts, planned, built)
        if broken and not options.keep_good:
            raise preflight.together(list(broken.values()))
        errors = check.failures(summary.qualities, "error")
        if errors and not options.keep_good:
            from lake.build import ops_tables

            ops_tables.keep_failed(build.connection, space, planned, summary.qualities)
            raise check.failed(errors)
        failing = [*(error.check.table for error in errors), *broken]
        culprits = {culprit for table in failing for culprit in _culprits(planned, table, built)}
        bad = planned.project.downstream(culprits | failed.keys()) & built
        if not bad:
            break
        for table in bad:
            own = [error.check.name for error in errors if error.check.table == table]
            why = f"{table} fails {own[0]}" if own else f"{table} reads what failed"
            failed[table] = broken.get(table) or CheckFailed(why, where=table)
            space.restore_view(table)
            planned.content[table] = planned.before[table]["content"] if table in planned.before else ""
        summary.built = [b for b in summary.built if b.table not in bad]
    summary.checks = sum(len(quality.results) for quality in summary.qualities)
    summary.warnings = check.failures(summary.qualities, "warn")


def _culprits(planned: Plan, table: str, built: set[str]) -> set[str]:
    """Which built tables a failed check is evidence against: its own, or what it refers to."""
    contract = planned.project.models[table].contract
    return {table} if table in built else _targets(contract, planned.project) & built


def _misnamed(space: Workspace, contracts: list[Contract], planned: Plan, built: set[str]) -> dict[str, ModelError]:
    """By table, terms of its contract that no ontology has; none, where the ontologies are not there yet."""
    present = planned.project.models.keys() & (built | space.published.keys())
    if not present >= ontology_terms.TABLES:
        return {}
    with space.cursor() as cursor:
        return ontology_terms.problems(cursor, contracts, space.config.root)


def _measured(
    space: Workspace, contracts: list[Contract], options: Options
) -> tuple[list[check.Quality], dict[str, LakeError]]:
    """What the checks find; and of the tables whose checks cannot run, why."""
    fresh = {t: Fresh(built.rows, built.statistics) for t, built in space.written.items() if not built.kept}

    def one(contract: Contract) -> list[check.Quality] | LakeError:
        try:
            with space.cursor(options.timeout) as cursor:
                return check.run(cursor, [contract], fresh)
        except LakeError as error:
            return error

    qualities, broken = [], {}
    with _stoppable(space) as pool, progress.bar("check", total=len(contracts)) as advance:
        for contract, result in zip(contracts, pool.map(one, contracts), strict=True):
            if isinstance(result, LakeError):
                broken[contract.table] = result
            else:
                qualities += result
            advance()
    return qualities, broken
