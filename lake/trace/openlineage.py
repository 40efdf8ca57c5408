"""What a build did, as OpenLineage run events (spec 2-0-2), to a file or an endpoint: [openlineage] in lake.toml.

Each model that was built is a job run: a START, and a COMPLETE where it was published, a FAIL where it failed, an ABORT
where something else kept it from being published. They carry the times at which these things happened, and are sent
together after the build, so that a slow endpoint holds nothing up. The documents are written by hand: the official
client would bring four packages for two dictionaries.
"""

from __future__ import annotations

import datetime
import json
import os
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lake.build import definitions, graph
from lake.build.summary import Built, Watch
from lake.config import Config
from lake.errors import LakeError
from lake.trace import lineage
from lake.trace.lineage import Lineage, Place

if TYPE_CHECKING:
    from lake.build.model import Model, Project

_EVENT = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_FACETS = {  # each facet's schema and its version
    "schema": ("SchemaDatasetFacet", "1-1-1"),
    "columnLineage": ("ColumnLineageDatasetFacet", "1-2-0"),
    "documentation": ("DocumentationDatasetFacet", "1-0-1"),
    "version": ("DatasetVersionDatasetFacet", "1-0-1"),
    "outputStatistics": ("OutputStatisticsOutputDatasetFacet", "1-0-2"),
    "sql": ("SQLJobFacet", "1-0-1"),
    "jobType": ("JobTypeJobFacet", "2-0-3"),
    "errorMessage": ("ErrorMessageRunFacet", "1-0-1"),
}


@dataclass(slots=True)
class _Run:
    """One model's run: what became of it, and when."""

    table: str
    started: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    ended: str = ""
    outcome: str = "ABORT"
    built: Built | None = None
    error: str = "the build was not finished"


@contextmanager
def watching(config: Config, warn: Callable[[str], None]) -> Iterator[Watch]:
    """What a build is to tell of its models; when the body is left, by an error too, the events are sent.

    An endpoint or a file that does not take them never fails a build: ``warn`` is called.
    """
    runs: dict[str, _Run] = {}
    snapshot: list[int] = []
    try:
        yield lambda what, about: _note(runs, snapshot, what, about)
    except Exception as error:
        _unpublished(runs, error)
        raise
    finally:
        if runs:
            _try(config, list(runs.values()), snapshot, warn)


def _try(config: Config, runs: list[_Run], snapshot: list[int], warn: Callable[[str], None]) -> None:
    import httpx

    try:
        send(config, list(_events(config, runs, snapshot[0] if snapshot else None)))
    except (LakeError, OSError, httpx.HTTPError, httpx.InvalidURL) as error:
        text = error.what if isinstance(error, LakeError) else f"{type(error).__name__}: {error}"
        warn(f"OpenLineage events were not sent to {config.openlineage.to}: {text}")


def _note(runs: dict[str, _Run], snapshot: list[int], what: str, about: Any) -> None:
    """Record the events of a build; see lake.build.run.Watch."""
    if what == "started":
        runs.setdefault(about, _Run(about, _now()))  # twice, where it ran out of memory beside others
    elif what == "built":
        run = runs[about.table]
        run.built, run.ended = about, _now()
    elif what == "failed":
        _fail(runs[about[0]], str(about[1].what))
    elif what == "published":
        snapshot.append(about.snapshot)
        published = {built.table for built in about.built}
        for run in runs.values():
            if run.table in published:
                run.outcome, run.error = "COMPLETE", ""
            elif run.table in about.failed and run.outcome != "FAIL":
                _fail(run, about.failed[run.table])


def _fail(run: _Run, why: str) -> None:
    run.outcome, run.error, run.ended = "FAIL", why, run.ended or _now()


