"""The summary of a run of fetch."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from lake.store.fetch_log import Outcome

_LISTED = ("source", "resource", "url", "outcome", "status", "reason", "optional")


@dataclass(slots=True)
class Summary:
    """The summary of a run. ``counts``: source -> verdict -> resources; "fresh" are those that were not asked for."""

    run: str = ""
    domain: dict[str, str] = field(default_factory=dict)  # of each source
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    failures: list[dict[str, Any]] = field(default_factory=list)  # of each, what _LISTED names
    new: Counter[str] = field(default_factory=Counter)  # bytes of new blobs, by source
    seconds: float = 0.0

    def add_source(self, source: str, domain: str) -> None:
        """List a source, with nothing counted yet."""
        self.domain[source], self.counts[source] = domain, Counter()

    def add(self, outcome: Outcome) -> None:
        """Count an outcome, and list it where it is not good."""
        self.counts[outcome.source][outcome.verdict] += 1
        if outcome.outcome in ("fetched", "resumed"):
            self.new[outcome.source] += outcome.bytes or 0
        if not outcome.good:
            self._add_failure(outcome)

    def add_fresh(self, newest: Outcome) -> None:
        """Count what was not asked for; a gap stays on the list."""
        self.counts[newest.source]["fresh"] += 1
        if not newest.good:
            self._add_failure(newest)

    def _add_failure(self, outcome: Outcome) -> None:
        self.failures.append({**{key: getattr(outcome, key) for key in _LISTED}, "verdict": outcome.verdict})

    def fail(self, source: str, reason: str) -> None:
        """List a source that could not list its resources."""
        self.counts[source]["failed"] += 1
        blank = {"resource": "", "url": "", "outcome": "failed", "status": None, "optional": False}
        self.failures.append({"source": source, **blank, "reason": reason, "verdict": "failed"})

    def by_domain(self) -> list[dict[str, Any]]:
        """The acquisition: of each domain what was planned, fetched, unchanged (or fresh, and not asked for),
        skipped for want of room, failed, is a gap; and its new bytes."""
        totals: dict[str, Counter[str]] = {}
        for source, counts in self.counts.items():
            total = totals.setdefault(self.domain[source], Counter())
            total.update(counts)
            total["bytes"] += self.new[source]
        return [
            {
                "domain": domain,
                "planned": total.total() - total["bytes"],
                "fetched": total["fetched"] + total["resumed"],
                "unchanged": total["unchanged"] + total["fresh"],
                "skipped": total["skipped"],
                "failed": total["failed"] + total["refused"],
                "gaps": total["gap"],
                "bytes": total["bytes"],
            }
            for domain, total in totals.items()
        ]

    @property
    def bytes(self) -> int:
        return self.new.total()

    @property
    def fresh(self) -> int:
        return sum(counts["fresh"] for counts in self.counts.values())

    @property
    def asked(self) -> int:
        return sum(counts.total() - counts["skipped"] for counts in self.counts.values()) - self.fresh

    @property
    def failed(self) -> bool:
        """Whether anything that is not optional was refused, failed, or had no room."""
        return any(not failure["optional"] for failure in self.failures)

    def as_dict(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "domains": self.by_domain(),
            "sources": {name: dict(counts) for name, counts in self.counts.items()},
            "failures": self.failures,
            "bytes": self.bytes,
            "seconds": round(self.seconds, 3),
        }
