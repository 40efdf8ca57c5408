from __future__ import annotations

import click

from lake.cli import _output


@click.command(epilog="Example: lake completion bash >> ~/.bashrc")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@_output.speaking
def command(shell: str) -> None:
    """Print the script that completes `lake` in your shell.

    For bash, put it at the end of ~/.bashrc; for zsh, of ~/.zshrc; for fish, into ~/.config/fish/completions/lake.fish.
    """
    from click.shell_completion import get_completion_class

    from lake.cli import lake

    completion = get_completion_class(shell)
    assert completion is not None, shell  # click has one for each choice
    script = completion(lake, {}, "lake", "_LAKE_COMPLETE").source()
    if _output.as_json:
        _output.json_out({"shell": shell, "script": script})
    _output.say(script)
