"""The registry of sources: the folders beside this file, a lake's own, and those of other packages.

A lake's own are `sources/<name>.py` or `sources/<name>/__init__.py` in its folder. Other packages register theirs by
an entry point in the group ``lake.sources``. All satisfy `lake.sources.contract`.
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
    """Look for sources in this lake's folder too, and no longer in another lake's."""
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
    """The files of the lake's own sources, by name."""
    files: dict[str, Path] = {}
    for folder in map(Path, list(__path__)[1:]):
        files |= {file.stem: file for file in folder.glob("*.py")}
        files |= {file.parent.name: file for file in folder.glob("*/__init__.py")}
    return {name: file for name, file in files.items() if name.isidentifier() and not name.startswith("_")}


def _entry_points() -> Iterable[EntryPoint]:
    from importlib.metadata import entry_points

    return entry_points(group="lake.sources")


@cache
def names() -> tuple[str, ...]:
    """The names of all sources: this package's, the lake's own, and those of other packages."""
    return tuple(sorted(_OWN.keys() | _of_lake().keys() | {point.name for point in _entry_points()}))


@cache
def get(name: str) -> Source:
    """The module of a source.

    Raises:
        ConfigError: no source has that name, or its module cannot be imported or is not a source.
    """
    of_lake = _of_lake().get(name)
    if of_lake and (name in _OWN or name == "contract"):
        raise ConfigError(
            f"there are two sources named {name}",
            where=str(of_lake),
            why=f"the lake package has a {name} too",
            next="rename this one",
        )
    if name in _OWN:
        return cast("Source", import_module(_OWN[name]))
    if of_lake:
        own = globals().get(name)
        try:
            return _loaded(name, str(of_lake), lambda: import_module(f"{__name__}.{name}"))
        finally:  # Python has made the module an attribute of this package, perhaps over a function
            if callable(own):
                globals()[name] = own
    for point in _entry_points():
        if point.name == name:
            return _loaded(name, point.value, point.load)
    close = difflib.get_close_matches(name, names(), 1)
    raise ConfigError(
        f"there is no source named {name!r}",
        why=f"did you mean {close[0]!r}?" if close else f"the sources are {', '.join(names())}",
        next="lake sources",
    )


def _loaded(name: str, where: str, load: Callable[[], Any]) -> Source:
    """A source from outside this package.

    Raises:
        ConfigError: its module cannot be imported, or is not a source.
    """
    try:
        module = load()
    except Exception as error:
        raise ConfigError(
            f"the source {name} cannot be imported: {type(error).__name__}: {error}",
            where=where,
            why="its module raises that when it is imported",
            next="correct it; docs/sources.md has a complete example",
        ) from error
    if missing := [attribute for attribute in _CONTRACT if not hasattr(module, attribute)]:
        raise ConfigError(
            f"the source {name} lacks {', '.join(missing)}",
            where=where,
            next="docs/sources.md lists what a source needs",
        )
    code = getattr(module.read, "__code__", None)
    if code and "path" in code.co_varnames[: code.co_argcount]:
        raise ConfigError(
            f"the source {name} reads a path",
            where=where,
            why="read(resource, path) has become read(resource, answer): the bytes need not be a file",
            next="use answer.open(), answer.read_bytes() or answer.read_text(); answer.path() is for libraries",
        )
    return cast("Source", module)


def chosen(config: Config, names: Iterable[str] | None) -> list[str]:
    """The sources of these names, each once; without names, all of lake.toml.

    Raises:
        ConfigError: one is unknown, or is not in lake.toml.
    """
    use(config.root)
    from lake.config import FILE

    selected = list(dict.fromkeys(names or config.sources))
    for name in selected:
        get(name)
        if name not in config.sources:
            raise ConfigError(
                f"the source {name} is not configured",
                where=str(config.root / FILE),
                next=f"add a line [sources.{name}] to {FILE}",
            )
    return selected


def domains(config: Config) -> dict[str, str]:
    """The domain of each archive of lake.toml.

    Raises:
        ConfigError: [domains.<name>] names a domain that no installed source belongs to.
    """
    use(config.root)
    from lake.config import FILE

    by_source = {name: get(name).FACTS.domain for name in config.sources}
    if unused := config.domains.keys() - by_source.values():  # perhaps of a source that is not configured
        all_domains = {get(name).FACTS.domain for name in names()}.union(by_source.values())
        for name in sorted(unused - all_domains):
            close = difflib.get_close_matches(name, all_domains, 1)
            raise ConfigError(
                f"[domains.{name}] is not a domain of any source",
                where=str(config.root / FILE),
                why=f"did you mean {close[0]!r}?" if close else f"the domains are {', '.join(sorted(all_domains))}",
                next="lake sources",
            )
    return by_source


def options(name: str, configured: Mapping[str, Any], root: Path = Path()) -> dict[str, Any]:
    """A source's options: its defaults, overridden by [sources.<name>] of lake.toml.

    Where a list is expected, "folder/*.toml", or a list of such texts, names files below ``root``; each is an entry.

    Raises:
        ConfigError: an option is unknown, or of another type than its default.
    """
    defaults = get(name).OPTIONS
    configured = {
        key: _entries(root, value, f"[sources.{name}] {key}") if isinstance(defaults.get(key), list) else value
        for key, value in configured.items()
    }
    for key, value in configured.items():
        if key not in defaults:
            close = difflib.get_close_matches(key, defaults, 1)
            raise ConfigError(
                f"[sources.{name}] has an unknown option {key!r}",
                where="lake.toml",
                why=f"did you mean {close[0]!r}?" if close else f"it takes {', '.join(defaults) or 'none'}",
            )
        if not isinstance(value, type(defaults[key])):
            raise ConfigError(
                f"[sources.{name}] {key} is {value!r}, but must be of type {type(defaults[key]).__name__}",
                where="lake.toml",
            )
    return {**defaults, **configured}


class _NoAnswers:
    """What `resources` gets before any archive was asked."""

    def __call__(self, id: str) -> None:
        return None

    def missing(self, id: str) -> bool:
        return False


def check_options(config: Config) -> None:
    """Refuse options of lake.toml that their sources refuse when they list their resources; asks no archive.

    Raises:
        ConfigError: a source is unknown, or an option of one.
    """
    use(config.root)
    for name, configured in config.sources.items():
        complete = options(name, configured, config.root)
        try:
            for _ in get(name).resources(complete, _NoAnswers()):
                pass
        except ConfigError:
            raise
        except Exception:  # a defect of the source: fetch reports it
            continue


def _entries(root: Path, value: Any, option: str) -> Any:
    """A list with each name of a TOML file, or pattern, replaced by the tables of these files."""
    items = [value] if isinstance(value, str) and value.endswith(".toml") else value
    if not isinstance(items, list):
        return value
    entries: list[Any] = []
    for item in items:
        is_pattern = isinstance(item, str) and item.endswith(".toml")
        entries += _toml_tables(root, item, option) if is_pattern else [item]
    return entries


def _toml_tables(root: Path, pattern: str, option: str) -> list[dict[str, Any]]:
    """The tables of the TOML files that match a pattern, each with its file's path as ``described_in``."""
    from lake.config import FILE

    files = sorted(file for file in root.glob(pattern) if file.is_file())
    if not files:
        raise ConfigError(f"{option} is {pattern!r}, but no file matches that", where=str(root / FILE))
    entries = []
    for file in files:
        path = file.relative_to(root).as_posix()
        try:
            entries.append(tomllib.loads(file.read_text("utf-8")) | {"described_in": path})
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"it is not valid TOML: {error}", where=path) from None
    return entries
