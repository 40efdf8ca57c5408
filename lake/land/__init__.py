"""From blobs to raw tables and cubes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lake.land.landing import Summary, Tally, into, prepare, run

__all__ = ["Summary", "Tally", "into", "prepare", "run"]


def __getattr__(name: str) -> Any:  # the process of the readers is in this package too, and starts with little
    if name in __all__:
        from lake.land import landing

        return getattr(landing, name)
    raise AttributeError(f"module 'lake.land' has no attribute {name!r}")
