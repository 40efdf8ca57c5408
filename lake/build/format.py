"""The layout of SQL files: sqlfmt's, and nothing but the layout.

A formatted model has the same tokens as before, so that nothing becomes stale and no comment is lost. sqlglot's printer
would not do: it prints what it understood (list() as ARRAY_AGG(), bool_or(x) with a CAST that nobody wrote), which
makes every model stale, and moves comments.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lake.build.graph import read
from lake.build.parse import canonical
from lake.errors import ConfigError, ModelError

WIDTH = 120  # characters a line


@dataclass(frozen=True, slots=True)
class Formatted:
    path: Path
    before: str
    after: str

    @property
    def changed(self) -> bool:
        return self.before != self.after


def models(root: Path) -> list[Path]:
    """The files of sql/: what a project's SQL is formatted in."""
    return sorted((root / "sql").glob("*/*.sql"))


def formatted(path: Path) -> Formatted:
    """A file as it is and as it would be; nothing is written.

    Raises:
        ModelError: sqlfmt cannot lay it out, or would change more than the layout.
    """
    import sqlfmt.api
    from sqlfmt.exception import SqlfmtError
    from sqlfmt.mode import Mode

    before = read(path)
    try:
        after = sqlfmt.api.format_string(before, Mode(line_length=WIDTH))
    except SqlfmtError as error:
        raise ModelError(
            f"{path.name} cannot be laid out: {error}",
            where=str(path),
            why="sqlfmt does not know all of DuckDB's syntax: ^@ for one, or }} that does not close a template",
            next="write it otherwise (starts_with(), } }), or put -- fmt: off and -- fmt: on around it",
        ) from None
    if (renamed := _renamed(before, after)) is not None:
        raise ModelError(
            f"{path.name} would not mean the same: {renamed}",
            where=str(path),
            why="sqlfmt writes names that are not quoted in lower case",
            next='quote the name ("Name"), or put -- fmt: off and -- fmt: on around it',
        )
    return Formatted(path, before, after)


def _renamed(before: str, after: str) -> str | None:
    """What differs beside the layout: a token, or the spelling of a column that is given."""
    if canonical(before)[0] != canonical(after)[0]:
        return "its tokens differ"
    gone = sorted(_given(before) - _given(after))
    return f"the column {gone[0]} would be {gone[0].lower()}" if gone else None


def _given(sql: str) -> set[str]:
    """The names of the columns that a text gives, as they are spelled; none where it is not one query."""
    import sqlglot

    try:
        query = sqlglot.parse_one(sql, dialect="duckdb")
    except sqlglot.errors.SqlglotError:
        return set()
    return set(getattr(query, "named_selects", ()))


def write(files: Iterable[Formatted]) -> None:
    """Put each changed file in place whole, with the permissions that it had.

    Raises:
        ConfigError: it cannot be written.
    """
    for file in files:
        temporary = file.path.with_name(f".{file.path.name}.{os.getpid()}")
        try:
            temporary.write_text(file.after, encoding="utf-8")
            shutil.copymode(file.path, temporary)
            os.replace(temporary, file.path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise ConfigError(f"{file.path.name} cannot be written: {error}", where=str(file.path)) from None
