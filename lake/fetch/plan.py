"""What a fetch is about to ask for, how much that is, and what does not fit: reported before it starts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lake.fetch.budget import Budget
from lake.redact import redact


@dataclass(slots=True)
class Planned:
    """One resource that is to be asked for."""

    domain: str
    source: str
    resource: str
    url: str
    need: int | None  # bytes beyond those already on disk; None: unknown
    size_from: str  # "published" | "as before" | "HEAD" | "estimate" | "unknown"
    no_room: str = ""  # why it does not fit


@dataclass(slots=True)
class Plan:
    """The first round; what sources name after reading their lists is planned when it is named."""

    planned: list[Planned] = field(default_factory=list)
    free: dict[str, int] = field(default_factory=dict)  # bytes, by domain
    priority: dict[str, int] = field(default_factory=dict)

    def by_domain(self) -> list[dict[str, Any]]:
        """Of each domain, in order of priority: domain, priority, resources, bytes, resources of unknown size,
        resources that do not fit, bytes free."""
        groups: dict[str, list[Planned]] = defaultdict(list)
        for request in self.planned:
            groups[request.domain].append(request)
        return [
            {
                "domain": domain,
                "priority": self.priority[domain],
                "resources": len(group),
                "bytes": sum(request.need or 0 for request in group),
                "size_unknown": sum(request.need is None for request in group),
                "no_room": sum(bool(request.no_room) for request in group),
                "free": self.free[domain],
            }
            for domain, group in groups.items()
        ]

    @property
    def refused(self) -> list[Planned]:
        return [request for request in self.planned if request.no_room]

    def as_dict(self) -> dict[str, Any]:
        keys = ("source", "resource", "need", "size_from", "no_room")
        return {
            "domains": self.by_domain(),
            "resources": [
                {"domain": request.domain, "url": redact(request.url), **{key: getattr(request, key) for key in keys}}
                for request in self.planned
            ],
        }


def fit(plan: Plan, budgets: Mapping[str, Budget]) -> None:
    """Say what does not fit, as if all came in this order. What is asked for is decided when its turn comes."""
    plan.free = {domain: budget.free for domain, budget in budgets.items()}
    reserved: list[tuple[Budget, int]] = []
    for request in plan.planned:
        budget = budgets[request.domain]
        request.no_room = budget.no_room(request.need)
        if not request.no_room and request.need:
            budget.reserve(request.need)
            reserved.append((budget, request.need))
    for budget, size in reserved:
        budget.reserve(-size)
