"""Run what a project says of its own models: their unit tests, and a build of them with all checks."""

from __future__ import annotations

from pathlib import Path

from lake import config
from lake.build import run, unit
from lake.build.summary import Summary


def unit_tests(folder: str | Path) -> list[str]:
    """Run the unit tests of a project's models and macros, in memory.

    Returns:
        One line for each difference: "core.planets: two catalogues, cell radius: expected 1.2, got null". Empty where
        every test passed.

    Raises:
        ConfigError, ModelError: the project or a test is wrong.
    """
    summary = unit.run(config.load(folder))
    return [
        f"{outcome.subject}: {outcome.name}, {difference.what} {difference.column or ''}: "
        f"expected {difference.expected!r}, got {difference.got!r}"
        for outcome in summary.failed
        for difference in outcome.differences
    ]


def build(folder: str | Path) -> Summary:
    """Build what is stale of a project, check it, and publish one snapshot.

    Raises:
        CheckFailed: a check failed; nothing was published. ModelError: a model cannot be built.
    """
    return run.run(config.load(folder))
