from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lake.cli import _output

if TYPE_CHECKING:
    from lake.build.format import Formatted
    from lake.errors import ModelError

UNFORMATTED = 1  # exit code of --check


@click.command(epilog="Example: lake format --check")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 if a file would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@_output.common
def command(path: str, files: tuple[Path, ...], check: bool, diff: bool) -> None:
    """Format the SQL of the models, or of FILES: sqlfmt's style, 120 characters per line.

    Only the layout changes: the tokens stay as they are, so that nothing becomes stale, and comments are kept.
    """
    from lake import config, progress
    from lake.build import format
    from lake.build.preflight import together
    from lake.errors import ModelError

    paths = files or format.models(config.load(path).root)
    laid_out: list[Formatted] = []
    problems: list[ModelError] = []
    with progress.bar("format", len(paths)) as advance:
        for file in paths:
            try:
                laid_out.append(format.formatted(file))
            except ModelError as problem:
                problems.append(problem)
            advance()
    changed = [formatted for formatted in laid_out if formatted.changed]
    if not (check or diff):
        format.write(changed)
    for formatted in changed:
        _output.say(_difference(formatted) if diff else str(formatted.path))
    verb = "would change" if check or diff else "changed"
    _output.say(f"{len(changed)} of {len(paths)} files {verb}")
    if problems:
        raise together(problems)
    if _output.as_json:
        _output.json_out(
            {"files": len(paths), "changed": [str(f.path) for f in changed], "written": not (check or diff)}
        )
    if check and changed:
        raise SystemExit(UNFORMATTED)


def _difference(formatted: Formatted) -> str:
    import difflib

    before, after = (text.splitlines(keepends=True) for text in (formatted.before, formatted.after))
    return "".join(difflib.unified_diff(before, after, str(formatted.path), str(formatted.path)))
