from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lake.cli import _output

if TYPE_CHECKING:
    from lake.build.lint import Finding

FOUND = 1  # exit code


@click.command(epilog="Example: lake lint sql/core/pathways/edges.sql")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--rules", is_flag=True, help="List the rules and their reasons.")
@_output.common
def command(path: str, files: tuple[Path, ...], rules: bool) -> None:
    """Find faults in the SQL of models and macros, or of FILES; nothing is run.

    Exit code 1 where something is found. What is intended is allowed by a comment on its line or above it:
    -- lint: allow RULE because REASON
    """
    from lake import config, progress
    from lake.build import graph, lint
    from lake.build.lint_rules import RULES
    from lake.land.landing import schemas

    if rules:
        _output.table(["rule", "reason"], [(name, rule.reason) for name, rule in RULES.items()])
        if _output.as_json:
            _output.json_out({name: rule.reason for name, rule in RULES.items()})
        return
    settings = config.load(path)
    project = graph.load(settings)
    columns = lint.columns(project, schemas(settings))
    paths = [file.resolve() for file in files] or lint.files(settings.root)
    findings: list[Finding] = []
    with progress.bar("lint", len(paths)) as advance:
        for file in paths:
            findings += lint.check(file, project, columns)
            advance()
    if _output.as_json:
        _output.json_out({"files": len(paths), "findings": [finding.as_dict() for finding in findings]})
    for finding in findings:
        _show(finding)
    _output.say(f"{len(findings)} found in {len({finding.path for finding in findings})} of {len(paths)} files")
    if findings:
        raise SystemExit(FOUND)


def _show(finding: Finding) -> None:
    relative = os.path.relpath(finding.path)
    path = finding.path if relative.startswith(os.pardir) else relative
    _output.say(f"{path}:{finding.line}:{finding.column}: {_output.style(finding.rule, bold=True)}: {finding.what}")
    _output.say(f"  {finding.text}")
    _output.say(f"  {' ' * (finding.column - 1)}^ {finding.reason}")
