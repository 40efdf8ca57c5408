"""Names for snapshots: rows of ops.tags, which no restore rolls back and whose snapshots `lake gc` keeps."""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from lake.config import Config
from lake.errors import ConfigError
from lake.store import catalog, metadata, tables
from lake.store.sql import name, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TABLE = "ops.tags"
_NAME = re.compile(r"[A-Za-z_][\w.-]{0,63}")
_COLUMNS = {
    "name": "The tag",
    "snapshot": "The published snapshot that it names",
    "message": "Why",
    "author": "Who gave it",
    "tagged_at": "When, UTC",
}


@dataclass(frozen=True, slots=True)
class Tag:
    """A name of a published snapshot."""

    name: str
    snapshot: int
    message: str = ""
    author: str = ""
    tagged_at: str = ""

    as_dict = asdict


def known(connection: DuckDBPyConnection) -> list[Tag]:
    """Every tag, by snapshot and name."""
    if TABLE not in metadata.names(connection, "ops"):
        return []
    columns = ", ".join(map(name, _COLUMNS))
    rows = connection.execute(f"SELECT {columns} FROM {TABLE} ORDER BY snapshot, name").fetchall()
    return [Tag(*row) for row in rows]


def resolve(connection: DuckDBPyConnection, text: str | int) -> int:
    """The published snapshot that a number, a tag or "latest" means.

    Raises:
        ConfigError: none.
    """
    text = str(text)
    if text == "latest":
        if last := metadata.latest(connection, "publish"):
            return last.id
    elif text.isdecimal():
        if int(text) in (published := [s.id for s in metadata.snapshots(connection, "publish")]):
            return int(text)
        newest = ", ".join(map(str, published[:8])) or "none"
        raise ConfigError(f"no published snapshot is number {text}", why=f"the newest are {newest}", next="lake log")
    tags = {tag.name: tag.snapshot for tag in known(connection)}
    if text in tags:
        return tags[text]
    raise _unknown(text, tags)


def _unknown(name: str, tags: Iterable[str]) -> ConfigError:
    similar = difflib.get_close_matches(name, [*tags, "latest"], 1)
    why = f"did you mean {similar[0]!r}?" if similar else f"the tags are {', '.join(tags) or 'none'}"
    return ConfigError(f"no snapshot has the tag {name!r}", why=why, next="lake tag")


def add(config: Config, name: str, of: str | int = "latest", *, message: str = "", wait: float = 0) -> Tag:
    """Name a published snapshot.

    Raises:
        ConfigError: the name is taken, or cannot be one; no such snapshot.
        Locked: another process writes this lake.
    """
    if not _NAME.fullmatch(name) or name == "latest":
        raise ConfigError(
            f"{name!r} cannot be a tag",
            why="a tag is up to 64 letters, digits, and . _ -, begins with a letter, and is not 'latest'",
            next="lake tag v1",
        )
    with catalog.write_session(config, wait=wait) as connection:
        tags = known(connection)
        snapshot = resolve(connection, of)
        if existing := next((tag for tag in tags if tag.name == name), None):
            if existing.snapshot == snapshot:
                return existing
            raise ConfigError(
                f"the tag {name} is of snapshot {existing.snapshot}",
                why="what was cited by a name should stay what it was",
                next=f"choose another name, or take it away first: lake tag --delete {name}",
            )
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        tag = Tag(name, snapshot, message, catalog.author(), now)
        _write(connection, [*tags, tag], f"tag {name} = snapshot {snapshot}")
    return tag


def delete(config: Config, name: str, *, wait: float = 0) -> Tag:
    """Take a tag away; its snapshot stays until `lake gc`.

    Raises:
        ConfigError: there is no such tag. Locked: another process writes this lake.
    """
    with catalog.write_session(config, wait=wait) as connection:
        tags = known(connection)
        deleted = next((tag for tag in tags if tag.name == name), None)
        if deleted is None:
            raise _unknown(name, [tag.name for tag in tags])
        _write(connection, [tag for tag in tags if tag is not deleted], f"tag {name} taken away")
    return deleted


def _write(connection: DuckDBPyConnection, tags: list[Tag], message: str) -> None:
    rows = ", ".join(
        f"({quote(tag.name)}, {tag.snapshot}, {quote(tag.message)}, {quote(tag.author)}, {quote(tag.tagged_at)})"
        for tag in tags
    )

    def work() -> None:
        columns = [(column, "BIGINT" if column == "snapshot" else "VARCHAR") for column in _COLUMNS]
        tables.create(connection, TABLE, columns, comment="Names of snapshots", comments=_COLUMNS)
        if rows:
            tables.insert(connection, TABLE, f"SELECT * FROM (VALUES {rows}) AS t({', '.join(map(name, _COLUMNS))})")

    catalog.commit(connection, work, kind="tag", message=message)
