"""What a fetch is about to ask for, how much that is, and what does not fit: told before it starts."""

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
    need: int | None  # bytes that it takes beyond what is here; None: nobody knows
    known: str  # how: "published" | "as before" | "asked" | "like others" | "not known"
    no_room: str = ""  # why it does not fit


@dataclass(slots=True)
class Plan:
    """The first round; what sources name after reading their lists is planned when it is named."""

    planned: list[Planned] = field(default_factory=list)
    free: dict[str, int] = field(default_factory=dict)  # bytes, by domain
    priority: dict[str, int] = field(default_factory=dict)

    def by_domain(self) -> list[dict[str, Any]]:
        """Of each domain, in order of priority: domain, priority, resources, bytes known, resources of unknown size,
        resources that do not fit, bytes free."""
        groups: dict[str, list[Planned]] = defaultdict(list)
        for one in self.planned:
            groups[one.domain].append(one)
        return [
            {
                "domain": domain,
                "priority": self.priority[domain],
                "resources": len(group),
                "bytes": sum(one.need or 0 for one in group),
                "not_known": sum(one.need is None for one in group),
                "no_room": sum(bool(one.no_room) for one in group),
                "free": self.free[domain],
            }
            for domain, group in groups.items()
        ]

    @property
    def refused(self) -> list[Planned]:
        return [one for one in self.planned if one.no_room]

    def as_dict(self) -> dict[str, Any]:
        keys = ("source", "resource", "need", "known", "no_room")
        return {
            "domains": self.by_domain(),
            "resources": [
                {"domain": one.domain, "url": redact(one.url), **{key: getattr(one, key) for key in keys}}
                for one in self.planned
            ],
        }


def fit(plan: Plan, budgets: Mapping[str, Budget]) -> None:
    """Say what does not fit, as if all came in this order. What is asked for is decided when its turn comes."""
    plan.free = {domain: budget.free for domain, budget in budgets.items()}
    kept = []
    for one in plan.planned:
        one.no_room = budgets[one.domain].no_room(one.need)
        if not one.no_room and one.need:
            budgets[one.domain].reserve(one.need)
            kept.append(one)
    for one in kept:
        budgets[one.domain].reserve(-one.need)
