"""The state of the lake: every contract checked on the published snapshot, and what the last failed build fell over."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from typing import Any

from lake import progress
from lake.build import graph
from lake.check import rejects
from lake.check import run as check
from lake.config import Config
from lake.errors import ConfigError
from lake.reader import Lake
from lake.store import catalog, landings, metadata, renames
from lake.store.sql import quote


@dataclass(frozen=True, slots=True)
class Status:
    snapshot: int | None  # none is published yet
    results: list[dict[str, Any]]
    unpublished: list[dict[str, Any]]  # failed checks of a build that is newer than the snapshot

    def as_dict(self) -> dict[str, Any]:
        return {"snapshot": self.snapshot, "checks": self.results, "unpublished": self.unpublished}


def run(config: Config) -> Status:
    """Check the newest published snapshot; before the first one, report what kept it from being published.

    Raises:
        ConfigError: nothing is published yet, and no check kept it from that; or a contract cannot be read.
        StorageError: a raw table has other rows than ops.landings says.
    """
    if catalog.exists(config):
        with catalog.session(config) as connection:
            landings.agree(connection)
    unpublished = _unpublished(config)
    if unpublished and not _is_published(config):
        return Status(None, [], unpublished)
    with Lake(config, None) as lake:
        present = set(lake.tables())
        promised = graph.promises(graph.load(config), config)
        contracts = [contract for table, contract in promised.items() if table in present]
        results = []
        if landings.TABLE in present:
            results += [result.as_dict() for result in rejects.run(lake.connection, config).results]
        with progress.bar("check", total=len(contracts)) as advance:
            for contract in contracts:
                advance(0, note=contract.table)
                for quality in check.run(lake.connection, [contract]):
                    results += [result.as_dict() for result in quality.results]
                advance()
        return Status(lake.snapshot, results, unpublished)


def _is_published(config: Config) -> bool:
    with catalog.session(config) as connection:
        return metadata.latest(connection, "publish") is not None


def failures(config: Config, check: str) -> list[dict[str, Any]]:
    """The rows that failed a check the last time that it was run in a build, published or not.

    Returns:
        check, table, row (its key and what the check is about), blobs (sha256), snapshot; 1,000 at most.

    Raises:
        ConfigError: check not found.
    """
    if not catalog.exists(config):
        raise ConfigError("nothing was built yet", where=str(config.root), next="lake run")
    with catalog.session(config) as connection:
        present = "quality.failures" in metadata.names(connection, "quality")
        checks = "SELECT check_name FROM " + renames.relation(connection, "quality.checks") if present else ""
        check_names = [name for (name,) in connection.execute(checks).fetchall()] if present else []
        if check not in check_names:
            similar = difflib.get_close_matches(check, check_names, 1, cutoff=0.3)
            why = f"did you mean {similar[0]!r}?" if similar else ""
            raise ConfigError(f"check {check!r} not found", why=why, next="lake check --all")
        failures = renames.relation(connection, "quality.failures")
        cursor = connection.execute(
            f"""SELECT * RENAME (check_name AS "check", table_name AS "table") FROM {failures}
                WHERE check_name = {quote(check)} ORDER BY ALL"""
        )
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [{**row, "row": json.loads(row["row"])} for row in rows]


def _unpublished(config: Config) -> list[dict[str, Any]]:
    if not catalog.exists(config):
        return []
    with catalog.session(config) as connection:
        published, failed = metadata.latest(connection, "publish"), metadata.latest(connection, "checks")
        if not failed or (published and failed.id < published.id):
            return []
        cursor = connection.execute(
            f"""SELECT * RENAME (check_name AS "check", table_name AS "table", column_name AS "column")
                FROM {renames.relation(connection, "quality.checks")}
                WHERE failing > 0 AND severity = 'error' ORDER BY ALL"""
        )
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [{**row, "examples": json.loads(row["examples"])} for row in rows]
