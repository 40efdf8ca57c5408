"""The present state of a lake, for several commands."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from lake.config import Config
from lake.store import catalog, decisions, failures, fetch_log, landings, metadata

if TYPE_CHECKING:
    from lake.store.decisions import Decision
    from lake.store.failures import Failure
    from lake.store.fetch_log import Outcome


def outcomes(config: Config) -> list[Outcome]:
    """The newest outcome of each resource."""
    with closing(fetch_log.connect(config.data)) as connection:
        return fetch_log.last(connection)


def landed(config: Config) -> dict[str, int]:
    """Rows in raw tables, by source."""
    if not catalog.exists(config):
        return {}
    with catalog.session(config) as connection:
        if "ops.landings" not in metadata.names(connection, "ops"):
            return {}
        counted = "SELECT source, CAST(sum(landed) AS BIGINT) FROM ops.landings WHERE status = 'landed' GROUP BY 1"
        return dict(connection.execute(counted).fetchall())


def unreadable(config: Config) -> list[dict[str, Any]]:
    """Answers that their readers could not read, each with its reason and traceback."""
    if not catalog.exists(config):
        return []
    with catalog.session(config) as connection:
        return landings.unreadable(connection)


def decided(config: Config) -> list[Decision]:
    """What was removed or kept by hand."""
    if not catalog.exists(config):
        return []
    with catalog.session(config) as connection:
        return decisions.every(connection)


def failure(config: Config) -> Failure | None:
    """The last failed command, if nothing was published since."""
    if not catalog.exists(config):
        return None
    with catalog.session(config) as connection:
        last, published = failures.last(connection), metadata.latest(connection, "publish")
    return last if last and (not published or published.at < last.failed_at) else None


def domains(config: Config) -> dict[str, dict[str, Any]]:
    """Each domain of lake.toml: stored bytes, limit (None: none of its own), folder."""
    from lake import sources

    with closing(fetch_log.connect(config.data)) as connection:
        stored = fetch_log.stored_bytes(connection) if config.domains else {}
    mine = sources.domains(config) if config.domains else {}
    return {
        name: {
            "bytes": sum(stored.get(source, 0) for source, of in mine.items() if of == name),
            "limit": domain.storage,
            "folder": str(config.folder(name)),
        }
        for name, domain in config.domains.items()
    }
