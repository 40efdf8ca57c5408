from __future__ import annotations

import click

from lake.cli import _complete, _output


@click.command(epilog="Example: lake tables 'features.*'")
@click.argument("pattern", default="*", shell_complete=_complete.tables)
@click.option("--at", metavar="SNAPSHOT", help="Of an older snapshot.")
@_output.common
def command(path: str, pattern: str, at: str | None) -> None:
    """The tables of the newest snapshot: rows, columns, what each is about. PATTERN: core.*, *planet*."""
    from fnmatch import fnmatch

    import lake
    from lake.errors import ConfigError

    with lake.open(path, at) as opened:
        tables = [table for table in opened.tables() if fnmatch(table, pattern)]
        if not tables:
            raise ConfigError(f"no table matches {pattern!r}", next="lake tables")
        described = {
            name: (columns, about)
            for name, columns, about in opened.connection.execute(
                """SELECT schema_name || '.' || view_name, column_count, comment FROM duckdb_views()
                   WHERE database_name = 'lake'"""
            ).fetchall()
        }
        listed = [
            {"table": table, "rows": rows, "columns": described[table][0], "about": described[table][1]}
            for table in tables
            for (rows,) in [opened.connection.execute(f"SELECT count(*) FROM {_quoted_name(table)}").fetchone() or (0,)]
        ]
        if _output.as_json:
            _output.json_out({"snapshot": opened.snapshot, "tables": listed})
    _output.table(["table", "rows", "columns", "about"], [list(one.values()) for one in listed])


def _quoted_name(table: str) -> str:
    from lake.store.sql import name

    return ".".join(map(name, table.split(".", 1)))
