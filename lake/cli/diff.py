from __future__ import annotations

from pathlib import Path

import click

from lake.cli import _output


@click.command(epilog="Example: lake diff v1 latest features.planet_params --plot moved.png")
@click.argument("a")
@click.argument("b", default="latest")
@click.argument("tables", nargs=-1)
@click.option(
    "--plot",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Draw each changed distribution: png, svg, pdf.",
)
@_output.common
def command(path: str, a: str, b: str, tables: tuple[str, ...], plot: str | None) -> None:
    """The differences of the snapshots A and B: columns, rows by key, values by column, distributions.

    A and B are numbers or tags, or "latest". TABLES: those to compare; without them, all that differ.
    """
    from lake import config
    from lake.build import diff

    differences = diff.snapshots(config.load(path), a, b, tables)
    if plot:
        from lake.export import drift_plot

        drawn = drift_plot.draw(differences, Path(plot))
        _output.say(f"{drawn} column(s) drawn: {plot}" if drawn else "no numeric column changed: nothing was drawn")
    if _output.as_json:
        _output.json_out([difference.as_dict() for difference in differences])
    for difference in differences:
        _output.say(str(difference))
    if not differences:
        _output.say(f"{a} and {b} do not differ")
