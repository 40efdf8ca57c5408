"""What lake.toml names now, as far as the stored answers show: no archive is asked."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from lake import sources
from lake.config import Config
from lake.formats.answer import Answer
from lake.redact import redact
from lake.sources.contract import Resource
from lake.store import blobs, fetch_log
from lake.store.fetch_log import Outcome


@dataclass(frozen=True, slots=True)
class Configured:
    """The resources of a source by id, as lake.toml describes them now, and the current answers that are here.

    ``certain``: these resources are all. They are not, where a list that names further ones is missing, was not had
    when it was asked for last, or cannot be read.
    """

    resources: Mapping[str, Resource]
    certain: bool
    answers: list[Outcome]


def of(config: Config, source: str) -> Configured:
    """What a source of lake.toml names."""
    with closing(fetch_log.connect(config.data)) as connection:
        answers = _Answers(config.data, connection, source)
        try:
            options = sources.options(source, config.sources[source], config.root)
            before = -1
            while len(answers.named) > before:  # until nothing new is named
                before, answers.certain = len(answers.named), True
                for resource in sources.get(source).resources(options, answers):
                    answers.named.setdefault(resource.id, resource)
        except Exception:  # fetch reports it; here it means that the list is unknown
            answers.certain = False
    return Configured(answers.named, answers.certain, list(answers.current.values()))


def described(configured: Configured, answer: Outcome) -> Resource:
    """The resource of an answer: as lake.toml describes it now, if the answer is one to that request."""
    now = configured.resources.get(answer.resource)
    if now is None or redact(now.url) != answer.url:
        return Resource(answer.resource, answer.url, answer.kind, answer.expects, answer.params)
    params = json.loads(json.dumps(dict(now.params), sort_keys=True))
    return replace(now, url=answer.url, params=params)  # as the fetch log keeps them


class _Answers:
    """The answers that are here, each to the very request that is named now."""

    def __init__(self, data: Path, connection: sqlite3.Connection, source: str):
        self._data, self._connection, self._source = data, connection, source
        self.current = {row.resource: row for row in fetch_log.current(connection, source)}
        self.named: dict[str, Resource] = {}
        self.certain = True

    def __call__(self, id: str) -> Answer | None:
        resource, answer = self.named.get(id), self.current.get(id)
        path = blobs.path(self._data, answer.sha256) if answer and answer.sha256 else None
        if not (resource and answer and path and answer.url == redact(resource.url) and path.is_file()):
            self.certain = False
            return None
        self.certain &= self._outcomes(id)[0].id == answer.id
        return Answer(path)

    def missing(self, id: str) -> bool:
        return bool(self._outcomes(id)) and self(id) is None

    def _outcomes(self, id: str) -> list[Outcome]:
        return fetch_log.history(self._connection, self._source, id)
