"""The layout of SQL files: sqlfmt's, and nothing but the layout.

A formatted model means the same to DuckDB's parser as before, so that nothing becomes stale, no value changes and no
comment is lost. sqlglot's printer would not do: it prints what it understood (list() as ARRAY_AGG(), bool_or(x) with a
CAST that nobody wrote), which makes every model stale, and moves comments.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lake.build.model import files, read
from lake.build.parse import bare, canonical, words
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
    return [path for _, path in files(root)]


def formatted(path: Path) -> Formatted:
    """A file as it is and as it would be; nothing is written.

    Names are written in lower case where nothing is changed by it, and as they are where one of them may be data.

    Raises:
        ModelError: sqlfmt cannot lay it out, or would change more than the layout.
    """
    before = read(path)
    meant = canonical(before)
    for keep_names in (False, True):
        once = _laid_out(before, path, keep_names)
        after = _laid_out(once, path, keep_names)  # sqlfmt moves some comments a second time
        if canonical(after) == meant and (after == once or _laid_out(after, path, keep_names) == after):
            return Formatted(path, before, after)
    raise _not_the_same(path, before, after)


_AROUND = "put -- fmt: off and -- fmt: on around it"


def _laid_out(sql: str, path: Path, keep_names: bool) -> str:
    import sqlfmt.api
    from sqlfmt.exception import SqlfmtError
    from sqlfmt.mode import Mode

    from lake.build.dialect import DuckDB

    mode = Mode(line_length=WIDTH)
    mode.dialect = DuckDB(keep_names=keep_names)
    try:
        return sqlfmt.api.format_string(sql, mode)
    except SqlfmtError as error:
        raise ModelError(
            f"{path.name} cannot be laid out: {error}",
            where=str(path),
            why="sqlfmt does not know all of DuckDB's syntax",
            next=f"write it otherwise, or {_AROUND}",
        ) from None


def _not_the_same(path: Path, before: str, after: str) -> ModelError:
    """Why a text is left as it is: the first of its words that would mean something else."""
    was, new = words(bare(before)), words(bare(after))
    for one, two in zip(was, new, strict=False):
        if one.text != two.text and canonical(before[: one.start] + two.text + before[one.end :]) != canonical(before):
            return ModelError(
                f"{path.name} cannot be laid out: {one.text} would become {two.text}",
                where=f"{path}:{before.count(chr(10), 0, one.start) + 1}",
                why="sqlfmt takes the name for a keyword, and its case may reach a value",
                next=f'write "{one.text}", or {_AROUND}',
            )
    why = "sqlfmt reads it otherwise than DuckDB" if canonical(after) != canonical(before) else "each time otherwise"
    return ModelError(f"{path.name} cannot be laid out", where=str(path), why=why, next=_AROUND)


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
