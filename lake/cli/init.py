from __future__ import annotations

import click

from lake.cli import _output


@click.command(epilog="Example: lake init my-lake && cd my-lake && lake run")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False))
@_output.speaking
def command(folder: str) -> None:
    """Make a new lake in DIR: a copy of the astrobiology project.

    lake.toml, sql/, models/, macros/ and seeds/ are yours to change.
    """
    from lake import project

    made = project.copy(folder)
    if _output.as_json:
        _output.json_out({"lake": str(made), "files": sum(path.is_file() for path in made.rglob("*"))})
    _output.say(f"created a lake in {made}: lake.toml names its archives, sql/ and models/ its tables")
    _output.say(f"next: cd {folder} && lake run")
