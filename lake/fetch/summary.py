"""What a run of fetch came to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from lake.store.ledger import Outcome

_LISTED = ("source", "resource", "url", "outcome", "status", "reason", "optional")


@dataclass(slots=True)
class Summary:
    """What a run came to. ``counts``: source -> verdict -> resources; "fresh" are those that were not asked for."""

    run: str = ""
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    failures: list[dict[str, Any]] = field(default_factory=list)  # of each, what _LISTED names
    bytes: int = 0  # of new blobs
    seconds: float = 0.0

    def add(self, got: Outcome) -> None:
        """Count an outcome, and list it where it is not good."""
        self.counts[got.source][got.verdict] += 1
        if got.outcome in ("fetched", "resumed"):
            self.bytes += got.bytes
        if not got.good:
            self.failures.append({key: getattr(got, key) for key in _LISTED})

    def skip(self, known: Outcome) -> None:
        """Count what was not asked for; a gap stays on the list."""
        self.counts[known.source]["fresh"] += 1
        if not known.good:
            self.failures.append({key: getattr(known, key) for key in _LISTED})

    def fail(self, source: str, reason: str) -> None:
        """List a source that could not go on naming what it wants."""
        self.counts[source]["failed"] += 1
        nothing = {"resource": "", "url": "", "outcome": "failed", "status": None, "optional": False}
        self.failures.append({"source": source, **nothing, "reason": reason})

    @property
    def fresh(self) -> int:
        return sum(counts["fresh"] for counts in self.counts.values())

    @property
    def asked(self) -> int:
        return sum(counts.total() for counts in self.counts.values()) - self.fresh

    @property
    def failed(self) -> bool:
        """Whether anything that is not optional was refused or failed."""
        return any(not failure["optional"] for failure in self.failures)

    def as_dict(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "sources": {name: dict(counts) for name, counts in self.counts.items()},
            "failures": self.failures,
            "bytes": self.bytes,
            "seconds": round(self.seconds, 3),
        }
