"""One source in a run of fetch: what it named, what is here, how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lake import sources
from lake.config import Config
from lake.errors import ConfigError
from lake.fetch import freshness
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
    named: dict[str, Resource] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    todo: list[Resource] = field(default_factory=list)  # named for the plan, and not begun
    no_room: list[Resource] = field(default_factory=list)
    needs: dict[str, int | None] = field(default_factory=dict)  # bytes, by resource: what the plan found out
    waiting: int = 0
    broken: bool = False  # it cannot name what it wants

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

    def name_more(self, data: Path) -> list[Resource]:
        """What the source names that it did not name before.

        Raises:
            LakeError: it cannot read one of its own earlier answers.
        """
        new = []
        for resource in self.source.resources(self.options, Answers(self, data)):
            before = self.named.get(resource.id)
            if before is None:
                self.named[resource.id] = resource
                new.append(resource)
            elif before.url != resource.url:
                raise ConfigError(f"{self.name} names {resource.id!r} twice: {before.url} and {resource.url}")
        return new


@dataclass(slots=True, frozen=True)
class Answers:
    """What a source may know of the answers of this run: of older ones, a list would name what is gone."""

    job: Job
    data: Path

    def __call__(self, id: str) -> Path | None:
        found = self.job.current.get(id) if id in self.job.settled else None
        return blobs.path(self.data, found.sha256) if found and freshness.is_kept(self.data, found) else None

    def missing(self, id: str) -> bool:
        return id in self.job.settled and self(id) is None
