"""An embedded, versioned analytical lake for astrobiology.

import lake

lake.run("my-lake")  # fetch, land, build, check, publish; each is a function of its own
with lake.open("my-lake") as here:
    here.sql("SELECT planet, radius FROM features.planet_params").show()
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from lake.opened import Lake, open
    from lake.pipeline import Run, build, check, fetch, land, run

__all__ = ["Lake", "Run", "__version__", "build", "check", "fetch", "land", "open", "run"]
_HOMES = {"Lake": "lake.opened", "open": "lake.opened", "Run": "lake.pipeline", "run": "lake.pipeline"}
_STEPS = ("build", "check", "fetch", "land")


class _Step(ModuleType):
    """A package that is a step of the pipeline: it can be called, as the function of its name in lake.pipeline."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self.__wrapped__(*args, **options)

    @property
    def __wrapped__(self) -> Any:  # where help() and notebooks look for parameters
        return getattr(import_module("lake.pipeline"), self.__name__.rpartition(".")[2])


class _Door(ModuleType):
    """Python sets a package as its parent's attribute once it is imported: that is where a step learns to be called."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _STEPS and type(value) is ModuleType:
            value.__class__ = _Step
        super().__setattr__(name, value)


def __getattr__(name: str) -> Any:  # `import lake` alone costs nothing: the command line starts with it
    if name in _STEPS:
        return import_module(f"lake.{name}")
    if name in _HOMES:
        value = globals()[name] = getattr(import_module(_HOMES[name]), name)
        return value
    raise AttributeError(f"module 'lake' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


sys.modules[__name__].__class__ = _Door
