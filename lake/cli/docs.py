from __future__ import annotations

import click

from lake.cli import _output


@click.command(epilog="Example: lake docs site/")
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(file_okay=False))
@click.option("--at", metavar="SNAPSHOT", help="Of an older snapshot, by number or tag.")
@_output.common
def command(path: str, folder: str | None, at: str | None) -> None:
    """Write the lake as a static site, DIR/index.html; without DIR, site/ beside lake.toml.

    The graph, and for each table its contract, SQL, columns with units and lineage, checks, rows and their number over
    the snapshots. It asks nothing of the network.
    """
    from lake import config
    from lake.export import site

    settings = config.load(path)
    summary = site.write(settings, folder or settings.root / "site", at)
    if _output.as_json:
        _output.json_out(summary.as_dict())
    _output.say(f"{summary.pages:,} pages of {summary.tables:,} tables: {summary.folder / 'index.html'}")
    if summary.snapshot is None:
        _output.say("nothing is published yet: the pages show the project's files alone; lake run")
