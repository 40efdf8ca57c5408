"""One source in a run of fetch: its resources, their newest outcomes, its progress."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lake import sources
from lake.config import Config
from lake.errors import ConfigError
from lake.fetch import freshness
from lake.formats.answer import Answer
from lake.sources.contract import Resource, Source
from lake.store import blobs
from lake.store.fetch_log import Outcome


@dataclass(slots=True)
class Job:
    """One source and how far it is."""

    name: str
    source: Source
    options: Mapping[str, Any]
    priority: int
    newest: dict[str, Outcome] = field(default_factory=dict)
    current: dict[str, Outcome] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)  # listed so far, by id
    done: set[str] = field(default_factory=set)
    todo: list[Resource] = field(default_factory=list)  # planned, not submitted
    deferred: list[Resource] = field(default_factory=list)  # had no room beside what was on its way
    needs: dict[str, int | None] = field(default_factory=dict)  # bytes, by resource; None: unknown
    waiting: int = 0
    broken: bool = False  # it cannot list its resources

    @classmethod
    def of(cls, config: Config, name: str) -> Job:
        """A source as lake.toml has it.

        Raises:
            ConfigError: it has a wrong option.
        """
        source = sources.get(name)
        domain = config.domains.get(source.FACTS.domain)
        options = sources.options(name, config.sources[name], config.root)
        return cls(name, source, options, domain.priority if domain else 1)

    @property
    def domain(self) -> str:
        return self.source.FACTS.domain

    def list_more(self, data: Path) -> list[Resource]:
        """Resources that the source lists and has not listed before.

        Raises:
            LakeError: it cannot read one of its own earlier answers.
        """
        new = []
        for resource in self.source.resources(self.options, Answers(self, data)):
            before = self.resources.get(resource.id)
            if before is None:
                self.resources[resource.id] = resource
                new.append(resource)
            elif before.url != resource.url:
                raise ConfigError(f"{self.name}: duplicate resource {resource.id!r}: {before.url} and {resource.url}")
        return new


@dataclass(slots=True, frozen=True)
class Answers:
    """The answers of this run, for a source; a list from an older one would name what is gone."""

    job: Job
    data: Path

    def __call__(self, id: str) -> Answer | None:
        outcome = self.job.current.get(id) if id in self.job.done else None
        if outcome is None or outcome.sha256 is None or not freshness.is_kept(self.data, outcome):
            return None
        return Answer(blobs.path(self.data, outcome.sha256))

    def missing(self, id: str) -> bool:
        return id in self.job.done and self(id) is None
