"""Storage limits: [limits] storage for all of data/, [domains.<name>] storage for each domain."""

from __future__ import annotations

import threading

from lake.errors import OverBudget


class Budget:
    """Counts the bytes that are kept while several threads write.

    Args:
        used, limit: bytes.
        where: the setting of lake.toml, for messages.
        parent: the budget that this one is part of; what is taken here is taken there too.
    """

    def __init__(self, used: int, limit: int, where: str = "[limits] storage", parent: Budget | None = None):
        self.used, self.limit, self.where, self.parent = used, limit, where, parent
        self.full = False  # an answer of unknown size did not fit: no further one of unknown size is started
        self.reserved = 0  # bytes planned and not finished
        self._lock: threading.RLock = parent._lock if parent else threading.RLock()

    def check(self, more: int = 1) -> None:
        """Raise OverBudget when ``more`` bytes would pass the limit; nothing is counted."""
        if self.used + more > self.limit:
            raise OverBudget(
                f"keeping it would pass the storage limit: {self.used + more:,} of {self.limit:,} bytes",
                where=f"{self.where} in lake.toml",
                next="raise it, or free some space under the data folder",
            )
        if self.parent:
            self.parent.check(more)

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

    def give_back(self, size: int) -> None:
        """Bytes that were taken and have been removed from the disk."""
        with self._lock:
            self._count(-size)

    def _count(self, more: int) -> None:
        self.used += more
        if self.parent:
            self.parent._count(more)

    @property
    def free(self) -> int:
        """Bytes that are neither used nor reserved, in this budget and its parent."""
        free = max(0, self.limit - self.used - self.reserved)
        return min(free, self.parent.free) if self.parent else free

    @property
    def is_full(self) -> bool:
        return self.full or bool(self.parent and self.parent.is_full)

    def no_room(self, need: int | None) -> str:
        """Why ``need`` bytes (None: unknown) do not fit beside what is planned; empty when they do."""
        free = self.limit - self.used - self.reserved
        if need is None and (self.full or free <= 0):
            return f"its size is unknown, and {self.where} is reached: {self.limit:,} bytes"
        if need is not None and need > max(free, 0):
            return f"it needs {need:,} bytes, and {max(free, 0):,} of the {self.limit:,} of {self.where} are free"
        return self.parent.no_room(need) if self.parent else ""

    def reserve(self, need: int) -> None:
        """Keep room for what is planned; a negative number gives it back."""
        self.reserved += need
        if self.parent:
            self.parent.reserve(need)
