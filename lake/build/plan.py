"""What is stale, and why: by content, never by time.

A model's parts are its SQL without comments and layout, its contract, the macros that it calls, the engine's version,
and the content of what it reads. Their digest is its fingerprint. A table that was rebuilt with the same content
keeps its content's name, so that nothing that reads it becomes stale (early cut-off).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lake.build import normalisation
from lake.build.model import Model, Project, unknown_table
from lake.build.select import select as select_models
from lake.errors import ModelError
from lake.store import landings, metadata, renames, tags

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ENGINE = 5  # raise it when the same SQL and contract give another table


@dataclass(frozen=True, slots=True)
class Step:
    """One model of a plan.

    ``verdict``: "build", it is stale; "perhaps", it is if what it reads comes out different; "fresh"; "left", it was
    not selected. ``reason`` says why it is built, or on what it depends.
    """

    model: Model
    verdict: str
    reason: str

    def as_dict(self) -> dict[str, str]:
        return {"table": self.model.table, "verdict": self.verdict, "reason": self.reason}


@dataclass(slots=True)
class Plan:
    """What would be built. ``content`` names what each table holds, and is kept up to date while it is carried out."""

    project: Project
    before: Mapping[str, Mapping[str, Any]]  # ops.provenance by table
    raw: Mapping[str, str]  # what each landed table holds
    force: bool
    steps: dict[str, Step] = field(default_factory=dict)
    content: dict[str, str] = field(default_factory=dict)

    @property
    def todo(self) -> list[Step]:
        """What is built, or may be."""
        return [step for step in self.steps.values() if step.verdict in ("build", "perhaps")]

    def parts(self, table: str) -> dict[str, Any]:
        """What a model's fingerprint is made of, by what its inputs hold now.

        Raises:
            ModelError: it reads a table that is not there.
        """
        model = self.project.models[table]
        return {
            **own_parts(model, self.project),
            "inputs": {name: self._content_of(model, name) for name in model.inputs},
        }

    def _content_of(self, model: Model, table: str) -> str:
        if table in self.content:
            return self.content[table]
        if table in self.project.models:
            raise ModelError(
                f"{model.table} reads {table}, which was never built",
                where=str(model.path),
                why="it was not selected",
                next=f"lake build +{model.table}",
            )
        raise unknown_table(model, table, [*self.project.models, *self.raw])

    def why(self, table: str, unknown: Set[str] = frozenset()) -> str:
        """Why a model is stale, leaving out inputs of which it is not known what they will hold; empty if it is not."""
        before = self.before.get(table)
        if before is None:
            return "never built"
        if self.force:
            return "asked for"
        then, now = json.loads(before["parts"]), self.parts(table)
        changed = [f"{what} changed" for key, what in _WHAT.items() if then.get(key) != now.get(key)]
        changed += [f"macro {name} changed" for name in _differing(then.get("macros", {}), now["macros"])]
        inputs = _differing(then.get("inputs", {}), now["inputs"])
        return ", ".join([*changed, *(f"{name} changed" for name in inputs if name not in unknown)])


_WHAT = {"sql": "its SQL", "contract": "its contract", "engine": "the engine", "roles": "[roles]"}


def make(
    connection: DuckDBPyConnection,
    project: Project,
    select: Iterable[str] = (),
    *,
    exclude: Iterable[str] = (),
    force: bool = False,
) -> Plan:
    """One step a model, in building order; what is not selected is left as it is.

    Raises:
        ConfigError: the selection names no model.
        ModelError: a model reads a table that is not there.
    """
    raw = raw_fingerprints(connection)
    plan = Plan(project, {row["table_name"]: row for row in provenance(connection)}, raw, force)
    plan.content |= raw
    plan.content |= {t: row["content"] for t, row in plan.before.items() if t in project.models}
    select, exclude = tuple(select), tuple(exclude)
    chosen = set(project.models)
    if select or exclude:
        chosen = select_models(project, select, exclude, lambda what: _set(connection, plan, what))
    _judge(plan, chosen)
    return plan


def orphans(planned: Plan) -> list[str]:
    """Tables that an earlier build made and the project no longer has."""
    built = {table for table, row in planned.before.items() if row["kind"] != "raw"}
    return sorted(built - planned.project.models.keys())


def _judge(plan: Plan, chosen: Set[str]) -> None:
    pending: set[str] = set()
    for table, model in plan.project.models.items():
        if table not in chosen:
            plan.steps[table] = Step(model, "left", "not selected")
            continue
        for name in model.inputs:  # what is to be built in this plan has a content yet to come
            if name in pending:
                plan.content.setdefault(name, "")
        reason, pending_inputs = plan.why(table, pending), [name for name in model.inputs if name in pending]
        verdict = "build" if reason else "perhaps" if pending_inputs else "fresh"
        plan.steps[table] = Step(
            model, verdict, reason or (f"if {', '.join(pending_inputs)} comes out different" if pending_inputs else "")
        )
        if verdict != "fresh":
            pending.add(table)


def _set(connection: DuckDBPyConnection, plan: Plan, what: str) -> Set[str] | None:
    """The sets that are not in the project's files: "changed", and "@12" or "@v1"."""
    unforced = replace(plan, steps={}, content=dict(plan.content), force=False)
    if what == "changed":
        _judge(unforced, set(plan.project.models))
        return {table for table, step in unforced.steps.items() if step.verdict == "build"}
    if what.startswith("@") and "." not in what and "*" not in what and ":" not in what:
        number = tags.resolve(connection, what[1:])
        then = {row["table_name"]: row["fingerprint"] for row in provenance(connection, number)}
        now = {t: plan.before[t]["fingerprint"] if t in plan.before else "" for t in plan.project.models}
        return {table for table in now if then.get(table) != now[table] or unforced.why(table)}
    return None


