"""The archives that can be asked: the modules beside this file, and those of other packages (entry points)."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lake.errors import ConfigError
from lake.sources.contract import Source

if TYPE_CHECKING:  # the process of the readers starts without pydantic
    from importlib.metadata import EntryPoint

    from lake.config import Config

_OWN = {
    name: f"lake.sources.{name}"
    for name in (
        "agora",
        "assembly_reports",
        "ena",
        "exoplanet_eu",
        "exoplanets",
        "gcm",
        "gtdb",
        "igsr",
        "jgi_gems",
        "kegg",
        "ncbi",
        "ontologies",
        "open_exoplanets",
        "osdr",
        "spectra",
        "uniprot",
    )
}


def _others(**named: str) -> Iterable[EntryPoint]:
    from importlib.metadata import entry_points

    return entry_points(group="lake.sources", **named)


@cache
def names() -> tuple[str, ...]:
    """Every archive that this installation knows."""
    return tuple(sorted(_OWN.keys() | {point.name for point in _others()}))


@cache
def get(name: str) -> Source:
    """The module of an archive.

    Raises:
        ConfigError: no archive has that name.
    """
    if name in _OWN:
        return import_module(_OWN[name])
    for point in _others(name=name):
        return point.load()
    near = difflib.get_close_matches(name, names(), 1)
    raise ConfigError(
        f"there is no source named {name!r}",
        why=f"did you mean {near[0]!r}?" if near else f"the sources are {', '.join(names())}",
        next="lake sources",
    )


def chosen(config: Config, names: Iterable[str] | None) -> list[str]:
    """The archives that are named, each once; without names, all of lake.toml.

    Raises:
        ConfigError: one is unknown, or is not in lake.toml.
    """
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
