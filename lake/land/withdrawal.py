"""What leaves the raw tables: what lake.toml names no more, and what somebody removed. Its blobs stay."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from lake.config import Config
from lake.errors import ConfigError
from lake.land import tables
from lake.land.configured import Configured
from lake.store import catalog, decisions, fetch_log, landings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Decided = Mapping[tuple[str, str], str]


def stays(configured: Configured | None, decided: Decided, source: str, resource: str) -> bool:
    """Whether a resource belongs into the raw tables: by what was decided on it, or on all of its source; else by
    whether its source names it. A source whose list is not certain loses nothing.

    Args:
        named: what the source names; None where lake.toml has no such source.
    """
    if decision := decided.get((source, resource), decided.get((source, ""))):
        return decision == "kept"
    return configured is not None and (resource in configured.resources or not configured.certain)


def due(
    connection: DuckDBPyConnection,
    config: Config,
    by_source: Mapping[str, Configured],
    decided: Decided,
    *,
    everything: bool,
) -> list[tuple[str, str]]:
    """What is landed and is to leave.

    Args:
        known: what the sources name that are landed now.
        everything: sources that lake.toml does not have are looked at, too.
    """
    return [
        (source, resource)
        for source, resource in _landed(connection)
        if (source in by_source or (everything and source not in config.sources))
        and not stays(by_source.get(source), decided, source, resource)
    ]


def _landed(connection: DuckDBPyConnection) -> list[tuple[str, str]]:
    return connection.execute(f"SELECT DISTINCT source, resource FROM {landings.TABLE} ORDER BY ALL").fetchall()


def carry_out(connection: DuckDBPyConnection, away: list[tuple[str, str]]) -> None:
    """Take resources out of the raw tables, of cubes and of ops.landings."""
    names = sorted({source for source, _ in away})
    message = f"withdraw {len(away)} resource(s) of {', '.join(names)}"
    catalog.commit(connection, partial(_take_out, connection, away), kind="land", message=message)


def _take_out(connection: DuckDBPyConnection, away: list[tuple[str, str]]) -> None:
    tables.put(connection, [f"{source}/{resource}" for source, resource in away], [], {}, [])


def remove(config: Config, what: str, *, wait: float = 0) -> list[tuple[str, str]]:
    """Take a source or a resource (source/resource) out of the raw tables, and keep it out although lake.toml names it.

    Returns:
        What left: source and resource.

    Raises:
        ConfigError: nothing of that name was ever fetched or landed. Locked: another process writes this lake.
    """
    with catalog.write_session(config, wait=wait) as connection:
        source, resource = _resolve(connection, config, what)
        landed = _landed(connection) if landings.there(connection) else []
        away = [one for one in landed if one[0] == source and resource in ("", one[1])]

        def work() -> None:
            decisions.put(connection, source, resource, "removed")
            if away:
                _take_out(connection, away)

        catalog.commit(connection, work, kind="land", message=f"remove {what}")
    return away


def keep(config: Config, what: str, *, wait: float = 0) -> None:
    """Let a source or a resource stay in the raw tables although lake.toml names it no more; `remove` is undone.

    Raises:
        ConfigError: nothing of that name was ever fetched or landed. Locked: another process writes this lake.
    """
    with catalog.write_session(config, wait=wait) as connection:
        source, resource = _resolve(connection, config, what)
        work = partial(decisions.put, connection, source, resource, "kept")
        catalog.commit(connection, work, kind="decide", message=f"keep {what}")


def _resolve(connection: DuckDBPyConnection, config: Config, what: str) -> tuple[str, str]:
    source, _, resource = what.partition("/")
    with closing(fetch_log.connect(config.data)) as answers:
        resources = {(one.source, one.resource) for one in fetch_log.last(answers)}
    if landings.there(connection):
        resources |= set(_landed(connection))
    if not any(source == one[0] and resource in ("", one[1]) for one in resources):
        names = [f"{one[0]}/{one[1]}" for one in sorted(resources)] + sorted({one[0] for one in resources})
        raise ConfigError(
            f"nothing called {what!r} was fetched or landed", why=_hint(what, names), next="lake status --all"
        )
    return source, resource


def _hint(what: str, names: list[str]) -> str:
    import difflib

    similar = difflib.get_close_matches(what, names, 1)
    return f"did you mean {similar[0]!r}?" if similar else "it takes a source, or source/resource"