def own_parts(model: Model, project: Project) -> dict[str, Any]:
    """The parts of a fingerprint that are in the project's files. Tags and the file's place are no part of it."""
    return {
        "sql": digest(model.canonical),
        "contract": digest(repr(replace(model.contract, where="", tags=()))),
        "macros": {name: digest(project.macros[name].canonical) for name in model.macros},
        "engine": ENGINE,
        **_roles(model, project),
    }


def _roles(model: Model, project: Project) -> dict[str, str]:
    """Whose runs training's scales are measured on; nothing where they are the usual ones, or nothing is scaled."""
    identity = project.roles.identity
    return {"roles": digest(identity)} if identity and normalisation.marked(model.contract) else {}


def _differing(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def digest(value: Any) -> str:
    """A short sha256 of anything that JSON can write."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]


def raw_fingerprints(connection: DuckDBPyConnection) -> dict[str, str]:
    """What each raw table, and each table of the engine's own, holds: a digest over its landings, and what was said
    of each answer."""
    tables = metadata.names(connection, "raw") | (own := metadata.names(connection, "ops"))
    if "ops.landings" not in own:
        return {}
    description = "coalesce(given, '')" if "given" in landings.columns(connection) else "''"
    landed = connection.execute(
        f"""SELECT table_name,
                   md5(string_agg(source || '/' || resource || ' ' || blob || ' ' || reader || ' ' || {description},
                                  chr(10) ORDER BY source, resource, blob, reader))
           FROM {renames.relation(connection, "ops.landings")} WHERE status = 'landed' GROUP BY 1"""
    ).fetchall()
    everything = digest(sorted(landed))
    contents = {f"raw.{table}": value for table, value in landed}
    changing = ("raw.rejects", "ops.landings", "ops.fetches")
    return {table: contents.get(table, everything if table in changing else "empty") for table in tables}


def provenance(connection: DuckDBPyConnection, snapshot: int | None = None) -> list[dict[str, Any]]:
    """The rows of ops.provenance, of now or of a snapshot; none before the first build."""
    if "ops.provenance" not in metadata.names(connection, "ops"):
        return []
    cursor = connection.execute(f"SELECT * FROM {renames.relation(connection, 'ops.provenance', snapshot)}")
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [{"content": row["fingerprint"], **row} for row in rows]  # the first lakes had no such column
