"""How a build is asked for, the events it reports, and its result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lake.build.workspace import Written
    from lake.check.run import Quality, Result


@dataclass(frozen=True, slots=True)
class Built:
    """One model that was built: why, what came of it, and what it took."""

    table: str
    rows: int
    seconds: float
    reason: str
    changed: bool  # whether it holds something else than before
    parts: Mapping[str, Any] = field(repr=False)
    written: Written | None = field(repr=False, default=None)  # None for a view

    def as_dict(self) -> dict[str, Any]:
        document = {"table": self.table, "rows": self.rows, "seconds": round(self.seconds, 3), "reason": self.reason}
        document["changed"] = self.changed
        if self.written:
            document |= {k: getattr(self.written, k) for k in ("cpu", "rows_in", "bytes", "memory", "spilled")}
        return document


@dataclass(slots=True)
class Summary:
    snapshot: int | None = None
    built: list[Built] = field(default_factory=list)
    fresh: int = 0
    dropped: list[str] = field(default_factory=list)
    skipped: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # models, and the archives that they need
    landed: bool = False  # whether raw tables are newer than the last publication
    macros: bool = False  # whether macros or views are not those of the last publication
    failed: dict[str, str] = field(default_factory=dict)  # table -> why; with keep_good only
    checks: int = 0
    qualities: list[Quality] = field(default_factory=list)
    warnings: list[Result] = field(default_factory=list)
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return {
            "snapshot": self.snapshot,
            "built": [built.as_dict() for built in self.built],
            "fresh": self.fresh,
            "dropped": self.dropped,
            "skipped": dict(self.skipped),
            "macros": self.macros,
            "failed": self.failed,
            "checks": self.checks,
            "warnings": [w.as_dict() for w in self.warnings],
            "seconds": round(self.seconds, 3),
        }


# Called in one thread: "started" and a table; "built" and its Built; "failed" and a table with its error; in the end,
# where all is done, "published" and the Summary.
Watch = Callable[[str, Any], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How to build. ``timeout`` is in seconds, of one model; ``watch`` receives its events."""

    exclude: tuple[str, ...] = ()
    force: bool = False  # also what is up to date
    full: bool = False  # incremental models as a whole
    keep_good: bool = False  # publish what is good though something else failed
    timeout: float | None = None
    watch: Watch | None = None

    def report(self, what: str, about: Any) -> None:
        if self.watch:
            self.watch(what, about)
