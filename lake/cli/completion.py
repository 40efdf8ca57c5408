from __future__ import annotations

import click


@click.command(epilog="Example: lake completion bash >> ~/.bashrc")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script that completes `lake` in your shell."""
    from click.shell_completion import get_completion_class

    from lake.cli import lake

    click.echo(get_completion_class(shell)(lake, {}, "lake", "_LAKE_COMPLETE").source())
