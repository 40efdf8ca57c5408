"""The command line: each file is the command of its name. Heavy imports are inside the functions."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path

import click
from click.core import ParameterSource

from lake import signals
from lake.cli import _output
from lake.errors import Interrupted, LakeError, StorageError

_COMMANDS = tuple(sorted(file.stem for file in Path(__file__).parent.glob("[a-z]*.py")))
_EXIT_CODES = """
\b
Exit codes:
  0  done, or everything was up to date
  1  another error
  2  a setting, contract or argument is wrong
  3  an archive did not deliver what was requested
  4  a blob cannot be read by its reader
  5  a model cannot be built
  6  a check failed; nothing was published
  7  another process is writing this lake
  8  the disk is full, read-only, or damaged
130  stopped by Ctrl-C (143: by SIGTERM); nothing is half done
"""


class _Commands(click.Group):
    """Imports a command's file only when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"lake.cli.{name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            similar = difflib.get_close_matches(args[0], _COMMANDS, 1)
            if not similar:
                raise
            raise click.UsageError(f"{error.message} Did you mean {similar[0]!r}?", error.ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):  # from a table: importing every command for its line is slow
            formatter.write_dl([(name, _HELP.get(name, "")) for name in _COMMANDS])


_HELP = {
    "build": "Build the models that are stale, check them, publish one snapshot.",
    "check": "Run every contract's checks on the published tables.",
    "cite": "Whom to cite for rows, and under which licences they are.",
    "completion": "Print the script that completes `lake` in your shell.",
    "demo": "The whole pipeline on the embedded sample, offline, in a folder of its own.",
    "diff": "The differences of two snapshots: columns, rows by key, values, distributions.",
    "docs": "Write the lake as a static site: graph, contracts, SQL, lineage, checks, rows.",
    "export": "Write pathways as graphs that other programs read.",
    "fetch": "Fetch what is missing or stale from the archives, and keep the exact bytes.",
    "files": "The Parquet files of each table of a snapshot, with rows and sums.",
    "format": "Format the SQL of the models; only the layout changes.",
    "gc": "Free old snapshots without a tag, and leftovers of killed processes; a dry run without --apply.",
    "init": "Make a new lake: a copy of the astrobiology project.",
    "keep": "Keep landed data that lake.toml no longer names; undo lake remove.",
    "land": "Read what was fetched into raw tables and cubes.",
    "leaks": "Find train/test leakage and features that give a target away.",
    "lineage": "The lineage of a column: what it is computed from, and what is computed from it.",
    "lint": "Find faults in the SQL of models and macros, each with its reason.",
    "log": "The snapshots: when, who, why, what changed.",
    "note": "Notes on how data was made: add, import, look up at Crossref, list.",
    "plan": "What lake build would build, and why; with --data, what would change.",
    "remove": "Take a source or resource out of the lake; its bytes stay.",
    "repair": "Rebuild what is damaged, and report what cannot be rebuilt.",
    "restore": "Make an older snapshot the newest.",
    "run": "Fetch, land, build, check and publish what is not up to date.",
    "shell": "A duckdb prompt with the lake attached, read-only by default.",
    "sources": "The archives: licence, rate, last fetch, rows.",
    "sql": "Query the lake in SQL.",
    "status": "What was fetched, failed and published, and how much is stored.",
    "tables": "The tables of the newest snapshot: rows, columns, what each is about.",
    "tag": "Tag a snapshot, so that it is kept and can be cited.",
    "test": "Run the unit tests of models and macros, without building anything.",
    "trace": "Where a cell comes from: row by row, back to the bytes that the archives sent.",
    "verify": "Check every stored byte against its checksum; show affected tables and repairs.",
    "whence": "Which lake, table and snapshot a Parquet file belongs to.",
    "why": "Why a model was built or not, and whether it is stale now.",
}


def _version(ctx: click.Context, option: click.Parameter, show: bool) -> None:
    if show and not ctx.resilient_parsing:
        from importlib.metadata import version

        parts = {"lake": "astrolake"} | {name: name for name in ("duckdb", "pyarrow", "zarr")}
        click.echo(", ".join(f"{name} {version(package)}" for name, package in parts.items()))
        ctx.exit()


@click.group(cls=_Commands, epilog=_EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the versions of lake, and of what writes its files.",
)
@_output.common
@click.pass_context
def lake(ctx: click.Context, path: str) -> None:
    """An embedded, versioned analytical lake for astrobiology.

    Start with `lake demo`, or with `lake init my-lake` and `lake run`.
    """
    if ctx.get_parameter_source("path") is ParameterSource.DEFAULT:
        return
    name = ctx.invoked_subcommand or ""
    command = lake.get_command(ctx, name)
    if command and all(parameter.name != "path" for parameter in command.params):
        raise click.UsageError(f"-C names a lake, but `lake {name}` needs none.")
    ctx.default_map = {name: {"path": path}}


def main(arguments: list[str] | None = None) -> None:
    """Run the command line: errors as text and an exit code, never as a traceback (LAKE_DEBUG=1 shows it)."""
    signals.listen()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looking for them costs each command 25 ms
    try:
        lake.main(args=arguments, prog_name="lake", standalone_mode=False)
        code = 0
    except click.exceptions.Exit as leave:
        code = leave.exit_code
    except SystemExit as leave:
        code = int(leave.code or 0)
    except click.ClickException as error:
        _show_usage_error(error, sys.argv[1:] if arguments is None else arguments)
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort, Interrupted):
        signals.end()
    except LakeError as error:
        if signals.heard():
            signals.end()
        if os.environ.get("LAKE_DEBUG"):
            raise
        _show_error(error)
        code = error.exit_code
    except BrokenPipeError:  # `lake sql ... | head`
        _discard_output()
        code = 0
    except Exception as error:
        if signals.heard():
            signals.end()
        if os.environ.get("LAKE_DEBUG"):
            raise
        if isinstance(error, OSError) and error.errno in _output.FULL:
            _discard_output()
            click.echo(f"error: {_output.not_written(error)}", err=True)
            sys.exit(StorageError.exit_code)
        _show_error(
            LakeError(
                f"unexpected error: {type(error).__name__}: {error}",
                why="a defect of the lake: please report it",
                next="LAKE_DEBUG=1 before the same command shows where",
            )
        )
        code = 1
    sys.exit(_flushed(code))


def _flushed(code: int) -> int:
    """The exit code once all output is written; that of a full disk where it could not be."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()
    except OSError as error:
        _discard_output()
        click.echo(f"error: {_output.not_written(error)}", err=True)
        return StorageError.exit_code
    return code


def _discard_output() -> None:
    """Discard what standard output still buffers: Python would report it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _show_usage_error(error: click.ClickException, arguments: list[str]) -> None:
    if _output.as_json or "--json" in arguments:  # it may stand after the wrong argument
        context = getattr(error, "ctx", None)
        help = f"{context.command_path} --help" if context else "lake --help"
        _output.json_out(LakeError(error.format_message(), next=help).as_dict() | {"error": type(error).__name__})
    else:
        error.show()


def _show_error(error: LakeError) -> None:
    if _output.as_json:
        _output.json_out(error.as_dict())
    else:
        click.echo(_output.style("error: ", fg="red", bold=True) + _output.clean(str(error)), err=True)
