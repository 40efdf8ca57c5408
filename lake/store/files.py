"""Which Parquet files a snapshot's tables are, for programs that read Parquet and know no catalog."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fnmatch import fnmatch

from lake.config import Config
from lake.errors import ConfigError
from lake.store import catalog, checksums, metadata, tags


@dataclass(frozen=True, slots=True)
class File:
    """One file of a table: its path, rows, size [byte], and the sha256 of its bytes when it was published."""

    table: str
    path: str
    rows: int
    bytes: int | None  # None: it was not summed yet
    sha256: str | None

    as_dict = asdict


def of(config: Config, pattern: str = "*", at: str | int | None = None) -> tuple[int, list[File]]:
    """The number of a published snapshot, and the files of its tables whose name is like ``pattern``.

    A table without rows has no file.

    Args:
        at: its number or tag; the newest one, where None.

    Raises:
        ConfigError: there is no such snapshot, or no table like that.
    """
    if not catalog.exists(config):
        raise ConfigError("nothing was built yet", where=str(config.root), next="lake run")
    with catalog.session(config) as connection:
        number = tags.resolve(connection, "latest" if at is None else at)
        tables, rows = metadata.tables(connection, number), metadata.rows(connection, number)
    if not (chosen := [table for table in tables if fnmatch(table, pattern)]):
        raise ConfigError(f"no table matches {pattern!r}", next="lake tables")
    sums = checksums.known(config.data)
    return number, [
        File(table, str(config.data.absolute() / file), rows.get(file, 0), *sums.get(file, (None, None)))
        for table in chosen
        for file in tables[table]
    ]
