from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lake.cli import _output
from lake.cli.build import selecting

if TYPE_CHECKING:
    from lake.build.unit import Difference

FAILED, _SHOWN = 1, 12  # exit code; differences of one test that are listed


@click.command(epilog="Example: lake test core.edges 'features.*' 'macros.*'")
@selecting
@_output.common
def command(path: str, select: tuple[str, ...], exclude: tuple[str, ...]) -> None:
    """Run the unit tests of models and macros, in memory, on the rows in them.

    They stand beside the SQL: sql/LAYER/TABLE.test.toml, macros/FILE.test.toml. SELECT is as in lake build, and
    macros.NAME for a macro; without it, all of them. Exit code 1 where a test fails.
    """
    from lake import config
    from lake.build import unit

    summary = unit.run(config.load(path), select, exclude=exclude)
    if _output.as_json:
        _output.json_out(summary.as_dict())
    for outcome in summary.failed:
        _output.say(_output.style("FAILED ", fg="red", bold=True) + f"{outcome.subject}: {outcome.name}")
        _output.say(f"  {outcome.where}")
        for difference in outcome.differences[:_SHOWN]:
            _output.say(f"  {_line(difference)}")
        if len(outcome.differences) > _SHOWN:
            _output.say(f"  and {len(outcome.differences) - _SHOWN} more")
    if summary.untested:
        few = ", ".join(summary.untested[:_SHOWN]) + (" ..." if len(summary.untested) > _SHOWN else "")
        _output.warn(f"{len(summary.untested)} without a unit test: {few}")
    passed = len(summary.outcomes) - len(summary.failed)
    _output.say(f"{passed} passed, {len(summary.failed)} failed, in {summary.seconds:.1f} s")
    if summary.failed:
        raise SystemExit(FAILED)


def _line(difference: Difference) -> str:
    row = ", ".join(f"{column} {_value(value)}" for column, value in difference.row.items())
    at = f"{row}: " if row else ""
    match difference.what:
        case "cell":
            difference_text = f"{difference.column} is {_value(difference.got)}, expected {_value(difference.expected)}"
        case "rows":
            difference_text = f"{difference.got} row(s), expected {difference.expected}"
        case "error":
            difference_text = str(difference.got)
        case what:
            return f"{what}: {row}"
    return at + difference_text


def _value(value: object) -> str:
    return "NULL" if value is None else repr(value)
