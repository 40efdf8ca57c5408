"""What a model's Parquet file says of itself, so that one that got lost can be put back: key-values of its footer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import lake
from lake import sources
from lake.build.model import Model, Project
from lake.store.sql import name, quote

if TYPE_CHECKING:
    from lake.config import Config

PREFIX = "lake."  # of the keys


def of(config: Config, project: Project, model: Model) -> dict[str, str]:
    """The lake, the table, a digest of its SQL, the version of the code, and the archives that it may come from with
    their licences.
    """
    raw = {table for one in project.upstream([model.table]) for table in project.models[one].inputs}
    landed_from = [
        source for source in config.sources if raw & {f"raw.{table}" for table in sources.get(source).TABLES}
    ]
    licences = {source: sources.get(source).FACTS.licence for source in sorted(landed_from)}
    return {
        f"{PREFIX}name": config.lake.name,
        f"{PREFIX}table": model.table,
        f"{PREFIX}model": model.canonical,
        f"{PREFIX}version": lake.__version__,
        f"{PREFIX}sources": json.dumps(licences, ensure_ascii=False),
    }


def option(values: dict[str, str]) -> str:
    """The key-values as an option of COPY.

    >>> option({"lake.table": "core.s"})
    'KV_METADATA {"lake.table": \\'core.s\\'}'
    """
    return f"KV_METADATA {{{', '.join(f'{name(key)}: {quote(value)}' for key, value in values.items())}}}"
