"""One answer to land, and what reading it came to: what passes between the landing and the process of its readers."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import NamedTuple

from lake.errors import LakeError
from lake.sources.contract import Resource


class Count(NamedTuple):
    """What an answer held for one raw table. Always: seen == landed + rejected."""

    seen: int = 0
    landed: int = 0
    rejected: int = 0
    cells: int = 0  # of the rows that landed, set aside

    def __add__(self, other: Count) -> Count:  # type: ignore[override]  # sums, where tuples are joined
        return Count(*map(sum, zip(self, other, strict=True)))


Counts = dict[str, Count]  # by raw table


ENGINE = 1  # raise it when landing makes other rows of what the same reader gives


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

    @property
    def given(self) -> str:
        """A digest of what decides the rows beside bytes and reader: all that lake.toml says of the answer."""
        description = {field: getattr(self.resource, field) for field in ("kind", "url", "expects", "params")}
        text = json.dumps({**description, "engine": ENGINE}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one answer held; or why it could not be read, and where in its reader that was."""

    number: int  # the rows of this reading bear it in the spool
    counts: Counts = field(default_factory=dict)
    error: LakeError | None = None
    traceback: str | None = None
    last: bool = False  # the process ends after it: it uses much memory, or failed badly
