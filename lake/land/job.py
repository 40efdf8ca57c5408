"""One answer to land, and what reading it came to: what passes between the landing and the process of its readers."""

from __future__ import annotations

from dataclasses import dataclass, field

from lake.errors import LakeError
from lake.sources.source import Resource

Counts = dict[str, tuple[int, int, int]]  # table -> seen, landed, rejected


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One answer to land."""

    source: str
    resource: Resource
    blob: str
    reader: int
    fetched_at: str

    @property
    def origin(self) -> str:
        return f"{self.source}/{self.resource.id}"


@dataclass(frozen=True, slots=True)
class Reading:
    """What one answer held; or why it could not be read, and where in its reader that was."""

    number: int  # the rows of this reading bear it in the spool
    counts: Counts = field(default_factory=dict)
    error: LakeError | None = None
    traceback: str | None = None
    last: bool = False  # the process ends after it: it holds much memory, or was hurt
