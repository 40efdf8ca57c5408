"""The storage budget: [limits] storage of lake.toml, for all that lies under the data folder."""

from __future__ import annotations

import threading
from pathlib import Path

from lake.errors import OverBudget
from lake.store import blobs


class Budget:
    """Counts what the data folder holds while several threads write to it.

    Args:
        data: the folder; it is measured once, here.
        limit: bytes.
    """

    def __init__(self, data: Path, limit: int):
        self.limit = limit
        self.used = blobs.usage(data)
        self._lock = threading.Lock()

    def check(self, more: int = 1) -> None:
        """Raise OverBudget when ``more`` bytes would pass the limit; nothing is counted."""
        if self.used + more > self.limit:
            raise OverBudget(
                f"keeping it would pass the storage limit: {self.used + more:,} of {self.limit:,} bytes",
                where="[limits] storage in lake.toml",
                next="raise it, or free some space under the data folder",
            )

    def take(self, more: int) -> None:
        """Count ``more`` bytes that are about to be written.

        Raises:
            OverBudget: they would pass the limit; they are not counted.
        """
        with self._lock:
            self.check(more)
            self.used += more

    def give(self, back: int) -> None:
        """Bytes that were taken and are gone from the disk again."""
        with self._lock:
            self.used -= back