def _unpublished(runs: dict[str, _Run], error: Exception) -> None:
    """A build that ended in an error: the table that it speaks of failed, the others were given up."""
    why = str(error.what) if isinstance(error, LakeError) else f"{type(error).__name__}: {error}"
    for run in runs.values():
        if run.outcome != "FAIL":
            run.error = why
            if getattr(error, "where", None) == run.table:
                _fail(run, why)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def _events(config: Config, runs: Iterable[_Run], snapshot: int | None) -> Iterator[dict[str, Any]]:
    """Two events a run."""
    project = graph.load(config)
    lines = lineage.load(config, project)
    space = config.openlineage.namespace or config.lake.name
    for run in runs:
        model = project.models[run.table]
        inputs = [_dataset(space, project, lines, table) for table in model.inputs]
        output = _dataset(space, project, lines, run.table)
        output["facets"] |= _origins(space, lines, run.table)
        job = {"namespace": space, "name": run.table, "facets": _job(model)}
        yield _event("START", run.started, {"runId": run.id}, job, inputs, output)
        done, facets = dict(output), {}
        if run.outcome == "COMPLETE":
            done["facets"] = output["facets"] | _facet("version", datasetVersion=str(snapshot))
            done["outputFacets"] = _statistics(run.built)
        else:
            facets = _facet("errorMessage", message=run.error, programmingLanguage="SQL")
        yield _event(run.outcome, run.ended or _now(), {"runId": run.id, "facets": facets}, job, inputs, done)


def _event(
    kind: str, at: str, run: dict[str, Any], job: dict[str, Any], inputs: list[dict[str, Any]], output: dict[str, Any]
) -> dict[str, Any]:
    return {
        "eventType": kind,
        "eventTime": at,
        "run": run,
        "job": job,
        "inputs": inputs,
        "outputs": [output],
        "producer": _producer(),
        "schemaURL": _EVENT,
    }


def _facet(name: str, **content: Any) -> dict[str, Any]:
    schema, number = _FACETS[name]
    address = f"https://openlineage.io/spec/facets/{number}/{schema}.json#/$defs/{schema}"
    return {name: {"_producer": _producer(), "_schemaURL": address, **content}}


def _producer() -> str:
    return f"urn:astrolake:{version('astrolake')}"


def _job(model: Model) -> dict[str, Any]:
    kind = "SEED" if model.seed else "MODEL"
    facets = _facet("jobType", processingType="BATCH", integration="ASTROLAKE", jobType=kind)
    return facets if model.seed else facets | _facet("sql", query=model.sql)


def _dataset(space: str, project: Project, lines: Lineage, table: str) -> dict[str, Any]:
    model = project.models.get(table)
    if model is None:
        fields = [{"name": place_of_column.column} for place_of_column in lines.of(table)]
        return {"namespace": space, "name": table, "facets": _facet("schema", fields=fields)}
    fields = [
        {"name": column.name, "type": column.type, "description": definitions.described(column)}
        for column in model.contract.columns
    ]
    facets = _facet("schema", fields=fields)
    if model.contract.doc:
        facets |= _facet("documentation", description=model.contract.doc)
    return {"namespace": space, "name": table, "facets": facets}


def _origins(space: str, lines: Lineage, table: str) -> dict[str, Any]:
    fields = {}
    for column in lines.of(table):
        origins = {origin: how for origin, how in lines.direct_origins(column).items() if origin.column != "*"}
        if origins:
            fields[column.column] = {"inputFields": [_input(space, *pair) for pair in origins.items()]}
    return _facet("columnLineage", fields=fields) if fields else {}


def _input(space: str, origin: Place, how: str) -> dict[str, Any]:
    transformation = {"type": "DIRECT", "subtype": how.upper()}
    return {"namespace": space, "name": origin.table, "field": origin.column, "transformations": [transformation]}


def _statistics(built: Built | None) -> dict[str, Any]:
    if built is None:
        return {}
    size = {"size": built.written.bytes} if built.written else {}
    return _facet("outputStatistics", rowCount=built.rows, **size)


def send(config: Config, events: list[dict[str, Any]]) -> None:
    """Append the events to the file of lake.toml's [openlineage] to, one a line; or post them there one by one.

    Raises:
        OSError: the file cannot be written. httpx.HTTPError: the endpoint does not answer, or refuses an event.
    """
    to = config.openlineage.to
    if not to.startswith(("http://", "https://")):
        with Path(config.root, to).open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(event) + "\n" for event in events)
        return
    import httpx

    from lake.fetch import hosts

    secret = os.environ.get(config.openlineage.key, "")
    if secret and not hosts.is_private(to):
        raise OSError(f"{to} is asked without encryption: a key goes over https only, or to this machine")
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    with httpx.Client(headers=headers, timeout=config.openlineage.timeout) as client:
        for event in events:
            client.post(to, json=event).raise_for_status()
