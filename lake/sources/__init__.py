"""The archives that can be asked: the folders beside this file, those of a lake, and those of other packages.

A lake's own are `sources/<name>.py` or `sources/<name>/__init__.py` in its folder. Other packages name theirs by an
entry point in the group ``lake.sources``. All keep to `lake.sources.contract`.
"""

from __future__ import annotations

import difflib
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from lake.errors import ConfigError
from lake.sources.contract import Source

if TYPE_CHECKING:  # the process of the readers starts without pydantic
    from importlib.metadata import EntryPoint

    from lake.config import Config

FOLDER = "sources"  # of a lake's own archives
_HERE = Path(__file__).parent
_OWN = {file.parent.name: f"{__name__}.{file.parent.name}" for file in _HERE.glob("*/__init__.py")}
_CONTRACT = ("FACTS", "READER", "TABLES", "OPTIONS", "resources", "check", "read")


def use(root: Path) -> None:
    """Look for archives in a lake's folder too, and no longer in another lake's."""
    folder = root.resolve() / FOLDER
    searched = [str(_HERE), *([str(folder)] if folder.is_dir() else [])]
    if list(__path__) == searched:
        return
    for module in [name for name in sys.modules if name.startswith(f"{__name__}.")]:
        if not str(getattr(sys.modules[module], "__file__", None) or _HERE).startswith(str(_HERE)):
            del sys.modules[module]
    __path__[:] = searched
    names.cache_clear()
    get.cache_clear()


def _of_lake() -> dict[str, Path]:
    """The archives of the lake that is used, by name."""
    found = {}
    for folder in map(Path, list(__path__)[1:]):
        found |= {file.stem: file for file in folder.glob("*.py")}
        found |= {file.parent.name: file for file in folder.glob("*/__init__.py")}
    return {name: file for name, file in found.items() if name.isidentifier() and not name.startswith("_")}


def _others(**named: str) -> Iterable[EntryPoint]:
    from importlib.metadata import entry_points

    return entry_points(group="lake.sources", **named)


@cache
def names() -> tuple[str, ...]:
    """Every archive that this installation, and the lake that is used, know."""
    return tuple(sorted(_OWN.keys() | _of_lake().keys() | {point.name for point in _others()}))


@cache
def get(name: str) -> Source:
    """The module of an archive.

    Raises:
        ConfigError: no archive has that name, or its module does not load, or lacks what a source must have.
    """
    of_lake = _of_lake().get(name)
    if of_lake and (name in _OWN or name == "contract"):
        raise ConfigError(
            f"the source {name} is there twice",
            where=str(of_lake),
            why=f"lake brings a {name}",
            next="name it otherwise",
        )
    if name in _OWN:
        return cast("Source", import_module(_OWN[name]))
    if of_lake:
        own = globals().get(name)
        try:
            return _loaded(name, str(of_lake), lambda: import_module(f"{__name__}.{name}"))
        finally:  # Python has made the module an attribute of this package, perhaps in place of a function
            if callable(own):
                globals()[name] = own
    for point in _others(name=name):
        return _loaded(name, point.value, point.load)
    near = difflib.get_close_matches(name, names(), 1)
    raise ConfigError(
        f"there is no source named {name!r}",
        why=f"did you mean {near[0]!r}?" if near else f"the sources are {', '.join(names())}",
        next="lake sources",
    )


def _loaded(name: str, where: str, load: Callable[[], Any]) -> Source:
    """A source that others wrote.

    Raises:
        ConfigError: its module does not load, or is no source.
    """
    try:
        module = load()
    except Exception as error:
        raise ConfigError(
            f"the source {name} cannot be imported: {type(error).__name__}: {error}",
            where=where,
            why="its module raises that when it is imported",
            next="correct it; docs/sources.md has a whole one",
        ) from error
    if lacking := [each for each in _CONTRACT if not hasattr(module, each)]:
        raise ConfigError(
            f"the source {name} lacks {', '.join(lacking)}", where=where, next="docs/sources.md says what a source has"
        )
    code = getattr(module.read, "__code__", None)
    if code and "path" in code.co_varnames[: code.co_argcount]:
        raise ConfigError(
            f"the source {name} reads a path",
            where=where,
            why="read(resource, path) is read(resource, answer) now: the bytes need not be a file",
            next="take answer.open(), answer.read_bytes() or answer.read_text(); answer.path() is for libraries",
        )
    return cast("Source", module)


