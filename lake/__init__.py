"""An embedded, versioned analytical lake for astrobiology.

import lake
with lake.open("my-lake") as here:
    here.sql("SELECT planet, radius FROM features.planet_params").show()
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from lake.reader import Lake, open

__all__ = ["Lake", "__version__", "open"]


def __getattr__(name: str):  # `import lake` alone costs nothing: the command line starts with it
    if name in ("Lake", "open"):
        from importlib import import_module

        module = import_module("lake.reader")
        globals()["open"], globals()["Lake"] = module.open, module.Lake
        return globals()[name]
    raise AttributeError(f"module 'lake' has no attribute {name!r}")
