from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lake.cli import _output

if TYPE_CHECKING:
    from lake.config import Config


@click.command(epilog="Example: lake log -n 5")
@click.option("-n", "limit", default=20, show_default=True, help="How many snapshots, newest first.")
@click.option("--models", is_flag=True, help="The run time of each model in those snapshots, slowest first.")
@click.option("--all", "every", is_flag=True, help="Landings too, not only published snapshots.")
@_output.common
def command(path: str, limit: int, every: bool, models: bool) -> None:
    """The snapshots: when, who, why, what changed."""
    from dataclasses import asdict

    from lake import config
    from lake.store import catalog, metadata

    settings = config.load(path)
    if models:
        _models(settings, limit)
        return
    snapshots = []
    if catalog.exists(settings):
        with catalog.session(settings) as connection:
            snapshots = metadata.snapshots(connection, None if every else "publish", limit)
    if _output.as_json:
        _output.json_out([asdict(snapshot) for snapshot in snapshots])
    _output.table(
        ["snapshot", "when", "who", "what"] + (["kind"] if every else []),
        [[str(s.id), s.at, s.author, s.message] + ([s.kind] if every else []) for s in snapshots],
    )
    for snapshot in snapshots[:1]:
        reasons: dict[str, list[str]] = {}
        for table, reason in snapshot.extra.get("models", {}).items():
            reasons.setdefault(reason, []).append(table)
        for reason, tables in reasons.items():
            _output.say(f"  {reason}: {', '.join(tables)}")
    if not snapshots:
        _output.say("nothing is published yet: lake run")


def _models(settings: Config, limit: int) -> None:
    """The runs of models in the newest snapshots."""
    from lake.reader import Lake
    from lake.store import renames

    with Lake(settings, None) as opened:
        cursor = opened.connection.execute(
            f"""SELECT * RENAME (table_name AS "table") FROM {renames.relation(opened.connection, "ops.runs")}
                WHERE snapshot IN (SELECT DISTINCT snapshot FROM ops.runs ORDER BY snapshot DESC LIMIT {int(limit)})
                ORDER BY seconds DESC, table_name, snapshot"""
        )
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    if _output.as_json:
        _output.json_out(rows)
    _output.table(
        ["table", "snapshot", "seconds", "CPU s", "rows in", "rows", "written", "peak memory", "changed", "why"],
        [
            [
                row["table"],
                str(row["snapshot"]),
                round(row["seconds"], 2),
                row["cpu"],
                row["rows_in"],
                row["rows"],
                _output.size(row["bytes"]),
                _output.size(row["memory"]),
                row["changed"],
                row["reason"],
            ]
            for row in rows
        ],
    )
