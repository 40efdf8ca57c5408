from __future__ import annotations

import click

from lake.cli import _complete, _output


@click.command(epilog="Example: lake files core.edges --json")
@click.argument("pattern", default="*", shell_complete=_complete.tables)
@click.option("--at", metavar="SNAPSHOT", help="Of an older snapshot, by number or tag.")
@_output.common
def command(path: str, pattern: str, at: str | None) -> None:
    """The Parquet files of each table of a snapshot: for Spark, polars, R, or copying. PATTERN: core.*

    A table's folder holds the files of all snapshots that are kept; these are the ones of one snapshot, and all of it.
    """
    from lake import config
    from lake.store import files

    snapshot, listed = files.of(config.load(path), pattern, at)
    if _output.as_json:
        _output.json_out({"snapshot": snapshot, "files": [one.as_dict() for one in listed]})
    rows = [[one.table, one.rows, _output.size(one.bytes), one.sha256, one.path] for one in listed]
    _output.table(["table", "rows", "size", "sha256", "file"], rows)
