"""How many bytes may still be stored under the data folder: what [limits] storage and the disk leave."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from lake.errors import OverBudget
from lake.store import blobs


@dataclass(slots=True)
class Room:
    """Bytes that are left, and what limits them."""

    left: float
    limit: str
    next: str
    taken: int = 0

    def take(self, size: int) -> None:
        """Count bytes that were written.

        Raises:
            OverBudget: there are more than were left. Whoever wrote them removes them.
        """
        self.taken += size
        if self.taken > self.left:
            raise OverBudget(
                f"its values do not fit: they need more than the {max(0, int(self.left)):,} bytes that {self.limit}",
                next=self.next,
            )


def of(data: Path, storage: int | None) -> Room:
    """What is left now.

    Args:
        data: the lake's data folder.
        storage: [limits] storage, in bytes; None: whatever the disk has.
    """
    disk = Room(shutil.disk_usage(data).free, "the disk has free", "free some space, then: lake land")
    if storage is None:
        return disk
    limit = f"[limits] storage leaves of its {storage:,}"
    setting = Room(
        storage - blobs.usage(data), limit, "raise storage in lake.toml, or free some space, then: lake land"
    )
    return min(disk, setting, key=lambda room: room.left)
