"""Which lake, table and snapshot a Parquet file belongs to: by its footer, and by its bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lake.build import footer
from lake.config import Config
from lake.errors import ConfigError
from lake.store import catalog, checksums, metadata
from lake.store.sql import connect, quote


@dataclass(frozen=True, slots=True)
class Whence:
    """Where a file belongs.

    Attributes:
        lake, table, model, version: from its footer; empty without one.
        sources: the archives that it may come from, with their licences, from its footer.
        path: where the current lake stores, or stored, these bytes; empty if it has no record of them.
        snapshots: the published snapshots of the current lake that have the file.
        intact: whether that path has these bytes.
    """

    file: str
    sha256: str
    lake: str
    table: str
    model: str
    version: str
    sources: Mapping[str, str]
    path: str = ""
    snapshots: tuple[int, ...] = ()
    intact: bool = False

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def of(file: Path, config: Config | None = None) -> Whence:
    """What a file's footer says, and where the current lake has its bytes.

    Raises:
        ConfigError: it is not a Parquet file.
    """
    import duckdb

    sums = checksums.take(file)
    if sums is None:
        raise ConfigError("the file cannot be read", where=str(file))
    try:
        with connect() as connection:
            rows = connection.execute(
                f"SELECT decode(key), decode(value) FROM parquet_kv_metadata({quote(str(file))})"
            ).fetchall()
    except duckdb.Error as error:
        why = catalog.first_line(error)
        raise ConfigError("this is not a Parquet file", where=str(file), why=why) from None
    footer_texts = {key.removeprefix(footer.PREFIX): value for key, value in rows if key.startswith(footer.PREFIX)}
    texts = {key: footer_texts.get(key, "") for key in ("table", "model", "version")}
    whence = Whence(
        str(file), sums[1], footer_texts.get("name", ""), **texts, sources=json.loads(footer_texts.get("sources", "{}"))
    )
    return whence if config is None else _placed(config, whence, sums)


def _placed(config: Config, whence: Whence, sums: tuple[int, str]) -> Whence:
    stored_path = next((path for path, one in checksums.known(config.data).items() if one == sums), "")
    if not stored_path or not catalog.exists(config):
        return whence
    with catalog.session(config) as connection:
        within = [
            snapshot.id
            for snapshot in metadata.snapshots(connection, "publish")
            if any(stored_path in files for files in metadata.tables(connection, snapshot.id).values())
        ]
    intact = checksums.take(config.data / stored_path) == sums
    values = {**asdict(whence), "path": stored_path, "snapshots": tuple(within), "intact": intact}
    return Whence(**values)