def chosen(config: Config, names: Iterable[str] | None) -> list[str]:
    """The archives that are named, each once; without names, all of lake.toml.

    Raises:
        ConfigError: one is unknown, or is not in lake.toml.
    """
    use(config.root)
    from lake.config import FILE

    wanted = list(dict.fromkeys(names or config.sources))
    for name in wanted:
        get(name)
        if name not in config.sources:
            raise ConfigError(
                f"the source {name} is not configured",
                where=str(config.root / FILE),
                next=f"add a line [sources.{name}] to {FILE}",
            )
    return wanted


def domains(config: Config) -> dict[str, str]:
    """The domain of each archive of lake.toml.

    Raises:
        ConfigError: [domains.<name>] names one that none of the installed archives belongs to.
    """
    use(config.root)
    from lake.config import FILE

    found = {name: get(name).FACTS.domain for name in config.sources}
    if strange := config.domains.keys() - found.values():  # of no source that is configured: perhaps of another
        known = {get(name).FACTS.domain for name in names()}.union(found.values())
        for name in sorted(strange - known):
            near = difflib.get_close_matches(name, known, 1)
            raise ConfigError(
                f"[domains.{name}] is no domain of any source",
                where=str(config.root / FILE),
                why=f"did you mean {near[0]!r}?" if near else f"the domains are {', '.join(sorted(known))}",
                next="lake sources",
            )
    return found


def options(name: str, given: Mapping[str, Any], root: Path = Path()) -> dict[str, Any]:
    """An archive's options: its defaults, with what [sources.<name>] of lake.toml says.

    Where a list is expected, "folder/*.toml", or a list of such texts, names files below ``root``, each one entry.

    Raises:
        ConfigError: it says something that the archive does not know, or of another type.
    """
    known = get(name).OPTIONS
    given = {
        key: _entries(root, value, f"[sources.{name}] {key}") if isinstance(known.get(key), list) else value
        for key, value in given.items()
    }
    for key, value in given.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            raise ConfigError(
                f"[sources.{name}] has an unknown option {key!r}",
                where="lake.toml",
                why=f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(known) or 'none'}",
            )
        if not isinstance(value, type(known[key])):
            raise ConfigError(
                f"[sources.{name}] {key} is {value!r}, but must be of type {type(known[key]).__name__}",
                where="lake.toml",
            )
    return {**known, **given}


def check_options(config: Config) -> None:
    """Refuse options of lake.toml that their sources would refuse when they are asked what to fetch; asks no archive.

    Raises:
        ConfigError: a source is unknown, or an option of one.
    """
    use(config.root)
    for name, given in config.sources.items():
        taken = options(name, given, config.root)
        try:
            for _ in get(name).resources(taken, lambda resource: None):
                pass
        except ConfigError:
            raise
        except Exception:  # a defect of the source: fetch says which
            continue


def _entries(root: Path, value: Any, option: str) -> Any:
    """A list with the tables of TOML files instead of their names; "folder/*.toml" alone is a list of one."""
    items = [value] if isinstance(value, str) and value.endswith(".toml") else value
    if not isinstance(items, list):
        return value
    entries: list[Any] = []
    for item in items:
        named = isinstance(item, str) and item.endswith(".toml")
        entries += _described(root, item, option) if named else [item]
    return entries


def _described(root: Path, pattern: str, option: str) -> list[dict[str, Any]]:
    """The tables of the TOML files that a pattern names, each with its own place as ``described_in``."""
    from lake.config import FILE

    files = sorted(file for file in root.glob(pattern) if file.is_file())
    if not files:
        raise ConfigError(f"{option} is {pattern!r}, and there is no such file", where=str(root / FILE))
    entries = []
    for file in files:
        place = file.relative_to(root).as_posix()
        try:
            entries.append(tomllib.loads(file.read_text("utf-8")) | {"described_in": place})
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"it is not valid TOML: {error}", where=place) from None
    return entries
