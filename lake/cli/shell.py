from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import click

from lake import signals
from lake.cli import _output


@click.command(epilog="Example: lake shell --at 12")
@click.option("--write", is_flag=True, help="Attach the catalog itself, writable. Other writers wait until you leave.")
@click.option("--at", metavar="SNAPSHOT", help="An older snapshot.")
@click.option("-c", "--command", "query", help="Run this SQL and exit.")
@_output.common
def command(path: str, write: bool, at: str | None, query: str | None) -> None:
    """A duckdb prompt with the lake attached: read-only, at the newest snapshot, by default.

    SQL may come from standard input. The next build publishes what --write changed.
    """
    from lake import config
    from lake.store import catalog, leases, published_file
    from lake.store.sql import UTC, quote

    if write and at is not None:
        raise click.UsageError("An older snapshot cannot be written to: give --write or --at.")
    settings = config.load(path)
    signals.leave_to_child()
    ending = [*(["-json"] if _output.as_json else []), *(["-c", query] if query else [])]
    if write:
        statements = [UTC, *(f"LOAD {quote(str(catalog.extension(n)))}" for n in ("ducklake", "sqlite_scanner"))]
        statements += catalog.attach_statements(settings, write=True)
        with catalog.writing(settings):
            code = subprocess.run([_duckdb(), *_commands(statements), *ending]).returncode
    else:
        statements = [UTC, f"SET VARIABLE lake_root = {quote(str(settings.data))}"]
        with leases.opening(settings):
            file = published_file.ensure(settings, at)
            info = published_file.read_info(file)
            assert info, f"{file} was read just now"
            statements.append(_search_path(file))
            lease = leases.hold(settings, info.snapshot)
        with lease:
            if sys.stdin.isatty() and not query:
                _output.say(
                    f"{settings.lake.name}, snapshot {info.snapshot}; SHOW TABLES lists its tables, .quit leaves"
                )
            code = subprocess.run([_duckdb(), "-readonly", *_commands(statements), str(file), *ending]).returncode
    raise SystemExit(code)


def _search_path(file: Path) -> str:
    """SHOW TABLES then shows the tables of all layers, and unambiguous names need no layer."""
    from lake.store.sql import connect, quote

    with connect() as connection:
        connection.execute(f"ATTACH {quote(str(file))} AS lake (READ_ONLY)")
        rows = connection.execute(
            "SELECT DISTINCT schema_name FROM duckdb_views() WHERE database_name = 'lake' AND NOT internal ORDER BY 1"
        ).fetchall()
    return f"SET search_path = {quote(','.join(schema for (schema,) in rows))}"


def _commands(statements: list[str]) -> list[str]:
    return [argument for statement in statements for argument in ("-cmd", statement)]


def _duckdb() -> str:
    from lake.errors import LakeError

    beside = Path(sys.executable).parent / "duckdb"
    program = str(beside) if beside.exists() else shutil.which("duckdb")
    if not program:
        raise LakeError(
            "the duckdb shell is not installed",
            why="lake sql and lake.open work without it",
            next="pip install duckdb-cli==1.5.5",
        )
    return program
