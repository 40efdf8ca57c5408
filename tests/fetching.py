"""What the tests of fetch share: a source that asks for what it is given, and a lake that asks it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

from lake.config import Config
from lake.sources.contract import Facts, Resource
from lake.store import blobs, fetch_log


def source(
    *resources: Resource, name: str = "fake", rate: float = 1e6, refresh: float = 7.0, check=None, more=None, **facts
):
    """A source of these resources; ``more(options, answer)`` names further ones."""

    def named(options, answer):
        yield from resources
        if more:
            yield from more(options, answer)

    facts = Facts(name, name, "https://example.org", "CC0", "nobody", rate, refresh, **facts)
    judge: Callable = check or (lambda resource, head: None)
    return SimpleNamespace(FACTS=facts, READER=1, TABLES={}, OPTIONS={}, resources=named, check=judge)


def lake_in(folder: Path, *names: str, mirror: str = "", storage: int = 10**9, **fetch) -> Config:
    """A lake's settings, with short waits."""
    settings = {"attempts": 3, "backoff": 0.01, "timeout": 2.0, **fetch}
    config = Config.model_validate(
        {
            "lake": {"mirror": mirror},
            "limits": {"storage": storage},
            "fetch": settings,
            "sources": {name: {} for name in names or ("fake",)},
        }
    )
    config._root = folder
    return config


def rows(config: Config, resource: str | None = None, source: str = "fake") -> list[fetch_log.Outcome]:
    """What the fetch log says: of one resource oldest first, or the newest of each."""
    with closing(fetch_log.connect(config.data)) as connection:
        return fetch_log.history(connection, source, resource)[::-1] if resource else fetch_log.last(connection, source)


def stored(config: Config, row: fetch_log.Outcome) -> bytes:
    """The bytes of a row's blob, verified."""
    blobs.verify(config.data, row.sha256)
    return blobs.path(config.data, row.sha256).read_bytes()


def left(config: Config) -> list[str]:
    """Names of unfinished files."""
    return sorted(file.name for file in (config.data / "partial").iterdir())
