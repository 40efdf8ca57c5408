"""The archives that can be asked: the modules beside this file, and those of other packages (entry points)."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from lake.config import FILE, Config
from lake.errors import ConfigError
from lake.sources.source import Source

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
        "kegg",
        "ncbi",
        "ontologies",
        "open_exoplanets",
        "osdr",
        "spectra",
        "uniprot",
    )
}


@cache
def names() -> tuple[str, ...]:
    """Every archive that this installation knows."""
    return tuple(sorted(_OWN.keys() | {point.name for point in entry_points(group="lake.sources")}))


@cache
def get(name: str) -> Source:
    """The module of an archive.

    Raises:
        ConfigError: no archive has that name.
    """
    if name in _OWN:
        return import_module(_OWN[name])
    for point in entry_points(group="lake.sources", name=name):
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


def options(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """An archive's options: its defaults, with what [sources.<name>] of lake.toml says.

    Raises:
        ConfigError: it says something that the archive does not know, or of another type.
    """
    known = get(name).OPTIONS
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
