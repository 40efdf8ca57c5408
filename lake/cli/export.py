from __future__ import annotations

import click

from lake.cli import _output


@click.command(epilog="Example: lake export graph graphs/ --pathway eco00010")
@click.argument("what", type=click.Choice(["graph"]))
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False))
@click.option("--pathway", "pathways", multiple=True, metavar="ID", help="Only this one; may be given again.")
@click.option("--at", metavar="SNAPSHOT", help="From an older snapshot.")
@_output.common
def command(path: str, what: str, folder: str, pathways: tuple[str, ...], at: str | None) -> None:
    """Write each pathway as a GraphML file in DIR.

    Compounds are nodes, reactions stand on edges, the environment on the graph.
    """
    import lake
    from lake.export import graph

    with lake.open(path, at) as here:
        summary = graph.write(here, folder, pathways or None)
    if _output.as_json:
        _output.json_out(summary.as_dict())
    for pathway in summary.without_environment:
        _output.warn(f"{pathway} has no environment: no rule of seeds.environment_rules matches it")
    _output.say(f"{summary.written} graph(s) in {folder}")
