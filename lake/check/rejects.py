"""The limit on rejects: a source with a larger share of rejected records than [rejects] allows fails a check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lake.check.rules import Check
from lake.check.run import EXAMPLES, Quality, Result
from lake.config import Config

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TABLE = "raw.rejects"


def run(connection: DuckDBPyConnection, config: Config) -> Quality:
    """The check of each source that has a limit. raw.rejects has no other measures."""
    return Quality(TABLE, 0, None, results=_results(connection, config))


def _results(connection: DuckDBPyConnection, config: Config) -> list[Result]:
    """A check for each source that is landed and has a limit: of its records, rejected / seen [1] is not above it.

    ``failing`` counts the rejected records where the limit is passed; the examples are the resources with most of them.
    """
    limits = config.rejects
    if limits.limit is None and not limits.sources:
        return []
    counted = connection.execute(
        """SELECT source, CAST(sum(seen) AS BIGINT), CAST(sum(rejected) AS BIGINT)
           FROM ops.landings WHERE status = 'landed' GROUP BY 1 ORDER BY 1"""
    ).fetchall()
    results = []
    for source, seen, rejected in counted:
        limit = limits.sources.get(source, limits.limit)
        if limit is not None:
            passes = rejected <= limit * seen
            name = f"{TABLE} of {source} at most {limit:.4g} of its records"
            check = Check(name, TABLE, "", "rejects", "error", "")
            results.append(Result(check, 0 if passes else rejected, [] if passes else _most(connection, source)))
    return results


def _most(connection: DuckDBPyConnection, source: str) -> list[dict[str, object]]:
    rows = connection.execute(
        """SELECT resource, CAST(sum(seen) AS BIGINT), CAST(sum(rejected) AS BIGINT) AS rejected FROM ops.landings
           WHERE source = ? AND status = 'landed' GROUP BY 1 HAVING sum(rejected) > 0
           ORDER BY 3 DESC, 1 LIMIT ?""",
        [source, EXAMPLES],
    ).fetchall()
    return [{"resource": resource, "seen": seen, "rejected": rejected} for resource, seen, rejected in rows]
