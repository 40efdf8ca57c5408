"""What lake.toml names now, told from the answers that are here: no archive is asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from lake import sources
from lake.config import Config
from lake.sources.source import Resource
from lake.store import blobs, ledger
from lake.store.ledger import Outcome


@dataclass(frozen=True, slots=True)
class Named:
    """The resources of a source by id, as lake.toml describes them now.

    ``certain``: these are all. They are not, where a list that names further ones is missing, was not had when it was
    asked for last, or cannot be read.
    """

    resources: Mapping[str, Resource]
    certain: bool


def of(config: Config, source: str) -> Named:
    """What a source of lake.toml names."""
    with closing(ledger.connect(config.data)) as connection:
        current = {row.resource: row for row in ledger.current(connection, source)}
        newest = {row.resource: row for row in ledger.last(connection, source)}
    named: dict[str, Resource] = {}
    answers = _Answers(config.data, named, current, newest)
    try:
        options = sources.options(source, config.sources[source], config.root)
        before = -1
        while len(named) > before:  # until nothing new is named
            before, answers.certain = len(named), True
            for resource in sources.get(source).resources(options, answers):
                named.setdefault(resource.id, resource)
    except Exception:  # fetch tells of it; here it means that the list is not known
        answers.certain = False
    return Named(named, answers.certain)


def described(named: Named, answer: Outcome) -> Resource:
    """The resource of an answer: as lake.toml describes it now, if the answer is one to that request."""
    now = named.resources.get(answer.resource)
    if now is None or now.url != answer.url:
        return Resource(answer.resource, answer.url, answer.kind, answer.expects, answer.params)
    return replace(now, params=json.loads(json.dumps(dict(now.params), sort_keys=True)))  # as the ledger keeps them


class _Answers:
    """The answers that are here, each to the very request that is named now."""

    def __init__(
        self, data: Path, named: Mapping[str, Resource], current: Mapping[str, Outcome], newest: Mapping[str, Outcome]
    ):
        self._data, self._named, self._current, self._newest = data, named, current, newest
        self.certain = True

    def __call__(self, id: str) -> Path | None:
        resource, answer = self._named.get(id), self._current.get(id)
        path = blobs.path(self._data, answer.sha256) if answer and answer.sha256 else None
        if not (resource and answer and path and answer.url == resource.url and path.is_file()):
            self.certain = False
            return None
        self.certain &= answer == self._newest[id]
        return path

    def missing(self, id: str) -> bool:
        return id in self._newest and self(id) is None
