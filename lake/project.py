"""The astrobiology project that comes with the engine, for `lake init` to copy; and its embedded sample."""

from __future__ import annotations

import difflib
import json
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lake.config import FILE, refuse_name
from lake.errors import ConfigError, StorageError

_HEADER = re.compile(r"(?:# )?\[\[?sources\.(\w+)")
_SETTING = re.compile(r"(?:# )?[\w.]+ *= ")
_EMPTY = """# A table is sql/LAYER/NAME.sql, a SELECT, with a class in models/LAYER.py that says what it promises.

[lake]
name = {name}
data = "data"          # everything that the lake stores

[limits]
storage = "50 GB"
memory = "4 GB"
threads = 2

# [sources.NAME]       # an archive: `lake sources` lists them; one of your own is sources/NAME.py
"""
_PARTS = ("sql", "models", "macros", "seeds", "catalogue", "gcm")


def home() -> Path:
    """The folder of the project's files: inside an installed package, or the root of a checkout."""
    packaged = Path(__file__).parent / "project"
    return packaged if (packaged / FILE).is_file() else Path(__file__).parent.parent


def copy(folder: str | Path, *, sample: bool = False, archives: Iterable[str] | None = None) -> Path:
    """Copy the project into a folder.

    Args:
        sample: copy the sample too, and a lake.toml that asks nothing else.
        archives: the sources that lake.toml is to name, with its examples of options; those of the project where None.

    Raises:
        ConfigError: there is a lake already; a source that does not exist. StorageError: the folder cannot be written.
    """
    source = home()
    text = ((source / "sample" if sample else source) / FILE).read_text()
    if archives is not None:
        text = naming(text, archives)
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
    with _new(folder) as target:
        for part in (*_PARTS, *(["sample"] if sample else [])):
            shutil.copytree(source / part, target / part, dirs_exist_ok=True, ignore=ignore)
        (target / FILE).write_text(text)  # last: an incomplete copy is not a lake, and can be repeated
    return target


def empty(folder: str | Path) -> Path:
    """Make a lake without archives and models: for another field, or for tables of one's own.

    Raises:
        ConfigError: there is a lake already. StorageError: the folder cannot be written.
    """
    with _new(folder) as target:
        for part in ("sql", "models", "macros", "seeds"):
            (target / part).mkdir(exist_ok=True)
        (target / FILE).write_text(_EMPTY.format(name=json.dumps(target.name)))
    return target


@contextmanager
def _new(folder: str | Path) -> Iterator[Path]:
    """A folder for a new lake, to be filled."""
    target = Path(folder).absolute()
    if (target / FILE).exists():
        raise ConfigError("a lake exists already", where=str(target), next=f"lake -C {folder} status")
    refuse_name(target)
    try:
        target.mkdir(parents=True, exist_ok=True)
        yield target
    except OSError as error:
        raise StorageError(
            f"the project cannot be copied: {error.strerror or error}",
            where=str(target),
            why="the folder is read-only, is a file, or the disk is full",
            next="lake init ANOTHER_DIR",
        ) from None


def naming(text: str, archives: Iterable[str]) -> str:
    """The text of a lake.toml that names these sources and no others.

    The section of a source begins with its header, in a comment or not, and ends before an empty line, the next
    header or a comment that is no setting. One that asks for an address of the user's own stays a comment.

    >>> print(naming('[sources.a]\\nx = 1\\n# [sources.b]\\n# y = 2\\n', ["b"]), end="")
    # [sources.a]
    # x = 1
    [sources.b]
    y = 2

    Raises:
        ConfigError: a source that does not exist, or that the text has no section of.
    """
    chosen, lines = set(archives), text.split("\n")
    sections = list(_sections(lines))
    if unknown := sorted(chosen - {name for name, _ in sections}):
        names = sorted({name for name, _ in sections})
        similar = difflib.get_close_matches(unknown[0], names, 1)
        why = f"did you mean {similar[0]!r}?" if similar else f"there are {', '.join(names)}"
        raise ConfigError(f"no archive is called {unknown[0]!r}", why=why, next="lake sources")
    for name, numbers in sections:
        own_address = any('"https://..."' in lines[number] for number in numbers)
        for number in numbers:
            setting = lines[number].removeprefix("# ")
            lines[number] = setting if name in chosen and not own_address else f"# {setting}"
    return "\n".join(lines)


def _sections(lines: list[str]) -> Iterator[tuple[str, list[int]]]:
    """The sections of sources: the name, and the places of the lines."""
    name, numbers = "", list[int]()
    for number, line in enumerate([*lines, ""]):
        header = _HEADER.match(line)
        if name and (header or not _SETTING.match(line)):
            yield name, numbers
            name = ""
        if header:
            name, numbers = header[1], [number]
        elif name:
            numbers.append(number)
