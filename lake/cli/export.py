from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lake.cli import _output

if TYPE_CHECKING:
    from lake import Lake


@click.command(epilog="Example: lake export graph graphs/ --pathway eco00010")
@click.argument("what", type=click.Choice(["graph", "balance"]))
@click.argument("place", metavar="DIR|FILE", type=click.Path())
@click.option("--pathway", "pathways", multiple=True, metavar="ID", help="graph: only this pathway; repeatable.")
@click.option("--list", "samples", default="all", metavar="NAME", help="balance: only of this list of samples.")
@click.option("--at", metavar="SNAPSHOT", help="From an older snapshot.")
@_output.common
def command(path: str, what: str, place: str, pathways: tuple[str, ...], samples: str, at: str | None) -> None:
    """Write graphs or figures for other programs.

    graph: each pathway as a GraphML file in DIR; compounds are nodes, reactions stand on edges, the environment on the
    graph. balance: how many people of each population a list of samples has, as a picture in FILE (png, svg, pdf).
    """
    import lake

    with lake.open(path, at) as opened:
        if what == "graph":
            _graph(opened, place, pathways)
        else:
            _balance(opened, place, samples)


def _graph(opened: Lake, folder: str, pathways: tuple[str, ...]) -> None:
    from lake.astro import graph

    summary = graph.write(opened, folder, pathways or None)
    if _output.as_json:
        _output.json_out(summary.as_dict())
    for pathway in summary.without_environment:
        _output.warn(f"{pathway} has no environment: no rule of seeds.environment_rules matches it")
    _output.say(f"{summary.written} graph(s) in {folder}")


def _balance(opened: Lake, file: str, samples: str) -> None:
    from lake.astro import balance

    drawn = balance.draw(opened, Path(file), samples)
    if _output.as_json:
        _output.json_out({"populations": drawn, "file": file})
    _output.say(f"{drawn} population(s) drawn: {file}")
