"""How much may be kept: [limits] storage for all of data/, [domains.<name>] storage for what belongs together."""

from __future__ import annotations

import threading

from lake.errors import OverBudget


class Budget:
    """Counts what is kept while several threads write.

    Args:
        used, limit: bytes.
        where: the setting of lake.toml that says so, for people.
        above: the budget that this is a part of; what is taken here is taken there too.
    """

    def __init__(self, used: int, limit: int, where: str = "[limits] storage", above: Budget | None = None):
        self.used, self.limit, self.where, self.above = used, limit, where, above
        self.full = False  # something whose size nobody knew did not fit: nothing more of that kind is begun
        self.reserved = 0  # for what is planned, and not settled yet
        self._lock: threading.RLock = above._lock if above else threading.RLock()

    def check(self, more: int = 1) -> None:
        """Raise OverBudget when ``more`` bytes would pass the limit; nothing is counted."""
        if self.used + more > self.limit:
            raise OverBudget(
                f"keeping it would pass the storage limit: {self.used + more:,} of {self.limit:,} bytes",
                where=f"{self.where} in lake.toml",
                next="raise it, or free some space under the data folder",
            )
        if self.above:
            self.above.check(more)

    def take(self, more: int) -> None:
        """Count ``more`` bytes that are about to be written.

        Raises:
            OverBudget: they would pass the limit; they are not counted.
        """
        with self._lock:
            try:
                self.check(more)
            except OverBudget:
                self.full = True
                raise
            self._count(more)

    def give(self, back: int) -> None:
        """Bytes that were taken and are gone from the disk again."""
        with self._lock:
            self._count(-back)

    def _count(self, more: int) -> None:
        self.used += more
        if self.above:
            self.above._count(more)

    @property
    def free(self) -> int:
        """Bytes that are neither used nor reserved, here and above."""
        here = max(0, self.limit - self.used - self.reserved)
        return min(here, self.above.free) if self.above else here

    @property
    def is_full(self) -> bool:
        return self.full or bool(self.above and self.above.is_full)

    def no_room(self, need: int | None) -> str:
        """Why ``need`` bytes (None: nobody knows how many) do not fit beside what is planned; empty when they do."""
        free = self.limit - self.used - self.reserved
        if need is None and (self.full or free <= 0):
            return f"its size is not known, and {self.where} is reached: {self.limit:,} bytes"
        if need is not None and need > max(free, 0):
            return f"it needs {need:,} bytes, and {max(free, 0):,} of the {self.limit:,} of {self.where} are free"
        return self.above.no_room(need) if self.above else ""

    def reserve(self, need: int) -> None:
        """Keep room for what is planned; a negative number gives it back."""
        self.reserved += need
        if self.above:
            self.above.reserve(need)
